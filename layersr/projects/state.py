"""What a project knows of itself: `project.json`."""

import hashlib
import json
from pathlib import Path
from typing import Any

from layersr.atomic import replacing_file
from layersr.errors import OutputError, UsageError
from layersr.layers import Image
from layersr.projects import program, values

FORMAT, VERSION, STATE = "layersr project", 1, "project.json"

MASKS, ORDER, LOCK = "masks", "order.txt", ".lock"
"""Where the artist's hand may have been, and what holds the folder for one process."""

EMPTY: dict[str, Any] = {"masks": {}, "orders": [], "layers": {}, "shown": {}, "models": {}, "outputs": {}, "steps": {}}


def check(place: Path) -> None:
    """Refuse a folder that can be no project: nothing of anybody else's is ever touched.

    Raises:
        OutputError: just so.
    """
    if not place.parent.is_dir():
        raise OutputError(f"Cannot make the project {place}: the folder {place.parent} does not exist; make it first.")
    if not place.exists():
        return
    if not place.is_dir():
        raise OutputError(f"The project {place} should be a folder but is a file; name another place.")
    try:
        others = [item for item in place.iterdir() if item.name != LOCK]
    except OSError as error:
        raise OutputError(f"The project {place} cannot be read: {error.strerror or error}.") from error
    if others and not (place / STATE).is_file():
        raise OutputError(f"The folder {place} is no project and not empty; name a new folder or an empty one.")


def load(place: Path, image: Image, picture: str, anew: bool) -> dict[str, Any]:
    """What the project of a picture knows; that of a new one where there is none yet.

    Args:
        place: the folder.
        image: the picture.
        picture: where it lies.
        anew: where the folder belongs to something else begin anew; what an artist's hand made is put aside in it.

    Raises:
        UsageError: it belongs to another picture, or a newer layersr, or is damaged.
    """
    own = values.digest(image.pixels)
    new = {
        "format": FORMAT,
        "version": VERSION,
        "layersr": program.VERSION,
        "code": program.digest(),
        "networks": program.networks(),
        "picture": {"path": picture, "pixels": own, "width": image.width, "height": image.height},
    }
    if not (place / STATE).is_file():
        return {**new, **EMPTY}
    known = _read(place / STATE)
    wrong = ""
    if known is None:
        wrong = f"{place / STATE} is damaged"
    elif known["version"] > VERSION:
        wrong = f"The project {place} was made by a newer layersr ({known['layersr']}): update layersr"
    elif known["picture"]["pixels"] != own:
        wrong = f"The project {place} belongs to another picture, {known['picture']['path']}: name another folder"
    if not wrong:
        return {**EMPTY, **known, **new}
    if not anew:
        raise UsageError(f"{wrong}, or let --force begin the project anew.")
    _put_aside(place)
    return {**new, **EMPTY}


def _read(path: Path) -> dict[str, Any] | None:
    try:
        known = json.loads(path.read_text("utf-8"))
        usable = known["format"] == FORMAT and isinstance(known["version"], int)
        return known if usable and {"path", "pixels"} <= known["picture"].keys() and "layersr" in known else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _put_aside(place: Path) -> None:
    """Move what an artist's hand may have made into a folder of its own, lest it be lost."""
    there = [item for name in (MASKS, ORDER) if (item := place / name).exists()]
    number, aside = 1, place / "before"
    while aside.exists():
        number += 1
        aside = place / f"before {number}"
    try:
        for item in there:
            aside.mkdir(exist_ok=True)
            item.rename(aside / item.name)
    except OSError as error:
        raise OutputError(f"Cannot begin the project {place} anew: {error.strerror or error}.") from error


def save(place: Path, state: dict[str, Any]) -> None:
    """Write what the project knows, all or nothing.

    Raises:
        OutputError: it cannot be written.
    """
    with replacing_file(place / STATE) as temporary:
        temporary.write_text(json.dumps(state, indent=1, ensure_ascii=False) + "\n", "utf-8", errors="backslashreplace")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, or of all files of a folder."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    found = hashlib.sha256()
    for file in files:
        if file.is_file():
            found.update(file.relative_to(path).as_posix().encode())
            with file.open("rb") as stream:
                found.update(hashlib.file_digest(stream, "sha256").digest())
    return found.hexdigest()
