"""What a layered format has no place for, as one block of bytes inside it.

That is: the recipe, the facts and provenance of each layer, and the exact form of what the format can only keep
approximately (a name it cannot spell, a resolution it rounds). Layers are recognised by their pixels, and a stored
value counts only while the document still says what was written for it: so a document that another application
edited, reordered or renamed keeps what is still true and loses what is not.

Layout: b"layersr1", the length of a JSON header (uint32, big-endian), the header, then zlib-compressed maps.
"""

import json
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from layersr.layers import LOCKS, Group, Layer, LayerStack, Locks, Provenance
from layersr.strips import in_order, strips

MAGIC = b"layersr1"

Credits = Mapping[str, str]
Resolution = tuple[float, float] | None


@dataclass(frozen=True)
class Spelling:
    """How a format spells what it cannot keep exactly: each function gives what its reader reads back.

    Attributes:
        text: of a layer's or group's name.
        blend: of a blend mode.
        resolution: of the pixels per inch.
        locks: of the locks of a layer, or (True) of a group.
        credits: of what the picture says of itself.
    """

    text: Callable[[str], str]
    blend: Callable[[str], str]
    resolution: Callable[[Resolution], Resolution]
    locks: Callable[[Locks, bool], Locks]
    credits: Callable[[Credits], Credits] = lambda _: {}


def fingerprint(pixels: np.ndarray) -> list[int]:
    """Width, height and CRC-32 of a layer as stored; an empty layer counts as one transparent pixel."""
    if not pixels.size:
        pixels = np.zeros((1, 1, 4), pixels.dtype)
    crc = 0
    for rows in strips(*pixels.shape[:2]):
        strip = np.ascontiguousarray(pixels[rows])
        crc = zlib.crc32(strip.astype(pixels.dtype.newbyteorder("<"), copy=False), crc)
    return [pixels.shape[1], pixels.shape[0], crc]


def dumps(stack: LayerStack) -> bytes:
    """The block for a stack.

    Law: `loads(dumps(s), bare, spelling) == s`, where `bare` is what the format itself keeps of s.
    """
    maps, entries, offset = [], [], 0
    for layer, (stored, codes) in zip(stack.layers, in_order(_measured, stack.layers), strict=True):
        entry: dict[str, Any] = {
            "name": layer.name,
            "group": list(layer.group),
            "blend": layer.blend,
            "locks": sorted(layer.locks),
            "size": [layer.width, layer.height],
            "stored": stored,
            "facts": dict(layer.facts),
        }
        if codes is not None:
            maps.append(codes)
            entry["provenance"] = [offset, len(maps[-1])]
            offset += len(maps[-1])
        entries.append(entry)
    groups = [[list(path), sorted(group.locks)] for path, group in stack.groups.items() if group.locks]
    told = {"recipe": stack.recipe, "resolution": stack.resolution, "layers": entries, "groups": sorted(groups)}
    header = json.dumps(told | {"credits": dict(stack.credits)}).encode("ascii")
    return b"".join([MAGIC, struct.pack(">I", len(header)), header, *maps])


def _measured(layer: Layer) -> tuple[list[int], bytes | None]:
    """A layer's fingerprint, and its provenance packed."""
    codes = layer.provenance
    if codes is None:
        return fingerprint(layer.pixels), None
    deflate = zlib.compressobj(1)
    packed = [deflate.compress(np.ascontiguousarray(codes[rows])) for rows in strips(*codes.shape)]
    return fingerprint(layer.pixels), b"".join([*packed, deflate.flush()])


def loads(block: bytes, bare: LayerStack, spelling: Spelling) -> LayerStack:
    """Complete a stack as read from the format with the block written beside it.

    Raises:
        Exception: the block is damaged (ValueError, KeyError, struct.error, ...); readers say it as an `InputError`.
    """
    if not block.startswith(MAGIC):
        raise ValueError("its layersr block does not begin as one")
    (length,) = struct.unpack_from(">I", block, len(MAGIC))
    start = len(MAGIC) + 4
    header = json.loads(block[start : start + length])
    maps = memoryview(block)[start + length :]

    known: dict[tuple[int, ...], list[dict]] = {}
    for entry in header["layers"]:
        known.setdefault(tuple(entry["stored"]), []).append(entry)
    layers, prints = [], {}
    for layer in bare.layers:
        if id(layer.pixels) not in prints:  # several may share a picture
            prints[id(layer.pixels)] = tuple(fingerprint(layer.pixels))
        entries = known.get(prints[id(layer.pixels)])
        layers.append(_complete(layer, entries.pop(0), maps, spelling) if entries else layer)

    groups = _renamed(bare.groups, zip(bare.layers, layers, strict=True))
    _lock(groups, {layer.group for layer in layers}, header.get("groups", ()), spelling)
    exact = None if header["resolution"] is None else (float(header["resolution"][0]), float(header["resolution"][1]))
    resolution = exact if spelling.resolution(exact) == bare.resolution else bare.resolution
    told = {str(name): str(text) for name, text in header.get("credits", {}).items()}
    return replace(
        bare,
        layers=tuple(layers),
        groups=groups,
        recipe=str(header["recipe"]),
        resolution=resolution,
        credits=told if spelling.credits(told) == bare.credits else bare.credits,
    )


def _renamed(
    groups: Mapping[tuple[str, ...], Group], layers: Iterable[tuple[Layer, Layer]]
) -> dict[tuple[str, ...], Group]:
    """The groups, by the paths their layers have after (second) instead of before (first)."""
    new = {old.group[:k]: now.group[:k] for old, now in layers for k in range(1, len(old.group) + 1)}
    return {new.get(path, path): group for path, group in groups.items()}


def _lock(
    groups: dict[tuple[str, ...], Group],
    paths: set[tuple[str, ...]],
    told: Iterable[list[list[str]]],
    spelling: Spelling,
) -> None:
    """Give groups their exact locks, those included of which the format knows nothing to keep."""
    there = {path[:depth] for path in paths for depth in range(1, len(path) + 1)}
    for names, locks in told:
        path, exact = tuple(names), frozenset(locks)
        group = groups.get(path, Group())
        if path in there and spelling.locks(exact, True) == group.locks != exact:
            groups[path] = replace(group, locks=exact & LOCKS)


def _complete(layer: Layer, entry: dict, maps: memoryview, spelling: Spelling) -> Layer:
    width, height = entry["size"]
    pixels = layer.pixels
    if width * height == 0:  # formats that cannot hold an empty picture hold one transparent pixel instead
        pixels = np.zeros((height, width, 4), pixels.dtype)
    provenance = None
    if "provenance" in entry:
        offset, length = entry["provenance"]
        if pixels.shape[:2] != (height, width):
            raise ValueError("a provenance map is of another size than its layer")
        codes = zlib.decompressobj().decompress(maps[offset : offset + length], max(1, width * height))
        provenance = np.frombuffer(codes, np.uint8).reshape(height, width).copy()
        if provenance.size and provenance.max() > max(Provenance):
            raise ValueError("a provenance map holds unknown codes")
    group, locks = tuple(str(name) for name in entry["group"]), frozenset(entry.get("locks", ())) & LOCKS
    return replace(
        layer,
        pixels=pixels,
        name=entry["name"] if spelling.text(entry["name"]) == layer.name else layer.name,
        group=group if tuple(map(spelling.text, group)) == layer.group else layer.group,
        locks=locks if spelling.locks(locks, False) == layer.locks else layer.locks,
        blend=entry["blend"] if spelling.blend(entry["blend"]) == layer.blend else layer.blend,
        provenance=provenance,
        facts=dict(entry["facts"]),
    )
