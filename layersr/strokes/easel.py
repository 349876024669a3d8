"""The canvas while it is painted: strokes are tried on it, pixel for pixel as `paint` paints, and stay if they help."""

import cv2
import numpy as np
from jaxtyping import Float32, UInt8
from numpy import ndarray

from layersr.arrays import Alpha
from layersr.strokes.stroke import Canvas, Colour, Stroke, coverage

Palette = UInt8[ndarray, "n 3"]


class Easel:
    """A canvas, what it should become, and how much errors count.

    Attributes:
        painted: the canvas as it is now.
        goal: what it should become.
        weight: how much the error of each pixel counts.
        error: the squared error, in [0, 1] a channel, weighted and summed.
    """

    def __init__(self, goal: Canvas, canvas: Canvas, weight: Alpha, palette: Palette | None) -> None:
        self.painted, self.goal, self.weight = canvas.copy(), goal, weight
        self._colours = None if palette is None else Colours(palette)
        self.error = float((_squares(goal, canvas) * weight).sum() / 255**2)

    def try_out(self, stroke: Stroke, least: float) -> Stroke | None:
        """Paint a stroke in the colour that fits best here, if the error drops by at least so much.

        Returns:
            The stroke in its colour, or None: then the canvas is as before.
        """
        height, width = self.weight.shape
        top, left, cover = coverage(stroke, height, width)
        here = np.s_[top : top + cover.shape[0], left : left + cover.shape[1]]
        weight = self.weight[here]
        share = cover * weight
        strength = float(np.vdot(share, cover))
        if strength < 1e-6:
            return None
        below, goal = self.painted[here].astype(np.float32), self.goal[here].astype(np.float32)
        # The least squares of goal - below - cover (colour - below).
        best = np.einsum("yx,yxc->c", share, goal - below) + np.einsum("yx,yxc->c", share * cover, below)
        colour = self.mixed(best / strength)
        after = np.rint(below + cover[..., None] * (np.float32(colour) - below))
        drop = float((weight[..., None] * (after - below) * (2 * goal - below - after)).sum()) / 255**2
        if drop < least:
            return None
        self.painted[here] = after
        self.error -= drop
        return Stroke(stroke.start, stroke.bend, stroke.end, stroke.width, colour)

    def mixed(self, colour: Float32[ndarray, "3"]) -> Colour:
        """The colour there is that is nearest to the one wanted (codes, maybe out of range)."""
        codes = np.clip(np.rint(colour), 0, 255).astype(np.uint8)
        r, g, b = (codes if self._colours is None else self._colours.nearest(codes)).tolist()
        return r, g, b


class Colours:
    """A palette, and which of its colours looks most like another: the one at the least distance in CIELAB."""

    def __init__(self, palette: Palette) -> None:
        self.palette, self._lab = palette, _lab(palette)

    def nearest(self, colour: UInt8[ndarray, "3"]) -> UInt8[ndarray, "3"]:
        """The colour of the palette; the first of several that are as near."""
        return self.palette[((self._lab - _lab(colour[None])) ** 2).sum(axis=1).argmin()]


def _lab(colours: Palette) -> Float32[ndarray, "n 3"]:
    return cv2.cvtColor(colours[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]


def _squares(one: Canvas, other: Canvas) -> Alpha:
    gap = one.astype(np.float32) - other
    return (gap * gap).sum(axis=2)
