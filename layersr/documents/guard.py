"""What every reader owes the person: a damaged file ends in one sentence, whatever the parser underneath raised."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from layersr.errors import InputError

MAX_SIDE = 300_000
"""Pixels a side at most, PSB's own limit."""

MAX_PIXELS = 2**31
"""Pixels of a canvas or layer at most: beyond it a small file asks for more memory than machines have."""

NAMED = 8
"""Names listed in a sentence."""


@contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Turns whatever goes wrong while `path` is read as `kind` ("Photoshop document") into an `InputError`."""
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


def check_size(width: int, height: int, what: str) -> None:
    """Refuse a size no picture has before memory is asked for it.

    Raises:
        InputError: a side is negative or beyond `MAX_SIDE`, or there are more than `MAX_PIXELS` pixels.
    """
    if not (0 <= width <= MAX_SIDE and 0 <= height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise InputError(f"The {what} claims to be {width} x {height} pixels, which cannot be.")


def listed(names: list[str]) -> str:
    """Names in a sentence, the first few of many."""
    return ", ".join(f"“{name}”" for name in names[:NAMED]) + ("" if len(names) <= NAMED else ", ...")
