"""Fewer strokes for the same: those there are evolve on, each knowing all the others, and those that do little go.

A stroke was found when nothing lay over it. Now the strokes are gone through again from the first to the last, in groups
that do not touch each other: each group is taken out of the painting; its strokes evolve where they were, judged by the
final picture, which they only reach where later strokes leave them free; and a stroke that does not lower its error by
what the others do stays out. What is free then is used up by new strokes, at any depth where they do more.

With A and V the later strokes' colours and what they leave free, C the canvas under the group and F = A + V C' the
picture before (C' with the group), what is missing without the group is (goal - F) + V (C' - C).
"""

from collections.abc import Callable, Sequence
from itertools import groupby

import numpy as np
from jaxtyping import Float16
from numpy import ndarray

from layersr.arrays import Alpha
from layersr.strokes.easel import Easel, Palette, Plane
from layersr.strokes.stroke import Stroke, coverage
from layersr.strokes.view import Brush, View, view

GAP = 1.5
"""Strokes of a group would not touch if they were so many times as wide: so they have room to change."""

Evolve = Callable[[View, Sequence[Stroke]], list[Stroke]]
"""New curves for strokes that lie side by side, none of them painted."""
Add = Callable[[Easel, Brush, float, int], list[Stroke]]
"""Paints up to a number of new strokes on an easel that are each worth so much, and tells which."""


def refined(
    strokes: Sequence[Stroke],
    canvas: Plane,
    goal: Plane,
    weight: Alpha,
    brushes: Sequence[Brush],
    palette: Palette | None,
    count: int,
    weakest: float,
    evolve: Evolve,
    add: Add,
) -> tuple[list[Stroke], list[float]]:
    """One sweep over all strokes.

    Args:
        strokes: in painting order, the widest first.
        canvas: under all of them, in codes.
        goal: the picture, in codes.
        weight: how much errors count.
        brushes: the brushes there are, the widest first.
        palette: the colours there are.
        count: the most strokes.
        weakest: strokes that lower the error by less go.
        evolve: see above.
        add: see above.

    Returns:
        The strokes, in painting order, and by how much each lowers the error, given all the others.
    """
    height, width = weight.shape
    groups = [(b, g) for b in brushes for g in _groups([s for s in strokes if s.width == b.size], height, width)]
    frees = _frees([g for _, g in groups], height, width)
    before, now = canvas.copy(), canvas.copy()
    nothing = np.zeros_like(weight)
    after = Easel(before, np.zeros_like(canvas), nothing, nothing, None)
    short = goal - _painted(canvas, strokes)
    kept: list[Stroke] = []
    drops: list[float] = []
    left = count - len(strokes)
    for number, (using, group) in enumerate(groups):
        free = frees[number].astype(np.float32)
        for stroke in group:
            after.lay(stroke)
        easel = Easel(now, short + free[..., None] * (before - now), weight, free, palette)
        for old, new in zip(group, evolve(view(using, easel), group), strict=True):
            drop, best = max((easel.tried(stroke) for stroke in (old, new)), key=lambda found: found[0])
            if drop < weakest:
                left += 1
                continue
            easel.lay(best)
            kept.append(best)
            drops.append(drop)
        if number + 1 == len(groups) or groups[number + 1][0] is not using:
            fresh = add(easel, using, weakest, left)
            kept += fresh
            left -= len(fresh)
    return kept, drops


def _groups(strokes: Sequence[Stroke], height: int, width: int) -> list[list[Stroke]]:
    """Strokes of one brush as groups of which none touches another of its own, in an order that paints the same."""
    depth = np.zeros((height, width), np.int32)
    depths = []
    for stroke in strokes:
        wider = Stroke(stroke.start, stroke.bend, stroke.end, stroke.width * GAP, stroke.colour)
        top, left, cover = coverage(wider, height, width)
        here = depth[top : top + cover.shape[0], left : left + cover.shape[1]]
        touched = cover > 0
        level = int(here[touched].max(initial=0)) + 1
        here[touched] = level
        depths.append(level)
    order = sorted(range(len(strokes)), key=depths.__getitem__)
    return [[strokes[i] for i in some] for _, some in groupby(order, key=depths.__getitem__)]


def _frees(groups: Sequence[Sequence[Stroke]], height: int, width: int) -> list[Float16[ndarray, "h w"]]:
    """What the groups after each leave free."""
    free, out = np.ones((height, width), np.float32), []
    for group in reversed(groups):
        out.append(free.astype(np.float16))
        for stroke in group:
            top, left, cover = coverage(stroke, height, width)
            free[top : top + cover.shape[0], left : left + cover.shape[1]] *= 1 - cover
    return out[::-1]


def _painted(canvas: Plane, strokes: Sequence[Stroke]) -> Plane:
    nothing = np.zeros(canvas.shape[:2], np.float32)
    easel = Easel(canvas.copy(), np.zeros_like(canvas), nothing, nothing, None)
    for stroke in strokes:
        easel.lay(stroke)
    return easel.canvas
