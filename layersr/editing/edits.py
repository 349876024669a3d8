"""What can be asked for: one frozen value an edit, each with the name of what it is done to.

A `target` is a layer's name, a pattern of names ("eye*", case as is) or a group's name or path ("eyes/"); see
`selecting`.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Edit:
    """Something to be done to what a target names."""

    target: str


@dataclass(frozen=True)
class Move(Edit):
    """Moved so many whole pixels to the right and down."""

    right: int
    down: int


@dataclass(frozen=True)
class Scale(Edit):
    """Made so many times as large, about its own middle."""

    factor: float


@dataclass(frozen=True)
class Rotate(Edit):
    """Turned clockwise by degrees, about its own middle."""

    degrees: float


@dataclass(frozen=True)
class Flip(Edit):
    """Mirrored in place: "h" swaps left and right, "v" top and bottom."""

    axis: Literal["h", "v"]


@dataclass(frozen=True)
class Hide(Edit):
    """No longer shown."""


@dataclass(frozen=True)
class Show(Edit):
    """Shown."""


@dataclass(frozen=True)
class Delete(Edit):
    """Taken out."""


@dataclass(frozen=True)
class Raise(Edit):
    """Past so many of those above it in its group; past those below it where negative."""

    steps: int = 1


@dataclass(frozen=True)
class Order(Edit):
    """The named ones in this order, the top one first, in the places they hold; a name a line of `target`."""


@dataclass(frozen=True)
class Rename(Edit):
    """One layer or group called otherwise."""

    name: str


@dataclass(frozen=True)
class Merge(Edit):
    """Several layers, their names between commas, as one; it is called as the first."""


@dataclass(frozen=True)
class Split(Edit):
    """A layer taken apart again; its pieces are a group in its place."""


@dataclass(frozen=True)
class Recolor(Edit):
    """Other colours with the same light and shade.

    Attributes:
        colour: "#rrggbb" that the thing as a whole shall have, or "".
        hue: degrees to turn hues by.
        saturation: times as colourful.
        lightness: lighter (or darker) by so much, -1..1: at 1 all is white.
    """

    colour: str = ""
    hue: float = 0.0
    saturation: float = 1.0
    lightness: float = 0.0
