"""PNG for layers: an encoder of our own (8 and 16 bit, ICC, resolution, strip by strip) and a strict decoder.

Pillow's encoder is ten times slower and cannot write 16-bit colour. The "up" filter with zlib's fastest level is
about as small as what painting applications write. Strips are packed each for itself, on all cores: the first row of
one does not look up, and what deflate makes of it ends at a whole byte (a "sync flush"), so they only need to stand one
after the other. Source: Portable Network Graphics Specification, Third Edition; RFC 1950 and 1951.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
from jaxtyping import UInt8, UInt16

from layersr.arrays import Pixels, Plane
from layersr.documents.guard import check_size
from layersr.errors import InputError
from layersr.strips import in_order, strips

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

_SUB, _UP = 1, 2
"""Filters: the difference to the pixel on the left, or to the one above."""

_ZLIB, _LAST = b"\x78\x01", b"\x03\x00"
"""How a zlib stream begins, and a block of deflate that is empty and the last one."""

_ADLER = 65521


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


@dataclass(frozen=True)
class Strip:
    """Some rows of a picture, packed.

    Attributes:
        chunk: for the file.
        size: bytes before they were packed.
        checksum: Adler-32 of these.
        grey: one sample a pixel, not four.
    """

    chunk: bytes
    size: int
    checksum: int
    grey: bool


def pack(strip: Raster) -> Strip:
    """Some rows, straight RGBA or grey, for `assemble`."""
    rows = np.ascontiguousarray(strip).astype(strip.dtype.newbyteorder(">"), copy=False)
    rows = rows.reshape(strip.shape[0], -1).view(np.uint8)
    left = rows.shape[1] // strip.shape[1]
    filtered = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = _UP
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    filtered[0, 0] = _SUB
    filtered[0, 1 : left + 1] = rows[0, :left]
    np.subtract(rows[0, left:], rows[0, :-left], out=filtered[0, left + 1 :])
    deflate = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
    packed = deflate.compress(filtered) + deflate.flush(zlib.Z_SYNC_FLUSH)
    return Strip(_chunk(b"IDAT", packed), filtered.size, zlib.adler32(filtered), strip.ndim == 2)


def _joined(checksum: int, strip: Strip) -> int:
    """Adler-32 of what `checksum` is of, with a strip behind it (RFC 1950, section 9)."""
    ones, sums = checksum & 0xFFFF, checksum >> 16
    sums = (sums + (strip.checksum >> 16) + strip.size * (ones - 1)) % _ADLER
    ones = (ones + (strip.checksum & 0xFFFF) - 1) % _ADLER
    return sums << 16 | ones


def assemble(
    file: Sink,
    packed: Iterable[Strip],
    width: int,
    height: int,
    dtype: np.dtype,
    icc: bytes | None = None,
    resolution: tuple[float, float] | None = None,
    xmp: bytes | None = None,
) -> None:
    """A picture of packed strips, as they come; memory for one.

    Args:
        file: receives the bytes, in order.
        packed: from top to bottom.
        width: of every strip.
        height: of all strips together.
        dtype: uint8 or uint16.
        icc: profile to embed.
        resolution: pixels per inch; stored in whole pixels per metre.
        xmp: a packet that says who made it.
    """
    checksum = 1
    for number, strip in enumerate(packed):
        if number == 0:
            bits, kind = 8 * np.dtype(dtype).itemsize, 0 if strip.grey else 6
            file.write(SIGNATURE + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)))
            if icc:
                file.write(_chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(icc, 9)))
            if resolution:
                metre = [min(2**31 - 1, max(1, round(per_inch / _INCH))) for per_inch in resolution]
                file.write(_chunk(b"pHYs", struct.pack(">IIB", *metre, 1)))
            if xmp:
                file.write(_chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + xmp))
            file.write(_chunk(b"IDAT", _ZLIB))
        file.write(strip.chunk)
        checksum = _joined(checksum, strip)
    file.write(_chunk(b"IDAT", _LAST + struct.pack(">I", checksum)) + _chunk(b"IEND", b""))


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
    """`assemble` for a picture that is not packed yet: straight RGBA or grey, in bands of any height from the top."""
    assemble(file, in_order(pack, bands), width, height, dtype, icc, resolution, xmp)


def bands_of(pixels: Raster) -> Iterator[Raster]:
    """A picture at hand, cut for `write`."""
    for rows in strips(*pixels.shape[:2]):
        yield pixels[rows]


def packed(pictures: Sequence[np.ndarray]) -> Iterator[Iterator[Strip]]:
    """The strips of each picture for `assemble`; those of the next are packed while one is written.

    Take all of one before the next.
    """
    ready = in_order(pack, (strip for picture in pictures for strip in bands_of(picture)))
    for picture in pictures:
        yield islice(ready, sum(1 for _ in strips(*picture.shape[:2])))


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
