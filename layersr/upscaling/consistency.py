"""The scaled stack shrinks back to the picture."""

import cv2
import numpy as np

from layersr.arrays import RGB, Scaled

STEPS = 6


def shrink(image: Scaled, scale: int) -> RGB:
    """The mean of every `scale` x `scale` block: what "the same picture, smaller" means throughout layersr."""
    height, width = image.shape[:2]
    return cv2.resize(image, (width // scale, height // scale), interpolation=cv2.INTER_AREA).reshape(
        -1, width // scale, 3
    )


def back_project(large: Scaled, small: RGB, scale: int) -> Scaled:
    """The large picture, changed as little and as smoothly as possible so that it shrinks to the small one.

    Irani and Peleg, *Improving resolution by image registration* (1991): the small picture's residual is enlarged and
    added, again and again. The last step adds it block by block, which leaves nothing but clipping and rounding.
    """
    height, width = small.shape[:2]
    out = large.copy()
    for step in range(STEPS):
        residual = small - shrink(out, scale)
        kind = cv2.INTER_CUBIC if step < STEPS - 2 else cv2.INTER_NEAREST
        out += cv2.resize(residual, (width * scale, height * scale), interpolation=kind).reshape(out.shape)
        np.clip(out, 0, 1, out=out)
    return out
