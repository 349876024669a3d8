"""Continue elements under what covers them, so that a small move shows no gap."""

from dataclasses import replace

import cv2
import numpy as np

from layersr.arrays import Mask
from layersr.bleed import bleed
from layersr.decomposing.element import Element, clipped


def extend(elements: list[Element], canvas: tuple[int, int]) -> list[Element]:
    """The same elements back to front, each bled under those above it.

    Only pixels that something above hides wholly are added, so the picture does not change; they are painted with the
    element's own colours, continued.
    """
    reach = max(4, round(max(canvas) / 100))
    covered = np.zeros(canvas, bool)
    out = []
    for element in reversed(elements):
        out.append(_bled(element, covered, reach))
        covered |= element.on(canvas) >= 1
    return out[::-1]


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
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    grown = cv2.dilate((alpha > 0.5).astype(np.uint8), ball) > 0
    added = hidden & grown & (alpha < 1)
    if not added.any():
        return element
    colour = np.zeros((*hidden.shape, 3), np.float32)
    colour[inner] = element.colour
    known = (alpha > 0.1) & ~added
    return replace(element, window=window, alpha=np.where(added, np.float32(1), alpha), colour=bleed(colour, known))
