"""The tiles that XCF keeps pixels in: raw, run-length coded channel by channel, or packed by zlib."""

import zlib
from collections.abc import Iterator

import numpy as np

from layersr.documents.xcf_source import Cursor, Source
from layersr.documents.xcf_spelling import TILE

RAW, RUNS, ZLIB = 0, 1, 2

Tile = tuple[slice, slice, np.ndarray]
"""Rows and columns of the picture, and what lies there, (height, width, channels)."""


def tiles(
    source: Source, place: int, size: tuple[int, int], sample: np.dtype, channels: int, packing: int
) -> Iterator[Tile] | None:
    """The tiles of a picture, or None where it has none at all, which means that it is empty.

    Args:
        source: the file.
        place: of the picture's hierarchy.
        size: width and height the picture must have.
        sample: of a channel.
        channels: of a pixel.
        packing: how the tiles are packed.

    Raises:
        ValueError: the pointers are damaged, before any tile is asked for. The tiles themselves may raise it too.
    """
    cursor = Cursor(source, place)
    width, height, depth = cursor.take("3I")
    if (width, height) != size or depth != channels * sample.itemsize:
        raise ValueError("its pixels are of another size or kind than the layer")
    cursor = Cursor(source, cursor.pointer())
    if cursor.take("2I") != size:
        raise ValueError("its pixels are of another size than the layer")
    count = -(-width // TILE) * -(-height // TILE)
    first = cursor.pointer()
    if first == 0:
        return None
    word = "Q" if source.wide else "I"
    if count * (8 if source.wide else 4) > len(source):
        raise ValueError("it is cut short")
    return _tiles(source, (first, *cursor.take(f"{count - 1}{word}")), size, sample, channels, packing)


def _tiles(
    source: Source, places: tuple[int, ...], size: tuple[int, int], sample: np.dtype, channels: int, packing: int
) -> Iterator[Tile]:
    width, height = size
    across = -(-width // TILE)
    for number, place in enumerate(places):
        top, left = number // across * TILE, number % across * TILE
        rows, columns = slice(top, min(top + TILE, height)), slice(left, min(left + TILE, width))
        shape = (rows.stop - top, columns.stop - left, channels)
        yield rows, columns, _tile(source, place, shape, sample, packing)


def _tile(source: Source, place: int, shape: tuple[int, int, int], sample: np.dtype, packing: int) -> np.ndarray:
    pixels, depth = shape[0] * shape[1], shape[2] * sample.itemsize
    size = pixels * depth
    packed = source.ahead(place, size + size // 2 + 64)  # GIMP takes no longer ones
    if packing == RUNS:
        planes, taken = unpack_runs(packed, pixels, depth)
        raw = np.frombuffer(planes, np.uint8).reshape(depth, pixels).T.tobytes()
    elif packing == ZLIB:
        inflate = zlib.decompressobj()
        raw = inflate.decompress(packed, size + 1)
        taken = len(packed) - len(inflate.unused_data)
        if not inflate.eof:
            raise ValueError("a tile is cut short or too long")
    elif packing == RAW:
        raw, taken = packed[:size], size
    else:
        raise ValueError("its tiles are packed in an unknown way")
    if len(raw) != size:
        raise ValueError("a tile is cut short")
    source.taken(taken)
    return np.frombuffer(raw, sample).reshape(shape).astype(sample.newbyteorder("="), copy=False)


def unpack_runs(data: bytes, pixels: int, depth: int) -> tuple[bytes, int]:
    """Run-length codes undone.

    Args:
        data: begins with the codes; what follows does not count.
        pixels: of the tile.
        depth: bytes of a pixel; all first ones come first, then all second ones, ...

    Returns:
        the bytes in that order, and how many of the data they were in.

    Raises:
        ValueError: the codes end too early, or do not end where a channel does.
    """
    out, at = bytearray(), 0
    try:
        for end in range(pixels, pixels * depth + 1, pixels):
            while len(out) < end:
                code = data[at]
                at += 1
                length = code + 1 if code < 127 else 256 - code
                if code in (127, 128):
                    length = data[at] * 256 + data[at + 1]
                    at += 2
                if code < 128:
                    out += data[at : at + 1] * length
                    at += 1
                else:
                    out += data[at : at + length]
                    at += length
                if at > len(data):
                    raise ValueError("a tile is cut short")
            if len(out) != end:
                raise ValueError("a tile is too long")
    except IndexError as error:
        raise ValueError("a tile is cut short") from error
    return bytes(out), at
