"""Masks as GIMP keeps them, and what that leaves out.

A mask there has the place and size of its layer or group, which is all that can be seen of ours. What ours says beyond
stands beside it in a parasite, which counts only while the mask still holds what was written for it; it is placed from
the layer's corner, so that it moves along with the layer.
"""

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from layersr.arrays import Plane
from layersr.documents.guard import check_size
from layersr.layers import LayerMask

Place = tuple[int, int, int, int]
"""Left, top, width and height on the canvas."""

_HEAD = struct.Struct(">iiIIBI")
"""Left and top from the layer's corner, width, height, what is beyond, and the CRC-32 of what GIMP has."""

TIGHTEST = 1032
"""How many bytes one byte packed by zlib can stand for at most."""


def bands(mask: LayerMask, place: Place, rows: int) -> Iterator[Plane]:
    """What GIMP gets: as much of a mask as lies on its layer, in bands from top to bottom."""
    left, top, width, height = place
    for row in range(0, height, rows):
        yield mask.over(left, top + row, width, min(rows, height - row))


def dumps(mask: LayerMask, place: Place, rows: int) -> bytes:
    """The parasite beside a mask.

    Law: `loads(dumps(m, place, rows), seen, place)` is m but for whether it is active, where `seen` is the mask that
    `bands` gives. Its values are in it only where the layer does not hold them all.
    """
    height, width = mask.values.shape
    crc = 0
    for band in bands(mask, place, rows):
        crc = zlib.crc32(_bytes(band), crc)
    head = _HEAD.pack(mask.left - place[0], mask.top - place[1], width, height, mask.beyond, crc)
    return (
        head if _within(mask.left, mask.top, mask.values.shape, place) else head + zlib.compress(_bytes(mask.values), 1)
    )


def loads(block: bytes, seen: LayerMask) -> LayerMask:
    """The mask that was written; `seen`, the one in the document, where that is another by now.

    Raises:
        ValueError, struct.error, zlib.error, InputError: the block is damaged.
    """
    left, top, width, height, beyond, crc = _HEAD.unpack_from(block)
    if zlib.crc32(_bytes(seen.values)) != crc:
        return seen
    left, top, dtype = left + seen.left, top + seen.top, seen.values.dtype
    check_size(width, height, "mask", dtype.itemsize)
    packed = block[_HEAD.size :]
    if packed:
        size = width * height * dtype.itemsize
        if size > TIGHTEST * len(packed):
            raise ValueError("a mask is cut short")
        raw = zlib.decompressobj().decompress(packed, size)
        values = np.frombuffer(raw, dtype.newbyteorder(">")).reshape(height, width).astype(dtype)
    else:
        inside = _within(left, top, (height, width), (seen.left, seen.top, *seen.values.shape[::-1]))
        if not inside:
            raise ValueError("a mask lacks its values")
        values = np.zeros((height, width), dtype)
        if values.size:
            values[...] = seen.values[top - seen.top :, left - seen.left :][:height, :width]
    return LayerMask(values, left, top, bool(beyond), seen.active)


def _within(left: int, top: int, shape: tuple[int, int], place: Place) -> bool:
    """Whether a layer holds all values of a mask; of none it does anywhere."""
    across, down = left - place[0], top - place[1]
    inside = 0 <= across <= place[2] - shape[1] and 0 <= down <= place[3] - shape[0]
    return shape[0] * shape[1] == 0 or inside


def _bytes(values: Plane) -> bytes:
    return np.ascontiguousarray(values).astype(values.dtype.newbyteorder(">"), copy=False).tobytes()
