"""Strokes that bring a canvas towards a picture: brush after brush, where each helps most."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from layersr.arrays import RGB, Alpha, Mask
from layersr.progress import Progress, Report, silent, within
from layersr.strokes import directions, evolution, greedy
from layersr.strokes.easel import Easel, Palette
from layersr.strokes.laying import Task, Terms, Way, laid
from layersr.strokes.refining import swept
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
"""The share of evolution's time before that."""

WEAKEST = 0.15
"""The share of strokes that goes then: those that do least."""


def cover(
    target: Canvas,
    canvas: Canvas,
    wanted: Mask | Alpha,
    widths: Sequence[float],
    count: int,
    *,
    way: str = "greedy",
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
    if way == "greedy":
        return tuple(_first(task, partial(greedy.proposals, task.device), rng, report))
    strokes = _first(task, partial(evolution.proposals, rng, task.device), rng, within(report, 0.0, FIRST))
    return tuple(_refined(task, strokes, rng, within(report, FIRST, 1.0)))


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


def _refined(task: Task, strokes: list[Stroke], rng: np.random.Generator, report: Report) -> list[Stroke]:
    """The strokes after sweeps over all of them, as long as those lower the error."""
    error, weakest = task.error(strokes), 0.0
    for number in range(SWEEPS if strokes else 0):
        told = within(report, number / SWEEPS, (number + 1) / SWEEPS)
        better, values = swept(task, strokes, weakest, rng, told)
        now = task.error(better)
        if now >= error:
            break
        strokes, error = better, now
        weakest = float(np.quantile(values, WEAKEST)) if values else 0.0
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
