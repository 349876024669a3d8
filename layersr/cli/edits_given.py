"""`--move NAME=DX,DY` and the other edits: what is written on the command line becomes an edit."""

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from layersr.errors import UsageError

if TYPE_CHECKING:
    from layersr.editing import Edit

ADJUSTMENTS = {"hue": "hue", "saturation": "saturation", "lightness": "lightness"}


def _parted(given: str, option: str, form: str) -> tuple[str, str]:
    """A name and what stands behind its last "=", which names may hold too."""
    name, equals, value = given.rpartition("=")
    if not equals or not name:
        raise UsageError(f"--{option} {given!r} should be {form}.")
    return name, value


def _number(text: str, option: str, given: str, form: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"--{option} {given!r} should be {form}.")
    return number


def _move(given: str) -> "Edit":
    from layersr.editing import Move

    form = "NAME=RIGHT,DOWN, whole pixels"
    name, value = _parted(given, "move", form)
    if not re.fullmatch(r"\s*[+-]?\d{1,6}\s*,\s*[+-]?\d{1,6}\s*", value):
        raise UsageError(f"--move {given!r} should be {form}.")
    right, down = (int(part) for part in value.split(","))
    return Move(name, right, down)


def _scale(given: str) -> "Edit":
    from layersr.editing import Scale

    form = "NAME=FACTOR, from 0.01 to 100 (0.5 is half as large)"
    name, value = _parted(given, "scale", form)
    factor = _number(value, "scale", given, form)
    if not 0.01 <= factor <= 100:
        raise UsageError(f"--scale {given!r} should be {form}.")
    return Scale(name, factor)


def _rotate(given: str) -> "Edit":
    from layersr.editing import Rotate

    form = "NAME=DEGREES, clockwise"
    name, value = _parted(given, "rotate", form)
    return Rotate(name, _number(value, "rotate", given, form))


def _flip(given: str) -> "Edit":
    from layersr.editing import Flip

    form = "NAME=h (left and right change places) or NAME=v (top and bottom)"
    name, value = _parted(given, "flip", form)
    if value not in ("h", "v"):
        raise UsageError(f"--flip {given!r} should be {form}.")
    return Flip(name, value)


def _raised(way: int) -> Callable[[str], "Edit"]:
    def read(given: str) -> "Edit":
        from layersr.editing import Raise

        name, equals, value = given.rpartition("=")
        counted = bool(equals and name and re.fullmatch(r"\d{1,6}", value))  # else the "=" is the name's own
        return Raise(name, way * int(value)) if counted else Raise(given, way)

    return read


def _order(given: str) -> "Edit":
    from layersr.editing import Order
    from layersr.recipe import order_names

    return Order("\n".join(order_names(given)))


def _rename(given: str) -> "Edit":
    from layersr.editing import Rename

    old, equals, new = given.partition("=")
    if not (old and equals and new):
        raise UsageError(f"--rename {given!r} should be OLD=NEW.")
    return Rename(old, new)


def _recolor(given: str) -> "Edit":
    from layersr.editing import Recolor
    from layersr.editing.recolouring import parsed

    form = "NAME=#rrggbb, or NAME=hue:DEGREES,saturation:TIMES,lightness:-1..1 (any of them)"
    name, value = _parted(given, "recolor", form)
    said: dict[str, float | str] = {}
    for part in value.split(","):
        kind, colon, amount = part.strip().partition(":")
        if part.strip().startswith("#"):
            parsed(part.strip())
            said["colour"] = part.strip()
        elif kind in ADJUSTMENTS and colon:
            said[ADJUSTMENTS[kind]] = _number(amount, "recolor", given, form)
        else:
            raise UsageError(f"--recolor {given!r} should be {form}.")
    if not (said.get("saturation", 1) >= 0 and -1 <= said.get("lightness", 0) <= 1):
        raise UsageError(f"--recolor {given!r} should be {form}; saturation is not negative.")
    return Recolor(name, **said)


def _plain(kind: str) -> Callable[[str], "Edit"]:
    def read(given: str) -> "Edit":
        from layersr import editing

        return getattr(editing, kind)(given)

    return read


READ: dict[str, tuple[str, Callable[[str], "Edit"], str]] = {
    "move": ("NAME=X,Y", _move, "Move by whole pixels, right and down."),
    "scale": ("NAME=F", _scale, "Make F times as large, about its middle."),
    "rotate": ("NAME=DEG", _rotate, "Turn clockwise, about its middle."),
    "flip": ("NAME=h|v", _flip, "Mirror in place."),
    "hide": ("NAME", _plain("Hide"), "Hide."),
    "show": ("NAME", _plain("Show"), "Show."),
    "delete": ("NAME", _plain("Delete"), "Take out."),
    "raise": ("NAME[=N]", _raised(1), "Past N layers or groups above it in its group [1]."),
    "lower": ("NAME[=N]", _raised(-1), "Likewise downwards."),
    "order": ("FILE", _order, "Z-order: names, one a line, the top one first."),
    "rename": ("OLD=NEW", _rename, "Call a layer or group otherwise."),
    "merge": ("A,B", _plain("Merge"), "Several layers as one that shows the same."),
    "split": ("NAME", _plain("Split"), "Take a layer apart again; its pieces become a group."),
    "recolor": (
        "NAME=COLOUR",
        _recolor,
        "#rrggbb keeps light and shade; or hue:DEG,saturation:TIMES,lightness:-1..1.",
    ),
}
"""Name of the option: what it takes, what makes an edit of that, its words. All are repeatable."""
