"""Layers to look things up in, hidden and locked: the picture as it came, what is not the artist's own, depth."""

import cv2
import numpy as np

from layersr import color
from layersr.arrays import Alpha
from layersr.layers import LOCKS, Image, Layer, LayerStack, Provenance

ORIGINAL, PROVENANCE, DEPTH = "original (reference)", "provenance (reference)", "depth (reference)"

COLOURS = {Provenance.ESTIMATED: (255, 190, 0), Provenance.INVENTED: (230, 40, 60)}
"""Of the provenance layer, 8 bit; what is the artist's own shows nothing."""


def original(image: Image, stack: LayerStack) -> Layer:
    """The picture pixel by pixel, as large as the stack's canvas; every pixel a block where that is a multiple."""
    pixels = image.pixels
    if pixels.shape[:2] != (stack.height, stack.width):
        pixels = cv2.resize(pixels, (stack.width, stack.height), interpolation=cv2.INTER_NEAREST)
    return Layer(ORIGINAL, pixels, visible=False, locks=LOCKS)


def provenance(stack: LayerStack) -> Layer:
    """Where some visible layer's pixels are estimated (yellow) or invented (red); the less known one where both are."""
    codes = np.zeros((stack.height, stack.width), np.uint8)
    for layer in stack.layers:
        if layer.visible and layer.provenance is not None:
            canvas, own = layer.on_canvas(stack.width, stack.height)
            np.maximum(codes[canvas], layer.provenance[own], out=codes[canvas])
    table = np.zeros((len(Provenance), 4), np.uint16)
    for code, colour in COLOURS.items():
        table[code] = (*colour, 255)
    table = (table * (color.levels(stack.dtype) // 255)).astype(stack.dtype)
    return Layer(PROVENANCE, table[codes], visible=False, locks=LOCKS)


def depth(estimated: Alpha, stack: LayerStack) -> Layer:
    """Depth as grey, as large as the stack's canvas: near is white, as in the depth passes of renderers.

    Args:
        estimated: relative depth of the picture, 0 nearest.
        stack: the stack it goes with.
    """
    size = (stack.width, stack.height)
    near = 1 - cv2.resize(estimated, size, interpolation=cv2.INTER_LINEAR).reshape(size[::-1])
    return Layer(
        DEPTH,
        color.to_depth(np.dstack([near, near, near, np.ones_like(near)]), stack.dtype),
        visible=False,
        locks=LOCKS,
    )
