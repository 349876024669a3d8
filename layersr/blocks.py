"""What "the same picture, larger or smaller by a whole factor" means throughout layersr: every pixel is a block."""

import cv2
import numpy as np
from jaxtyping import Float32

Planes = Float32[np.ndarray, "_ _ *channels"]
"""Values of any number of channels, or of none."""


def repeated(values: np.ndarray, scale: int) -> np.ndarray:
    """Every pixel as a block of `scale` x `scale`."""
    return np.repeat(np.repeat(values, scale, axis=0), scale, axis=1)


def means(planes: Planes, scale: int) -> np.ndarray:
    """The mean of every `scale` x `scale` block; what does not fill one is left out. Law: `means(repeated(x)) == x`."""
    height, width = (n // scale for n in planes.shape[:2])
    whole = planes[: height * scale, : width * scale]
    return cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA).reshape(height, width, *planes.shape[2:])
