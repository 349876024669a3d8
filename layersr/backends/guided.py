"""Mattes that are locally a linear function of the picture's colours: filtered so, or enlarged so.

K. He, J. Sun and X. Tang, *Guided Image Filtering*, TPAMI 2013; K. He and J. Sun, *Fast Guided Filter*,
arXiv:1505.00996: the linear functions are fitted in a small picture and applied to the large one. The local linear
model is that of closed-form matting (Levin et al. 2008).
"""

import cv2
import numpy as np

from layersr.arrays import RGB, Alpha, Scaled, ScaledAlpha

FINE, FIRM = 1, 1e-5
"""Window's reach in pixels and regularisation where a small matte is enlarged, and so believed to its pixel."""


def filtered(image: RGB, target: Alpha, weight: Alpha, reach: int, firm: float) -> Alpha:
    """The matte that is locally a linear function of the picture's colours and nearest to `target`, weighted.

    Args:
        image: the picture.
        target: the matte to be followed.
        weight: how far it is to be believed, above 0.
        reach: pixels of the window to each side.
        firm: variance of colour below which no function of it is trusted.
    """
    slope, offset = _linear(image, target, weight, reach, firm)
    return _applied(slope, offset, image)


def enlarged(alpha: Alpha, image: RGB, large: Scaled) -> ScaledAlpha:
    """A matte found in a shrunk picture, as large as the picture, its edges where the picture has them.

    Args:
        alpha: the matte, of the shrunk picture's size.
        image: the shrunk picture.
        large: the picture.
    """
    slope, offset = _linear(image, alpha, np.ones_like(alpha), FINE, FIRM)
    size = large.shape[1::-1]
    slope = cv2.resize(slope, size, interpolation=cv2.INTER_LINEAR).reshape(large.shape)
    offset = cv2.resize(offset, size, interpolation=cv2.INTER_LINEAR).reshape(large.shape[:2])
    return _applied(slope, offset, large)


def _linear(
    image: np.ndarray, target: np.ndarray, weight: np.ndarray, reach: int, firm: float
) -> tuple[np.ndarray, np.ndarray]:
    """Slope (h, w, 3) and offset (h, w) of the linear function around each pixel, averaged over all it lies in."""
    size = (2 * reach + 1, 2 * reach + 1)

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.boxFilter(values, -1, size, borderType=cv2.BORDER_REFLECT).reshape(values.shape)

    total = mean(weight)
    guide_mean = mean(image * weight[..., None]) / total[..., None]
    target_mean = mean(target * weight) / total
    cross = mean(image * (target * weight)[..., None]) / total[..., None] - guide_mean * target_mean[..., None]
    covariance = np.empty((*weight.shape, 3, 3), np.float32)
    for i in range(3):
        for j in range(i, 3):
            moment = mean(image[..., i] * image[..., j] * weight) / total - guide_mean[..., i] * guide_mean[..., j]
            covariance[..., i, j] = covariance[..., j, i] = moment
    covariance += firm * np.eye(3, dtype=np.float32)
    slope = np.linalg.solve(covariance, cross[..., None])[..., 0].astype(np.float32)
    offset = target_mean - (slope * guide_mean).sum(axis=-1)
    return mean(slope), mean(offset.astype(np.float32))


def _applied(slope: np.ndarray, offset: np.ndarray, image: np.ndarray) -> np.ndarray:
    return np.clip((slope * image).sum(axis=-1) + offset, 0, 1).astype(np.float32)
