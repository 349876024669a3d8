"""All or nothing: a file or folder is written under a temporary name and renamed when it is whole."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from layersr.errors import OutputError


def _sibling(path: Path) -> Path:
    """A free name in the same folder, since only there a rename is one step; hidden, and short enough for any name."""
    return path.with_name(f".{path.name[:60]}.{secrets.token_hex(4)}.part")


def _sync(path: Path) -> None:
    """Wait until the disk has it: a rename must not overtake the bytes."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sentence(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError) and not path.parent.is_dir():
        return f"Cannot write {path}: the folder {path.parent} does not exist."
    return f"Cannot write {path}: {error.strerror or error}."


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """A temporary name to write `path` under.

    Law: when the block ends well, `path` holds what was written, complete and on disk; when it raises anything,
    KeyboardInterrupt included, `path` is as it was and nothing else is left behind.

    Raises:
        OutputError: the place cannot be written, or the disk is full.
    """
    if path.is_dir():
        raise OutputError(f"Cannot write {path}: a folder of that name is in the way.")
    temporary = _sibling(path)
    try:
        yield temporary
        _sync(temporary)
        os.replace(temporary, path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OutputError(_sentence(path, error)) from error
        raise


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """A temporary folder to fill, which becomes `path`; the same law as `replacing_file`.

    An existing folder is replaced as a whole: the caller makes sure that nothing in it is worth keeping.

    Raises:
        OutputError: the place cannot be written, or the disk is full.
    """
    temporary, old = _sibling(path), _sibling(path)
    try:
        temporary.mkdir()
        yield temporary
        for file in temporary.rglob("*"):
            if file.is_file():
                _sync(file)
        if path.exists():  # not every system renames onto a folder, so the old one steps aside first
            os.rename(path, old)
        os.rename(temporary, path)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if old.exists() and not path.exists():
            os.rename(old, path)
        if isinstance(error, OSError):
            raise OutputError(_sentence(path, error)) from error
        raise
    finally:
        if path.exists():
            shutil.rmtree(old, ignore_errors=True)
