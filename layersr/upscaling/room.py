"""Room around a layer while it is enlarged: its edge, a little wider then, and what a network sees beside it."""

from dataclasses import replace

import numpy as np

from layersr.layers import Layer, Provenance

ROOM = 4
"""Pixels on every side, as far as the canvas goes."""


def with_room(layer: Layer, width: int, height: int) -> Layer:
    """The layer with transparent pixels around it that lie on a canvas of this size."""
    left, top = (max(0, min(ROOM, n)) for n in (layer.left, layer.top))
    right = max(0, min(ROOM, width - layer.left - layer.width))
    bottom = max(0, min(ROOM, height - layer.top - layer.height))
    if not layer.pixels.size or not (left or top or right or bottom):
        return layer
    around = ((top, bottom), (left, right))
    codes = layer.provenance
    return replace(
        layer,
        pixels=np.pad(layer.pixels, (*around, (0, 0))),
        left=layer.left - left,
        top=layer.top - top,
        provenance=None if codes is None else np.pad(codes, around, constant_values=np.uint8(Provenance.NONE)),
    )


def without_room(large: Layer, layer: Layer, scale: int, *, wider: bool) -> Layer:
    """The enlarged layer as large as the small one was, or more.

    Args:
        large: `with_room(layer)`, enlarged.
        layer: the small one.
        scale: how many times as large.
        wider: keep all that is not transparent.
    """
    top, left = layer.top * scale - large.top, layer.left * scale - large.left
    rows, columns = slice(top, top + layer.height * scale), slice(left, left + layer.width * scale)
    if wider:
        shown = large.pixels[..., 3] > 0
        rows, columns = _reaching(rows, shown.any(axis=1)), _reaching(columns, shown.any(axis=0))
    if (rows.stop - rows.start, columns.stop - columns.start) == large.pixels.shape[:2]:
        return large
    codes = large.provenance
    return replace(
        large,
        pixels=large.pixels[rows, columns].copy(),
        left=large.left + columns.start,
        top=large.top + rows.start,
        provenance=None if codes is None else codes[rows, columns].copy(),
    )


def _reaching(own: slice, shown: np.ndarray) -> slice:
    """A stretch, and all that is shown beside it."""
    at = np.flatnonzero(shown)
    return slice(min(own.start, int(at[0])), max(own.stop, int(at[-1]) + 1)) if at.size else own
