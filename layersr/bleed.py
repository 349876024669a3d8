"""Carry colours from where they are known to where they are not: smooth, complete, without looking at the rest."""

import cv2
import numpy as np

from layersr.arrays import RGB, Mask


def bleed(image: RGB, known: Mask) -> RGB:
    """The known colours continued everywhere: shrink what is known until it covers all, then enlarge it into the gaps.

    Pull and push over a pyramid (Gortler et al., *The Lumigraph*, SIGGRAPH 1996, section 3.4.2). Near a known pixel the
    result is near its colour; far away it is the mean of the surroundings. What stands where nothing is known has no
    influence.

    Returns:
        the image where `known`, its continuation elsewhere; mid-grey if nothing is known.
    """
    if known.all():
        return image.copy()
    if not known.any():
        return np.full_like(image, 0.5)
    height, width = known.shape
    half = (max(1, (width + 1) // 2), max(1, (height + 1) // 2))
    gap = ~known[..., None]
    weight = cv2.resize(known.astype(np.float32), half, interpolation=cv2.INTER_AREA).reshape(half[::-1])
    small = cv2.resize(np.where(gap, np.float32(0), image), half, interpolation=cv2.INTER_AREA).reshape(*half[::-1], 3)
    small = bleed(small / np.maximum(weight, 1e-6)[..., None], weight > 0)
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR).reshape(height, width, 3)
    return np.where(gap, large, image)
