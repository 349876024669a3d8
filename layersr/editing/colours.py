"""The colours of a layer where nobody saw them: its ground goes on, the thin strokes on it do not.

A lash on an eyelid, copied beside the last one that is seen, becomes stripes. Nobody can tell where such strokes go on,
so they end where they are covered, and what they are drawn on is continued.
"""

import cv2
import numpy as np

from layersr import color
from layersr.arrays import RGB, Mask
from layersr.bleed import bleed
from layersr.roles import Infiller

WIDTH = 15
"""Pixels of the square whose median is the ground of a pixel."""

LEAST, OUTLIER = 0.1, 2.0
"""A stroke differs from its ground by more than the first, and than so many times what half of the pixels do: all of
hair is strokes, and goes on."""

AROUND = 81
"""Width of the square around what is not known in which that half is counted."""

RIM = 3
"""Width of the square around a wanted pixel in which what is not known is painted too. What else is not known
is held by colours that spread smoothly; wider holes, looked at, filled with mud more often."""


def painted_on(colours: RGB, known: Mask, wanted: Mask, infill: Infiller) -> RGB:
    """The colours, those wanted painted from what is known, and from that alone; grey where nothing is known.

    Args:
        colours: of a layer.
        known: where they can be believed; there they stay.
        wanted: where they are of use.
        infill: paints.
    """
    out = bleed(colours, known)
    if not wanted.any() or not known.any():
        return out
    rows, columns = (np.flatnonzero((wanted | known).any(axis=axis)) for axis in (1, 0))
    part = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    own, known = out[part], known[part]
    strokes = _strokes(own, known)
    ground = known & ~strokes if (known & ~strokes).any() else known
    shown = np.where(known[..., None], own, bleed(own, ground))
    near = cv2.dilate(wanted[part].astype(np.uint8), np.ones((RIM, RIM), np.uint8)) > 0
    painted = infill(np.ascontiguousarray(shown), ~known & near, (~known & ~near) | strokes)
    out[part] = np.where(known[..., None], own, np.clip(painted, 0, 1))
    return out


def _strokes(colours: RGB, known: Mask) -> Mask:
    """The thin strokes of what is known, with their edges."""
    codes = color.to_depth(np.ascontiguousarray(colours), np.dtype(np.uint8))
    _, labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    nearest = np.zeros(int(labels.max()) + 1, np.intp)
    nearest[labels[known]] = np.flatnonzero(known)
    codes = codes.reshape(-1, 3)[nearest[labels]]  # or a median near what is not known would be of spread colours
    off = np.abs(codes.astype(np.float32) - cv2.medianBlur(codes, WIDTH)).max(axis=2) / 255
    near = known & (cv2.dilate((~known).astype(np.uint8), np.ones((AROUND, AROUND), np.uint8)) > 0)
    usual = float(np.median(off[near if near.any() else known]))
    far = known & (off > max(LEAST, OUTLIER * usual))
    return known & (cv2.dilate(far.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0)
