"""One stroke of a brush, how it is painted, and how it is drawn as SVG.

A stroke is a quadratic Bezier curve with round ends, of one width and one opaque colour. Places are in pixels from the
picture's upper left corner, as in SVG: the middle of the first pixel is (0.5, 0.5), and a picture s times as large has
every number s times as large.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float32, UInt8
from numpy import ndarray

Canvas = UInt8[ndarray, "h w 3"]
"""A picture of 8-bit sRGB codes."""

Point = tuple[float, float]
Colour = tuple[int, int, int]

FLAT = 0.1
"""How far, in pixels, the straight pieces that a curve is painted as may be from it."""


@dataclass(frozen=True)
class Stroke:
    """One opaque stroke.

    Attributes:
        start: (x, y) of the middle of its first round end, in pixels from the upper left corner.
        bend: the control point of the quadratic Bezier curve.
        end: the middle of its last round end; with `start` and `bend` the same it is a dot.
        width: of the brush, in pixels, > 0.
        colour: (r, g, b), 8-bit sRGB codes.
    """

    start: Point
    bend: Point
    end: Point
    width: float
    colour: Colour


def paint(canvas: Canvas, strokes: Iterable[Stroke], scale: float = 1.0) -> Canvas:
    """The canvas with the strokes painted over it, the first one first, with smooth edges.

    A pixel changes only where a stroke touches it. Every stroke is rounded to 8 bits for itself, so that
    `paint(paint(c, a), b)` is `paint(c, a + b)`, bit for bit.

    Args:
        canvas: what is there before; it is left alone.
        strokes: in the picture's pixels.
        scale: the canvas' size over the picture's.
    """
    painted = canvas.copy()
    height, width = canvas.shape[:2]
    for stroke in strokes:
        top, left, cover = coverage(stroke, height, width, scale)
        if cover.size:
            there = painted[top : top + cover.shape[0], left : left + cover.shape[1]]
            there[:] = np.rint(there + cover[..., None] * (np.float32(stroke.colour) - there))
    return painted


def moved(stroke: Stroke, x: int, y: int) -> Stroke:
    """The stroke so many pixels further right and down."""
    places = ((px + x, py + y) for px, py in (stroke.start, stroke.bend, stroke.end))
    return Stroke(*places, stroke.width, stroke.colour)


def svg(strokes: Sequence[Stroke], width: int, height: int, ground: Colour) -> str:
    """The strokes as the text of an SVG file, a path for each, the first one lowest.

    Args:
        strokes: in the picture's pixels.
        width: the picture's.
        height: the picture's.
        ground: the colour under all strokes.
    """
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
        f'<rect width="{width}" height="{height}" fill="{_hex(ground)}"/>',
        '<g fill="none" stroke-linecap="round">',
    ]
    for s in strokes:
        x0, y0, x1, y1, x2, y2, brush = (
            f"{v:.2f}".rstrip("0").rstrip(".") for v in (*s.start, *s.bend, *s.end, s.width)
        )
        # An empty line has no round ends in every renderer; a hundredth of a pixel has.
        x2 = x2 if s.start != s.end or s.start != s.bend else f"{s.end[0] + 0.01:.2f}"
        lines.append(f'<path d="M{x0} {y0}Q{x1} {y1} {x2} {y2}" stroke="{_hex(s.colour)}" stroke-width="{brush}"/>')
    return "\n".join([*lines, "</g>", "</svg>", ""])


def coverage(
    stroke: Stroke, height: int, width: int, scale: float = 1.0
) -> tuple[int, int, Float32[ndarray, "patch_h patch_w"]]:
    """How much of each pixel a stroke covers, in [0, 1], as the patch of a canvas that it touches.

    The coverage of a pixel is told from its middle's distance to the curve: all where that is half a pixel less than
    half the width, nothing where it is half a pixel more. A stroke thinner than a pixel covers as much less.

    Returns:
        top, left, and the patch, which is empty for a stroke beside the canvas.
    """
    points = np.float64([stroke.start, stroke.bend, stroke.end]) * scale
    radius, most = stroke.width * scale / 2, min(1.0, stroke.width * scale)
    reach = max(radius, 0.5) + 0.5
    line = polyline(points)
    left, top = (max(0, int(v)) for v in np.floor(line.min(axis=0) - reach))
    right, bottom = np.minimum(np.ceil(line.max(axis=0) + reach), (width, height)).astype(int)
    shape = (max(0, bottom - top), max(0, right - left))
    if not all(shape):
        return top, left, np.zeros((0, 0), np.float32)
    far = np.full(shape, reach * reach, np.float32)  # squared distance, as far as anything is asked
    for (ax, ay), (bx, by) in pairwise((line - (left + 0.5, top + 0.5)).tolist()):
        x0, y0 = max(0, int(min(ax, bx) - reach)), max(0, int(min(ay, by) - reach))
        part = far[y0 : max(0, int(max(ay, by) + reach) + 2), x0 : max(0, int(max(ax, bx) + reach) + 2)]
        if not part.size:
            continue
        along = np.arange(x0 - ax, x0 - ax + part.shape[1] - 0.5, dtype=np.float32)
        down = np.arange(y0 - ay, y0 - ay + part.shape[0] - 0.5, dtype=np.float32)[:, None]
        ux, uy = np.float32(bx - ax), np.float32(by - ay)
        length = max(ux * ux + uy * uy, np.float32(1e-12))
        t = along * (ux / length) + down * (uy / length)
        np.clip(t, 0, 1, out=t)
        dx, dy = along - t * ux, down - t * uy
        np.minimum(part, dx * dx + dy * dy, out=part)
    return top, left, np.float32(most) * np.clip(np.float32(max(radius, 0.5) + 0.5) - np.sqrt(far), 0, 1)


def polyline(points: ndarray) -> ndarray:
    """A quadratic Bezier curve (3 points, x and y) as the fewest points whose straight line keeps within `FLAT`."""
    off = np.hypot(*(points[0] - 2 * points[1] + points[2])) / 4
    t = np.linspace(0, 1, 1 + max(1, int(np.ceil(np.sqrt(off / FLAT)))))[:, None]
    return (1 - t) ** 2 * points[0] + 2 * t * (1 - t) * points[1] + t**2 * points[2]


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
