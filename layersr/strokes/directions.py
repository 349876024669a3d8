"""Which way the forms of a picture run, and where it is busy: the structure tensor.

J. Bigün and G. H. Granlund, *Optimal orientation detection of linear symmetry*, ICCV 1987. Gradients of all colours are
squared before they are averaged, so that the two sides of a line agree about its direction.
"""

import cv2
import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from layersr.arrays import RGB, Alpha

FARTHER, FAINTER = 4, 0.02
"""Where little happens the direction is taken from surroundings so many times as wide, which count so little else."""


def along(image: RGB, reach: float) -> Float32[ndarray, "h w 2"]:
    """The direction of edges and strands, as the cosine and sine of its doubled angle: it has no sense, only a slope.

    Args:
        image: the picture.
        reach: how far around a pixel is looked, as a Gaussian's sigma in pixels.
    """
    across, both, down = _tensor(cv2.GaussianBlur(image, (0, 0), max(0.5, reach / 4)))
    planes = np.dstack([down - across, -2 * both])
    total, weight = np.zeros_like(planes), 1.0
    for _ in range(3):
        total += weight * cv2.GaussianBlur(planes, (0, 0), reach, borderType=cv2.BORDER_REFLECT_101)
        reach, weight = reach * FARTHER, weight * FAINTER
    size = np.hypot(total[..., 0], total[..., 1])[..., None]
    return np.where(size > 1e-12, total / np.maximum(size, 1e-12), np.float32([1, 0]))


def busy(image: RGB) -> Alpha:
    """Where fine strokes matter: the local contrast, 1 where it is as strong as in the strongest twentieth."""
    side = max(image.shape[:2])
    across, _, down = _tensor(image)
    contrast = cv2.GaussianBlur(np.sqrt(across + down), (0, 0), max(1.0, side / 128))
    return np.clip(contrast / max(float(np.quantile(contrast, 0.95)), 1e-6), 0, 1)


def _tensor(image: RGB) -> tuple[Alpha, Alpha, Alpha]:
    """Products of gradients, summed over the colours: across with across, with down, and down with down."""
    gx = cv2.Scharr(image, cv2.CV_32F, 1, 0, scale=1 / 32)
    gy = cv2.Scharr(image, cv2.CV_32F, 0, 1, scale=1 / 32)
    return (gx * gx).sum(axis=2), (gx * gy).sum(axis=2), (gy * gy).sum(axis=2)
