"""A layer taken apart again: the pieces are a group in its place."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from layersr.arrays import Mask
from layersr.editing.selecting import clipped_to, paths
from layersr.errors import UsageError
from layersr.flattening import flatten
from layersr.layers import GLOW, PASS_THROUGH, SHADOW, Group, Image, Layer, LayerStack, Provenance

Peel = Callable[[Image], LayerStack]
"""What takes a picture apart, so that the stack flattens to it bit for bit."""


def split(stack: LayerStack, index: int, peel: Peel) -> tuple[LayerStack, list[str]]:
    """The stack with a layer's pieces in its place, in a group of its name.

    Its opacity, blend mode, mask and visibility are the group's. Law: the flattened picture stays, bit for bit.
    (Below soft layers pieces are given hard edges where their sum would be off by a fraction of a code value.)

    Returns:
        the stack, and a sentence if nothing was found.

    Raises:
        UsageError: it is clipped, or something is clipped to it, which a group cannot do.
    """
    layer = stack.layers[index]
    if layer.clipped or clipped_to(stack, index):
        raise UsageError(f"“{layer.name}” is clipped or has something clipped to it; merge them before you split it.")
    if not layer.pixels.size:
        raise UsageError(f"“{layer.name}” is empty; there is nothing in it to find.")
    pieces = peel(Image(layer.pixels, stack.icc)).layers
    if len(pieces) < 2:
        return stack, [f"Nothing was found in “{layer.name}”; it stays as it is."]
    group = _path(stack, layer)
    own = [_piece(piece, layer, group) for piece in pieces]
    settings = Group(layer.opacity, layer.visible, _blend(layer), layer.mask, layer.locks)
    groups = stack.groups if settings.usual else {**stack.groups, group: settings}

    def with_pieces(pieces: list[Layer]) -> LayerStack:
        return replace(stack, layers=(*stack.layers[:index], *pieces, *stack.layers[index + 1 :]), groups=groups)

    after = with_pieces(own)
    shown = flatten(stack)
    off = (shown != flatten(after)).any(axis=-1) & (shown[..., 3] > 0)
    if off.any():
        after = with_pieces(_hardened(own, layer, off))
    return after, []


def _blend(layer: Layer) -> str:
    masked = layer.mask is not None and layer.mask.active
    plain = layer.blend == "normal" and layer.opacity == 1 and not masked
    return PASS_THROUGH if plain else layer.blend


def _path(stack: LayerStack, layer: Layer) -> tuple[str, ...]:
    taken, name, number = set(paths(stack)), layer.name, 1
    while (*layer.group, name) in taken:
        number += 1
        name = f"{layer.name} ({number})"
    return (*layer.group, name)


def _piece(piece: Layer, layer: Layer, group: tuple[str, ...]) -> Layer:
    """A piece as a layer of the stack: in its place, in a group, its provenance no better than what it was cut from."""
    codes = piece.provenance
    if codes is not None and layer.provenance is not None:
        y, x = piece.top, piece.left
        before = layer.provenance[y : y + piece.height, x : x + piece.width]
        codes = np.where(codes == Provenance.ORIGINAL, before, codes).astype(np.uint8)
    facts = {key: f"{layer.name}, {value}" if key in (SHADOW, GLOW) else value for key, value in piece.facts.items()}
    for key in ("covers", "nearer"):
        if isinstance(facts.get(key), dict):
            facts[key] = {f"{layer.name}, {name}": sure for name, sure in facts[key].items()}
    return replace(
        piece,
        name=f"{layer.name}, {piece.name}",
        left=piece.left + layer.left,
        top=piece.top + layer.top,
        group=(*group, *piece.group),
        provenance=codes,
        facts=facts,
    )


def _hardened(pieces: list[Layer], layer: Layer, off: Mask) -> list[Layer]:
    """The pieces, at some pixels of the canvas one alone and as opaque as the layer: the top one that covers half."""
    height, width = off.shape
    canvas, own = layer.on_canvas(width, height)
    here = np.zeros(layer.pixels.shape[:2], bool)
    here[own] = off[canvas]
    left, out = here.copy(), []
    for n, piece in reversed(list(enumerate(pieces))):
        y, x = piece.top - layer.top, piece.left - layer.left
        window = slice(y, y + piece.height), slice(x, x + piece.width)
        pixels, wanted = piece.pixels.copy(), layer.pixels[window]
        half = 2 * pixels[..., 3].astype(np.int64) >= wanted[..., 3]
        taken = left[window] & ((half & (piece.blend == "normal")) | (n == 0))
        pixels[here[window] & ~taken, 3] = 0
        pixels[taken] = wanted[taken]
        left[window] &= ~taken
        codes = piece.provenance
        if codes is not None:
            codes = np.where(pixels[..., 3] == 0, np.uint8(Provenance.NONE), codes)
        out.append(replace(piece, pixels=pixels, provenance=codes))
    return out[::-1]
