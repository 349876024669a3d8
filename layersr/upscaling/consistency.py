"""The scaled stack shrinks back to the picture."""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from layersr import color
from layersr.arrays import Mask, Pixels
from layersr.flattening import bands, flatten_band
from layersr.layers import LayerStack, Window
from layersr.upscaling.back_projection import back_project
from layersr.upscaling.flat import Flat, over_black
from layersr.upscaling.trust import trusted

AREA, MARGIN = 2**21, 16
"""Large pixels corrected at a time, and small rows seen beyond those: a correction spreads less far."""

HANDS = min(2, os.cpu_count() or 1)
"""Bands corrected at once: each needs some hundred bytes a pixel."""


def consistent(large: LayerStack, flat: Flat, scale: int) -> Iterator[tuple[slice, Pixels]]:
    """The picture a scaled stack should flatten to, band by band: as it is, but it shrinks back to the small picture.

    Where its layers may be wrong `trusted` has its say before the correction.

    Args:
        large: the scaled stack. It may be sealed to each band before the next is asked for.
        flat: the small picture, enlarged as a whole where the layers may be wrong.
        scale: how many times as large.
    """
    height, width = flat.near.shape
    rows = max(MARGIN, AREA // (scale * scale * max(1, width)))

    def corrected(band: slice) -> tuple[slice, Pixels]:
        seen = slice(max(0, band.start - MARGIN), min(height, band.stop + MARGIN))
        there = slice(seen.start * scale, seen.stop * scale)
        target = _corrected(
            flatten_band(large, there, np.float32), flat.large[there], flat.picture[seen], flat.near[seen], scale
        )
        first = (band.start - seen.start) * scale
        own = slice(band.start * scale, band.stop * scale)
        return own, target[first : first + own.stop - own.start]

    # A band is made of its neighbours' rows too, as they were before they were sealed: so each is held back until the
    # next one is there.
    with ThreadPoolExecutor(HANDS) as pool:
        waiting = deque[Future[tuple[slice, Pixels]]]()
        for band in bands(height, rows):
            waiting.append(pool.submit(corrected, band))
            if len(waiting) > HANDS + 1:
                waiting[1].result()
                yield waiting.popleft().result()
        for future in [*waiting][1:]:
            future.result()
        while waiting:
            yield waiting.popleft().result()


def _corrected(shown: Pixels, flat: np.ndarray, small: np.ndarray, doubt: np.ndarray, scale: int) -> Pixels:
    alpha = None if shown[..., 3].min() == color.levels(shown.dtype) else color.to_float(shown[..., 3:])
    values, given = color.to_float(shown[..., :3]), over_black(small)
    # Straight colours mean nothing under no alpha; what is averaged is what is seen, over black.
    seen = values if alpha is None else values * alpha
    if doubt.any():
        here, there = _around(doubt, scale)
        seen[there] = trusted(seen[there], color.to_float(flat[there]), given[here], doubt[here], scale)
    seen = back_project(seen, given, scale)
    if alpha is not None:
        seen = np.divide(seen, alpha, out=values, where=alpha > 0)
    target = shown.copy()
    target[..., :3] = color.to_depth(seen, shown.dtype)
    return target


def _around(doubt: Mask, scale: int) -> tuple[Window, Window]:
    """The box of what is doubted and what its errors are gathered from, in small pixels and in large ones."""
    ends = [np.flatnonzero(doubt.any(axis=axis))[[0, -1]] for axis in (1, 0)]
    here = tuple(
        slice(max(0, first - MARGIN), min(n, last + 1 + MARGIN))
        for (first, last), n in zip(ends, doubt.shape, strict=True)
    )
    return here, tuple(slice(s.start * scale, s.stop * scale) for s in here)
