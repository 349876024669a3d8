"""From a rough mask to a matte at full resolution, and from the matte to colours without a halo."""

import cv2
import numpy as np

from layersr.arrays import RGB, Alpha, Mask, Trimap
from layersr.bleed import bleed

MOVED = 0.08
"""How far the colour below a soft edge may be moved."""


def trimap(mask: Alpha, band: int) -> Trimap:
    """What of a rough mask is certain: 1 inside, 0 outside, 0.5 within `band` pixels of its contour.

    A thing thinner than the band keeps a certain core: the pixels farthest from its contour nearby.
    """
    inside = (mask > 0.5).astype(np.uint8)
    depth = cv2.distanceTransform(cv2.copyMakeBorder(inside, 1, 1, 1, 1, cv2.BORDER_REPLICATE), cv2.DIST_L2, 5)
    depth = depth[1:-1, 1:-1]
    height = cv2.distanceTransform(1 - inside, cv2.DIST_L2, 5) if not inside.all() else np.zeros_like(depth)
    core = 2 * band + 1
    ridge = (depth > 0.7 * cv2.dilate(depth, np.ones((core, core), np.uint8))) & (depth >= 1)
    out = np.full(mask.shape, 0.5, np.float32)
    out[(depth > band) | ridge] = 1
    out[(height > band) & (inside == 0)] = 0
    return out


def foreground(image: RGB, alpha: Alpha) -> tuple[RGB, RGB]:
    """Straight colours of what a matte selects and of what is behind it, both complete over the whole image.

    Germer, Uelwer, Conrad and Harmeling, *Fast Multi-Level Foreground Estimation* (ICPR 2020), with Jacobi instead of
    Gauss-Seidel sweeps, so that a sweep is a few array operations: at every pixel the F and B with
    alpha F + (1 - alpha) B nearest to the image and smooth where the matte changes, from coarse to fine.

    Returns:
        F and B. Where alpha is 1 F is the image, where it is 0 B is.
    """
    height, width = alpha.shape
    levels = max(1, int(np.ceil(np.log2(max(height, width)))))
    f = b = cv2.resize(image, (1, 1), interpolation=cv2.INTER_AREA).reshape(1, 1, 3)
    for level in range(1, levels + 1):
        w = max(1, round(width ** (level / levels)))
        h = max(1, round(height ** (level / levels)))
        i = cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA).reshape(h, w, 3)
        a = cv2.resize(alpha, (w, h), interpolation=cv2.INTER_AREA).reshape(h, w)
        f = cv2.resize(f, (w, h), interpolation=cv2.INTER_NEAREST).reshape(h, w, 3)
        b = cv2.resize(b, (w, h), interpolation=cv2.INTER_NEAREST).reshape(h, w, 3)
        for _ in range(10 if max(h, w) <= 32 else 3):
            f, b = _sweep(i, a, f, b)
    solid, empty = alpha[..., None] >= 1, alpha[..., None] <= 0
    return np.where(solid, image, f).astype(np.float32), np.where(empty, image, b).astype(np.float32)


def _sweep(image: np.ndarray, alpha: np.ndarray, f: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    sum_f, sum_b = np.zeros_like(f), np.zeros_like(b)
    total = np.zeros_like(alpha)
    padded_a, padded_f, padded_b = (
        np.pad(v, [(1, 1), (1, 1)] + [(0, 0)] * (v.ndim - 2), mode="edge") for v in (alpha, f, b)
    )
    h, w = alpha.shape
    for y, x in ((0, 1), (2, 1), (1, 0), (1, 2)):
        near = (slice(y, y + h), slice(x, x + w))
        weight = 1e-5 + np.abs(padded_a[near] - alpha)
        sum_f += padded_f[near] * weight[..., None]
        sum_b += padded_b[near] * weight[..., None]
        total += weight
    # The 2 x 2 normal equations of each pixel, solved by Cramer's rule.
    a, rest = alpha[..., None], 1 - alpha[..., None]
    a00, a01, a11 = a * a + total[..., None], a * rest, rest * rest + total[..., None]
    b0, b1 = a * image + sum_f, rest * image + sum_b
    determinant = np.maximum(a00 * a11 - a01 * a01, 1e-12)
    return np.clip((a11 * b0 - a01 * b1) / determinant, 0, 1), np.clip((a00 * b1 - a01 * b0) / determinant, 0, 1)


def fringe(image: RGB, fill: RGB, colour: RGB, alpha: Alpha, ring: Mask) -> Alpha:
    """The matte with a faint alpha where the ring around it still shows the element.

    A pixel of the ring belongs to the element's fringe when it lies on the line from the fill's to the element's
    colour: then it is a mixture of the two, and lifting it with the element leaves no trace behind. Elsewhere the
    ring is the background's own texture, and stays there.

    Args:
        image: the picture.
        fill: what was painted behind the element.
        colour: the element's colour, continued beyond its edge.
        alpha: its matte.
        ring: the pixels in question, alpha 0.
    """
    toward = colour - fill
    length = (toward * toward).sum(axis=-1)
    share = np.clip(((image - fill) * toward).sum(axis=-1) / np.maximum(length, 1e-6), 0, 1)
    misfit = np.linalg.norm(image - fill - share[..., None] * toward, axis=-1)
    mixed = ring & (length > 0.02) & (share > 0.04) & (share < 0.6) & (misfit < 0.35 * share * np.sqrt(length))
    return np.where(mixed, np.maximum(alpha, share), alpha).astype(np.float32)


def share_residual(image: RGB, alpha: Alpha, colour: RGB, below: RGB) -> RGB:
    """Move what lies below a soft edge so that edge and matte explain the picture with natural colours.

    With the residual r = x - aF - (1-a)b, the least change of F and b together puts r(1-a)/(a^2 + (1-a)^2) on b.
    Where the element covers much, b is a guess about the unseen and r is mostly a wrong matte, so b may move by
    MOVED (1-a)^4 at most: the fringe goes with the element, and its contour leaves no hairline behind.

    Returns:
        the new b; unchanged where alpha is 0 or 1.
    """
    a = alpha[..., None]
    residual = image - a * colour - (1 - a) * below
    most = MOVED * (1 - a) ** 4
    moved = np.clip(below + np.clip(residual * (1 - a) / (a * a + (1 - a) ** 2), -most, most), 0, 1)
    return np.where((a > 0) & (a < 1), moved, below).astype(np.float32)


def continued(image: RGB, alpha: Alpha) -> RGB:
    """The element's colours, continued outside its matte."""
    colour, _ = foreground(image, alpha)
    known = alpha > 0.1
    return bleed(colour, known) if known.any() else colour
