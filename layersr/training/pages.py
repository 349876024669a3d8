"""Comic pages whose stack is known: panels with pictures in them, and over them speech bubbles with their lettering.

A bubble and what is written in it are one thing: whoever grabs the bubble wants its words to come along.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from layersr.training.scenes import Scene, any_crop, scaled, stacked
from layersr.training.things import WORDS, Material, Thing, gradient, lettering, thing

LETTERS = "etaoinshrdlucmfwygpbvkäéñ"
FINE = 2.0
"""Bubbles are drawn so much larger than they are needed: lettering of a few pixels is a shade, not a stroke."""


def compose_page(material: Material, rng: np.random.Generator, height: int, width: int) -> Scene:
    """A page of the size: bubbles, now and then with other things below them and a sound painted across."""
    image = panels(material, rng, height, width)
    side = max(height, width)
    cast = [scaled(thing(material, rng), side * rng.uniform(0.15, 0.5)) for _ in range(rng.choice([0, 0, 0, 1, 2]))]
    common = style(rng)
    for _ in range(rng.integers(1, 9)):
        longer = side * np.exp(rng.uniform(np.log(0.07), np.log(0.38)))
        cast.append(scaled(bubble(longer, common if rng.random() < 0.8 else style(rng), rng), longer))
    cast += [scaled(lettering(side, rng), side * rng.uniform(0.1, 0.4)) for _ in range(rng.choice([0, 0, 0, 1, 2]))]
    return stacked(image, cast, rng)


def panels(material: Material, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Rows of pictures with gutters between them, or one picture that fills the page; float32 (height, width, 3)."""
    if rng.random() < 0.25:
        return any_crop(material, rng, height, width).astype(np.float32) / 255
    paper = np.float32(rng.choice([1.0, 1.0, 1.0, 0.0])) * (1 - rng.uniform(0, 0.12, 3).astype(np.float32))
    page = np.broadcast_to(paper, (height, width, 3)).copy()
    gap = max(1, round(max(height, width) * rng.uniform(0.008, 0.03)))
    line = paper * 0 + np.float32(rng.uniform(0, 0.2)) if rng.random() < 0.4 else None
    for top, bottom in _parts(height, int(rng.integers(1, 5)), gap, rng):
        for left, right in _parts(width, int(rng.choice([1, 1, 2, 2, 3])), gap, rng):
            if rng.random() < 0.12:
                panel = gradient(bottom - top, right - left, rng)
            else:
                panel = any_crop(material, rng, bottom - top, right - left).astype(np.float32) / 255
            page[top:bottom, left:right] = panel
            if line is not None:
                cv2.rectangle(page, (left, top), (right - 1, bottom - 1), line.tolist())
    return page


def _parts(length: int, count: int, gap: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """The length in so many uneven parts with a gap around each."""
    shares = np.cumsum(rng.uniform(0.6, 1.4, count))
    ends = [gap // 2, *(round(float(share)) for share in gap // 2 + shares / shares[-1] * (length - gap))]
    parts = [(a + (gap + 1) // 2, b - (gap + 1) // 2) for a, b in pairwise(ends)]
    return [(a, b) for a, b in parts if b - a >= 8]


@dataclass(frozen=True, eq=False)
class Style:
    """What the bubbles of one page have in common.

    Attributes:
        fill: colour of the paper, RGB in [0, 1].
        ink: colour of lettering and contour.
        alpha: opacity of the paper.
        contour: width of the contour line, in widths of the bubble.
        soft: blur of the outline, likewise.
        shape: makes an outline, points within about -1..1.
        capitals: whether all letters are.
        slant: how far lettering leans, columns a row.
    """

    fill: np.ndarray
    ink: np.ndarray
    alpha: float
    contour: float
    soft: float
    shape: Callable[[np.random.Generator], np.ndarray]
    capitals: bool
    slant: float


def style(rng: np.random.Generator) -> Style:
    """Any style; most bubbles are white with black letters and no line around."""
    dark = rng.random() < 0.08
    fill = rng.uniform(0, 0.2, 3) if dark else 1 - rng.uniform(0, 0.25, 3) * rng.choice([0, 0, 1])
    ink = 1 - rng.uniform(0, 0.2, 3) if dark else rng.uniform(0, 0.6, 3) * rng.choice([0, 0, 1])
    return Style(
        fill=fill.astype(np.float32),
        ink=ink.astype(np.float32),
        alpha=float(rng.choice([1, 1, 1, rng.uniform(0.75, 1)])),
        contour=float(rng.choice([0, 0, 0.01, 0.02, 0.03])),
        soft=float(rng.choice([0, 0, 0, 0.01])),
        shape=_SHAPES[rng.choice(len(_SHAPES), p=[0.4, 0.3, 0.15, 0.15])],
        capitals=bool(rng.random() < 0.5),
        slant=float(rng.choice([0, 0, 0.25])),
    )


def bubble(longer: float, look: Style, rng: np.random.Generator) -> Thing:
    """A bubble, about `FINE` times so long: its shape, mostly with a tail, and lines of lettering inside."""
    width = max(24, round(longer * FINE))
    height = max(16, round(width * np.exp(rng.uniform(np.log(0.3), np.log(0.95)))))
    rim = round(0.3 * width)
    sheet = np.zeros((height + 2 * rim, width + 2 * rim), np.uint8)
    middle, half = np.array([rim + width / 2, rim + height / 2]), np.array([width / 2, height / 2])
    outlines = [middle + half * look.shape(rng)]
    if rng.random() < 0.12:  # two that grew together
        shift = half * rng.uniform(0.3, 0.7, 2) * rng.choice([-1, 1], 2)
        outlines.append(middle + shift + half * rng.uniform(0.3, 0.6) * look.shape(rng))
    if rng.random() < 0.8:
        outlines.append(_tail(middle, half, rng))
    for points in outlines:
        cv2.fillPoly(sheet, [np.int32(np.rint(points * 16))], 255, cv2.LINE_AA, 4)
    alpha = sheet.astype(np.float32) / 255
    if look.soft:
        alpha = cv2.GaussianBlur(alpha, (0, 0), look.soft * width)
    colour = np.broadcast_to(look.fill, (*alpha.shape, 3))
    if look.contour:
        thick = 2 * max(1, round(look.contour * width / 2)) + 1
        inner = cv2.erode(alpha, np.ones((thick, thick)))[..., None]
        colour = colour * inner + look.ink * (1 - inner)
    letters = np.zeros_like(alpha)
    if rng.random() < 0.95:
        block = lines(width, height, look, rng)
        top, left = (int(m - n / 2) for m, n in zip(middle[::-1], block.shape, strict=True))
        letters[top : top + block.shape[0], left : left + block.shape[1]] = block
    letters = letters[..., None]
    colour = colour * (1 - letters) + look.ink * letters
    alpha = np.maximum(alpha[..., None] * np.float32(look.alpha), letters)  # long lines stand out over the rim
    rows, columns = (slice(*(np.flatnonzero(alpha.any(axis=axis))[[0, -1]] + (0, 1))) for axis in ((1, 2), (0, 2)))
    return np.concatenate([colour * alpha, alpha], axis=2)[rows, columns].astype(np.float32)


def lines(width: int, height: int, look: Style, rng: np.random.Generator) -> np.ndarray:
    """One to six lines of made-up words that fill most of the box, centred; alpha, at most (height, width) large."""
    count = int(np.clip(rng.integers(1, 7), 1, max(1, height // 12)))
    size = max(6, round(height * rng.uniform(0.55, 0.8) / count))
    font = ImageFont.load_default(size)
    sheet = Image.new("L", (width, height))
    pen, bold = ImageDraw.Draw(sheet), int(rng.random() < 0.4) * max(1, size // 14)
    for n in range(count):
        room = width * rng.uniform(0.45, 0.85) * (1 - 0.4 * abs((n + 0.5) / count - 0.5))
        text = ""
        while not text or pen.textlength(text, font) < room - 1.5 * size:
            text += (" " if text else "") + _word(look.capitals, rng)
        pen.text((width / 2, height / 2 + (n + 0.5 - count / 2) * size * 1.1), text, 255, font, "mm", stroke_width=bold)
    block = np.asarray(sheet, np.float32) / 255
    slant = np.float32([[1, -look.slant, look.slant * height / 2], [0, 1, 0]])
    return cv2.warpAffine(block, slant, (width, height)) if look.slant else block


def _word(capitals: bool, rng: np.random.Generator) -> str:
    if rng.random() < 0.2:
        word = WORDS.split()[rng.integers(len(WORDS.split()))]
    else:
        word = "".join(LETTERS[min(int(rng.geometric(0.12)) - 1, len(LETTERS) - 1)] for _ in range(rng.integers(1, 9)))
    word += str(rng.choice(["", "", "", "", ",", ".", "!", "?", "..."]))
    return word.upper() if capitals else word


def _tail(middle: np.ndarray, half: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A bent wedge from inside the bubble to a point outside of it."""
    angle = rng.random() * 2 * np.pi
    away = np.array([np.cos(angle), np.sin(angle)])
    side = np.array([-away[1], away[0]]) * half.min() * rng.uniform(0.08, 0.3)
    root = middle + away * half * 0.7
    tip = middle + away * half * rng.uniform(1.15, 1.5)
    bend = (root + tip) / 2 + side * rng.normal(0, 0.8)
    return np.stack([root - side, (bend - side / 2), tip, (bend + side / 2), root + side])


def _round(rng: np.random.Generator) -> np.ndarray:
    """An ellipse, or nearly a box: |x|^p + |y|^p = 1."""
    power = 2 / rng.choice([2, 2, 2.5, 4, 8])
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    around = np.stack([np.cos(angle), np.sin(angle)], 1)
    return np.sign(around) * np.abs(around) ** power


def _wavering(rng: np.random.Generator) -> np.ndarray:
    """An ellipse drawn by hand."""
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    radius = 1 + sum(rng.normal() * 0.06 / k * np.cos(k * angle + rng.random() * 6.3) for k in range(2, 6))
    return np.minimum(radius, 1.1)[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)


def _burst(rng: np.random.Generator) -> np.ndarray:
    """Spikes all around: a shout."""
    count = 2 * int(rng.integers(8, 22))
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False) + rng.normal(0, 0.6 / count, count)
    radius = np.where(np.arange(count) % 2, rng.uniform(0.95, 1.15, count), rng.uniform(0.65, 0.85))
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)


def _cloud(rng: np.random.Generator) -> np.ndarray:
    """Bumps all around: a thought."""
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    radius = 0.85 + 0.15 * np.abs(np.sin(angle * rng.integers(4, 9) + rng.random() * 6.3))
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)


_SHAPES: tuple[Callable[[np.random.Generator], np.ndarray], ...] = (_round, _wavering, _burst, _cloud)
