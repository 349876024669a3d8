"""What a stack looks like: the law that every application, ours included, agrees on.

Layers are composited back to front. A group that passes through is only a folder; one with an opacity or a mask of its
own shows so much of what its layers change. Any other group is flattened by itself and laid on what is below it as one
layer (W3C, Compositing and Blending Level 1, "isolated groups").
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from layersr import color
from layersr.arrays import Pixels, Plane
from layersr.groups import walk
from layersr.layers import PASS_THROUGH, Group, Layer, LayerMask, LayerStack

BAND = 256
"""Rows worked on at a time: flattening needs memory for a band in float64, not for the canvas."""


def bands(height: int, rows: int = BAND) -> Iterator[slice]:
    """Slices of at most `rows` rows that cover a canvas from top to bottom."""
    for first in range(0, height, rows):
        yield slice(first, min(first + rows, height))


def flatten(stack: LayerStack) -> Pixels:
    """The picture an application shows: all visible layers composited, rounded once at the end.

    Computed in float64 on encoded values, as Krita, GIMP and Photoshop do for 8- and 16-bit documents. Where the result
    is wholly transparent the colour of the bottom layer is kept, so that an image with hidden colours survives.

    Returns:
        straight RGBA, (height, width, 4), at the stack's depth.
    """
    out = np.zeros((stack.height, stack.width, 4), stack.dtype)
    for rows in bands(stack.height):
        out[rows] = flatten_band(stack, rows)
    return out


def flatten_band(stack: LayerStack, rows: slice) -> Pixels:
    """`flatten` for some rows of the canvas: what a writer needs that never holds the whole picture."""
    top = color.levels(stack.dtype)
    band = _Band(stack, rows)
    path: tuple[str, ...] = ()
    for kind, what in walk(stack.layers):
        if kind == "open":
            path = (*path, what)
            band.enter(stack.groups.get(path))
        elif kind == "close":
            band.leave(stack.groups.get(path))
            path = path[:-1]
        else:
            band.lay(what)
    premultiplied, alpha = band.shown
    out = np.empty((*alpha.shape, 4), stack.dtype)
    out[..., 3] = np.rint(alpha * top)
    opaque = alpha.min(initial=1) == 1
    straight = premultiplied if opaque else color.unpremultiply(premultiplied, alpha)
    out[..., :3] = np.rint(np.clip(straight, 0, 1) * top)
    if not opaque:
        out[..., :3][alpha == 0] = _bottom(stack, rows)[alpha == 0]
    return out


def _bottom(stack: LayerStack, rows: slice) -> np.ndarray:
    """The colours of the lowest layer, also where it is transparent."""
    out = np.zeros((rows.stop - rows.start, stack.width, 3), stack.dtype)
    for layer in stack.layers[:1]:
        canvas, own = layer.on_canvas(stack.width, stack.height, rows)
        out[canvas] = layer.pixels[own][..., :3]
    return out


class _Band:
    """Some rows of the canvas while layers are laid on them; inside groups, what was there before waits."""

    def __init__(self, stack: LayerStack, rows: slice) -> None:
        self._stack, self._rows, self._top = stack, rows, color.levels(stack.dtype)
        self.shown = self._empty()
        self._waiting: list[tuple[np.ndarray, np.ndarray]] = []
        self._hidden = 0

    def _empty(self) -> tuple[np.ndarray, np.ndarray]:
        height = self._rows.stop - self._rows.start
        return np.zeros((height, self._stack.width, 3)), np.zeros((height, self._stack.width))

    def enter(self, group: Group | None) -> None:
        if group is None or group.plain:
            return
        self._hidden += not group.visible
        self._waiting.append(self.shown)
        through = group.blend == PASS_THROUGH
        self.shown = tuple(plane.copy() for plane in self.shown) if through else self._empty()

    def leave(self, group: Group | None) -> None:
        if group is None or group.plain:
            return
        self._hidden -= not group.visible
        below, (own, alpha) = self._waiting.pop(), self.shown
        cover = group.opacity * self._through(group.mask, 0, self._rows.start, alpha.shape)
        if not group.visible or self._hidden:
            self.shown = below
        elif group.blend == PASS_THROUGH:
            cover = np.broadcast_to(cover, alpha.shape)
            self.shown = below[0] + cover[..., None] * (own - below[0]), below[1] + cover * (alpha - below[1])
        else:
            self.shown = color.composite(*below, color.unpremultiply(own, alpha), alpha * cover, _known(group.blend))

    def lay(self, layer: Layer) -> None:
        canvas, own = layer.on_canvas(self._stack.width, self._stack.height, self._rows)
        pixels = layer.pixels[own]
        if self._hidden or not layer.visible or not pixels.size:
            return
        premultiplied, alpha = self.shown
        blend, masked = _known(layer.blend), layer.mask is not None and layer.mask.active
        if blend == "normal" and layer.opacity == 1 and not masked and pixels[..., 3].min() == self._top:
            premultiplied[canvas], alpha[canvas] = pixels[..., :3] / self._top, 1  # nothing below it is seen
            return
        cover = pixels[..., 3] / self._top * layer.opacity
        if masked:
            cover *= self._through(layer.mask, canvas[1].start, self._rows.start + canvas[0].start, cover.shape)
        premultiplied[canvas], alpha[canvas] = color.composite(
            premultiplied[canvas], alpha[canvas], pixels[..., :3] / self._top, cover, blend
        )

    def _through(self, mask: LayerMask | None, left: int, top: int, shape: tuple[int, int]) -> np.ndarray | float:
        """What a mask lets through, in [0, 1]."""
        if mask is None or not mask.active:
            return 1.0
        return mask.over(left, top, shape[1], shape[0]) / self._top


def _known(blend: str) -> str:
    """A blend mode we can compute; the others are shown as normal."""
    return blend if blend in color.BLEND else "normal"


def settled(stack: LayerStack) -> LayerStack:
    """The stack with all that masks and groups do done to the layers themselves: the groups are folders then.

    It looks the same as long as layers of a group that does more do not overlap and blend normally.
    """
    layers = []
    for layer in stack.layers:
        around = stack.around(layer)
        opacity = layer.opacity * float(np.prod([group.opacity for group in around]))
        visible = layer.visible and all(group.visible for group in around)
        layers.append(replace(layer, pixels=masked(layer, stack), mask=None, opacity=opacity, visible=visible))
    return replace(stack, layers=tuple(layers), groups={})


def masked(layer: Layer, stack: LayerStack) -> Pixels:
    """A layer's pixels, what its mask and those of its groups hide made transparent."""
    masks = [owner.mask for owner in (layer, *stack.around(layer)) if owner.mask is not None and owner.mask.active]
    if not masks or not layer.pixels.size:
        return layer.pixels
    pixels = layer.pixels.copy()
    for mask in masks:
        factor = mask.over(layer.left, layer.top, layer.width, layer.height)
        pixels[..., 3] = multiply(pixels[..., 3], factor)
    return pixels


def multiply(alpha: Plane, factor: Plane) -> Plane:
    """Two coverages at once, rounded; code values of one depth."""
    top = color.levels(alpha.dtype)
    return ((alpha.astype(np.uint64) * factor + top // 2) // top).astype(alpha.dtype)
