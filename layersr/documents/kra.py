"""Krita documents: read only, as far as a stack of pixel layers can say the same.

A zip with the layer tree in `maindoc.xml` and every layer's pixels as tiles, each raw or packed by LZF (M. Lehmann's
LibLZF) with its bytes parted by channel. Source: Krita's own code, libs/image/tiles3 and plugins/impex/libkra. What has
no counterpart here is dropped (filters, vector shapes, fills, clones), and each such thing adds a sentence to
`LayerStack.notes`; of several transparency masks on one layer the product is kept.
"""

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar
from xml.etree import ElementTree

import numpy as np

from layersr import color
from layersr.arrays import Pixels
from layersr.documents.archive import load, one_depth, parse
from layersr.documents.bounded import bounded
from layersr.documents.guard import check_size, reading
from layersr.documents.kra_tiles import Raster, read_tiles
from layersr.documents.named_groups import Groups
from layersr.errors import InputError
from layersr.flattening import multiply
from layersr.layers import PASS_THROUGH, Group, Layer, LayerMask, LayerStack

MIMETYPE = "application/x-krita"
NAMESPACE = "{http://www.calligra.org/DTD/krita}"

SPACES = {"RGBA": (np.uint8, 4), "RGBA16": (np.uint16, 4), "GRAYA": (np.uint8, 2), "GRAYAU16": (np.uint16, 2)}
"""Colour spaces by Krita's name: depth and channels."""

NAMES = {
    "dodge": "color-dodge",
    "burn": "color-burn",
    "hard_light": "hard-light",
    "soft_light": "soft-light",
    "soft_light_svg": "soft-light",
    "diff": "difference",
    "plus": "add",
    "linear_burn": "linear-burn",
    "darker color": "darker-color",
    "lighter color": "lighter-color",
    "vivid_light": "vivid-light",
    "linear light": "linear-light",
    "pin_light": "pin-light",
    "hard mix": "hard-mix",
}
"""Krita's names of blend modes that differ from ours."""

KINDS = {
    "adjustmentlayer": "a filter layer",
    "generatorlayer": "a fill layer",
    "shapelayer": "a vector layer",
    "clonelayer": "a clone layer",
    "filelayer": "a file layer",
    "filtermask": "a filter mask",
    "transformmask": "a transform mask",
    "colorizemask": "a colorize mask",
}


def read(path: Path) -> LayerStack:
    """Read a Krita document. What it cannot keep is said in `notes`.

    Raises:
        InputError: the file does not exist, is damaged or malicious, is no Krita document, or has another colour model.
    """
    with reading(path, "Krita document"), zipfile.ZipFile(path) as archive:
        if load(archive, "mimetype", 1024).strip() not in (MIMETYPE.encode(), b"application/x-kra"):
            raise InputError(f"{path} is a zip file, but no Krita document.")
        image = parse(archive, "maindoc.xml", doctype=True).find(f"{NAMESPACE}IMAGE")
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
        self._groups: dict[tuple[str, ...], Group] = {}
        self._named = Groups(self._groups, self._notes)
        check_size(self._width, self._height, "canvas")
        if not self._width or not self._height:
            raise InputError(f"{path} has an empty canvas.")

    def stack(self) -> LayerStack:
        layers = one_depth(list(self._layers(self._image, ()))[::-1], self._notes)
        deep = bool(layers) and layers[0].pixels.dtype == np.uint16
        x, y = (float(self._image.get(f"{axis}-res", "0").replace(",", ".")) for axis in "xy")
        resolution = (x, y) if x > 0 and y > 0 else None
        return LayerStack(
            self._width,
            self._height,
            tuple(_masked_alike(layer, deep) for layer in layers),
            self._profile(),
            resolution,
            groups={path: _masked_alike(group, deep) for path, group in self._groups.items()},
            notes=tuple(self._notes),
        )

    def _profile(self) -> bytes | None:
        name = f"{self._image.get('name', '')}/annotations/icc"
        if name not in self._archive.namelist():
            return None
        icc = load(self._archive, name, 2**26)
        return None if icc == color.srgb_profile() else icc

    def _layers(self, parent: ElementTree.Element, around: tuple[tuple[int, str, Group], ...]) -> Iterator[Layer]:
        """The layers in a group, uppermost first."""
        for node in parent.iterfind(f"{NAMESPACE}layers/{NAMESPACE}layer"):
            name, kind = node.get("name", ""), node.get("nodetype", "")
            visible = node.get("visible", "1") != "0"
            step = min(255, max(0, int(node.get("opacity", "255"))))
            opacity = 1.0 if step == 255 else step / 255
            mode = node.get("compositeop", "normal")
            blend = NAMES.get(mode, mode.replace("_", "-"))
            if kind == "grouplayer":
                through = node.get("passthrough") == "1" or mode == "passthrough"
                group = Group(opacity, visible, PASS_THROUGH if through else blend, self._mask(node, name))
                yield from self._layers(node, (*around, (id(node), name, group)))
            elif kind == "paintlayer":
                path = self._named.path(around)
                bare = Layer(name, np.zeros((0, 0, 4), np.uint8), 0, 0, opacity, visible, blend, path)
                yield self._paint(node, bare)
            else:
                self._notes.append(f"“{name}” is {KINDS.get(kind, kind)} and was left out.")

    def _paint(self, node: ElementTree.Element, bare: Layer) -> Layer:
        if node.get("channelflags", "").endswith("0"):
            self._notes.append(f"“{bare.name}” inherits the transparency of what is below it; that was left out.")
        space = node.get("colorspacename", self._image.get("colorspacename", ""))
        if space not in SPACES:
            raise InputError(
                f"The layer “{bare.name}” of {self._path} is {space or 'of no known colour model'}; layersr reads RGB "
                "and grey at 8 and 16 bit. Convert it in Krita (Image > Convert Image Color Space) and save it again."
            )
        dtype, channels = SPACES[space]
        raster = self._raster(node, node.attrib["filename"], np.dtype(dtype), channels)
        left, top = raster.left, raster.top
        if raster.elsewhere[-1]:  # it goes on without end: as far as the canvas shows it
            left, top = min(left, 0), min(top, 0)
            right = max(raster.left + raster.values.shape[1], self._width)
            bottom = max(raster.top + raster.values.shape[0], self._height)
            values = raster.over(left, top, right - left, bottom - top)
        else:
            values = raster.values
        # Krita stores blue first.
        pixels = np.ascontiguousarray(values[..., (0, 0, 0, 1) if channels == 2 else (2, 1, 0, 3)])
        return _trimmed(replace(bare, mask=self._mask(node, bare.name)), pixels, left, top)

    def _mask(self, node: ElementTree.Element, name: str) -> LayerMask | None:
        """The transparency masks of a layer or group, as one; others are told of."""
        masks = []
        places = ("masks", "layers")  # those of a group stand among its layers
        for mask in (mask for place in places for mask in node.iterfind(f"{NAMESPACE}{place}/{NAMESPACE}mask")):
            kind = mask.get("nodetype", "")
            if kind == "transparencymask":
                part = f"{mask.attrib['filename']}.pixelselection"
                masks.append((self._raster(mask, part, np.dtype(np.uint8), 1), mask.get("visible", "1") != "0"))
            elif kind != "selectionmask" and mask.get("visible", "1") != "0":
                self._notes.append(f"“{name}” has {KINDS.get(kind, 'a mask')}, which was left out.")
        if not masks:
            return None
        active = [raster for raster, shown in masks if shown]
        if len(masks) > 1:
            self._notes.append(f"The masks of “{name}” were made one.")
        made, *more = (self._bounded(raster) for raster in active or [masks[0][0]])
        for other in more:
            made = _both(made, other)
        return replace(made, active=bool(active))

    def _bounded(self, raster: Raster) -> LayerMask:
        canvas = (0, 0, self._width, self._height)
        return bounded(raster.values[..., 0], raster.left, raster.top, int(raster.elsewhere[-1]), canvas)

    def _raster(self, node: ElementTree.Element, part: str, dtype: np.dtype, channels: int) -> Raster:
        data, default = load(self._archive, self._folder + part), b""
        if f"{self._folder}{part}.defaultpixel" in self._archive.namelist():
            default = load(self._archive, f"{self._folder}{part}.defaultpixel", 1024)
        at = int(node.get("x", "0")), int(node.get("y", "0"))
        raster = read_tiles(data, default, dtype, channels, (self._width, self._height), at)
        if raster.cut:
            self._notes.append(f"“{node.get('name', '')}” goes on far beyond the canvas; that part was left out.")
        return raster


Owner = TypeVar("Owner", Layer, Group)


def _masked_alike(owner: Owner, deep: bool) -> Owner:
    """The layer or group with its mask at the layers' depth; Krita's masks have 8 bits."""
    if owner.mask is None or not deep:
        return owner
    return replace(owner, mask=replace(owner.mask, values=owner.mask.values.astype(np.uint16) * 257))


def _both(a: LayerMask, b: LayerMask) -> LayerMask:
    left, top = min(a.left, b.left), min(a.top, b.top)
    right = max(m.left + m.values.shape[1] for m in (a, b))
    bottom = max(m.top + m.values.shape[0] for m in (a, b))
    one, other = (m.over(left, top, right - left, bottom - top) for m in (a, b))
    return LayerMask(multiply(one, other), left, top, a.beyond and b.beyond)


def _trimmed(bare: Layer, pixels: Pixels, left: int, top: int) -> Layer:
    """The layer with these pixels, without what is transparent around them."""
    rows, columns = (np.flatnonzero(pixels[..., 3].any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return replace(bare, pixels=pixels[:0, :0])
    part = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return replace(bare, pixels=part.copy(), left=left + int(columns[0]), top=top + int(rows[0]))
