"""Layersr itself."""

from collections.abc import Sequence
from pathlib import Path

import layersr
from layersr import documents
from layersr.flattening import flatten
from readers import TREE, Reader, Seen
from readers.profiles import described


def _open(paths: Sequence[Path]) -> dict[Path, Seen | None]:
    return {path: _seen(path) for path in paths}


def _seen(path: Path) -> Seen:
    stack = documents.read(path)
    return Seen(stack, flatten(stack), described(stack.icc))


TELLS = TREE | {"offsets", "pixels", "picture", "masks", "clipping", "locks", "profile", "resolution"}

READER = Reader(
    name="layersr",
    formats=("psd", "psb", "ora", "kra", "xcf", "folder"),
    tells=TELLS,
    missing=lambda: "",
    version=lambda: layersr.__version__,
    open=_open,
)
