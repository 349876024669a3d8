"""A small drawn alphabet: geometric capitals made of round-ended strokes, so that no font file is needed."""

from collections.abc import Sequence

import cv2
import numpy as np

from scenes.studio import Frame


def _arc(cx: float, cy: float, rx: float, ry: float, start: float, stop: float) -> list[tuple[float, float]]:
    """Points of an arc, degrees clockwise from the right (y points down)."""
    return [(cx + rx * np.cos(a), cy + ry * np.sin(a)) for a in np.radians(np.linspace(start, stop, 40))]


GLYPHS: dict[str, tuple[float, list[list[tuple[float, float]]]]] = {
    "A": (0.84, [[(0, 1), (0.42, 0), (0.84, 1)], [(0.16, 0.66), (0.68, 0.66)]]),
    "E": (0.58, [[(0.58, 0), (0, 0), (0, 1), (0.58, 1)], [(0, 0.5), (0.5, 0.5)]]),
    "L": (0.56, [[(0, 0), (0, 1), (0.56, 1)]]),
    "N": (0.74, [[(0, 1), (0, 0), (0.74, 1), (0.74, 0)]]),
    "P": (0.6, [[(0, 1), (0, 0), (0.32, 0), *_arc(0.32, 0.28, 0.28, 0.28, -90, 90), (0, 0.56)]]),
    "R": (
        0.64,
        [[(0, 1), (0, 0), (0.32, 0), *_arc(0.32, 0.28, 0.28, 0.28, -90, 90), (0, 0.56)], [(0.3, 0.56), (0.64, 1)]],
    ),
    "S": (0.6, [[*_arc(0.3, 0.25, 0.27, 0.25, -25, -270), *_arc(0.3, 0.75, 0.3, 0.25, -90, 155)]]),
    "T": (0.68, [[(0, 0), (0.68, 0)], [(0.34, 0), (0.34, 1)]]),
    "U": (0.68, [[(0, 0), (0, 0.66), *_arc(0.34, 0.66, 0.34, 0.34, 180, 0), (0.68, 0)]]),
    "Y": (0.76, [[(0, 0), (0.38, 0.5), (0.76, 0)], [(0.38, 0.5), (0.38, 1)]]),
    " ": (0.3, []),
}
"""Width and strokes of each capital in a box one unit high, y down."""


def text_width(text: str, size: float, gap: float) -> float:
    """How far a line of text runs, design units."""
    return sum(GLYPHS[c][0] * size + gap for c in text) - gap


def letter(frame: Frame, text: str, x: float, y: float, size: float, weight: float, gap: float) -> np.ndarray:
    """Coverage of a line of text on the fine grid.

    Args:
        frame: where.
        text: capitals of `GLYPHS`.
        x: left end of the strokes' middle lines, design units.
        y: their top.
        size: cap height between the middle lines.
        weight: stroke thickness.
        gap: from one letter's box to the next.
    """
    more = 2
    out = np.zeros([n * more for n in frame.shape], np.uint8)
    for c in text:
        width, strokes = GLYPHS[c]
        for stroke in strokes:
            points = frame.fine(np.array([x, y]) + size * np.asarray(stroke)) * more + 0.5
            pieces = [np.rint(points * 16).astype(np.int32)]
            cv2.polylines(out, pieces, False, 255, max(1, round(weight * frame.unit * more)), cv2.LINE_AA, 4)
        x += width * size + gap
    return cv2.resize(out, frame.shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def centred(text: str, middle: float, size: float, gap: float) -> float:
    """The x at which a line must begin to be centred on `middle`."""
    return middle - text_width(text, size, gap) / 2


def words(picture_frame: Frame, lines: Sequence[tuple[str, float, float, float, float, float]]) -> np.ndarray:
    """Several lines at once, each (text, middle, top, size, weight, gap)."""
    out = np.zeros(picture_frame.shape, np.float32)
    for text, middle, top, size, weight, gap in lines:
        out = np.maximum(out, letter(picture_frame, text, centred(text, middle, size, gap), top, size, weight, gap))
    return out
