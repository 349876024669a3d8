"""The contact sheet: one picture that shows a whole layer stack at a glance."""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from layersr import color
from layersr.arrays import Pixels
from layersr.flattening import flatten
from layersr.layers import Image, Layer, LayerStack

Sheet = UInt8[np.ndarray, "h w 3"]

MOST = 60
"""Layers shown; more would be too small to tell anything."""

# Neutral greys, so that the page lends no colour to the pictures.
PAGE, FRAME, MAP, CHECK = (30, 30, 30), (46, 46, 46), (58, 58, 58), (148, 176)
TITLE, WORDS, QUIET, MARK = (236, 236, 236), (204, 204, 204), (138, 138, 138), (226, 170, 84)

WIDTH, MARGIN, GAP = 1680, 48, 24
OVERVIEW, LAYERS = 4, 6
"""Columns of the upper row and of the layers below it."""


def contact_sheet(image: Image, stack: LayerStack) -> Sheet:
    """Input, recomposition, their difference and the background; below them every layer by itself, bottom to top.

    Args:
        image: the flat picture.
        stack: what was made of it, at its size or a whole multiple.

    Returns:
        RGB, 1680 pixels wide, in the picture's own colour space.
    """
    flat = _fit_canvas(flatten(stack), image)
    upper = _overview(image, flat, stack)
    lower = [_layer_cell(index, layer, stack) for index, layer in list(enumerate(stack.layers))[1 : MOST + 1]]
    more = len(stack.layers) - 1 - len(lower)
    top = _Grid(OVERVIEW, upper, ratio=_clamp(image.height / image.width, 0.5, 1.2))
    below = _Grid(LAYERS, lower, ratio=0.8)
    head, foot = 104, 64 if more else 24
    page = Pillow.new("RGB", (WIDTH, head + top.height + (GAP if lower else 0) + below.height + foot), PAGE)
    draw = ImageDraw.Draw(page)
    count = max(0, len(stack.layers) - 1)
    draw.text((MARGIN, 40), f"{count} element{'s' * (count != 1)} over a background", TITLE, _font(26), anchor="lm")
    size = f"{stack.width} x {stack.height}, {8 * stack.dtype.itemsize} bit"
    draw.text((MARGIN, 72), size, QUIET, _font(16), anchor="lm")
    top.draw(page, head)
    below.draw(page, head + top.height + GAP)
    if more:
        draw.text((WIDTH / 2, page.height - 40), f"+ {more} more", WORDS, _font(20), anchor="mm")
    return np.asarray(page)


@dataclass(frozen=True, eq=False)
class _Cell:
    """A picture and its caption.

    Attributes:
        pixels: straight RGBA, uint8.
        title: first line.
        words: second line.
        number: set before the title, or "".
        place: left, top, right, bottom as shares of the canvas, drawn as a small map; or None.
        frame: width over height of the canvas, for the map.
    """

    pixels: np.ndarray
    title: str
    words: str
    number: str = ""
    place: tuple[int | float, ...] | None = None
    frame: float = 1.0


class _Grid:
    """Cells of one size in rows, each with two lines of words below its picture."""

    CAPTION = 60

    def __init__(self, columns: int, cells: list[_Cell], ratio: float) -> None:
        self.columns, self.cells = columns, cells
        self.width = (WIDTH - 2 * MARGIN - (columns - 1) * GAP) // columns
        self.tall = round(self.width * ratio)
        self.rows = -(-len(cells) // columns)
        self.height = self.rows * (self.tall + self.CAPTION + GAP)

    def draw(self, page: Pillow.Image, top: int) -> None:
        """Set the cells onto the page."""
        for index, cell in enumerate(self.cells):
            row, column = divmod(index, self.columns)
            x = MARGIN + column * (self.width + GAP)
            y = top + row * (self.tall + self.CAPTION + GAP)
            self._cell(page, cell, x, y)

    def _cell(self, page: Pillow.Image, cell: _Cell, x: int, y: int) -> None:
        draw = ImageDraw.Draw(page)
        draw.rounded_rectangle((x, y, x + self.width - 1, y + self.tall - 1), 6, FRAME)
        tile = _tile(cell.pixels, self.width - 16, self.tall - 16)
        at = x + (self.width - tile.shape[1]) // 2, y + (self.tall - tile.shape[0]) // 2
        page.paste(Pillow.fromarray(tile), at)
        room = self.width
        if cell.place:
            room -= 52
            self._map(draw, cell, x + self.width - 40, y + self.tall + 12)
        indent = 0.0
        if cell.number:
            draw.text((x, y + self.tall + 20), cell.number, MARK, _font(17), anchor="lm")
            indent = _font(17).getlength(cell.number) + 8
        title = _shorten(cell.title, _font(17), room - indent)
        draw.text((x + indent, y + self.tall + 20), title, WORDS, _font(17), anchor="lm")
        words = _shorten(cell.words, _font(14), room)
        draw.text((x, y + self.tall + 43), words, QUIET, _font(14), anchor="lm")

    def _map(self, draw: ImageDraw.ImageDraw, cell: _Cell, x: int, y: int) -> None:
        """Where on the canvas a layer lies."""
        left, top, right, bottom = cell.place
        wide, tall = max(3, 40 * min(1, cell.frame)), max(3, 40 / max(1, cell.frame))
        x += (40 - wide) / 2
        y += (40 - tall) / 2
        draw.rectangle((x, y, x + wide - 1, y + tall - 1), MAP)
        x0, y0 = x + min(left * wide, wide - 2), y + min(top * tall, tall - 2)
        draw.rectangle((x0, y0, max(x0 + 1, x + right * wide - 1), max(y0 + 1, y + bottom * tall - 1)), MARK)


def _overview(image: Image, flat: Pixels, stack: LayerStack) -> list[_Cell]:
    """Input, flattened, difference, background."""
    source = color.to_8bit(image.pixels)
    difference, words = _difference(image.pixels, flat)
    cells = [
        _Cell(source, "Input", f"{image.width} x {image.height}"),
        _Cell(color.to_8bit(flat), "Flattened", "all layers together"),
        _Cell(difference, "Difference", words),
    ]
    if stack.layers:
        ground = stack.layers[0]
        cells.append(_Cell(color.to_8bit(ground.pixels), "Background alone", _name(ground), number="0"))
    return cells


def _difference(wanted: Pixels, got: Pixels) -> tuple[np.ndarray, str]:
    """The difference made visible, and how strong it is."""
    error = np.abs(color.to_float(wanted) - color.to_float(got)).max(axis=2)
    worst = float(error.max(initial=0))
    shown = np.full((*error.shape, 4), 255, np.uint8)
    if worst == 0:
        shown[..., :3] = 0
        return shown, "none: exact, every bit"
    gain = 1 / worst
    shown[..., :3] = color.to_depth(error * gain, np.uint8)[..., None]
    return shown, f"x {gain:.0f}; largest {worst * 255:.2g} of 255"


def _layer_cell(index: int, layer: Layer, stack: LayerStack) -> _Cell:
    words = f"{layer.width} x {layer.height} at {layer.left}, {layer.top}"
    if not layer.visible:
        words += ", hidden"
    right, bottom = layer.left + layer.width, layer.top + layer.height
    box = layer.left / stack.width, layer.top / stack.height, right / stack.width, bottom / stack.height
    place = tuple(_clamp(value, 0, 1) for value in box)
    return _Cell(color.to_8bit(layer.pixels), _name(layer), words, str(index), place, stack.width / stack.height)


def _name(layer: Layer) -> str:
    return " ".join(layer.name.split())


def _tile(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    """The pixels as large as they fit (at most threefold), over a checkerboard where they are transparent."""
    if not pixels.size:
        return _checkerboard(min(32, height), min(32, width))
    scale = min(width / pixels.shape[1], height / pixels.shape[0], 3.0)
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    alpha = pixels[..., 3].astype(np.float32) / 255
    rgba = np.dstack([color.premultiply(pixels[..., :3].astype(np.float32), alpha), alpha])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST if scale == 3 else cv2.INTER_LINEAR
    rgba = cv2.resize(rgba, size, interpolation=way)
    board = _checkerboard(size[1], size[0])
    return np.clip(np.rint(rgba[..., :3] + board * (1 - rgba[..., 3:])), 0, 255).astype(np.uint8)


def _checkerboard(height: int, width: int, square: int = 8) -> np.ndarray:
    rows, columns = np.arange(height) // square, np.arange(width) // square
    grey = np.where((rows[:, None] + columns) % 2, *CHECK).astype(np.uint8)
    return grey[..., None].repeat(3, axis=2)


def _fit_canvas(flat: np.ndarray, image: Image) -> Pixels:
    """The flattened stack at the picture's size."""
    if flat.shape == image.pixels.shape:
        return flat
    alpha = color.to_float(flat[..., 3])
    premultiplied = color.premultiply(color.to_float(flat[..., :3]), alpha)
    small = cv2.resize(np.dstack([premultiplied, alpha]), (image.width, image.height), interpolation=cv2.INTER_AREA)
    straight = color.unpremultiply(small[..., :3], small[..., 3])
    return color.to_depth(np.dstack([straight, small[..., 3]]), flat.dtype)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _shorten(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: int | float) -> str:
    """The text, or as much of it as fits with an ellipsis."""
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(text + "...") > room:
        text = text[:-1]
    return text.rstrip() + "..."


def _clamp(value: int | float, low: int | float, high: int | float) -> int | float:
    return min(max(value, low), high)
