"""Strokes that bring a canvas towards a picture: brush after brush, where each helps most, until the count is used up.

How a stroke is found is one of two ways, `greedy` and `evolution`; what is done with those found is the same: the best
come first, each is tried on the real canvas, and stays only if the squared error drops by what was promised.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import UInt8
from numpy import ndarray

from layersr.arrays import Alpha, Mask
from layersr.progress import Progress, Report, silent
from layersr.strokes import directions, greedy
from layersr.strokes.easel import Easel, Palette
from layersr.strokes.stroke import Canvas, Point, Stroke
from layersr.strokes.view import View, places, view

WAYS = {"greedy": greedy.proposals}

BEYOND = 0.25
"""How much it counts to change what lies outside the wanted."""

SHARE = 0.5
"""A stroke of a wider brush must do so many times what the strokes that are left have to do on average."""

KEPT = 0.7
"""How much of a promised drop must be there when the stroke is painted: others may have been there before."""

LEAST = 4e-5
"""What a stroke costs: the squared error that it must take away, for each pixel of its width's square."""

BROAD = 1 / 32
"""A brush as wide as this share of the picture's longer side knows no details."""

ROUNDS = 12
"""How often one brush looks for places anew, at most."""


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
        report: told how far it is.

    Raises:
        ValueError: another way.
    """
    if way not in WAYS:
        raise ValueError(f"there is no way {way!r} to find strokes; there are {', '.join(WAYS)}")
    goal, weight = _wishes(target, canvas, wanted)
    easel = Easel(goal, canvas, weight, palette)
    detail = directions.busy(_unit(target)) if detail is None else detail
    rng = np.random.default_rng(seed)
    strokes: list[Stroke] = []
    brushes = sorted(widths, reverse=True)
    for number, width in enumerate(brushes):
        last = number == len(brushes) - 1
        for _ in range(ROUNDS):
            left = count - len(strokes)
            if left <= 0:
                break
            report(Progress("strokes", len(strokes) / count, f"{len(strokes)} strokes, brush of {width:g} pixels"))
            seen = view(_unit(goal), _unit(easel.painted), weight, width)
            emphasis = _emphasis(seen, detail, width)
            found = _proposed(seen, emphasis, way, rng)
            least = LEAST * width * width
            enough = least if last else max(least, SHARE * easel.error / left)
            most = max(left // 3, 20) if last else left
            added = _painted(easel, found, width, enough, min(left, most))
            strokes += added
            if len(added) < max(1, len(found) // 50):
                break
    report(Progress("strokes", 1.0, f"{len(strokes)} strokes"))
    return tuple(strokes)


Found = list[tuple[float, float, tuple[Point, Point, Point]]]
"""What a stroke is worth, by how much it lowers the error, and its curve in the picture's pixels; the best first."""


def _wishes(target: Canvas, canvas: Canvas, wanted: Mask | Alpha) -> tuple[Canvas, Alpha]:
    """The picture to come near to, and how much errors count."""
    if wanted.dtype != bool:
        return target, np.clip(wanted, 0, 1)
    if not wanted.any():
        return target, np.zeros(wanted.shape, np.float32)
    return np.where(wanted[..., None], target, canvas), np.where(wanted, np.float32(1), np.float32(BEYOND))


def _proposed(seen: View, emphasis: Alpha, way: str, rng: np.random.Generator) -> Found:
    where = places(seen, emphasis, rng)
    if not len(where):
        return []
    curves, drops = WAYS[way](seen, where, rng, "numpy")
    middle = np.clip(curves.mean(axis=1).astype(int), 0, np.int64(emphasis.shape[::-1]) - 1)
    drops = drops * seen.area
    worth = drops * emphasis[middle[:, 1], middle[:, 0]]
    order = np.argsort(-worth, kind="stable")
    points = (curves / seen.scale).astype(float).tolist()
    return [(float(worth[i]), float(drops[i]), tuple((x, y) for x, y in points[i])) for i in order if drops[i] > 0]


def _painted(easel: Easel, found: Found, width: float, enough: float, most: int) -> list[Stroke]:
    """Those of the strokes found that are worth enough, as long as they do what they promised."""
    added: list[Stroke] = []
    for worth, drop, (start, bend, end) in found:
        if worth < enough or len(added) >= most:
            break
        stroke = easel.try_out(Stroke(start, bend, end, float(width), (0, 0, 0)), max(KEPT * drop, enough * KEPT))
        if stroke is not None:
            added.append(stroke)
    return added


def _emphasis(seen: View, detail: Alpha, width: float) -> Alpha:
    """How much more a stroke is worth than what it lowers the error by: fine ones more where details matter."""
    height, across = seen.canvas.shape[:2]
    fine = 1 - min(1.0, width / (BROAD * max(detail.shape)))
    small = cv2.resize(detail, (across, height), interpolation=cv2.INTER_AREA).reshape(height, across)
    return (1 + fine * (small - 0.5)).astype(np.float32)


def _unit(codes: Canvas) -> np.ndarray:
    return codes.astype(np.float32) / 255
