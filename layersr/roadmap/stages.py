"""What is painted after what: the layers of a stack from below, each in stages with ever smaller brushes.

The ground is laid in one tone, light and dark are put on it with the largest brush, the big shapes of the background
follow, and then one element after the other as they lie: blocked in, gone over, detailed. What is behind something is
painted a little under it, so that no edge has to be met. In the end the whole picture is drawn together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Bool, UInt8
from numpy import ndarray

from layersr import color
from layersr.arrays import Mask
from layersr.flattening import flatten
from layersr.layers import Layer, LayerStack
from layersr.progress import Progress, Report, silent

Picture = UInt8[ndarray, "h w 3"]

SIDE = 860
"""Strokes are looked for in a picture of about this size squared, whatever the canvas is."""

CHANGED = 4
"""Codes, of 255, by which a layer must change a pixel to be painted there."""

COVERED = 0.9
"""Opacity of what lies above, from which on nothing need be painted below."""

SMALL = 0.0006
"""Share of the canvas below which a thing has no stages of its own: it is an accent."""

MOST = 40
"""Things with stages of their own, the largest; a longer sheet nobody reads."""

LIGHT, LAST = 0.015, 0.65
"""Shares of all strokes that go to light and dark, and to the whole picture in the end."""

ACCENTS = 0.5
"""Share of those that are accents."""

PLAIN = 0.4
"""How much a pixel counts, beside its detail (1 on average), when strokes are shared out."""


@dataclass(frozen=True, eq=False)
class Thing:
    """A layer, with what is clipped to it, or a group: what a painter does in one go.

    Attributes:
        name: the layer's or the group's.
        target: the picture without all that lies above it.
        where: what it changes of what is below it.
        seen: what of that is seen in the end.
    """

    name: str
    target: Picture
    where: Mask
    seen: Mask


@dataclass(frozen=True, eq=False)
class Stage:
    """Strokes that are done together.

    Attributes:
        group: of which thing, or "ground and light", or "the whole picture".
        name: of the stage.
        advice: what to do, a sentence or two.
        target: what to come near to.
        wanted: where.
        widths: of the brushes, in pixels of the target, falling.
        count: the most strokes.
    """

    group: str
    name: str
    advice: str
    target: Picture
    wanted: Mask
    widths: tuple[float, ...]
    count: int

    @property
    def shows(self) -> bool:
        """Whether most of it is seen in the end."""
        return self.name not in UNDER


UNDER = ("light and dark", "big shapes", "block in")
"""Stages of which little is seen in the end: the others go over them."""

GROUND, WHOLE = "ground and light", "the whole picture"

_WAYS = {
    "light and dark": (
        "Squint: mass in the large lights and darks with the largest brush, thin, over the whole canvas. No edges yet."
    ),
    "big shapes": (
        "The big shapes of the background, each in its own colour, right through under what will stand before it."
    ),
    "middle strokes": "Go over it with a middle brush along the forms; let what is right show through.",
    "block in": "Block in the whole shape, a little over the edges of what will come before it. Mind the outline.",
    "details": "The small forms and the edges, where they are seen; leave the quiet parts alone.",
    "in a few strokes": "Small enough to be put down at once: shape and colour in a few strokes.",
    "drawing together": (
        "Step back and look at all of it at once: mend edges, tones and the places where things meet; and what was too "
        "small for a stage of its own."
    ),
    "accents": "The darkest darks, the lights and the sharp edges, only where the picture asks for them. Then stop.",
}
"""What to do, by the name of the stage."""


def ground_under(stack: LayerStack) -> tuple[tuple[Layer, ...], ...]:
    """The layers that show, from below, those of one thing together: a top-level group, or a layer and its clipped."""
    things: list[list[Layer]] = []
    for layer in stack.layers:
        if not layer.visible or not all(group.visible for group in stack.around(layer)):
            continue
        before = things[-1][-1] if things else None
        grouped = before is not None and layer.group[:1] == before.group[:1] != ()
        if grouped or (before is not None and layer.clipped):
            things[-1].append(layer)
        else:
            things.append([layer])
    return tuple(map(tuple, things))


def working_size(width: int, height: int) -> tuple[int, int]:
    """The size at which strokes are looked for: the canvas', or about `SIDE` squared."""
    scale = min(1.0, SIDE / (width * height) ** 0.5)
    return max(1, round(width * scale)), max(1, round(height * scale))


def things_of(stack: LayerStack, tone: Sequence[int], report: Report = silent) -> list[Thing]:
    """All that is painted one after the other, from below, at the working size.

    Args:
        stack: any.
        tone: the ground's colour, which shows where the stack is transparent.
        report: hears how far it is.
    """
    size = working_size(stack.width, stack.height)
    parts = ground_under(stack)
    below = np.full((size[1], size[0], 3), tone, np.uint8)
    found, mattes = [], []
    for n, part in enumerate(parts):
        report(Progress("look at the layers", n / len(parts)))
        target = _over(flatten(stack.with_layers(sum(parts[: n + 1], ()))), tone, size)
        where = np.abs(target.astype(np.int16) - below).max(axis=2) > CHANGED
        solid = tuple(layer for layer in part if layer.blend == "normal")
        matte = color.to_8bit(flatten(stack.with_layers(solid))[..., 3])
        mattes.append(cv2.resize(matte, size, interpolation=cv2.INTER_AREA) > COVERED * 255)
        name = part[0].group[0] if part[0].group else part[0].name
        found.append(Thing(name, target, where | (n == 0) & mattes[0], where))
        below = target
    free = np.ones((size[1], size[0]), bool)
    for n in reversed(range(len(found))):
        found[n] = replace(found[n], seen=found[n].where & free)
        free &= ~mattes[n]
    return found


def flat_target(stack: LayerStack, tone: Sequence[int]) -> Picture:
    """The whole picture over the ground's colour, at the working size."""
    return _over(flatten(stack), tone, working_size(stack.width, stack.height))


def _over(pixels: ndarray, tone: Sequence[int], size: tuple[int, int]) -> Picture:
    values = color.to_float(pixels)
    shown = values[..., :3] * values[..., 3:] + np.float32(tone) / 255 * (1 - values[..., 3:])
    if (shown.shape[1], shown.shape[0]) != size:
        shown = cv2.resize(shown, size, interpolation=cv2.INTER_AREA)
    return color.to_depth(np.ascontiguousarray(shown), np.uint8)


def plan(things: Sequence[Thing], target: Picture, strokes: int, finest: float | None = None) -> list[Stage]:
    """The stages of a painting, in order.

    Laws: within a group the widest brush of a stage is finer than that of the stage before; the counts are together no
    more than `strokes`.

    Args:
        things: from below.
        target: the whole picture.
        strokes: how many in all.
        finest: the finest brush, in pixels of the target; a fair one if None.
    """
    height, width = target.shape[:2]
    finest = max(1.0, 0.003 * (height * width) ** 0.5) if finest is None else finest
    busy = detail(target)
    sizes = [float((thing.seen * (busy + PLAIN)).sum()) for thing in things]
    areas = [thing.seen.mean() for thing in things]
    own = {n for n in sorted(range(len(things)), key=lambda n: -sizes[n])[:MOST] if areas[n] >= SMALL}
    ground = bool(things) and bool(things[0].where.mean() > COVERED)
    rest = strokes - round(strokes * LAST)
    stages = []
    if ground:
        light = max(1, round(strokes * LIGHT))
        rest -= light
        brushes = (max(finest, thick(things[0].where) / 5),)
        stages.append(_stage(GROUND, "light and dark", things[0], things[0].where, brushes, light))
    total = sum(sizes[n] for n in own)
    for n in sorted(own):
        stages += _stages_of(things[n], int(rest * sizes[n] / total), finest, n == 0 and ground)
    stages = [stage for stage in stages if stage.count > 0]
    used = sum(stage.count for stage in stages)
    everywhere = np.ones((height, width), bool)
    accents = round((strokes - used) * ACCENTS)
    last = {
        "drawing together": ((2.8 * finest, 1.8 * finest), strokes - used - accents),
        "accents": ((1.4 * finest, finest), accents),
    }
    whole = [Stage(WHOLE, name, _WAYS[name], target, everywhere, *how) for name, how in last.items()]
    return [*stages, *(stage for stage in whole if stage.count)]


def _stages_of(thing: Thing, count: int, finest: float, ground: bool) -> list[Stage]:
    """One thing from its large shape to its details."""
    size = thick(thing.where if ground else thing.seen)
    widest = size / (9 if ground else 3)
    wide = cv2.dilate(thing.seen.astype(np.uint8), _disc(max(widest / 2, 2.0))) > 0
    under = thing.where if ground else thing.where & wide
    first = "big shapes" if ground else "block in"
    if widest < 2.5 * finest or count < 12:
        return [_stage(thing.name, "in a few strokes", thing, under, (max(widest, finest),), count)]
    # Each stage's brushes lie between its own width and half of that; the last ends above the accents'.
    steps = np.geomspace(widest, max(1.5 * finest, min(widest / 2, 3 * finest)), 6).tolist()
    shares = (0.08, 0.27, 0.65)
    names = (first, "middle strokes", "details")
    places = (under, thing.seen if not ground else under, thing.seen)
    if count < 40:
        steps, shares, names, places = steps[:2] + steps[4:], (0.3, 0.7), (first, "details"), (under, thing.seen)
    return [
        _stage(thing.name, name, thing, where, tuple(steps[2 * n : 2 * n + 2]), round(count * share))
        for n, (name, share, where) in enumerate(zip(names, shares, places, strict=True))
    ]


def _stage(group: str, name: str, thing: Thing, where: Mask, widths: tuple[float, ...], count: int) -> Stage:
    return Stage(group, name, _WAYS[name], thing.target, where, tuple(float(width) for width in widths), count)


def thick(mask: Mask) -> float:
    """How thick a shape is where it is thickest, in pixels; the picture's edge ends it."""
    if not mask.any():
        return 1.0
    inside = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return 2 * float(cv2.distanceTransform(inside, cv2.DIST_L2, 5).max())


def detail(target: Picture) -> ndarray:
    """How much there is to paint in a place beside its mean colour: 1 on average (0 everywhere in one flat colour)."""
    values = target.astype(np.float32)
    sigma = max(1.0, 0.01 * (target.shape[0] * target.shape[1]) ** 0.5)
    off = np.abs(values - cv2.GaussianBlur(values, (0, 0), sigma)).mean(axis=2)
    off = cv2.GaussianBlur(off, (0, 0), sigma)
    return off / max(float(off.mean()), 1e-6)


def _disc(radius: float) -> ndarray:
    side = 2 * int(np.ceil(min(radius, 60))) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))


def box_of(mask: Bool[ndarray, "h w"], margin: int) -> tuple[slice, slice]:
    """The rows and columns in which a mask has anything, and so many pixels around."""
    height, width = mask.shape
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return slice(0, height), slice(0, width)
    return (
        slice(max(0, int(rows[0]) - margin), min(height, int(rows[-1]) + 1 + margin)),
        slice(max(0, int(columns[0]) - margin), min(width, int(columns[-1]) + 1 + margin)),
    )
