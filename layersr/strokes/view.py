"""The picture as one brush sees it: shrunk until the brush is a few pixels wide, so that all brushes cost the same."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from layersr.arrays import RGB, Alpha
from layersr.strokes import directions, fitness
from layersr.strokes.easel import Easel
from layersr.strokes.fitness import Curves
from layersr.strokes.stroke import Stroke

PIXELS = 4.0
"""How many pixels wide a brush is in its view, if the picture has as many."""

CELL = 2.0
"""Places to begin strokes at are looked for in cells of so many widths."""

BROAD = 1 / 32
"""A brush as wide as this share of the picture's longer side knows no details."""


@dataclass(frozen=True, eq=False)
class Brush:
    """A brush, and all that does not change while it is used.

    Attributes:
        size: its width in the picture's pixels.
        width: in pixels of the view.
        scale: pixels of the view to one of the picture, across and down.
        goal: the picture wanted, at the size of the view, in [0, 1].
        flow: the direction of forms (`directions.along`).
        emphasis: how much more a stroke is worth than the error it takes away: fine ones more where details matter.
    """

    size: float
    width: float
    scale: Float32[ndarray, "2"]
    goal: RGB
    flow: Float32[ndarray, "h w 2"]
    emphasis: Alpha

    @property
    def area(self) -> float:
        """Pixels of the picture to one of the view."""
        return float(1 / self.scale.prod())

    def stroke(self, curve: Float32[ndarray, "3 2"]) -> Stroke:
        """A stroke of this brush, still black, along a curve of the view."""
        start, bend, end = ((x, y) for x, y in (curve / self.scale).astype(float).tolist())
        return Stroke(start, bend, end, self.size, (0, 0, 0))

    def matters(self, curves: Curves) -> Float32[ndarray, " n"]:
        """The emphasis in the middle of each curve of the view."""
        middle = np.clip(curves.mean(axis=1).astype(int), 0, np.int64(self.emphasis.shape[::-1]) - 1)
        return self.emphasis[middle[:, 1], middle[:, 0]]

    def curves(self, strokes: Sequence[Stroke]) -> Curves:
        """The curves of strokes, in pixels of the view."""
        return np.float32([[s.start, s.bend, s.end] for s in strokes]).reshape(-1, 3, 2) * self.scale


@dataclass(frozen=True, eq=False)
class View:
    """What a brush sees of a canvas.

    Attributes:
        brush: which sees it.
        wrong: the squared error of each pixel.
        mean: what is missing there, weighted, on average over the brush, squared.
        planes: what `fitness` looks at.
        palette: the colours there are, in [0, 1]; any where None.
    """

    brush: Brush
    wrong: Alpha
    mean: Alpha
    planes: Float32[ndarray, "h w 9"]
    palette: Float32[ndarray, "n 3"] | None


def brush(goal: RGB, detail: Alpha, size: float) -> Brush:
    """A brush for a picture.

    Args:
        goal: the picture wanted.
        detail: where fine strokes matter, in [0, 1].
        size: its width in the picture's pixels.
    """
    height, width = detail.shape
    factor = min(1.0, PIXELS / size)
    small = max(1, round(width * factor)), max(1, round(height * factor))
    scale = np.float32([small[0] / width, small[1] / height])
    fine = np.float32(1 - min(1.0, size / (BROAD * max(detail.shape))))
    seen = _shrunk(goal, small)
    emphasis = 1 + fine * (_shrunk(detail, small) - np.float32(0.5))
    flow = directions.along(seen, PIXELS / 2)
    return Brush(float(size), size * float(np.sqrt(scale.prod())), scale, seen, flow, emphasis)


def view(brush: Brush, easel: Easel) -> View:
    """What the brush sees of the canvas on the easel."""
    missing, canvas = easel.missing / np.float32(255), easel.canvas / np.float32(255)
    small = brush.emphasis.shape[::-1]
    nine = fitness.planes(missing, canvas, easel.weight, easel.free)
    wrong = np.einsum("yxc,yxc->yx", missing, missing) * easel.weight
    if small != easel.weight.shape[::-1]:
        parts = (np.ascontiguousarray(nine[..., n : n + 3]) for n in (0, 3, 6))  # OpenCV takes four at most
        nine = np.dstack([_shrunk(part, small) for part in parts])
        wrong = _shrunk(wrong, small)
    mean = cv2.GaussianBlur(np.ascontiguousarray(nine[..., :3]), (0, 0), brush.width / 2)
    palette = None if easel.palette is None else easel.palette / np.float32(255)
    return View(brush, wrong, np.einsum("yxc,yxc->yx", mean, mean), nine, palette)


def places(seen: View, rng: np.random.Generator) -> Float32[ndarray, "n 2"]:
    """Where most is missing: in every cell of a grid, which lies elsewhere each time, the place with the largest error.

    A speck that the brush would lose is no place for it: besides the error, what is missing on average counts.

    Args:
        seen: the canvas as the brush sees it.
        rng: shifts the grid.

    Returns:
        Middles (x, y) in pixels of the view, the worst first; places without any error are left out.
    """
    brush = seen.brush
    merit = brush.emphasis * (cv2.GaussianBlur(seen.wrong, (0, 0), brush.width / 2) + seen.mean)
    cell = max(2, round(CELL * brush.width))
    top, left = rng.integers(0, cell, 2)
    height, width = merit.shape
    tall, wide = -(-(height + top) // cell) * cell, -(-(width + left) // cell) * cell
    framed = np.zeros((tall, wide), np.float32)
    framed[top : top + height, left : left + width] = merit
    cells = framed.reshape(tall // cell, cell, wide // cell, cell).swapaxes(1, 2).reshape(-1, cell * cell)
    best, worth, number = cells.argmax(axis=1), cells.max(axis=1), np.arange(len(cells))
    y = number // (wide // cell) * cell + best // cell - top
    x = number % (wide // cell) * cell + best % cell - left
    order = np.argsort(-worth, kind="stable")
    order = order[worth[order] > 1e-7]
    return np.stack([x, y], axis=1)[order].astype(np.float32) + np.float32(0.5)


def _shrunk(plane: ndarray, size: tuple[int, int]) -> ndarray:
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA).reshape(*size[::-1], *plane.shape[2:])
