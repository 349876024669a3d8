"""Krita, without a screen: kritarunner opens all files in one start.

Debian: `apt-get install --no-install-recommends krita python3-pyqt5`.
"""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from apps import environment, missing

from layersr.documents.kra_spelling import blend_of
from layersr.layers import LOCKS, PASS_THROUGH, Group, Layer, LayerMask, LayerStack, Locks
from readers import TREE, Reader, Seen
from readers.profiles import called

TIMEOUT = 300
DEPTHS = {"U8": np.uint8, "U16": np.uint16}
SYSTEM_PYTHON = "/usr/bin/python3"


@cache
def _missing() -> str:
    reason = missing("kritarunner")
    if (
        not reason
        and subprocess.run([SYSTEM_PYTHON, "-c", "import PyQt5"], capture_output=True, check=False).returncode
    ):
        reason = "Krita's scripts want PyQt5: apt-get install --no-install-recommends python3-pyqt5"
    return reason


def _told(paths: Sequence[Path], folder: Path) -> dict:
    """What `krita_report.py` tells; the pixels are in the file "raw" then."""
    listed, told, raw = (folder / name for name in ("listed.json", "told.json", "raw"))
    listed.write_text(json.dumps([str(path) for path in paths]))
    own = environment() | {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(Path(__file__).parent)}
    command = ["kritarunner", "-s", "krita_report", "-f", "main", *map(str, (listed, told, raw))]
    run = subprocess.run(command, env=own, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    if run.returncode or not told.exists():
        raise RuntimeError(f"kritarunner failed ({run.returncode}):\n{run.stdout[-2000:]}\n{run.stderr[-2000:]}")
    return json.loads(told.read_text())


def _open(paths: Sequence[Path]) -> dict[Path, Seen | None]:
    with tempfile.TemporaryDirectory() as folder:
        documents = _told(paths, Path(folder))["documents"]
        data = np.fromfile(Path(folder) / "raw", np.uint8)
    return {path: found and _Document(found, data).seen() for path, found in zip(paths, documents, strict=True)}


@cache
def _version() -> str:
    with tempfile.TemporaryDirectory() as folder:
        return _told([], Path(folder))["version"]


class _Document:
    """One document as it was told."""

    def __init__(self, told: dict, data: np.ndarray) -> None:
        self._told, self._data = told, data
        # In a document of 8 bits layers may have 16.
        self._dtype = DEPTHS[_depth(told["layers"])]
        self._layers: list[Layer] = []
        self._groups: dict[tuple[str, ...], Group] = {}

    def seen(self) -> Seen:
        told = self._told
        self._collect(told["layers"], ())
        stack = LayerStack(
            *(told["width"], told["height"], tuple(self._layers)),
            groups=self._groups,
            resolution=tuple(told["resolution"]),
        )
        return Seen(stack, self._colours(told["picture"], DEPTHS[told["depth"]]), called(told["profile"]))

    def _collect(self, nodes: list[dict], path: tuple[str, ...]) -> None:
        for node in nodes:
            if node["kind"] == "paintlayer":
                self._layers.append(self._layer(node, path))
            elif node["kind"] == "grouplayer" and _clips(node):
                base, *clipped = _members(node)
                shown = replace(self._layer(node | {"pixels": base["pixels"]}, path), name=base["name"])
                self._layers.append(shown)
                self._layers += [replace(self._layer(member, path), clipped=True) for member in clipped]
            elif node["kind"] == "grouplayer":
                within = (*path, node["name"])
                blend = PASS_THROUGH if node["through"] else blend_of(node["blend"])
                settings = node["opacity"] / 255, node["visible"], blend, self._mask(node), _locks(node)
                self._groups[within] = Group(*settings)
                self._collect(_members(node), within)

    def _layer(self, node: dict, path: tuple[str, ...]) -> Layer:
        pixels, left, top = np.zeros((0, 0, 4), self._dtype), 0, 0
        if node["pixels"]:
            pixels, (left, top) = self._colours(node["pixels"], self._dtype), node["pixels"]["place"][:2]
        opacity, visible, mask = node["opacity"] / 255, node["visible"], self._mask(node)
        placed = Layer(node["name"], pixels, left, top, opacity, visible, blend_of(node["blend"]), path, mask)
        return replace(placed, locks=_locks(node))

    def _colours(self, part: dict, dtype: type) -> np.ndarray:
        width, height = part["place"][2:]
        values = self._data[part["start"] : part["start"] + part["length"]].tobytes()
        return np.frombuffer(values, dtype).reshape(height, width, 4)[..., [2, 1, 0, 3]]  # blue first

    def _mask(self, node: dict) -> LayerMask | None:
        masks = [child for child in node["children"] if child["kind"] == "transparencymask"]
        if not masks:
            return None
        (mask,) = masks
        part = mask["pixels"]
        values = self._data[part["start"] : part["start"] + part["length"]].reshape(part["place"][3], part["place"][2])
        values = values if self._dtype == np.uint8 else values.astype(np.uint16) * 257
        return LayerMask(values, active=mask["visible"])


def _depth(nodes: list[dict]) -> str:
    """Of the first layer with pixels."""
    return next((node["depth"] for node in nodes if node["kind"] == "paintlayer"), "U8")


def _members(node: dict) -> list[dict]:
    return [child for child in node["children"] if child["kind"] != "transparencymask"]


def _clips(node: dict) -> bool:
    """Whether all in a group but its lowest layer inherit transparency: that is how Krita clips."""
    members = _members(node)
    return len(members) > 1 and not members[0]["inherits"] and all(member["inherits"] for member in members[1:])


def _locks(node: dict) -> Locks:
    """Krita knows two: of all that can be done to a node, and of a layer's transparency."""
    return LOCKS if node["locked"] else frozenset({"transparency"} if node["alpha_locked"] else ())


READER = Reader(
    name="Krita",
    formats=("psd", "psb", "ora", "kra"),
    tells=TREE | {"offsets", "pixels", "picture", "masks", "clipping", "locks", "profile", "resolution"},
    missing=_missing,
    version=_version,
    open=_open,
    refuses=("xcf",),
)
