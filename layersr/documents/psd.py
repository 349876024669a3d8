"""Photoshop documents (PSD, and PSB for large ones): a streaming writer.

Planes are packed strip by strip, on all cores, and go straight to the file; lengths that come before their data are
patched afterwards, so memory holds a few strips and never a second copy of the layers. What the file contains is what
painting applications agree on: straight RGBA layers, PackBits, pass-through groups, an ICC profile always, a real
merged picture and a thumbnail. Source: Adobe Photoshop File Formats Specification (2019); Krita and GIMP where it is
silent.
"""

import io
import shutil
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO

import numpy as np

from layersr import color
from layersr.arrays import Pixels
from layersr.atomic import replacing_file
from layersr.documents import packbits
from layersr.documents.merged import Thumbnail, encoded, on_white
from layersr.documents.psd_baking import Marks, baked
from layersr.documents.psd_blocks import block, locked, mask_block, pascal, resources, unicode
from layersr.documents.psd_spelling import BLEND_KEYS, stored_blend, stored_text
from layersr.errors import OutputError
from layersr.groups import walk
from layersr.layers import PASS_THROUGH, Group, Layer, LayerMask, LayerStack
from layersr.strips import in_order, strips

THUMBNAIL = 160
CHANNELS = (-1, 0, 1, 2)
PSD_SIDE, PSB_SIDE = 30_000, 300_000
PSD_BYTES = 2**31 - 1
SPOOL = 2**20
"""Bytes of a packed channel that may wait in memory."""
LENGTH = {1: np.dtype(">u2"), 2: np.dtype(">u4")}
"""Of a packed row, by the version."""

Packed = tuple[bytes, np.ndarray]
"""Rows of a plane, packed, and the length of each."""


class TooLargeForPSD(OutputError):
    """A PSB could hold it."""


def write(stack: LayerStack, path: Path, merged: Pixels | None = None, native: bool = False) -> None:
    """Write a PSD, or a PSB where the suffix is `.psb`.

    Laws: `read(write(s)) == s` but for layers clipped to nothing; the same stack gives the same bytes; a failed or
    interrupted write leaves nothing.

    Args:
        stack: what to write; opacity is kept in 256 steps.
        path: ends in `.psd` or `.psb`.
        merged: `flatten(stack)`, where the caller has it already.
        native: keep clipping and the opacity of groups as Photoshop has them, though Krita ignores both; else they are
            said by masks (`psd_baking`).

    Raises:
        TooLargeForPSD: the document is too large for its format; nothing is written.
        OutputError: it is too large for a PSB too, or the place cannot be written.
    """
    version = 2 if path.suffix.lower() == ".psb" else 1
    written, marks = (stack, Marks()) if native else baked(stack)
    _check_fits(written, path, version)
    with replacing_file(path) as temporary, temporary.open("wb") as file, ExitStack() as spools:
        flat = _merge(stack, merged, version, path.parent, spools)
        _Writer(file, written, version, path).write(flat, resources(stack, marks, flat.thumbnail))


def _check_fits(stack: LayerStack, path: Path, version: int) -> None:
    masks = [owner.mask.values for owner in (*stack.layers, *stack.groups.values()) if owner.mask is not None]
    planes = [(stack.width, stack.height), *(x.shape[:2] for x in (*masks, *(layer.pixels for layer in stack.layers)))]
    sides = [side for plane in planes for side in plane]
    if max(sides) > PSB_SIDE:
        raise OutputError(f"Cannot write {path}: a side of {max(sides)} pixels is more than a PSB can have (300,000).")
    if version == 1 and max(sides) > PSD_SIDE:
        raise TooLargeForPSD(
            f"Cannot write {path}: a side of {max(sides)} pixels is more than a PSD can have (30,000);"
            " name it .psb instead."
        )


@dataclass(frozen=True, eq=False)
class _Record:
    """What a record stands for: a layer, or the edge of a group (no layer, and at its upper edge maybe a mask)."""

    layer: Layer | None = None
    mask: LayerMask | None = None

    @property
    def channels(self) -> tuple[int, ...]:
        return CHANNELS if self.mask is None else (*CHANNELS, -2)

    @property
    def planes(self) -> list[np.ndarray]:
        """What its channels hold; nothing where it is no layer."""
        pixels = np.zeros((0, 0, 4), np.uint8) if self.layer is None else self.layer.pixels
        return [pixels[..., channel] if channel != -2 else self.mask.values for channel in self.channels]


@dataclass(frozen=True)
class _Merged:
    """The flattened picture, packed: row lengths and spooled bytes per channel, in the file's order R, G, B, alpha."""

    tables: list[bytes]
    spools: list[IO[bytes]]
    opaque: bool
    thumbnail: np.ndarray

    @property
    def channels(self) -> int:
        return 3 if self.opaque else 4


def _merge(stack: LayerStack, merged: Pixels | None, version: int, folder: Path, spools: ExitStack) -> _Merged:
    """Flatten once, before anything is written: the header and the thumbnail depend on it, its planes come last."""
    # Small pictures stay in memory; large ones wait beside the file, where there must be room for them anyway.
    files = [spools.enter_context(SpooledTemporaryFile(SPOOL, dir=folder)) for _ in range(4)]  # noqa: SIM115 the stack closes
    tables, opaque = [bytearray() for _ in files], True
    thumbnail = Thumbnail(stack.width, stack.height, THUMBNAIL, stack.dtype)
    for whole, planes in encoded(stack, merged, _packed_planes, thumbnail):
        opaque = opaque and whole
        for file, table, (packed, lengths) in zip(files, tables, planes, strict=True):
            file.write(packed)
            table += lengths.astype(LENGTH[version]).tobytes()
    return _Merged([bytes(table) for table in tables], files, opaque, thumbnail.pixels())


def _packed_planes(strip: Pixels) -> tuple[bool, list[Packed]]:
    """Whether a strip of the flattened picture is opaque, and its channels, matted on white."""
    matted = on_white(strip)
    opaque = strip[..., 3].min() == color.levels(strip.dtype)
    return bool(opaque), [packbits.encode(matted[..., channel]) for channel in range(4)]


def _strips(records: list[_Record]) -> Iterator[np.ndarray]:
    """All there is to pack, in the order of the file."""
    for record in records:
        for plane in record.planes:
            yield from (plane[rows] for rows in strips(*plane.shape))


class _Writer:
    """The file in the order of its bytes. PSB differs from PSD by its version and by wider lengths."""

    def __init__(self, file: IO[bytes], stack: LayerStack, version: int, path: Path):
        self._file, self._stack, self._version, self._path = file, stack, version, path
        self._length = ">" + "IQ"[version - 1]

    def write(self, merged: _Merged, before: bytes) -> None:
        depth = self._stack.dtype.itemsize * 8
        size = (self._stack.height, self._stack.width)
        self._file.write(struct.pack(">4sH6xHIIHH", b"8BPS", self._version, merged.channels, *size, depth, 3))
        self._file.write(struct.pack(">I", 0))  # no palette
        self._file.write(struct.pack(">I", len(before)) + before)  # the resources
        self._layers(merged.opaque)
        self._file.write(struct.pack(">H", 1))
        for table in merged.tables[: merged.channels]:
            self._file.write(table)
        for spool in merged.spools[: merged.channels]:
            spool.seek(0)
            shutil.copyfileobj(spool, self._file, 2**20)
            self._check_length()

    def _check_length(self) -> None:
        if self._version == 1 and self._file.tell() > PSD_BYTES:
            raise TooLargeForPSD(f"Cannot write {self._path}: it grows beyond the 2 GB of a PSD; name it .psb instead.")

    def _layers(self, opaque: bool) -> None:
        width = struct.calcsize(self._length)
        section = self._file.tell()
        self._file.write(bytes(2 * width))  # the section's length and the layer info's, patched below
        layers, records, places = self._records()
        # A negative count says that the merged picture's fourth channel is its transparency.
        self._file.write(struct.pack(">h", len(layers) if opaque else -len(layers)))
        start = self._file.tell()
        self._file.write(records)
        packed = in_order(packbits.encode, _strips(layers))
        for record, place in zip(layers, places, strict=True):
            for number, length in enumerate([self._channel(plane, packed) for plane in record.planes]):
                struct.pack_into(self._length, records, place + number * (2 + width) + 2, length)
            self._check_length()
        self._file.write(bytes(-(self._file.tell() - section - 2 * width) % 4))
        end = self._file.tell()
        self._file.write(struct.pack(">I", 0))  # no global mask
        self._file.seek(section)
        info = end - section - 2 * width
        self._file.write(struct.pack(self._length, width + info + 4) + struct.pack(self._length, info))
        self._file.seek(start)
        self._file.write(records)
        self._file.seek(0, io.SEEK_END)

    def _records(self) -> tuple[list[_Record], bytearray, list[int]]:
        """The records from the bottom up, their bytes, and where in these each one's channel list begins."""
        found: list[_Record] = []
        records, places = bytearray(), []

        def add(record: _Record, name: str, setting: Group, extra: bytes = b"", flags: int = 8) -> None:
            number = len(found) + 1
            blocks = block(b"luni", unicode(stored_text(name))) + block(b"lyid", struct.pack(">I", number)) + extra
            blocks += locked(setting.locks)
            places.append(len(records) + 18)
            found.append(record)
            flags += (0 if setting.visible else 2) + ("transparency" in setting.locks)
            records.extend(self._record(record, setting, pascal(name) + blocks, flags))

        path: tuple[str, ...] = ()
        for kind, what in walk(self._stack.layers):
            if kind == "layer":
                add(
                    _Record(what, what.mask),
                    what.name,
                    Group(what.opacity, what.visible, what.blend, locks=what.locks),
                    what.adjustment or b"",
                )
            elif kind == "open":  # a group's lower edge carries no name, its upper edge does
                path = (*path, what)
                add(_Record(), "</Layer group>", Group(), block(b"lsct", struct.pack(">I", 3)), flags=8 + 16)
            else:
                group = self._stack.groups.get(path, Group())
                key = b"pass" if group.blend == PASS_THROUGH else BLEND_KEYS[stored_blend(group.blend)]
                edge = block(b"lsct", struct.pack(">I4s4s", 1, b"8BIM", key))
                add(_Record(mask=group.mask), what, group, edge, flags=8 + 16)
                path = path[:-1]
        return found, records, places

    def _record(self, record: _Record, setting: Group, tail: bytes, flags: int) -> bytes:
        layer = record.layer
        clipped = layer is not None and layer.clipped
        left, top, width, height = (layer.left, layer.top, layer.width, layer.height) if layer else (0, 0, 0, 0)
        blend = b"norm" if setting.blend == PASS_THROUGH else BLEND_KEYS[stored_blend(setting.blend)]
        extra = mask_block(record.mask) + struct.pack(">I", 40) + b"\0\0\xff\xff" * 10 + tail  # blend if: always
        return b"".join(
            [
                struct.pack(">4iH", top, left, top + height, left + width, len(record.channels)),
                *(struct.pack(">h" + self._length[1], channel, 0) for channel in record.channels),
                b"8BIM" + blend + struct.pack(">4B", round(setting.opacity * 255), clipped, flags, 0),
                struct.pack(">I", len(extra)) + extra,
            ]
        )

    def _channel(self, plane: np.ndarray, packed: Iterator[Packed]) -> int:
        """Write a plane, whose strips come next; its length."""
        start = self._file.tell()
        if not plane.size:
            self._file.write(struct.pack(">H", 0))
            return self._file.tell() - start
        table = np.zeros(len(plane), LENGTH[self._version])
        self._file.write(struct.pack(">H", 1) + table.tobytes())
        for rows in strips(*plane.shape):
            data, table[rows] = next(packed)
            self._file.write(data)
        end = self._file.tell()
        self._file.seek(start + 2)
        self._file.write(table.tobytes())
        self._file.seek(end)
        return end - start
