"""A larger picture that shrinks back to the small one."""

import cv2
import numpy as np
from jaxtyping import Float32

STEPS = 6

Planes = Float32[np.ndarray, "_ _ c"]
"""Values in [0, 1] of so many channels."""


def shrink(image: Planes, scale: int) -> Planes:
    """The mean of every `scale` x `scale` block: what "the same picture, smaller" means throughout layersr."""
    height, width = image.shape[:2]
    small = cv2.resize(image, (width // scale, height // scale), interpolation=cv2.INTER_AREA)
    return small.reshape(height // scale, width // scale, image.shape[2])


def back_project(large: Planes, small: Planes, scale: int) -> Planes:
    """The large picture, changed as little and as smoothly as possible so that it shrinks to the small one.

    It may have any number of channels.

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
