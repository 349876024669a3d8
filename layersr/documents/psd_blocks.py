"""The pieces a PSD is put together from: blocks, names, masks, and the resources that stand before the layers."""

import io
import struct
import unicodedata

import numpy as np
from PIL import Image as PILImage

from layersr import color
from layersr.documents import manifest, xmp
from layersr.documents.merged import on_white
from layersr.documents.psd_baking import Marks
from layersr.documents.psd_spelling import (
    LOCK_BITS,
    LOCKED_WHOLLY,
    MANIFEST_ID,
    MARKS_ID,
    XMP_ID,
    stored_resolution,
)
from layersr.layers import LOCKS, LayerMask, LayerStack, Locks

MIMETYPE = "image/vnd.adobe.photoshop"


def _padded(data: bytes, to: int) -> bytes:
    return data + bytes(-len(data) % to)


def block(key: bytes, data: bytes) -> bytes:
    """A block of a layer's record, its length a multiple of four."""
    data = _padded(data, 4)
    return b"8BIM" + key + struct.pack(">I", len(data)) + data


def unicode(text: str) -> bytes:
    """Text as PSD counts it, in UTF-16 units."""
    units = text.encode("utf-16-be")
    return struct.pack(">I", len(units) // 2) + units


def pascal(name: str) -> bytes:
    """The old name for readers that know no other: ASCII, since every reader assumes another code page."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    data = bare.encode("ascii", "replace")[:255]
    return _padded(bytes([len(data)]) + data, 4)


def _resource(number: int, data: bytes, name: bytes = b"") -> bytes:
    label = _padded(bytes([len(name)]) + name, 2)
    return b"8BIM" + struct.pack(">H", number) + label + struct.pack(">I", len(data)) + _padded(data, 2)


def _thumbnail(pixels: np.ndarray) -> bytes:
    height, width = pixels.shape[:2]
    file = io.BytesIO()
    PILImage.fromarray(np.ascontiguousarray(on_white(pixels)[..., :3])).save(file, "JPEG", quality=85)
    row = (width * 24 + 31) // 32 * 4
    return struct.pack(">6I2H", 1, width, height, row, row * height, file.tell(), 24, 1) + file.getvalue()


def resources(stack: LayerStack, marks: Marks, thumbnail: np.ndarray) -> bytes:
    """What stands before the layers: resolution, thumbnail, profile, credits, and our own manifest and marks."""
    x, y = (round(value * 65536) for value in stored_resolution(stack.resolution))
    version = struct.pack(">IB", 1, 1) + unicode("layersr") + unicode("layersr") + struct.pack(">I", 1)
    return b"".join(
        [
            _resource(1005, struct.pack(">IHHIHH", x, 1, 1, y, 1, 1)),
            _resource(1036, _thumbnail(thumbnail)),
            _resource(1039, stack.icc or color.srgb_profile()),
            _resource(1057, version),
            _resource(XMP_ID, xmp.packet(stack.credits, stack.recipe, MIMETYPE)),
            _resource(MANIFEST_ID, manifest.dumps(stack), b"layersr"),
            *([_resource(MARKS_ID, told, b"layersr")] if (told := marks.dumps()) else []),
        ]
    )


def locked(locks: Locks) -> bytes:
    """The block that says what is locked; nothing where nothing is."""
    if not locks:
        return b""
    bits = sum(bit for lock, bit in LOCK_BITS.items() if lock in locks)
    return block(b"lspf", struct.pack(">I", bits | LOCKED_WHOLLY if locks == LOCKS else bits))


def mask_block(mask: LayerMask | None) -> bytes:
    """Where a mask lies, what it says elsewhere, and whether it counts."""
    if mask is None:
        return struct.pack(">I", 0)
    height, width = mask.values.shape
    place = (mask.top, mask.left, mask.top + height, mask.left + width)
    return struct.pack(">I4i2B2x", 20, *place, 255 * mask.beyond, 0 if mask.active else 2)
