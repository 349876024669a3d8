"""Results of steps, kept in a folder by what they were made from.

A file a result: one line of JSON (the step, what it used in turn, a checksum), then the value. Its name is the hash of
the step and all its inputs, so what depends on nothing that changed is found again, and what does is made. A file is
written under another name and renamed; what is damaged all the same, by a full disk or a power cut, its checksum tells,
and it is made again.
"""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from layersr.errors import OutputError
from layersr.projects import values
from layersr.remembering import Result

PART = ".part"


class Store:
    """Remembers results in a folder; a `Remember`. One thread of one process at a time.

    Args:
        folder: where; it is made when there is something to keep.
        salt: what every result depends on: the program itself.

    Attributes:
        made: how many results of each step were made.
        reused: how many were found.
        damaged: how many were there and could not be used.
    """

    def __init__(self, folder: Path, salt: str) -> None:
        self.made, self.reused, self.damaged = Counter[str](), Counter[str](), 0
        self._folder, self._salt = folder, salt
        self._open: list[list[str]] = [[]]  # what the steps that are being made have used; the first is the run's own

    def __call__(self, step: str, inputs: Any, make: Callable[[], Result]) -> Result:
        """See `remembering.Remember`.

        Raises:
            OutputError: the result cannot be kept: the disk is full, or the folder may not be written.
        """
        key = values.digest((self._salt, step, inputs))
        self._open[-1].append(key)
        with suppress(LookupError):
            found = self._read(key)
            self.reused[step] += 1
            return found
        self._open.append([])
        try:
            result = make()
        finally:
            used = self._open.pop()
        self._write(key, step, used, values.dumps(result))
        self.made[step] += 1
        return result

    def steps(self) -> dict[str, dict[str, Any]]:
        """What this run's result is made of: by key the step, its size in bytes and what it used in turn."""
        found: dict[str, dict[str, Any]] = {}
        waiting = [*self._open[0]][::-1]
        while waiting:
            key = waiting.pop()
            path = self._folder / key
            head = _head(path) if key not in found else None
            if head is not None:
                found[key] = {"step": head["step"], "bytes": path.stat().st_size, "used": head["used"]}
                waiting += reversed(head["used"])
        return found

    def sweep(self) -> dict[str, dict[str, Any]]:
        """Remove what this run's result is not made of; the `steps` that are left."""
        kept = self.steps()
        for path in self._files():
            if path.name not in kept:
                with suppress(OSError):
                    path.unlink()
        return kept

    def _files(self) -> Iterator[Path]:
        return iter([*self._folder.iterdir()] if self._folder.is_dir() else [])

    def _read(self, key: str) -> Any:
        """The value of a key.

        Raises:
            LookupError: there is none, or it is damaged.
        """
        try:
            data = (self._folder / key).read_bytes()
        except OSError as error:
            raise LookupError from error
        line, _, payload = data.partition(b"\n")
        head = _parsed(line)
        try:
            if head is None or head["sha256"] != hashlib.sha256(payload).hexdigest():
                raise ValueError("damaged")
            return values.loads(payload)
        except ValueError as error:
            self.damaged += 1
            raise LookupError from error

    def _write(self, key: str, step: str, used: list[str], payload: bytes) -> None:
        """Keep a result, all or nothing; not forced to the disk, for the checksum tells what did not get there."""
        head = {"step": step, "used": list(dict.fromkeys(used)), "sha256": hashlib.sha256(payload).hexdigest()}
        temporary = self._folder / (key + PART)
        try:
            self._folder.mkdir(exist_ok=True)
            temporary.write_bytes(json.dumps(head).encode() + b"\n" + payload)
            os.replace(temporary, self._folder / key)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise OutputError(
                f"The project cannot keep its results in {self._folder}: {error.strerror or error}. "
                "Make room or give yourself permission, then run the same again; what was done is kept."
            ) from error


def _head(path: Path) -> dict[str, Any] | None:
    """What the first line of a file says; None where there is none, or it is damaged."""
    try:
        with path.open("rb") as file:
            return _parsed(file.readline())
    except OSError:
        return None


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        head = json.loads(line)
        return head if {"step", "used", "sha256"} <= head.keys() else None
    except (ValueError, AttributeError):
        return None
