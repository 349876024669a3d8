"""Fewer strokes for the same: those there are evolve on, each knowing all the others, and those that do little go.

A stroke was found when nothing lay over it. Now the strokes are gone through again from the first to the last, in
groups that do not touch each other: each group is taken out of the painting; its strokes evolve where they were, judged
by the final picture, which they only reach where later strokes leave them free; and a stroke that does not lower its
error by what the others do stays out. What is free then is used up by new strokes, at any depth where they do more.

With A and V the later strokes' colours and what they leave free, C the canvas under the group and F = A + V C' the
picture before (C' with the group), what is missing without the group is (goal - F) + V (C' - C).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

import numpy as np
from jaxtyping import Float16
from numpy import ndarray

from layersr.arrays import Alpha
from layersr.progress import Progress, Report, silent, within
from layersr.strokes.easel import Easel, Trial
from layersr.strokes.evolution import again, proposals
from layersr.strokes.laying import Task, Terms, laid
from layersr.strokes.stroke import Canvas, Stroke, coverage, moved, paint
from layersr.strokes.view import Brush, view

GAP = 1.5
"""Strokes of a group would not touch if they were so many times as wide: so they have room to change."""

WEAKEST = 0.15
"""The share of strokes that goes in the next sweep: those that do least. In the first one, what so many of the last
part's strokes do not do."""

WORTHY = 1.3
"""A new stroke that is not of the finest brush must do so many times what the weakest of those there are does."""

ROUNDS, LAST_ROUNDS = 3, 40
"""How often a brush, and the finest brush, looks for places for new strokes, at most."""


@dataclass(frozen=True, eq=False)
class Part:
    """Strokes of a painting that are painted one after the other, and where.

    Attributes:
        strokes: in painting order, the widest first, in pixels of the painting.
        window: the rows and columns in which they lie, or all that is looked at of them.
        brushes: of the strokes, as they see the window; none for strokes that stay as they are.
    """

    strokes: tuple[Stroke, ...]
    window: tuple[slice, slice]
    brushes: tuple[Brush, ...]


@dataclass(frozen=True, eq=False)
class _Group:
    """Strokes of one brush that do not touch each other, and what those after them leave free of the window."""

    part: int
    brush: Brush | None
    strokes: tuple[Stroke, ...]
    free: Float16[ndarray, "h w"]


def refined(
    task: Task, parts: Sequence[Part], sweeps: int, rng: np.random.Generator, report: Report = silent
) -> tuple[Part, ...]:
    """The parts of a painting after sweeps over all of their strokes, as long as those lower the error.

    Law: the error of `paint(task.canvas, all strokes)` is at most what it was; there are at most `task.count` strokes.

    Args:
        task: what they are for.
        parts: in painting order; new strokes are laid with the brushes of the last one.
        sweeps: at most so many.
        rng: of all that is random.
        report: told how far it is.
    """
    parts, painted = tuple(parts), paint(task.canvas, _all(parts))
    weakest = _weakest(task, parts) if sweeps else 0.0
    for number in range(sweeps if _all(parts) else 0):
        told = within(report, number / sweeps, (number + 1) / sweeps)
        better, values = swept(task, parts, painted, weakest, rng, told)
        now = paint(task.canvas, _all(better))
        if task.error(now) >= task.error(painted):
            break
        parts, painted = better, now
        weakest = _low(values)
    report(Progress("strokes", 1.0, f"{len(_all(parts))} strokes"))
    return parts


def _weakest(task: Task, parts: Sequence[Part]) -> float:
    """What the weakest strokes of the last part do, which nothing lies over."""
    *before, last = parts
    top, left = last.window[0].start, last.window[1].start
    canvas = paint(task.canvas, _all(before))[last.window].astype(np.float32)
    weight = task.weight[last.window]
    easel = Easel(canvas, task.goal[last.window] - canvas, weight, np.ones_like(weight), task.palette)
    values = []
    for brush in last.brushes:
        some = [moved(stroke, -left, -top) for stroke in last.strokes if stroke.width == brush.size]
        for emphasis, stroke in zip(brush.matters(brush.curves(some)).tolist(), some, strict=True):
            trial = easel.tried(stroke)
            values.append(trial.drop * emphasis)
            easel.lay(trial)
    return _low(values)


def _low(values: Sequence[float]) -> float:
    return max(0.0, float(np.quantile(values, WEAKEST))) if values else 0.0


def _all(parts: Sequence[Part]) -> list[Stroke]:
    return [stroke for part in parts for stroke in part.strokes]


def swept(
    task: Task, parts: Sequence[Part], painted: Canvas, weakest: float, rng: np.random.Generator, report: Report
) -> tuple[tuple[Part, ...], list[float]]:
    """One sweep over all strokes.

    Args:
        task: what they are for.
        parts: in painting order.
        painted: what all of them paint.
        weakest: strokes that are worth less go.
        rng: of all that is random.
        report: told how far it is.

    Returns:
        The parts; and what each stroke that evolved and was there already is worth, given all others.
    """
    total = len(_all(parts))
    short = task.goal.astype(np.float32) - painted
    before, now = task.canvas.copy(), task.canvas.astype(np.float32)
    kept: list[list[Stroke]] = [[] for _ in parts]
    values: list[float] = []
    left, done = task.count - total, 0
    groups = _groups(parts, task.weight)
    for number, group in enumerate(groups):
        report(Progress("strokes", done / total, f"{total} strokes evolve on"))
        done += len(group.strokes)
        window = parts[group.part].window
        old, new = before[window], now[window]
        old[:] = paint(old, group.strokes)
        if group.brush is None:
            new[:] = paint(new.astype(np.uint8), group.strokes)
            kept[group.part] += group.strokes
            continue
        free = group.free.astype(np.float32)
        easel = Easel(new, short[window] + free[..., None] * (old - new), task.weight[window], free, task.palette)
        for value, trial in _again(easel, group.brush, group.strokes, rng, task.device):
            if value < weakest:
                left += 1
                continue
            easel.lay(trial)
            kept[group.part].append(trial.stroke)
            values.append(value)
        following = groups[number + 1] if number + 1 < len(groups) else None
        if group.part == len(parts) - 1 and (following is None or following.brush is not group.brush):
            way = partial(proposals, rng, task.device)
            terms = _terms(group.brush is parts[-1].brushes[-1], weakest)
            more = laid(easel, group.brush, way, rng, left, terms)
            kept[group.part] += more
            left -= len(more)
    moves = [(part.window[1].start, part.window[0].start) for part in parts]
    laid_anew = [tuple(moved(s, *move) for s in some) for some, move in zip(kept, moves, strict=True)]
    return tuple(replace(part, strokes=some) for part, some in zip(parts, laid_anew, strict=True)), values


def _again(
    easel: Easel, brush: Brush, strokes: Sequence[Stroke], rng: np.random.Generator, device: str | None
) -> Iterator[tuple[float, Trial]]:
    """Each stroke evolved on, or as it was if that is better, and what it is worth; to be laid before the next one."""
    matters = brush.matters(brush.curves(strokes)).tolist()
    for emphasis, *pair in zip(matters, strokes, again(view(brush, easel), strokes, rng, device), strict=True):
        trial = max((easel.tried(stroke) for stroke in pair), key=lambda trial: trial.drop)
        yield trial.drop * emphasis, trial


def _terms(last: bool, weakest: float) -> Terms:
    """The finest brush uses up what is left."""
    return Terms(lambda _: 0.0 if last else WORTHY * weakest, LAST_ROUNDS if last else ROUNDS, last)


def _groups(parts: Sequence[Part], like: Alpha) -> list[_Group]:
    """The strokes of all parts, in pixels of their windows, as groups in painting order."""
    found: list[tuple[int, Brush | None, list[Stroke]]] = []
    for number, part in enumerate(parts):
        rows, columns = part.window
        strokes = [moved(stroke, -columns.start, -rows.start) for stroke in part.strokes]
        if not part.brushes:
            found.append((number, None, strokes))
        for brush in part.brushes:
            some = [stroke for stroke in strokes if stroke.width == brush.size]
            found += [(number, brush, group) for group in _apart(some, like[part.window].shape)]
    free, out = np.ones_like(like), []
    for number, brush, strokes in reversed(found):
        here = free[parts[number].window]
        out.append(_Group(number, brush, tuple(strokes), here.astype(np.float16)))
        for stroke in strokes:
            top, left, cover = coverage(stroke, *here.shape)
            here[top : top + cover.shape[0], left : left + cover.shape[1]] *= 1 - cover
    return out[::-1]


def _apart(strokes: Sequence[Stroke], shape: tuple[int, ...]) -> list[list[Stroke]]:
    """Strokes of one brush as groups of which none touches another of its own, in an order that paints the same."""
    depth = np.zeros(shape, np.int32)
    depths = []
    for stroke in strokes:
        top, left, cover = coverage(replace(stroke, width=stroke.width * GAP), *depth.shape)
        here = depth[top : top + cover.shape[0], left : left + cover.shape[1]]
        touched = cover > 0
        level = int(here[touched].max(initial=0)) + 1
        here[touched] = level
        depths.append(level)
    order = sorted(range(len(strokes)), key=depths.__getitem__)
    return [[strokes[i] for i in some] for _, some in groupby(order, key=depths.__getitem__)]
