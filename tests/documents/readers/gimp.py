"""GIMP 2.10, without a screen: one start for all files.

What it knows of layers and groups it tells itself; their pixels and masks are read from the XCF it saves.
"""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from apps import environment, missing, rgba

from layersr import documents
from layersr.documents.xcf_spelling import NAMES
from layersr.layers import Group, Layer, LayerMask, LayerStack
from readers import TREE, Reader, Seen
from readers.profiles import described

TIMEOUT = 300
SCRIPT = Path(__file__).with_name("gimp.scm")
ROOM = 240
"""Rows of the sheet of pictures for each document."""
PRECISIONS = {150: np.uint8, 250: np.uint16}


@cache
def _version() -> str:
    return subprocess.run(["gimp", "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]


def _open(paths: Sequence[Path]) -> dict[Path, Seen | None]:
    with tempfile.TemporaryDirectory() as base:
        folders, sheet = [Path(base) / str(number) for number in range(len(paths))], Path(base) / "sheet.png"
        lines = [f"(sheet-begin {ROOM * len(paths)})"]
        for number, (path, folder) in enumerate(zip(paths, folders, strict=True)):
            folder.mkdir()
            # What cannot be opened ends only its own.
            lines.append(f'(catch 0 (report "{path}" {ROOM * number} "{folder}"))')
        script = f'(begin (load "{SCRIPT}") {" ".join(lines)} (sheet-end "{sheet}") (gimp-quit 0))'
        command = ["gimp", "-n", "-i", "-d", "-f", "-s", "-b", script]
        run = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=TIMEOUT, check=False)
        if run.returncode or not sheet.exists():
            raise RuntimeError(f"gimp failed ({run.returncode}):\n{run.stdout[-2000:]}\n{run.stderr[-2000:]}")
        pictures = rgba(sheet.read_bytes())
        return {
            path: _seen(folder, pictures[ROOM * number : ROOM * (number + 1)])
            for number, (path, folder) in enumerate(zip(paths, folders, strict=True))
        }


def _seen(folder: Path, picture: np.ndarray) -> Seen | None:
    if not (folder / "layers.xcf").exists():
        return None
    canvas, profile, rest = (folder / "report.txt").read_text("utf-8").split("\n", 2)
    width, height, precision, *resolution = map(float, canvas.strip("()").split())
    dtype, size = PRECISIONS[int(precision)], (int(width), int(height))
    alone = folder / "picture.png"
    shown = rgba(alone.read_bytes()) if alone.exists() else _at_depth(picture[: size[1], : size[0]], dtype)
    saved = documents.read(folder / "layers.xcf")
    pixels = iter(reversed(saved.layers))
    layers, groups = [], {}
    for block in re.split(r"\n(?=\()", rest.strip()):
        head, *texts = block.split("\n  ")
        group, visible, opacity, mode, masked, active, *locked = map(float, head.strip("()").split())
        name, *around = (re.sub(r"\\(.)", r"\1", text.strip()[1:-1]) for text in texts)
        path, blend = tuple(around[::-1]), NAMES.get(int(mode), str(mode))
        locks = frozenset(lock for lock, on in zip(("pixels", "position", "transparency"), locked, strict=True) if on)
        told = Group(opacity / 100, bool(visible), blend, locks=locks)
        if group:
            within = (*path, name)
            groups[within] = replace(told, mask=_mask(saved.groups.get(within, Group()), masked, active))
        else:
            layer = next(pixels)
            place, mask = (layer.left, layer.top), _mask(layer, masked, active)
            found = Layer(name, layer.pixels, *place, told.opacity, told.visible, blend, path, mask, locks=locks)
            layers.append(found)
    stack = LayerStack(*size, tuple(layers[::-1]), groups=groups, resolution=tuple(resolution))
    return Seen(stack, shown, described(bytes(map(int, profile.split()))))


def _mask(saved: Layer | Group, masked: float, active: float) -> LayerMask | None:
    """The mask that was saved, if GIMP says that there is one."""
    return saved.mask and replace(saved.mask, active=bool(active)) if masked else None


def _at_depth(picture: np.ndarray, dtype: type) -> np.ndarray:
    """A picture from the sheet, which has 16 bits."""
    return picture if dtype == np.uint16 else (picture // 257).astype(np.uint8)


READER = Reader(
    name="GIMP",
    formats=("psd", "xcf"),
    tells=TREE | {"offsets", "pixels", "picture", "masks", "clipping", "locks", "profile", "resolution"},
    missing=lambda: missing("gimp"),
    version=_version,
    open=_open,
    refuses=("psb", "ora", "kra"),
)
