"""What hangs on a lifted thing and stayed behind: a balloon's basket, a string, a foot.

A fill continues what it meets at a hole's rim: a mountain's line, and a basket's ropes just as well, into a dark smear.
A line that goes on is explained by what lies beyond it; a leftover is not. So the holes are painted once with a rim
around them taken away, small, and what the paint misses by far is told apart.
"""

import cv2
import numpy as np

from layersr.arrays import RGB, Mask
from layersr.roles import BroadInfiller, Infiller

SIDE, RIM = 256, 8
"""Longer side in pixels at which this is looked at, and how wide a rim."""

SURE, MEAN, LIKELY = 0.25, 0.18, 0.12
"""Largest channel's error that such a place reaches somewhere, that it has in the mean, and down to which it goes."""

ASIDE = 2
"""Pixels by which the fill may miss a line's place."""

STEP, OUTLINED = 0.15, 0.7
"""What is an edge of the picture, from pixel to pixel, and the share of an outline that must be one."""

PASSES = 3
"""What is larger than the rim shows when that is taken away."""

SHARE = 0.05
"""Of the hole it hangs on: what is larger is a thing of its own, or the surroundings' after all."""


def leftovers(image: RGB, hole: Mask, infill: Infiller) -> Mask:
    """Pixels beside holes that the surroundings do not explain; the mask has the picture's size.

    Args:
        image: the picture; what stands in the hole has no influence.
        hole: where things were lifted off.
        infill: paints small pictures, broadly if it can.
    """
    height, width = hole.shape
    factor = min(1.0, SIDE / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    paint = infill.broadly if isinstance(infill, BroadInfiller) else infill
    known = cv2.resize((~hole).astype(np.float32), size, interpolation=cv2.INTER_AREA).reshape(size[::-1])
    shown = cv2.resize(image * ~hole[..., None], size, interpolation=cv2.INTER_AREA).reshape(*size[::-1], 3)
    small, gap = np.clip(shown / np.maximum(known, 0.5)[..., None], 0, 1), known < 0.5
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * RIM + 1, 2 * RIM + 1))
    out = np.zeros_like(gap)
    for _ in range(PASSES):
        seen = cv2.dilate((gap | out).astype(np.uint8), ball) > 0
        if not gap.any() or seen.all():
            return np.zeros_like(hole)
        error = _missed(paint(small, seen), small) * (seen & ~gap & ~out)
        more = _hanging(error, gap, out)
        if not more.any():
            break
        out |= more
    out = _ended(out, seen, small, gap)
    out = cv2.dilate(out.astype(np.uint8), np.ones((3, 3), np.uint8))  # its soft edge is none of the surroundings'
    return (cv2.resize(out, (width, height), interpolation=cv2.INTER_NEAREST) > 0) & ~hole


def _ended(found: Mask, seen: Mask, image: RGB, gap: Mask) -> Mask:
    """Those that end by themselves: within what was looked at, and most of their outline is an edge of the picture.

    The others are cut out of something that goes on: a neighbour, or the ground.
    """
    kernel = np.ones((3, 3), np.uint8)
    steps = (cv2.dilate(image, kernel) - cv2.erode(image, kernel)).max(axis=2)
    count, parts = cv2.connectedComponents(found.astype(np.uint8))
    out = np.zeros_like(found)
    for part in range(1, count):
        own = parts == part
        around = (cv2.dilate(own.astype(np.uint8), kernel) > 0) & ~own & ~gap
        if around.any() and not (around & ~seen).any() and (steps[around] > STEP).mean() > OUTLINED:
            out |= own
    return out


def _missed(guess: RGB, truth: RGB) -> np.ndarray:
    """The largest channel's error at every pixel; a line painted a little aside is no error."""
    planes = np.pad(guess.transpose(2, 0, 1), ((0, 0), (ASIDE, ASIDE), (ASIDE, ASIDE)), mode="edge")
    true, (height, width) = np.ascontiguousarray(truth.transpose(2, 0, 1)), truth.shape[:2]
    least = np.full((height, width), np.inf, np.float32)
    for y in range(2 * ASIDE + 1):
        for x in range(2 * ASIDE + 1):
            error = np.abs(planes[:, y : y + height, x : x + width] - true).max(axis=0)
            np.minimum(least, error, out=least)
    return least


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
        plain = error[own].max() > SURE and error[own].mean() > MEAN
        if touched and plain and own.sum() < SHARE * areas[touched]:
            out |= own
    return out
