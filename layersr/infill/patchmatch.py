"""Painting a hole with copies of its surroundings, from coarse to fine.

At every size of the picture each patch that touches the hole looks for the known patch most like it, and the hole is
painted from what the matches propose (Y. Wexler, E. Shechtman and M. Irani, Space-time completion of video, 2007; the
schedule and the channels of activity: A. Newson et al., Video inpainting of complex scenes, 2014). At the end pixels
are copied, not averaged, so that texture stays as it was.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from layersr.arrays import RGB, Alpha, Mask
from layersr.infill.likeness import RADIUS, Channels, describe, leeway, means, shift, with_activity
from layersr.infill.membrane import membrane
from layersr.infill.patches import Field, improve, match_all, peel_in, refine, remeasure, sources, targets, vote
from layersr.infill.repeats import worn
from layersr.infill.seams import blend, settle

SEED = 2009
"""Chance is the same in every run."""

SEARCHED = 700
"""The longest side, in pixels, at which matches are searched; at finer levels they are only followed.

At 1024 pixels searching there too took 40 % of the time and showed no difference.
"""

SMALL, PAIRS = 128 * 128, 4_000_000
"""Up to so many pixels, and pairs of target and source, every pair is compared; beyond that PatchMatch guesses."""

DEEPEST = 6
"""The picture is halved at most so many times."""


@dataclass(frozen=True, eq=False)
class Level:
    """One size of the picture: colours and activity, what to paint, what may be copied, and what it should look like.

    Attributes:
        image: colours and activity.
        hole: what to paint.
        usable: what may be copied.
        guide: the picture with the hole painted in broad strokes, or None.
        held: how much of the guide stays in what is painted while matches are sought, in [0, 1].
        priced: whether it costs to copy the same again and again (`repeats.worn`).
    """

    image: Channels
    hole: Mask
    usable: Mask
    guide: RGB | None = None
    held: float = 0.0
    priced: bool = False


HELD = (0.1, 0.3, 0.5)
"""How much of the guide is held, from the second finest size on; coarser ones as the last."""


def paint(image: RGB, hole: Mask, usable: Mask, guide: RGB | None = None, rounds: int = 3, priced: bool = False) -> RGB:
    """Fill one hole; the same hole is filled in the same way every time.

    Args:
        image: colours; in the hole they are ignored.
        hole: what to paint, not everything.
        usable: what may be copied; never in the hole.
        guide: the picture with the hole painted in broad strokes, which the copies should follow.
        rounds: see `seams.settle`; where only the finest bands of the copies will be seen, one does.
        priced: whether repeats cost; where texture is wanted they do, where forms are copied they are mostly right.
    """
    if not hole.any():
        return image.copy()
    if not sources(usable).any():
        return membrane(image, hole)
    height, width = hole.shape
    rng = np.random.default_rng(SEED)
    levels = pyramid(image, hole, usable, guide, priced)
    finest, coarsest = levels[0], levels[-1]
    field = begin(coarsest, rng)
    for level in reversed(levels[:-1]):
        field = refine(field, level.hole)
        if max(level.hole.shape) <= SEARCHED:
            field = search(level, field, rng)
    own = finest.hole.reshape(-1)[field.target]
    colours = np.ascontiguousarray(finest.image[..., :3])
    source = settle(colours, finest.hole, field.source[own], sources(finest.usable), rounds)
    moved = shift(field.mean[own], means(finest.image)[source], leeway(finest.image)[source])
    painted = blend(colours, finest.hole, source, moved)[:height, :width]
    return np.where(hole[..., None], painted, image)


def pyramid(image: RGB, hole: Mask, usable: Mask, guide: RGB | None = None, priced: bool = False) -> tuple[Level, ...]:
    """The picture halved again and again, finest first, until the hole is as small as a patch or material runs out.

    A coarse pixel is hole where any of its four is, and may be copied where all four may.
    """
    block = 2**DEEPEST
    pad = ((0, -hole.shape[0] % block), (0, -hole.shape[1] % block))
    channels = with_activity(image, hole)
    channels = np.where(hole[..., None], np.float32(0), channels)
    if guide is not None:
        guide = np.pad(guide, (*pad, (0, 0)), mode="edge")
    channels = np.pad(channels, (*pad, (0, 0)), mode="edge")
    levels = [Level(channels, np.pad(hole, pad, mode="edge"), np.pad(usable, pad), guide, priced=priced)]
    while len(levels) <= DEEPEST:
        last = levels[-1]
        height, width = last.hole.shape
        small = max(height, width) <= 160
        if min(height, width) < 40 or (small and _thickness(last.hole) <= RADIUS + 1):
            break
        half = cv2.resize(last.image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        if guide is not None:
            guide = cv2.resize(guide, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        held = HELD[min(len(levels), len(HELD)) - 1]
        level = Level(half, ~_all_of_four(~last.hole), _all_of_four(last.usable), guide, held, priced)
        if np.count_nonzero(sources(level.usable)) < 64:
            break
        levels.append(level)
    return tuple(levels)


def begin(level: Level, rng: np.random.Generator) -> Field:
    """The field at the coarsest level: the hole filled from its rim inwards, then matched and painted in turns."""
    source, target = sources(level.usable), np.flatnonzero(targets(level.hole))
    if level.hole.size > SMALL:  # where material ran out early: start anywhere
        image = level.image.copy()
        image[..., :3] = membrane(np.ascontiguousarray(image[..., :3]), level.hole)
        anywhere = rng.choice(np.flatnonzero(source), len(target))
        field = Field(target, anywhere, np.zeros(len(target), np.float32), means(image)[target])
        return search(level, remeasure(image, describe(image), field), rng)
    image = peel_in(level.image, level.hole, source)
    if level.guide is not None:
        image[..., :3] = np.where(level.hole[..., None], level.guide, image[..., :3])
    trust = _trust(level.hole)
    price = None
    for _ in range(4):
        field = match_all(image, target, source, trust, price)
        price = worn(field, source) if level.priced else None
        image = _held(vote(image, level.hole, field, trust), level)
    return field


def search(level: Level, field: Field, rng: np.random.Generator) -> Field:
    """The field made better at one level: match and paint in turns, the more often the smaller the picture.

    Where a guide says what goes where, fewer turns do: on 42 pictures more of them brought nothing.
    """
    source, trust = sources(level.usable), _trust(level.hole)
    side = max(level.hole.shape)
    exact = level.hole.size <= SMALL and len(field.target) * np.count_nonzero(source) <= PAIRS
    image = _held(vote(level.image, level.hole, field, trust), level)
    if level.guide is not None:
        rounds = 2 if side <= 400 else 1
    else:
        rounds = 4 if side <= 200 else 3 if side <= 400 else 2 if side <= 800 else 1
    for round_ in range(rounds):
        if round_:
            image = _held(vote(image, level.hole, field, trust), level)
        price = worn(field, source) if level.priced else None
        if exact:
            field = match_all(image, field.target, source, trust, price)
        else:
            vectors = describe(image)
            field = improve(vectors, remeasure(image, vectors, field), source, (side // 2, 32, 8, 2), rng, price)
    return field


def _held(image: Channels, level: Level) -> Channels:
    """What was painted, drawn towards the guide."""
    if level.guide is None or not level.held:
        return image
    image = image.copy()
    image[..., :3] += level.held * level.hole[..., None] * (level.guide - image[..., :3])
    return image


def _thickness(hole: Mask) -> float:
    """The largest distance, in pixels, from inside the hole to its rim."""
    return float(cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3).max())


def _trust(hole: Mask) -> Alpha:
    """1 outside the hole, falling inwards: what is known says more than what was guessed."""
    depth = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3)
    return np.maximum(np.float32(1.3) ** -depth, np.float32(0.05))


def _all_of_four(mask: Mask) -> np.ndarray:
    height, width = mask.shape
    return mask.reshape(height // 2, 2, width // 2, 2).all(axis=(1, 3))
