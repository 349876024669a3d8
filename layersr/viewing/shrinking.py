"""A stack as a page shows it: small enough, of 8 bits, in sRGB, every layer's own mask in its transparency."""

import io
from dataclasses import replace

import numpy as np
from PIL import Image as Pillow
from PIL import ImageCms

from layersr import color
from layersr.arrays import Pixels
from layersr.flattening import multiply
from layersr.layers import Layer, LayerMask, LayerStack
from layersr.upscaling.resizing import resize


def shrunk(stack: LayerStack, longest: int) -> LayerStack:
    """The stack, its longest side at most `longest` pixels; what lies farther than a canvas beside it is left out.

    Law: where no layer is of more than 8 bits and nothing must shrink, it flattens to the same picture within rounding.
    """
    scale = min(1.0, longest / max(stack.width, stack.height))
    width, height = (max(1, round(side * scale)) for side in (stack.width, stack.height))
    near = stack.with_layers(tuple(_near(layer, stack) for layer in stack.layers))
    small = resize(near, width, height)
    groups = {
        path: replace(group, mask=None if group.mask is None else _mask_at_8bit(group.mask))
        for path, group in small.groups.items()
    }
    return replace(small, layers=tuple(_plain(layer, small.icc) for layer in small.layers), groups=groups, icc=None)


def in_srgb(pixels: Pixels, icc: bytes | None) -> Pixels:
    """Pixels of 8 bits in the profile that pages are shown in; as they are where theirs is none that can be used."""
    if icc is None or icc == color.srgb_profile():
        return pixels
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        colours = Pillow.fromarray(np.ascontiguousarray(pixels[..., :3]))
        shown = ImageCms.profileToProfile(colours, own, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return pixels
    return np.dstack([np.asarray(shown), pixels[..., 3]])


def _near(layer: Layer, stack: LayerStack) -> Layer:
    """The part of a layer that lies on the canvas or within one canvas's size around it."""
    rows = slice(*_window(layer.top, layer.height, stack.height))
    columns = slice(*_window(layer.left, layer.width, stack.width))
    return _cut(layer, rows, columns)


def _window(first: int, count: int, side: int) -> tuple[int, int]:
    begin = min(count, max(0, -side - first))
    return begin, max(begin, min(count, 2 * side - first))


def _cut(layer: Layer, rows: slice, columns: slice) -> Layer:
    if (rows.start, columns.start, rows.stop, columns.stop) == (0, 0, layer.height, layer.width):
        return layer
    codes = layer.provenance
    return replace(
        layer,
        pixels=layer.pixels[rows, columns],
        provenance=None if codes is None else codes[rows, columns],
        left=layer.left + columns.start,
        top=layer.top + rows.start,
    )


def _plain(layer: Layer, icc: bytes | None) -> Layer:
    """A layer of 8 bits, masked, cropped to what is there."""
    pixels = layer.pixels
    if layer.mask is not None and layer.mask.active and pixels.size:
        pixels = pixels.copy()
        through = layer.mask.over(layer.left, layer.top, layer.width, layer.height)
        pixels[..., 3] = multiply(pixels[..., 3], through)
    pixels = color.to_8bit(pixels)
    there = pixels[..., 3] > 0
    rows, columns = (_span(there.any(axis=axis)) for axis in (1, 0))
    layer = _cut(replace(layer, pixels=pixels, mask=None), rows, columns)
    return replace(layer, pixels=in_srgb(layer.pixels, icc) if layer.pixels.size else layer.pixels)


def _span(there: np.ndarray) -> slice:
    places = np.flatnonzero(there)
    return slice(int(places[0]), int(places[-1]) + 1) if places.size else slice(0, 0)


def _mask_at_8bit(mask: LayerMask) -> LayerMask:
    values = mask.values
    return (
        mask if values.dtype == np.uint8 else replace(mask, values=(values.astype(np.uint32) // 257).astype(np.uint8))
    )
