"""Broad strokes with the texture of copies: low frequencies of the one, high frequencies of the other.

A network's guess at what a hole hides is the mean of what it may be: right in the broad strokes, and blurred. Copies
have the picture's texture and may have its forms in the wrong place. Both agree with the picture outside the hole, so
their sum does, and no seam shows. (Bands as in P. Burt and E. Adelson, A multiresolution spline, 1983.)
"""

import cv2
import numpy as np

from layersr.arrays import RGB, Mask

WIDTH = 10.0
"""Standard deviation, in pixels of a crop whose longer side is `SIDE`, of the low pass that parts the two."""

SIDE = 512

STRENGTH = 1.15
"""How much of the copies' texture is added."""


def textured(broad: RGB, copied: RGB, hole: Mask, width: float = WIDTH, strength: float = STRENGTH) -> RGB:
    """The copies in the hole, their broad strokes replaced by the better ones.

    Args:
        broad: the picture with the hole painted in broad strokes.
        copied: the picture with the hole painted by copies.
        hole: where they differ.
        width: see `WIDTH`.
        strength: see `STRENGTH`.
    """
    sigma = max(1.5, width * max(hole.shape) / SIDE)
    fine = copied - cv2.GaussianBlur(copied, (0, 0), sigma)
    # What the network is sure of (an edge that goes on) is in its own fine band: the stronger of the two is taken.
    own = broad - cv2.GaussianBlur(broad, (0, 0), sigma)
    result = broad - own + np.where(np.abs(own) > np.abs(fine) * strength, own, fine * strength)
    return np.where(hole[..., None], np.clip(result, 0, 1), copied).astype(np.float32)
