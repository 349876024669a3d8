"""Fewer strokes for the same: those there are evolve on, each knowing all the others, and those that do little go.

A stroke was found when nothing lay over it. Now the strokes are gone through again from the first to the last, in
groups that do not touch each other: each group is taken out of the painting; its strokes evolve where they were, judged
by the final picture, which they only reach where later strokes leave them free; and a stroke that does not lower its
error by what the others do stays out. What is free then is used up by new strokes, at any depth where they do more.

With A and V the later strokes' colours and what they leave free, C the canvas under the group and F = A + V C' the
picture before (C' with the group), what is missing without the group is (goal - F) + V (C' - C).
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
from jaxtyping import Float16
from numpy import ndarray

from layersr.arrays import Alpha
from layersr.strokes.easel import Easel, Palette
from layersr.strokes.evolution import again, proposals
from layersr.strokes.laying import Terms, laid
from layersr.strokes.stroke import Canvas, Stroke, coverage, paint
from layersr.strokes.view import Brush, view

GAP = 1.5
"""Strokes of a group would not touch if they were so many times as wide: so they have room to change."""

WORTHY = 2.0
"""A new stroke that is not of the finest brush must do so many times what the weakest of those there are does."""

ROUNDS, LAST_ROUNDS = 3, 40
"""How often a brush, and the finest brush, looks for places for new strokes, at most."""


def swept(
    strokes: Sequence[Stroke],
    canvas: Canvas,
    goal: Canvas,
    weight: Alpha,
    brushes: Sequence[Brush],
    palette: Palette | None,
    count: int,
    weakest: float,
    rng: np.random.Generator,
    device: str | None,
) -> tuple[list[Stroke], list[float]]:
    """One sweep over all strokes.

    Args:
        strokes: in painting order, the widest first.
        canvas: under all of them.
        goal: the picture.
        weight: how much errors count.
        brushes: those there are, the widest first.
        palette: the colours there are.
        count: the most strokes.
        weakest: strokes that lower the error by less go.
        rng: of all that is random.
        device: where `fitness` is computed.

    Returns:
        The strokes, in painting order; and by how much each that was there already lowers the error, given all others.
    """
    groups = [(b, group) for b in brushes for group in _groups([s for s in strokes if s.width == b.size], weight)]
    frees = _frees([group for _, group in groups], weight)
    short = goal.astype(np.float32) - paint(canvas, strokes)
    before, now = canvas, canvas.astype(np.float32)
    kept: list[Stroke] = []
    drops: list[float] = []
    left = count - len(strokes)
    for number, (brush, group) in enumerate(groups):
        before, free = paint(before, group), frees[number].astype(np.float32)
        easel = Easel(now, short + free[..., None] * (before - now), weight, free, palette)
        for pair in zip(group, again(view(brush, easel), group, rng, device), strict=True):
            drop, stroke = max((easel.tried(stroke) for stroke in pair), key=lambda tried: tried[0])
            if drop < weakest:
                left += 1
                continue
            easel.lay(stroke)
            kept.append(stroke)
            drops.append(drop)
        if number + 1 == len(groups) or groups[number + 1][0] is not brush:
            last = brush is brushes[-1]
            terms = Terms(
                lambda _, least=0.0 if last else WORTHY * weakest: least, LAST_ROUNDS if last else ROUNDS, last
            )
            more = laid(easel, brush, lambda *given: proposals(*given, rng, device), rng, left, terms)
            kept += more
            left -= len(more)
    return kept, drops


def _groups(strokes: Sequence[Stroke], like: Alpha) -> list[list[Stroke]]:
    """Strokes of one brush as groups of which none touches another of its own, in an order that paints the same."""
    depth = np.zeros(like.shape, np.int32)
    depths = []
    for stroke in strokes:
        top, left, cover = coverage(replace(stroke, width=stroke.width * GAP), *like.shape)
        here = depth[top : top + cover.shape[0], left : left + cover.shape[1]]
        touched = cover > 0
        level = int(here[touched].max(initial=0)) + 1
        here[touched] = level
        depths.append(level)
    order = sorted(range(len(strokes)), key=depths.__getitem__)
    return [[strokes[i] for i in some] for _, some in groupby(order, key=depths.__getitem__)]


def _frees(groups: Sequence[Sequence[Stroke]], like: Alpha) -> list[Float16[ndarray, "h w"]]:
    """What the groups after each leave free."""
    free, out = np.ones_like(like), []
    for group in reversed(groups):
        out.append(free.astype(np.float16))
        for stroke in group:
            top, left, cover = coverage(stroke, *like.shape)
            free[top : top + cover.shape[0], left : left + cover.shape[1]] *= 1 - cover
    return out[::-1]
