"""What an edit lays bare: layers that ended under what covered them are continued, as one would expect them to go on.

A layer of layersr's own ends somewhere under what covers it; what was painted for it there reaches a little way and no
farther (`travel`). Where the cover goes, the hidden part is found anew: its outline goes on as it went (`outlines`),
also a little way off the canvas, which cut things off; farther nothing tells how they go on, and a straight cut is
better than a guess. An infill model then paints the inside from the layer's own colours.

Only pixels that something opaque hid, or the canvas cut off, are touched, and only of layers whose provenance says that
they are invented: nothing that was seen before changes. Where a person painted, an end is an outline; and where a model
gave the whole stack, it knew how things go on.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from layersr import color
from layersr.arrays import Alpha, Mask
from layersr.editing.colours import painted_on
from layersr.editing.cuts import seen, within_reach
from layersr.editing.outlines import completed
from layersr.editing.places import Affine, cropped, transformed
from layersr.editing.selecting import Unit
from layersr.flattening import settled
from layersr.layers import Layer, LayerStack, Provenance, Window
from layersr.recipe import PEELING
from layersr.roles import Infiller

LEAST = 3
"""Pixels: what is thinner is no gap."""

MIXED = 7
"""Width of the square around what hid a layer in which its colours are not believed: they hold some of the cover's."""

ROOM = 0.5
"""How far beyond a layer its hidden part is looked for, in its own longer sides; off the canvas, in the canvas's."""


@dataclass(frozen=True)
class Gap:
    """A layer that was continued, or should be.

    Attributes:
        name: of the layer.
        pixels: how many were laid bare.
        cut: sides at which it is not continued but ends straight, as the canvas cut it off.
    """

    name: str
    pixels: int
    cut: tuple[str, ...] = ()


def continued(
    before: LayerStack, maps: Sequence[tuple[Unit, Affine]], infill: Infiller | None
) -> tuple[LayerStack, list[Gap]]:
    """The stack before units are mapped, those of them that will show an end continued.

    Args:
        before: the stack.
        maps: what is going to be mapped, all at once, and how.
        infill: paints; None only tells.
    """
    if whole(before):
        return before, []
    after = before
    for unit, matrix in maps:
        after = transformed(after, unit, matrix)
    mattes, layers, gaps = _mattes(before), list(before.layers), []
    covers, covers_after = _covers(mattes), _covers(_mattes(after))
    for unit, matrix in maps:
        pads = _pads(before, matrix)
        for n in unit.layers:
            layer = layers[n]
            if layer.provenance is None or layer.is_cast or not layer.visible or not layer.pixels.size:
                continue
            reached, cuts = within_reach(layer, mattes[n], covers[n], pads)
            bared = tuple(side for side, cut in cuts.items() if seen(cut, matrix, covers_after[n]))
            gaps += [Gap(layer.name, 0, bared)] if bared else []
            part = _hidden_part(layer, mattes[n], covers[n], reached)
            if part is None:
                continue
            old, new = (
                _shown(transformed(before.with_layers((one,)), Unit((0,)), matrix), before)
                for one in (layer, part.of(layer, None))
            )
            gap = (new ^ old) & ~covers_after[n]
            if _wide(gap):
                gaps.append(Gap(layer.name, int(gap.sum())))
                layers[n] = layer if infill is None else part.of(layer, infill)
    return before.with_layers(tuple(layers)), gaps


def closed(before: LayerStack, after: LayerStack, infill: Infiller | None) -> tuple[LayerStack, list[Gap]]:
    """The stack after an edit, the layers that it left alone continued where it laid an end of them bare.

    Args:
        before: the stack that was edited.
        after: what became of it; layers that the edit left alone are the same objects.
        infill: paints; None only tells.
    """
    if whole(before):
        return after, []
    was = {id(layer): n for n, layer in enumerate(before.layers)}
    mattes = _mattes(before)
    covers, covers_after = _covers(mattes), _covers(_mattes(after))
    layers, gaps = list(after.layers), []
    for n, layer in enumerate(after.layers):
        k = was.get(id(layer))
        if k is None or layer.provenance is None or layer.is_cast or not layer.pixels.size or not mattes[k].any():
            continue
        bare = covers[k] & ~covers_after[n]
        if not _wide(bare):
            continue
        part = _hidden_part(layer, mattes[k], covers[k], (0, 0, 0, 0))
        if part is None:
            continue
        old = mattes[k] >= 0.5
        new = _shown(after.with_layers((part.of(layer, None),)), after)
        gap = (new ^ old) & bare
        if _wide(gap):
            gaps.append(Gap(layer.name, int(gap.sum())))
            layers[n] = layer if infill is None else part.of(layer, infill)
    return after.with_layers(tuple(layers)), gaps


def whole(stack: LayerStack) -> bool:
    """Whether a model gave the stack at once, and knew how things go on where they are hidden."""
    try:
        return tomllib.loads(stack.recipe).get("decompose", PEELING) != PEELING
    except tomllib.TOMLDecodeError:
        return False


@dataclass(frozen=True, eq=False)
class _Part:
    """The hidden part of a layer.

    Attributes:
        window: rows and columns of the canvas, which may begin off it.
        alpha: of the layer there, with it.
        changed: where that is said anew.
        known: where the layer's own colours can be believed.
    """

    window: Window
    alpha: Alpha
    changed: Mask
    known: Mask

    def of(self, layer: Layer, infill: Infiller | None) -> Layer:
        """The layer with this part, painted; without an infiller only its shape counts."""
        rows, columns = self.window
        top, left = min(rows.start, layer.top), min(columns.start, layer.left)
        bottom, right = max(rows.stop, layer.top + layer.height), max(columns.stop, layer.left + layer.width)
        full = color.levels(layer.pixels.dtype)
        pixels = np.zeros((bottom - top, right - left, 4), layer.pixels.dtype)
        codes = np.zeros(pixels.shape[:2], np.uint8)
        y, x = layer.top - top, layer.left - left
        own = slice(y, y + layer.height), slice(x, x + layer.width)
        pixels[own], codes[own] = layer.pixels, layer.provenance
        here = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
        alpha = color.to_depth(self.alpha, layer.pixels.dtype)
        mask = layer.mask if layer.mask is not None and layer.mask.active else None
        if mask is not None:
            values = mask.over(left, top, right - left, bottom - top)
            values[here] = np.where(self.changed, alpha, values[here])
            mask = replace(mask, values=values, left=left, top=top)
            alpha = np.where(alpha > 0, full, 0).astype(alpha.dtype)
        part = pixels[here]
        if infill is not None:
            painted = painted_on(color.to_float(part[..., :3]), self.known, self.changed & (self.alpha > 0), infill)
            part[..., :3] = np.where(self.changed[..., None], color.to_depth(painted, part.dtype), part[..., :3])
        part[..., 3] = np.where(self.changed, alpha, part[..., 3])
        invented = np.where(part[..., 3] > 0, np.uint8(Provenance.INVENTED), np.uint8(Provenance.NONE))
        codes[here] = np.where(self.changed, invented, codes[here])
        mask = layer.mask if mask is None else mask
        return cropped(replace(layer, pixels=pixels, left=left, top=top, provenance=codes, mask=mask))


def _hidden_part(layer: Layer, matte: Alpha, cover: Mask, pads: tuple[int, int, int, int]) -> _Part | None:
    """The hidden part of a layer as one would expect it; None where there is nothing to go by."""
    up, down, left, right = pads
    around = ((up, down), (left, right))
    inside = np.pad(matte, around)
    hidden = np.pad(cover, around, constant_values=True)
    codes = np.zeros(hidden.shape, np.uint8)
    _lay(codes, layer.provenance, layer.top + up, layer.left + left)
    alpha = np.zeros(hidden.shape, np.float32)
    _lay(alpha, color.to_float(layer.pixels[..., 3]), layer.top + up, layer.left + left)
    if up or down or left or right:  # off the canvas nobody looked at masks: what is there, is there
        off = np.pad(np.zeros(cover.shape, bool), around, constant_values=True)
        inside = np.where(off, alpha, inside)
    real = (inside > 0) & hidden & ((codes == Provenance.ORIGINAL) | (codes == Provenance.ESTIMATED))
    if real.any():  # it was seen once: it ends where it ended then
        real = cv2.dilate(real.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    free = hidden & ~real
    own = inside >= 0.5
    seen = own & ~free
    if not seen.any() or not free.any():
        return None
    window = _window(seen, pads, cover.shape)
    free, own, inside = free[window], own[window], inside[window]
    if not free.any():
        return None
    outline = completed(own, free)
    shape = np.where(free, outline, inside).astype(np.float32)
    near = cv2.dilate(free.astype(np.uint8), np.ones((MIXED, MIXED), np.uint8)) > 0
    if not ((inside >= 0.9) & ~near).any():
        near = free
    rows, columns = (slice(side.start - pad, side.stop - pad) for side, pad in zip(window, (up, left), strict=True))
    return _Part((rows, columns), shape, free & ((shape > 0) | (inside > 0)), (inside >= 0.9) & ~near)


def _window(seen: Mask, pads: tuple[int, int, int, int], canvas: tuple[int, int]) -> Window:
    rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
    room = round(ROOM * max(np.ptp(rows), np.ptp(columns)) + 16)
    tall, wide = seen.shape
    return (
        slice(max(0, int(rows[0]) - max(room, pads[0])), min(tall, int(rows[-1]) + 1 + max(room, pads[1]))),
        slice(max(0, int(columns[0]) - max(room, pads[2])), min(wide, int(columns[-1]) + 1 + max(room, pads[3]))),
    )


def _lay(out: np.ndarray, values: np.ndarray, top: int, left: int) -> None:
    y0, x0 = max(0, top), max(0, left)
    y1, x1 = max(y0, min(out.shape[0], top + values.shape[0])), max(x0, min(out.shape[1], left + values.shape[1]))
    out[y0:y1, x0:x1] = values[max(0, y0 - top) : max(0, y1 - top), max(0, x0 - left) : max(0, x1 - left)]


def _pads(stack: LayerStack, matrix: Affine) -> tuple[int, int, int, int]:
    """How far beyond the canvas a map looks: up, down, left, right."""
    inverse = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))
    corners = np.array([[x, y, 1] for x in (0, stack.width) for y in (0, stack.height)]).T
    x, y, _ = inverse @ corners
    most = round(ROOM * max(stack.width, stack.height))
    ways = -y.min(), y.max() - stack.height, -x.min(), x.max() - stack.width
    return tuple(int(min(most, max(0, np.ceil(way - 1e-6)))) for way in ways)


def _mattes(stack: LayerStack) -> list[Alpha]:
    """What every layer covers of the canvas; shadows, glows and what blends otherwise cover nothing."""
    out = []
    for layer in settled(stack).layers:
        covers = layer.visible and not layer.is_cast and layer.blend == "normal"
        out.append(layer.matte(stack.width, stack.height) * np.float32(layer.opacity if covers else 0))
    return out


def _covers(mattes: list[Alpha]) -> list[Mask]:
    """For every layer, where something opaque lies above it."""
    above, out = np.zeros(mattes[0].shape, bool), []
    for matte in reversed(mattes):
        out.append(above)
        above = above | (matte >= 1)
    return out[::-1]


def _shown(stack: LayerStack, canvas: LayerStack) -> Mask:
    """Where the one layer of a stack covers more than half."""
    layer = settled(replace(stack, groups={})).layers[0]
    out = np.zeros((canvas.height, canvas.width), bool)
    there, own = layer.on_canvas(canvas.width, canvas.height)
    out[there] = 2 * layer.pixels[own][..., 3].astype(np.int64) >= color.levels(layer.pixels.dtype)
    return out


def _wide(gap: Mask) -> bool:
    return bool(gap.any() and cv2.erode(gap.astype(np.uint8), np.ones((LEAST, LEAST), np.uint8)).any())
