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

Shadows and glows. A layer that only takes light or sheds it (`Layer.light`) moves what is below a share of the way, to
black (it multiplies, black, and the share is its alpha a) or to white (it screens in a colour G: the share is a G / L,
another one in each channel). So it shows nothing of its own and never answers for a pixel: the layer below it does. One
share t < 1 on the way to e makes y' = (1 - t) y + t e of y, and all lights above k together m y + b with m > 0, in each
channel. So k is solved for (x - b) / m instead of x, and rounding F_k errs by m a_k / 2 at most, which is below 1/2 as
soon as there is a light: where m = 1 no share is above 0, so b = 0, and the proof above holds as it is.
F* fits iff b <= x <= b + m L. Laid one by one from k upwards each light keeps that if its share is at most 1 - |x - e|
/ |f - e|, with f the end of what could be shown so far, b..b + m L, that is farther from e: the end nearer to e only
comes nearer to it. So lights fade where they have less room. At 16 bit, for the margin's sake, they fade by some more
steps of alpha where x would be missed by more than `SNAP` / 2; at 0 they change nothing, so the steps come to an end.
The smaller m, the more F_k show x: of those the layer's own colour, or the next to it, is taken.

Pictures with alpha A. Where A = 0 every layer is transparent and the background keeps the hidden colour. Where
0 < A < 1 one layer owns the pixel, with a = A and F = x, all others are transparent there: the top-most layer that
covers at least half of A, else the background. Then the composite is (x, A) itself.
(The step for opaque pictures is the one measured in Porter and Duff's algebra by ourselves; we know of no publication.)
"""

import os
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from layersr.arrays import Pixels
from layersr.color import levels
from layersr.flattening import bands
from layersr.layers import Layer, LayerStack, Provenance, Window
from layersr.light import SNAP, Light, nearest, spare

AREA = 2**19
"""Pixels sealed at a time, or 16 rows."""


def seal(stack: LayerStack, target: Pixels) -> LayerStack:
    """The stack, changed as little as the algebra needs, so that `flatten(seal(stack, target)) == target`.

    Colours of top-most pixels are solved for, alphas only ever raised (on opaque pictures; those of lights lowered),
    hidden pixels left alone, provenance written anew from what covers what: a pixel is ORIGINAL where nothing lies
    above it and it is opaque (its code value is then the target's), INVENTED where something opaque lies above it,
    ESTIMATED in between.

    Args:
        stack: layer 0 covers the canvas; visible layers blend normally (or are shadows or glows, see `Layer.light`) at
            full opacity, without masks, in groups that are folders. Hidden layers pass untouched.
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
    lights = [Light.of(layer) for layer in shown]

    def seal_rows(here: slice, wanted: Pixels) -> None:
        _seal_band([(layer, *layer.on_canvas(stack.width, stack.height, here)) for layer in shown], lights, wanted)

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
        plain = layer.blend == "normal" or layer.light is not None
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


def _seal_band(layers: list[tuple[Layer, Window, Window]], lights: Sequence[Light | None], target: np.ndarray) -> None:
    """Seal some rows; `layers` come with their window in the band and in their own arrays, which are written to."""
    top = levels(target.dtype)
    real = np.float32 if target.dtype == np.uint8 else np.float64  # errs by 1e-4 at most, where 2e-3 are allowed
    full = target[..., 3] == top
    owner = _owners(layers, target, full, lights)
    lit = _lit(layers, lights, target, full, owner)
    composite = np.empty((*full.shape, 3), real)
    for index, (layer, band, own) in enumerate(layers):
        pixels = layer.pixels[own]  # a view: the layer's own memory
        light = lights[index]
        if light is not None:
            composite[band] += (light.end - composite[band]) * light.share(pixels[..., 3]).astype(real)
            continue
        x, mine, opaque = target[band], owner[band] == index, full[band]
        alpha = np.where(opaque, pixels[..., 3] if index else target.dtype.type(top), np.where(mine, x[..., 3], 0))
        # Wholly opaque, or in a picture with alpha: the colour is the picture's.
        given = mine & ((alpha == top) | ~opaque)
        plain = given
        if lit is not None:
            m, b = (both[band] for both in lit)
            under = given & (m < 1).any(axis=-1)
            pixels[under, :3] = nearest(pixels[under, :3], x[under, :3], m[under], b[under], top)
            plain = given & ~under
        np.copyto(pixels[..., :3], x[..., :3], where=plain[..., None])
        part = composite[band]
        if index == 0:
            part[...] = pixels[..., :3]
        else:
            solve = mine & ~given
            wanted = x[solve, :3] if lit is None else (x[solve, :3] - b[solve]) / m[solve]
            alpha[solve], pixels[..., :3][solve] = _solve(alpha[solve], wanted, part[solve], target.dtype)
            if any(_meet(band, other) for _, other, _ in layers[index + 1 :]):
                part += (pixels[..., :3] - part) * (alpha / real(top))[..., None]
        pixels[..., 3] = alpha
    _trace(layers, lights, target.shape[:2], top, full)


def _meet(one: Window, other: Window) -> bool:
    return all(a.start < b.stop and b.start < a.stop for a, b in zip(one, other, strict=True))


def _owners(
    layers: list[tuple[Layer, Window, Window]], target: np.ndarray, full: np.ndarray, lights: Sequence[Light | None]
) -> np.ndarray:
    """Index of the layer that answers for each pixel: the top-most that covers it and is no light."""
    owner = np.zeros(target.shape[:2], np.int32)
    for index, (layer, band, own) in enumerate(layers[1:], start=1):
        if lights[index] is not None:
            continue
        alpha = layer.pixels[own][..., 3]
        covers = alpha > 0
        if not full[band].all():
            wanted = target[band][..., 3].astype(np.int64)
            covers = np.where(full[band], covers, (wanted > 0) & (2 * alpha.astype(np.int64) >= wanted))
        owner[band][covers] = index
    return owner


def _lit(
    layers: list[tuple[Layer, Window, Window]],
    lights: Sequence[Light | None],
    target: np.ndarray,
    full: np.ndarray,
    owner: np.ndarray,
) -> tuple[np.ndarray, np.ndarray] | None:
    """What the lights above each pixel's owner make of it, m y + b, once they are as faint as the picture needs.

    Returns:
        m and b, (h, w, 3) each; None where there are no lights.
    """
    if all(light is None for light in lights):
        return None
    top, m, b = levels(target.dtype), np.ones((*full.shape, 3)), np.zeros((*full.shape, 3))
    for index, ((layer, band, own), light) in enumerate(zip(layers, lights, strict=True)):
        if light is None:
            continue
        alpha = layer.pixels[own][..., 3]  # a view
        alpha[~full[band]] = 0
        above = owner[band] < index
        x, *below = target[band][above][:, :3].astype(np.float64), m[band][above], b[band][above]
        fitting = np.minimum(alpha[above], light.room(x, *below, top)).astype(target.dtype)
        if target.dtype == np.uint16:
            spare(fitting, light, x, *below)
        alpha[above] = fitting
        m[band][above], b[band][above] = light.on(*below, fitting)
    return m, b


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


def _trace(
    layers: list[tuple[Layer, Window, Window]],
    lights: Sequence[Light | None],
    shape: tuple[int, int],
    top: int,
    full: np.ndarray,
) -> None:
    """Write each layer's provenance, from the top down."""
    seen = np.ones(shape, bool)  # nothing above
    hidden = np.zeros(shape, bool)  # something opaque above
    for (layer, band, own), light in zip(reversed(layers), reversed(lights), strict=True):
        alpha = layer.pixels[own][..., 3]
        whole = (alpha == top) | (~full[band] & (alpha > 0))
        codes = np.full(alpha.shape, Provenance.ESTIMATED, np.uint8)
        codes[seen[band] & whole] = Provenance.ORIGINAL
        codes[hidden[band]] = Provenance.INVENTED
        codes[alpha == 0] = Provenance.NONE
        layer.provenance[own] = codes  # type: ignore[index]  # _writable made one
        seen[band] &= alpha == 0
        if light is None:
            hidden[band] |= alpha == top
