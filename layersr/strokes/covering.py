"""Strokes that bring a canvas towards a picture: brush after brush, where each helps most."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from layersr.arrays import RGB, Alpha, Mask
from layersr.progress import Progress, Report, silent, within
from layersr.strokes import directions, evolution, greedy
from layersr.strokes.easel import Easel, Palette
from layersr.strokes.laying import Task, Terms, Way, laid
from layersr.strokes.refining import Part, refined
from layersr.strokes.stroke import Canvas, Stroke
from layersr.strokes.view import brush

WAYS = ("greedy", "evolution")

BEYOND = 0.25
"""How much it counts to change what lies outside the wanted."""

SHARE = 0.5
"""A stroke of a wider brush must do so many times what the strokes that are left have to do on average."""

ROUNDS, LAST_ROUNDS = 12, 40
"""How often a brush, and the finest brush, looks for places anew, at most."""

SWEEPS = 3
"""How often evolution goes over all strokes again."""

FIRST = 0.2
"""The share of the time before that, about."""

MARGIN = 4.0
"""How far around them strokes may go when they are gone over, in widths of the widest."""


def cover(
    target: Canvas,
    canvas: Canvas,
    wanted: Mask | Alpha,
    widths: Sequence[float],
    count: int,
    *,
    way: str = "greedy",
    sweeps: int | None = None,
    palette: Palette | None = None,
    detail: Alpha | None = None,
    seed: int = 0,
    device: str = "cpu",
    report: Report = silent,
) -> tuple[Stroke, ...]:
    """Strokes, in painting order, that bring the canvas towards the target: `paint(canvas, strokes)` is nearer to it.

    Args:
        target: the picture.
        canvas: what is painted so far.
        wanted: a mask: errors in it count, and outside it counts, a quarter as much, what is changed of the canvas, so
            that strokes run over the edge a little. Or weights in [0, 1] of the error of each pixel, and no more.
        widths: of the brushes, in pixels; they are used one after the other, the widest first.
        count: the most strokes.
        way: "greedy", which is fast, or "evolution", which finds fewer strokes that do the same.
        sweeps: how often all strokes are gone over again, at most; as is fair for the way if None.
        palette: the colours there are; any where None.
        detail: where fine strokes matter, in [0, 1]; where the picture is busy if None.
        seed: of all that is random. The same arguments give the same strokes.
        device: "cpu", or another of torch's, "cuda" say, for evolution's sums.
        report: told how far it is.

    Raises:
        ValueError: another way.
    """
    if way not in WAYS:
        raise ValueError(f"there is no way {way!r} to find strokes; there are {' and '.join(WAYS)}")
    goal, weight = _wishes(target, canvas, wanted)
    detail = directions.busy(_unit(target)) if detail is None else detail
    brushes = tuple(brush(_unit(goal), detail, width) for width in sorted(set(widths), reverse=True))
    task = Task(canvas, goal, weight, brushes, palette, count, None if device == "cpu" else device)
    rng = np.random.default_rng(seed)
    sweeps = (SWEEPS if way == "evolution" else 0) if sweeps is None else sweeps
    share = FIRST if sweeps else 1.0
    strokes = _first(task, _way(way, rng, task.device), rng, within(report, 0.0, share))
    part = Part(tuple(strokes), _whole(target), brushes)
    return refined(task, [part], sweeps, rng, within(report, share, 1.0))[0].strokes


def rework(
    target: Canvas,
    canvas: Canvas,
    batches: Sequence[Sequence[Stroke]],
    settled: Sequence[bool],
    count: int,
    *,
    sweeps: int = SWEEPS,
    palette: Palette | None = None,
    seed: int = 0,
    device: str = "cpu",
    report: Report = silent,
) -> list[tuple[Stroke, ...]]:
    """The strokes of a whole painting gone over, batch by batch, for what is seen of them in the end.

    Law: `paint(canvas, all strokes)` is as near to the target as it was, or nearer.

    Args:
        target: the picture.
        canvas: what is there before any stroke.
        batches: in painting order; in each the widest strokes come first. To the last one strokes are added, with its
            brushes, if others were of no use.
        settled: of each batch, whether its strokes stay as they are.
        count: the most strokes.
        sweeps: how often, at most.
        palette: the colours there are; any where None.
        seed: of all that is random.
        device: as in `cover`.
        report: told how far it is.
    """
    weight, unit = np.ones(target.shape[:2], np.float32), _unit(target)
    detail = directions.busy(unit)
    parts = []
    for number, (strokes, stays) in enumerate(zip(batches, settled, strict=True)):
        window = _around(strokes, *weight.shape) if number < len(batches) - 1 else _whole(target)
        widths = [] if stays else sorted({stroke.width for stroke in strokes}, reverse=True)
        parts.append(Part(tuple(strokes), window, tuple(brush(unit[window], detail[window], w) for w in widths)))
    task = Task(canvas, target, weight, (), palette, count, None if device == "cpu" else device)
    return [part.strokes for part in refined(task, parts, sweeps, np.random.default_rng(seed), report)]


def _whole(picture: Canvas) -> tuple[slice, slice]:
    return slice(0, picture.shape[0]), slice(0, picture.shape[1])


def _around(strokes: Sequence[Stroke], height: int, width: int) -> tuple[slice, slice]:
    """The rows and columns in which strokes lie, and room to change; at least a pixel."""
    if not strokes:
        return slice(0, 1), slice(0, 1)
    points = np.array([(s.start, s.bend, s.end) for s in strokes]).reshape(-1, 2)
    room = MARGIN * max(stroke.width for stroke in strokes)
    left, top = np.clip(np.floor(points.min(axis=0) - room), 0, (width - 1, height - 1)).astype(int).tolist()
    right, bottom = np.ceil(points.max(axis=0) + room).astype(int).tolist()
    return slice(top, max(top + 1, min(height, bottom))), slice(left, max(left + 1, min(width, right)))


def _way(way: str, rng: np.random.Generator, device: str | None) -> Way:
    return partial(greedy.proposals, device) if way == "greedy" else partial(evolution.proposals, rng, device)


def _first(task: Task, way: Way, rng: np.random.Generator, report: Report) -> list[Stroke]:
    """Strokes of all brushes, each found when nothing lies over it."""
    missing = task.goal.astype(np.float32) - task.canvas
    easel = Easel(task.canvas.astype(np.float32), missing, task.weight, np.ones_like(task.weight), task.palette)
    strokes: list[Stroke] = []
    wide, finest = (
        Terms(lambda left: SHARE * easel.error / left, ROUNDS, False),
        Terms(lambda _: 0.0, LAST_ROUNDS, True),
    )
    for number, using in enumerate(task.brushes):
        done = number / len(task.brushes)
        report(Progress("strokes", done, f"{len(strokes)} strokes, now a brush of {using.size:g} pixels"))
        terms = finest if using is task.brushes[-1] else wide
        strokes += laid(easel, using, way, rng, task.count - len(strokes), terms)
    report(Progress("strokes", 1.0, f"{len(strokes)} strokes"))
    return strokes


def _wishes(target: Canvas, canvas: Canvas, wanted: Mask | Alpha) -> tuple[Canvas, Alpha]:
    """The picture to come near to, and how much errors count."""
    if wanted.dtype != bool:
        return target, np.clip(wanted, 0, 1)
    if not wanted.any():
        return target, np.zeros(wanted.shape, np.float32)
    return np.where(wanted[..., None], target, canvas), np.where(wanted, np.float32(1), np.float32(BEYOND))


def _unit(codes: Canvas) -> RGB:
    return codes.astype(np.float32) / 255
