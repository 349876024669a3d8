"""The packed planes of a PSD as exact integers, and its masks; refusing what a damaged file claims.

psd-tools parses the structure; the planes are unpacked here, because its own way replaces a plane it cannot unpack by
black and goes on.
"""

import zlib
from dataclasses import replace

import numpy as np
from psd_tools.compression import decode_prediction, rle_impl
from psd_tools.constants import Compression
from psd_tools.psd.layer_and_mask import ChannelDataList, LayerRecord

from layersr import color
from layersr.documents.bounded import Rectangle, bounded
from layersr.documents.guard import check_size
from layersr.layers import LayerMask

Plane = np.ndarray

TIGHTEST = {Compression.RAW: 1, Compression.RLE: 64, Compression.ZIP: 1032, Compression.ZIP_WITH_PREDICTION: 1032}
"""How many bytes one packed byte can stand for at most: a larger claim is damage, or meant to exhaust memory."""


def unpack(data: bytes, compression: Compression, width: int, height: int, depth: int, version: int) -> Plane:
    """A plane of code values, (height, width), uint8 or uint16.

    Raises:
        ValueError, zlib.error: the data is damaged or cut short.
        InputError: the size cannot be.
    """
    dtype = np.dtype({8: ">u1", 16: ">u2"}[depth])
    if width <= 0 or height <= 0:
        return np.zeros((max(0, height), max(0, width)), dtype.newbyteorder("="))
    check_size(width, height, "plane", dtype.itemsize)
    size = width * height * dtype.itemsize
    if size > TIGHTEST[compression] * len(data):
        raise ValueError("a plane is cut short")
    if compression == Compression.RAW:
        raw = data[:size]
    elif compression == Compression.RLE:
        raw = _unpack_rows(data, width * dtype.itemsize, height, version)
    else:
        inflate = zlib.decompressobj()
        raw = inflate.decompress(data, size)
        if compression == Compression.ZIP_WITH_PREDICTION:
            raw = decode_prediction(raw, width, height, depth)
    if len(raw) != size:
        raise ValueError("a plane is cut short")
    return np.frombuffer(raw, dtype).reshape(height, width).astype(dtype.newbyteorder("="))


def _unpack_rows(data: bytes, row: int, height: int, version: int) -> bytes:
    lengths = np.frombuffer(data, {1: ">u2", 2: ">u4"}[version], height)
    ends = lengths.nbytes + np.cumsum(lengths, dtype=np.int64)
    if ends[-1] > len(data):
        raise ValueError("a packed plane is cut short")
    starts = [lengths.nbytes, *ends[:-1].tolist()]
    return b"".join(rle_impl.decode(data[start:end], row) for start, end in zip(starts, ends.tolist(), strict=True))


def planes(record: LayerRecord, data: ChannelDataList, depth: int, version: int) -> dict[int, Plane]:
    """The planes of one layer by channel number: 0, 1, 2 colours, -1 alpha, -2 the mask."""
    found = {}
    for info, channel, (width, height) in zip(record.channel_info, data, record.channel_sizes, strict=False):
        if width and height and (info.id >= -1 or (info.id == -2 and record.mask_data)):
            found[int(info.id)] = unpack(channel.data, channel.compression, width, height, depth, version)
    return found


def mask(record: LayerRecord, found: dict[int, Plane], depth: int, reach: Rectangle) -> LayerMask | None:
    """The mask of a layer or group, if it has one.

    Where it has a vector mask too, channel -2 holds both together and -3 the drawn one alone, so -2 is all that counts.

    Args:
        record: of the layer or group.
        found: its planes.
        depth: bits of the document.
        reach: where the mask may matter. One that is thinned ("density") lets something through everywhere, which is
            made into values as far as that.
    """
    data = record.mask_data
    if data is None:
        return None
    dtype = {8: np.uint8, 16: np.uint16}[depth]
    top = color.levels(dtype)
    density = getattr(data.parameters, "user_mask_density", None)
    density = 255 if density is None else density
    shape = (max(0, data.height), max(0, data.width))
    values = found.get(-2, np.zeros((0, 0) if min(shape) else shape, dtype)).astype(np.uint32)
    values = (top - (top - values) * density // 255).astype(dtype)
    elsewhere = top - (top - data.background_color * (top // 255)) * density // 255
    made = bounded(values, data.left, data.top, elsewhere, reach)
    return replace(made, active=not data.flags.mask_disabled)
