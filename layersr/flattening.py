"""What a stack looks like: the law that every application, ours included, agrees on.

Layers are composited back to front. What is clipped to a layer is first painted on that one's colours; the layer is
then laid with its own shape, opacity and blend mode. A group that passes through is only a folder; one with an opacity
or a mask of its own shows so much of what its layers change. Any other group is flattened by itself and laid on what is
below it as one layer (W3C, Compositing and Blending Level 1, "isolated groups").
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, pairwise

import numpy as np

from layersr import color
from layersr.arrays import Pixels, Plane
from layersr.groups import runs
from layersr.layers import PASS_THROUGH, Group, Layer, LayerMask, LayerStack, Window
from layersr.strips import in_order, strips

BAND = 256
"""Rows worked on at a time: flattening needs memory for a band in float64, not for the canvas."""

NARROW = 256
"""Columns that are worth to be looked at by themselves."""

WINDOW = 2**16
"""Pixels composited at a time, about: their float64 values stay in a core's own memory."""


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
    parts = strips(stack.height, stack.width)
    for rows, band in in_order(lambda rows: (rows, flatten_band(stack, rows)), parts):
        out[rows] = band
    return out


def flatten_band(stack: LayerStack, rows: slice, real: type = np.float64) -> Pixels:
    """`flatten` for some rows of the canvas: what a writer needs that never holds the whole picture.

    Args:
        stack: any.
        rows: of the canvas.
        real: what to compute in; float32 is half the work where a code value more or less does not count.
    """
    out = np.empty((rows.stop - rows.start, stack.width, 4), stack.dtype)
    for columns in _stretches(stack, rows):
        alone = _alone(stack, rows, columns)
        out[:, columns] = _flatten_window(stack, (rows, columns), real) if alone is None else alone
    return out


def _stretches(stack: LayerStack, rows: slice) -> Iterator[slice]:
    """The columns from left to right, those apart where a single layer lies: mostly it is the background."""
    begun = np.zeros(stack.width + 1, int)
    for layer in stack.layers:
        (_, columns), _ = layer.on_canvas(stack.width, stack.height, rows)
        if layer.visible:
            begun[columns.start] += 1
            begun[columns.stop] -= 1
    crowded = np.cumsum(begun)[:-1] > 1
    cuts = [0, *(np.flatnonzero(crowded[1:] != crowded[:-1]) + 1).tolist(), stack.width]
    apart = [pair for pair in pairwise(cuts) if not crowded[pair[0]] and pair[1] - pair[0] >= NARROW]
    wide = max(NARROW, WINDOW // (rows.stop - rows.start))
    for first, last in pairwise(sorted({0, stack.width, *chain.from_iterable(apart)})):
        yield from (slice(left, min(left + wide, last)) for left in range(first, last, wide))


def _alone(stack: LayerStack, rows: slice, columns: slice) -> Pixels | None:
    """What is seen where a single layer lies, and plainly: its own pixels, as `_flatten_window` would find them."""
    there = []
    for layer in stack.layers:
        _, own = layer.on_canvas(stack.width, stack.height, rows, columns)
        if layer.visible and layer.pixels[own].size:
            there.append((layer, layer.pixels[own]))
    if len(there) != 1:
        return None
    ((layer, pixels),) = there
    plain = layer.blend == "normal" and layer.opacity == 1 and not layer.clipped and layer.mask is None
    whole = pixels.shape[:2] == (rows.stop - rows.start, columns.stop - columns.start)
    if not plain or not whole or not all(group.plain for group in stack.around(layer)):
        return None
    return pixels if pixels[..., 3].min() == color.levels(stack.dtype) else None


def _flatten_window(stack: LayerStack, window: Window, real: type) -> Pixels:
    top = color.levels(stack.dtype)
    band = _Band(stack, window, real)
    path: tuple[str, ...] = ()
    for kind, what in runs(stack.layers):
        if kind == "open":
            path = (*path, what)
            band.enter(stack.groups.get(path))
        elif kind == "close":
            band.leave(stack.groups.get(path))
            path = path[:-1]
        else:
            band.lay(*what)
    premultiplied, alpha = band.shown
    out = np.empty((*alpha.shape, 4), stack.dtype)
    opaque = alpha.min(initial=1) == 1
    out[..., 3] = top if opaque else np.rint(alpha * top)
    straight = premultiplied if opaque else color.unpremultiply(premultiplied, alpha)
    out[..., :3] = color.to_depth(straight, stack.dtype)
    if not opaque:
        out[..., :3][alpha == 0] = _bottom(stack, window)[alpha == 0]
    return out


def _bottom(stack: LayerStack, window: Window) -> np.ndarray:
    """The colours of the lowest layer, also where it is transparent."""
    rows, columns = window
    out = np.zeros((rows.stop - rows.start, columns.stop - columns.start, 3), stack.dtype)
    for layer in stack.layers[:1]:
        canvas, own = layer.on_canvas(stack.width, stack.height, rows, columns)
        out[canvas] = layer.pixels[own][..., :3]
    return out


class _Band:
    """A part of the canvas while layers are laid on it; inside groups, what was there before waits."""

    def __init__(self, stack: LayerStack, window: Window, real: type) -> None:
        self._stack, self._real, self._top = stack, real, real(color.levels(stack.dtype))
        self._rows, self._columns = window
        self.shown = self._empty()
        self._waiting: list[tuple[np.ndarray, np.ndarray]] = []
        self._hidden = 0

    def _empty(self) -> tuple[np.ndarray, ...]:
        size = self._rows.stop - self._rows.start, self._columns.stop - self._columns.start
        return tuple(np.zeros((*size, *more), self._real) for more in ((3,), ()))

    def _meeting(self, layer: Layer) -> tuple[Window, Window]:
        return layer.on_canvas(self._stack.width, self._stack.height, self._rows, self._columns)

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
        cover = group.opacity * self._through(group.mask, (slice(0, None), slice(0, None)), alpha.shape)
        if not group.visible or self._hidden:
            self.shown = below
        elif group.blend == PASS_THROUGH:
            cover = np.broadcast_to(cover, alpha.shape)
            self.shown = below[0] + cover[..., None] * (own - below[0]), below[1] + cover * (alpha - below[1])
        else:
            self.shown = color.composite(*below, color.unpremultiply(own, alpha), alpha * cover, _known(group.blend))

    def lay(self, layer: Layer, *clipped: Layer) -> None:
        """Lay a layer, and on it what is clipped to it."""
        canvas, own = self._meeting(layer)
        pixels = layer.pixels[own]
        if self._hidden or not layer.visible or not pixels.size:
            return
        premultiplied, alpha = self.shown
        blend, masked = _known(layer.blend), layer.mask is not None and layer.mask.active
        colour = pixels[..., :3] / self._top
        for other in clipped:
            colour = self._painted(colour, other, canvas)
        if blend == "normal" and layer.opacity == 1 and not masked and pixels[..., 3].min() == self._top:
            premultiplied[canvas], alpha[canvas] = colour, 1  # nothing below it is seen
            return
        cover = self._cover(layer, pixels[..., 3], canvas)
        premultiplied[canvas], alpha[canvas] = color.composite(
            premultiplied[canvas], alpha[canvas], colour, cover, blend
        )

    def _painted(self, colour: np.ndarray, layer: Layer, where: Window) -> np.ndarray:
        """The colours of a base, which lies `where` in the band, with a layer that is clipped to it."""
        canvas, own = self._meeting(layer)
        pixels = layer.pixels[own]
        if not layer.visible or not pixels.size:
            return colour
        full, cover = self._empty()
        full[canvas] = pixels[..., :3] / self._top
        cover[canvas] = self._cover(layer, pixels[..., 3], canvas)
        return color.composite(colour, np.ones(colour.shape[:2]), full[where], cover[where], _known(layer.blend))[0]

    def _cover(self, layer: Layer, alpha: np.ndarray, canvas: Window) -> np.ndarray:
        """How much of a layer shows: its transparency, opacity and mask."""
        cover = alpha / self._top * layer.opacity
        return cover * self._through(layer.mask, canvas, cover.shape)

    def _through(self, mask: LayerMask | None, canvas: Window, shape: tuple[int, int]) -> np.ndarray | float:
        """What a mask lets through there in the window, in [0, 1]."""
        if mask is None or not mask.active:
            return 1.0
        top, left = self._rows.start + canvas[0].start, self._columns.start + canvas[1].start
        return mask.over(left, top, shape[1], shape[0]) / self._top


def _known(blend: str) -> str:
    """A blend mode we can compute; the others are shown as normal."""
    return blend if blend in color.BLEND else "normal"


def settled(stack: LayerStack) -> LayerStack:
    """The stack with all that masks, clipping and groups do done to the layers themselves: groups are folders then.

    It looks the same as long as layers of a group that does more, and those clipped, blend normally and do not overlap.
    """
    stack = with_shapes(stack)
    layers = []
    for layer in stack.layers:
        around = stack.around(layer)
        opacity = layer.opacity * float(np.prod([group.opacity for group in around]))
        visible = layer.visible and all(group.visible for group in around)
        layers.append(replace(layer, opacity=opacity, visible=visible))
    return replace(stack, layers=tuple(layers), groups={})


def with_shapes(stack: LayerStack) -> LayerStack:
    """The stack without masks and clipping: what they hide is transparent in the layers; itself where it has none."""
    owners = (*stack.layers, *stack.groups.values())
    if all(owner.mask is None for owner in owners) and not any(layer.clipped for layer in stack.layers):
        return stack
    layers: list[Layer] = []
    for kind, what in runs(stack.layers):
        if kind != "layers":
            continue
        base, *clipped = what
        base = replace(base, pixels=_shaped(base, stack), mask=None, clipped=False)
        layers.append(base)
        shape = LayerMask(base.pixels[..., 3], base.left, base.top)
        for layer in clipped:
            pixels = _shaped(layer, stack, shape)
            # The base's own opacity and visibility hold for what is clipped to it too.
            visible, opacity = layer.visible and base.visible, layer.opacity * base.opacity
            layers.append(replace(layer, pixels=pixels, mask=None, clipped=False, visible=visible, opacity=opacity))
    groups = {path: replace(group, mask=None) for path, group in stack.groups.items()}
    return replace(stack, layers=tuple(layers), groups={p: g for p, g in groups.items() if not g.plain or g.locks})


def _shaped(layer: Layer, stack: LayerStack, *more: LayerMask) -> Pixels:
    """A layer's pixels, what its mask, those of its groups and more hide made transparent."""
    masks = [owner.mask for owner in (layer, *stack.around(layer)) if owner.mask is not None and owner.mask.active]
    return _hidden(layer, [*masks, *more])


def _hidden(layer: Layer, masks: list[LayerMask]) -> Pixels:
    """A layer's pixels, what masks hide made transparent."""
    if not masks or not layer.pixels.size:
        return layer.pixels
    pixels = layer.pixels.copy()
    for rows in strips(layer.height, layer.width):
        for mask in masks:
            factor = mask.over(layer.left, layer.top + rows.start, layer.width, rows.stop - rows.start)
            pixels[rows, :, 3] = multiply(pixels[rows, :, 3], factor)
    return pixels


def multiply(alpha: Plane, factor: Plane) -> Plane:
    """Two coverages at once, rounded; code values of one depth."""
    top = color.levels(alpha.dtype)
    return ((alpha.astype(np.uint64) * factor + top // 2) // top).astype(alpha.dtype)
