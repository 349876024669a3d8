"""The picture super-resolved as a whole, along the edges of the mattes.

It serves twice: the matte of every layer is scaled with a look at it (there its edge is seen), and where layers explain
the picture worse than it does, `trust` lets it speak.
"""

from dataclasses import dataclass

import numpy as np

from layersr import color
from layersr.arrays import RGB, Mask
from layersr.flattening import flatten
from layersr.layers import Layer, LayerStack, Window
from layersr.roles import Upscaler
from layersr.upscaling.elements import NEAR, Glimpse, changing, grown
from layersr.upscaling.in_tiles import enlarge

MARGIN = 16
"""Pixels a tile sees beyond its own: rings of tiles cost more than others, and what this gives is only one opinion."""


@dataclass(frozen=True, eq=False)
class Flat:
    """The flattened small picture, and that picture super-resolved where it may be needed.

    Attributes:
        picture: the flattened small stack.
        near: where it was super-resolved.
        large: (scale * height, scale * width, 3), code values over black; 0 elsewhere. It is as large as the canvas,
            but memory that nothing was written to is none.
    """

    picture: np.ndarray
    near: Mask
    large: np.ndarray

    def behind(self, layer: Layer) -> Glimpse | None:
        """What it shows where a layer lies; None where part of that is off the canvas."""
        height, width = self.near.shape
        if layer.left < 0 or layer.top < 0 or layer.left + layer.width > width or layer.top + layer.height > height:
            return None
        here = (slice(layer.top, layer.top + layer.height), slice(layer.left, layer.left + layer.width))
        scale = len(self.large) // max(1, height)
        there = tuple(slice(s.start * scale, s.stop * scale) for s in here)
        return Glimpse(over_black(self.picture[here]), self.near[here], self.large[there])


def over_black(pixels: np.ndarray) -> RGB:
    """What is seen of straight RGBA where nothing is below it."""
    values = color.to_float(pixels)
    return np.ascontiguousarray(values[..., :3] * values[..., 3:])


def super_resolved(stack: LayerStack, upscaler: Upscaler, scale: int) -> Flat:
    """The flattened stack, enlarged near the edges of its mattes where it is opaque."""
    picture = flatten(stack)
    near = edges(stack) & (picture[..., 3] == color.levels(picture.dtype))
    large = np.zeros((stack.height * scale, stack.width * scale, 3), picture.dtype)

    def run(seen: Window) -> np.ndarray:
        codes = upscaler(over_black(picture[seen]), scale)
        codes *= np.float32(color.levels(picture.dtype))
        return codes

    enlarge(run, large, near, scale, margin=MARGIN)
    return Flat(picture, near, large)


def edges(stack: LayerStack) -> Mask:
    """Where the mattes of a small stack have edges, and some pixels around."""
    found = np.zeros((stack.height, stack.width), bool)
    for layer in stack.layers[1:]:
        if not layer.visible or not layer.pixels.size:
            continue
        alpha = np.zeros(found.shape, np.float32)
        canvas, own = layer.on_canvas(stack.width, stack.height)
        alpha[canvas] = color.to_float(layer.pixels[own][..., 3])
        found |= changing(alpha)
    return grown(found, NEAR)
