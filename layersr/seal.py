"""Make a stack flatten to a picture exactly: every pixel, every bit, at 8 and at 16 bit, for any number of layers.

The algebra. Colours are code values 0..L (L = 255 or 65535), alphas a in {0, 1/L, ..., 1}. Consider one pixel of an
opaque picture with value x. Let k be the top-most layer with a_k > 0 there and c the exact composite of everything
below it (a real number in [0, L]; the background is opaque, so c exists). The picture shows

    y = a_k F_k + (1 - a_k) c .

* k = 0 (nothing covers the background): the background's pixel becomes x. Then y = x.
* k > 0: for real F_k, y = x has the one solution F* = c + (x - c) / a_k. It lies in [0, L] in every channel iff
  a_k >= need := max over channels of (x - c)/(L - c) where x > c, (c - x)/c where x < c; need <= 1. So a_k is raised to
  the next code value >= need where the matte is lower. Then F_k := round(F*), hence |F_k - F*| <= 1/2 and
  |y - x| = a_k |F_k - F*| <= a_k / 2. For a_k < 1 that is below 1/2; for a_k = 1, F* = x is an integer and y = x.

So y rounds to x whatever lies below and however many layers there are: c enters as it is, with all its fractions, and
no error of a lower layer is passed on. QED. A compositor that works in float32 (psd-tools) errs by some 0.01 code
values at 16 bit, so there an a_k above `SNAP` becomes 1, which leaves a margin of 0.02.

Shadows. A black layer that multiplies takes a share of the light and shows nothing of its own, so it never answers for
a pixel: the layer below it does. With s > 0 the light that all shadows above k let through, the picture shows s times
what it would without them, so k is solved for x / s instead of x. Rounding F_k then errs by s a_k / 2 at most, which is
below 1/2 as soon as there is a shadow at all. F* fits iff x <= s L, so shadows fade where that does not hold. At 16 bit
those that leave more than `SNAP` of the light go, for the margin's sake.

Pictures with alpha A. Where A = 0 every layer is transparent and the background keeps the hidden colour. Where
0 < A < 1 one layer owns the pixel, with a = A and F = x, all others are transparent there: the top-most layer that
covers at least half of A, else the background. Then the composite is (x, A) itself.
(The step for opaque pictures is the one measured in Porter and Duff's algebra by ourselves; we know of no publication.)
"""

import os
from collections import deque
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from layersr.arrays import Pixels
from layersr.color import levels
from layersr.flattening import bands
from layersr.layers import Layer, LayerStack, Provenance, Window

SNAP = 0.96
"""At 16 bit, alphas above this become 1: see the module's text."""

AREA = 2**19
"""Pixels sealed at a time, or 16 rows."""


def seal(stack: LayerStack, target: Pixels) -> LayerStack:
    """The stack, changed as little as the algebra needs, so that `flatten(seal(stack, target)) == target`.

    Colours of top-most pixels are solved for, alphas only ever raised (on opaque pictures; those of shadows lowered),
    hidden pixels left alone, provenance written anew from what covers what: a pixel is ORIGINAL where nothing lies
    above it and it is opaque (its code value is then the target's), INVENTED where something opaque lies above it,
    ESTIMATED in between.

    Args:
        stack: layer 0 covers the canvas; visible layers blend normally (or are shadows, see `Layer.is_shadow`) at full
            opacity, without masks, in groups that are folders. Hidden layers pass untouched.
        target: straight RGBA, (height, width, 4), at the stack's depth.

    Raises:
        ValueError: the target or the layers are not of that form.
    """
    if target.shape != (stack.height, stack.width, 4) or target.dtype != stack.dtype:
        raise ValueError(f"target {target.shape} {target.dtype} does not fit {stack.height, stack.width} {stack.dtype}")
    own = stack.with_layers(tuple(replace(x, pixels=x.pixels.copy()) if x.visible else x for x in stack.layers))
    return seal_in_place(own, ((rows, target[rows]) for rows in bands(stack.height)))


def seal_in_place(stack: LayerStack, target: Iterable[tuple[slice, Pixels]]) -> LayerStack:
    """`seal` for a stack whose pixels are the caller's own to change, and a target that comes in bands.

    A band may be made of the flattened stack itself while it is being sealed, so a canvas need never be in memory as a
    whole more than once.

    Args:
        stack: as for `seal`.
        target: rows of the canvas, all of them, and what they shall show.

    Returns:
        a stack of the same pixel arrays, with provenance.
    """
    if not sealable(stack):
        raise ValueError("layer 0 does not cover the canvas, or something does not blend normally, fully and unmasked")
    sealed = [_untraced(layer) if layer.visible else layer for layer in stack.layers]
    shown = [layer for layer in sealed if layer.visible]

    def seal_rows(here: slice, wanted: Pixels) -> None:
        _seal_band([(layer, *layer.on_canvas(stack.width, stack.height, here)) for layer in shown], wanted)

    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for rows, wanted in target:
            parts = [*bands(rows.stop - rows.start, max(16, AREA // max(1, stack.width)))]
            here = [slice(rows.start + part.start, rows.start + part.stop) for part in parts]
            deque(pool.map(seal_rows, here, [wanted[part] for part in parts]), maxlen=0)  # errors come out here
    return stack.with_layers(tuple(sealed))


def sealable(stack: LayerStack) -> bool:
    """Whether `seal` knows what to do with it: see its argument."""
    for layer in stack.layers:
        masked = layer.mask is not None and layer.mask.active
        plain = layer.blend == "normal" or layer.is_shadow
        if layer.visible and (not plain or layer.opacity != 1 or masked or layer.clipped):
            return False
        if not all(group.plain for group in stack.around(layer)):
            return False
    ground = stack.layers[0] if stack.layers else None
    if ground is None or not ground.visible or ground.blend != "normal":
        return False
    return (ground.left, ground.top, ground.width, ground.height) == (0, 0, stack.width, stack.height)


def _untraced(layer: Layer) -> Layer:
    # Parts off the canvas are never visible: what is painted there was invented.
    unseen = np.where(layer.pixels[..., 3] > 0, np.uint8(Provenance.INVENTED), np.uint8(Provenance.NONE))
    return replace(layer, provenance=unseen)


def _seal_band(layers: list[tuple[Layer, Window, Window]], target: np.ndarray) -> None:
    """Seal some rows; `layers` come with their window in the band and in their own arrays, which are written to."""
    top = levels(target.dtype)
    real = np.float32 if target.dtype == np.uint8 else np.float64  # errs by 1e-4 at most, where 2e-3 are allowed
    full = target[..., 3] == top
    shadows = [layer.is_shadow for layer, _, _ in layers]
    owner = _owners(layers, target, full, shadows)
    light = _light(layers, target, full, owner) if any(shadows) else None
    composite = np.empty((*full.shape, 3), real)
    for index, (layer, band, own) in enumerate(layers):
        pixels = layer.pixels[own]  # a view: the layer's own memory
        if shadows[index]:
            composite[band] *= (1 - pixels[..., 3] / real(top))[..., None]
            continue
        x, mine, opaque = target[band], owner[band] == index, full[band]
        alpha = np.where(opaque, pixels[..., 3] if index else target.dtype.type(top), np.where(mine, x[..., 3], 0))
        # Wholly opaque, or in a picture with alpha: the colour is the picture's.
        given = mine & ((alpha == top) | ~opaque)
        if light is not None:
            x = x / light[band][..., None]
            np.copyto(pixels[..., :3], np.rint(x[..., :3]).clip(0, top), where=given[..., None], casting="unsafe")
        else:
            np.copyto(pixels[..., :3], x[..., :3], where=given[..., None])
        part = composite[band]
        if index == 0:
            part[...] = pixels[..., :3]
        else:
            solve = mine & ~given
            alpha[solve], pixels[..., :3][solve] = _solve(alpha[solve], x[solve][..., :3], part[solve], target.dtype)
            if any(_meet(band, other) for _, other, _ in layers[index + 1 :]):
                part += (pixels[..., :3] - part) * (alpha / real(top))[..., None]
        pixels[..., 3] = alpha
    _trace(layers, target.shape[:2], top, full)


def _meet(one: Window, other: Window) -> bool:
    return all(a.start < b.stop and b.start < a.stop for a, b in zip(one, other, strict=True))


def _owners(
    layers: list[tuple[Layer, Window, Window]], target: np.ndarray, full: np.ndarray, shadows: list[bool]
) -> np.ndarray:
    """Index of the layer that answers for each pixel: the top-most that covers it and is no shadow."""
    owner = np.zeros(target.shape[:2], np.int32)
    for index, (layer, band, own) in enumerate(layers[1:], start=1):
        if shadows[index]:
            continue
        alpha = layer.pixels[own][..., 3]
        covers = alpha > 0
        if not full[band].all():
            wanted = target[band][..., 3].astype(np.int64)
            covers = np.where(full[band], covers, (wanted > 0) & (2 * alpha.astype(np.int64) >= wanted))
        owner[band][covers] = index
    return owner


def _light(
    layers: list[tuple[Layer, Window, Window]], target: np.ndarray, full: np.ndarray, owner: np.ndarray
) -> np.ndarray:
    """How much light reaches each pixel's owner, once the shadows above it are as light as the picture needs."""
    top = levels(target.dtype)
    light = np.ones(full.shape)
    least = target[..., :3].max(axis=2) / top
    for index, (layer, band, own) in enumerate(layers):
        if not index or not layer.is_shadow:
            continue
        alpha = layer.pixels[own][..., 3]  # a view
        alpha[~full[band]] = 0
        before, above = light[band], owner[band] < index
        room = np.floor(top * (1 - least[band] / before) + 1e-9).clip(0, top - 1)
        np.copyto(alpha, np.minimum(alpha, room), where=above, casting="unsafe")
        if target.dtype == np.uint16:
            alpha[above & (before * (1 - alpha / top) > SNAP)] = 0
        light[band] = np.where(above, before * (1 - alpha / top), before)
    return light


def _solve(alpha: np.ndarray, x: np.ndarray, below: np.ndarray, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Alpha (raised to the need) and colour such that colour over `below` rounds to x; 1-D lists of pixels."""
    top = levels(dtype)
    x = x.astype(below.dtype)
    slack = 1e-9 if x.dtype == np.float64 else 1e-4  # no alpha is raised for a rounding error
    room = np.where(x > below, top - below, below)
    need = np.divide(np.abs(x - below), room, out=np.zeros_like(x), where=room > 0).max(axis=-1, initial=0)
    raised = np.maximum(alpha, np.ceil(need * top - slack).astype(np.int64)).clip(1, top)
    if dtype == np.uint16:
        raised = np.where(raised > SNAP * top, top, raised)
    colour = below + (x - below) * (top / raised)[..., None]
    return raised, np.rint(colour).clip(0, top)


def _trace(layers: list[tuple[Layer, Window, Window]], shape: tuple[int, int], top: int, full: np.ndarray) -> None:
    """Write each layer's provenance, from the top down."""
    seen = np.ones(shape, bool)  # nothing above
    hidden = np.zeros(shape, bool)  # something opaque above
    for layer, band, own in reversed(layers):
        alpha = layer.pixels[own][..., 3]
        whole = (alpha == top) | (~full[band] & (alpha > 0))
        codes = np.full(alpha.shape, Provenance.ESTIMATED, np.uint8)
        codes[seen[band] & whole] = Provenance.ORIGINAL
        codes[hidden[band]] = Provenance.INVENTED
        codes[alpha == 0] = Provenance.NONE
        layer.provenance[own] = codes  # type: ignore[index]  # _writable made one
        seen[band] &= alpha == 0
        hidden[band] |= alpha == top
