"""Infill that continues texture and structure, without any network: multi-scale patch match.

From coarse to fine, every patch that touches the hole looks for the known patch most like it, and the hole is painted
from what the matches propose (Wexler et al. 2007; Barnes et al. 2009; A. Newson et al., Video inpainting of complex
scenes, 2014, for the coarse-to-fine schedule). At the finest level pixels are copied, not averaged, so that texture stays
as it was, and steps between copied regions are evened out by a Poisson equation.
"""

from dataclasses import dataclass

import numpy as np

from layersr.arrays import RGB, Mask
from layersr.backends import backend

import os
ROUNDS=eval(os.environ.get("ROUNDS","4,3,2"))
PAIRS=float(os.environ.get("PAIRS",4e6))
SEED = 2009
COPY=int(os.environ.get('COPY','0'))
"""Chance is the same in every run."""

GAP = 16
"""Holes nearer to each other than twice this many pixels are painted together."""

MARGIN, LEAST = 1.25, 64
"""How far around a hole its material is sought: this many times its size, at least so many pixels."""

SEARCHED = 1400
"""The longest side, in pixels, at which matches are searched; at finer levels they are only followed."""


class PatchMatch:
    """Paints a hole with copies of what is around it."""

    def __call__(self, image: RGB, hole: Mask) -> RGB:
        """See `roles.Infiller`."""
        import cv2

        from layersr.infill.membrane import pull_push

        if hole.all():
            return np.full_like(image, 0.5)
        painted = pull_push(image, hole)
        known = ~hole
        near = cv2.dilate(hole.astype(np.uint8), np.ones((2 * GAP + 1, 2 * GAP + 1), np.uint8))
        count, group, boxes, _ = cv2.connectedComponentsWithStats(near)
        for number in range(1, count):
            left, top, width, height = boxes[number][:4]
            reach = max(LEAST, int(MARGIN * (max(width, height) - 2 * GAP)))
            crop = (slice(max(0, top - reach), top + height + reach), slice(max(0, left - reach), left + width + reach))
            own = hole[crop] & (group[crop] == number)
            painted[crop] = paint(painted[crop], own, known[crop])
        return painted


def paint(image: RGB, hole: Mask, usable: Mask) -> RGB:
    """Fill one hole.

    Args:
        image: colours; in the hole they are ignored.
        hole: what to paint.
        usable: what may be copied; never in the hole.
    """
    from layersr.infill.membrane import membrane
    from layersr.infill.patches import leeway, means, refine, shift, sources, with_activity
    from layersr.infill.seams import blend, settle

    if not sources(usable).any():
        return membrane(image, hole)
    height, width = hole.shape
    levels = pyramid(with_activity(image, hole), hole, usable)
    rng = np.random.default_rng(SEED)
    field = None
    for level in reversed(levels):
        if field is None:
            image, field = _begin(level, rng)
            continue
        field = refine(field, level.hole)
        if max(level.hole.shape) <= SEARCHED:
            field = _search(level, field, rng)
    finest = levels[0]
    inside = finest.hole.reshape(-1)[field.target]
    source = field.source[inside]
    colours = np.ascontiguousarray(finest.image[..., :3])
    source = settle(colours, finest.hole, source, field.cost[inside], sources(finest.usable), 3)
    moved = shift(field.mean[inside], means(finest.image)[source], leeway(finest.image)[source])
    return blend(colours, finest.hole, source, moved)[:height, :width]


@dataclass(frozen=True, eq=False)
class Level:
    """One size of the picture: colours, what to paint, what may be copied."""

    image: RGB
    hole: Mask
    usable: Mask


def pyramid(image: RGB, hole: Mask, usable: Mask) -> list[Level]:
    """The picture halved again and again, finest first, until the hole is as small as a patch or material runs out."""
    import cv2
    from layersr.infill.patches import sources, RADIUS

    def thickness(mask):
        return float(cv2.distanceTransform(np.pad(mask, 1, mode="edge").astype(np.uint8), cv2.DIST_L2, 3).max())

    def halved(mask):
        return mask.reshape(mask.shape[0] // 2, 2, mask.shape[1] // 2, 2).all(axis=(1, 3))

    # an even number of pixels at every level
    block = 64
    pad = ((0, -hole.shape[0] % block), (0, -hole.shape[1] % block))
    levels = [Level(np.pad(image, (*pad, (0, 0)), mode="edge"), np.pad(hole, pad, mode="edge"), np.pad(usable, pad))]
    while True:
        last = levels[-1]
        h, w = last.hole.shape
        if h % 2 or w % 2 or min(h, w) < 40 or (thickness(last.hole) <= RADIUS + 1 and max(h, w) <= 160):
            break
        level = Level(cv2.resize(last.image, (w // 2, h // 2), interpolation=cv2.INTER_AREA), ~halved(~last.hole), halved(last.usable))
        if sources(level.usable).sum() < 64:
            break
        levels.append(level)
    return levels


def _trust(hole: Mask):
    import cv2
    depth = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3)
    return np.maximum(np.float32(1.3) ** -depth, np.float32(0.05)).astype(np.float32)


def _begin(level: Level, rng):
    """Painting and field at the coarsest level."""
    from layersr.infill import patches as P
    from layersr.infill.membrane import membrane
    source = P.sources(level.usable)
    target = np.flatnonzero(P.targets(level.hole))
    if level.hole.size > 200 * 200:
        image = np.dstack([membrane(np.ascontiguousarray(level.image[..., :3]), level.hole), level.image[..., 3:]])
        field = P.Field(target, rng.choice(np.flatnonzero(source), len(target)), np.zeros(len(target), np.float32), P.means(image)[target])
        return image, _search(Level(image, level.hole, level.usable), field, rng)
    image = P.peel_in(level.image, level.hole, source)
    trust = _trust(level.hole)
    for _ in range(8):
        field = P.match_all(image, target, source, trust)
        image = P.vote(image, level.hole, field, trust)
    return image, P.match_all(image, target, source, trust)


def _search(level: Level, field, rng):
    from layersr.infill import patches as P
    source, trust = P.sources(level.usable), _trust(level.hole)
    image = P.copy(level.image, level.hole, field) if COPY & 1 else P.vote(level.image, level.hole, field, trust)
    side = max(level.hole.shape)
    exact = level.hole.size <= 128 * 128 and len(field.target) * int(source.sum()) <= PAIRS
    rounds = ROUNDS[0] if side <= 200 else ROUNDS[1] if side <= 400 else ROUNDS[2] if side <= 800 else 1
    for _ in range(rounds):
        if exact:
            field = P.match_all(image, field.target, source, trust)
        else:
            vectors = P.describe(image)
            field = P.improve(vectors, P.remeasure(image, vectors, field), source, [side // 2, 32, 8, 2], rng)
        image = P.copy(image, level.hole, field) if COPY & (4 if exact else 2) else P.vote(image, level.hole, field, trust)
    return field


@backend(
    "infill",
    "classic",
    summary="multi-scale patch match: continues texture and structure; needs no weights",
    source="C. Barnes et al., PatchMatch, 2009; Y. Wexler et al., Space-time completion of video, 2007",
)
def load_patchmatch(device: str) -> PatchMatch:
    """Loads nothing; every device is the CPU."""
    return PatchMatch()
