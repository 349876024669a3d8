"""What hangs on a lifted thing and stayed behind: a balloon's basket, a string, a foot.

A fill continues what it meets at a hole's rim: a mountain's line, and a basket's ropes just as well, into a dark smear.
A line that goes on is explained by what lies beyond it; a leftover is not. So the holes are painted once with a rim
around them taken away, small, and what the paint misses by far is told apart.
"""

import cv2
import numpy as np

from layersr.arrays import RGB, Mask
from layersr.roles import Infiller

SIDE, RIM = 256, 8
"""Longer side in pixels at which this is looked at, and how wide a rim."""

SURE, LIKELY = 0.25, 0.12
"""Largest channel's error from which a pixel is none of the surroundings', and down to which such a place reaches."""

ASIDE = 2
"""Pixels by which the fill may miss a line's place."""

PASSES = 2
"""What is larger than the rim shows when that is taken away."""

SHARE = 0.12
"""Of the hole it hangs on: what is larger is a thing of its own, or the surroundings' after all."""


def leftovers(image: RGB, hole: Mask, infill: Infiller) -> Mask:
    """Pixels beside holes that the surroundings do not explain; the mask has the picture's size.

    Args:
        image: the picture; what stands in the hole has no influence.
        hole: where things were lifted off.
        infill: paints small pictures.
    """
    height, width = hole.shape
    factor = min(1.0, SIDE / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    known = cv2.resize((~hole).astype(np.float32), size, interpolation=cv2.INTER_AREA).reshape(size[::-1])
    seen = cv2.resize(image * ~hole[..., None], size, interpolation=cv2.INTER_AREA).reshape(*size[::-1], 3)
    small, gap = np.clip(seen / np.maximum(known, 0.5)[..., None], 0, 1), known < 0.5
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * RIM + 1, 2 * RIM + 1))
    out = np.zeros_like(gap)
    for _ in range(PASSES):
        gone = gap | out
        rim = (cv2.dilate(gone.astype(np.uint8), ball) > 0) & ~gone
        if not gone.any() or (gone | rim).all():
            break
        error = _missed(infill(small, gone | rim), small) * rim
        more = _hanging(error, gap, out)
        if not more.any():
            break
        out |= more
    out = cv2.dilate(out.astype(np.uint8), np.ones((3, 3), np.uint8))  # its soft edge is none of the surroundings'
    return (cv2.resize(out, (width, height), interpolation=cv2.INTER_NEAREST) > 0) & ~hole


def _missed(guess: RGB, truth: RGB) -> np.ndarray:
    """The largest channel's error at every pixel; a line painted a little aside is no error."""
    padded = np.pad(guess, ((ASIDE, ASIDE), (ASIDE, ASIDE), (0, 0)), mode="edge")
    height, width = truth.shape[:2]
    shifts = [(y, x) for y in range(2 * ASIDE + 1) for x in range(2 * ASIDE + 1)]
    errors = (np.abs(padded[y : y + height, x : x + width] - truth).max(axis=2) for y, x in shifts)
    return np.minimum.reduce(list(errors))


def _hanging(error: np.ndarray, gap: Mask, known: Mask) -> Mask:
    """Places of great error that touch a hole, or a leftover that is known already, and are small beside the hole."""
    _, holes = cv2.connectedComponents((gap | known).astype(np.uint8))
    areas = np.bincount(holes[gap], minlength=int(holes.max()) + 1)
    beside = cv2.dilate(holes.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int64)
    count, parts = cv2.connectedComponents((error > LIKELY).astype(np.uint8))
    out = np.zeros_like(gap)
    for part in range(1, count):
        own = parts == part
        touched = beside[own].max()
        if touched and error[own].max() > SURE and own.sum() < SHARE * areas[touched]:
            out |= own
    return out
