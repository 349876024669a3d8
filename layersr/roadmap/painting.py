"""The painting itself: the strokes of every stage found on the running canvas, in the colours of one palette.

The palette comes first, as on a painter's table; every stroke is of its colours. When all stages are painted, their
strokes are gone over together: details, which show in the end, change for the finished picture; what has no part in it
is spent again as accents. What only lies under all that, light and dark and the large shapes, stays as it is. Before
and after that every colour is mixed again for what it came to be used for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

import cv2
import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from layersr.layers import LayerStack
from layersr.progress import Progress, Report, silent, within
from layersr.roadmap import palette as palettes
from layersr.roadmap.palette import Colour, Swatch
from layersr.roadmap.stages import WHOLE, Picture, Stage, box_of, flat_target, plan, things_of, working_size
from layersr.strokes import Stroke, cover, moved, paint, rework

STROKES, COLOURS = 4000, 64
"""In all, if nobody says otherwise."""

SWEEPS = {"greedy": 1, "evolution": 4}
"""The ways to find strokes, and how often the strokes of all stages are gone over in the end."""

MIXED, PIXELS = 1.0, 60_000
"""Over how many pixels (sigma) colours are mixed before a palette is chosen for them, and of how many it is."""


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
    palette = _palette(target, colours)
    codes = np.array([swatch.colour for swatch in palette], np.uint8)
    ground = np.full_like(target, tone)
    canvas, found = ground, []
    for n, stage in enumerate(stages):
        report(Progress("find strokes", 0.1 + 0.4 * n / len(stages), f"{stage.group}: {stage.name}"))
        later = sum(other.count for other in stages[n + 1 :])
        left = strokes - sum(map(len, found)) - later if stage.group == WHOLE else stage.count
        found.append(_strokes(stage, canvas, left, way, codes, seed))
        canvas = paint(canvas, found[-1])
    palette, found = _mixed_again(palette, found, canvas, ground, target)
    told = within(report, 0.5, 1.0)
    found = rework(
        *(target, ground, found, [not stage.shows for stage in stages], strokes),
        sweeps=SWEEPS[way],
        palette=np.array([swatch.colour for swatch in palette], np.uint8),
        seed=seed,
        report=lambda event: told(replace(event, stage="find strokes")),
    )
    palette, found = _mixed_again(palette, found, paint(ground, chain.from_iterable(found)), ground, target)
    steps = [_step(*done) for done in zip(parts_of(stages), stages, found, strict=True) if done[-1]]
    report(Progress("find strokes", 1.0))
    return Roadmap(
        *(stack.width, stack.height, size, Swatch(0, tone), palette, tuple(steps), target),
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
        sweeps=0,
        palette=palette,
        seed=seed,
    )
    return tuple(moved(stroke, columns.start, rows.start) for stroke in found)


def _palette(target: Picture, colours: int) -> tuple[Swatch, ...]:
    """The colours of a picture as strokes can have them: each the mean of a few pixels."""
    pixels = cv2.GaussianBlur(target, (0, 0), MIXED).reshape(-1, 3)[:: max(1, target.size // 3 // PIXELS)]
    return palettes.chosen(pixels / 255, np.ones(len(pixels)), colours)


def _mixed_again(
    palette: tuple[Swatch, ...],
    found: Sequence[tuple[Stroke, ...]],
    shown: Picture,
    ground: Picture,
    target: Picture,
) -> tuple[tuple[Swatch, ...], list[tuple[Stroke, ...]]]:
    """The palette mixed again for what was painted with it, and the strokes in its colours, if that is better."""
    mixed = palettes.mixed_again(palette, shown, target)
    again = [tuple(replace(stroke, colour=mixed[stroke.colour]) for stroke in strokes) for strokes in found]
    if _error(paint(ground, chain.from_iterable(again)), target) > _error(shown, target):
        return palette, list(found)
    return palettes.swatches(mixed.values()), again


def _error(painted: Picture, target: Picture) -> int:
    return int(((painted.astype(np.int64) - target) ** 2).sum())


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
