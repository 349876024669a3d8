"""A model over a large picture, only where it is wanted: overlapping tiles, blended where they meet.

Tiles begin at multiples of the model's step and see `margin` pixels more than they answer for, so what a tile says
near its seams is nearly what the whole would have said (the same, where the margin is what the model sees and the
feather); over the `feather` on both sides of its own edge it takes over from its neighbour. A tile for which memory
does not suffice is halved, again and again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from layersr.arrays import Mask
from layersr.blocks import repeated

Planes = np.ndarray
"""Float32 (channels, h, w)."""

Window = tuple[slice, slice]

LEAST = 32
"""Pixels: a tile this small is not halved any more."""

FULL = (
    *("failed to allocate", "bad allocation", "bad_alloc", "out of memory", "not enough memory", "8007000e"),
    *("alloc_failed", "smaller than requested bytes"),
)
"""How libraries say that memory did not suffice, in small letters: C++, torch, Windows; cuBLAS, onnxruntime."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Tile:
    """A part of the picture: the rows and columns it answers for, and those it sees."""

    own: Window
    seen: Window


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
    more = [(0, 0), *[(0, -n % step) for n in (height, width)]]
    padded = np.pad(planes, more, mode="symmetric") if any(b for _, b in more) else planes
    made: Mosaic | None = None
    for tile, result in tiles(
        lambda seen: run(np.ascontiguousarray(padded[(slice(None), *seen)])),
        wanted,
        cell=cell,
        margin=margin,
        step=step,
    ):
        if made is None:
            out = np.zeros((len(result), height * scale, width * scale), np.float32)
            made = Mosaic(out.transpose(1, 2, 0), feather, scale)
        made.lay(tile, result.transpose(1, 2, 0))
    if made is None:
        return np.zeros((0, height * scale, width * scale), np.float32)
    if not wanted.all():
        out *= repeated(wanted, scale)
    return out


def tiles(
    run: Callable[[Window], Result],
    wanted: Mask,
    *,
    cell: int,
    margin: int,
    step: int = 1,
    corner: tuple[int, int] | None = None,
) -> Iterator[tuple[Tile, Result]]:
    """Tiles that cover what is wanted, and what `run` says of each.

    Args:
        run: gets the rows and columns a tile sees; they may end beyond `wanted`, at the next multiple of `step`.
        wanted: see `run_tiles`, as for the others.
        cell: likewise.
        margin: likewise.
        step: likewise.
        corner: row and column of some corner of the grid of tiles; None for the first that is wanted, which takes
            the fewest tiles but moves all where that moves.
    """
    ends = [n + -n % step for n in wanted.shape]
    waiting = [*_cells(wanted, cell, corner)][::-1]
    while waiting:
        own = waiting.pop()
        seen = tuple(
            slice(max(0, s.start - margin) // step * step, min(n, -(-(s.stop + margin) // step) * step))
            for s, n in zip(own, ends, strict=True)
        )
        try:
            result = run(seen)
        except Exception as error:
            sides = [s.stop - s.start for s in own]
            if not out_of_memory(error) or max(sides) <= LEAST:
                raise
            axis = int(sides[1] > sides[0])
            middle = own[axis].start + sides[axis] // 2
            for part in (slice(middle, own[axis].stop), slice(own[axis].start, middle)):
                waiting.append((own[0], part) if axis else (part, own[1]))
            continue
        yield Tile(own, seen), result


class Mosaic:
    """An array put together from overlapping tiles, in place.

    Args:
        out: (scale * height, scale * width, channels), float or code values, all to be written.
        feather: pixels of the small picture, on either side of an edge, over which a new tile takes over from old ones.
        scale: how many times as large `out` is.
    """

    def __init__(self, out: np.ndarray, feather: int, scale: int) -> None:
        self._out, self._feather, self._scale = out, feather, scale
        self._written = np.zeros((out.shape[0] // scale, out.shape[1] // scale), bool)

    def lay(self, tile: Tile, piece: np.ndarray) -> None:
        """Lay the result of a tile, for all it sees, into the array."""
        shown = tuple(
            slice(max(v.start, o.start - self._feather), min(v.stop, o.stop + self._feather, n))
            for v, o, n in zip(tile.seen, tile.own, self._written.shape, strict=True)
        )
        there = tuple(_times(v, self._scale) for v in shown)
        inner = tuple(_times(v, self._scale, -s.start) for v, s in zip(shown, tile.seen, strict=True))
        old = self._written[shown]
        piece, out = piece[inner], self._out[there]
        if old.any():
            ramps = [_ramp(o, v, self._feather, self._scale) for o, v in zip(tile.own, shown, strict=True)]
            share = np.where(repeated(old, self._scale), np.multiply.outer(*ramps), np.float32(1))[..., None]
            piece = out + share * (piece - out.astype(np.float32))
        if out.dtype.kind == "u":
            np.rint(piece, out=out, casting="unsafe")
        else:
            out[...] = piece
        old[...] = True


def affordable(most: int, per_pixel: int) -> int:
    """The side of a tile: `most`, or half of it, a quarter, ... where that needs more than half of the free memory.

    Args:
        most: pixels, where memory is plenty.
        per_pixel: bytes that a model needs for every pixel it sees.
    """
    import psutil

    free = psutil.virtual_memory().available / 2
    while most > 2 * LEAST and most * most * per_pixel > free:
        most //= 2
    return most


def out_of_memory(error: BaseException) -> bool:
    """Whether an error of numpy, OpenCV, onnxruntime or torch says that memory did not suffice."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    says = str(error).lower()
    return any(words in says for words in FULL)


def _cells(wanted: Mask, cell: int, corner: tuple[int, int] | None) -> Iterator[Window]:
    """The cells of a grid over the wanted pixels, each shrunk to those in it; empty ones are left out."""
    rows, columns = np.flatnonzero(wanted.any(axis=1)), np.flatnonzero(wanted.any(axis=0))
    if not rows.size:
        return
    first = int(rows[0]), int(columns[0])
    if corner is not None:
        first = tuple(n - (n - at) % cell for n, at in zip(first, corner, strict=True))
    for low in range(first[0], int(rows[-1]) + 1, cell):
        for start in range(first[1], int(columns[-1]) + 1, cell):
            top, left = max(0, low), max(0, start)
            part = wanted[top : low + cell, left : start + cell]
            r, c = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
            if r.size:
                yield slice(top + int(r[0]), top + int(r[-1]) + 1), slice(left + int(c[0]), left + int(c[-1]) + 1)


def _times(part: slice, scale: int, moved: int = 0) -> slice:
    return slice((part.start + moved) * scale, (part.stop + moved) * scale)


def _ramp(own: slice, shown: slice, feather: int, scale: int) -> np.ndarray:
    """Weights along one axis of what is shown: falling to nothing across the tile's own ends."""
    at = (np.arange(shown.start * scale, shown.stop * scale, dtype=np.float32) + 0.5) / scale
    inside = np.minimum(at - own.start, own.stop - at)  # pixels from the nearer end, negative beyond it
    return np.clip(0.5 + inside / (2 * max(feather, 1e-6)), 0, 1).astype(np.float32)
