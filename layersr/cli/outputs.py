"""Where results go: everything that can be refused is refused before the work starts."""

import os
from collections.abc import Iterable
from pathlib import Path

import click

from layersr.errors import OutputError, UsageError

DOCUMENTS = {"psd": ".psd", "ora": ".ora", "kra": ".kra", "xcf": ".xcf", "folder": ""}
"""--format to suffix."""

NATIVE = "A PSD keeps clipping and group opacity as Photoshop has them; Krita ignores both, so else masks say them."
"""What --native does, where foreign documents are written."""


def check_document(out: str, force: bool, inputs: Iterable[str]) -> None:
    """Refuse a document that could not be written, or must not be.

    Raises:
        UsageError: it would be no document, or lie on an input.
        OutputError: it exists already, or its folder does not or cannot be written.
    """
    from layersr.documents import SUFFIXES

    path = Path(out)
    if path.suffix.lower() not in (*SUFFIXES, "") and not (path.is_dir() or out.endswith(("/", os.sep))):
        known = ", ".join(SUFFIXES)
        raise UsageError(
            f"{out} is no layered document: name one in {known} or a folder; several pictures need -o DIR."
        )
    check_place(path, force, inputs)


def check_flat(out: str, force: bool, inputs: Iterable[str]) -> bool:
    """Whether a result, document or picture, is a flat picture; refuse one that could not be written, or must not be.

    Raises as `check_document`.
    """
    from layersr.documents import SUFFIXES

    flat = Path(out).suffix.lower() not in (*SUFFIXES, "") and not Path(out).is_dir()
    (check_picture(Path(out), force, inputs) if flat else check_document(out, force, inputs))
    return flat


def check_picture(path: Path, force: bool, inputs: Iterable[str | Path]) -> None:
    """Refuse a flat picture that could not be written, or must not be; raises as `check_document`."""
    from layersr.images import WRITES

    if path.suffix.lower() not in WRITES:
        raise UsageError(f"{path} should end in {', '.join(WRITES)}; the suffix says what to write.")
    check_place(path, force, inputs)


def is_page(path: Path) -> bool:
    """Whether its name says that it is a page for a browser."""
    return path.suffix.lower() in (".html", ".htm")


def check_page(path: Path, force: bool, inputs: Iterable[str | Path]) -> None:
    """Refuse a page that could not be written, or must not be; raises as `check_document`."""
    if not is_page(path):
        raise UsageError(f"{path} should end in .html: what is written is a page for a browser.")
    check_place(path, force, inputs)


def check_folder(folder: Path) -> None:
    """Refuse a folder for results that is not there or cannot be written.

    Raises:
        OutputError: just so.
    """
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist; make it first"
        raise OutputError(f"The folder {folder} {what}.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"The folder {folder} may not be written; choose another or give yourself permission.")


def check_distinct(paths: Iterable[Path]) -> None:
    """Refuse two results of one name.

    Raises:
        UsageError: just so.
    """
    seen = set()
    for path in map(_resolved, paths):
        if path in seen:
            raise UsageError(
                f"Two results would be called {path}; give them different names or export them one by one."
            )
        seen.add(path)


def check_place(path: Path, force: bool, inputs: Iterable[str | Path]) -> None:
    """Refuse a file that could not be written, or must not be; raises as `check_document`."""
    if any(_resolved(path) == _resolved(Path(given)) for given in inputs):
        raise UsageError(f"{path} is an input too and would be lost; name another output.")
    check_folder(path.parent)
    empty = path.is_dir() and not any(path.iterdir())
    if os.path.lexists(path) and not force and not empty:
        raise OutputError(f"{path} exists already; --force replaces it.")


def _resolved(path: Path) -> Path:
    """The file itself, whatever links and names lead to it; of a name that is impossible, the name."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return path


def written_as(asked: str, path: Path) -> str:
    """Where a document was written, saying so where it is not where it was asked for."""
    if path == Path(asked):
        return asked
    click.echo(f"note: {asked} would be larger than a PSD can be, so it is {path}.", err=True)
    return str(path)
