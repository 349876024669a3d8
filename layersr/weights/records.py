"""What is known of weights on this machine: hashes, and the licence that was accepted. One small JSON file a model.

Two processes that write at once lose one of the two notes, which costs a hash or a question, never a file.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from layersr.weights.caches import published_sha256


@dataclass(frozen=True)
class Stamp:
    """A file as it was when it was last hashed."""

    size: int
    mtime_ns: int
    sha256: str


@dataclass(frozen=True)
class Record:
    """What is known of one model's files.

    Attributes:
        accepted: the licence that somebody accepted, or "".
        stamps: by the files' paths on this machine.
    """

    accepted: str = ""
    stamps: Mapping[str, Stamp] = field(default_factory=dict)


def read(file: Path) -> Record:
    """The record in a file; an empty one where there is none or it is damaged."""
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
        return Record(str(known["accepted"]), {str(name): Stamp(**stamp) for name, stamp in known["stamps"].items()})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Record()


def write(file: Path, record: Record) -> None:
    """Write a record, all or nothing.

    Raises:
        OSError: it cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        temporary.write_text(json.dumps(asdict(record), indent=1), encoding="utf-8")
        os.replace(temporary, file)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def expected(file: Path, place: Path, sha256: str = "") -> str:
    """What a file should hash to: what its publisher says, else what was seen first; "" where nobody knows."""
    first = read(file).stamps.get(str(place))
    return sha256 or published_sha256(place) or (first.sha256 if first else "")


def sound(file: Path, place: Path, sha256: str, again: bool) -> bool:
    """Whether a file is what it should be; the first sight of one that nobody vouches for decides.

    Args:
        file: of the record.
        place: the file.
        sha256: what its publisher says, or "".
        again: hash it even where size and time are as when it was last hashed.
    """
    status, wanted = place.stat(), expected(file, place, sha256)
    if not again and read(file).stamps.get(str(place)) == Stamp(status.st_size, status.st_mtime_ns, wanted):
        return True
    found = sha256_of(place)
    if wanted not in ("", found):
        return False
    with suppress(OSError):  # a cache that may only be read: hashed again next time
        note(file, place, found)
    return True


def known(file: Path, place: Path) -> str:
    """The SHA-256 of a file: what is remembered where its size and time are the same, else hashed and remembered."""
    status, stamp = place.stat(), read(file).stamps.get(str(place))
    if stamp is not None and (stamp.size, stamp.mtime_ns) == (status.st_size, status.st_mtime_ns):
        return stamp.sha256
    found = sha256_of(place)
    with suppress(OSError):
        note(file, place, found)
    return found


def note(file: Path, place: Path, sha256: str) -> None:
    """Remember what a file hashes to.

    Raises:
        OSError: see `write`.
    """
    status, record = place.stat(), read(file)
    stamp = Stamp(status.st_size, status.st_mtime_ns, sha256)
    write(file, replace(record, stamps={**record.stamps, str(place): stamp}))


def accept(file: Path, licence: str) -> None:
    """Remember that a licence was accepted.

    Raises:
        OSError: see `write`.
    """
    write(file, replace(read(file), accepted=licence))


def sha256_of(place: Path) -> str:
    """The SHA-256 of a file's content, in hex."""
    with place.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
