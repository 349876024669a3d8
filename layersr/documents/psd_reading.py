"""Reading PSD and PSB: layersr's own exactly, others' as far as a stack of pixel layers can say the same.

What has no counterpart here is turned into pixels (text, shapes, smart objects, from what the application stored for
them), folded into the layers (fill opacity), kept and not shown (adjustments) or dropped (effects), and each
such thing adds a sentence to `LayerStack.notes`.
"""

import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from psd_tools.constants import ColorMode, Compression, Resource, SectionDivider, Tag
from psd_tools.psd import PSD
from psd_tools.psd.header import FileHeader
from psd_tools.psd.layer_and_mask import ChannelDataList, LayerInfo, LayerRecord
from psd_tools.psd.tagged_blocks import TaggedBlocks

from layersr import color
from layersr.arrays import Pixels
from layersr.documents import manifest, xmp
from layersr.documents.bounded import Rectangle
from layersr.documents.guard import check_depth, check_size, reading
from layersr.documents.named_groups import Groups
from layersr.documents.psd_baking import Marks, unbaked
from layersr.documents.psd_colours import to_rgb
from layersr.documents.psd_fills import FILLS, Fills
from layersr.documents.psd_planes import TIGHTEST, Plane, mask, planes, unpack
from layersr.documents.psd_spelling import BLEND_KEYS, LOCK_BITS, LOCKED_WHOLLY, MANIFEST_ID, MARKS_ID, SPELLING, XMP_ID
from layersr.errors import InputError
from layersr.layers import LOCKS, PASS_THROUGH, Group, Layer, LayerStack, Locks

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
_EFFECTS = {Tag.OBJECT_BASED_EFFECTS_LAYER_INFO, Tag.OBJECT_BASED_EFFECTS_LAYER_INFO_V0, Tag.EFFECTS_LAYER}

_KINDS = (
    (_TEXT, "The text layer “{}” was turned into pixels."),
    (_SMART, "The smart object “{}” was turned into pixels."),
    (_SHAPE, "The shape layer “{}” was turned into pixels."),
    (FILLS, "The fill layer “{}” was turned into pixels."),
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
    block, said = _resource(document, MANIFEST_ID), _resource(document, XMP_ID)
    notes: list[str] = []
    own = isinstance(block, bytes) and block.startswith(manifest.MAGIC)
    icc = _resource(document, Resource.ICC_PROFILE)
    groups: dict[tuple[str, ...], Group] = {}
    if info is not None and info.layer_records:
        layers = tuple(_Layers(document, info, icc, notes, groups))
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
        groups=groups,
        notes=tuple(notes),
        credits=xmp.read(said) if isinstance(said, bytes) else {},
    )
    if not own:
        return stack
    marks = _resource(document, MARKS_ID)
    return manifest.loads(block, unbaked(stack, Marks.loads(marks)) if isinstance(marks, bytes) else stack, SPELLING)


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
    """The merged picture ends the file, so a file that was cut short lacks part of it.

    It also says that the canvas is as large as it claims to be, before anything is painted all over it.
    """
    header, image = document.header, document.image_data
    rows = header.height * header.channels
    expected = rows * header.width * header.depth // 8 // TIGHTEST[image.compression]
    if image.compression == Compression.RLE:
        lengths = np.frombuffer(image.data, {1: ">u2", 2: ">u4"}[header.version], rows)
        expected = max(expected, lengths.nbytes + int(lengths.sum(dtype=np.int64)))
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
    """A group as it was found: the number of its record, its name, and what it does."""

    number: int
    name: str
    setting: Group


class _Layers:
    """The layers of a document from the bottom up. Records are read from the top down, where groups begin."""

    def __init__(
        self,
        document: PSD,
        info: LayerInfo,
        icc: bytes | None,
        notes: list[str],
        groups: dict[tuple[str, ...], Group],
    ) -> None:
        self._header, self._icc, self._notes = document.header, icc, notes
        self._named, self._fills = Groups(groups, notes), Fills(document)
        self._records = list(zip(info.layer_records, info.channel_image_data, strict=True))
        self._last: int | None = None  # the group of the layer before: a clipped one needs another below it there

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
                check_depth(len(path))
            else:
                found.append((record, data, tuple(path)))
        return found[::-1]

    def _group(self, number: int, record: LayerRecord, data: ChannelDataList) -> _Group:
        name, blocks = _name(record), record.tagged_blocks
        setting = blocks.get_data(Tag.SECTION_DIVIDER_SETTING) or blocks.get_data(Tag.NESTED_SECTION_DIVIDER_SETTING)
        key = bytes((setting.blend_mode or record.blend_mode).value)
        if record.clipping:
            self._notes.append(f"The clipping of the group “{name}” was dropped.")
        if Tag.ARTBOARD_DATA1 in blocks:
            self._notes.append(f"The artboard “{name}” became a plain group, without its background and border.")
        if not _EFFECTS.isdisjoint(blocks):
            self._notes.append(f"The effects of the group “{name}” were dropped.")
        canvas = (0, 0, self._header.width, self._header.height)
        found = Group(
            self._opacity(record),
            record.flags.visible,
            PASS_THROUGH if key == b"pass" else _BLENDS.get(key, "normal"),
            mask(record, self._planes(record, data), self._header.depth, canvas),
            _locks(record),
        )
        return _Group(number, name, found)

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
        if clipped and self._last != parent:
            self._notes.append(f"The clipping of the layer “{name}” was dropped: below it is no layer of pixels.")
            clipped = False
        self._last = parent
        adjustment = _adjustment(record.tagged_blocks)
        if adjustment:
            self._notes.append(f"The adjustment layer “{name}” is kept, but the flattened picture is without it.")
        found, left, top = self._planes(record, data), record.left, record.top
        if blocks & FILLS and not (record.width and record.height):
            try:
                painted, left, top = self._fills.painted(record)
                if self._fills.outlined(record):
                    self._notes.append(f"The outline of the shape layer “{name}” was left out.")
            except (ImportError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError) as error:
                why = "pip install 'psd-tools[composite]'" if isinstance(error, ImportError) else str(error)
                self._notes.append(f"The fill layer “{name}” stores no pixels and was dropped ({why}).")
                self._last = None
                return None
            found |= painted
        note = next((sentence for tags, sentence in _KINDS if blocks & tags), None)
        if note:
            self._notes.append(note.format(name))
        if blocks & _EFFECTS:
            self._notes.append(f"The effects of the layer “{name}” were dropped.")

        layer = Layer(
            name=name,
            pixels=self._pixels(record, found),
            left=left,
            top=top,
            opacity=self._opacity(record),
            visible=record.flags.visible,
            blend=_BLENDS.get(bytes(record.blend_mode.value), "normal"),
            group=self._named.path([(group.number, group.name, group.setting) for group in path]),
            mask=mask(record, found, self._header.depth, _reach(record, self._header)),
            clipped=clipped,
            locks=_locks(record),
            adjustment=adjustment,
        )
        return replace(layer, pixels=layer.pixels[:0, :0]) if adjustment else layer

    def _pixels(self, record: LayerRecord, found: dict[int, Plane]) -> Pixels:
        if 0 not in found:
            dtype = np.dtype({8: np.uint8, 16: np.uint16}[self._header.depth])
            check_size(record.width, record.height, "layer", 4 * dtype.itemsize)
            return np.zeros((record.height, record.width, 4), dtype)
        return to_rgb(self._header.color_mode, found, found.get(-1), self._icc)


def _adjustment(blocks: TaggedBlocks) -> bytes | None:
    """The blocks that say what an adjustment layer does; None for other layers. No size is in them."""
    if _ADJUSTMENTS.isdisjoint(blocks):
        return None
    kept = [blocks[tag] for tag in blocks if tag in _ADJUSTMENTS or tag == Tag.CONTENT_GENERATOR_EXTRA_DATA]
    file = io.BytesIO()
    for block in kept:
        block.write(file, version=1, padding=4)
    return file.getvalue()


def _reach(record: LayerRecord, header: FileHeader) -> Rectangle:
    """The canvas and the layer."""
    return (
        *(min(0, record.left), min(0, record.top)),
        *(max(header.width, record.right), max(header.height, record.bottom)),
    )


def _locks(record: LayerRecord) -> Locks:
    bits = int(record.tagged_blocks.get_data(Tag.PROTECTED_SETTING, 0)) | record.flags.transparency_protected
    return LOCKS if bits & LOCKED_WHOLLY else frozenset(lock for lock, bit in LOCK_BITS.items() if bits & bit)


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
