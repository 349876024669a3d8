"""Where the canvas cut a layer off, and how far it may be guessed beyond."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from layersr.arrays import Alpha, Mask
from layersr.editing.places import Affine
from layersr.layers import Layer

DEEPEST = 0.2
"""How far beyond the canvas a thing goes on, in widths of where the canvas cuts it off."""

LEAST = 3
"""Pixels: what is shorter is no cut."""

SIDES = "top", "bottom", "left", "right"

Points = Float64[ndarray, "3 n"]
"""x, y and 1 of points of the canvas."""

Pads = tuple[int, int, int, int]
"""Pixels beyond the top, the bottom, the left and the right of the canvas."""


def within_reach(layer: Layer, matte: Alpha, cover: Mask, pads: Pads) -> tuple[Pads, dict[str, Points]]:
    """How far off each side of the canvas a layer is continued, and where it stays cut off instead.

    Where a whole side is its own, or hidden, there is no outline to guess: it goes on as far as is asked. Elsewhere it
    does so if that is no more than `DEEPEST`; if it is more, not at all, since a straight cut is better than a blob.

    Args:
        layer: what it is.
        matte: what it covers of the canvas.
        cover: where something opaque hides it.
        pads: how far it is asked for.

    Returns:
        `pads`, some of them 0, and the cuts of those sides.
    """
    height, width = matte.shape
    rows, columns = np.arange(height) + 0.5, np.arange(width) + 0.5
    sides = (  # of the canvas, of the layer just beyond, and where
        (np.s_[0, :], replace(layer, top=layer.top + 1), columns, 0.5),
        (np.s_[-1, :], replace(layer, top=layer.top - 1), columns, height - 0.5),
        (np.s_[:, 0], replace(layer, left=layer.left + 1), rows, 0.5),
        (np.s_[:, -1], replace(layer, left=layer.left - 1), rows, width - 0.5),
    )
    reached, cuts = list(pads), {}
    for n, (side, beyond, along, across) in enumerate(sides):
        own = matte[side] >= 0.5
        if not pads[n] or pads[n] <= DEEPEST * _longest(own) or (own | cover[side]).all():
            continue
        cut = own & (beyond.matte(width, height)[side] < 0.5)
        if cut.any():
            reached[n] = 0
            places = along[cut], np.full(int(cut.sum()), across)
            cuts[SIDES[n]] = np.stack([*(places if n < 2 else places[::-1]), np.ones(int(cut.sum()))])
    return tuple(reached), cuts


def seen(points: Points, matrix: Affine, cover: Mask) -> bool:
    """Whether points are seen when they are mapped, in the canvas and not covered."""
    x, y = np.floor(matrix @ points).astype(int)
    height, width = cover.shape
    there = (x > 0) & (y > 0) & (x < width - 1) & (y < height - 1)
    return bool(np.count_nonzero(~cover[y[there], x[there]]) >= LEAST)


def _longest(line: ndarray) -> int:
    """The longest run of true values."""
    ends = np.flatnonzero(np.diff(np.concatenate([[False], line, [False]]).astype(np.int8)))
    return int((ends[1::2] - ends[::2]).max(initial=0))
