"""ag-psd (npm), strict: it throws at anything it does not know. The picture is the one in the file.

It is looked for where node looks: `npm install ag-psd` in a folder, and that folder's node_modules in $NODE_PATH.
"""

import io
import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from layersr.layers import PASS_THROUGH, Group, Layer, LayerMask, LayerStack, Locks
from readers import TREE, Reader, Seen

SCRIPT = Path(__file__).with_name("ag_psd.js")
BLENDS = {"pass through": PASS_THROUGH, "linear dodge": "add"}
LOCKS = {"transparency": "transparency", "composite": "pixels", "position": "position"}


@cache
def _version() -> str:
    if not shutil.which("node"):
        return ""
    # The package tells its version in no other way.
    find = "console.log(require(require('path').join(require.resolve('ag-psd'), '../../package.json')).version)"
    return subprocess.run(["node", "-e", find], capture_output=True, text=True, check=False).stdout.strip()


def _missing() -> str:
    if not shutil.which("node"):
        return "node not found: apt-get install nodejs npm"
    if not _version():
        return "ag-psd not found: npm install ag-psd in some folder, and NODE_PATH set to its node_modules"
    return ""


def _open(paths: Sequence[Path]) -> dict[Path, Seen | None]:
    with tempfile.TemporaryDirectory() as folder:
        told, raw = Path(folder) / "told.json", Path(folder) / "raw"
        command = ["node", str(SCRIPT), str(told), str(raw)]
        subprocess.run(command, input=json.dumps([str(path) for path in paths]), text=True, check=True)
        data = np.fromfile(raw, np.uint8)
        return {path: _seen(document, data) for path, document in zip(paths, json.loads(told.read_text()), strict=True)}


def _seen(document: dict | None, data: np.ndarray) -> Seen | None:
    if "error" in document:
        return None

    def array(place: dict) -> np.ndarray:
        kind = {1: np.uint8, 2: np.uint16}[place["bytes"]]
        values = data[place["start"] : place["start"] + place["length"]].view(kind)
        return values.reshape(place["height"], place["width"], 4).copy()

    dtype = {8: np.uint8, 16: np.uint16}[document["depth"]]
    layers: list[Layer] = []
    groups: dict[tuple[str, ...], Group] = {}

    def mask(item: dict) -> LayerMask | None:
        if not item.get("mask"):
            return None
        values = array(item["mask"]["pixels"])[..., 0] if item["mask"]["pixels"] else np.zeros((0, 0), dtype)
        place = item["mask"]["left"], item["mask"]["top"]
        return LayerMask(values, *place, item["mask"]["beyond"] == 255, not item["mask"]["disabled"])

    def collect(items: list[dict], path: tuple[str, ...]) -> None:
        for item in items:
            blend = BLENDS.get(item["blend"], item["blend"].replace(" ", "-"))
            if item["children"] is not None:
                settings = float(item["opacity"]), item["visible"], blend, mask(item), _locks(item)
                groups[*path, item["name"]] = Group(*settings)
                collect(item["children"], (*path, item["name"]))
                continue
            pixels = array(item["pixels"]) if item["pixels"] else np.zeros((0, 0, 4), dtype)
            place = item["left"], item["top"], float(item["opacity"])
            shown = Layer(item["name"], pixels, *place, item["visible"], blend, path, mask(item), item["clipped"])
            layers.append(replace(shown, locks=_locks(item)))

    collect(document["layers"], ())
    resolution = tuple(map(float, document["resolution"])) if document["resolution"] else None
    stack = LayerStack(document["width"], document["height"], tuple(layers), groups=groups, resolution=resolution)
    start, length = document["thumbnail"]["start"], document["thumbnail"]["length"]
    thumbnail = np.asarray(Image.open(io.BytesIO(data[start : start + length].tobytes())).convert("RGB"))
    return Seen(stack, array(document["picture"]), None, thumbnail)


def _locks(item: dict) -> Locks:
    return frozenset(lock for called, lock in LOCKS.items() if item["locks"].get(called))


READER = Reader(
    name="ag-psd",
    formats=("psd", "psb"),
    tells=TREE | {"offsets", "pixels", "picture", "masks", "clipping", "locks", "resolution", "thumbnail"},
    missing=_missing,
    version=_version,
    open=_open,
    flattens=False,
)
