"""The scaled stack shrinks back to the picture."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from layersr import color
from layersr.arrays import RGB, Mask, Pixels, Scaled
from layersr.flattening import bands, flatten, flatten_band
from layersr.layers import LayerStack, Window
from layersr.roles import Upscaler
from layersr.upscaling.back_projection import back_project
from layersr.upscaling.chain import enlarged_at
from layersr.upscaling.trust import edges, trusted

AREA, MARGIN = 2**21, 16
"""Large pixels corrected at a time, and small rows seen beyond those: a correction spreads less far."""

LEFT = 0.0028
"""Root mean square of what may be missing when the picture is shrunk again: 51 dB."""

HANDS = min(2, os.cpu_count() or 1)
"""Bands corrected at once: each needs some hundred bytes a pixel."""


def consistent(large: LayerStack, small: LayerStack, upscaler: Upscaler, scale: int) -> Iterator[tuple[slice, Pixels]]:
    """The picture a scaled stack should flatten to, band by band: as it is, but it shrinks back to the small picture.

    Where its layers may be wrong `trusted` has its say before the correction.

    Args:
        large: the scaled stack. It may be sealed to each band before the next is asked for.
        small: what it was made from.
        upscaler: enlarges the picture as a whole where the layers are wrong.
        scale: how many times as large.
    """
    picture = flatten(small)
    near = edges(small) & (picture[..., 3] == color.levels(picture.dtype))
    height, width = near.shape
    rows = max(MARGIN, AREA // (scale * scale * max(1, width)))

    def corrected(band: slice) -> tuple[slice, Pixels]:
        seen = slice(max(0, band.start - MARGIN), min(height, band.stop + MARGIN))
        shown = flatten_band(large, slice(seen.start * scale, seen.stop * scale), np.float32)

        def enlarged(window: Window, part: RGB) -> Scaled:
            return enlarged_at(upscaler, part, scale, (seen.start + window[0].start, window[1].start))

        target = _corrected(shown, picture[seen], near[seen], enlarged, scale, seen.start)
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


def _corrected(
    shown: Pixels,
    small: np.ndarray,
    near: np.ndarray,
    enlarged: Callable[[Window, RGB], Scaled],
    scale: int,
    first: int,
) -> Pixels:
    """The picture of some rows as it should be.

    Args:
        shown: those rows of the scaled stack.
        small: the same of the small picture.
        near: where the layers may be wrong.
        enlarged: gets a window of these rows and what they show there.
        scale: how many times as large.
        first: row of the picture with which they begin.
    """
    alpha = None if shown[..., 3].min() == color.levels(shown.dtype) else color.to_float(shown[..., 3:])
    values, given = color.to_float(shown[..., :3]), color.over_black(small)
    # Straight colours mean nothing under no alpha; what is averaged is what is seen, over black.
    seen = values if alpha is None else values * alpha
    if near.any():
        here, there = _around(near, scale)
        part = np.ascontiguousarray(given[here])

        def piece(window: Window) -> Scaled:
            place = tuple(slice(h.start + w.start, h.start + w.stop) for h, w in zip(here, window, strict=True))
            return enlarged(place, np.ascontiguousarray(part[window]))

        seen[there] = trusted(seen[there], part, near[here], piece, scale, (first + here[0].start, here[1].start))
    seen = back_project(seen, given, scale, LEFT)
    if alpha is not None:
        seen = np.divide(seen, alpha, out=values, where=alpha > 0)
    target = shown.copy()
    target[..., :3] = color.to_depth(seen, shown.dtype)
    return target


def _around(near: Mask, scale: int) -> tuple[Window, Window]:
    """The box of what is looked at and what its errors are gathered from, in small pixels and in large ones."""
    ends = [np.flatnonzero(near.any(axis=axis))[[0, -1]].tolist() for axis in (1, 0)]
    here = tuple(
        slice(max(0, first - MARGIN), min(n, last + 1 + MARGIN))
        for (first, last), n in zip(ends, near.shape, strict=True)
    )
    return here, tuple(slice(s.start * scale, s.stop * scale) for s in here)
