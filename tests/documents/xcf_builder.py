"""XCF built byte by byte from the specification: of all versions and kinds, and as sound as a test wants it."""

import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

RAW, RUNS, ZLIB = 0, 1, 2


def text(name: str) -> bytes:
    data = name.encode() + b"\0"
    return struct.pack(">I", len(data)) + data


def prop(kind: int, form: str = "", *values: float) -> bytes:
    payload = struct.pack(f">{form}", *values)
    return struct.pack(">II", kind, len(payload)) + payload


def parasite(name: str, data: bytes) -> bytes:
    block = text(name) + struct.pack(">II", 1, len(data)) + data
    return struct.pack(">II", 21, len(block)) + block


def runs(plane: bytes) -> bytes:
    """Every kind of code: short and long runs, short and long copies."""
    out, at = b"", 0
    for n, length in enumerate((1, 3, 200, 2, 300, 10**6)):
        part = plane[at : at + min(length, 60_000)]
        at += len(part)
        if not part:
            break
        if len(set(part)) == 1:
            size = len(part)
            out += bytes([size - 1, part[0]]) if size <= 127 and n != 1 else struct.pack(">BHB", 127, size, part[0])
        else:
            short = len(part) < 128
            out += (bytes([256 - len(part)]) if short else struct.pack(">BH", 128, len(part))) + part
    return out


def packed(values: np.ndarray, how: int, order: str) -> bytes:
    raw = np.ascontiguousarray(values).astype(values.dtype.newbyteorder(order)).tobytes()
    if how == ZLIB:
        return zlib.compress(raw)
    if how == RUNS:
        planes = np.frombuffer(raw, np.uint8).reshape(values.shape[0] * values.shape[1], -1)
        return b"".join(runs(plane.tobytes()) for plane in planes.T)
    return raw


@dataclass
class Thing:
    """A layer, or what pretends to be one."""

    values: np.ndarray | None
    kind: int = 1
    name: str = "layer"
    properties: bytes = b""
    mask: np.ndarray | None = None
    size: tuple[int, int] | None = None
    after: bytes = b""


@dataclass
class File:
    version: int = 11
    size: tuple[int, int] = (20, 10)
    base: int = 0
    precision: int = 150
    packing: int = ZLIB
    properties: bytes = b""
    things: list[Thing] = field(default_factory=list)
    channels: list[Thing] = field(default_factory=list)
    paths: bytes = b""
    again: int = 0

    def link(self, *places: int) -> bytes:
        return struct.pack(f">{len(places)}{'Q' if self.version >= 11 else 'I'}", *places)

    def pixels(self, values: np.ndarray | None, size: tuple[int, int], at: int) -> bytes:
        """A hierarchy that begins at a place of the file."""
        depth = 4 if values is None else values.dtype.itemsize * values.shape[2]
        head = struct.pack(">3I", *size, depth)
        level = at + len(head) + len(self.link(0, 0))
        head += self.link(level, 0) + struct.pack(">2I", *size)
        if values is None:
            return head + self.link(0)
        order = ">" if self.version >= 12 else "<"
        tiles = [values[y : y + 64, x : x + 64] for y in range(0, size[1], 64) for x in range(0, size[0], 64)]
        data = [packed(tile, self.packing, order) for tile in tiles]
        first = at + len(head) + len(self.link(*[0] * (len(data) + 1)))
        starts = [first + sum(map(len, data[:n])) for n in range(len(data))]
        return head + self.link(*starts, 0) + b"".join(data)

    def part(self, thing: Thing, at: int, channel: bool = False) -> bytes:
        size = thing.size or thing.values.shape[1::-1]
        head = struct.pack(">2I", *size) + (b"" if channel else struct.pack(">I", thing.kind))
        head += text(thing.name) + thing.properties + prop(0)
        effects = self.version >= 20 and not channel
        hierarchy = at + len(head) + len(self.link(*[0] * (1 if channel else 3 if effects else 2)))
        body = self.pixels(thing.values, size, hierarchy)
        mask = hierarchy + len(body) if thing.mask is not None else 0
        links = self.link(hierarchy) if channel else self.link(hierarchy, mask)
        links += thing.after or (self.link(0) if effects else b"")
        if thing.mask is not None:
            body += self.part(Thing(thing.mask, name="mask"), mask, channel=True)
        return head + links + body

    def write(self, path: Path) -> Path:
        tag = b"file" if self.version == 0 else f"v{self.version:03d}".encode()
        head = b"gimp xcf " + tag + b"\0" + struct.pack(">3I", *self.size, self.base)
        head += struct.pack(">I", self.precision) if self.version >= 4 else b""
        head += prop(17, "B", self.packing) + self.properties + prop(0)
        links = len(self.things) + self.again + len(self.channels) + 2
        at = len(head) + len(self.link(*[0] * links)) + len(self.paths)
        starts, parts = [], []
        for thing, channel in [*((x, False) for x in self.things), *((x, True) for x in self.channels)]:
            starts.append(at)
            parts.append(self.part(thing, at, channel))
            at += len(parts[-1])
        count = len(self.things)
        links = self.link(*starts[:count], *starts[:1] * self.again, 0) + self.link(*starts[count:], 0)
        path.write_bytes(head + links + self.paths + b"".join(parts))
        return path
