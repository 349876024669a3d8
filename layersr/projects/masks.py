"""Elements' mattes as grey pictures in a folder: written for the artist, and read where he painted."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from layersr.arrays import Plane
from layersr.atomic import replacing_file
from layersr.documents import png
from layersr.errors import LayersrError, OutputError, UsageError
from layersr.images import read_image

RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)
"""Names that mean devices on Windows."""

FITS = 0.5
"""Overlap of the boxes of two elements of one name (area of what is common by area of both) that are one thing."""


def named(names: Sequence[str], known: Mapping[str, str]) -> dict[str, str]:
    """A file for every name: the one it had, else the name as far as every file system takes it.

    Args:
        names: of elements, each once.
        known: files by names, from before.
    """
    files = {name: known[name] for name in names if name in known}
    taken = {file.casefold() for file in known.values()}
    for name in names:
        if name in files:
            continue
        stem = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]', "_", name).encode("utf-8", "replace")
        stem = stem[:100].decode("utf-8", "ignore").strip(" .") or "_"
        stem = f"_{stem}" if RESERVED.match(stem) else stem
        file, number = f"{stem}.png", 1
        while file.casefold() in taken:
            number += 1
            file = f"{stem} ({number}).png"
        taken.add(file.casefold())
        files[name] = file
    return files


def fits(window: Sequence[Sequence[int]], before: Sequence[Sequence[int]] | None) -> bool:
    """Whether an element lies where one of that name lay, told by rows and columns, begin and end of each."""
    if before is None:
        return False
    common = whole = other = 1
    for (a, b), (c, d) in zip(window, before, strict=True):
        common, whole, other = common * max(0, min(b, d) - max(a, c)), whole * (b - a), other * (d - c)
    return common >= FITS * (whole + other - common)


def read(path: Path, width: int = 0, height: int = 0) -> Plane | None:
    """A matte: how light it is, and nothing where it is transparent; None where there is no such file.

    Args:
        path: the file.
        width: that it must have, if any.
        height: likewise.

    Raises:
        UsageError: it cannot be read, or is not of this size.
    """
    if not path.exists():
        return None
    try:
        image = read_image(path)
    except LayersrError as error:
        raise UsageError(f"{str(error).rstrip('.')}. Delete it, and it is made again.") from error
    if width and (image.width, image.height) != (width, height):
        raise UsageError(
            f"The mask {path} is {image.width} x {image.height} pixels but the picture is {width} x {height}; "
            "paint it at the picture's size, or delete it, and it is made again."
        )
    pixels, top = image.pixels, np.iinfo(image.pixels.dtype).max
    light = pixels[..., :3].max(axis=2)
    if (pixels[..., 3] == top).all():
        return light
    return np.rint(light * (pixels[..., 3] / top)).astype(pixels.dtype)


def write(path: Path, values: Plane) -> None:
    """Write a matte as a grey PNG.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"Cannot write {path}: {error.strerror or error}.") from error
    height, width = values.shape
    with replacing_file(path) as temporary, temporary.open("wb") as file:
        png.write(file, png.bands_of(values), width, height, values.dtype)
