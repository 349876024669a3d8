"""Carry colours from where they are known to where they are not: smooth, complete, without looking at the rest."""

import cv2
import numpy as np

from layersr.arrays import RGB, Mask


def bleed(image: RGB, known: Mask) -> RGB:
    """The known colours continued everywhere by pull and push over a pyramid.

    Gortler et al., The Lumigraph (SIGGRAPH 1996), section 3.4.2: average what is known downwards, then fill upwards
    what is missing. Near a known pixel the result is near its colour; far away it is the mean of the surroundings.

    Returns:
        the image where `known`, its continuation elsewhere; mid-grey if nothing is known.
    """
    weight = known.astype(np.float32)
    return _fill(image * weight[..., None], weight, image, known)


def _fill(weighted: np.ndarray, weight: np.ndarray, image: np.ndarray | None, known: np.ndarray | None) -> np.ndarray:
    height, width = weight.shape
    mean = np.where(weight[..., None] > 1e-6, weighted / np.maximum(weight, 1e-6)[..., None], 0.5).astype(np.float32)
    if min(height, width) <= 1 or weight.min() > 1e-6:
        return mean
    half = ((width + 1) // 2, (height + 1) // 2)
    coarse = _fill(
        cv2.resize(weighted, half, interpolation=cv2.INTER_AREA).reshape(half[1], half[0], 3),
        cv2.resize(weight, half, interpolation=cv2.INTER_AREA),
        None,
        None,
    )
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    if known is not None and image is not None:
        return np.where(known[..., None], image, smooth)
    # Between the finest and the coarsest level what is partly known is trusted as far as it is known.
    trust = np.minimum(weight, 1)[..., None]
    return trust * mean + (1 - trust) * smooth
