"""The canvas while it is painted: strokes are tried on it, pixel for pixel as `paint` paints, and stay if they help."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, UInt8
from numpy import ndarray

from layersr.arrays import Alpha
from layersr.strokes.stroke import Colour, Stroke, coverage

Palette = UInt8[ndarray, "n 3"]
Plane = Float32[ndarray, "h w 3"]
"""Colours or differences of colours, in 8-bit codes."""


@dataclass(frozen=True, eq=False)
class Trial:
    """What a stroke would do.

    Attributes:
        drop: of the squared error, of channels in [0, 1], weighted and summed; -inf where nothing of it is seen.
        stroke: in the colour that does best of those there are.
        here: the rows and columns of the canvas that it touches.
        change: of the canvas there.
    """

    drop: float
    stroke: Stroke
    here: tuple[slice, slice]
    change: Float32[ndarray, "y x 3"]


class Easel:
    """A canvas, maybe with strokes over it that are there already, and how far that is from the picture wanted.

    Attributes:
        canvas: as it is now, whole numbers.
        missing: what the picture has and all that is painted, with the strokes over the canvas, has not.
        weight: how much the error of each pixel counts.
        free: how much of the canvas is seen between the strokes over it.
        palette: the colours there are; any where None.
    """

    def __init__(self, canvas: Plane, missing: Plane, weight: Alpha, free: Alpha, palette: Palette | None) -> None:
        self.canvas, self.missing, self.weight, self.free = canvas, missing, weight, free
        self.palette = palette

    @property
    def error(self) -> float:
        """The squared error, of channels in [0, 1], weighted and summed."""
        return float(((self.missing**2).sum(axis=2) * self.weight).sum(dtype=np.float64)) / 255**2

    def tried(self, stroke: Stroke) -> Trial:
        """What the stroke would do now, in the colour that does best of those there are."""
        top, left, cover = coverage(stroke, *self.weight.shape)
        here = np.s_[top : top + cover.shape[0], left : left + cover.shape[1]]
        below, missing = self.canvas[here], self.missing[here]
        weight, free = self.weight[here], self.free[here] * cover
        strength = weight * free * free
        total = float(strength.sum())
        if total < 1e-6:
            return Trial(-np.inf, stroke, here, np.zeros_like(below))
        # The least squares of missing - free cover (colour - below).
        best = np.einsum("yx,yxc->c", weight * free, missing) + np.einsum("yx,yxc->c", strength, below)
        colour = self._mixed(best, total)
        change = np.rint(below + cover[..., None] * (np.float32(colour) - below)) - below
        shown = change * self.free[here][..., None]
        drop = float((weight[..., None] * shown * (2 * missing - shown)).sum()) / 255**2
        return Trial(drop, Stroke(stroke.start, stroke.bend, stroke.end, stroke.width, colour), here, change)

    def lay(self, trial: Trial) -> None:
        """Paint a stroke as it was tried, if nothing was painted there since."""
        self.canvas[trial.here] += trial.change
        self.missing[trial.here] -= trial.change * self.free[trial.here][..., None]

    def _mixed(self, best: Float32[ndarray, "3"], total: float) -> Colour:
        """The colour there is that leaves the least error, if `best / total` would leave the least of all."""
        if self.palette is None:
            codes = np.clip(np.rint(best / total), 0, 255).astype(np.uint8)
        else:
            codes = self.palette[((self.palette - best / total) ** 2).sum(axis=1).argmin()]
        r, g, b = codes.tolist()
        return r, g, b
