"""GIMP's own documents (XCF): a streaming writer.

Tiles are packed on all cores and go to the file in order; pointers that come before what they point at are patched
afterwards, so memory holds a few rows of tiles and never a second copy of the layers. What stands in the file is what
GIMP 2.10 wants: every pointer leads forward, a group comes before what is in it, and everything blends on encoded
values (properties 35 to 37), since GIMP's own default is linear light. What is clipped lies in a group of its own, in
which it shows only where its base does. There are no adjustments; they are left out. Source: GIMP's devel-docs/xcf.txt,
and app/xcf where that is silent.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np

from layersr.arrays import Pixels
from layersr.atomic import replacing_file
from layersr.documents import clipping, credits_told, manifest, xcf_masks
from layersr.documents.guard import MAX_PIXELS, MAX_SIDE
from layersr.documents.xcf_blending import has_ground, is_through, mode_number
from layersr.documents.xcf_masks import Place
from layersr.documents.xcf_spelling import (
    CLIP,
    CLIPS,
    CREDITS,
    ICC,
    LOCKED_BY,
    MAGIC,
    MANIFEST,
    MASK,
    PERCEPTUAL,
    THROUGH,
    TILE,
    UNION,
    Property,
    stored_locks,
    stored_resolution,
    stored_text,
)
from layersr.errors import OutputError
from layersr.groups import walk
from layersr.layers import PASS_THROUGH, Group, Layer, LayerMask, LayerStack
from layersr.strips import in_order

VERSION, WITH_GROUP_MASKS = 12, 13
"""The oldest that has 64-bit pointers and big-endian tiles packed by zlib."""

PRECISION = {1: 150, 2: 250}
"""Bytes of a channel to GIMP's number of whole-numbered, encoded pixels."""

FARTHEST = 2**19
"""Pixels off the canvas at most: what lies farther GIMP moves to its corner."""

ZLIB = 2
_PERSISTENT_UNDOABLE = 3  # of a profile GIMP wants just that
_RGBA = 1
_LINK = struct.Struct(">Q")


def write(stack: LayerStack, path: Path, merged: Pixels | None = None) -> None:
    """Write an XCF file.

    Laws: `read(write(s)) == s` but for adjustments and layers clipped to nothing; the same stack gives the same bytes;
    a failed or interrupted write leaves nothing.

    Args:
        stack: what to write; opacity is kept in 256 steps.
        path: the file.
        merged: not needed: the format has no flattened picture.

    Raises:
        OutputError: the place cannot be written, or something is larger or lies farther off than GIMP can have it.
    """
    bare = stack.with_layers(tuple(x for x in stack.layers if x.adjustment is None))
    grouped, clips = clipping.as_groups(bare, stored_text)
    items = _items(grouped)
    _check_fits(grouped, items, path)
    with replacing_file(path) as temporary, temporary.open("wb") as file:
        _Writer(file, bare, items, clipping.dumps(clips, stored_text) if clips else b"").write()


@dataclass(frozen=True, eq=False)
class _Item:
    """A layer or a group.

    Attributes:
        name: what it is called.
        path: which one it is in the group it is in, the same of that group, and so on, outermost first.
        setting: opacity, visibility, mode and mask.
        place: on the canvas; of a group, around all that is in it.
        mode: GIMP's number.
        layer: None for a group.
    """

    name: str
    path: tuple[int, ...]
    setting: Group
    place: Place
    mode: int
    layer: Layer | None = None


def _items(stack: LayerStack) -> list[_Item]:
    """All layers and groups, uppermost first, each group before what is in it."""
    found: list[_Item] = []
    opened: list[int] = []
    names: tuple[str, ...] = ()
    path: tuple[int, ...] = (0,)
    ground = has_ground(stack.layers, stack.width, stack.height)
    for kind, what in walk(stack.layers[::-1]):
        if kind == "layer":
            setting = Group(what.opacity, what.visible, what.blend, what.mask, what.locks)
            size = (what.width, what.height) if what.pixels.size else (1, 1)
            place = (what.left, what.top, *size)
            mode = mode_number(what.blend, ground and is_through(names, stack.groups))
            found.append(_Item(what.name, path, setting, place, mode, what))
        elif kind == "open":
            setting = stack.groups.get((*names, what), Group())
            mode = mode_number(setting.blend, ground and is_through(names, stack.groups))
            mode = THROUGH if setting.blend == PASS_THROUGH else mode
            names = (*names, what)
            opened.append(len(found))
            found.append(_Item(what, path, setting, (0, 0, 0, 0), mode))
            path = (*path, 0)
            continue
        else:
            group = opened.pop()
            found[group] = replace(found[group], place=_around([item.place for item in found[group + 1 :]]))
            names, path = names[:-1], path[:-1]
        path = (*path[:-1], path[-1] + 1)
    return found


def _around(places: list[Place]) -> Place:
    left, top = min(place[0] for place in places), min(place[1] for place in places)
    right, bottom = max(place[0] + place[2] for place in places), max(place[1] + place[3] for place in places)
    return left, top, right - left, bottom - top


def _check_fits(stack: LayerStack, items: list[_Item], path: Path) -> None:
    _check_size("the canvas", (stack.width, stack.height), path)
    for item in items:
        name, mask = f"“{item.name}”", item.setting.mask
        corners = [*item.place[:2], *((mask.left, mask.top) if mask else ())]
        if max(map(abs, corners)) > FARTHEST:
            raise OutputError(f"Cannot write {path}: {name} lies farther off the canvas than GIMP can have it.")
        if item.layer or mask:  # a group without one has no pixels of its own
            _check_size(name if item.layer else f"the group {name} with its mask", item.place[2:], path)
        if mask:
            _check_size(f"the mask of {name}", mask.values.shape[::-1], path)


def _check_size(what: str, size: tuple[int, int], path: Path) -> None:
    if max(size) > MAX_SIDE or size[0] * size[1] > MAX_PIXELS:
        most = f"{MAX_SIDE:,} pixels a side and {MAX_PIXELS:,} in all are the most"
        raise OutputError(f"Cannot write {path}: {what} has {size[0]} x {size[1]} pixels; {most}.")


def _property(kind: Property, form: str = "", *values: int | float) -> bytes:
    return _raw(kind, struct.pack(f">{form}", *values))


def _raw(kind: Property, payload: bytes) -> bytes:
    return struct.pack(">II", kind, len(payload)) + payload


def _string(text: str) -> bytes:
    data = stored_text(text).encode() + b"\0"
    return struct.pack(">I", len(data)) + data


def _parasite(name: str, data: bytes) -> bytes:
    return _string(name) + struct.pack(">II", _PERSISTENT_UNDOABLE, len(data)) + data


class _Writer:
    """The file in the order of its bytes."""

    def __init__(self, file: IO[bytes], stack: LayerStack, items: list[_Item], clips: bytes) -> None:
        self._file, self._stack, self._items, self._clips = file, stack, items, clips

    def write(self) -> None:
        stack = self._stack
        masked = any(item.layer is None and item.setting.mask for item in self._items)
        version = WITH_GROUP_MASKS if masked else VERSION
        self._file.write(MAGIC + f"v{version:03d}\0".encode())
        self._file.write(struct.pack(">4I", stack.width, stack.height, 0, PRECISION[stack.dtype.itemsize]))
        self._file.write(_property(Property.COMPRESSION, "B", ZLIB))
        resolution = stored_resolution(stack.resolution)
        if resolution:
            self._file.write(_property(Property.RESOLUTION, "2f", *resolution))
        parasites = _parasite(MANIFEST, manifest.dumps(stack))
        if self._clips:
            parasites += _parasite(CLIPS, self._clips)
        if stack.credits:
            parasites += _parasite(CREDITS, credits_told.for_gimp(stack.credits))
        if stack.icc:
            parasites = _parasite(ICC, stack.icc) + parasites
        self._file.write(_raw(Property.PARASITES, parasites) + _property(Property.END))
        links = self._links(len(self._items))
        self._links(0)  # no channels
        self._patch(links, [self._item(item) for item in self._items])

    def _links(self, count: int) -> int:
        """Room for so many pointers and the 0 behind them; where it begins."""
        start = self._file.tell()
        self._file.write(bytes(_LINK.size * (count + 1)))
        return start

    def _patch(self, start: int, links: list[int]) -> None:
        self._file.seek(start)
        self._file.write(b"".join(map(_LINK.pack, links)))
        self._file.seek(0, io.SEEK_END)

    def _item(self, item: _Item) -> int:
        start = self._file.tell()
        self._file.write(struct.pack(">3I", *item.place[2:], _RGBA) + _string(item.name) + _properties(item))
        links = self._links(1)
        pixels = None if item.layer is None else item.layer.pixels
        if pixels is not None and not pixels.size:
            pixels = np.zeros((1, 1, 4), pixels.dtype)
        rows = () if pixels is None else (pixels[row : row + TILE] for row in range(0, len(pixels), TILE))
        hierarchy = self._hierarchy(item.place, 4, iter(rows))
        mask = item.setting.mask
        self._patch(links, [hierarchy, 0 if mask is None else self._mask(item, mask)])
        return start

    def _mask(self, item: _Item, mask: LayerMask) -> int:
        """A channel of the size of its layer."""
        start = self._file.tell()
        self._file.write(struct.pack(">2I", *item.place[2:]) + _string(f"{item.name} mask"))
        self._file.write(_property(Property.OPACITY, "I", 255) + _property(Property.VISIBLE, "I", 1))
        self._file.write(_property(Property.END))
        link = self._file.tell()
        self._file.write(bytes(_LINK.size))
        self._patch(link, [self._hierarchy(item.place, 1, xcf_masks.bands(mask, item.place, TILE))])
        return start

    def _hierarchy(self, place: Place, channels: int, rows: Iterator[np.ndarray]) -> int:
        """The pixels, row of tiles after row of tiles; a group has none, GIMP makes them."""
        start, size = self._file.tell(), struct.pack(">2I", *place[2:])
        self._file.write(size + struct.pack(">I", channels * self._stack.dtype.itemsize))
        link = self._links(1)
        level = self._file.tell()
        self._patch(link, [level])
        self._file.write(size)
        across, down = (-(-side // TILE) for side in place[2:])
        packed = in_order(_packed_row, rows)
        row = next(packed, None)
        links = self._links(0 if row is None else across * down)
        tiles: list[int] = []
        while row is not None:
            for tile in row:
                tiles.append(self._file.tell())
                self._file.write(tile)
            row = next(packed, None)
        self._patch(links, tiles)
        return start


def _packed_row(row: np.ndarray) -> list[bytes]:
    return [_packed(row[:, left : left + TILE]) for left in range(0, row.shape[1], TILE)]


def _packed(tile: np.ndarray) -> bytes:
    return zlib.compress(np.ascontiguousarray(tile, tile.dtype.newbyteorder(">")), 1)


def _properties(item: _Item) -> bytes:
    """In GIMP's own order: a group must be known as one first, and the mode before what it blends on."""
    setting, step = item.setting, round(item.setting.opacity * 255)
    found = [_property(Property.GROUP_ITEM)] if item.layer is None else []
    if len(item.path) > 1:
        found.append(_property(Property.ITEM_PATH, f"{len(item.path)}I", *item.path))
    found += [
        _property(Property.OPACITY, "I", step),
        _property(Property.FLOAT_OPACITY, "f", step / 255),
        _property(Property.VISIBLE, "I", setting.visible),
        _property(Property.OFFSETS, "2i", *item.place[:2]),
        _property(Property.MODE, "I", item.mode),
        _property(Property.BLEND_SPACE, "i", PERCEPTUAL),
        _property(Property.COMPOSITE_SPACE, "i", PERCEPTUAL),
        _property(Property.COMPOSITE_MODE, "i", CLIP if item.layer and item.layer.clipped else UNION),
    ]
    locks = stored_locks(setting.locks, item.layer is None)
    found += [_property(kind, "I", 1) for lock, kind in LOCKED_BY.items() if lock in locks]
    if setting.mask is not None:
        found.append(_property(Property.APPLY_MASK, "I", setting.mask.active))
        block = xcf_masks.dumps(setting.mask, item.place, TILE)
        found.append(_raw(Property.PARASITES, _parasite(MASK, block)))
    return b"".join([*found, _property(Property.END)])
