"""What every reader owes the person: a damaged file ends in one sentence, whatever the parser underneath raised.

And a small file asks for no more than there is: sizes are checked before memory is asked for, and all that one document
asks for is added up, since of many parts each may be small enough.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import psutil

from layersr.errors import InputError

MAX_SIDE = 300_000
"""Pixels a side at most, PSB's own limit."""

MAX_PIXELS = 2**31
"""Pixels of a canvas or layer at most: beyond it a small file asks for more memory than machines have."""

MAX_PLACE = 2**30
"""Pixels off the canvas at most."""

MAX_LAYERS = 32_767
"""Layers at most, as many as a PSD can count."""

DEEPEST = 100
"""Groups in one another at most."""

NAMED = 8
"""Names listed in a sentence."""


@dataclass
class _Room:
    """Bytes that are left for one document's pixels, and for what its archive unpacks to before it is pixels."""

    pixels: int
    unpacked: int


_room: ContextVar[_Room | None] = ContextVar("room", default=None)


def memory() -> int:
    """Bytes that are free on this machine."""
    return psutil.virtual_memory().available


@contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Turns whatever goes wrong while `path` is read as `kind` ("Photoshop document") into an `InputError`.

    What is claimed within, by `check_size` and `unpacking`, is added up; more than the free memory is an error too.
    """
    free = memory()
    before = _room.set(_Room(free, free))
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(f"Cannot read {path}: there is no such file.") from error
    except PermissionError as error:
        raise InputError(f"Cannot read {path}: {error.strerror or error}.") from error
    except MemoryError as error:
        raise InputError(f"{path} claims more pixels than this machine has memory for.") from error
    # Parsers raise what they please on bytes that are not theirs: struct.error, BadZipFile, KeyError, RecursionError
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(f"{path} is damaged or no {kind} ({reason}).") from error
    finally:
        _room.reset(before)


def check_size(width: int, height: int, what: str, each: int = 0, kept: bool = True) -> None:
    """Refuse a size no picture has before memory is asked for it.

    Args:
        width: in pixels.
        height: in pixels.
        what: it is, in a sentence.
        each: bytes of memory that will be asked for, a pixel.
        kept: whether they stay; what one document keeps is added up.

    Raises:
        InputError: a side is negative or beyond `MAX_SIDE`, or there are more than `MAX_PIXELS` pixels.
        MemoryError: the document needs more than there is memory.
    """
    if not (0 <= width <= MAX_SIDE and 0 <= height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise InputError(f"The {what} claims to be {width} x {height} pixels, which cannot be.")
    if room := _room.get():
        left = room.pixels - width * height * each
        if left < 0:
            raise MemoryError
        room.pixels = left if kept else room.pixels


def unpacking(size: int) -> None:
    """Count bytes that an archive unpacks to.

    Raises:
        MemoryError: they are more than there is memory, in all of one document.
    """
    if room := _room.get():
        room.unpacked -= size
        if room.unpacked < 0:
            raise MemoryError


def check_depth(depth: int) -> None:
    """Refuse groups that lie too deep in one another: their paths alone would fill the memory.

    Raises:
        ValueError: more than `DEEPEST`.
    """
    if depth > DEEPEST:
        raise ValueError("its groups lie too deep in one another")


def listed(names: list[str]) -> str:
    """Names in a sentence, the first few of many."""
    return ", ".join(f"“{name}”" for name in names[:NAMED]) + ("" if len(names) <= NAMED else ", ...")
