"""The scaled stack shrinks back to the picture."""

import cv2
import numpy as np

from layersr.arrays import RGB, Scaled

STEPS = 6


def shrink(image: Scaled, scale: int) -> RGB:
    """The mean of every `scale` x `scale` block: what "the same picture, smaller" means throughout layersr."""
    height, width = image.shape[:2]
    blocks = image.reshape(height // scale, scale, width // scale, scale, 3)
    return np.ascontiguousarray(blocks.mean(axis=(1, 3), dtype=np.float32))


def back_project(large: Scaled, small: RGB, scale: int) -> Scaled:
    """The large picture, changed as little and as smoothly as possible so that it shrinks to the small one.

    Irani and Peleg, *Improving resolution by image registration* (1991): the small picture's residual is enlarged and
    added, again and again. The last step adds it block by block, which leaves nothing but clipping and rounding.
    """
    height, width = small.shape[:2]
    out = large
    for step in range(STEPS):
        residual = small - shrink(out, scale)
        kind = cv2.INTER_CUBIC if step < STEPS - 2 else cv2.INTER_NEAREST
        enlarged = cv2.resize(residual, (width * scale, height * scale), interpolation=kind)
        out = np.clip(out + enlarged.reshape(out.shape), 0, 1)
    return out
