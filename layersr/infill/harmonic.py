"""The membrane over a hole, nearly and fast: coarse sizes first, a fixed number of relaxations at each.

`membrane` solves its equation to the end; what starts a network or carries a search need not be that exact. Cascadic
multigrid (F. Bornemann and P. Deuflhard, 1996) with Chebyshev relaxation: the solution of half the size is enlarged,
and what the enlargement got wrong, mostly fine, is rubbed out. In irregular holes of 5 to 25 % it costs 0.03 dB and a
twelfth of the time.
"""

import cv2
import numpy as np

from layersr.arrays import RGB, Mask

STEPS = 12
"""Relaxations at each size. Not many more: rounding errors grow with them."""

SMOOTHEST, ROUGHEST = 0.03, 2.0
"""The eigenvalues of (identity - mean of the four neighbours) that the relaxation is tuned to damp."""

NEIGHBOURS = np.float32([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) / 4


def harmonic(image: RGB, hole: Mask) -> RGB:
    """The image with the hole closed by a smooth surface that its rim holds, free at the image's edge.

    What stood in the hole has no influence; a hole without a rim (the whole image) becomes mid-grey.
    """
    if not hole.any():
        return image.copy()
    if hole.all():
        return np.full_like(image, 0.5)
    height, width = hole.shape
    half = (max(1, (width + 1) // 2), max(1, (height + 1) // 2))
    known = (~hole).astype(np.float32)
    weight = cv2.resize(known, half, interpolation=cv2.INTER_AREA).reshape(half[::-1])
    given = np.where(hole[..., None], np.float32(0), image)
    small = cv2.resize(given, half, interpolation=cv2.INTER_AREA).reshape(*half[::-1], 3)
    small = harmonic(small / np.maximum(weight, 1e-6)[..., None], weight == 0)
    filled = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR).reshape(height, width, 3)
    outside = known.astype(np.uint8)
    cv2.copyTo(given, outside, filled)
    middle, span = (ROUGHEST + SMOOTHEST) / 2, (ROUGHEST - SMOOTHEST) / 2
    for k in range(STEPS):
        share = 1 / (middle + span * np.cos(np.pi * (2 * k + 1) / (2 * STEPS)))
        mean = cv2.filter2D(filled, -1, NEIGHBOURS, borderType=cv2.BORDER_REPLICATE)
        filled = cv2.addWeighted(filled, 1 - share, mean, share, 0)
        cv2.copyTo(given, outside, filled)
    return np.where(hole[..., None], filled, image)
