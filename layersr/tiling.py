"""A model over a large picture, only where it is wanted: overlapping tiles, blended where they meet.

Tiles begin at multiples of the model's step and see `margin` pixels more than they answer for, so what a tile says
near its seams is nearly what the whole would have said (the same, where the margin is what the model sees and the
feather); over the `feather` beyond its own cell it hands over to its neighbour.
"""

from collections.abc import Callable, Iterator

import numpy as np

from layersr.arrays import Mask

Planes = np.ndarray
"""Float32 (channels, h, w)."""


def run_tiles(
    run: Callable[[Planes], Planes],
    planes: Planes,
    wanted: Mask,
    *,
    cell: int,
    margin: int,
    step: int = 1,
    feather: int = 16,
    scale: int = 1,
) -> Planes:
    """What the model says where it is wanted; 0 elsewhere.

    Args:
        run: planes (channels, h, w), h and w multiples of `step`, to the result (features, scale * h, scale * w).
        planes: the picture with all it comes with.
        wanted: where the result is needed, the planes' size.
        cell: side in pixels of what one tile answers for, a multiple of `step`.
        margin: pixels it sees beyond that, a multiple of `step`.
        step: the model halves its input so often that sizes should be multiples of this.
        feather: pixels over which two tiles are blended, at most `margin`.
        scale: how many times as large the result is.

    Returns:
        float32 (features, scale * height, scale * width); (0, ...) where nothing is wanted.
    """
    height, width = wanted.shape
    total = np.zeros((0, height * scale, width * scale), np.float32)
    weight = np.zeros(total.shape[1:], np.float32)
    if not wanted.any():
        return total
    more = [(0, 0), *[(0, -n % step) for n in (height, width)]]
    padded = np.pad(planes, more, mode="symmetric") if any(b for _, b in more) else planes
    for own in _cells(wanted, cell):
        seen = tuple(
            slice(max(0, s.start - margin) // step * step, min(n, -(-(s.stop + margin) // step) * step))
            for s, n in zip(own, padded.shape[1:], strict=True)
        )
        result = run(np.ascontiguousarray(padded[(slice(None), *seen)]))
        if not len(total):
            total = np.zeros((len(result), *weight.shape), np.float32)
        shown = tuple(
            slice(max(v.start, o.start - feather), min(v.stop, o.stop + feather, n))
            for v, o, n in zip(seen, own, (height, width), strict=True)
        )
        share = np.multiply.outer(*[_ramp(o, v, feather, scale) for o, v in zip(own, shown, strict=True)])
        inner = (_times(v, scale, -s.start) for v, s in zip(shown, seen, strict=True))
        there = tuple(_times(v, scale) for v in shown)
        total[(slice(None), *there)] += share * result[(slice(None), *inner)]
        weight[there] += share
    total /= np.maximum(weight, 1e-6)
    if not wanted.all():
        total *= np.repeat(np.repeat(wanted, scale, axis=0), scale, axis=1)
    return total


def _cells(wanted: Mask, cell: int) -> Iterator[tuple[slice, slice]]:
    """The cells of a grid over the wanted pixels, each shrunk to those in it; empty ones are left out."""
    rows, columns = np.flatnonzero(wanted.any(axis=1)), np.flatnonzero(wanted.any(axis=0))
    for top in range(int(rows[0]), int(rows[-1]) + 1, cell):
        for left in range(int(columns[0]), int(columns[-1]) + 1, cell):
            part = wanted[top : top + cell, left : left + cell]
            r, c = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
            if r.size:
                yield slice(top + int(r[0]), top + int(r[-1]) + 1), slice(left + int(c[0]), left + int(c[-1]) + 1)


def _times(part: slice, scale: int, moved: int = 0) -> slice:
    return slice((part.start + moved) * scale, (part.stop + moved) * scale)


def _ramp(own: slice, shown: slice, feather: int, scale: int) -> np.ndarray:
    """Weights along one axis of what is shown: falling to nearly nothing across the cell's ends, never to 0."""
    at = (np.arange(shown.start * scale, shown.stop * scale, dtype=np.float32) + 0.5) / scale
    inside = np.minimum(at - own.start, own.stop - at)  # pixels from the nearer end, negative beyond it
    return np.clip(0.5 + inside / (2 * feather), 0.01, 1).astype(np.float32)
