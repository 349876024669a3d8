"""The canvas while it is painted: strokes are tried on it, pixel for pixel as `paint` paints, and stay if they help."""

import cv2
import numpy as np
from jaxtyping import Float32, UInt8
from numpy import ndarray

from layersr.arrays import Alpha
from layersr.strokes.stroke import Colour, Stroke, coverage

Palette = UInt8[ndarray, "n 3"]
Plane = Float32[ndarray, "h w 3"]
"""Colours or differences of colours, in 8-bit codes."""


class Easel:
    """A canvas, maybe with strokes over it that are there already, and how far that is from the picture wanted.

    Attributes:
        canvas: as it is now, whole numbers.
        missing: what the picture has and all that is painted, with the strokes over the canvas, has not.
        weight: how much the error of each pixel counts.
        free: how much of the canvas is seen between the strokes over it.
    """

    def __init__(self, canvas: Plane, missing: Plane, weight: Alpha, free: Alpha, palette: Palette | None) -> None:
        self.canvas, self.missing, self.weight, self.free = canvas, missing, weight, free
        self._palette = None if palette is None else (palette, _lab(palette))

    @property
    def error(self) -> float:
        """The squared error, of channels in [0, 1], weighted and summed."""
        return float(((self.missing**2).sum(axis=2) * self.weight).sum(dtype=np.float64)) / 255**2

    def tried(self, stroke: Stroke) -> tuple[float, Stroke]:
        """By how much the error would drop, and the stroke in the colour that does best of those there are."""
        here, cover = self._seen(stroke)
        weight, free = self.weight[here], self.free[here] * cover
        strength = weight * free * free
        total = float(strength.sum())
        if total < 1e-6:
            return -np.inf, stroke
        below, missing = self.canvas[here], self.missing[here]
        # The least squares of missing - free cover (colour - below).
        best = np.einsum("yx,yxc->c", weight * free, missing) + np.einsum("yx,yxc->c", strength, below)
        colour = self._mixed(best / total)
        change = self._change(below, cover, colour) * self.free[here][..., None]
        drop = float((weight[..., None] * change * (2 * missing - change)).sum()) / 255**2
        return drop, Stroke(stroke.start, stroke.bend, stroke.end, stroke.width, colour)

    def lay(self, stroke: Stroke) -> None:
        """Paint the stroke."""
        here, cover = self._seen(stroke)
        change = self._change(self.canvas[here], cover, stroke.colour)
        self.canvas[here] += change
        self.missing[here] -= change * self.free[here][..., None]

    def _seen(self, stroke: Stroke) -> tuple[tuple[slice, slice], Float32[ndarray, "y x"]]:
        top, left, cover = coverage(stroke, *self.weight.shape)
        return np.s_[top : top + cover.shape[0], left : left + cover.shape[1]], cover

    def _change(self, below: ndarray, cover: ndarray, colour: Colour) -> ndarray:
        return np.rint(below + cover[..., None] * (np.float32(colour) - below)) - below

    def _mixed(self, colour: Float32[ndarray, "3"]) -> Colour:
        """The colour there is that looks most like the one wanted: at the least distance in CIELAB."""
        codes = np.clip(np.rint(colour), 0, 255).astype(np.uint8)
        if self._palette is not None:
            palette, lab = self._palette
            codes = palette[((lab - _lab(codes[None])) ** 2).sum(axis=1).argmin()]
        r, g, b = codes.tolist()
        return r, g, b


def _lab(colours: Palette) -> Float32[ndarray, "n 3"]:
    return cv2.cvtColor(colours[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]
