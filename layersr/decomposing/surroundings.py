"""What is seen around an element, and how much of it the element's own shape explains.

Shadows and glows are the element's shape, moved, blurred and fainter. In logarithms what they do is added to what the
ground shows. That is explained by a plane curved at most quadratically, once without and once with such a shape; what
the shape explains of what was left is the evidence (a partial R squared). Texture, contours and whatever else the
ground shows counts against it, so that on busy grounds nothing is claimed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np

from layersr.arrays import RGB, Alpha, Mask
from layersr.decomposing.cast import Cast
from layersr.decomposing.element import Element, clipped
from layersr.layers import Window

SIZE, SMALLEST, FEW = 32.0, 100, 150
"""Side in pixels of a square as large as the element, at which its surroundings are looked at; the least area of an
element, and how much, in small pixels, must be seen around it."""

NEAR, WIDE = 0.4, 0.8
"""How far around it, in such sides, evidence is looked for, and looked for once more."""

FAINT = 0.06
"""Strength of a shadow or a glow below which none is claimed."""

LOGARITHM = np.float32(0.02)
"""Added to values before their logarithm."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """An element and what is around it, small.

    Attributes:
        window: rows and columns of the canvas.
        factor: how large it is, small pixels to those of the picture.
        side: of a square as large as the element, in small pixels.
        shape: the element's matte.
        image: the picture.
        near: where it is seen what is below, close to the element.
        wide: where that is seen at all.
    """

    window: Window
    factor: float
    side: float
    shape: Alpha
    image: RGB
    near: Mask
    wide: Mask

    def cast(
        self, element: Element, form: "Form", strength: float, colour: tuple[float, float, float], score: float
    ) -> Cast:
        """What that form of the element's shape does, as large as the picture."""
        canvas = (self.window[0].stop, self.window[1].stop)
        x, y = (way / self.factor for way in form.move)
        large = Form((x, y), form.soft / self.factor).of(element.on(canvas)[self.window])
        return Cast(self.window, (large * np.float32(strength)).astype(np.float32), colour, score)


@dataclass(frozen=True)
class Form:
    """How a shape is moved (columns, rows) and blurred, in pixels."""

    move: tuple[float, float]
    soft: float

    def of(self, shape: Alpha) -> np.ndarray:
        """The shape moved and blurred."""
        if any(self.move):
            (x, y), size = self.move, shape.shape[::-1]
            shape = cv2.warpAffine(shape, np.float32([[1, 0, x], [0, 1, y]]), size)
        return cv2.GaussianBlur(shape, (0, 0), max(self.soft, 0.3))

    def varied(self, step: float, least: float) -> list["Form"]:
        """Those beside it, by so many pixels, softer and harder ones, but not harder than the least blur."""
        (x, y), steps = self.move, (-step, 0.0, step) if step else (0.0,)
        softs = [max(least, self.soft * times) for times in (0.75, 1.0, 1.33)]
        return [Form((x + i, y + j), soft) for i, j, soft in product(steps, steps, softs)]


def surroundings(image: RGB, elements: Sequence[Element]) -> list[Surroundings | None]:
    """What is around each element; None where it is too small or too little is seen.

    Args:
        image: the picture.
        elements: those that were lifted from it.
    """
    free = np.ones(image.shape[:2], bool)
    for element in elements:
        free[element.window] &= element.alpha < 0.02
    return [_around(image, element, free) for element in elements]


def _around(image: RGB, element: Element, free: Mask) -> Surroundings | None:
    area = float(element.alpha.sum())
    if area < SMALLEST:
        return None
    side = area**0.5
    rows, columns = (slice(max(0, s.start - round(side * WIDE)), s.stop + round(side * WIDE)) for s in element.window)
    window, factor = clipped((rows, columns), free.shape), min(1.0, SIZE / side)
    size = [max(8, round((s.stop - s.start) * factor)) for s in window][::-1]

    def small(values: np.ndarray) -> np.ndarray:
        return cv2.resize(np.ascontiguousarray(values), size, interpolation=cv2.INTER_AREA)

    shape = small(element.on(free.shape)[window])
    far = cv2.distanceTransform((shape < 0.5).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    wide = small(free[window].astype(np.float32)) > 0.99
    near = wide & (far < NEAR * side * factor)
    if near.sum() < FEW:
        return None
    return Surroundings(window, factor, side * factor, shape, small(image[window]), near, wide)


class Fit:
    """Logarithms of values around an element, explained by a curved plane and something more."""

    def __init__(self, seen: Mask, values: np.ndarray) -> None:
        """Explain values, (h, w, n), float32 in [0, 1], by the plane where they are seen."""
        y, x = (c[seen] / max(seen.shape) - 0.5 for c in np.indices(seen.shape))
        self.seen = seen
        self.plane = np.linalg.qr(np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], 1))[0]
        self.left = self.without(np.log(values[seen] + LOGARITHM).astype(np.float64))

    def without(self, values: np.ndarray) -> np.ndarray:
        """What the plane does not explain; (pixels, ...)."""
        return values - self.plane @ (self.plane.T @ values)

    def evidence(self, shapes: np.ndarray, left: np.ndarray) -> np.ndarray:
        """What each of the shapes (pixels, n), taking of the values, explains of what is left, in [0, 1]."""
        own = self.without(shapes)
        along = np.maximum(-(left.T @ own), 0)
        explained = along**2 / np.maximum((own**2).sum(axis=0), 1e-9)
        return explained.sum(axis=0) / max(float((left**2).sum()), 1e-9)

    def grey(self) -> np.ndarray:
        """What is left of all channels together, (pixels, 1)."""
        return self.left.mean(axis=1, keepdims=True)

    def strength(self, shape: np.ndarray) -> tuple[float, np.ndarray]:
        """How strong the shape (pixels) is: in all channels together, and in each."""
        tried = np.arange(0.02, 0.96, 0.02)
        own = self.without(np.log1p(-np.outer(shape.astype(np.float64), tried)))
        lost = [((self.left[:, c, None] - own) ** 2).sum(axis=0) for c in range(self.left.shape[1])]
        return float(tried[np.argmin(sum(lost))]), np.array([tried[np.argmin(one)] for one in lost])

    def best(
        self, shape: Alpha, tried: Sequence[Form], steps: Sequence[float], left: np.ndarray, least: float = 0.0
    ) -> tuple[Form, float]:
        """The form of the shape that explains most of what is left, and its evidence.

        Args:
            shape: the element's.
            tried: forms to begin with.
            steps: pixels by which the best of them is moved, one after the other.
            left: of what.
            least: no harder blur than this.
        """
        for step in (*steps, None):
            told = self.evidence(np.stack([form.of(shape)[self.seen] for form in tried], axis=1), left)
            found = tried[int(np.argmax(told))]
            if step is not None:
                tried = found.varied(step, least)
        return found, float(told.max())


def logit(share: float) -> float:
    """Its logarithmic odds, shares kept from 0 and 1."""
    share = float(np.clip(share, 1e-3, 1 - 1e-3))
    return float(np.log(share / (1 - share)))
