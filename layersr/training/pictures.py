"""What may be learned from: the pictures of a folder, and which of them are held apart.

Two kinds of folder work. The project's own data folder has `photos/` and `paintings/`, each with a `SOURCES.md` whose
table gives every file's licence; only rows whose licence allows shipping the trained weights are taken, and folders
meant for evaluation (`sr/`, `saliency/`) are never looked at. Any other folder is somebody's own pictures: all are
taken.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from layersr.errors import InputError

FOLDERS = ("photos", "paintings")
CUTOUTS = ("cutouts",)
SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"}
ALLOWED = re.compile(r"^(CC0|CC[ -]BY( [\d.]+)?( \(|$)|public domain|MIT|Apache-2\.0|Unsplash licence)")
PACKED = "packed.json"
"""In a folder that `packing` wrote: which of its pictures are held apart, by their paths."""

HELD_APART, CUTOUTS_APART = 13, 32
"""Of 256: a file whose content's SHA-256 begins with a byte below this is never trained on (5 %; 12 % of cut-outs)."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture of the data folder.

    Attributes:
        path: its file.
        licence: what SOURCES.md says, or "" for somebody's own pictures.
        held_apart: measured on, never trained on.
    """

    path: Path
    licence: str
    held_apart: bool

    def read(self) -> np.ndarray:
        """RGB, uint8 (h, w, 3).

        Raises:
            InputError: the file is no picture.
        """
        image = cv2.imdecode(np.fromfile(self.path, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            raise InputError(f"{self.path} cannot be read as a picture; take it out of the data folder.")
        return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)

    def read_cutout(self) -> np.ndarray | None:
        """Straight RGBA, uint8 (h, w, 4), trimmed; None if the file has no alpha or selects everything or nothing."""
        image = cv2.imdecode(np.fromfile(self.path, np.uint8), cv2.IMREAD_UNCHANGED)
        if image is None or image.ndim != 3 or image.shape[2] != 4 or image.dtype != np.uint8:
            return None
        rows, columns = np.nonzero(image[..., 3] > 5)
        if rows.size < 64 or image[..., 3].min() > 127:
            return None
        image = image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        return cv2.cvtColor(image, cv2.COLOR_BGRA2RGBA)


def allowed(licence: str) -> bool:
    """Whether weights trained on pictures of this licence may be shipped."""
    return bool(ALLOWED.match(licence))


def licences(sources: Path) -> dict[str, str]:
    """The file and licence columns of the first table of a SOURCES.md."""
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in sources.read_text(encoding="utf-8").splitlines()
        if line.startswith("|")
    ]
    if not rows:
        return {}
    column = rows[0].index("licence")
    return {row[0]: row[column] for row in rows[2:]}


def held_apart(path: Path, below: int = HELD_APART) -> bool:
    """The split, fixed by the file's content: renaming or adding pictures moves none across."""
    return hashlib.sha256(path.read_bytes()).digest()[0] < below


def _apart(data: Path, path: Path, below: int) -> bool:
    """The split of one picture of a data folder: as it was told when the folder was packed, else by its content."""
    told = _packed(data).get(path.relative_to(data).as_posix())
    return held_apart(path, below) if told is None else told


@cache
def _packed(data: Path) -> dict[str, bool]:
    try:
        return json.loads((data / PACKED).read_text(encoding="utf-8")) if (data / PACKED).is_file() else {}
    except ValueError as error:
        raise InputError(f"{data / PACKED} is no JSON ({error}); pack the pictures again.") from error


def is_page(picture: Picture, data: Path) -> bool:
    """Whether it is the artwork of a page that bubbles are counted on: no detector may learn from it."""
    return any((data / "layered").glob(f"*/{picture.path.stem.split('_')[-1]}_*.ora"))


def find(data: Path, folders: tuple[str, ...] = FOLDERS) -> list[Picture]:
    """The pictures under `data` that may be learned from, sorted by path.

    Where any folder tells licences, only what is listed in `folders` and may be learned from is taken; there may be no
    cut-outs then.

    Raises:
        InputError: there are none, or what `packing` wrote of them cannot be read.
    """
    found = []
    for folder in [data / name for name in folders if (data / name / "SOURCES.md").is_file()]:
        for name, licence in sorted(licences(folder / "SOURCES.md").items()):
            path = folder / name
            if allowed(licence) and path.suffix.lower() in SUFFIXES and path.is_file():
                below = CUTOUTS_APART if folder.name in CUTOUTS else HELD_APART
                found.append(Picture(path, licence, _apart(data, path, below)))
    listed = any((data / name / "SOURCES.md").is_file() for name in (*FOLDERS, *CUTOUTS))
    if not listed and data.is_dir():  # somebody's own pictures
        files = sorted(p for p in data.rglob("*") if p.suffix.lower() in SUFFIXES)
        found = [Picture(path, "", _apart(data, path, HELD_APART)) for path in files]
    if not found and not (listed and folders == CUTOUTS):
        raise InputError(f"There are no pictures to learn from in {data}; name a folder that has some with --data.")
    return found
