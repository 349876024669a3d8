"""A stack at a size between the whole factors: every layer resampled, then sealed to the resampled picture."""

from dataclasses import replace
from math import ceil, floor

import numpy as np
from PIL import Image as PILImage

from layersr import color
from layersr.flattening import flatten
from layersr.layers import Layer, LayerMask, LayerStack
from layersr.seal import seal, sealable

REACH = 8
"""Pixels around a layer that the resampling filter may look at."""

SAME = 1e-6
"""Pixels: two edges nearer than that are one."""


def resize(stack: LayerStack, width: int, height: int) -> LayerStack:
    """The stack on a canvas of another size, by Lanczos (a = 3, widened where it shrinks, as Pillow does it).

    Law: where the stack is `seal.sealable`, the flattened result is the flattened stack, resampled. Layers are
    resampled premultiplied, by the canvas's own grid, so they keep their places to fractions of a pixel. Provenance is
    that of the nearest pixel.
    """
    if (width, height) == (stack.width, stack.height):
        return stack
    x, y = width / stack.width, height / stack.height
    layers = tuple(_resized(layer, stack, x, y) for layer in stack.layers)
    resolution = None if stack.resolution is None else (stack.resolution[0] * x, stack.resolution[1] * y)
    groups = {path: replace(group, mask=_thinned(group.mask, stack, x, y)) for path, group in stack.groups.items()}
    small = replace(stack, width=width, height=height, layers=layers, groups=groups, resolution=resolution)
    if not sealable(stack):
        return small
    return seal(small, _resampled(flatten(stack), (width, height), (0.0, 0.0, float(stack.width), float(stack.height))))


def _thinned(mask: LayerMask | None, stack: LayerStack, x: float, y: float) -> LayerMask | None:
    """A mask resampled, by way of a layer that has it as transparency."""
    if mask is None or not mask.values.size:
        return mask if mask is None else replace(mask, left=round(mask.left * x), top=round(mask.top * y))
    values = color.levels(mask.values.dtype) - mask.values if mask.beyond else mask.values
    layer = Layer("", np.repeat(values[..., None], 4, axis=2), mask.left, mask.top)
    small = _resized(layer, stack, x, y)
    values = small.pixels[..., 3]
    values = color.levels(values.dtype) - values if mask.beyond else values
    return replace(mask, values=np.ascontiguousarray(values), left=small.left, top=small.top)


def _resized(layer: Layer, stack: LayerStack, x: float, y: float) -> Layer:
    layer = replace(layer, mask=_thinned(layer.mask, stack, x, y))
    left, top = floor(layer.left * x + SAME), floor(layer.top * y + SAME)
    right, bottom = ceil((layer.left + layer.width) * x - SAME), ceil((layer.top + layer.height) * y - SAME)
    if not layer.pixels.size:
        return replace(layer, left=left, top=top)
    pixels = np.pad(layer.pixels, ((REACH, REACH), (REACH, REACH), (0, 0)), mode="edge")
    # Around a layer is nothing; but what the canvas cuts off goes on beyond it.
    beyond = pixels[..., 3]
    if layer.top != 0:
        beyond[:REACH] = 0
    if layer.left != 0:
        beyond[:, :REACH] = 0
    if layer.top + layer.height != stack.height:
        beyond[-REACH:] = 0
    if layer.left + layer.width != stack.width:
        beyond[:, -REACH:] = 0
    # The new rectangle, seen from the old pixels, sticks out of them by less than a new pixel.
    corners = left / x - layer.left, top / y - layer.top, right / x - layer.left, bottom / y - layer.top
    size = right - left, bottom - top
    codes = layer.provenance
    if codes is not None:
        rows = ((np.arange(size[1]) + 0.5 + top) / y - layer.top).astype(int).clip(0, layer.height - 1)
        columns = ((np.arange(size[0]) + 0.5 + left) / x - layer.left).astype(int).clip(0, layer.width - 1)
        codes = codes[np.ix_(rows, columns)]
    scaled = _resampled(pixels, size, tuple(v + REACH for v in corners))
    return replace(layer, pixels=scaled, left=left, top=top, provenance=codes)


def _resampled(pixels: np.ndarray, size: tuple[int, int], box: tuple[float, float, float, float]) -> np.ndarray:
    """Straight RGBA resampled premultiplied; where that leaves no alpha, the colours are resampled as they are."""
    values = color.to_float(pixels)

    def scaled(plane: np.ndarray) -> np.ndarray:
        image = PILImage.fromarray(np.ascontiguousarray(plane, np.float32))
        return np.asarray(image.resize(size, PILImage.Resampling.LANCZOS, box=box))

    alpha = np.clip(scaled(values[..., 3]), 0, 1)
    straight = np.dstack([scaled(values[..., c]) for c in range(3)])
    if values[..., 3].min() < 1:
        seen = np.dstack([scaled(values[..., c] * values[..., 3]) for c in range(3)])
        straight = np.divide(seen, alpha[..., None], out=straight, where=alpha[..., None] > 1 / 512)
    return color.to_depth(np.clip(np.dstack([straight, alpha]), 0, 1), pixels.dtype)
