"""ImageMagick 6: a flat list of layers; the picture is the one in the file."""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from apps import missing

from layersr.layers import Layer, LayerStack
from readers import Reader, Seen
from readers.profiles import described

# identify comes with it, and nothing else is called so.
PROGRAM = "identify"
SEPARATOR = "\x1f"
TOLD = ("%w", "%h", "%X", "%Y", "%[compose]", "%[label]", "%x", "%y")
BLENDS = {"over": "normal", "none": "normal", "plus": "add", "lineardodge": "add"}


def _open(paths: Sequence[Path]) -> dict[Path, Seen | None]:
    return {path: _seen(path) for path in paths}


def _run(*arguments: str) -> bytes:
    return subprocess.run(["convert", *arguments], capture_output=True, check=True).stdout


def _seen(path: Path) -> Seen | None:
    try:
        return _read(path)
    except subprocess.CalledProcessError as error:
        if b"exceeds limit" not in error.stderr:
            raise
        return None


def _read(path: Path) -> Seen:
    depth = int.from_bytes(path.read_bytes()[22:24], "big")
    with tempfile.TemporaryDirectory() as folder:
        raw, icc = Path(folder) / "raw", Path(folder) / "profile.icc"
        form = SEPARATOR.join(TOLD) + "\n"
        told = ["-units", "PixelsPerInch", "-format", form, "-write", "info:-"]
        pixels = ["-alpha", "set", "-depth", str(depth), "-endian", "LSB", f"rgba:{raw}"]
        lines = _run(str(path), *told, *pixels).decode().splitlines()
        _run(f"{path}[0]", str(icc))
        data, profile = np.fromfile(raw, {8: np.uint8, 16: "<u2"}[depth]), described(icc.read_bytes())
    images, start = [], 0
    for line in lines:
        width, height, left, top, compose, name, across, down = line.split(SEPARATOR)
        size = int(width) * int(height) * 4
        image = data[start : start + size].reshape(int(height), int(width), 4)
        mode = compose.lower()
        blend, visible = BLENDS.get(mode, mode), mode != "none"
        images.append(Layer(name, image, int(left), int(top), visible=visible, blend=blend))
        start += size
    picture, *layers = images
    resolution = (float(across), float(down))
    stack = LayerStack(picture.width, picture.height, tuple(layers), resolution=resolution)
    return Seen(stack, picture.pixels, profile)


READER = Reader(
    name="ImageMagick",
    formats=("psd", "psb"),
    tells=frozenset({"names", "visibility", "blend", "offsets", "pixels", "picture", "profile", "resolution"}),
    missing=lambda: missing(PROGRAM),
    version=lambda: _run("-version").decode().split()[2],
    open=_open,
    flattens=False,
)
