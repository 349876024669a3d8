"""Broad strokes with the texture of copies: each band of the one, filled up with the same band of the other.

A network's guess at what a hole hides is the mean of what it may be: right in the broad strokes, and blurred where
nobody can know. Copies have the picture's texture and may have its forms in the wrong place. So the two are parted into
bands (P. Burt and E. Adelson, A multiresolution spline, 1983), and in each fine band so much of the copies is added
that it becomes as strong, in the mean of the hole, as it is around it: much deep in a hole, little near its rim, where
the network still sees what goes on. (What is around a hole tells how rough it is: its local variance was within 0.7 to
1.3 of the hole's own in 69 % of photographs; that of copies, which like what is smooth, in 19 %.) Coarse bands are the
network's alone. Both agree with the picture outside the hole, so no seam shows.
"""

import cv2
import numpy as np

from layersr.arrays import RGB, Alpha, Mask

WIDTH = 1.5
"""Standard deviation, in pixels, of the finest low pass, in a crop up to `SIDE` long; each next is twice as wide."""

SIDE = 512

STRENGTHS = (1.36, 1.36, 0.85)
"""How strong each band becomes against the picture's around the hole, finest first.

With two bands, amplified up to 2.5 times and nearly grey, large holes looked embossed; the decibels are the same.
"""

RING, APART = 40, 3
"""Pixels, in a crop up to `SIDE` long, around a hole that tell how strong its bands should be, and those left out."""

LOUDER, PATCH = 1.5, 15
"""The most by which a hole's copies as a whole are made stronger or weaker; and over how many pixels that is measured.

Medians of such patches are compared: an edge beside the hole says nothing of the texture in it.
"""

CHROMA = 0.6
"""How much of the copies' texture that is not light and dark is taken: eyes see little of it, nobody can guess it."""

WINDOW = 13
"""Strength is the mean over a square so many standard deviations wide."""

MOST = 1.8
"""The most that copies are amplified."""


def textured(
    broad: RGB, copied: RGB, hole: Mask, width: float = WIDTH, strengths: tuple[float, ...] = STRENGTHS
) -> RGB:
    """The broad strokes in the hole, with the copies' texture.

    Args:
        broad: the picture with the hole painted in broad strokes.
        copied: the picture with the hole painted by copies.
        hole: where they differ.
        width: see `WIDTH`.
        strengths: see `STRENGTHS`.
    """
    unit = max(1.0, max(hole.shape) / SIDE)
    around = _around(hole, unit)
    sigma, result, own, theirs = width * unit, broad.copy(), broad, copied
    for strength in strengths:
        lower, under = _low(broad, sigma), _low(copied, sigma)
        band, fill = own - lower, _greyer(theirs - under)
        louder = _louder(fill, hole, around)
        result += _share(band, fill, strength * louder, int(WINDOW * sigma) | 1)[..., None] * fill
        own, theirs, sigma = lower, under, 2 * sigma
    return np.where(hole[..., None], np.clip(result, 0, 1), copied).astype(np.float32)


def _greyer(fill: RGB) -> RGB:
    grey = fill.mean(axis=2, keepdims=True)
    return grey + np.float32(CHROMA) * (fill - grey)


def _around(hole: Mask, unit: float) -> Mask:
    """The known pixels that tell how rough a hole is; maybe none."""
    away = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, 5)
    return (away > round(APART * unit)) & (away <= round(RING * unit))


def _louder(fill: RGB, hole: Mask, around: Mask) -> float:
    """How much stronger a band is around a hole than its copies in it."""
    if np.count_nonzero(around) < 50 or not hole.any():
        return 1.0
    energy = cv2.blur((fill * fill).sum(axis=2), (PATCH, PATCH))
    ratio = np.median(energy[around]) / max(float(np.median(energy[hole])), 1e-9)
    return float(np.clip(np.sqrt(ratio), 1 / LOUDER, LOUDER))


def _share(band: RGB, fill: RGB, strength: float, window: int) -> Alpha:
    """How much of `fill` makes `band` as strong as `strength` times `fill`: the positive root of a quadratic, or 0."""

    def mean(values: RGB) -> Alpha:
        return cv2.blur(values.sum(axis=2), (window, window))

    have, given = mean(band * band), mean(fill * fill) + np.float32(1e-7)
    alike = np.maximum(mean(band * fill), 0)
    missing = np.maximum(np.float32(strength**2) * given - have, 0)
    return np.clip((np.sqrt(alike * alike + given * missing) - alike) / given, 0, MOST)


def _low(image: RGB, sigma: float) -> RGB:
    """A Gaussian low pass; wide ones at a smaller size, where they cost as little as narrow ones."""
    factor = int(sigma / 1.5)
    if factor < 2 or min(image.shape[:2]) < 4 * factor:
        return cv2.GaussianBlur(image, (0, 0), sigma)
    height, width = image.shape[:2]
    small = cv2.resize(image, (width // factor, height // factor), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / factor)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
