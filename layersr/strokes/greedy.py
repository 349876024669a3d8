"""Strokes at once: from where most is missing along the forms of the picture, until the colour no longer fits.

After A. Hertzmann, *Painterly Rendering with Curved Brush Strokes of Multiple Sizes*, SIGGRAPH 1998, with three lengths
of every stroke, of which the one that helps most is taken.
"""

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from layersr.strokes.fitness import fitness
from layersr.strokes.view import View

LONGEST = 10.0
"""The longest stroke, in widths."""

PARTS = (1.0, 0.6, 0.3)
"""The lengths that are tried, as shares of how far the colour fits."""

LOOKED_AT = 8
"""How many places are looked at for each stroke that is looked for."""

STIFF = 0.5
"""How much of its direction a brush keeps at every step."""


def proposals(
    device: str | None, seen: View, places: Float32[ndarray, "n 2"], most: int
) -> tuple[Float32[ndarray, "m 3 2"], Float32[ndarray, " m"]]:
    """A stroke for each of the worst places, in pixels of the view, and the drop of the squared error it brings there.

    Args:
        device: where `fitness` is computed.
        seen: the canvas as the brush sees it.
        places: where to begin, the worst first.
        most: how many strokes are looked for; only so many times as many of the worst places are looked at.
    """
    places = places[: LOOKED_AT * most + 50]
    tried = traced(seen, places)
    drops = worth(seen, tried, device)
    best = drops.argmax(axis=1)
    rows = np.arange(len(places))
    return tried[rows, best], drops[rows, best]


def worth(seen: View, curves: Float32[ndarray, "n k 3 2"], device: str | None) -> Float32[ndarray, "n k"]:
    """By how much each stroke would lower the squared error."""
    flat = curves.reshape(-1, 3, 2)
    widths = np.full(len(flat), seen.brush.width, np.float32)
    return fitness(seen.planes, flat, widths, device, seen.palette)[0].reshape(curves.shape[:2])


def traced(seen: View, places: Float32[ndarray, "n 2"]) -> Float32[ndarray, "n k 3 2"]:
    """Strokes of k lengths through each place, along the forms, as three points each."""
    steps = max(1, round(LONGEST / 2 / 0.5))
    length = np.float32(seen.brush.width / 2)
    ahead, forth = _walk(seen, places, steps, length, 1)
    behind, back = _walk(seen, places, steps, length, -1)
    path = np.concatenate([behind[:, ::-1], places[:, None], ahead], axis=1)
    rows, out = np.arange(len(places)), []
    for part in PARTS:
        first, last = -np.rint(part * back), np.rint(part * forth)
        start, middle, end = (path[rows, steps + np.rint(at).astype(int)] for at in (first, (first + last) / 2, last))
        out.append(np.stack([start, 2 * middle - (start + end) / 2, end], axis=1))
    return np.stack(out, axis=1)


def _walk(
    seen: View, places: Float32[ndarray, "n 2"], steps: int, length: np.float32, sense: int
) -> tuple[Float32[ndarray, "n k 2"], ndarray]:
    """The steps from each place in one sense of its direction, and how many of them the colour fits."""
    goal, flow = seen.brush.goal, seen.brush.flow
    height, width = seen.wrong.shape

    def at(field: ndarray, where: ndarray) -> ndarray:
        x, y = (np.clip(where[:, i].astype(int), 0, limit - 1) for i, limit in ((0, width), (1, height)))
        return field[y, x]

    def slope(where: ndarray) -> ndarray:
        doubled = at(flow, where)
        angle = np.arctan2(doubled[:, 1], doubled[:, 0]) / 2
        return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)

    colour = at(goal, places)
    here, heading = places, sense * slope(places)
    going, count = np.ones(len(places), bool), np.zeros(len(places), int)
    path = []
    for _ in range(steps):
        way = slope(here)
        way = np.where((way * heading).sum(axis=1, keepdims=True) < 0, -way, way)
        heading = STIFF * heading + (1 - STIFF) * way
        heading = heading / np.maximum(np.sqrt((heading**2).sum(axis=1, keepdims=True)), 1e-6)
        there = here + length * heading
        inside = (there >= 0).all(axis=1) & (there < (width, height)).all(axis=1)
        other = ((at(goal, there) - colour) ** 2).sum(axis=1)
        going = going & inside & (other < at(seen.wrong, there))
        here = np.where(going[:, None], there, here)
        count += going
        path.append(here)
    return np.stack(path, axis=1), count
