"""Reading XCF: layersr's own exactly, GIMP's as far as a stack of pixel layers can say the same.

What has no counterpart here is turned into pixels (text), converted (grey, palettes, more than 16 bit, linear light) or
left out (channels, paths, effects, floating selections), and each such thing adds a sentence to `LayerStack.notes`.
"""

import mmap
import struct
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from layersr.documents import clipping, manifest, xcf_masks, xcf_pixels
from layersr.documents.guard import check_depth, check_size, listed, reading
from layersr.documents.named_groups import Groups
from layersr.documents.xcf_blending import Blending, told
from layersr.documents.xcf_pixels import GREY, INDEXED, WORDS, Kind
from layersr.documents.xcf_source import Cursor, Source, parasites
from layersr.documents.xcf_spelling import (
    CLIPS,
    ICC,
    LOCKED_BY,
    MAGIC,
    MANIFEST,
    MASK,
    NAMES,
    SPELLING,
    TEXT,
    Property,
)
from layersr.documents.xcf_tiles import tiles
from layersr.errors import InputError
from layersr.layers import PASS_THROUGH, Group, Layer, LayerMask, LayerStack

WIDE, EFFECTS, PATHS = 11, 20, 18
"""Versions since which pointers have 64 bits, layers effects, and paths a list of their own."""

LATEST = 99
"""CinePaint, which has another format of the same name, counts from 100."""


def read(path: Path) -> LayerStack:
    """Read an XCF file. What it cannot keep is said in `notes`.

    Raises:
        InputError: the file does not exist, is damaged or malicious, or has pixels of a kind layersr cannot convert.
    """
    with reading(path, "GIMP document"), path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise InputError(f"{path} is no GIMP document.")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Reader(data, path).stack()


@dataclass(frozen=True, eq=False)
class _Node:
    """A layer or group as it was found.

    Attributes:
        place: where it begins in the file; tells it from others.
        name: what it is called.
        setting: opacity, visibility, mode and mask.
        is_group: whether it is a group.
    """

    place: int
    name: str
    setting: Group
    is_group: bool


class _Reader:
    """The layers of one document."""

    def __init__(self, data: mmap.mmap, path: Path) -> None:
        self._path, self._notes = path, []
        tag = bytes(data[len(MAGIC) : len(MAGIC) + 5])
        self._version = 0 if tag == b"file\0" else int(tag[1:4])
        if self._version > LATEST:
            raise InputError(f"{path} is a CinePaint document, not one of GIMP; save it there as PSD or TIFF.")
        self._source = Source(data, self._version >= WIDE)
        self._cursor = Cursor(self._source, len(MAGIC) + 5)
        self._width, self._height, base = self._cursor.take("3I")
        check_size(self._width, self._height, "canvas")
        if not self._width or not self._height:
            raise InputError(f"{path} has an empty canvas.")
        precision = self._cursor.integer() if self._version >= 4 else None
        self._properties = self._cursor.properties(self._version)
        self._parasites = parasites(self._properties.get(Property.PARASITES, b""))
        self._packing = self._properties.get(Property.COMPRESSION, b"\0")[0]
        self._kind = self._kind_of(base, precision)
        self._groups: dict[tuple[str, ...], Group] = {}
        self._named = Groups(self._groups, self._notes)
        self._nodes: dict[tuple[int, ...], _Node] = {}
        self._outermost = 0
        self._blending: list[Blending] = []
        self._lit: list[str] = []  # groups laid in linear light

    def _kind_of(self, base: int, precision: int | None) -> Kind:
        colormap = self._properties.get(Property.COLORMAP, b"")
        kind = xcf_pixels.kind(self._version, base, precision, colormap)
        if kind is None:
            raise InputError(f"{self._path} stores its pixels in a way layersr does not know ({base}, {precision}).")
        if kind.linear and ICC in self._parasites:
            raise InputError(
                f"{self._path} is in linear light with a colour profile of its own; in GIMP choose Image > Precision > "
                "16 bit integer, perceptual gamma (sRGB), and save it again."
            )
        if base != xcf_pixels.RGB:
            what = "greyscale" if base == GREY else "a palette"
            self._notes.append(f"The colours were converted from {what} to RGB.")
        if not kind.exact:
            self._notes.append(f"The pixels have {WORDS[kind.sample.str[1:]]}; they were converted to 16 bits.")
        return kind

    def stack(self) -> LayerStack:
        layers = tuple(x for x in map(self._layer, list(self._cursor.pointers())) if x is not None)[::-1]
        self._others()
        icc = self._parasites.get(ICC) if self._kind.base not in (GREY, INDEXED) else None
        stack = LayerStack(
            self._width,
            self._height,
            layers,
            icc or None,
            self._resolution(),
            groups=self._groups,
        )
        if CLIPS in self._parasites:
            stack = clipping.from_groups(stack, clipping.loads(self._parasites[CLIPS]))
        linear, clipped = told(stack, self._blending[::-1])
        if linear or self._lit:
            names = listed([*linear, *self._lit])
            self._notes.append(f"GIMP blends these in linear light, layersr encoded values: {names}.")
        if clipped:
            self._notes.append(f"GIMP shows these only where something is below them: {listed(clipped)}.")
        stack = replace(stack, notes=tuple(self._notes))
        block = self._parasites.get(MANIFEST)
        return stack if block is None else manifest.loads(block, stack, SPELLING)

    def _resolution(self) -> tuple[float, float] | None:
        x, y = struct.unpack(">2f", self._properties.get(Property.RESOLUTION, bytes(8)))
        return (x, y) if 0 < x < np.inf and 0 < y < np.inf else None

    def _others(self) -> None:
        """What the file has beside layers."""
        channels = []
        for place in list(self._cursor.pointers()):
            cursor = Cursor(self._source, place)
            cursor.take("2I")
            name = cursor.string()
            if Property.SELECTION not in cursor.properties(self._version):
                channels.append(name)
        if channels:
            self._notes.append(f"Channels were left out: {listed(channels)}.")
        paths = {Property.PATHS, Property.VECTORS} & set(self._properties)
        if paths or (self._version >= PATHS and self._cursor.pointer()):
            self._notes.append("Paths were left out.")

    def _layer(self, place: int) -> Layer | None:
        """A layer, or None for what is none; groups are remembered."""
        cursor = Cursor(self._source, place)
        width, height, kind = cursor.take("3I")
        name = cursor.string()
        properties = cursor.properties(self._version)
        attached = parasites(properties.get(Property.PARASITES, b""))
        pixels, mask = cursor.pointer(), cursor.pointer()
        if self._version >= EFFECTS and cursor.pointer():
            self._notes.append(f"The effects of “{name}” were left out.")
        if Property.FLOATING_SELECTION in properties:
            self._notes.append(f"The floating selection “{name}” was left out.")
            return None
        check_size(width, height, "layer", 4 * self._kind.depth.itemsize)
        left, top = struct.unpack(">2i", properties.get(Property.OFFSETS, bytes(8)))
        found = self._mask(mask, left, top, attached.get(MASK)) if mask else None
        if found is not None and not _integer(properties, Property.APPLY_MASK, 1):
            found = replace(found, active=False)
        opacity, visible = _opacity(properties), bool(_integer(properties, Property.VISIBLE, 1))
        mode = _integer(properties, Property.MODE, 0)
        if mode not in NAMES:
            self._notes.append(f"“{name}” blends in a way layersr does not know ({mode}); it became normal.")
        locks = frozenset(lock for lock, kind in LOCKED_BY.items() if _integer(properties, kind, 0))
        setting = Group(opacity, visible, NAMES.get(mode, "normal"), found, locks)
        node = _Node(place, name, setting, Property.GROUP_ITEM in properties)
        around = self._around(node, properties.get(Property.ITEM_PATH, b""))
        how = Blending.of(properties, mode)
        if node.is_group:
            self._lit += [name] * (setting.blend != PASS_THROUGH and (how.linear or how.mode_linear))
            return None
        if kind // 2 != self._kind.base or kind > 5:
            raise ValueError(f"the layer “{name}” is of another kind than the image")
        if TEXT in attached or {Property.VECTOR_LAYER, Property.LINK_LAYER} & set(properties):
            what = "text layer" if TEXT in attached else "layer of shapes or of another file"
            self._notes.append(f"The {what} “{name}” was turned into pixels.")
        self._blending.append(how)
        blend = "normal" if setting.blend == PASS_THROUGH else setting.blend
        path = self._named.path([(parent.place, parent.name, parent.setting) for parent in around])
        values = self._pixels(pixels, (width, height), self._kind.colours + kind % 2)
        return Layer(name, values, left, top, opacity, visible, blend, path, found, locks=locks)

    def _around(self, node: _Node, stored: bytes) -> list[_Node]:
        """The groups around a layer or group, outermost first; it is remembered for those within it.

        The path names its own number in the group it is in, that one's in the next, and so on; who is in none has none.
        """
        path = struct.unpack(f">{len(stored) // 4}I", stored)
        check_depth(len(path))
        if len(path) < 2:
            path = (self._outermost,)
            self._outermost += 1
        around = [self._nodes[path[:depth]] for depth in range(1, len(path))]
        if not all(parent.is_group for parent in around):
            raise ValueError(f"“{node.name}” lies in what is no group")
        self._nodes[path] = node
        return around

    def _pixels(self, place: int, size: tuple[int, int], channels: int) -> np.ndarray:
        found = tiles(self._source, place, size, self._kind.sample, channels, self._packing)
        if found is None:
            return np.zeros((0, 0, 4), self._kind.depth)
        out = np.empty((size[1], size[0], 4), self._kind.depth)
        for rows, columns, values in found:
            out[rows, columns] = self._kind.pixels(values)
        return out

    def _mask(self, place: int, left: int, top: int, block: bytes | None) -> LayerMask:
        cursor = Cursor(self._source, place)
        width, height = cursor.take("2I")
        check_size(width, height, "mask", self._kind.depth.itemsize)
        cursor.string()
        cursor.properties(self._version)
        found = tiles(self._source, cursor.pointer(), (width, height), self._kind.sample, 1, self._packing)
        values = np.empty((height, width) if found else (0, 0), self._kind.depth)
        for rows, columns, part in found or ():
            values[rows, columns] = self._kind.plane(part)
        seen = LayerMask(values, left, top)
        return seen if block is None else xcf_masks.loads(block, seen)


def _integer(properties: dict[int, bytes], kind: Property, default: int) -> int:
    return struct.unpack(">I", properties[kind])[0] if kind in properties else default


def _opacity(properties: dict[int, bytes]) -> float:
    """In [0, 1]; GIMP keeps it in 256 steps, since 2.10 exactly too."""
    value = min(255, _integer(properties, Property.OPACITY, 255)) / 255
    if Property.FLOAT_OPACITY in properties:
        value = min(1.0, max(0.0, struct.unpack(">f", properties[Property.FLOAT_OPACITY])[0]))
    step = round(value * 255)
    return step / 255 if abs(value * 255 - step) < 0.001 else value
