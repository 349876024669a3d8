"""Bicubic resampling as the super-resolution literature does it: MATLAB's `imresize`.

OpenCV's and Pillow's bicubic differ (another a, no or other antialiasing), and a network trained on one and measured
on the other loses up to a decibel.
"""

from functools import lru_cache

import numpy as np


def cubic(x: np.ndarray) -> np.ndarray:
    """Keys' cubic convolution kernel with a = -0.5 (R. Keys, 1981)."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))


@lru_cache(maxsize=512)
def _taps(size: int, target: int) -> tuple[np.ndarray, np.ndarray]:
    """For every output pixel of one axis the input pixels it is made of, (target, taps), and their weights."""
    factor = target / size
    stretch = min(factor, 1.0)  # shrinking: the kernel is widened by the scale, which is the antialiasing
    width = 4 / stretch
    centre = (np.arange(target) + 0.5) / factor - 0.5
    first = np.floor(centre - width / 2).astype(int) + 1
    at = first[:, None] + np.arange(int(np.ceil(width)) + 1)
    weights = cubic((centre[:, None] - at) * stretch)
    weights /= weights.sum(axis=1, keepdims=True)
    mirrored = np.where(((at % (2 * size)) < size), at % (2 * size), 2 * size - 1 - at % (2 * size))
    used = np.abs(weights).max(axis=0) > 0
    return mirrored[:, used], weights[:, used].astype(np.float32)


def _along_rows(image: np.ndarray, target: int) -> np.ndarray:
    at, weights = _taps(image.shape[0], target)
    out = np.zeros((target, *image.shape[1:]), np.float32)
    for tap in range(at.shape[1]):
        out += image[at[:, tap]] * weights[:, tap].reshape(-1, *[1] * (image.ndim - 1))
    return out


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """The image (h, w) or (h, w, c) at another size, float32, mirrored at its borders; it may leave [0, 1]."""
    image = image.astype(np.float32, copy=False)
    rows = _along_rows(image, height)
    return np.ascontiguousarray(_along_rows(rows.swapaxes(0, 1), width).swapaxes(0, 1))


def luma(image: np.ndarray) -> np.ndarray:
    """BT.601 luma of RGB in [0, 1], in 16..235 as in the literature, not rounded."""
    return image @ np.array([65.481, 128.553, 24.966], image.dtype) + 16


def psnr_y(image: np.ndarray, truth: np.ndarray, border: int) -> float:
    """PSNR in dB of the luma of two RGB images in [0, 1], rounded to 8 bits first, without `border` pixels."""
    cut = slice(border, -border or None)
    a, b = (luma(np.round(np.clip(x, 0, 1).astype(np.float64) * 255) / 255)[cut, cut] for x in (image, truth))
    return float(10 * np.log10(255**2 / max(np.mean((a - b) ** 2), 1e-12)))
