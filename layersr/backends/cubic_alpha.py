"""Mattes enlarged by cubic interpolation: no picture is looked at, so no colour around can bend an edge."""

import cv2
import numpy as np

from layersr.arrays import Alpha, Scaled, ScaledAlpha
from layersr.backends import backend


def enlarged(alpha: Alpha, scale: int) -> ScaledAlpha:
    """The matte, `scale` times as large: cubic, clipped, exactly 0 and 1 where the matte is so all around."""
    height, width = alpha.shape
    large = cv2.resize(alpha, (width * scale, height * scale), interpolation=cv2.INTER_CUBIC)
    return np.clip(large.reshape(height * scale, width * scale), 0, 1)


class CubicAlpha:
    """See the module's text."""

    def __call__(self, image: Scaled, alpha: Alpha, scale: int) -> ScaledAlpha:
        """See `roles.AlphaUpscaler`."""
        return enlarged(alpha, scale)


@backend("alpha", "classic", summary="cubic interpolation; needs no weights")
def load_cubic_alpha(device: str) -> CubicAlpha:
    """Loads nothing; every device is the CPU."""
    return CubicAlpha()
