"""Which of two things is nearer, as a depth model sees them where they meet."""

import cv2
import numpy as np

from layersr.arrays import Alpha, Mask
from layersr.decomposing.occlusion import as_seen, touching

MOST = 1.5
"""Logits that depth is worth at most: so much is right in 82 of 100 cases, and clear cues of shape outweigh it.

Chosen, not fitted, for want of a model's real weights. Authors measure them on points that lie far apart; where things
touch, what stands on a table is as near as
the table, and drawings have depths of their own.
"""

FLAT = 0.02
"""Differences of depth up to this tell nothing."""

NOISE = 0.05
"""Differences of depth, beyond `FLAT`, that are worth three quarters of `MOST` where depth is even on both sides."""

BORDER, EDGE = 16, 3
"""Pixels from the other within which a thing's depth counts, and within which it does not, since depth is blurred."""


def nearer(a: Mask, b: Mask, depth: Alpha, rounds: tuple[int, int] = (0, 0)) -> float:
    """Evidence in logits, positive if a is nearer than b where they meet; 0 if they do not, or depth is alike there.

    The medians of what is seen of either on its side of their border, in units of their noise and spread: a floor that
    runs into the distance beside a thing tells little.

    Args:
        a: where it is; both masks and the depth are on one canvas, best of 512 pixels.
        b: likewise.
        depth: relative depth, 0 nearest.
        rounds: of the peel loop, 0 first, in which a and b came off.
    """
    if not touching(a, b):
        return 0.0
    a, b = as_seen(a, b, rounds)
    (of_a, spread_a), (of_b, spread_b) = _beside(a, b, depth), _beside(b, a, depth)
    gap = of_b - of_a
    beyond = np.sign(gap) * max(abs(gap) - FLAT, 0.0)
    return float(MOST * np.tanh(beyond / (NOISE + np.hypot(spread_a, spread_b))))


def seen_at(mask: Mask, depth: Alpha) -> float | None:
    """The median depth of what is seen of a thing; None where nothing is."""
    return float(np.median(depth[mask])) if mask.any() else None


def _beside(a: Mask, b: Mask, depth: Alpha) -> tuple[float, float]:
    """Median depth of a near b, and its spread as a standard deviation."""
    near = a & _grown(b, BORDER)
    clear = near & ~_grown(b, EDGE)
    values = depth[clear if clear.any() else near if near.any() else a]
    median = float(np.median(values))
    return median, 1.4826 * float(np.median(np.abs(values - median)))


def _grown(mask: Mask, reach: int) -> Mask:
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
