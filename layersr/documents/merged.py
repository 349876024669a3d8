"""The flattened picture every document carries: strip by strip on all cores, with a thumbnail made on the way."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import cv2
import numpy as np
from jaxtyping import UInt8

from layersr import color
from layersr.arrays import Pixels
from layersr.flattening import flatten_band
from layersr.layers import LayerStack
from layersr.strips import in_order, strips

Result = TypeVar("Result")
Part = tuple[slice, np.ndarray]
"""Rows of a thumbnail's blocks, and the sums of what a strip adds to them."""


class Thumbnail:
    """Shrinks a picture that passes by in strips, in memory for the thumbnail alone."""

    def __init__(self, width: int, height: int, limit: int, dtype: np.dtype):
        scale = min(1.0, limit / max(width, height))
        self._size = max(1, round(width * scale)), max(1, round(height * scale))
        # Whole blocks are averaged first, to at least twice the size wanted; the rest is one small exact reduction.
        self._block = max(1, max(width, height) // (2 * limit))
        self._starts = [np.arange(0, side, self._block) for side in (height, width)]
        self._counts = [
            np.diff(np.append(starts, side)) for starts, side in zip(self._starts, (height, width), strict=True)
        ]
        self._sums = np.zeros((*(len(starts) for starts in self._starts), 4))
        self._top = color.levels(dtype)

    def part(self, strip: Pixels, first: int) -> Part:
        """What a strip adds, whose first row is this one of the picture's; for `add`."""
        height, width = strip.shape[:2]
        values = strip
        if strip[..., 3].min() < self._top:
            values = strip.astype(np.float32)
            values[..., :3] *= values[..., 3:] / np.float32(self._top)
        rows = slice(first // self._block, (first + height - 1) // self._block + 1)
        cuts = np.clip(self._starts[0][rows] - first, 0, None).tolist()
        flat = np.ascontiguousarray(values).reshape(height, width * 4)
        sums = [
            cv2.reduce(flat[start:stop], 0, cv2.REDUCE_SUM, dtype=cv2.CV_32F)
            for start, stop in zip(cuts, [*cuts[1:], height], strict=True)
        ]
        columns = np.concatenate(sums).reshape(len(cuts), width, 4)
        return rows, np.add.reduceat(columns, self._starts[1], axis=1, dtype=np.float64)

    def add(self, part: Part) -> None:
        """Take in a part; each strip's once, in order."""
        rows, sums = part
        self._sums[rows] += sums

    def pixels(self) -> UInt8[np.ndarray, "h w 4"]:
        """The thumbnail of what has passed, straight RGBA at 8 bit."""
        area = np.multiply.outer(*self._counts) * self._top
        means = (self._sums / area[..., None]).astype(np.float32)
        small = cv2.resize(means, self._size, interpolation=cv2.INTER_AREA)
        straight = np.dstack([color.unpremultiply(small[..., :3], small[..., 3]), small[..., 3]])
        return color.to_depth(straight, np.uint8)


def encoded(
    stack: LayerStack, merged: Pixels | None, work: Callable[[Pixels], Result], thumbnail: Thumbnail | None = None
) -> Iterator[Result]:
    """What `work` makes of the flattened picture, strip after strip from the top.

    Args:
        stack: what to flatten.
        merged: `flatten(stack)`, where the caller has it already: then its strips are taken.
        work: done on all cores.
        thumbnail: sees every strip, and is whole when this is at its end.
    """
    if merged is not None and (merged.shape != (stack.height, stack.width, 4) or merged.dtype != stack.dtype):
        raise ValueError(f"the merged picture {merged.shape} {merged.dtype} is not that of the stack")

    def one(rows: slice) -> tuple[Result, Part | None]:
        strip = flatten_band(stack, rows) if merged is None else merged[rows]
        return work(strip), None if thumbnail is None else thumbnail.part(strip, rows.start)

    for result, part in in_order(one, strips(stack.height, stack.width)):
        if part is not None:
            thumbnail.add(part)
        yield result


def on_white(band: Pixels) -> Pixels:
    """The colours matted on white, as the merged picture of a PSD stores them; alpha stays."""
    top = color.levels(band.dtype)
    if band.size == 0 or band[..., 3].min() == top:
        return band
    wide = band.astype(np.uint64)
    alpha = wide[..., 3:]
    matted = (wide[..., :3] * alpha + top * (top - alpha) + top // 2) // top
    return np.concatenate([matted, alpha], axis=2).astype(band.dtype)
