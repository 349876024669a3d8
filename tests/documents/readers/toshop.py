"""pytoshop: reads the structure of PSD and PSB; the picture is the one in the file.

pip compiles none of its PackBits; psd-tools' takes that place.
"""

import io
import warnings
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
from PIL import Image
from psd_tools.compression import rle

from layersr.documents.psd_spelling import LOCK_BITS
from layersr.layers import PASS_THROUGH, Group, Layer, LayerMask, LayerStack, Locks
from readers import TREE, Reader, Seen
from readers.blending import blend_of_key
from readers.merged import off_white
from readers.profiles import described

OPEN, CLOSED, END = 1, 2, 3
RESOLUTION, THUMBNAIL, PROFILE = 1005, 1036, 1039


def _missing() -> str:
    absent = [name for name in ("pytoshop", "six") if find_spec(name) is None]
    return f"{', '.join(absent)} not found: pip install 'layersr[readers]'" if absent else ""


def _pytoshop() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its strings are written for Python 2
        import pytoshop

        if not hasattr(pytoshop.codecs, "packbits"):
            pytoshop.codecs.packbits = SimpleNamespace(decode=_decode)
    return pytoshop


def _decode(data: bytes, height: int, width: int, itemsize: int, version: int) -> bytes:
    lengths = np.frombuffer(data, f">u{2 * version}", height)
    ends = lengths.nbytes + np.cumsum(lengths, dtype=np.int64)
    rows = (data[end - length : end] for end, length in zip(ends, lengths, strict=True))
    return b"".join(rle.decode(row, width * itemsize) for row in rows)


def _open(paths: Sequence[Path]) -> dict[Path, Seen | None]:
    package = _pytoshop()
    return {path: _seen(package, path) for path in paths}


def _seen(package: ModuleType, path: Path) -> Seen | None:
    try:
        return _read(package, path)
    except UnicodeDecodeError:
        return None


def _read(package: ModuleType, path: Path) -> Seen:
    with path.open("rb") as file:
        document = package.read(file)
        layers, groups = _tree(document.layer_and_mask_info.layer_info.layer_records)
        blocks = {block.resource_id: block.data for block in document.image_resources.blocks if hasattr(block, "data")}
        across, down = (int.from_bytes(blocks[RESOLUTION][at : at + 4], "big") / 65536 for at in (0, 8))
        stack = LayerStack(document.width, document.height, layers, groups=groups, resolution=(across, down))
        thumbnail = np.asarray(Image.open(io.BytesIO(blocks[THUMBNAIL][28:])).convert("RGB"))
        picture = off_white(_native(np.moveaxis(document.image_data.channels, 0, 2)))
    return Seen(stack, picture, described(blocks[PROFILE]), thumbnail)


def _tree(records: Sequence) -> tuple[tuple[Layer, ...], dict[tuple[str, ...], Group]]:
    path: tuple[str, ...] = ()
    layers, groups = [], {}
    for record in reversed(records):
        divider = record.blocks_map.get(b"lsct")
        if divider is not None and divider.type == END:
            path = path[:-1]
            continue
        name = record.blocks_map[b"luni"].name
        mask, opacity, locks = _mask(record), record.opacity / 255, _locks(record)
        if divider is not None:
            path = (*path, name)
            through = divider.key == b"pass"
            blend = PASS_THROUGH if through else blend_of_key(record.blend_mode)
            groups[path] = Group(opacity, record.visible, blend, mask, locks)
        else:
            blend = blend_of_key(record.blend_mode)
            place = (record.left, record.top)
            pixels, clipped = _pixels(record), bool(record.clipping)
            found = Layer(name, pixels, *place, opacity, record.visible, blend, path, mask, clipped)
            layers.append(replace(found, locks=locks))
    return tuple(layers[::-1]), groups


def _pixels(record) -> np.ndarray:
    if not record.width or not record.height:
        return np.zeros((0, 0, 4), record.channels[0].dtype.newbyteorder("="))
    return _native(np.dstack([record.channels[number].image for number in (0, 1, 2, -1)]))


def _mask(record) -> LayerMask | None:
    if -2 not in record.channels:
        return None
    mask, values = record.mask, _native(record.channels[-2].image)
    return LayerMask(values, mask.left, mask.top, bool(mask.default_color), not mask.layer_mask_disabled)


def _locks(record) -> Locks:
    block = record.blocks_map.get(b"lspf")  # which it leaves as bytes
    bits = int.from_bytes(block.data, "big") if block is not None else 0
    return frozenset(lock for lock, bit in LOCK_BITS.items() if bits & bit)


def _native(values: np.ndarray) -> np.ndarray:
    return values.astype(values.dtype.newbyteorder("="))


READER = Reader(
    name="pytoshop",
    formats=("psd", "psb"),
    tells=TREE | {"offsets", "pixels", "picture", "masks", "clipping", "locks", "profile", "resolution", "thumbnail"},
    missing=_missing,
    version=lambda: version("pytoshop"),
    open=_open,
    flattens=False,
)
