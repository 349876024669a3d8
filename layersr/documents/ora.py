"""OpenRaster: a zip of PNGs and a tree in XML. Read by Krita, MyPaint, Pinta and GIMP 3.

It has no masks of layers: what they hide is written as transparency. Nor has it adjustments, which are left out. Masks
of groups and clipping are said by its composite operators (`ora_masks`).
A group that passes through is one of isolation "auto", which the specification lets blend with what is below where it
is opaque and normal.

Source: the OpenRaster specification, https://www.openraster.org.
"""

import math
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from layersr import color
from layersr.arrays import Pixels
from layersr.atomic import replacing_file
from layersr.documents import manifest, ora_masks, png, xmp
from layersr.documents.archive import holds, load, load_picture, member, one_depth, parse, stored_text
from layersr.documents.guard import check_depth, check_size, reading
from layersr.documents.merged import Thumbnail, encoded
from layersr.documents.named_groups import Groups
from layersr.errors import InputError
from layersr.groups import walk
from layersr.layers import LOCKS, PASS_THROUGH, Group, Layer, LayerStack, Locks

OPERATORS = {
    "normal": "svg:src-over",
    "multiply": "svg:multiply",
    "screen": "svg:screen",
    "overlay": "svg:overlay",
    "darken": "svg:darken",
    "lighten": "svg:lighten",
    "color-dodge": "svg:color-dodge",
    "color-burn": "svg:color-burn",
    "hard-light": "svg:hard-light",
    "soft-light": "svg:soft-light",
    "difference": "svg:difference",
    "exclusion": "krita:exclusion",
    "add": "svg:plus",
    "hue": "svg:hue",
    "saturation": "svg:saturation",
    "color": "svg:color",
    "luminosity": "svg:luminosity",
    ora_masks.KEEPS: "svg:dst-in",
}
"""Blend modes by name to OpenRaster's composite operators."""

_NAMES = {operator: name for name, operator in OPERATORS.items()} | {"svg:exclusion": "exclusion"}

MANIFEST = "layersr.manifest"
MIMETYPE = "image/openraster"
THUMBNAIL = 256


def stored_blend(blend: str) -> str:
    """A blend mode as OpenRaster keeps it; what it has no operator for becomes normal."""
    return blend if blend in OPERATORS else "normal"


def stored_resolution(resolution: tuple[float, float] | None) -> tuple[float, float] | None:
    """Pixels per inch as OpenRaster keeps them: whole numbers."""
    return None if resolution is None else (float(round(resolution[0])), float(round(resolution[1])))


def stored_locks(locks: Locks, _: bool = False) -> Locks:
    """Locks as OpenRaster keeps them, with the word that Krita and MyPaint added: all or none."""
    return LOCKS if "pixels" in locks else frozenset()


SPELLING = manifest.Spelling(stored_text, stored_blend, stored_resolution, stored_locks)


def write(stack: LayerStack, path: Path, merged: Pixels | None = None) -> None:
    """Write an OpenRaster file.

    Laws: `read(write(s)) == s`, but for masks of layers and the like, see the module's text; the same stack gives the
    same bytes; a failed or interrupted write leaves nothing.

    Args:
        stack: what to write; opacity is kept in 256 steps.
        path: the file.
        merged: `flatten(stack)`, where the caller has it already.

    Raises:
        OutputError: the place cannot be written.
    """
    bare = ora_masks.without_layer_masks(stack.with_layers(tuple(x for x in stack.layers if x.adjustment is None)))
    with replacing_file(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        _write_archive(bare, archive, merged)


def _write_archive(stack: LayerStack, archive: zipfile.ZipFile, merged: Pixels | None) -> None:
    spelled, marks = ora_masks.spelled(stack)
    icc = stack.icc or color.srgb_profile()

    def write_picture(
        name: str, packed: Iterator[png.Strip], width: int, height: int, dtype: np.dtype, said: bytes | None = None
    ) -> None:
        with archive.open(member(name), "w", force_zip64=width * height * dtype.itemsize * 4 > 2**31) as file:
            png.assemble(file, packed, width, height, dtype, icc, stack.resolution, said)

    archive.writestr(member("mimetype"), MIMETYPE)  # first and stored, so that it can be told by its first bytes
    archive.writestr(member("stack.xml", zipfile.ZIP_DEFLATED), _xml(spelled))
    pictures = [x.pixels if x.pixels.size else np.zeros((1, 1, 4), stack.dtype) for x in spelled.layers]
    for index, (pixels, packed) in enumerate(zip(pictures, png.packed(pictures), strict=True)):
        write_picture(_source(index), packed, pixels.shape[1], pixels.shape[0], stack.dtype)
    thumbnail = Thumbnail(stack.width, stack.height, THUMBNAIL, stack.dtype)
    packed = encoded(stack, merged, png.pack, thumbnail)
    said = xmp.packet(stack.credits, stack.recipe, MIMETYPE)
    write_picture("mergedimage.png", packed, stack.width, stack.height, stack.dtype, said)
    small = thumbnail.pixels()
    (packed,) = png.packed([small])
    write_picture("Thumbnails/thumbnail.png", packed, small.shape[1], small.shape[0], small.dtype)
    archive.writestr(member(MANIFEST), manifest.dumps(stack))
    if marks != ora_masks.Marks():
        archive.writestr(member(ora_masks.MARKS), marks.dumps())


def _source(index: int) -> str:
    return f"data/layer{index:03d}.png"


def _xml(stack: LayerStack) -> bytes:
    image = ElementTree.Element("image", version="0.0.5", w=str(stack.width), h=str(stack.height))
    resolution = stored_resolution(stack.resolution)
    if resolution:
        image.set("xres", str(int(resolution[0])))
        image.set("yres", str(int(resolution[1])))
    parents = [ElementTree.SubElement(image, "stack")]
    path: tuple[str, ...] = ()
    index = len(stack.layers)
    for kind, what in walk(stack.layers[::-1]):  # uppermost first
        if kind == "open":
            path = (*path, what)
            attributes = {"name": stored_text(what), **_group_attributes(stack.groups.get(path, Group()))}
            parents.append(ElementTree.SubElement(parents[-1], "stack", attributes))
        elif kind == "close":
            parents.pop()
            path = path[:-1]
        else:
            index -= 1
            attributes = {
                "name": stored_text(what.name),
                "src": _source(index),
                "x": str(what.left),
                "y": str(what.top),
                "opacity": _stored_opacity(what.opacity),
                "visibility": "visible" if what.visible else "hidden",
                "composite-op": OPERATORS[stored_blend(what.blend)],
            }
            ElementTree.SubElement(parents[-1], "layer", attributes | _locked(what.locks))
    return ElementTree.tostring(image, encoding="UTF-8", xml_declaration=True)


def _stored_opacity(opacity: float) -> str:
    """Krita takes floor(opacity * 255), so n/255 is rounded up."""
    return f"{math.ceil(round(opacity * 255) / 255 * 10**6) / 10**6:.6f}"


def _locked(locks: Locks) -> dict[str, str]:
    return {"edit-locked": "true"} if stored_locks(locks) else {}


def _group_attributes(group: Group) -> dict[str, str]:
    found = {"isolation": "auto" if group.blend == PASS_THROUGH else "isolate"} | _locked(group.locks)
    if not group.plain:
        found["opacity"] = _stored_opacity(group.opacity)
        found["visibility"] = "visible" if group.visible else "hidden"
    if group.blend not in (PASS_THROUGH, "normal"):
        found["composite-op"] = OPERATORS[stored_blend(group.blend)]
    return found


def read(path: Path) -> LayerStack:
    """Read an OpenRaster file. What it cannot keep is said in `notes`.

    Raises:
        InputError: the file does not exist, is damaged or malicious, or is no OpenRaster file.
    """
    with reading(path, "OpenRaster file"), zipfile.ZipFile(path) as archive:
        return _read_archive(archive, path)


def _parse(archive: zipfile.ZipFile) -> ElementTree.Element:
    root = parse(archive, "stack.xml")
    if root.tag != "image":
        raise InputError(f"The stack.xml of {archive.filename} describes no image.")
    return root


def _read_archive(archive: zipfile.ZipFile, path: Path) -> LayerStack:
    if load(archive, "mimetype", 1024).strip() != MIMETYPE.encode():
        raise InputError(f"{path} is a zip file, but no OpenRaster file.")
    image = _parse(archive)
    width, height = int(image.attrib["w"]), int(image.attrib["h"])
    check_size(width, height, "canvas")
    if width == 0 or height == 0:
        raise InputError(f"{path} has an empty canvas.")
    root = image.find("stack")
    notes: list[str] = []
    groups: dict[tuple[str, ...], Group] = {}
    layers = [] if root is None else list(_layers(_Pictures(archive), root, (), Groups(groups, notes), notes))[::-1]
    resolution = None
    if "xres" in image.attrib:
        xres = float(image.attrib["xres"])
        resolution = xres, float(image.get("yres", xres))
    layers = one_depth(layers, notes)
    stack = LayerStack(width, height, layers, _profile(archive, image), resolution, notes=tuple(notes), groups=groups)
    marks = ora_masks.Marks()
    if holds(archive, ora_masks.MARKS):
        marks = ora_masks.Marks.loads(load(archive, ora_masks.MARKS))
    stack = ora_masks.meant(stack, marks)
    if holds(archive, MANIFEST):
        stack = manifest.loads(load(archive, MANIFEST), stack, SPELLING)
    return stack


class _Pictures:
    """The pictures of layers; one that several share is in memory once."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._known: dict[str, Pixels] = {}

    def of(self, layer: ElementTree.Element) -> Pixels:
        source = layer.attrib["src"]
        if source not in self._known:
            try:
                self._known[source] = png.decode(load_picture(self._archive, source))
            except InputError as error:
                raise InputError(f"{self._archive.filename}, layer “{layer.get('name', '')}”: {error}") from error
        return self._known[source]


def _layers(
    pictures: _Pictures,
    element: ElementTree.Element,
    around: tuple[tuple[int, str, Group], ...],
    named: Groups,
    notes: list[str],
) -> Iterator[Layer]:
    """The layers in a stack, uppermost first."""
    check_depth(len(around))
    for child in element:
        name = child.get("name", "")
        visible = child.get("visibility", "visible") != "hidden"
        opacity, blend = _opacity(child), _blend(child.get("composite-op", "svg:src-over"))
        locks = LOCKS if child.get("edit-locked") == "true" else frozenset()
        if child.tag == "stack":
            through = blend == "normal" and child.get("isolation", "auto") == "auto"
            group = Group(opacity, visible, PASS_THROUGH if through else blend, locks=locks)
            yield from _layers(pictures, child, (*around, (id(child), name, group)), named, notes)
        elif child.tag == "layer" and child.get("src", "").lower().endswith(".png"):
            left, top = (int(float(child.get(axis, "0"))) for axis in "xy")
            yield Layer(name, pictures.of(child), left, top, opacity, visible, blend, named.path(around), locks=locks)
        else:
            notes.append(f"“{name}” is no layer of pixels ({child.get('src') or child.tag}) and was left out.")


def _opacity(element: ElementTree.Element) -> float:
    value = min(1.0, max(0.0, float(element.get("opacity", "1"))))
    step = round(value * 255)
    return step / 255 if abs(value * 255 - step) < 0.001 else value


def _blend(operator: str) -> str:
    """Our name of an operator; another application's keeps its own, without the prefix."""
    return _NAMES.get(operator, operator.partition(":")[2].replace("_", "-") or "normal")


def _profile(archive: zipfile.ZipFile, image: ElementTree.Element) -> bytes | None:
    """The profile of the merged picture, or else of the lowest layer that has one; None where it is our own sRGB."""
    sources = [layer.attrib["src"] for layer in image.iter("layer") if layer.get("src", "").endswith(".png")]
    for name in dict.fromkeys(("mergedimage.png", *reversed(sources))):
        if holds(archive, name) and (icc := png.header(load_picture(archive, name)).icc):
            return None if icc == color.srgb_profile() else icc
    return None
