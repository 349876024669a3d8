"""The matte scaled on its own, so that no colour of the surroundings can bend an edge."""

import cv2
import numpy as np

from layersr.arrays import Alpha, ScaledAlpha


def scale_alpha(alpha: Alpha, scale: int) -> ScaledAlpha:
    """The matte, `scale` times as large: cubic, clipped, exactly 0 and 1 where the matte is so all around."""
    height, width = alpha.shape
    large = cv2.resize(alpha, (width * scale, height * scale), interpolation=cv2.INTER_CUBIC)
    return np.clip(large.reshape(height * scale, width * scale), 0, 1)
