"""The values that flow through layersr: a flat `Image`, a `Layer`, a `LayerStack`, and what flattening one means."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

import numpy as np

from layersr import color
from layersr.arrays import Codes, Pixels


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


Window = tuple[slice, slice]
"""Rows and columns of an array."""


@dataclass(frozen=True, eq=False)
class Image:
    """A flat picture and what a document made from it must carry along.

    Attributes:
        pixels: straight RGBA, uint8 or uint16; alpha is full where the file had none.
        icc: the embedded ICC profile, or None for sRGB.
        resolution: pixels per inch, horizontal and vertical, or None where the file says nothing.
    """

    pixels: Pixels
    icc: bytes | None = None
    resolution: tuple[float, float] | None = None

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return self.pixels.shape[0]


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

    def on_canvas(self, width: int, height: int, rows: slice = slice(None)) -> tuple[Window, Window]:
        """Where the layer meets the canvas, or the part of the canvas given by `rows`.

        Returns:
            two index pairs (rows, columns): into the band of the canvas, and into the layer's own arrays.
            Both are empty where they do not meet.
        """
        first, last, _ = rows.indices(height)
        y0, y1 = max(self.top, first), min(self.top + self.height, last)
        x0, x1 = max(self.left, 0), min(self.left + self.width, width)
        y1, x1 = max(y0, y1), max(x0, x1)
        if y0 == y1 or x0 == x1:
            nothing = (slice(0, 0), slice(0, 0))
            return nothing, nothing
        return (
            (slice(y0 - first, y1 - first), slice(x0, x1)),
            (slice(y0 - self.top, y1 - self.top), slice(x0 - self.left, x1 - self.left)),
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
    """

    width: int
    height: int
    layers: tuple[Layer, ...]
    icc: bytes | None = None
    resolution: tuple[float, float] | None = None
    recipe: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len({layer.pixels.dtype for layer in self.layers}) > 1:
            raise ValueError("the layers of one stack must have one depth")

    @property
    def dtype(self) -> np.dtype:
        """The depth: uint8 or uint16 (uint8 for a stack without layers)."""
        return self.layers[0].pixels.dtype if self.layers else np.dtype(np.uint8)

    def with_layers(self, layers: tuple[Layer, ...]) -> "LayerStack":
        """The same document with other layers."""
        return replace(self, layers=layers)


BAND = 256
"""Rows worked on at a time: flattening needs memory for a band in float64, not for the canvas."""


def bands(height: int, rows: int = BAND) -> Iterator[slice]:
    """Slices of at most `rows` rows that cover a canvas from top to bottom."""
    for first in range(0, height, rows):
        yield slice(first, min(first + rows, height))


def flatten(stack: LayerStack) -> Pixels:
    """The picture an application shows: all visible layers composited, rounded once at the end.

    Computed in float64 on encoded values, as Krita, GIMP and Photoshop do for 8- and 16-bit documents. Where the result
    is wholly transparent the colour of the bottom layer is kept, so that an image with hidden colours survives.

    Returns:
        straight RGBA, (height, width, 4), at the stack's depth.
    """
    out = np.zeros((stack.height, stack.width, 4), stack.dtype)
    for rows in bands(stack.height):
        out[rows] = flatten_band(stack, rows)
    return out


def flatten_band(stack: LayerStack, rows: slice) -> Pixels:
    """`flatten` for some rows of the canvas: what a writer needs that never holds the whole picture."""
    top = color.levels(stack.dtype)
    height = rows.stop - rows.start
    premultiplied = np.zeros((height, stack.width, 3))
    alpha = np.zeros((height, stack.width))
    hidden = np.zeros((height, stack.width, 3), stack.dtype)
    for index, layer in enumerate(stack.layers):
        canvas, own = layer.on_canvas(stack.width, stack.height, rows)
        pixels = layer.pixels[own]
        if index == 0:
            hidden[canvas] = pixels[..., :3]
        if not layer.visible or not pixels.size:
            continue
        blend = layer.blend if layer.blend in color.BLEND else "normal"
        if blend == "normal" and layer.opacity == 1 and pixels[..., 3].min() == top:  # nothing below it is seen
            premultiplied[canvas], alpha[canvas] = pixels[..., :3] / top, 1
            continue
        premultiplied[canvas], alpha[canvas] = color.composite(
            premultiplied[canvas], alpha[canvas], pixels[..., :3] / top, pixels[..., 3] / top * layer.opacity, blend
        )
    out = np.empty((height, stack.width, 4), stack.dtype)
    out[..., 3] = np.rint(alpha * top)
    opaque = alpha.min(initial=1) == 1
    straight = premultiplied if opaque else color.unpremultiply(premultiplied, alpha)
    out[..., :3] = np.rint(np.clip(straight, 0, 1) * top)
    if not opaque:
        out[..., :3][alpha == 0] = hidden[alpha == 0]
    return out
