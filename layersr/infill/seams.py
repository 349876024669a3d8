"""Copying whole regions instead of averaging: where the borders between copied regions run, and how they are hidden.

Y. Pritch, E. Kav-Venaki and S. Peleg, Shift-map image editing, 2009 (the energy); P. Perez, M. Gangnet and A. Blake,
Poisson image editing, 2003 (the hiding).
"""

import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from layersr.arrays import RGB, Mask
from layersr.infill.likeness import Indices
from layersr.infill.membrane import relax

TOLERATED = np.float32(0.08)
"""A step at a seam larger than this share of the range is taken for structure and not smoothed away."""


def settle(image: RGB, hole: Mask, source: Indices, allowed: Mask, rounds: int = 3) -> Indices:
    """Move the seams to where they show least: each pixel may adopt the offset of a neighbour.

    Args:
        image: colours.
        hole: what is painted.
        source: the pixel copied to each pixel of the hole, in the order of `np.flatnonzero(hole)`.
        allowed: pixels that may be copied.
        rounds: passes over the hole.
    """
    height, width = hole.shape
    inner = np.flatnonzero(hole)
    pixels, free = image.reshape(-1, 3), allowed.reshape(-1)
    offset = np.zeros(height * width, np.intp)
    offset[inner] = source - inner
    inside = hole.reshape(-1)
    y, x = np.divmod(inner, width)
    ways = ((1, y < height - 1), (-1, y > 0), (1, x < width - 1), (-1, x > 0))
    steps = [(way * (width if i < 2 else 1), there) for i, (way, there) in enumerate(ways)]
    last = height * width - 1

    def energy(who: ndarray, own: ndarray) -> ndarray:
        """How much the pixel's four borders show if it takes the offset `own`."""
        total = np.zeros(len(who), np.float32)
        here = inner[who]
        colour = pixels[here + own]
        for shift, there in steps:
            beside = np.where(there[who], here + shift, here)
            theirs = offset[beside]
            differs = np.flatnonzero((theirs != own) & there[who])
            b, h, o, t = beside[differs], here[differs], own[differs], theirs[differs]
            # What the neighbour's own copy would have had here, and what mine would have had there.
            mine_there = pixels[np.clip(b + o, 0, last)] - pixels[b + t]
            theirs_here = pixels[np.clip(h + t, 0, last)] - colour[differs]
            gap = (mine_there**2).sum(axis=1)
            gap += np.where(inside[b], (theirs_here**2).sum(axis=1), gap)
            total[differs] += gap
        return total

    parity = (y + x) % 2
    for _ in range(rounds):
        for colour_class in (0, 1):
            for shift, there in steps:
                who = np.flatnonzero((parity == colour_class) & there)
                beside = inner[who] + shift
                who, beside = who[inside[beside]], beside[inside[beside]]
                candidate = inner[who] + offset[beside]
                fresh = (offset[beside] != offset[inner[who]]) & (candidate >= 0) & (candidate <= last)
                who, candidate = who[fresh], candidate[fresh]
                fresh = free[candidate]
                who, candidate = who[fresh], candidate[fresh]
                here = inner[who]
                new = candidate - here
                better = energy(who, new) < energy(who, offset[here])
                offset[here[better]] = new[better]
    return inner + offset[inner]


def blend(image: RGB, hole: Mask, source: Indices, moved: Float32[ndarray, "n 3"]) -> RGB:
    """Copy every source to its place and even out the steps between regions, keeping the texture within each."""
    height, width = hole.shape
    inner = np.flatnonzero(hole)
    copied = image.copy()
    copied.reshape(-1, 3)[inner] = image.reshape(-1, 3)[source] + moved
    offset = np.zeros(height * width, np.intp)
    offset[inner] = source - inner
    offset = offset.reshape(height, width)
    right = _mismatch(image, copied, hole, offset, 1, (slice(None), slice(None, -1)), (slice(None), slice(1, None)))
    down = _mismatch(image, copied, hole, offset, width, (slice(None, -1), slice(None)), (slice(1, None), slice(None)))
    return np.clip(copied + relax(right, down, hole, tolerance=2e-2, limit=24), 0, 1)


def _mismatch(image: RGB, copied: RGB, hole: Mask, offset: ndarray, shift: int, here: tuple, there: tuple) -> ndarray:
    """What the step from a pixel to its neighbour should be, less what it is in the copy; zero inside a region."""
    pixels, last = image.reshape(-1, 3), hole.size - 1
    wanted = np.zeros_like(copied[here])
    at = np.flatnonzero((offset[here] != offset[there]) & (hole[here] | hole[there]))
    index = np.arange(hole.size).reshape(hole.shape)[here].reshape(-1)[at]
    mine, theirs = offset[here].reshape(-1)[at], offset[there].reshape(-1)[at]
    in_here, in_there = hole[here].reshape(-1)[at], hole[there].reshape(-1)[at]
    step_mine = pixels[np.clip(index + mine + shift, 0, last)] - pixels[index + mine]
    step_theirs = pixels[index + shift + theirs] - pixels[np.clip(index + theirs, 0, last)]
    # At the rim only the copied side knows the step; between two copies both do, and the mean is taken.
    step = np.where(
        in_here[:, None] & in_there[:, None],
        (step_mine + step_theirs) / 2,
        np.where(in_here[:, None], step_mine, step_theirs),
    )
    is_ = (copied[there] - copied[here]).reshape(-1, 3)[at]
    gap = step - is_
    size = np.abs(gap).max(axis=1, keepdims=True)
    wanted.reshape(-1, 3)[at] = gap / (1 + (size / TOLERATED) ** 2)
    return wanted
