"""The picture as one brush sees it: shrunk until the brush is a few pixels wide, so that all brushes cost the same."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from layersr.strokes import directions, fitness

BRUSH = 4.0
"""How many pixels wide a brush is in its view, if the picture has as many."""

CELL = 2.0
"""Places to begin strokes at are looked for in cells of so many widths."""


@dataclass(frozen=True, eq=False)
class View:
    """A picture on its way to another.

    Attributes:
        goal: the picture wanted, at the size of the view.
        canvas: what is painted so far.
        flow: the direction of forms (`directions.along`).
        planes: what `fitness` looks at.
        width: of the brush, in pixels of the view.
        scale: pixels of the view to one of the picture, across and down.
    """

    goal: Float32[ndarray, "h w 3"]
    canvas: Float32[ndarray, "h w 3"]
    flow: Float32[ndarray, "h w 2"]
    planes: Float32[ndarray, "9 h w"]
    width: float
    scale: Float32[ndarray, "2"]

    @property
    def area(self) -> float:
        """Pixels of the picture to one of the view."""
        return float(1 / self.scale.prod())


def view(goal: Float32[ndarray, "h w 3"], canvas: Float32[ndarray, "h w 3"], weight: Float32[ndarray, "h w"], width: float) -> View:
    """What a brush sees.

    Args:
        goal: the picture wanted, in [0, 1].
        canvas: what is painted so far.
        weight: how much an error counts.
        width: of the brush, in the picture's pixels.
    """
    height, across = weight.shape
    factor = min(1.0, BRUSH / width)
    size = max(1, round(across * factor)), max(1, round(height * factor))
    nine = fitness.planes(goal - canvas, canvas, weight)
    if size != (across, height):
        nine = np.stack([cv2.resize(plane, size, interpolation=cv2.INTER_AREA).reshape(size[::-1]) for plane in nine])
        goal, canvas = (cv2.resize(v, size, interpolation=cv2.INTER_AREA).reshape(*size[::-1], 3) for v in (goal, canvas))
    scale = np.float32([size[0] / across, size[1] / height])
    flow = directions.along(goal, BRUSH / 2)
    return View(goal, canvas, flow, nine, width * float(np.sqrt(scale.prod())), scale)


def places(seen: View, emphasis: Float32[ndarray, "h w"], rng: np.random.Generator) -> Float32[ndarray, "n 2"]:
    """Where most is missing: in every cell of a grid, which lies elsewhere each time, the place with the largest error.

    Args:
        seen: the picture as the brush sees it.
        emphasis: how much more a place is worth than its error, at the view's size.
        rng: shifts the grid.

    Returns:
        Middles (x, y) in pixels of the view, the worst first; places without any error are left out.
    """
    reach = seen.width / 2
    wrong = ((seen.goal - seen.canvas) ** 2).sum(axis=2) * seen.planes[4]
    # A speck that the brush would lose is no place for it: the error of the mean counts too.
    mean = [cv2.GaussianBlur((seen.goal - seen.canvas)[..., c] * seen.planes[4], (0, 0), reach) for c in range(3)]
    merit = emphasis * (cv2.GaussianBlur(wrong, (0, 0), reach) + sum(m * m for m in mean))
    cell = max(2, round(CELL * seen.width))
    top, left = rng.integers(0, cell, 2)
    height, width = merit.shape
    tall, wide = -(-(height + top) // cell) * cell, -(-(width + left) // cell) * cell
    framed = np.zeros((tall, wide), np.float32)
    framed[top : top + height, left : left + width] = merit
    cells = framed.reshape(tall // cell, cell, wide // cell, cell).swapaxes(1, 2).reshape(-1, cell * cell)
    best = cells.argmax(axis=1)
    worth = cells.max(axis=1)
    number = np.arange(len(cells))
    y = number // (wide // cell) * cell + best // cell - top
    x = number % (wide // cell) * cell + best % cell - left
    order = np.argsort(-worth, kind="stable")
    order = order[worth[order] > 1e-7]
    return np.stack([x, y], axis=1)[order].astype(np.float32) + 0.5
