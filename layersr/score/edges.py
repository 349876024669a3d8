"""How well a matte follows the true one where that is soft, and how clean the colours are there."""

import cv2
import numpy as np

from layersr import color

BAND = 3
"""Pixels around the true matte's transition that belong to its soft band."""

SIGMA = 1.4
"""Of the Gaussian whose derivatives are compared (C. Rhemann et al., *A perceptually motivated online benchmark for
image matting*, CVPR 2009)."""


def edge_errors(ours: np.ndarray, theirs: np.ndarray) -> tuple[float | None, float | None, float | None]:
    """Errors of a layer against the true one where the true matte is neither 0 nor 1, and a little around.

    Args:
        ours: premultiplied RGBA on the canvas, float32 in [0, 1].
        theirs: the true one, likewise.

    Returns:
        the mean absolute difference of alpha over the band (SAD by area, so that sizes compare); the mean squared
        difference of the alphas' Gaussian gradients there; the mean absolute RGB difference of the straight colours
        where both are between 0 and 1, weighted by the true alpha. None each where there is no such pixel.
    """
    soft = (theirs[..., 3] > 0) & (theirs[..., 3] < 1)
    if not soft.any():
        return None, None, None
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * BAND + 1, 2 * BAND + 1))
    band = cv2.dilate(soft.astype(np.uint8), ball) > 0
    edge = float(np.abs(ours[..., 3] - theirs[..., 3])[band].mean())
    steps = [_gradient(x[..., 3]) for x in (ours, theirs)]
    gradient = float(np.square(steps[0] - steps[1]).sum(axis=2)[band].mean())
    both = soft & (ours[..., 3] > 0)
    if not both.any():
        return edge, gradient, None
    straight = [color.unpremultiply(x[both][:, :3], x[both][:, 3]) for x in (ours, theirs)]
    weight = theirs[..., 3][both]
    error = float((np.abs(straight[0] - straight[1]).mean(axis=1) * weight).sum() / weight.sum())
    return edge, gradient, error


def _gradient(alpha: np.ndarray) -> np.ndarray:
    smooth = cv2.GaussianBlur(np.ascontiguousarray(alpha), (0, 0), SIGMA)
    return np.dstack([cv2.Sobel(smooth, cv2.CV_32F, dx, dy, ksize=3, scale=1 / 8) for dx, dy in ((1, 0), (0, 1))])
