"""What layersr notes of the nodes of a Krita document that Krita has no place for, by their ids.

Krita keeps ids and annotations when it saves, so a mark outlives that. It counts only while the node still is what was
written: the reader checks.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """Of a layer, mask or group.

    Attributes:
        size: width and height of a layer or mask, from its own column and row 0; the tiles hold more or less.
        clipped: a layer that is clipped, with nothing below to be clipped to.
        holds: a group that is there only for the sake of clipping: its lowest layer is the base, and what the group
            does the base does.
        through: a group that passes through, but is written as one that does not.
    """

    size: tuple[int, int] | None = None
    clipped: bool = False
    holds: bool = False
    through: bool = False


def dumps(marks: Mapping[str, Mark]) -> bytes:
    """Marks by id as JSON; what is as usual is left out."""
    usual = vars(Mark())
    kept = {
        uuid: {key: value for key, value in vars(mark).items() if value != usual[key]} for uuid, mark in marks.items()
    }
    return json.dumps(kept, separators=(",", ":")).encode("ascii")


def loads(block: bytes) -> dict[str, Mark]:
    """Undo `dumps`.

    Raises:
        Exception: the block is damaged (ValueError, TypeError, ...); readers say it as an `InputError`.
    """
    found = {}
    for uuid, entry in json.loads(block).items():
        size = None
        if "size" in entry:
            width, height = entry["size"]
            size = int(width), int(height)
        flags = {key: bool(entry.get(key, False)) for key in ("clipped", "holds", "through")}
        found[uuid] = Mark(size, **flags)
    return found
