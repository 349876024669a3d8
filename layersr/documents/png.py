"""PNG for layers: an encoder of our own (8 and 16 bit, ICC, resolution, band by band) and a strict decoder.

Pillow's encoder is ten times slower and cannot write 16-bit colour. The "up" filter with zlib's fastest level is
about as small as what painting applications write. Source: Portable Network Graphics Specification, Third Edition.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
from jaxtyping import UInt8, UInt16

from layersr.arrays import Pixels, Plane
from layersr.documents.guard import check_size
from layersr.errors import InputError

Raster = Pixels | Plane

HEAD = 33
"""Bytes up to the end of the first chunk."""

ROOM = 2**25
"""Bytes for a profile and for whatever else somebody wants to say in a PNG."""

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_INCH = 0.0254
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples per pixel by PNG colour type."""
_NEEDED = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}


@runtime_checkable
class Sink(Protocol):
    """Where encoded bytes go: a file, or the member of a zip that is being written."""

    def write(self, data: bytes, /) -> object:
        """Append the bytes."""
        ...


@dataclass(frozen=True)
class Header:
    """What a PNG says of itself.

    Attributes:
        width: in pixels.
        height: in pixels.
        depth: bits per sample.
        icc: the embedded profile, or None.
        resolution: pixels per inch, horizontal and vertical, or None.
    """

    width: int
    height: int
    depth: int
    icc: bytes | None
    resolution: tuple[float, float] | None


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def write(
    file: Sink,
    bands: Iterable[Raster],
    width: int,
    height: int,
    dtype: np.dtype,
    icc: bytes | None = None,
    resolution: tuple[float, float] | None = None,
    xmp: bytes | None = None,
) -> None:
    """Encode a picture that comes in bands from top to bottom; memory for one band.

    Args:
        file: receives the bytes, in order.
        bands: straight RGBA or grey at `dtype`.
        width: of every band.
        height: of all bands together.
        dtype: uint8 or uint16.
        icc: profile to embed.
        resolution: pixels per inch; stored in whole pixels per metre.
        xmp: a packet that says who made it.
    """
    bits = 8 * np.dtype(dtype).itemsize
    compressor, above, begun = zlib.compressobj(1), None, False
    for band in bands:
        if not begun:
            begun = True
            kind = 6 if band.ndim == 3 else 0
            file.write(SIGNATURE + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)))
            if icc:
                file.write(_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc, 9)))
            if resolution:
                metre = [min(2**31 - 1, max(1, round(per_inch / _INCH))) for per_inch in resolution]
                file.write(_chunk(b"pHYs", struct.pack(">IIB", *metre, 1)))
            if xmp:
                file.write(_chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + xmp))
        rows = np.ascontiguousarray(band).astype(np.dtype(dtype).newbyteorder(">"), copy=False)
        rows = rows.reshape(band.shape[0], -1).view(np.uint8)
        above = np.zeros_like(rows[0]) if above is None else above
        filtered = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8)
        filtered[:, 0] = 2  # "up": the difference to the pixel above
        filtered[0, 1:] = rows[0] - above
        filtered[1:, 1:] = rows[1:] - rows[:-1]
        above = rows[-1].copy()
        if data := compressor.compress(filtered):
            file.write(_chunk(b"IDAT", data))
    file.write(_chunk(b"IDAT", compressor.flush()) + _chunk(b"IEND", b""))


def bands_of(pixels: Raster, rows: int = 256) -> Iterator[Raster]:
    """A picture at hand, cut for `write`."""
    for first in range(0, pixels.shape[0], rows):
        yield pixels[first : first + rows]


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not data.startswith(SIGNATURE):
        raise InputError("A layer's picture is no PNG.")
    position = len(SIGNATURE)
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        body = data[position + 8 : position + 8 + length]
        end = position + 12 + length
        if end > len(data) or struct.unpack_from(">I", data, end - 4)[0] != zlib.crc32(body, zlib.crc32(kind)):
            raise InputError("A layer's PNG is cut short or damaged.")
        yield kind, body
        if kind == b"IEND":
            return
        position = end
    raise InputError("A layer's PNG is cut short.")


def longest(head: bytes) -> int:
    """How many bytes a PNG can have that begins with these `HEAD` ones: its pixels, and room for all else."""
    if len(head) < HEAD or head[:8] != SIGNATURE or head[25] not in _SAMPLES:
        return ROOM
    width, height, depth, kind = struct.unpack_from(">IIBB", head, 16)
    return 2 * height * (width * depth * _SAMPLES[kind] // 8 + 1) + ROOM


def header(data: bytes) -> Header:
    """Read what a PNG says of itself, checking every chunk's checksum.

    Raises:
        InputError: it is no PNG, is damaged, or claims more pixels than its data can hold.
    """
    first, packed, icc, resolution = None, 0, None, None
    for kind, body in _chunks(data):
        if kind == b"IHDR":
            first = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += len(body)
        elif kind == b"iCCP":
            inflate = zlib.decompressobj()
            icc = inflate.decompress(body[body.index(b"\0") + 2 :], 2**24)
        elif kind == b"pHYs" and body[8:] == b"\1":
            resolution = tuple(metre * _INCH for metre in struct.unpack(">II", body[:8]))
    if first is None or first[3] not in _SAMPLES:
        raise InputError("A layer's PNG has no proper header.")
    width, height, depth, kind = first[:4]
    check_size(width, height, "layer's PNG")
    # Deflate cannot pack tighter than 1032 to 1, so anything beyond is a lie told to exhaust memory.
    if height * (width * depth * _SAMPLES[kind] // 8 + 1) > 1032 * packed + 1032:
        raise InputError(f"A layer's PNG claims {width} x {height} pixels but holds far fewer.")
    return Header(width, height, depth, icc, resolution)


def decode(data: bytes) -> Pixels:
    """Any PNG as straight RGBA: 16 bit where it has 16 bit, else 8; grey, palette and tRNS converted exactly.

    Raises:
        InputError: it is no PNG, is damaged, or claims more pixels than its data can hold.
    """
    found = header(data)
    check_size(found.width, found.height, "layer's PNG", 8 if found.depth == 16 else 4)
    array = _imdecode(data)
    if array.ndim == 2 or array.shape[2] == 1:
        return cv2.cvtColor(array, cv2.COLOR_GRAY2RGBA)
    return cv2.cvtColor(array, cv2.COLOR_BGR2RGBA if array.shape[2] == 3 else cv2.COLOR_BGRA2RGBA)


def decode_grey(data: bytes) -> Plane:
    """A grey PNG of 8 or 16 bit as it is.

    Raises:
        InputError: it is no such PNG.
    """
    found = header(data)
    check_size(found.width, found.height, "mask's PNG", 2 if found.depth == 16 else 1)
    array = _imdecode(data)
    if array.ndim != 2:
        raise InputError("A mask or provenance map is no grey PNG.")
    return array


def _imdecode(data: bytes) -> UInt8[np.ndarray, "..."] | UInt16[np.ndarray, "..."]:
    # Only what the pixels need: the decoder warns on stderr about profiles it does not like, and minds other hints.
    needed = b"".join(_chunk(kind, body) for kind, body in _chunks(data) if kind in _NEEDED)
    array = cv2.imdecode(np.frombuffer(SIGNATURE + needed, np.uint8), cv2.IMREAD_UNCHANGED)
    if array is None:
        raise InputError("A layer's PNG is damaged.")
    return array
