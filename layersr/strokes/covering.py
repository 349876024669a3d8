"""Strokes that bring a canvas towards a picture: brush after brush, where each helps most, until the count is used up.

How a stroke is found is one of two ways, `greedy` and `evolution`; what is done with those found is the same: the best
come first, each is tried on the real canvas, and stays only if the squared error drops by what was promised.
"""

from collections.abc import Sequence

import numpy as np

from layersr.arrays import RGB, Alpha, Mask
from layersr.progress import Progress, Report, silent
from layersr.strokes import directions, evolution, greedy
from layersr.strokes.easel import Easel, Palette
from layersr.strokes.refining import refined
from layersr.strokes.stroke import Canvas, Point, Stroke
from layersr.strokes.view import Brush, View, brush, places, view

WAYS = {"greedy": greedy.proposals, "evolution": evolution.proposals}

BEYOND = 0.25
"""How much it counts to change what lies outside the wanted."""

SHARE = 0.5
"""A stroke of a wider brush must do so many times what the strokes that are left have to do on average."""

KEPT = 0.85
"""How much of a promised drop must be there when the stroke is painted: others may have been there before."""

LEAST = 4e-5
"""What a stroke costs: the squared error that it must take away, for each pixel of its width's square."""

SWEEPS, PRUNED, WORTHY = 4, 0.15, 2.0

ROUNDS = 12
"""How often one brush looks for places anew, at most."""
LAST_ROUNDS = 40


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
    detail = directions.busy(_unit(target)) if detail is None else detail
    brushes = [brush(_unit(goal), detail, width) for width in sorted(widths, reverse=True)]
    rng, device = np.random.default_rng(seed), "numpy"
    easel = Easel(canvas.astype(np.float32), goal.astype(np.float32) - canvas, weight, np.ones_like(weight), palette)
    error, strokes = easel.error, []
    for using in brushes:
        last = using is brushes[-1]
        for _ in range(LAST_ROUNDS if last else ROUNDS):
            left = count - len(strokes)
            if left <= 0:
                break
            report(Progress("strokes", len(strokes) / count, f"{len(strokes)} strokes, brush of {using.size:g} pixels"))
            most = min(left, max(left // 3, 20)) if last else left
            least = LEAST * using.size**2
            enough = least if last else max(least, SHARE * error / left)
            found = proposed(view(using, easel), way, most, rng, device)
            added, dropped = painted(easel, using, found, enough, most)
            error -= dropped
            strokes += added
            if len(added) < (1 if last else max(1, len(found) // 50)):
                break
    if way == "evolution" and strokes:
        strokes = _refined(strokes, canvas, goal, weight, brushes, palette, count, rng, device)
    report(Progress("strokes", 1.0, f"{len(strokes)} strokes"))
    return tuple(strokes)


def _refined(strokes, canvas, goal, weight, brushes, palette, count, rng, device):
    under, wanted = canvas.astype(np.float32), goal.astype(np.float32)

    def evolve(seen: View, some: Sequence[Stroke]) -> list[Stroke]:
        return evolution.again(seen, some, rng, device)

    def add(easel: Easel, using: Brush, enough: float, most: int) -> list[Stroke]:
        added = []
        for _ in range(LAST_ROUNDS if using is brushes[-1] else ROUNDS // 4):
            if most - len(added) <= 0:
                break
            limit = most - len(added)
            limit = min(limit, max(limit // 3, 20)) if using is brushes[-1] else limit
            found = proposed(view(using, easel), "evolution", limit, rng, device)
            floor = LEAST * using.size**2 if using is brushes[-1] else enough * WORTHY
            more, _ = painted(easel, using, found, floor, limit)
            added += more
            if not more:
                break
        return added

    weakest = 0.0
    for _ in range(SWEEPS):
        import time

        t = time.time()
        n = len(strokes)
        strokes, drops = refined(strokes, under, wanted, weight, brushes, palette, count, weakest, evolve, add)
        weakest = float(np.quantile(drops, PRUNED))
        e = ((wanted - __import__("layersr.strokes.refining").strokes.refining._painted(under, strokes)) ** 2).mean()
        print("sweep", n, len(drops), len(strokes), f"{10 * np.log10(255**2 / e):.2f} {time.time() - t:.1f}s", flush=True)
    return strokes


Found = list[tuple[float, float, tuple[Point, Point, Point]]]
"""What a stroke is worth, by how much it lowers the error, and its curve in the picture's pixels; the best first."""


def proposed(seen: View, way: str, most: int, rng: np.random.Generator, device: str) -> Found:
    """Strokes for the places where most is missing."""
    where = places(seen, rng)
    if not len(where):
        return []
    curves, drops = WAYS[way](seen, where, most, rng, device)
    using = seen.brush
    middle = np.clip(curves.mean(axis=1).astype(int), 0, np.int64(using.emphasis.shape[::-1]) - 1)
    drops = drops * using.area
    worth = drops * using.emphasis[middle[:, 1], middle[:, 0]]
    order = np.argsort(-worth, kind="stable")
    points = (curves / using.scale).astype(float).tolist()
    return [(float(worth[i]), float(drops[i]), tuple((x, y) for x, y in points[i])) for i in order if drops[i] > 0]


def painted(easel: Easel, using: Brush, found: Found, enough: float, most: int) -> tuple[list[Stroke], float]:
    """Those of the strokes found that are worth enough, as long as they do what they promised; and what they did."""
    added, total = [], 0.0
    for worth, drop, (start, bend, end) in found:
        if worth < enough or len(added) >= most:
            break
        real, stroke = easel.tried(Stroke(start, bend, end, using.size, (0, 0, 0)))
        if real >= KEPT * max(drop, enough):
            easel.lay(stroke)
            added.append(stroke)
            total += real
    return added, total


def _wishes(target: Canvas, canvas: Canvas, wanted: Mask | Alpha) -> tuple[Canvas, Alpha]:
    """The picture to come near to, and how much errors count."""
    if wanted.dtype != bool:
        return target, np.clip(wanted, 0, 1)
    if not wanted.any():
        return target, np.zeros(wanted.shape, np.float32)
    return np.where(wanted[..., None], target, canvas), np.where(wanted, np.float32(1), np.float32(BEYOND))


def _unit(codes: Canvas) -> RGB:
    return codes.astype(np.float32) / 255
