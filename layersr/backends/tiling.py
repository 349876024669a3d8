"""A network over a large picture, only where it is wanted: overlapping tiles, blended where they meet.

Tiles begin at multiples of the network's step and see `margin` pixels more than they answer for, so what a tile says
near its seams is nearly what the whole would have said; over the `feather` beyond its own cell it hands over to its
neighbour.
"""

from collections.abc import Callable, Iterator

import numpy as np

from layersr.arrays import Mask

Planes = np.ndarray
"""Float32 (channels, h, w)."""


def run_tiles(
    run: Callable[[Planes], np.ndarray],
    planes: Planes,
    wanted: Mask,
    *,
    step: int,
    cell: int,
    margin: int,
    feather: int = 16,
) -> np.ndarray:
    """What the network says where it is wanted; 0 elsewhere.

    Args:
        run: planes (channels, h, w), h and w multiples of `step`, to the result (h, w).
        planes: the picture with all it comes with.
        wanted: where the result is needed, the planes' size.
        step: the network halves its input so often that sizes should be multiples of this.
        cell: side in pixels of what one tile answers for, a multiple of `step`.
        margin: pixels it sees beyond that, a multiple of `step`.
        feather: pixels over which two tiles are blended, at most `margin`.

    Returns:
        float32 (h, w).
    """
    height, width = wanted.shape
    total, weight = np.zeros((2, height, width), np.float32)
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
        shown = tuple(
            slice(max(v.start, o.start - feather), min(v.stop, o.stop + feather, n))
            for v, o, n in zip(seen, own, (height, width), strict=True)
        )
        share = np.multiply.outer(*[_ramp(o, v, feather) for o, v in zip(own, shown, strict=True)])
        inner = tuple(slice(v.start - s.start, v.stop - s.start) for v, s in zip(shown, seen, strict=True))
        total[shown] += share * result[inner]
        weight[shown] += share
    return np.where(wanted, total / np.maximum(weight, 1e-6), 0).astype(np.float32)


def _cells(wanted: Mask, cell: int) -> Iterator[tuple[slice, slice]]:
    """The cells of a grid over the wanted pixels, each shrunk to those in it; empty ones are left out."""
    rows, columns = np.flatnonzero(wanted.any(axis=1)), np.flatnonzero(wanted.any(axis=0))
    for top in range(int(rows[0]), int(rows[-1]) + 1, cell):
        for left in range(int(columns[0]), int(columns[-1]) + 1, cell):
            part = wanted[top : top + cell, left : left + cell]
            r, c = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
            if r.size:
                yield slice(top + int(r[0]), top + int(r[-1]) + 1), slice(left + int(c[0]), left + int(c[-1]) + 1)


def _ramp(own: slice, shown: slice, feather: int) -> np.ndarray:
    """Weights along one axis of what is shown: falling to nearly nothing across the cell's ends, never to 0."""
    at = np.arange(shown.start, shown.stop, dtype=np.float32)
    inside = np.minimum(at - own.start, own.stop - 1 - at) + 0.5  # pixels from the nearer end, negative beyond it
    return np.clip(0.5 + inside / (2 * feather), 0.01, 1).astype(np.float32)
