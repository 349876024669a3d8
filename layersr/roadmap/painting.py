"""The painting itself: the strokes of every stage found on the running canvas, then their colours from one palette.

Strokes are looked for in any colour first. What they want, as far as it is seen in the end, is what the palette is
chosen for; then they are given its colours, and the accents mend what that left, on the palette's own terms.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int32, UInt8
from numpy import ndarray

from layersr.layers import LayerStack
from layersr.progress import Progress, Report, silent, within
from layersr.roadmap import palette as palettes
from layersr.roadmap.palette import Colour, Swatch
from layersr.roadmap.stages import WHOLE, Picture, Stage, box_of, flat_target, plan, things_of, working_size
from layersr.strokes import Stroke, cover, paint
from layersr.strokes.stroke import coverage

STROKES, COLOURS = 4000, 32
"""In all, if nobody says otherwise."""

WAYS = ("greedy", "evolution")

PICTURE = 0.3
"""How much the picture's own colours count for the palette, beside those of the strokes."""

HALF = 0.5
"""How much of a pixel a stroke must cover to own it."""


@dataclass(frozen=True, eq=False)
class Step:
    """A stage as it was painted.

    Attributes:
        part: the number, from 1, of what is painted: the stages of one thing have the same.
        thing: its name.
        name: of the stage.
        advice: what to do.
        strokes: in painting order, in pixels of the roadmap.
        box: left, top, right, bottom of the thing on the roadmap.
    """

    part: int
    thing: str
    name: str
    advice: str
    strokes: tuple[Stroke, ...]
    box: tuple[int, int, int, int]

    @property
    def widths(self) -> tuple[float, ...]:
        """The brushes used, the widest first."""
        return tuple(sorted({stroke.width for stroke in self.strokes}, reverse=True))


@dataclass(frozen=True, eq=False)
class Roadmap:
    """How a person might paint a picture.

    Attributes:
        width: of the picture in pixels.
        height: likewise.
        size: width and height in which strokes are counted; the picture is `scale` times as large.
        ground: the swatch the canvas is toned with.
        palette: all colours.
        steps: in painting order.
        picture: what was to be painted, at `size`.
        icc: the picture's profile.
        resolution: pixels per inch of the picture.
    """

    width: int
    height: int
    size: tuple[int, int]
    ground: Swatch
    palette: tuple[Swatch, ...]
    steps: tuple[Step, ...]
    picture: Picture
    icc: bytes | None = None
    resolution: tuple[float, float] | None = None

    @property
    def scale(self) -> float:
        """The picture's size over the roadmap's."""
        return self.width / self.size[0]

    @property
    def strokes(self) -> tuple[Stroke, ...]:
        """All of them, in painting order."""
        return tuple(stroke for step in self.steps for stroke in step.strokes)

    @cached_property
    def canvases(self) -> tuple[Picture, ...]:
        """The canvas at `size`: toned, and after each step."""
        done = [np.full((self.size[1], self.size[0], 3), self.ground.colour, np.uint8)]
        for step in self.steps:
            done.append(paint(done[-1], step.strokes))
        return tuple(done)

    def uses(self) -> dict[int, dict[str, int]]:
        """For each swatch's number, how many strokes of each thing use it; the ground is none."""
        numbers = {swatch.colour: swatch.number for swatch in self.palette}
        found: dict[int, dict[str, int]] = {swatch.number: {} for swatch in self.palette}
        for step in self.steps:
            for stroke in step.strokes:
                things = found[numbers[stroke.colour]]
                things[step.thing] = things.get(step.thing, 0) + 1
        return found


def draw_roadmap(
    stack: LayerStack,
    *,
    strokes: int = STROKES,
    colours: int = COLOURS,
    way: str = "greedy",
    brush: float | None = None,
    seed: int = 0,
    report: Report = silent,
) -> Roadmap:
    """How a person might paint what a stack shows: from the toned ground to the accents, thing by thing.

    Laws: at most so many strokes, all in colours of the palette, each stage with finer brushes than the one before in
    its group; the same arguments give the same roadmap.

    Args:
        stack: any; its layers, from below, are what is painted one after the other.
        strokes: at most so many.
        colours: at most so many.
        way: "greedy", which is fast, or "evolution".
        brush: the finest, in pixels of the picture; a fair one if None.
        seed: of every random choice.
        report: hears how far it is.
    """
    size = working_size(stack.width, stack.height)
    tone = _tone(stack)
    things = things_of(stack, tone, within(report, 0.0, 0.1))
    target = flat_target(stack, tone)
    stages = plan(things, target, strokes, None if brush is None else max(0.5, brush * size[0] / stack.width))
    canvas, found = np.full_like(target, tone), []
    free = [stage for stage in stages if stage.group != WHOLE]
    for n, stage in enumerate(free):
        report(Progress("find strokes", 0.1 + 0.5 * n / len(free), f"{stage.group}: {stage.name}"))
        found.append(_strokes(stage, canvas, stage.count, way, None, seed))
        canvas = paint(canvas, found[-1])
    report(Progress("mix colours", 0.6))
    ground = Swatch(0, tone)
    palette, found = _recoloured(stages, found, target, colours)
    canvas = np.full_like(target, tone)
    for some in found:
        canvas = paint(canvas, some)
    codes = np.array([swatch.colour for swatch in palette], np.uint8)
    last = stages[len(free) :]
    for n, stage in enumerate(last):
        report(Progress("find strokes", 0.65 + 0.35 * n / len(last), stage.name))
        left = strokes - sum(map(len, found)) - sum(later.count for later in last[n + 1 :])
        found.append(_strokes(stage, canvas, left, way, codes, seed))
        canvas = paint(canvas, found[-1])
    parts = parts_of(stages)
    steps = [_step(*done) for done in zip(parts, stages, found, strict=True) if done[-1]]
    report(Progress("find strokes", 1.0))
    return Roadmap(
        *(stack.width, stack.height, size, ground, palette, tuple(steps), target),
        *(stack.icc, stack.resolution),
    )


def _tone(stack: LayerStack) -> Colour:
    """The ground: the middle of the picture's colours, greyer and a little darker, as an imprimatura is."""
    mean = flat_target(stack, (128, 128, 128)).reshape(-1, 3).mean(axis=0)
    r, g, b = np.rint(0.9 * (0.6 * mean + 0.4 * mean.mean())).astype(int).tolist()
    return r, g, b


def _strokes(
    stage: Stage, canvas: Picture, count: int, way: str, palette: UInt8[ndarray, "n 3"] | None, seed: int
) -> tuple[Stroke, ...]:
    """The strokes of one stage; looked for only around where it is wanted."""
    if count < 1 or not stage.wanted.any():
        return ()
    rows, columns = box_of(stage.wanted, int(2 * stage.widths[0]) + 2)
    window = rows, columns
    found = cover(
        *(np.ascontiguousarray(of[window]) for of in (stage.target, canvas, stage.wanted)),
        *(stage.widths, count),
        way=way,
        palette=palette,
        seed=seed,
    )
    return tuple(_moved(stroke, columns.start, rows.start) for stroke in found)


def _moved(stroke: Stroke, x: int, y: int) -> Stroke:
    places = ((px + x, py + y) for px, py in (stroke.start, stroke.bend, stroke.end))
    return Stroke(*places, stroke.width, stroke.colour)


def _recoloured(
    stages: Sequence[Stage], found: Sequence[tuple[Stroke, ...]], target: Picture, colours: int
) -> tuple[tuple[Swatch, ...], list[tuple[Stroke, ...]]]:
    """A palette for the strokes, and the strokes in its colours."""
    wishes, areas = [], []
    parts = parts_of(stages)
    for part in sorted(set(parts[: len(found)])):
        chosen = [n for n in range(len(found)) if parts[n] == part]
        wish, area = _wanted([s for n in chosen for s in found[n]], stages[chosen[0]].target)
        wishes.append(wish)
        areas.append(area)
    pixels = target.reshape(-1, 3)[:: max(1, target.size // 60_000)] / 255  # accents may want what no stroke has yet
    each = np.full(len(pixels), PICTURE * target.size / 3 / len(pixels))
    palette = palettes.chosen(np.vstack([*wishes, pixels]), np.concatenate([*areas, each]), colours)
    codes = iter(palettes.nearest(palette, np.vstack([*wishes, pixels[:0]])))
    return palette, [tuple(replace(s, colour=palette[next(codes)].colour) for s in some) for some in found]


def _wanted(strokes: Sequence[Stroke], target: Picture) -> tuple[Float[ndarray, "n 3"], Float[ndarray, " n"]]:
    """The colour each stroke of a thing should have, by what is seen of it when the thing is done, and how much is."""
    owner = owned(strokes, target.shape[0], target.shape[1])
    mine = owner >= 0
    areas = np.bincount(owner[mine], minlength=len(strokes)).astype(np.float64)
    sums = [np.bincount(owner[mine], target[..., c][mine], len(strokes)) for c in range(3)]
    means = np.stack(sums, axis=1) / np.maximum(areas, 1)[:, None]
    first = np.array([stroke.colour for stroke in strokes], float).reshape(-1, 3)
    return np.where(areas[:, None] > 0, means, first) / 255, np.maximum(areas, 1)


def owned(strokes: Sequence[Stroke], height: int, width: int) -> Int32[ndarray, "h w"]:
    """The number of the stroke that is seen at each pixel; -1 where there is none."""
    owner = np.full((height, width), -1, np.int32)
    for n, stroke in enumerate(strokes):
        top, left, patch = coverage(stroke, height, width)
        owner[top : top + patch.shape[0], left : left + patch.shape[1]][patch > HALF] = n
    return owner


def parts_of(stages: Sequence[Stage]) -> list[int]:
    """The number of each stage's thing, from 1; two things may have one name, but then the second begins anew."""
    parts, number = [], 0
    for n, stage in enumerate(stages):
        number += n == 0 or stage.group != stages[n - 1].group or stage.widths[0] >= stages[n - 1].widths[0]
        parts.append(number)
    return parts


def _step(part: int, stage: Stage, strokes: tuple[Stroke, ...]) -> Step:
    rows, columns = box_of(stage.wanted, 0)
    box = columns.start, rows.start, columns.stop, rows.stop
    return Step(part, stage.group, stage.name, stage.advice, strokes, box)
