"""Strokes laid with one brush: found where most is missing, the best first, each tried on the real canvas.

However strokes are found, one stays only if it does there what was promised: others may have been there before.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from layersr.arrays import Alpha
from layersr.strokes.easel import Easel, Palette
from layersr.strokes.stroke import Canvas, Stroke
from layersr.strokes.view import Brush, View, places, view

KEPT = 0.85
"""How much of a promised drop must be there when the stroke is painted."""

LEAST = 4e-5
"""What a stroke costs: the squared error that it must take away, for each pixel of its width's square."""

FEW = 0.02
"""A round that lays fewer of the strokes it found was the last one of its brush."""

Way = Callable[[View, Float32[ndarray, "n 2"], int], tuple[Float32[ndarray, "m 3 2"], Float32[ndarray, " m"]]]
"""Finds strokes for places, or for the best of them, if there are more than are looked for: in pixels of the view, with
the drop of the squared error there."""


@dataclass(frozen=True, eq=False)
class Task:
    """A canvas, the picture it should become, and with what.

    Attributes:
        canvas: what is painted before.
        goal: the picture.
        weight: how much the error of each pixel counts.
        brushes: those there are, the widest first.
        palette: the colours there are; any where None.
        count: the most strokes.
        device: where torch computes `fitness`; numpy does where None.
    """

    canvas: Canvas
    goal: Canvas
    weight: Alpha
    brushes: tuple[Brush, ...]
    palette: Palette | None
    count: int
    device: str | None

    def error(self, painted: Canvas) -> float:
        """The weighted squared error of what strokes made of the canvas."""
        gap = painted.astype(np.float32) - self.goal
        return float(np.einsum("yxc,yxc,yx->", gap, gap, self.weight, dtype=np.float64))


@dataclass(frozen=True)
class Terms:
    """On what terms strokes are laid.

    Attributes:
        enough: what a stroke must be worth, by how many may still be laid.
        rounds: how often places are looked for anew, at most.
        sparing: whether the count is to be used up by the best there are: then only half of what is left is laid
            in a round, and rounds go on as long as anything helps.
    """

    enough: Callable[[int], float]
    rounds: int
    sparing: bool


def laid(easel: Easel, brush: Brush, way: Way, rng: np.random.Generator, most: int, terms: Terms) -> list[Stroke]:
    """Lay strokes of one brush, and tell which.

    Args:
        easel: is painted on.
        brush: to lay them with.
        way: how strokes are found.
        rng: of the places.
        most: how many strokes, at most.
        terms: see there.
    """
    strokes: list[Stroke] = []
    for _ in range(terms.rounds):
        left = most - len(strokes)
        if left <= 0:
            break
        limit = min(left, max(left // 2, 20)) if terms.sparing else left
        added, found = _round(easel, brush, way, rng, limit, max(LEAST * brush.size**2, terms.enough(left)))
        strokes += added
        if len(added) < (1 if terms.sparing else max(1, FEW * found)):
            break
    return strokes


def _round(
    easel: Easel, brush: Brush, way: Way, rng: np.random.Generator, limit: int, enough: float
) -> tuple[list[Stroke], int]:
    """The strokes laid in one round, and how many were found."""
    seen = view(brush, easel)
    where = places(seen, rng)
    if not len(where):
        return [], 0
    curves, drops = way(seen, where, limit)
    drops = drops * np.float32(brush.area)
    worth = drops * brush.matters(curves)
    added: list[Stroke] = []
    for i in np.argsort(-worth, kind="stable").tolist():
        if worth[i] < enough or len(added) >= limit:
            break
        trial = easel.tried(brush.stroke(curves[i]))
        if trial.drop >= KEPT * max(drops[i], enough):
            easel.lay(trial)
            added.append(trial.stroke)
    return added, len(worth)
