"""Krita documents read: as far as a stack of pixel layers can say the same.

A zip with the layer tree in `maindoc.xml` and every layer's pixels as tiles, each raw or packed by LZF (M. Lehmann's
LibLZF) with its bytes parted by channel. Source: Krita's own code, libs/image/tiles3 and plugins/impex/libkra. What has
no counterpart here is dropped (filters, vector shapes, fills, clones), and each such thing adds a sentence to
`LayerStack.notes`; of several transparency masks on one layer the product is kept. A layer that inherits the
transparency of what is below it is clipped where that is one layer and what is clipped to it, alone in their group.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from xml.etree import ElementTree

import numpy as np

from layersr import color
from layersr.arrays import Pixels, Plane
from layersr.documents import kra_marks, manifest
from layersr.documents.archive import MAX_MEMBER, holds, load, one_depth, parse
from layersr.documents.bounded import bounded
from layersr.documents.guard import check_depth, check_size, reading
from layersr.documents.kra_marks import Mark
from layersr.documents.kra_nodes import (
    KINDS,
    TAG,
    inherits,
    is_group,
    is_plain,
    is_visible,
    locks_of,
    masks_of,
    nodes_of,
    on_the_lowest,
    opacity_of,
    passes_through,
    place_of,
)
from layersr.documents.kra_spelling import EXACT, MANIFEST, MARKS, MIMETYPE, SPACES, SPELLING, blend_of
from layersr.documents.kra_tiles import Raster, read_tiles
from layersr.documents.named_groups import Groups
from layersr.errors import InputError
from layersr.flattening import multiply
from layersr.layers import PASS_THROUGH, Group, Layer, LayerMask, LayerStack

TILES = 16
"""So many times its canvas, or its own size, a layer's tiles may be: some lie far off."""


def read(path: Path) -> LayerStack:
    """Read a Krita document. What it cannot keep is said in `notes`.

    Raises:
        InputError: the file does not exist, is damaged or malicious, is no Krita document, or has another colour model.
    """
    with reading(path, "Krita document"), zipfile.ZipFile(path) as archive:
        if load(archive, "mimetype", 1024).strip() not in (MIMETYPE.encode(), b"application/x-kra"):
            raise InputError(f"{path} is a zip file, but no Krita document.")
        image = parse(archive, "maindoc.xml", doctype=True).find(f"{TAG}IMAGE")
        if image is None:
            raise InputError(f"{path} describes no image.")
        return _Reader(archive, path, image).stack()


class _Reader:
    """The layers of one document."""

    def __init__(self, archive: zipfile.ZipFile, path: Path, image: ElementTree.Element) -> None:
        self._archive, self._path, self._image = archive, path, image
        self._width, self._height = int(image.attrib["width"]), int(image.attrib["height"])
        self._folder = f"{image.get('name', '')}/layers/"
        self._notes: list[str] = []
        self._taken: set[str] = set()  # parts are read once: else a small file would make many large layers
        self._groups: dict[tuple[str, ...], Group] = {}
        self._named = Groups(self._groups, self._notes)
        check_size(self._width, self._height, "canvas")
        block = self._annotation(MARKS)
        self._marks = kra_marks.loads(block) if block else {}
        if not self._width or not self._height:
            raise InputError(f"{path} has an empty canvas.")

    def stack(self) -> LayerStack:
        layers = one_depth(list(self._layers(self._image, ()))[::-1], self._notes)
        deep = bool(layers) and layers[0].pixels.dtype == np.uint16
        x, y = (float(self._image.get(f"{axis}-res", "0").replace(",", ".")) for axis in "xy")
        bare = LayerStack(
            self._width,
            self._height,
            tuple(_masked_alike(layer, deep) for layer in layers),
            self._profile(),
            (x, y) if x > 0 and y > 0 else None,
            groups={path: _masked_alike(group, deep) for path, group in self._groups.items()},
            notes=tuple(self._notes),
        )
        block = self._annotation(MANIFEST)
        return manifest.loads(block, bare, SPELLING) if block else bare

    def _annotation(self, kind: str) -> bytes:
        """Its bytes; none where it is not there."""
        name = f"{self._image.get('name', '')}/annotations/{kind}"
        return load(self._archive, name) if holds(self._archive, name) else b""

    def _profile(self) -> bytes | None:
        icc = self._annotation("icc")
        return None if not icc or _undated(icc) == _undated(color.srgb_profile()) else icc

    def _mark(self, node: ElementTree.Element) -> Mark:
        return self._marks.get(node.get("uuid", ""), Mark())

    def _layers(self, parent: ElementTree.Element, around: tuple[tuple[int, str, Group], ...]) -> Iterator[Layer]:
        """The layers in a group, uppermost first."""
        check_depth(len(around))
        nodes = nodes_of(parent)
        isolated = not around or around[-1][2].blend != PASS_THROUGH
        clipped = on_the_lowest(nodes) if isolated else 0
        for index, node in enumerate(nodes):
            name, kind = node.get("name", ""), node.get("nodetype", "")
            alone = self._mark(node).clipped and (node is nodes[-1] or is_group(nodes[index + 1]))
            if kind == "grouplayer" and self._holds(node):
                yield from self._clipping(node, around)
            elif kind == "grouplayer":
                yield from self._layers(node, (*around, (id(node), name, self._group(node))))
            elif kind == "paintlayer":
                on_it = index in range(len(nodes) - 1 - clipped, len(nodes) - 1)
                if inherits(node) and not on_it:
                    self._notes.append(f"“{name}” inherits the transparency of what is below it; that was left out.")
                yield replace(self._paint(node, around), clipped=on_it or alone)
            else:
                self._notes.append(f"“{name}” is {KINDS.get(kind, kind)} and was left out.")

    def _group(self, node: ElementTree.Element) -> Group:
        blend = blend_of(node.get("compositeop", "normal"))
        if passes_through(node) or (self._mark(node).through and blend == "normal"):
            blend = PASS_THROUGH
        mask = self._mask(node, node.get("name", ""))
        return Group(opacity_of(node), is_visible(node), blend, mask, locks_of(node))

    def _holds(self, node: ElementTree.Element) -> bool:
        """Whether a group still is one that we wrote only to clip layers to its lowest."""
        nodes = nodes_of(node)
        whole = len(nodes) > 1 and on_the_lowest(nodes) == len(nodes) - 1
        return self._mark(node).holds and whole and is_plain(nodes[-1]) and not passes_through(node)

    def _clipping(self, node: ElementTree.Element, around: tuple[tuple[int, str, Group], ...]) -> Iterator[Layer]:
        """A base and what is clipped to it, out of the group that holds them."""
        *clipped, base = nodes_of(node)
        for layer in clipped:
            yield replace(self._paint(layer, around), clipped=True)
        group, alone = self._group(node), self._mark(base).clipped
        lowest = replace(self._paint(base, around), opacity=group.opacity, visible=group.visible)
        yield replace(lowest, blend=group.blend, mask=group.mask, clipped=alone)

    def _paint(self, node: ElementTree.Element, around: tuple[tuple[int, str, Group], ...]) -> Layer:
        """A layer of pixels."""
        name = node.get("name", "")
        path = self._named.path(around)
        blend = blend_of(node.get("compositeop", "normal"))
        bare = Layer(name, np.zeros((0, 0, 4), np.uint8), 0, 0, opacity_of(node), is_visible(node), blend, path)
        bare = replace(bare, locks=locks_of(node))
        space = node.get("colorspacename", self._image.get("colorspacename", ""))
        if space not in SPACES:
            raise InputError(
                f"The layer “{name}” of {self._path} is {space or 'of no known colour model'}; layersr reads RGB "
                "and grey at 8 and 16 bit. Convert it in Krita (Image > Convert Image Color Space) and save it again."
            )
        dtype, channels = SPACES[space]
        raster = self._raster(node, node.attrib["filename"], np.dtype(dtype), channels)
        bare = replace(bare, mask=self._mask(node, name))
        order = (0, 0, 0, 1) if channels == 2 else (2, 1, 0, 3)  # Krita stores blue first
        left, top = place_of(node)
        own = None if raster.elsewhere[-1] else _own(raster, (left, top), self._mark(node))
        if own is not None:
            found = replace(bare, pixels=np.ascontiguousarray(own[..., order]), left=left, top=top)
        else:
            values, left, top = raster.values, raster.left, raster.top
            if raster.elsewhere[-1]:
                values, left, top = self._everywhere(raster)
            found = _trimmed(bare, np.ascontiguousarray(values[..., order]), left, top)
        check_size(found.width, found.height, "layer", 4 * found.pixels.itemsize)
        return found

    def _everywhere(self, raster: Raster) -> tuple[np.ndarray, int, int]:
        """What goes on without end, as far as the canvas shows it: values, left, top."""
        left, top = min(raster.left, 0), min(raster.top, 0)
        width = max(raster.left + raster.values.shape[1], self._width) - left
        height = max(raster.top + raster.values.shape[0], self._height) - top
        check_size(width, height, "layer", raster.elsewhere.nbytes, kept=False)
        return raster.over(left, top, width, height), left, top

    def _mask(self, node: ElementTree.Element, name: str) -> LayerMask | None:
        """The transparency masks of a layer or group, as one; others are told of."""
        masks = []
        for mask in masks_of(node):
            kind = mask.get("nodetype", "")
            if kind == "transparencymask":
                masks.append((self._one_mask(mask), is_visible(mask)))
            elif kind != "selectionmask" and is_visible(mask):
                self._notes.append(f"“{name}” has {KINDS.get(kind, 'a mask')}, which was left out.")
        if not masks:
            return None
        active = [mask for mask, shown in masks if shown]
        if len(masks) > 1:
            self._notes.append(f"The masks of “{name}” were made one.")
        made, *more = active or [masks[0][0]]
        for other in more:
            made = _both(made, other)
        return replace(made, active=bool(active))

    def _one_mask(self, node: ElementTree.Element) -> LayerMask:
        part = node.attrib["filename"]
        raster = self._raster(node, f"{part}.pixelselection", np.dtype(np.uint8), 1)
        check_size(*raster.values.shape[1::-1], "mask", raster.values.itemsize)
        beyond, (left, top) = int(raster.elsewhere[-1]), place_of(node)
        own = _own(raster, (left, top), self._mark(node))
        if own is None or beyond not in (0, 255):
            return bounded(raster.values[..., 0], raster.left, raster.top, beyond, (0, 0, self._width, self._height))
        return LayerMask(self._exact(part, own[..., 0]), left, top, beyond == 255)

    def _exact(self, part: str, values: Plane) -> Plane:
        """A mask's 16 bits, where they are kept and still say what its 8 do."""
        if not holds(self._archive, f"{self._folder}{part}{EXACT}"):
            return values
        fine = np.frombuffer(load(self._archive, f"{self._folder}{part}{EXACT}", 2 * values.size), "<u2")
        if fine.size != values.size:
            return values
        fine = fine.reshape(values.shape).astype(np.uint16)
        return fine if np.array_equal(color.to_8bit(fine), values) else values

    def _raster(self, node: ElementTree.Element, part: str, dtype: np.dtype, channels: int) -> Raster:
        if part in self._taken:
            raise ValueError("its layers lie in one another")
        self._taken.add(part)
        size = self._mark(node).size or (0, 0)
        check_size(*size, "layer", channels * dtype.itemsize, kept=False)
        whole = TILES * max(self._width * self._height, size[0] * size[1])
        most = 2**26 + whole * channels * dtype.itemsize
        data, default = load(self._archive, self._folder + part, min(MAX_MEMBER, most)), b""
        if holds(self._archive, f"{self._folder}{part}.defaultpixel"):
            default = load(self._archive, f"{self._folder}{part}.defaultpixel", 1024)
        raster = read_tiles(data, default, dtype, channels, (self._width, self._height), place_of(node), size)
        if raster.cut:
            self._notes.append(f"“{node.get('name', '')}” goes on far beyond the canvas; that part was left out.")
        return raster


def _undated(profile: bytes) -> bytes:
    """A profile without the date in it, which Krita writes anew."""
    return profile[:24] + profile[36:]


def _own(raster: Raster, at: tuple[int, int], mark: Mark) -> np.ndarray | None:
    """The values as large as they were written, unless there are others around them now."""
    if mark.size is None:
        return None
    width, height = mark.size
    first, upper = max(0, at[0] - raster.left), max(0, at[1] - raster.top)
    last, lower = max(0, at[0] + width - raster.left), max(0, at[1] + height - raster.top)
    values = raster.values
    around = (values[:upper], values[lower:], values[:, :first], values[:, last:])
    return None if any((part != raster.elsewhere).any() for part in around) else raster.over(*at, width, height)


Owner = TypeVar("Owner", Layer, Group)


def _masked_alike(owner: Owner, deep: bool) -> Owner:
    """The layer or group with its mask at the layers' depth; Krita's masks have 8 bits."""
    if owner.mask is None or deep == (owner.mask.values.dtype == np.uint16):
        return owner
    values = owner.mask.values
    return replace(
        owner, mask=replace(owner.mask, values=values.astype(np.uint16) * 257 if deep else color.to_8bit(values))
    )


def _both(a: LayerMask, b: LayerMask) -> LayerMask:
    if a.values.dtype != b.values.dtype:
        a, b = (replace(mask, values=color.to_8bit(mask.values)) for mask in (a, b))
    left, top = min(a.left, b.left), min(a.top, b.top)
    right = max(m.left + m.values.shape[1] for m in (a, b))
    bottom = max(m.top + m.values.shape[0] for m in (a, b))
    check_size(right - left, bottom - top, "mask", a.values.itemsize, kept=False)
    one, other = (m.over(left, top, right - left, bottom - top) for m in (a, b))
    return LayerMask(multiply(one, other), left, top, a.beyond and b.beyond)


def _trimmed(bare: Layer, pixels: Pixels, left: int, top: int) -> Layer:
    """The layer with these pixels, without what is transparent around them."""
    rows, columns = (np.flatnonzero(pixels[..., 3].any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return replace(bare, pixels=pixels[:0, :0].copy())
    part = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return replace(bare, pixels=part.copy(), left=left + int(columns[0]), top=top + int(rows[0]))
