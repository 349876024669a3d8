"""The easel: a picture in design units, frames on it, and finished paint turned into layers."""

from dataclasses import dataclass, field
from zlib import crc32

import cv2
import numpy as np

from layersr.layers import Layer, LayerStack

FINER = 2
"""Everything is painted this many times finer than it is shown, then averaged: anti-aliasing for all."""


@dataclass(frozen=True)
class Frame:
    """A rectangle of the picture in whole final pixels, with the finer grid it is painted on.

    Attributes:
        left: first column, final pixels.
        top: first row, final pixels.
        width: columns, final pixels.
        height: rows, final pixels.
        scale: final pixels per design unit.
    """

    left: int
    top: int
    width: int
    height: int
    scale: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the fine grid."""
        return self.height * FINER, self.width * FINER

    @property
    def unit(self) -> float:
        """Fine pixels per design unit."""
        return self.scale * FINER

    def grid(self) -> tuple[np.ndarray, np.ndarray]:
        """Design coordinates x and y of the fine pixels' centres, float32."""
        rows, columns = self.shape
        x = (self.left * FINER + np.arange(columns, dtype=np.float32) + 0.5) / self.unit
        y = (self.top * FINER + np.arange(rows, dtype=np.float32) + 0.5) / self.unit
        return np.meshgrid(x, y)

    def fine(self, points: np.ndarray) -> np.ndarray:
        """Design coordinates (..., 2) to fine pixels of this frame."""
        return points * self.unit - np.array([self.left, self.top]) * FINER - 0.5


@dataclass
class Picture:
    """A scene being painted: layers are added back to front.

    Attributes:
        name: the scene's name; every element's random numbers are seeded by it and the element's name.
        width: design units (pixels at scale 1).
        height: design units.
        scale: final pixels per design unit.
        layers: what is finished.
    """

    name: str
    width: int
    height: int
    scale: float = 1.0
    layers: list[Layer] = field(default_factory=list)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in final pixels."""
        return round(self.width * self.scale), round(self.height * self.scale)

    def rng(self, element: str) -> np.random.Generator:
        """Random numbers that belong to one element: changing another element does not move it."""
        return np.random.default_rng(crc32(f"{self.name}/{element}".encode()))

    def frame(self, left: float = 0, top: float = 0, right: float | None = None, bottom: float | None = None) -> Frame:
        """The frame of a rectangle in design units, cut to the canvas; the whole canvas by default."""
        width, height = self.size
        x0, y0 = max(0, int(np.floor(left * self.scale))), max(0, int(np.floor(top * self.scale)))
        x1 = width if right is None else min(width, int(np.ceil(right * self.scale)))
        y1 = height if bottom is None else min(height, int(np.ceil(bottom * self.scale)))
        return Frame(x0, y0, x1 - x0, y1 - y0, self.scale)

    def add(
        self, name: str, frame: Frame, colour: np.ndarray, alpha: np.ndarray | None = None, group: tuple[str, ...] = ()
    ) -> None:
        """Put finished paint on top: straight colour and alpha on the fine grid, both in [0, 1].

        The colour must go on beyond the edge of the alpha, so that no fringe is mixed in when both are averaged.
        """
        size = (frame.width, frame.height)
        rgb = cv2.resize(np.ascontiguousarray(colour, np.float32), size, interpolation=cv2.INTER_AREA)
        pixels = np.full((frame.height, frame.width, 4), 255, np.uint8)
        # 128 steps of colour: nobody sees the last bit of a brush stroke, and the files are a sixth smaller.
        pixels[..., :3] = 2 * np.clip(np.rint(rgb * 127.5), 0, 127)
        if alpha is None:
            self.layers.append(Layer(name, pixels, frame.left, frame.top, group=group))
            return
        coverage = cv2.resize(np.ascontiguousarray(alpha, np.float32), size, interpolation=cv2.INTER_AREA)
        pixels[..., 3] = np.clip(np.rint(coverage * 255), 0, 255)
        pixels[pixels[..., 3] == 0] = 0
        rows, columns = np.flatnonzero(pixels[..., 3].any(1)), np.flatnonzero(pixels[..., 3].any(0))
        if not rows.size:
            raise ValueError(f"{self.name}: nothing of {name} is on the canvas")
        pixels = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()
        self.layers.append(Layer(name, pixels, frame.left + int(columns[0]), frame.top + int(rows[0]), group=group))

    def stack(self) -> LayerStack:
        """The finished document."""
        return LayerStack(*self.size, tuple(self.layers))
