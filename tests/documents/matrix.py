"""What survives of a feature in a format, as a reader sees it: measured."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from document_stacks import off
from matrix_features import FEATURES, Feature, stack_of
from readers import Reader, Seen, ag_psd, gimp, imagemagick, krita, ora, own, psdtools, toshop
from readers.profiles import described

from layersr import color, documents
from layersr.flattening import flatten
from layersr.layers import Group, Layer, LayerMask, LayerStack

READERS: tuple[Reader, ...] = tuple(
    module.READER for module in (own, psdtools, krita, gimp, ag_psd, toshop, imagemagick, ora)
)
FORMATS = ("psd", "psb", "ora", "kra", "xcf", "folder")
DEPTHS = (8, 16)

ASPECTS = (
    *("opens", "tree", "names", "visibility", "opacity", "blend", "offsets", "pixels"),
    *("masks", "clipping", "locks", "picture", "profile", "resolution", "thumbnail"),
)
"""What of a document is compared; "opens" counts for all of it."""


@dataclass(frozen=True)
class Cell:
    """One place in the matrix."""

    feature: str
    format: str
    bits: int
    reader: str


@dataclass(frozen=True)
class Measured:
    """What was found there.

    Attributes:
        lost: the aspects that did not come back as they were.
        difference: of the flattened picture, the largest, in 1/255; nan where there is none.
    """

    lost: frozenset[str]
    difference: float


def write(folder: Path, format: str, features: Sequence[Feature]) -> dict[tuple[str, int], Path]:
    """Every feature at every depth as a document, but for those that the format cannot hold."""
    paths = {}
    for number, feature in enumerate(features):
        for bits in DEPTHS:
            stem = folder / f"{number:02d}_{bits}"
            path = stem if format == "folder" else stem.with_suffix(f".{format}")
            if documents.write(stack_of(feature, bits), path) != path:
                continue
            paths[feature.name, bits] = path
    return paths


def measure(reader: Reader) -> dict[Cell, Measured]:
    """All that a reader can open, in one start."""
    with tempfile.TemporaryDirectory() as folder:
        paths: dict[Cell, Path] = {}
        for format in (*reader.formats, *reader.refuses):
            (Path(folder) / format).mkdir()
            # One file shows that a format is refused.
            features = FEATURES if format in reader.formats else FEATURES[:1]
            written = write(Path(folder) / format, format, features)
            paths |= {Cell(*key[:1], format, key[1], reader.name): path for key, path in written.items()}
        seen = reader.open(list(paths.values()))
        stacks = {(feature.name, bits): stack_of(feature, bits) for feature in FEATURES for bits in DEPTHS}
        return {
            cell: compared(stacks[cell.feature, cell.bits], seen[path], reader, cell) for cell, path in paths.items()
        }


def compared(stack: LayerStack, seen: Seen | None, reader: Reader, cell: Cell) -> Measured:
    """A document as it was meant and as it was seen."""
    if seen is None:
        return Measured(frozenset({"opens"}), float("nan"))
    lost = {aspect for aspect in _differing(stack, seen, "tree" in reader.tells) if aspect in reader.tells}
    about = next(feature.about for feature in FEATURES if feature.name == cell.feature)
    if "thumbnail" not in about:
        lost.discard("thumbnail")
    same_size = seen.picture.shape[:2] == (stack.height, stack.width)
    difference = off(stack, seen.picture) if same_size else float("inf")
    if difference > tolerance(stack, reader, cell):
        lost.add("picture")
    return Measured(frozenset(lost), difference)


def tolerance(stack: LayerStack, reader: Reader, cell: Cell) -> float:
    """How far a flattened picture may be from the exact one, in 1/255: what rounding gives, and no more.

    Krita rounds to 8 bits after every layer and every blend, GIMP after every group. Where a picture is transparent
    its colours and its alpha are rounded, and those in a PSD lie on white.
    """
    coarse = cell.bits == 16 and cell.format == "ora" and reader.name in ("Krita", "pyora")  # they open it at 8 bit
    if cell.bits == 16 and not coarse:
        return 255 * 4 / 65535
    if reader.name in ("Krita", "pyora"):
        blending = any(layer.group and layer.blend != "normal" for layer in stack.layers)
        return 2.0 if coarse or blending else 1.5
    if reader.name == "GIMP" and any(layer.group or layer.clipped for layer in stack.layers):
        return 1.5
    if cell.format == "ora" and any(layer.mask for layer in stack.layers):
        return 1.0  # masks are rounded into transparency
    transparent = bool(stack.layers[0].pixels[..., 3].min() < color.levels(stack.dtype))
    return (1.0 if reader.flattens else 2.0) if transparent else 0.51


def _differing(stack: LayerStack, seen: Seen, grouped: bool) -> Iterator[str]:
    other = seen.stack
    if described(stack.icc) != seen.profile:
        yield "profile"
    if not np.allclose(stack.resolution, other.resolution or (0, 0), rtol=0.005):
        yield "resolution"
    if seen.thumbnail is None or not _shrunk(stack, seen.thumbnail):
        yield "thumbnail"
    if len(stack.layers) != len(other.layers):
        yield from ("tree", "names", "offsets", "pixels")
        return
    pairs = list(zip(stack.layers, other.layers, strict=True))
    paths = {layer.group[:k] for layer in stack.layers for k in range(1, len(layer.group) + 1)} if grouped else ()
    if any(a.group != b.group for a, b in pairs):
        yield "tree"
    owners: list[tuple[Layer | Group, Layer | Group]] = [
        *pairs,
        *((stack.groups.get(path, Group()), other.groups.get(path, Group())) for path in sorted(paths)),
    ]
    if any(a.name != b.name for a, b in pairs):
        yield "names"
    if any(a.visible != b.visible for a, b in owners):
        yield "visibility"
    if any(abs(a.opacity - b.opacity) > 0.001 for a, b in owners):
        yield "opacity"
    if any(a.blend != b.blend for a, b in owners):
        yield "blend"
    if any(a.clipped != b.clipped for a, b in pairs):
        yield "clipping"
    if any(a.locks != b.locks for a, b in owners):
        yield "locks"
    trimmed = [(_trimmed(a), _trimmed(b)) for a, b in pairs]
    if any(a[:2] != b[:2] for a, b in trimmed):
        yield "offsets"
    if not all(_same(a[2], b[2]) for a, b in trimmed):
        yield "pixels"
    if not all(
        _same_mask(a.mask, b.mask, box) for (a, b), box in zip(owners, _boxes(stack, sorted(paths)), strict=True)
    ):
        yield "masks"


def _trimmed(layer: Layer) -> tuple[int, int, np.ndarray]:
    """Where what shows of a layer begins, and its pixels: applications crop what is transparent, or add to it."""
    alpha = layer.pixels[..., 3] > 0
    if not alpha.any():
        return 0, 0, layer.pixels[:0, :0]
    rows, columns = (np.flatnonzero(alpha.any(axis=axis)) for axis in (1, 0))
    inside = layer.pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return int(layer.left + columns[0]), int(layer.top + rows[0]), inside


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    """Pixels exactly, but for colours where nothing shows."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    shown = one[..., 3] > 0
    return np.array_equal(one[..., 3], other[..., 3]) and np.array_equal(one[shown], other[shown])


def _boxes(stack: LayerStack, paths: list[tuple[str, ...]]) -> Iterator[tuple[int, int, int, int]]:
    """Where the mask of each layer, then of each group, says something: left, top, right, bottom on the canvas."""
    for layer in stack.layers:
        yield _box(stack, [layer])
    for path in paths:
        yield _box(stack, [layer for layer in stack.layers if layer.group[: len(path)] == path])


def _box(stack: LayerStack, layers: list[Layer]) -> tuple[int, int, int, int]:
    return (
        max(0, min(layer.left for layer in layers)),
        max(0, min(layer.top for layer in layers)),
        min(stack.width, max(layer.left + layer.width for layer in layers)),
        min(stack.height, max(layer.top + layer.height for layer in layers)),
    )


def _same_mask(one: LayerMask | None, other: LayerMask | None, box: tuple[int, int, int, int]) -> bool:
    if one is None or other is None:
        return one is other
    place = (*box[:2], box[2] - box[0], box[3] - box[1])
    return one.active == other.active and np.array_equal(one.over(*place), other.over(*place))


def _shrunk(stack: LayerStack, thumbnail: np.ndarray) -> bool:
    """Whether a small picture shows the stack, as far as a JPEG can."""
    merged = color.to_8bit(flatten(stack))[..., :3]
    height, width = thumbnail.shape[:2]
    small = cv2.resize(merged, (width, height), interpolation=cv2.INTER_AREA)
    alike = np.abs(small.astype(float) - thumbnail).mean() < 8
    return alike and max(width, height) in (160, 256) and abs(width / height - stack.width / stack.height) < 0.05
