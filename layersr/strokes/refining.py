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
from functools import partial
from itertools import groupby

import numpy as np
from jaxtyping import Float16
from numpy import ndarray

from layersr.arrays import Alpha
from layersr.progress import Progress, Report
from layersr.strokes.easel import Easel
from layersr.strokes.evolution import again, proposals
from layersr.strokes.laying import Task, Terms, laid
from layersr.strokes.stroke import Stroke, coverage, paint
from layersr.strokes.view import Brush, view

GAP = 1.5
"""Strokes of a group would not touch if they were so many times as wide: so they have room to change."""

WORTHY = 1.3
"""A new stroke that is not of the finest brush must do so many times what the weakest of those there are does."""

ROUNDS, LAST_ROUNDS = 3, 40
"""How often a brush, and the finest brush, looks for places for new strokes, at most."""


def swept(
    task: Task, strokes: Sequence[Stroke], weakest: float, rng: np.random.Generator, report: Report
) -> tuple[list[Stroke], list[float]]:
    """One sweep over all strokes.

    Args:
        task: what they are for.
        strokes: in painting order, the widest first.
        weakest: strokes that are worth less go.
        rng: of all that is random.
        report: told how far it is.

    Returns:
        The strokes, in painting order; and what each that was there already is worth, given all others.
    """
    brushes = [(brush, [s for s in strokes if s.width == brush.size]) for brush in task.brushes]
    groups = [(brush, group) for brush, some in brushes for group in _groups(some, task.weight)]
    frees = _frees([group for _, group in groups], task.weight)
    short = task.goal.astype(np.float32) - paint(task.canvas, strokes)
    before, now = task.canvas, task.canvas.astype(np.float32)
    kept: list[Stroke] = []
    values: list[float] = []
    left = task.count - len(strokes)
    for number, (brush, group) in enumerate(groups):
        report(Progress("strokes", number / len(groups), f"{len(strokes)} strokes evolve on"))
        before, free = paint(before, group), frees[number].astype(np.float32)
        easel = Easel(now, short + free[..., None] * (before - now), task.weight, free, task.palette)
        matters = brush.matters(brush.curves(group)).tolist()
        for emphasis, *pair in zip(matters, group, again(view(brush, easel), group, rng, task.device), strict=True):
            drop, stroke = max((easel.tried(stroke) for stroke in pair), key=lambda tried: tried[0])
            if drop * emphasis < weakest:
                left += 1
                continue
            easel.lay(stroke)
            kept.append(stroke)
            values.append(drop * emphasis)
        if number + 1 == len(groups) or groups[number + 1][0] is not brush:
            more = laid(easel, brush, partial(proposals, rng, task.device), rng, left, _terms(task, brush, weakest))
            kept += more
            left -= len(more)
    return kept, values


def _terms(task: Task, brush: Brush, weakest: float) -> Terms:
    """The finest brush uses up what is left."""
    last = brush is task.brushes[-1]
    return Terms(lambda left: 0.0 if last else WORTHY * weakest, LAST_ROUNDS if last else ROUNDS, last)


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
