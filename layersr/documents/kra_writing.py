"""Krita documents: a streaming writer. What Krita keeps of a stack: nearly all, 16 bits and the profile included.

Tiles go raw into the zip, which packs rows of them on all cores, so that memory holds no second copy of a layer. A
layer's column and row 0 are its own, and every tile with a colour in it is kept, also where it is transparent.

Krita has no clipping, but a layer can inherit the transparency of what is below it in its group. So a base and what is
clipped to it lie in a group of their own, which has the base's opacity, blend mode and mask; that looks the same.
Some groups that pass through are written as ones that do not (`kra_groups`). All that is marked (`kra_marks`) and comes
back as it was.

Source: Krita's own code, libs/image/tiles3 and plugins/impex/libkra.
"""

import uuid
import zipfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from layersr import color
from layersr.arrays import Pixels
from layersr.atomic import replacing_file
from layersr.documents import credits_told, kra_marks, manifest, png, xmp
from layersr.documents.archive import member, pack, stored_text, write_member
from layersr.documents.kra_groups import isolates
from layersr.documents.kra_marks import Mark
from layersr.documents.kra_spelling import (
    EXACT,
    INHERITS_ALPHA,
    KRITAS,
    LOCKS_ALPHA,
    MANIFEST,
    MARKS,
    MIMETYPE,
    NAMESPACE,
    stored_blend,
)
from layersr.documents.kra_tiles import tiles
from layersr.documents.merged import Thumbnail, encoded
from layersr.groups import runs
from layersr.layers import PASS_THROUGH, Group, Layer, LayerMask, LayerStack
from layersr.strips import in_order, strips

IMAGE = "layersr"
"""The image's name, a folder in the zip; Krita shows the file's."""

PREVIEW = 256
_HEAD = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE DOC PUBLIC '-//KDE//DTD krita 2.0//EN' 'http://www.calligra.org/DTD/krita-2.0.dtd'>
"""


def write(stack: LayerStack, path: Path, merged: Pixels | None = None) -> None:
    """Write a Krita document.

    Laws: `read(write(s)) == s`, but for adjustments, which are left out; the same stack gives the same bytes; a failed
    or interrupted write leaves nothing.

    Args:
        stack: what to write; opacity is kept in 256 steps.
        path: the file.
        merged: `flatten(stack)`, where the caller has it already.

    Raises:
        OutputError: the place cannot be written.
    """
    bare = stack.with_layers(tuple(layer for layer in stack.layers if layer.adjustment is None))
    with replacing_file(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        _write_archive(bare, archive, merged)


def _write_archive(stack: LayerStack, archive: zipfile.ZipFile, merged: Pixels | None) -> None:
    icc, block = stack.icc or color.srgb_profile(), manifest.dumps(stack)
    tree = _Tree(stack, block)
    archive.writestr(member("mimetype"), MIMETYPE)  # first and stored, so that it can be told by its first bytes
    _put(archive, "maindoc.xml", tree.xml())
    _put(archive, "documentinfo.xml", credits_told.for_krita(stack.credits))
    _put(archive, f"{IMAGE}/annotations/icc", icc)
    _put(archive, f"{IMAGE}/annotations/{MANIFEST}", block)
    _put(archive, f"{IMAGE}/annotations/{MARKS}", kra_marks.dumps(tree.marks))
    for name, what in tree.parts:
        if isinstance(what, Layer):
            _write_layer(archive, f"{IMAGE}/layers/{name}", what.pixels, icc)
        else:
            _write_mask(archive, f"{IMAGE}/layers/{name}", what)

    thumbnail = Thumbnail(stack.width, stack.height, PREVIEW, stack.dtype)
    packed = encoded(stack, merged, png.pack, thumbnail)
    said = xmp.packet(stack.credits, stack.recipe, MIMETYPE)
    large = stack.width * stack.height * stack.dtype.itemsize * 4 > 2**31
    with archive.open(member("mergedimage.png"), "w", force_zip64=large) as file:
        png.assemble(file, packed, stack.width, stack.height, stack.dtype, icc, stack.resolution, said)
    small = thumbnail.pixels()
    with archive.open(member("preview.png"), "w") as file:
        png.write(file, png.bands_of(small), small.shape[1], small.shape[0], small.dtype, icc)


def _write_layer(archive: zipfile.ZipFile, name: str, pixels: Pixels, icc: bytes) -> None:
    nothing = np.zeros(4, pixels.dtype)
    # Krita stores blue first.
    parts = tiles(pixels.shape[1], pixels.shape[0], lambda rows: pixels[rows][..., (2, 1, 0, 3)], nothing, pack)
    write_member(archive, name, parts, pixels.nbytes)
    _put(archive, f"{name}.defaultpixel", nothing.tobytes())
    _put(archive, f"{name}.icc", icc)


def _write_mask(archive: zipfile.ZipFile, name: str, mask: LayerMask) -> None:
    height, width = mask.values.shape
    beyond = np.array([255 * mask.beyond], np.uint8)
    parts = tiles(width, height, lambda rows: color.to_8bit(mask.values[rows])[..., None], beyond, pack)
    write_member(archive, f"{name}.pixelselection", parts, mask.values.nbytes)
    _put(archive, f"{name}.pixelselection.defaultpixel", beyond.tobytes())
    if finer(mask):
        exact = in_order(lambda rows: pack(mask.values[rows].astype("<u2").tobytes()), strips(height, width))
        write_member(archive, f"{name}{EXACT}", exact, mask.values.nbytes)


def finer(mask: LayerMask) -> bool:
    """Whether the mask says more than the 8 bits that Krita keeps of it."""
    if mask.values.dtype != np.uint16:
        return False
    return any((mask.values[rows] % 257).any() for rows in strips(*mask.values.shape))


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    write_member(archive, name, [pack(data)], len(data))


class _Tree:
    """The nodes of the document, and in `parts` whose values still have to be written where.

    Args:
        stack: what to describe.
        seed: what makes the nodes' ids differ from other documents'.
    """

    def __init__(self, stack: LayerStack, seed: bytes) -> None:
        self._stack, self._seed = stack, uuid.uuid5(uuid.NAMESPACE_OID, sha256(seed).hexdigest())
        self._space = "RGBA16" if stack.dtype == np.uint16 else "RGBA"
        self._number = 0
        self.parts: list[tuple[str, Layer | LayerMask]] = []
        self.marks: dict[str, Mark] = {}

    def xml(self) -> bytes:
        """The main part; fills `parts` and `marks`."""
        document = ElementTree.Element(
            "DOC", xmlns=NAMESPACE, editor="layersr", syntaxVersion="2", kritaVersion="5.1.5"
        )
        attributes = {
            "name": IMAGE,
            "mime": "application/x-kra",
            "width": str(self._stack.width),
            "height": str(self._stack.height),
            "colorspacename": self._space,
            "description": "",
        }
        if self._stack.resolution:
            attributes |= {f"{axis}-res": repr(float(v)) for axis, v in zip("xy", self._stack.resolution, strict=True)}
        image = ElementTree.SubElement(document, "IMAGE", attributes)
        self._fill(ElementTree.SubElement(image, "layers"))
        listed = ElementTree.SubElement(image, "Annotations")
        for kind in (MANIFEST, MARKS):
            ElementTree.SubElement(listed, "Annotation", type=kind, description="what layersr knows of the layers")
        return _HEAD + ElementTree.tostring(document, encoding="utf-8")

    def _fill(self, root: ElementTree.Element) -> None:
        parents, path = [root], ()
        for kind, what in runs(self._stack.layers):  # from below, and each above those before it
            if kind == "open":
                path = (*path, what)
                parents.append(self._group(parents[-1], path))
            elif kind == "close":
                self._mask(parents.pop(), self._stack.groups.get(path, Group()).mask)
                path = path[:-1]
            elif len(what) == 1:
                self._layer(parents[-1], what[0], Mark(clipped=what[0].clipped))
            else:
                self._clipping(parents[-1], *what)

    def _clipping(self, parent: ElementTree.Element, base: Layer, *clipped: Layer) -> None:
        as_group = Group(base.opacity, base.visible, base.blend)
        layers = self._node(parent, base.name, "grouplayer", as_group, Mark(holds=True))
        bare = replace(base, opacity=1.0, visible=True, blend="normal", mask=None)
        self._layer(layers, bare, Mark(clipped=base.clipped))
        for layer in clipped:
            self._layer(layers, layer, Mark(), channelflags=INHERITS_ALPHA)
        self._mask(layers, base.mask)

    def _group(self, parent: ElementTree.Element, path: tuple[str, ...]) -> ElementTree.Element:
        group, alone = self._stack.groups.get(path, Group()), isolates(self._stack, path)
        shown = replace(group, blend="normal") if alone else group
        through = {"passthrough": "1"} if shown.blend == PASS_THROUGH else {}
        return self._node(parent, path[-1], "grouplayer", shown, Mark(through=alone), **through)

    def _layer(self, parent: ElementTree.Element, layer: Layer, mark: Mark, **more: str) -> None:
        mark = replace(mark, size=(layer.width, layer.height))
        place = {"x": str(layer.left), "y": str(layer.top)}
        as_group = Group(layer.opacity, layer.visible, layer.blend, locks=layer.locks)
        if "transparency" in layer.locks:
            more = more | {"channellockflags": LOCKS_ALPHA}
        masks = self._node(parent, layer.name, "paintlayer", as_group, mark, layer, **place, **more)
        self._mask(masks, layer.mask)

    def _mask(self, parent: ElementTree.Element, mask: LayerMask | None) -> None:
        if mask is None:
            return
        height, width = mask.values.shape
        place = {"x": str(mask.left), "y": str(mask.top)}
        shown = Group(visible=mask.active)
        self._node(parent, "mask", "transparencymask", shown, Mark((width, height)), mask, **place)

    def _node(
        self,
        parent: ElementTree.Element,
        name: str,
        kind: str,
        shown: Group,
        mark: Mark,
        values: Layer | LayerMask | None = None,
        **more: str,
    ) -> ElementTree.Element:
        """Put a node above the others; what stands in it goes where the result says."""
        self._number += 1
        identity = f"{{{uuid.uuid5(self._seed, str(self._number))}}}"
        part = f"{'mask' if kind == 'transparencymask' else 'layer'}{self._number}"
        attributes = {
            "name": stored_text(name),
            "filename": part,
            "nodetype": kind,
            "uuid": identity,
            "visible": str(int(shown.visible)),
            "opacity": str(round(shown.opacity * 255)),
            "compositeop": KRITAS["normal" if shown.blend == PASS_THROUGH else stored_blend(shown.blend)],
            "colorspacename": self._space,
            "channelflags": "",
            "locked": str(int("pixels" in shown.locks)),
            "collapsed": "0",
            "x": "0",
            "y": "0",
        }
        mask = kind == "transparencymask"
        node = ElementTree.Element("mask" if mask else "layer", attributes | more)
        parent.insert(0, node)
        if values is not None:
            self.parts.append((part, values))
        if mark != Mark():
            self.marks[identity] = mark
        return node if mask else ElementTree.SubElement(node, "layers" if kind == "grouplayer" else "masks")
