"""The values that flow through layersr: a flat `Image`, a `Layer`, a `LayerStack` with its groups and masks."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

import numpy as np

from layersr import color
from layersr.arrays import Alpha, Codes, Pixels, Plane


class Provenance(IntEnum):
    """Where a pixel of a layer comes from."""

    NONE = 0
    """Transparent: there is nothing to tell."""
    ORIGINAL = 1
    """The artist's own pixel, to the bit."""
    ESTIMATED = 2
    """Partly visible in the input: unmixed from what shows through."""
    INVENTED = 3
    """Hidden in the input: painted by layersr."""


CREDITS = ("title", "creator", "rights", "description")
"""What a picture says of itself and its maker, in Dublin Core's words."""

Window = tuple[slice, slice]
"""Rows and columns of an array."""


@dataclass(frozen=True, eq=False)
class Image:
    """A flat picture and what a document made from it must carry along.

    Attributes:
        pixels: straight RGBA, uint8 or uint16; alpha is full where the file had none.
        icc: the embedded ICC profile, or None for sRGB.
        resolution: pixels per inch, horizontal and vertical, or None where the file says nothing.
        credits: what the file says by the names of `CREDITS`.
    """

    pixels: Pixels
    icc: bytes | None = None
    resolution: tuple[float, float] | None = None
    credits: Mapping[str, str] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return self.pixels.shape[0]


@dataclass(frozen=True, eq=False)
class LayerMask:
    """What hides parts of a layer or a group and leaves their pixels alone.

    Attributes:
        values: how much it lets through, code values of the stack's depth, (h, w); no larger than what it says.
        left: canvas column of its first column.
        top: canvas row of its first row.
        beyond: whether it lets everything through (else nothing) beyond its values.
        active: a mask that is not hides nothing; it is kept.
    """

    values: Plane
    left: int = 0
    top: int = 0
    beyond: bool = False
    active: bool = True

    def over(self, left: int, top: int, width: int, height: int) -> Plane:
        """What it lets through on a rectangle of the canvas."""
        beyond = color.levels(self.values.dtype) if self.beyond else 0
        out = np.full((height, width), beyond, self.values.dtype)
        there, own = _meeting(self.left - left, self.top - top, self.values.shape, width, slice(0, height))
        out[there] = self.values[own]
        return out


PASS_THROUGH = "pass-through"

Locks = frozenset[str]

LOCKS: Locks = frozenset({"transparency", "pixels", "position"})
"""What an artist can guard against his own hand: where a layer is transparent, its pixels at all, its place. Of a group
it guards what is in it. A lock is a setting for applications; nothing here obeys it."""

SHADOW, GLOW = "shadow of", "glow of"
"""The facts of whose shadow or glow a layer is. Ink may multiply or screen too (`Layer.light`): that is a thing."""


@dataclass(frozen=True, eq=False)
class Group:
    """What a group does with its layers as a whole.

    Attributes:
        opacity: in [0, 1]; documents keep 256 steps of it.
        visible: shown or hidden with all that is in it.
        blend: `PASS_THROUGH`, where its layers blend with what is below the group, or the blend mode in which they,
            flattened by themselves, are laid upon that.
        mask: of the whole group, or None.
        locks: some of `LOCKS`.
    """

    opacity: float = 1.0
    visible: bool = True
    blend: str = PASS_THROUGH
    mask: LayerMask | None = None
    locks: Locks = frozenset()

    @property
    def plain(self) -> bool:
        """Whether it changes nothing: a folder."""
        masked = self.mask is not None and self.mask.active
        return self.opacity == 1 and self.visible and self.blend == PASS_THROUGH and not masked

    @property
    def usual(self) -> bool:
        """Whether there is nothing to keep of it but its name."""
        return self.plain and self.mask is None and not self.locks


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer: straight-alpha pixels somewhere on (or partly off) the canvas.

    Attributes:
        name: what the artist reads; any text.
        pixels: straight RGBA, uint8 or uint16, cropped to the content.
        left: canvas column of the first pixel column; may be negative.
        top: canvas row of the first pixel row; may be negative.
        opacity: the document's setting in [0, 1]; documents keep 256 steps of it.
        visible: shown or hidden.
        blend: a key of `color.BLEND`, or another application's mode by name (flattened as normal).
        group: names of the groups around it, outermost first.
        mask: hides parts of it, or None.
        clipped: it shows only on the next lower layer of its group that is not clipped, its base, and blends with that.
        locks: some of `LOCKS`.
        adjustment: of an adjustment layer (no pixels), what it does to those below, in Photoshop's own bytes; kept from
            one PSD to the next, and not shown. None for all others.
        provenance: a `Provenance` per pixel, or None where nothing is known (foreign files).
        facts: what is known of how it was made (confidence, label, ...), JSON values only.
    """

    name: str
    pixels: Pixels
    left: int = 0
    top: int = 0
    opacity: float = 1.0
    visible: bool = True
    blend: str = "normal"
    group: tuple[str, ...] = ()
    mask: LayerMask | None = None
    clipped: bool = False
    locks: Locks = frozenset()
    adjustment: bytes | None = None
    provenance: Codes | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.provenance is not None and self.provenance.shape != self.pixels.shape[:2]:
            raise ValueError(f"provenance {self.provenance.shape} does not fit the pixels {self.pixels.shape[:2]}")

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return self.pixels.shape[0]

    @property
    def light(self) -> np.ndarray | None:
        """The colour, code values, in which it does nothing but take light or shed it; None for all other layers.

        It multiplies and is black all over (a shadow), or it screens and is of one colour wherever it shows (a glow).
        """
        colours = self.pixels[..., :3]
        if self.blend == "multiply" and not colours.any():
            return np.zeros(3, self.pixels.dtype)
        if self.blend == "screen":
            shown = colours[self.pixels[..., 3] > 0]
            if not len(shown):
                return np.zeros(3, self.pixels.dtype)
            return shown[0].copy() if (shown == shown[0]).all() else None
        return None

    @property
    def is_cast(self) -> bool:
        """Whether it is a shadow or a glow that was told from what is below, and no thing."""
        return SHADOW in self.facts or GLOW in self.facts

    def on_canvas(
        self, width: int, height: int, rows: slice = slice(None), columns: slice = slice(None)
    ) -> tuple[Window, Window]:
        """Where the layer meets the canvas, or the part of the canvas given by `rows` and `columns`.

        Returns:
            two index pairs (rows, columns): into that part of the canvas, and into the layer's own arrays.
            Both are empty where they do not meet.
        """
        first, last, _ = columns.indices(width)
        rows = slice(*rows.indices(height)[:2])
        return _meeting(self.left - first, self.top, self.pixels.shape[:2], last - first, rows)

    def matte(self, width: int, height: int) -> Alpha:
        """Its alpha on the whole canvas, without mask, opacity or whether it is shown."""
        out = np.zeros((height, width), np.float32)
        canvas, own = self.on_canvas(width, height)
        out[canvas] = color.to_float(self.pixels[own][..., 3])
        return out


def _meeting(left: int, top: int, shape: tuple[int, int], width: int, rows: slice) -> tuple[Window, Window]:
    y0, y1 = max(top, rows.start), min(top + shape[0], rows.stop)
    x0, x1 = max(left, 0), min(left + shape[1], width)
    y1, x1 = max(y0, y1), max(x0, x1)
    if y0 == y1 or x0 == x1:
        nothing = (slice(0, 0), slice(0, 0))
        return nothing, nothing
    return (
        (slice(y0 - rows.start, y1 - rows.start), slice(x0, x1)),
        (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)),
    )


@dataclass(frozen=True, eq=False)
class LayerStack:
    """A document: a canvas and its layers **back to front**; where layersr made it, layer 0 is the background.

    Attributes:
        width: canvas width in pixels.
        height: canvas height in pixels.
        layers: back to front, all of one depth.
        icc: ICC profile, or None for sRGB.
        resolution: pixels per inch, horizontal and vertical, or None.
        recipe: the TOML of the `Recipe` that made it, or "".
        notes: sentences about what a reader could not keep (foreign files); empty for layersr's own.
        groups: by path (names, outermost first), what those groups do that are more than folders.
        credits: what the picture it was made from says of itself, by the names of `CREDITS`.
    """

    width: int
    height: int
    layers: tuple[Layer, ...]
    icc: bytes | None = None
    resolution: tuple[float, float] | None = None
    recipe: str = ""
    notes: tuple[str, ...] = ()
    groups: Mapping[tuple[str, ...], Group] = field(default_factory=dict)
    credits: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len({layer.pixels.dtype for layer in self.layers}) > 1:
            raise ValueError("the layers of one stack must have one depth")
        masks = [owner.mask for owner in (*self.layers, *self.groups.values()) if owner.mask is not None]
        if self.layers and any(mask.values.dtype != self.dtype for mask in masks):
            raise ValueError("the masks of a stack must have the depth of its layers")

    @property
    def dtype(self) -> np.dtype:
        """The depth: uint8 or uint16 (uint8 for a stack without layers)."""
        return self.layers[0].pixels.dtype if self.layers else np.dtype(np.uint8)

    def around(self, layer: Layer) -> tuple[Group, ...]:
        """What the groups around a layer do, outermost first."""
        return tuple(self.groups.get(layer.group[:k], Group()) for k in range(1, len(layer.group) + 1))

    def with_layers(self, layers: tuple[Layer, ...]) -> "LayerStack":
        """The same document with other layers."""
        return replace(self, layers=layers)
