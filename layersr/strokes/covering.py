"""Strokes that bring a canvas towards a picture: brush after brush, where each helps most."""

from collections.abc import Sequence

import numpy as np

from layersr.arrays import RGB, Alpha, Mask
from layersr.progress import Progress, Report, silent, within
from layersr.strokes import directions, evolution, greedy
from layersr.strokes.easel import Easel, Palette
from layersr.strokes.laying import Terms, Way, laid
from layersr.strokes.refining import swept
from layersr.strokes.stroke import Canvas, Stroke, paint
from layersr.strokes.view import Brush, brush

WAYS = ("greedy", "evolution")

BEYOND = 0.25
"""How much it counts to change what lies outside the wanted."""

SHARE = 0.5
"""A stroke of a wider brush must do so many times what the strokes that are left have to do on average."""

ROUNDS, LAST_ROUNDS = 12, 40
"""How often a brush, and the finest brush, looks for places anew, at most."""

SWEEPS = 3
"""How often evolution goes over all strokes again."""

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
    brushes = [brush(_unit(goal), detail, width) for width in sorted(set(widths), reverse=True)]
    rng, where = np.random.default_rng(seed), None if device == "cpu" else device
    if way == "greedy":
        return tuple(_first(canvas, goal, weight, brushes, palette, count, _greedy(where), rng, report))

    strokes = _first(
        canvas, goal, weight, brushes, palette, count, _evolution(rng, where), rng, within(report, 0.0, 0.3)
    )
    least, weakest = _error(paint(canvas, strokes), goal, weight), 0.0
    for sweep in range(SWEEPS if strokes else 0):
        report(Progress("strokes", 0.3 + 0.7 * sweep / SWEEPS, f"{len(strokes)} strokes evolve on"))
        better, drops = swept(strokes, canvas, goal, weight, brushes, palette, count, weakest, rng, where)
        error = _error(paint(canvas, better), goal, weight)
        if error >= least:
            break
        strokes, least, weakest = better, error, float(np.quantile(drops, WEAKEST)) if drops else 0.0
    report(Progress("strokes", 1.0, f"{len(strokes)} strokes"))
    return tuple(strokes)


def _first(
    canvas: Canvas,
    goal: Canvas,
    weight: Alpha,
    brushes: Sequence[Brush],
    palette: Palette | None,
    count: int,
    way: Way,
    rng: np.random.Generator,
    report: Report,
) -> list[Stroke]:
    """Strokes of all brushes, each found when nothing lies over it."""
    easel = Easel(canvas.astype(np.float32), goal.astype(np.float32) - canvas, weight, np.ones_like(weight), palette)
    strokes: list[Stroke] = []
    for number, using in enumerate(brushes):
        report(Progress("strokes", number / len(brushes), f"{len(strokes)} strokes, brush of {using.size:g} pixels"))
        last = using is brushes[-1]
        terms = (
            Terms(lambda left: 0.0, LAST_ROUNDS, True)
            if last
            else Terms(lambda left: SHARE * easel.error / left, ROUNDS, False)
        )
        strokes += laid(easel, using, way, rng, count - len(strokes), terms)
    report(Progress("strokes", 1.0, f"{len(strokes)} strokes"))
    return strokes


def _greedy(device: str | None) -> Way:
    return lambda seen, places, most: greedy.proposals(seen, places, device)


def _evolution(rng: np.random.Generator, device: str | None) -> Way:
    return lambda seen, places, most: evolution.proposals(seen, places, most, rng, device)


def _error(painted: Canvas, goal: Canvas, weight: Alpha) -> float:
    """The weighted squared error."""
    return float((((painted.astype(np.float32) - goal) ** 2).sum(axis=2) * weight).sum(dtype=np.float64))


def _wishes(target: Canvas, canvas: Canvas, wanted: Mask | Alpha) -> tuple[Canvas, Alpha]:
    """The picture to come near to, and how much errors count."""
    if wanted.dtype != bool:
        return target, np.clip(wanted, 0, 1)
    if not wanted.any():
        return target, np.zeros(wanted.shape, np.float32)
    return np.where(wanted[..., None], target, canvas), np.where(wanted, np.float32(1), np.float32(BEYOND))


def _unit(codes: Canvas) -> RGB:
    return codes.astype(np.float32) / 255
