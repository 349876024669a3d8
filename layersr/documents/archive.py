"""What OpenRaster and Krita documents share: parts of a zip file that may be malicious, and layers of one depth."""

import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from xml.etree import ElementTree

import numpy as np

from layersr.documents import png
from layersr.documents.guard import check_size, unpacking
from layersr.errors import InputError
from layersr.layers import Layer

MAX_MEMBER = 2**32
"""Bytes of a part at most."""

MAX_XML = 2**24

_LAST = b"\x03\x00"
"""A block of deflate that is empty and the last one."""

_EPOCH = (1980, 1, 1, 0, 0, 0)


def member(name: str, compression: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    """A member that is the same on every day and machine. PNGs are packed already, so they are only stored."""
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type, info.create_system, info.external_attr = compression, 3, 0o644 << 16
    return info


@dataclass(frozen=True)
class Piece:
    """A piece of a member, and the same packed for itself: packed pieces stand one after the other.

    Attributes:
        plain: its bytes.
        packed: by deflate, up to a whole byte.
    """

    plain: bytes
    packed: bytes


def pack(plain: bytes) -> Piece:
    """A piece for `write_member`."""
    deflate = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
    return Piece(plain, deflate.compress(plain) + deflate.flush(zlib.Z_SYNC_FLUSH))


class _Packed:
    """Takes the place of the compressor of a member whose pieces are packed already."""

    def __init__(self) -> None:
        self.piece = Piece(b"", b"")

    def compress(self, plain: bytes) -> bytes:
        return self.piece.packed

    def flush(self) -> bytes:
        return _LAST


def write_member(archive: zipfile.ZipFile, name: str, pieces: Iterable[Piece], size: int) -> None:
    """Write a deflated member, the same on every day and machine.

    Args:
        archive: where to.
        name: of the member.
        pieces: packed, maybe on other cores; zipfile alone would pack on one.
        size: of the whole, about.
    """
    compressor = _Packed()
    with archive.open(member(name, zipfile.ZIP_DEFLATED), "w", force_zip64=size > 2**30) as file:
        # Not public; where a Python has it no more, it packs the pieces once again, and all is well.
        file._compressor = compressor
        for piece in pieces:
            compressor.piece = piece
            file.write(piece.plain)


def stored_text(name: str) -> str:
    """A name as XML can hold it: control characters become the replacement character."""
    return "".join(c if _is_xml(ord(c)) else "\ufffd" for c in name)


def _is_xml(code: int) -> bool:
    return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def holds(archive: zipfile.ZipFile, name: str) -> bool:
    """Whether there is such a part."""
    return name in archive.NameToInfo


def load(archive: zipfile.ZipFile, name: str, limit: int = MAX_MEMBER) -> bytes:
    """A part of the archive.

    Raises:
        InputError: it is not there, lies outside, is packed in a way these formats do not know, or claims more bytes
            than `limit`.
        MemoryError: all parts that were asked for claim more than there is memory.
    """
    part = _part(archive, name, limit)
    unpacking(part.file_size)
    with archive.open(part) as file:
        return file.read(part.file_size)  # asked for so many, zipfile unpacks no more, whatever is there


def _part(archive: zipfile.ZipFile, name: str, limit: int) -> zipfile.ZipInfo:
    parts = PurePosixPath(name)
    if parts.is_absolute() or ".." in parts.parts or "\\" in name or name[1:2] == ":":
        raise InputError(f"{archive.filename} points outside of itself ({name}).")
    try:
        part = archive.getinfo(name)
    except KeyError:
        raise InputError(f"{archive.filename} lacks its part {name}.") from None
    if part.file_size > limit:
        raise InputError(f"The part {name} of {archive.filename} claims {part.file_size} bytes, which cannot be.")
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others unpack without a limit
        raise InputError(f"The part {name} of {archive.filename} is packed in a way layersr does not know.")
    return part


def load_picture(archive: zipfile.ZipFile, name: str) -> bytes:
    """A part that is a PNG.

    Raises:
        InputError: as `load` does, or it is longer than its own header says that it can be.
    """
    with archive.open(_part(archive, name, MAX_MEMBER)) as file:
        head = file.read(png.HEAD)
    return load(archive, name, min(MAX_MEMBER, png.longest(head)))


def parse(archive: zipfile.ZipFile, name: str, doctype: bool = False) -> ElementTree.Element:
    """A part that is XML.

    Args:
        archive: where it is.
        name: of the part.
        doctype: it may name a document type, but declare none: entities can name files or grow without end.

    Raises:
        InputError: it declares what it must not.
    """
    text = load(archive, name, MAX_XML).decode("utf-8-sig")
    _, named, rest = text.partition("<!DOCTYPE")
    if "<!ENTITY" in text or (named and (not doctype or "[" in rest.partition(">")[0])):
        raise InputError(f"The {name} of {archive.filename} declares a document type of its own, which it should not.")
    return ElementTree.fromstring(text)


def one_depth(layers: Sequence[Layer], notes: list[str]) -> tuple[Layer, ...]:
    """The layers, all at 16 bit where some are; says so in the notes."""
    if len({layer.pixels.dtype for layer in layers}) > 1:
        notes.append("Some layers have 8 bits and some 16; all were given 16.")
        layers = [_deep(layer) if layer.pixels.dtype == np.uint8 else layer for layer in layers]
    return tuple(layers)


def _deep(layer: Layer) -> Layer:
    check_size(layer.width, layer.height, "layer", 8)
    return replace(layer, pixels=layer.pixels.astype(np.uint16) * np.uint16(257))
