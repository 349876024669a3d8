"""Reading PSD and PSB: layersr's own exactly, others' as far as a stack of pixel layers can say the same.

What has no counterpart here is turned into pixels (text, shapes, smart objects, from what the application stored for
them), folded into the layers (masks, clipping, fill opacity, the opacity and visibility of groups) or dropped
(adjustments, effects), and each such thing adds a sentence to `LayerStack.notes`.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from psd_tools.constants import ColorMode, Compression, Resource, SectionDivider, Tag
from psd_tools.psd import PSD
from psd_tools.psd.layer_and_mask import ChannelDataList, LayerInfo, LayerRecord

from layersr import color
from layersr.arrays import Pixels
from layersr.documents import manifest
from layersr.documents.guard import check_size, reading
from layersr.documents.psd_colours import to_rgb
from layersr.documents.psd_planes import Mask, Plane, mask, multiply, planes, unpack
from layersr.documents.psd_spelling import BLEND_KEYS, MANIFEST_ID, SPELLING
from layersr.errors import InputError
from layersr.layers import Layer, LayerStack

# Without a handler Python prints a library's warnings to stderr; what matters of them is in the notes.
logging.getLogger("psd_tools").addHandler(logging.NullHandler())

_BLENDS = {key: name for name, key in BLEND_KEYS.items()}

_ADJUSTMENTS = {
    *(Tag.BRIGHTNESS_AND_CONTRAST, Tag.LEVELS, Tag.CURVES, Tag.EXPOSURE, Tag.VIBRANCE, Tag.HUE_SATURATION),
    *(Tag.HUE_SATURATION_V4, Tag.COLOR_BALANCE, Tag.BLACK_AND_WHITE, Tag.PHOTO_FILTER, Tag.CHANNEL_MIXER),
    *(Tag.COLOR_LOOKUP, Tag.INVERT, Tag.POSTERIZE, Tag.THRESHOLD, Tag.SELECTIVE_COLOR, Tag.GRADIENT_MAP),
}
_TEXT = {Tag.TYPE_TOOL_INFO, Tag.TYPE_TOOL_OBJECT_SETTING}
_SMART = {Tag.SMART_OBJECT_LAYER_DATA1, Tag.SMART_OBJECT_LAYER_DATA2, Tag.PLACED_LAYER1, Tag.PLACED_LAYER2}
_SHAPE = {Tag.VECTOR_MASK_SETTING1, Tag.VECTOR_MASK_SETTING2, Tag.VECTOR_STROKE_DATA}
_FILL = {Tag.SOLID_COLOR_SHEET_SETTING, Tag.PATTERN_FILL_SETTING, Tag.GRADIENT_FILL_SETTING}
_EFFECTS = {Tag.OBJECT_BASED_EFFECTS_LAYER_INFO, Tag.OBJECT_BASED_EFFECTS_LAYER_INFO_V0, Tag.EFFECTS_LAYER}

_KINDS = (
    (_TEXT, "The text layer “{}” was turned into pixels."),
    (_SMART, "The smart object “{}” was turned into pixels."),
    (_SHAPE, "The shape layer “{}” was turned into pixels."),
    (_FILL, "The fill layer “{}” was turned into pixels."),
)


def read(path: Path) -> LayerStack:
    """Read a PSD or PSB file. What it cannot keep is said in `notes`.

    Raises:
        InputError: the file does not exist, is damaged, has 32 bits or a colour mode that has no RGB counterpart.
    """
    with reading(path, "Photoshop document"):
        with path.open("rb") as file:
            if file.read(4) != b"8BPS":
                raise InputError(f"{path} is no Photoshop document.")
            file.seek(0)
            document = PSD.read(file)
        return _stack(document, path)


def _stack(document: PSD, path: Path) -> LayerStack:
    header = document.header
    check_size(header.width, header.height, "canvas")
    if header.depth not in (8, 16):
        raise InputError(f"{path} has {header.depth} bits a channel; save it with 8 or 16.")
    _check_merged(document)
    info = _layer_info(document)
    block = _resource(document, MANIFEST_ID)
    notes: list[str] = []
    own = isinstance(block, bytes) and block.startswith(manifest.MAGIC)
    icc = _resource(document, Resource.ICC_PROFILE)
    if info is not None and info.layer_records:
        layers = tuple(_Layers(document, info, icc, notes))
    elif own:
        layers = ()
    else:
        layers = (Layer("Background", _flat(document, icc, notes)),)
        notes.append("The document has no layers; its flat picture became one.")
    if header.color_mode != ColorMode.RGB:
        notes.append(f"The colours were converted from {header.color_mode.name.lower()} to RGB.")
        icc = None
    stack = LayerStack(
        header.width,
        header.height,
        layers,
        icc=None if not icc or icc == color.srgb_profile() else icc,
        resolution=_resolution(document),
        notes=tuple(notes),
    )
    return manifest.loads(block, stack, SPELLING) if own else stack


def _resource(document: PSD, number: int) -> object:
    return document.image_resources.get_data(number)


def _layer_info(document: PSD) -> LayerInfo | None:
    """The layers; Photoshop keeps those of 16-bit documents in a block of their own."""
    section = document.layer_and_mask_information
    if section.tagged_blocks is not None and Tag.LAYER_16 in section.tagged_blocks:
        return section.tagged_blocks.get_data(Tag.LAYER_16)
    return section.layer_info


def _resolution(document: PSD) -> tuple[float, float] | None:
    info = _resource(document, Resource.RESOLUTION_INFO)
    if info is None or not info.horizontal or not info.vertical:
        return None
    return info.horizontal / 65536, info.vertical / 65536


def _check_merged(document: PSD) -> None:
    """The merged picture ends the file, so a file that was cut short lacks part of it."""
    header, image = document.header, document.image_data
    rows = header.height * header.channels
    if image.compression == Compression.RAW:
        expected = rows * header.width * header.depth // 8
    elif image.compression == Compression.RLE:
        lengths = np.frombuffer(image.data, {1: ">u2", 2: ">u4"}[header.version], rows)
        expected = lengths.nbytes + int(lengths.sum(dtype=np.int64))
    else:
        return
    if len(image.data) < expected:
        raise ValueError("it is cut short")


def _flat(document: PSD, icc: bytes | None, notes: list[str]) -> Pixels:
    """The merged picture of a document without layers."""
    header, image = document.header, document.image_data
    wanted = 1 if header.color_mode in (ColorMode.GRAYSCALE, ColorMode.DUOTONE) else 3
    wanted = 4 if header.color_mode == ColorMode.CMYK else wanted
    rows = header.height * header.channels
    plane = unpack(image.data, image.compression, header.width, rows, header.depth, header.version)
    found = dict(enumerate(plane.reshape(header.channels, header.height, header.width)))
    if header.channels > wanted:
        notes.append("The flat picture has further channels, which were left out.")
    return to_rgb(header.color_mode, found, None, icc)


@dataclass(frozen=True, eq=False)
class _Group:
    """A group as it was found, with what it does to the layers in it."""

    number: int
    name: str
    visible: bool
    opacity: float
    mask: Mask | None
    clipped: bool


class _Layers:
    """The layers of a document from the bottom up. Records are read from the top down, where groups begin."""

    def __init__(self, document: PSD, info: LayerInfo, icc: bytes | None, notes: list[str]):
        self._header, self._icc, self._notes = document.header, icc, notes
        self._records = list(zip(info.layer_records, info.channel_image_data, strict=True))
        self._bases: dict[int, tuple[Layer, float]] = {}  # by group: what is clipped to, with its own opacity

    def __iter__(self) -> Iterator[Layer]:
        for record, data, path in self._in_groups():
            layer = self._layer(record, data, path)
            if layer is not None:
                yield layer

    def _in_groups(self) -> list[tuple[LayerRecord, ChannelDataList, tuple[_Group, ...]]]:
        """The records that are layers, bottom up, each with the groups around it."""
        path: list[_Group] = []
        found = []
        for number, (record, data) in reversed(list(enumerate(self._records))):
            divider = _divider(record)
            if divider == SectionDivider.BOUNDING_SECTION_DIVIDER:
                path = path[:-1]
            elif divider in (SectionDivider.OPEN_FOLDER, SectionDivider.CLOSED_FOLDER):
                path = [*path, self._group(number, record, data)]
            else:
                found.append((record, data, tuple(path)))
        return found[::-1]

    def _group(self, number: int, record: LayerRecord, data: ChannelDataList) -> _Group:
        name, blocks = _name(record), record.tagged_blocks
        setting = blocks.get_data(Tag.SECTION_DIVIDER_SETTING) or blocks.get_data(Tag.NESTED_SECTION_DIVIDER_SETTING)
        found = self._planes(record, data)
        group = _Group(
            number=number,
            name=name,
            visible=record.flags.visible,
            opacity=self._opacity(record),
            mask=mask(record, found, self._header.depth),
            clipped=bool(record.clipping),
        )
        blend = _BLENDS.get(bytes((setting.blend_mode or record.blend_mode).value), "normal")
        if not group.visible:
            self._notes.append(f"The group “{name}” is hidden; so are its layers now, one by one.")
        if group.opacity != 1:
            self._notes.append(f"The opacity of the group “{name}” was given to its layers.")
        if group.mask:
            self._notes.append(f"The mask of the group “{name}” was baked into the transparency of its layers.")
        if group.clipped:
            self._notes.append(f"The clipping of the group “{name}” was dropped.")
        if blend != "normal":
            self._notes.append(f"The group “{name}” blends as {blend}; its layers keep their own modes instead.")
        if Tag.ARTBOARD_DATA1 in blocks:
            self._notes.append(f"The artboard “{name}” became a plain group, without its background and border.")
        if not _EFFECTS.isdisjoint(blocks):
            self._notes.append(f"The effects of the group “{name}” were dropped.")
        return group

    def _planes(self, record: LayerRecord, data: ChannelDataList) -> dict[int, Plane]:
        return planes(record, data, self._header.depth, self._header.version)

    @staticmethod
    def _opacity(record: LayerRecord) -> float:
        fill = record.tagged_blocks.get_data(Tag.BLEND_FILL_OPACITY, 255)
        fill = fill[0] if isinstance(fill, bytes) else int(fill)
        return record.opacity / 255 * (fill / 255 if fill < 255 else 1)

    def _layer(self, record: LayerRecord, data: ChannelDataList, path: tuple[_Group, ...]) -> Layer | None:
        name, blocks = _name(record), set(record.tagged_blocks)
        parent = path[-1].number if path else -1
        clipped = bool(record.clipping)
        if not clipped:
            self._bases.pop(parent, None)
        if blocks & _ADJUSTMENTS:
            self._notes.append(f"The adjustment layer “{name}” was dropped.")
            return None
        found = self._planes(record, data)
        if blocks & _FILL and not (record.width and record.height):
            self._notes.append(f"The fill layer “{name}” stores no pixels and was dropped.")
            return None
        note = next((sentence for tags, sentence in _KINDS if blocks & tags), None)
        if note:
            self._notes.append(note.format(name))
        if blocks & _EFFECTS:
            self._notes.append(f"The effects of the layer “{name}” were dropped.")

        own_mask = mask(record, found, self._header.depth)
        if own_mask:
            self._notes.append(f"The mask of the layer “{name}” was baked into its transparency.")
        opacity = self._opacity(record)
        for group in path:
            opacity *= group.opacity
        layer = Layer(
            name=name,
            pixels=self._pixels(record, found, [own_mask, *(group.mask for group in path)]),
            left=record.left,
            top=record.top,
            opacity=opacity,
            visible=record.flags.visible and all(group.visible for group in path),
            blend=_BLENDS.get(bytes(record.blend_mode.value), "normal"),
            group=tuple(group.name for group in path),
        )
        if clipped:
            return self._clip(layer, *self._bases.get(parent, (None, 1.0)))
        self._bases[parent] = layer, self._opacity(record)
        return layer

    def _pixels(self, record: LayerRecord, found: dict[int, Plane], in_force: list[Mask | None]) -> Pixels:
        alpha = found.get(-1)
        if not (record.width and record.height):
            dtype = {8: np.uint8, 16: np.uint16}[self._header.depth]
            return np.zeros((record.height, record.width, 4), dtype)
        pixels = to_rgb(self._header.color_mode, found, alpha, self._icc)
        for layer_mask in filter(None, in_force):
            factor = layer_mask.over(record.left, record.top, record.width, record.height)
            pixels[..., 3] = multiply(pixels[..., 3], factor)
        return pixels

    def _clip(self, layer: Layer, base: Layer | None, opacity: float) -> Layer:
        """A layer that shows only where the one it is clipped to is."""
        if base is None:
            self._notes.append(f"The clipping of the layer “{layer.name}” was dropped: below it is no layer of pixels.")
            return layer
        self._notes.append(f"The layer “{layer.name}” was cut to “{base.name}”, to which it was clipped.")
        inside = Mask(base.pixels[..., 3], base.left, base.top, 0)
        pixels = layer.pixels.copy()
        if pixels.size:
            pixels[..., 3] = multiply(pixels[..., 3], inside.over(layer.left, layer.top, layer.width, layer.height))
        # The base's own opacity holds for what is clipped to it too; that of the groups is in both already.
        return replace(layer, pixels=pixels, visible=layer.visible and base.visible, opacity=layer.opacity * opacity)


def _divider(record: LayerRecord) -> SectionDivider | None:
    for tag in (Tag.SECTION_DIVIDER_SETTING, Tag.NESTED_SECTION_DIVIDER_SETTING):
        setting = record.tagged_blocks.get_data(tag)
        if setting is not None:
            return setting.kind
    return None


def _name(record: LayerRecord) -> str:
    """The Unicode name; Krita ends it with a NUL."""
    name = record.tagged_blocks.get_data(Tag.UNICODE_LAYER_NAME, record.name)
    return str(name).rstrip("\0")
