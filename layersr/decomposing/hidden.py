"""Continue elements under what covers them, so that a small move shows no gap."""

from dataclasses import replace

import cv2
import numpy as np

from layersr.arrays import Mask
from layersr.bleed import bleed
from layersr.decomposing.element import Element, clipped

REACH = 0.02
"""How far elements go on under what covers them, in longer sides of the picture."""


def extend(elements: list[Element], canvas: tuple[int, int]) -> list[Element]:
    """The same elements back to front, each bled under those above it.

    Only pixels that something above hides wholly are added, so the picture does not change; they are painted with the
    element's own colours, continued. An element goes on straight ahead from the border along which it is covered; its
    own contour ends there, and what lies beside that is none of it.
    """
    reach = reach_of(canvas)
    covered = np.zeros(canvas, bool)
    out = []
    for element in reversed(elements):
        out.append(_bled(element, covered, reach))
        covered |= element.on(canvas) >= 1
    return out[::-1]


def reach_of(canvas: tuple[int, int]) -> int:
    """How far elements go on, in pixels of a canvas of this size."""
    return max(4, round(max(canvas) * REACH))


def _bled(element: Element, covered: Mask, reach: int) -> Element:
    canvas = covered.shape
    rows, columns = element.window
    window = clipped(
        (
            slice(max(0, rows.start - reach), rows.stop + reach),
            slice(max(0, columns.start - reach), columns.stop + reach),
        ),
        canvas,
    )
    hidden = covered[window]
    if not hidden.any():
        return element
    inner = (
        slice(rows.start - window[0].start, rows.stop - window[0].start),
        slice(columns.start - window[1].start, columns.stop - window[1].start),
    )
    alpha = np.zeros(hidden.shape, np.float32)
    alpha[inner] = element.alpha
    added = hidden & (alpha < 1) & _ahead((alpha > 0.5) & ~hidden, hidden, reach)
    if not added.any():
        return element
    colour = np.zeros((*hidden.shape, 3), np.float32)
    colour[inner] = element.colour
    known = (alpha > 0.1) & ~added
    return replace(element, window=window, alpha=np.where(added, np.float32(1), alpha), colour=bleed(colour, known))


def _ahead(shown: Mask, hidden: Mask, reach: int) -> Mask:
    """What is hidden and lies ahead of a shown shape: nearest to a pixel of the border along which it is covered."""
    if not shown.any():
        return np.zeros_like(shown)
    distance, labels = cv2.distanceTransformWithLabels(
        (~shown).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    near = np.ones((3, 3), np.uint8)
    outside = cv2.dilate((~shown & ~hidden).astype(np.uint8), near) > 0
    border = shown & (cv2.dilate(hidden.astype(np.uint8), near) > 0) & ~outside
    leads = np.zeros(int(labels.max()) + 1, bool)
    leads[labels[border]] = True
    return hidden & (distance <= reach) & leads[labels]
