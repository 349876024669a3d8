"""Harm done to documents, step by step: each step is a few plain values, so that a find can be told in a line.

A document is its parts by name: the members of a zip, the files of a folder, or one part without a name. Steps go to a
part before a zip is packed again, so that its checksums are right, or to `WHOLE`, the packed file.
"""

import random
import re
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

Parts = dict[str, bytes]
Step = tuple[str, str, int, int, bytes]
"""Part, what is done (a key of `DEEDS`), where, how much, and what with."""

WHOLE = ""
PNG = b"\x89PNG\r\n\x1a\n"

_VALUE = re.compile(rb'"[^"<>]{0,80}"|-?\d+(?:\.\d+)?')
_TAG = re.compile(rb"<[^<>]*>")
_PLACES = re.compile(rb"8BIM|8B64|IHDR|IDAT|iCCP|pHYs|PK..|DATA |\x78\x01|[\[{]", re.DOTALL)
"""Where structure begins."""

WORDS = (
    *(b"", b"0", b"-1", b"1", b"255", b"65536", b"2147483647", b"2147483648", b"4294967295", b"99999999999999999999"),
    *(b"1e999", b"-1e999", b"nan", b"1e-400", b"0.5", b"null", b"true", b"[]", b"{}", b"../x", b"/etc/x", b"&a;"),
    *(b"\\ud800", b"\xff", b"A" * 300, b"9" * 5000, b"mimetype", b"grouplayer", b"RGBA16", b"passthrough"),
)


def put(data: bytes, at: int, _: int, what: bytes) -> bytes:
    """Bytes in the place of others."""
    return data[:at] + what + data[at + len(what) :]


def insert(data: bytes, at: int, _: int, what: bytes) -> bytes:
    """Bytes between others."""
    return data[:at] + what + data[at:]


def drop(data: bytes, at: int, count: int, _: bytes) -> bytes:
    """Fewer bytes."""
    return data[:at] + data[at + count :]


def cut(data: bytes, at: int, _: int, __: bytes) -> bytes:
    """An end too early."""
    return data[:at]


def repeat(data: bytes, at: int, count: int, times: bytes) -> bytes:
    """Bytes many times."""
    return data[:at] + data[at : at + count] * times[0] + data[at + count :]


def word(data: bytes, number: int, fitted: int, what: bytes) -> bytes:
    """Another number or quoted text in the place of one; as long as that, where a length stands elsewhere."""
    found = list(_VALUE.finditer(data))
    if not found:
        return data
    here = found[number % len(found)]
    mark = b'"' if here[0].startswith(b'"') else b""
    room = len(here[0]) - 2 * len(mark)
    new = mark + (what[:room].ljust(room) if fitted else what) + mark
    return data[: here.start()] + new + data[here.end() :]


def tag(data: bytes, number: int, times: int, _: bytes) -> bytes:
    """A tag left out (0 times), or many times."""
    found = list(_TAG.finditer(data))
    if not found:
        return data
    here = found[number % len(found)]
    return data[: here.start()] + here[0] * times + data[here.end() :]


def sums(data: bytes, _: int, __: int, ___: bytes) -> bytes:
    """The checksums of a PNG, right again."""
    out, at = bytearray(data), 8
    while at + 12 <= len(out):
        end = at + 8 + struct.unpack_from(">I", out, at)[0]
        if end + 4 > len(out):
            break
        struct.pack_into(">I", out, end, zlib.crc32(out[at + 4 : end]))
        at = end + 4
    return bytes(out)


def remove(_: bytes, __: int, ___: int, ____: bytes) -> None:
    """No part at all."""
    return


DEEDS = {deed.__name__: deed for deed in (put, insert, drop, cut, repeat, word, tag, sums, remove)}


def parts_of(path: Path) -> Parts:
    """A document, taken apart."""
    if path.is_dir():
        return {file.name: file.read_bytes() for file in sorted(path.iterdir())}
    if path.suffix in (".ora", ".kra"):
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    return {WHOLE: path.read_bytes()}


def put_together(parts: Parts, steps: list[Step], path: Path) -> None:
    """Write a document to which all steps were done; what was at the path is gone."""
    parts = dict(parts)
    for name, deed, *how in steps:
        if name in parts:
            harmed = DEEDS[deed](parts[name], *how)
            parts = {k: v for k, v in parts.items() if k != name} if harmed is None else parts | {name: harmed}
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    if path.suffix == "":
        path.mkdir()
        for name, data in parts.items():
            (path / name).write_bytes(data)
    elif WHOLE in parts:
        path.write_bytes(parts[WHOLE])
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, data in parts.items():
                archive.writestr(name, data, zipfile.ZIP_STORED if name == "mimetype" else None)
        packed = path.read_bytes()
        for name, deed, *how in steps:
            if name == WHOLE and deed != "remove":
                packed = DEEDS[deed](packed, *how)
        path.write_bytes(packed)


def harm(rng: random.Random, parts: Parts, others: list[bytes]) -> list[Step]:
    """A few steps, drawn."""
    names = [name for name in parts for _ in range(4 if _tells(name) else 1)]
    steps: list[Step] = []
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5, 8))):
        name = WHOLE if rng.random() < 0.1 else rng.choice(names)
        data = parts.get(name, b"")
        steps += list(_steps(rng, name, data or bytes(4096), others))
        if data.startswith(PNG) and rng.random() < 0.7:
            steps.append((name, "sums", 0, 0, b""))
    return steps


def _tells(name: str) -> bool:
    """Whether a part says how the others lie."""
    return name.endswith((".xml", ".json", ".manifest", ".marks"))


def _steps(rng: random.Random, name: str, data: bytes, others: list[bytes]) -> Iterator[Step]:
    kind, at = rng.random(), _place(rng, data)
    if _tells(name) and kind < 0.6:
        kind = rng.choice((0.9, 0.9, 0.98))
    if kind < 0.3:
        yield name, "put", at, 0, _number(rng, len(data))
    elif kind < 0.45:
        yield name, "put", at, 0, bytes([data[at] ^ 1 << rng.randrange(8)])
    elif kind < 0.55:
        yield name, "drop", at, rng.choice((1, 2, 4, 8, 12, rng.randrange(1, 2000))), b""
    elif kind < 0.63:
        yield name, "repeat", at, rng.choice((1, 4, 12, rng.randrange(1, 2000))), bytes([rng.choice((2, 3, 200))])
    elif kind < 0.72:
        other = rng.choice(others)
        start = _place(rng, other)
        what = other[start : start + rng.choice((4, 16, 200, 2000))]
        yield name, rng.choice(("put", "insert")), at, 0, what
    elif kind < 0.76:
        yield name, "cut", at, 0, b""
    elif kind < 0.78:
        yield name, "remove", 0, 0, b""
    elif kind < 0.95:
        yield name, "word", rng.randrange(10_000), int(name == WHOLE or rng.random() < 0.2), rng.choice(WORDS)
    else:
        yield name, "tag", rng.randrange(10_000), rng.choice((0, 2, 50, 3000)), b""


def _place(rng: random.Random, data: bytes) -> int:
    """Somewhere, mostly near where structure begins."""
    if rng.random() < 0.4:
        near = rng.randrange(max(1, len(data)))
        found = _PLACES.search(data, near) or _PLACES.search(data)
        if found:
            return min(len(data) - 1, found.start() + rng.randrange(24))
    at = rng.randrange(min(len(data), rng.choice((16, 64, 400, 4000, len(data)))) or 1)
    return at if rng.random() < 0.7 else max(0, len(data) - 1 - at)


def _number(rng: random.Random, length: int) -> bytes:
    """One of those that programs stumble over."""
    size = rng.choice((1, 2, 4, 4, 8))
    most = 1 << 8 * size
    values = (0, 1, 2, most // 2 - 1, most // 2, most - 1, most - 2, length % most, rng.randrange(most), 1 << 4 * size)
    return rng.choice(values).to_bytes(size, rng.choice(("big", "big", "little")))
