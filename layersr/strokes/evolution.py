"""Strokes that are bred: at every place a population of curves is crossed, mutated and selected by what they do there.

The idea is that of genetic drawing (A. Opara's notebook, 2019: random strokes of grey that mutate towards a picture,
coarse to fine, turned along its gradients). Here a stroke's colour is not guessed but solved for, every place has a
population of its own, and thousands of places evolve at once, since `fitness` only looks where a stroke lies.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from layersr.strokes.fitness import Curves
from layersr.strokes.greedy import LONGEST, traced, worth
from layersr.strokes.stroke import Stroke
from layersr.strokes.view import View

PARENTS, CHILDREN, GENERATIONS = 6, 8, 10

SHIFT, TURN, STRETCH, BEND = 0.5, 0.35, 0.35, 0.6
"""How strongly the first generation mutates: place and bend in widths, angle in radians, the logarithm of length."""

CALMER = 0.83
"""How strongly each generation mutates, of what the one before did."""

CROSSED = 0.6
"""How many children have the place of one parent and the form of another."""


def proposals(
    rng: np.random.Generator, device: str | None, seen: View, places: Float32[ndarray, "n 2"], most: int
) -> tuple[Float32[ndarray, "m 3 2"], Float32[ndarray, " m"]]:
    """The best stroke of each place, in pixels of the view, and the drop of the squared error it brings there.

    Args:
        rng: of all that is random.
        device: where `fitness` is computed.
        seen: the canvas as the brush sees it.
        places: where to begin.
        most: how many strokes are looked for; only half as many more of the most promising places are gone on with.
    """
    first = traced(seen, places)
    drops = worth(seen, first, device)
    kept = np.sort(np.argsort(-drops.max(axis=1), kind="stable")[: most + most // 2 + 20])
    return evolved(seen, first[kept], drops[kept], rng, device)


def again(seen: View, strokes: Sequence[Stroke], rng: np.random.Generator, device: str | None) -> list[Stroke]:
    """Strokes that lie side by side, evolved on from where they are, in any colour."""
    first = seen.brush.curves(strokes)[:, None]
    curves, _ = evolved(seen, first, worth(seen, first, device), rng, device)
    return [seen.brush.stroke(curve) for curve in curves]


def evolved(
    seen: View,
    people: Float32[ndarray, "n k 3 2"],
    drops: Float32[ndarray, "n k"],
    rng: np.random.Generator,
    device: str | None,
) -> tuple[Curves, Float32[ndarray, " n"]]:
    """The fittest of n populations that begin with k curves each, after all generations."""
    strength = np.float32(1)
    for _ in range(GENERATIONS):
        children = _children(people, seen.brush.width, strength, rng)
        people = np.concatenate([people, children], axis=1)
        drops = np.concatenate([drops, worth(seen, children, device)], axis=1)
        order = np.argsort(-drops, axis=1, kind="stable")[:, :PARENTS]
        people = np.take_along_axis(people, order[..., None, None], axis=1)
        drops = np.take_along_axis(drops, order, axis=1)
        strength *= np.float32(CALMER)
    return people[:, 0], drops[:, 0]


def _children(
    people: Float32[ndarray, "n k 3 2"], width: float, strength: np.float32, rng: np.random.Generator
) -> Float32[ndarray, "n c 3 2"]:
    n, k = people.shape[:2]
    shape, rows = (n, CHILDREN), np.arange(n)[:, None]

    def chance(*more: int) -> ndarray:
        return rng.standard_normal((*shape, *more), dtype=np.float32)

    # The fitter parents, which stand first, have more children.
    one, other = (np.minimum(rng.random(shape) ** 2 * k, k - 1).astype(int) for _ in range(2))
    other = np.where(rng.random(shape) < CROSSED, other, one)
    middle, _, _ = _parts(people[rows, one])
    _, half, bend = _parts(people[rows, other])
    middle = middle + chance(2) * (SHIFT * strength * width)
    angle, factor = chance() * (TURN * strength), np.exp(chance() * (STRETCH * strength))
    half, bend = (_turned(v, angle) * factor[..., None] for v in (half, bend))
    bend = bend + chance(2) * (BEND * strength * width)
    length = np.sqrt((half**2).sum(axis=-1, keepdims=True))
    half = half * np.minimum(1, LONGEST * width / 2 / np.maximum(length, 1e-6))
    # A brush goes its way without kinks: it may bend by no more than half its chord, and a little beside that.
    limit = np.minimum(length, LONGEST * width / 2) + width / 2
    bend = bend * np.minimum(1, limit / np.maximum(np.sqrt((bend**2).sum(axis=-1, keepdims=True)), 1e-6))
    return np.stack([middle - half, middle + bend, middle + half], axis=2).astype(np.float32)


def _parts(curves: ndarray) -> tuple[ndarray, ndarray, ndarray]:
    """A curve's middle of the chord, half its chord, and its control point from the middle."""
    middle = (curves[..., 0, :] + curves[..., 2, :]) / 2
    return middle, (curves[..., 2, :] - curves[..., 0, :]) / 2, curves[..., 1, :] - middle


def _turned(vectors: ndarray, angle: ndarray) -> ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    x, y = vectors[..., 0], vectors[..., 1]
    return np.stack([cos * x - sin * y, sin * x + cos * y], axis=-1)
