"""The step sheet to print: A4, the plan and the palette first, then step by step, three on a page."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image as Pillow

from layersr.atomic import replacing_file
from layersr.roadmap import lettering, words
from layersr.roadmap.lettering import spelt
from layersr.roadmap.painting import Roadmap, Step
from layersr.roadmap.palette import Swatch
from layersr.roadmap.stages import Picture

if TYPE_CHECKING:
    from fpdf import FPDF

WIDTH, HEIGHT, MARGIN = 210, 297, 15
"""Millimetres of A4, and of its margins."""

STEPS = 3
"""Steps on a page."""

ROWS = 20
"""Swatches on a page."""

PIXELS = 900
"""Of the longer side of a picture on the sheet: 200 to the inch and more."""

UNSPELT = "Some letters of names are in no font that was found here: they are transliterated, or left out."

INK, QUIET = (30, 30, 30), (110, 110, 110)


def write(roadmap: Roadmap, path: Path, title: str, canvas: float = words.CANVAS) -> int:
    """Write the sheet, whole or not at all; how many pages it has. The same roadmap gives the same bytes.

    Text is text, in a font every reader has, or with one of this machine's where names need it (`lettering`).

    Args:
        roadmap: what to paint.
        path: a .pdf.
        title: of the picture.
        canvas: centimetres of the longer side of the painter's canvas.

    Raises:
        OutputError: the place cannot be written.
    """
    page = _document(title, list(dict.fromkeys(step.thing for step in roadmap.steps)))
    _cover(page, roadmap, title, canvas)
    _palette(page, roadmap)
    tall = (HEIGHT - 18 - MARGIN) / STEPS
    for n, step in enumerate(roadmap.steps):
        if n % STEPS == 0:
            page.add_page()
        _row(page, roadmap, n + 1, step, MARGIN + n % STEPS * tall, tall - 7, canvas)
    count = page.pages_count
    with replacing_file(path) as temporary:
        page.output(str(temporary))
    return count


def _document(title: str, names: Sequence[str]) -> "FPDF":
    """An empty sheet in letters for its names; it knows their fonts, and whether some cannot be spelt in them."""
    from datetime import UTC, datetime

    from fpdf import FPDF

    found = lettering.fonts("".join((title, *names)))
    short = any(spelt(name, found) != " ".join(name.split()) for name in (title, *names))

    class Sheet(FPDF):
        lettering, family, short_of_letters = found, "names" if found else "helvetica", short

        def footer(self) -> None:
            self.set_y(-12)
            _ink(self, 8, grey=True)
            self.cell(0, 5, f"{spelt(title, self.lettering)}   {self.page_no()}", align="C")

    page = Sheet(format="A4")
    families = [page.family, *(f"more {n}" for n in range(1, len(page.lettering)))]
    for family, font in zip(families, page.lettering, strict=False):
        page.add_font(family, "", font.regular)
        page.add_font(family, "B", font.bold)
    page.set_fallback_fonts(families[1:])
    page.set_creation_date(datetime(2026, 1, 1, tzinfo=UTC))  # not now: the same roadmap, the same bytes
    page.set_title(title.encode("utf-16", "ignore").decode("utf-16"))
    page.set_creator("layersr")
    page.set_margin(MARGIN)
    page.set_auto_page_break(False)
    return page


def _ink(page: "FPDF", size: int | float, *, bold: bool = False, grey: bool = False) -> None:
    page.set_font(page.family, "B" if bold else "", size)
    page.set_text_color(*(QUIET if grey else INK))


def _heading(page: "FPDF", text: str, size: int | float = 18) -> None:
    text = spelt(text, page.lettering)
    _ink(page, size, bold=True)
    while size > 8 and page.get_string_width(text) > WIDTH - 2 * MARGIN:
        size -= 0.5
        page.set_font_size(size)
    page.cell(0, 9, text, new_x="LMARGIN", new_y="NEXT")


def _text(
    page: "FPDF",
    x: int | float,
    y: int | float,
    width: int | float,
    text: str,
    size: int | float = 10,
    grey: bool = False,
) -> int | float:
    """Set some words; where they end."""
    _ink(page, size, grey=grey)
    page.set_xy(x, y)
    page.multi_cell(width, size * 0.48, spelt(text, page.lettering), align="L", new_x="LMARGIN", new_y="NEXT")
    return page.get_y()


def _picture(
    page: "FPDF", picture: Picture, x: int | float, y: int | float, width: int | float, height: int | float
) -> tuple[int | float, int | float]:
    """A picture as large as fits, with a hairline around it; its width and height."""
    w, h = picture.shape[1], picture.shape[0]
    scale = min(width / w, height / h)
    size = w * scale, h * scale
    page.image(io.BytesIO(jpeg(picture, PIXELS)), x, y, *size)
    page.set_draw_color(*QUIET)
    page.set_line_width(0.1)
    page.rect(x, y, *size)
    return size


def jpeg(picture: Picture, side: int) -> bytes:
    """A picture as the bytes of a JPEG, its longer side no longer than that."""
    image = Pillow.fromarray(picture)
    image.thumbnail((side, side), Pillow.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=88, subsampling=0)
    return file.getvalue()


def _cover(page: "FPDF", roadmap: Roadmap, title: str, canvas: float) -> None:
    page.add_page()
    _heading(page, title if spelt(title, page.lettering) else "Roadmap", 22)
    inside = WIDTH - 2 * MARGIN
    unit = canvas / max(roadmap.size)
    count = len(roadmap.strokes)
    y = _text(
        *(page, MARGIN, page.get_y() + 1, inside),
        f"{len(roadmap.steps)} steps, {count} strokes, {len(roadmap.palette)} colours, on a canvas of "
        f"{roadmap.size[0] * unit:.0f} x {roadmap.size[1] * unit:.0f} cm.",
    )
    if page.short_of_letters:
        y = _text(page, MARGIN, y + 1, inside, UNSPELT, 8, grey=True)
    half = (inside - 6) / 2
    w, h = roadmap.size
    tall = min(half * h / w, 85)
    for n, (picture, name) in enumerate(((roadmap.picture, "the picture"), (roadmap.canvases[-1], "as painted here"))):
        x = MARGIN + n * (half + 6)
        _picture(page, picture, x, y + 4, half, tall)
        _text(page, x, y + 5 + tall, half, name, 8, grey=True)
    y += tall + 14
    page.set_y(y)
    _heading(page, "The plan", 14)
    y = page.get_y()
    y = _text(page, MARGIN, y + 1, inside, f"First: {words.toning(roadmap)}") + 2
    for chapter in words.chapters(roadmap):
        if y > HEIGHT - 28:
            _text(page, MARGIN, y, inside, "... and so on, page by page.", grey=True)
            break
        told = _short(page, words.overview(roadmap, chapter, canvas), inside - 94, 9)
        _text(page, MARGIN, y, 22, words.span(chapter), 9, grey=True)
        _text(page, MARGIN + 22, y, 68, _short(page, _name(page, chapter.title), 66, 9), 9)
        _text(page, MARGIN + 92, y, inside - 92, told, 9, grey=True)
        y += 5.2


def _palette(page: "FPDF", roadmap: Roadmap) -> None:
    rows = [roadmap.ground, *roadmap.palette]
    for first in range(0, len(rows), ROWS):
        page.add_page()
        _heading(page, "Palette" if first == 0 else "Palette, continued")
        y = page.get_y() + 2
        for swatch in rows[first : first + ROWS]:
            _swatch(page, roadmap, swatch, y)
            y += 12
    lead = (
        "Left the colour, right of it the mixture by these parts: a place to begin, since every maker's tubes differ."
    )
    _text(page, MARGIN, y + 1, WIDTH - 2 * MARGIN, lead, 8, grey=True)


def _swatch(page: "FPDF", roadmap: Roadmap, swatch: Swatch, y: int | float) -> None:
    for x, width, colour in ((MARGIN, 22, swatch.colour), (MARGIN + 22, 8, swatch.mixture.colour)):
        page.set_fill_color(*colour)
        page.rect(x, y, width, 10, style="F")
    name = f"ground: {swatch.name}" if swatch.number == 0 else f"{swatch.number}  {swatch.name}"
    where = "the whole canvas" if swatch.number == 0 else words.used(roadmap, swatch)
    _text(page, MARGIN + 33, y, 52, _short(page, name, 50, 10), 10)
    _text(page, MARGIN + 33, y + 5, 52, "#{:02x}{:02x}{:02x}".format(*swatch.colour), 8, grey=True)
    _text(page, MARGIN + 86, y, 94, _short(page, words.mixing(swatch), 92, 9), 9)
    _text(page, MARGIN + 86, y + 5, 94, _short(page, where, 92, 8), 8, grey=True)


def _row(
    page: "FPDF", roadmap: Roadmap, number: int, step: Step, y: int | float, tall: int | float, canvas: float
) -> None:
    after = roadmap.canvases[number]
    window = closer(step.box, roadmap.size)
    width, _ = _picture(page, np.ascontiguousarray(after[window]), MARGIN, y, 106, tall)
    x = MARGIN + width + 6
    room = WIDTH - MARGIN - x
    _ink(page, 12, bold=True)
    page.set_xy(x, y - 1)
    page.multi_cell(
        room, 5.4, f"{number}  {_name(page, step.thing)}: {step.name}", align="L", new_x="LMARGIN", new_y="NEXT"
    )
    end = page.get_y() + 2
    if number == 1:
        end = _text(page, x, end, room, words.toning(roadmap), 9) + 1
    end = _text(page, x, end, room, step.advice, 9) + 1
    end = _text(page, x, end, room, f"{words.strokes(step)}, {words.brushes(roadmap, step, canvas)}", 9) + 2
    bottom = y + tall
    if window != np.s_[0 : roadmap.size[1], 0 : roadmap.size[0]]:
        _, h = _picture(page, _located(after, window), x, bottom - 24, min(room, 36), 24)
        bottom -= h + 2
    across = max(1, int(room // 15))
    found = words.colours(roadmap, step)
    most = across * max(1, int((bottom - end) // 9))
    shown = found if len(found) <= most else found[: most - 1]
    for n, (swatch, count) in enumerate(shown):
        at = x + n % across * 15, end + n // across * 9
        page.set_fill_color(*swatch.colour)
        page.rect(*at, 13, 4.5, style="F")
        _ink(page, 7)
        page.text(at[0], at[1] + 7.3, f"{swatch.number}")
        _ink(page, 7, grey=True)
        page.text(at[0] + 4.5, at[1] + 7.3, f"x {count}")
    if len(shown) < len(found):
        n = len(shown)
        page.text(x + n % across * 15, end + n // across * 9 + 3.4, f"and {len(found) - n} more")


def closer(box: tuple[int, int, int, int], size: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of the canvas to show for a thing: all of it, or a closer look with room around small ones."""
    left, top, right, bottom = box
    if (right - left) * (bottom - top) > 0.4 * size[0] * size[1]:
        return slice(0, size[1]), slice(0, size[0])
    # As wide for its height as a row of the sheet has room.
    height = max((bottom - top) * 1.5, (right - left) * 1.5 / 1.3, 0.25 * min(size))
    spans = []
    for first, last, length, whole in ((top, bottom, height, size[1]), (left, right, 1.3 * height, size[0])):
        length = min(whole, round(length))
        begin = min(max(0, round((first + last - length) / 2)), whole - length)
        spans.append(slice(begin, begin + length))
    return spans[0], spans[1]


def _located(canvas: Picture, window: tuple[slice, slice]) -> Picture:
    """The whole canvas, paler but for what is shown closer."""
    pale = (canvas.astype(np.float32) * 0.45 + 255 * 0.55).astype(np.uint8)
    pale[window] = canvas[window]
    rows, columns = window
    line = max(1, round(max(canvas.shape) / 150))
    corners = (columns.start, rows.start), (columns.stop - 1, rows.stop - 1)
    return cv2.rectangle(pale, *corners, INK, line)


def _name(page: "FPDF", title: str) -> str:
    """A thing's name, or what stands for one that cannot be spelt at all."""
    return spelt(title, page.lettering)[:80] or "(a name that no font here can spell)"


def _short(page: "FPDF", text: str, room: int | float, size: int | float) -> str:
    """As much of some words as fits on a line."""
    text = spelt(text, page.lettering)
    _ink(page, size)
    if page.get_string_width(text) <= room:
        return text
    while text and page.get_string_width(text + "...") > room:
        text = text[:-1]
    return text.rstrip() + "..."
