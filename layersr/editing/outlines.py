"""How an outline goes on where nobody sees it: as a thin plate would bend.

The signed distance to the outline that is seen, near it, is continued into the hidden part with the least bending
(Duchon, 1977), so outlines go on in their own direction. Where outlines part, a plate goes on for ever; so a membrane,
held at 1 where the thing is seen and at 0 where it is seen not to be, says how far one may believe it. And where most
of a thing is hidden nothing tells how far it goes: beyond the hull of what is seen it goes on no farther than a part
of the width in which it is covered.
"""

import cv2
import numpy as np

from layersr.arrays import Alpha, Mask
from layersr.infill.harmonic import harmonic

SIDE = 160
"""Pixels of the longer side at which outlines are found."""

COARSEST = 20
"""Pixels of it where the search begins."""

STEPS = 120
"""Steps of conjugate gradients at each size."""

PRECISE = cv2.DIST_L2, cv2.DIST_MASK_PRECISE

EDGE = 2.0
"""Pixels from an outline beyond which it does not matter how far it is: what is not seen may be nearer. Of discs,
lenses and bands under round covers the hidden part had a mean IoU of 0.59; 0.52 with 16, 0.50 by a membrane alone."""

NEAR = 0.2
"""Height of the membrane below which the plate is not believed."""

BEYOND = 0.3
"""How far beyond the hull of what is seen a thing goes on, in widths of the seam along which it is covered. Chosen on
18 layers of the samples, whose hidden parts are known: their mean IoU is 0.74, 0.67 without. Of 42 discs, lenses and
bands under round covers it is 0.70, 0.71 without."""


def completed(inside: Mask, free: Mask) -> Alpha:
    """How much of a thing's hidden part is its own, with a soft edge of a pixel.

    Args:
        inside: where the thing is seen; where neither this nor `free` is true it is seen not to be.
        free: where nobody sees whether it is; the edge of the arrays says nothing.

    Returns:
        coverage; only what it says where `free` is of use.
    """
    inside = inside & ~free
    if (inside | free).all():
        return np.ones(free.shape, np.float32)
    height, width = free.shape
    factor = min(1.0, SIDE / max(height, width))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    held = cv2.resize((~free).astype(np.float32), size, interpolation=cv2.INTER_AREA).reshape(size[::-1])
    ones = cv2.resize(inside.astype(np.float32), size, interpolation=cv2.INTER_AREA).reshape(size[::-1])
    loose = held < 0.5
    seen = (ones > 0.5 * held) & ~loose
    if not loose.any() or not seen.any() or (seen | loose).all():
        return inside.astype(np.float32)  # too small to be found: it ends where it ends
    distance = _plate(_distance(seen, loose), loose)
    membrane = harmonic(np.repeat(seen.astype(np.float32)[..., None], 3, axis=2), loose)[..., 0]
    slope = np.hypot(*np.gradient(membrane)) if min(membrane.shape) > 1 else np.ones_like(membrane)
    believed = (membrane - NEAR) / np.maximum(slope, 1e-3)
    found = np.minimum(np.minimum(distance, believed), _told(seen, loose))
    found = np.clip(found, -EDGE, EDGE).astype(np.float32)
    large = cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR).reshape(height, width)
    return np.clip(0.5 + large / factor, 0, 1).astype(np.float32)


def _told(seen: Mask, loose: Mask) -> np.ndarray:
    """Pixels that are left until nothing tells of the thing any more, negative beyond; see `BEYOND`."""
    shown = np.argwhere(seen)[:, ::-1].astype(np.int32)
    hull = cv2.fillConvexPoly(np.ones(seen.shape, np.uint8), cv2.convexHull(shown), 0)
    away = cv2.distanceTransform(hull, *PRECISE)
    seam = seen & (cv2.dilate(loose.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
    if not seam.any():
        return -away
    _, sides, _ = cv2.minAreaRect(np.argwhere(seam).astype(np.float32))
    return BEYOND * (max(sides) + 1) - away


def _distance(inside: Mask, free: Mask) -> np.ndarray:
    """Pixels to the outline that is seen, positive inside; 0 where it is free."""
    outside = ~inside & ~free
    to_outside, to_inside = (cv2.distanceTransform((~side).astype(np.uint8), *PRECISE) for side in (outside, inside))
    distance = np.where(inside, to_outside - 0.5, np.where(outside, 0.5 - to_inside, 0)).astype(np.float64)
    return np.clip(distance, -EDGE, EDGE)


def _plate(values: np.ndarray, free: Mask) -> np.ndarray:
    """The values continued where they are free, with the least bending; coarse sizes first."""
    height, width = free.shape
    guess = np.zeros_like(values)
    if max(height, width) > COARSEST and min(height, width) > 4:
        half = (width + 1) // 2, (height + 1) // 2
        weight = cv2.resize((~free).astype(np.float64), half, interpolation=cv2.INTER_AREA)
        small = cv2.resize(np.where(free, 0, values), half, interpolation=cv2.INTER_AREA) / np.maximum(weight, 1e-9)
        small = _plate(np.where(weight > 0, small, 0) / 2, weight == 0)
        guess = 2 * cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    found = np.where(free, guess, values)
    rest = -_bending(found) * free
    direction, old = rest.copy(), float((rest * rest).sum())
    for _ in range(STEPS):
        if old < 1e-9:
            break
        bent = _bending(direction) * free
        step = old / float((direction * bent).sum())
        found += step * direction
        rest -= step * bent
        new = float((rest * rest).sum())
        direction = rest + (new / old) * direction
        old = new
    return found


def _bending(v: np.ndarray) -> np.ndarray:
    """The gradient of the plate's bending, which is the sum of the squares of its second differences."""
    out = np.zeros_like(v)
    for a, o in ((v, out), (v.T, out.T)):
        second = a[:, 2:] - 2 * a[:, 1:-1] + a[:, :-2]
        o[:, 2:] += second
        o[:, 1:-1] -= 2 * second
        o[:, :-2] += second
    mixed = 2 * (v[1:, 1:] - v[1:, :-1] - v[:-1, 1:] + v[:-1, :-1])
    out[1:, 1:] += mixed
    out[1:, :-1] -= mixed
    out[:-1, 1:] -= mixed
    out[:-1, :-1] += mixed
    return out
