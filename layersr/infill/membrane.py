"""Smooth surfaces over a hole: the membrane that its rim holds, and seams pulled flat.

Both solve one Poisson equation in the hole by conjugate gradients; the preconditioner is the sum of all pyramid levels
(Bramble, Pasciak and Xu, 1990), which makes the number of steps nearly independent of the hole's size.
"""

import cv2
import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from layersr.arrays import RGB, Mask
from layersr.bleed import bleed

Steps = tuple[Float32[ndarray, "h v 3"], Float32[ndarray, "u w 3"]]
"""Differences of neighbours: to the right (h, w-1, 3) and downwards (h-1, w, 3)."""


def differences(image: RGB) -> Steps:
    """Right neighbour minus pixel, and lower neighbour minus pixel."""
    return image[:, 1:] - image[:, :-1], image[1:] - image[:-1]


def membrane(image: RGB, hole: Mask) -> RGB:
    """Fill the hole with the surface that its rim stretches: harmonic, free at the image's edge.

    What stood in the hole has no influence. A hole without a rim (the whole image) becomes mid-grey.
    """
    if hole.all():
        return np.full_like(image, 0.5)
    guess = bleed(image, ~hole)
    right, down = differences(guess)
    return guess + relax(-right, -down, hole)


def relax(
    right: Float32[ndarray, "h v 3"],
    down: Float32[ndarray, "u w 3"],
    hole: Mask,
    tolerance: float = 2e-3,
    limit: int = 60,
) -> RGB:
    """The correction, zero outside the hole, whose differences come nearest to those given (least squares).

    Args:
        right: wanted differences to the right neighbour, (h, w-1, 3).
        down: wanted differences to the lower neighbour, (h-1, w, 3).
        hole: where the correction may be other than zero.
        tolerance: the relative residual at which to stop.
        limit: the most steps.
    """
    whole = np.zeros((*hole.shape, 3), np.float32)
    if not hole.any():
        return whole
    left, top, width, height = cv2.boundingRect(hole.astype(np.uint8))
    y0, y1 = max(0, top - 1), min(hole.shape[0], top + height + 1)  # the rim is one pixel wide
    x0, x1 = max(0, left - 1), min(hole.shape[1], left + width + 1)
    right, down, hole = right[y0:y1, x0 : x1 - 1], down[y0 : y1 - 1, x0:x1], hole[y0:y1, x0:x1]
    inside = hole[..., None].astype(np.float32)
    # A pair of neighbours counts where at least one of them may move.
    pair_right = (hole[:, 1:] | hole[:, :-1])[..., None].astype(np.float32)
    pair_down = (hole[1:] | hole[:-1])[..., None].astype(np.float32)

    def divergence(right: ndarray, down: ndarray) -> ndarray:
        total = np.zeros_like(inside, shape=(*hole.shape, 3))
        total[:, 1:] += right
        total[:, :-1] -= right
        total[1:] += down
        total[:-1] -= down
        return total * inside

    def laplace(v: ndarray) -> ndarray:
        dx, dy = differences(v)
        return divergence(dx, dy)

    residual = divergence(right * pair_right, down * pair_down)
    solution = whole[y0:y1, x0:x1]
    scale = float(np.vdot(residual, residual))
    if scale < 1e-12:
        return whole
    direction = np.zeros_like(residual)
    old = 1.0
    for _ in range(limit):
        z = _all_scales(residual) * inside
        new = float(np.vdot(residual, z))
        direction = z + np.float32(new / old) * direction
        bent = laplace(direction)
        step = np.float32(new / float(np.vdot(direction, bent)))
        solution += step * direction
        residual -= step * bent
        old = new
        if float(np.vdot(residual, residual)) < tolerance**2 * scale:
            break
    return whole


def _all_scales(residual: RGB) -> RGB:
    """The residual smoothed at every scale and summed up: roughly the inverse of the Laplacian."""
    height, width = residual.shape[:2]
    if min(height, width) < 4:
        return residual / 4
    coarse = _all_scales(4 * cv2.pyrDown(residual, borderType=cv2.BORDER_REFLECT_101))
    return residual / 4 + cv2.pyrUp(coarse, dstsize=(width, height))
