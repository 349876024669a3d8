"""The flattened picture every document carries: band by band, with a thumbnail made on the way."""

from collections.abc import Iterator

import cv2
import numpy as np
from jaxtyping import UInt8

from layersr import color
from layersr.arrays import Pixels
from layersr.flattening import BAND, bands, flatten_band
from layersr.layers import LayerStack


class Thumbnail:
    """Shrinks a picture that passes by in bands, in memory for the thumbnail alone.

    Usage: `for band in thumbnail.watch(picture(...)): ...`, then `thumbnail.pixels()`.
    """

    def __init__(self, width: int, height: int, limit: int):
        scale = min(1.0, limit / max(width, height))
        self._size = max(1, round(width * scale)), max(1, round(height * scale))
        # Whole blocks are averaged first, to at least twice the size wanted; the rest is one small exact reduction.
        self._block = max(1, max(width, height) // (2 * limit))
        self._rows: list[np.ndarray] = []

    @property
    def band(self) -> int:
        """How many rows the bands must have: whole blocks."""
        return self._block * max(1, BAND // self._block)

    def watch(self, picture: Iterator[Pixels]) -> Iterator[Pixels]:
        """The same bands, unchanged."""
        for band in picture:
            self._rows.append(self._reduce(band))
            yield band

    def _reduce(self, band: np.ndarray) -> np.ndarray:
        premultiplied = color.to_float(band)
        premultiplied[..., :3] *= premultiplied[..., 3:]
        for axis in (0, 1):
            starts = np.arange(0, premultiplied.shape[axis], self._block)
            counts = np.diff(np.append(starts, premultiplied.shape[axis])).astype(np.float32)
            sums = np.add.reduceat(premultiplied, starts, axis=axis)
            premultiplied = sums / np.expand_dims(counts, [a for a in range(3) if a != axis])
        return premultiplied

    def pixels(self) -> UInt8[np.ndarray, "h w 4"]:
        """The thumbnail of what has passed, straight RGBA at 8 bit."""
        small = cv2.resize(np.concatenate(self._rows), self._size, interpolation=cv2.INTER_AREA)
        straight = np.dstack([color.unpremultiply(small[..., :3], small[..., 3]), small[..., 3]])
        return color.to_depth(straight, np.uint8)


def picture(stack: LayerStack, merged: Pixels | None, rows: int) -> Iterator[Pixels]:
    """The stack flattened in bands of `rows` rows; cut from `merged` where the caller has it already."""
    if merged is not None and (merged.shape != (stack.height, stack.width, 4) or merged.dtype != stack.dtype):
        raise ValueError(f"the merged picture {merged.shape} {merged.dtype} is not that of the stack")
    for band in bands(stack.height, rows):
        yield flatten_band(stack, band) if merged is None else merged[band]


def on_white(band: Pixels) -> Pixels:
    """The colours matted on white, as the merged picture of a PSD stores them; alpha stays."""
    top = color.levels(band.dtype)
    if band.size == 0 or band[..., 3].min() == top:
        return band
    wide = band.astype(np.uint64)
    alpha = wide[..., 3:]
    matted = (wide[..., :3] * alpha + top * (top - alpha) + top // 2) // top
    return np.concatenate([matted, alpha], axis=2).astype(band.dtype)
