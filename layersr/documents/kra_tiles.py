"""The tiles a Krita document keeps its pixels in: 64 x 64 pixels each, those of the default pixel left out."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from layersr.documents.guard import check_size
from layersr.strips import in_order

Packed = TypeVar("Packed")

_HEAD = re.compile(rb"VERSION (\d+)\nTILEWIDTH (\d+)\nTILEHEIGHT (\d+)\nPIXELSIZE (\d+)\nDATA (\d+)\n")
_TILE = re.compile(rb"(-?\d{1,9}),(-?\d{1,9}),(\w{1,8}),(\d{1,9})\n")

RAW, LZF = 0, 1
SIDE = 64
BEYOND = 1
"""So many canvases of what lies off the canvas are kept on every side."""


@dataclass(frozen=True, eq=False)
class Raster:
    """Code values somewhere on, or partly off, the canvas.

    Attributes:
        values: (height, width, channels).
        left: canvas column of the first column.
        top: canvas row of the first row.
        elsewhere: the value of every other pixel, (channels,).
        cut: something lay too far off the canvas to be kept.
    """

    values: np.ndarray
    left: int
    top: int
    elsewhere: np.ndarray
    cut: bool

    def over(self, left: int, top: int, width: int, height: int) -> np.ndarray:
        """The values on a rectangle of the canvas."""
        out = np.empty((height, width, self.values.shape[2]), self.values.dtype)
        out[...] = self.elsewhere
        y0, y1 = max(top, self.top), min(top + height, self.top + self.values.shape[0])
        x0, x1 = max(left, self.left), min(left + width, self.left + self.values.shape[1])
        if y0 < y1 and x0 < x1:
            part = self.values[y0 - self.top : y1 - self.top, x0 - self.left : x1 - self.left]
            out[y0 - top : y1 - top, x0 - left : x1 - left] = part
        return out


def read_tiles(
    data: bytes,
    default: bytes,
    dtype: np.dtype,
    channels: int,
    canvas: tuple[int, int],
    at: tuple[int, int],
    own: tuple[int, int] = (0, 0),
) -> Raster:
    """All tiles of a layer or mask, put together.

    Args:
        data: the part of the archive.
        default: one pixel.
        dtype: of a channel, uint8 or uint16.
        channels: of a pixel.
        canvas: width and height.
        at: where the layer's own column and row 0 lie on the canvas.
        own: so many of its own columns and rows are kept wherever they lie.

    Raises:
        ValueError: the data is damaged.
        InputError: tiles lie too far from each other.
    """
    head = _HEAD.match(data)
    if not head:
        raise ValueError("the tiles have no header")
    _, width, height, size, count = (int(v) for v in head.groups())
    if size != channels * dtype.itemsize or not (0 < width <= 1024 and 0 < height <= 1024):
        raise ValueError("the tiles are of another kind than the layer")
    found, cut, place = [], False, head.end()
    for _ in range(count):
        line = _TILE.match(data, place)
        if not line:
            raise ValueError("a tile is cut short")
        column, row, length = int(line[1]), int(line[2]), int(line[4])
        x, y = column + at[0], row + at[1]
        packed = data[line.end() : line.end() + length]
        if len(packed) != length or not length:
            raise ValueError("a tile is cut short")
        place = line.end() + length
        spans = ((x, canvas[0], width), (y, canvas[1], height))
        near = all(-BEYOND * whole - side < first < (1 + BEYOND) * whole for first, whole, side in spans)
        if near or (-width < column < own[0] and -height < row < own[1]):
            found.append((x, y, packed))
        else:
            cut = True
    pixel = np.frombuffer(default.ljust(size, b"\0")[:size], dtype.newbyteorder("<")).astype(dtype)
    if not found:
        return Raster(np.zeros((0, 0, channels), dtype), *at, pixel, cut)
    left, top = min(x for x, _, _ in found), min(y for _, y, _ in found)
    right, bottom = max(x for x, _, _ in found) + width, max(y for _, y, _ in found) + height
    # What is kept by `own` may lie far from what is near the canvas
    check_size(right - left, bottom - top, "layer", channels * dtype.itemsize, kept=False)
    values = np.empty((bottom - top, right - left, channels), dtype)
    values[...] = pixel
    for x, y, packed in found:
        values[y - top : y - top + height, x - left : x - left + width] = _tile(packed, width, height, dtype, channels)
    return Raster(values, left, top, pixel, cut)


def _tile(packed: bytes, width: int, height: int, dtype: np.dtype, channels: int) -> np.ndarray:
    size = width * height * channels * dtype.itemsize
    if packed[0] == RAW:
        if len(packed) != size + 1:
            raise ValueError("a tile is cut short")
        flat = packed[1:]
    elif packed[0] == LZF:
        # All first bytes of the pixels, then all second ones, ...
        parted = np.frombuffer(unpack(packed[1:], size), np.uint8).reshape(channels * dtype.itemsize, -1)
        flat = parted.T.tobytes()
    else:
        raise ValueError("a tile is packed in an unknown way")
    return np.frombuffer(flat, dtype.newbyteorder("<")).reshape(height, width, channels)


def tiles(
    width: int, height: int, rows: Callable[[slice], np.ndarray], pixel: np.ndarray, pack: Callable[[bytes], Packed]
) -> Iterator[Packed]:
    """The part of a layer or mask, a row of tiles at a time; its own column and row 0 are those of the first tile.

    Law: `read_tiles` of them all, over (0, 0, width, height), is the values again.

    Args:
        width: of the values.
        height: of the values.
        rows: gives some rows of the values, (h, width, channels), as the file keeps them; asked for twice.
        pixel: the value that is left out, (channels,).
        pack: what else is to be done to the bytes, on all cores.
    """
    bands = [slice(first, min(first + SIDE, height)) for first in range(0, height, SIDE)] if width else []
    starts = np.arange(0, width, SIDE)
    told = list(in_order(lambda band: np.logical_or.reduceat((rows(band) != pixel).any((0, 2)), starts), bands))
    size, count = pixel.size * pixel.itemsize, sum(int(row.sum()) for row in told)
    yield pack(f"VERSION 2\nTILEWIDTH {SIDE}\nTILEHEIGHT {SIDE}\nPIXELSIZE {size}\nDATA {count}\n".encode())

    def row_of(place: tuple[slice, np.ndarray]) -> Packed:
        band, there = place
        return pack(b"".join(_cut(rows(band), band.start, starts[there], pixel)))

    yield from in_order(row_of, ((band, row) for band, row in zip(bands, told, strict=True) if row.any()))


def _cut(values: np.ndarray, y: int, starts: np.ndarray, pixel: np.ndarray) -> Iterator[bytes]:
    """Whole tiles of a row of them, by their first columns."""
    for x in starts.tolist():
        part = values[:, x : x + SIDE]
        tile = np.empty((SIDE, SIDE, pixel.size), pixel.dtype.newbyteorder("<"))
        if part.shape[:2] != (SIDE, SIDE):
            tile[...] = pixel
        tile[: part.shape[0], : part.shape[1]] = part
        yield f"{x},{y},LZF,{tile.nbytes + 1}\n".encode() + bytes([RAW]) + tile.tobytes()


def unpack(data: bytes, size: int) -> bytes:
    """LZF undone.

    Args:
        data: literal runs and references back, as LibLZF packs them.
        size: how many bytes come out.

    Raises:
        ValueError: other than so many come out, or a reference points before the beginning.
    """
    out, at, end = bytearray(), 0, len(data)
    try:
        while at < end:
            control = data[at]
            at += 1
            if control < 32:
                out += data[at : at + control + 1]
                at += control + 1
            else:
                length, back = control >> 5, (control & 31) << 8
                if length == 7:
                    length += data[at]
                    at += 1
                back += data[at] + 1
                at += 1
                length += 2
                first = len(out) - back
                if first < 0:
                    raise ValueError("a tile refers to what is not there")
                run = out[first : first + length]
                while len(run) < length:  # it runs into what it writes: the run repeats itself
                    run += run[: length - len(run)]
                out += run
            if len(out) > size:
                raise ValueError("a tile is too long")
    except IndexError as error:
        raise ValueError("a tile is cut short") from error
    if len(out) != size:
        raise ValueError("a tile is cut short")
    return bytes(out)
