"""Lift things off: matte and unmix them, and paint what was beneath."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from layersr.arrays import RGB, Alpha, Mask
from layersr.decomposing.element import Element, clipped, window_of
from layersr.decomposing.leftovers import SHARE, leftovers
from layersr.decomposing.matting import continued, fringe, trimap
from layersr.roles import BroadInfiller, Detection, Infiller, Matter

ROUGH = 512
"""Longer side in pixels at which the fills between two peels are painted."""


def lift(current: RGB, detection: Detection, matte: Matter, round_: int, asked: bool = False) -> Element | None:
    """Matte one detection and unmix its colours; None if nothing is left of it."""
    canvas, mask = current.shape[:2], detection.mask
    if not (mask > 0.5).any():
        return None
    band = contour_band(canvas)
    window = clipped(window_of(mask > 0.5, 4 * band + 8), canvas)
    crop = np.ascontiguousarray(current[window])
    alpha = _without_specks(matte(crop, trimap(np.ascontiguousarray(mask[window]), band)))
    if alpha.max() < 0.5:
        return None
    tight = window_of(alpha > 0, 2 * band)
    window = clipped(
        (
            slice(window[0].start + tight[0].start, window[0].start + tight[0].stop),
            slice(window[1].start + tight[1].start, window[1].start + tight[1].stop),
        ),
        canvas,
    )
    inner = clipped(tight, alpha.shape)
    alpha = np.ascontiguousarray(alpha[inner])
    return Element(
        window,
        alpha,
        continued(np.ascontiguousarray(crop[inner]), alpha),
        detection.score,
        round_,
        detection.label,
        asked,
    )


def contour_band(canvas: tuple[int, int]) -> int:
    """How far a rough contour may be off, in pixels: a detector sees a small picture, whose pixels are so large."""
    return max(2, round(max(canvas) / 220))


def whole(
    current: RGB, lifted: list[Element], matte: Matter, infill: Infiller, seen: Sequence[Detection] = ()
) -> list[Element]:
    """The lifted elements, together with what hangs on them and was not seen as part of them.

    Args:
        current: the picture they were lifted off.
        lifted: the elements.
        matte: cuts out anew what grew.
        infill: tells what the surroundings explain.
        seen: all that the detector saw: what is a thing of its own, however small, hangs on no other.
    """
    if not lifted:
        return lifted
    canvas = current.shape[:2]
    holes = [hole_of(element, canvas) for element in lifted]
    hanging = leftovers(current, np.logical_or.reduce(holes), infill)
    count, parts = cv2.connectedComponents(hanging.astype(np.uint8))
    near = np.ones((5, 5), np.uint8)
    contact = [np.bincount(parts[cv2.dilate(h.astype(np.uint8), near) > 0], minlength=count) for h in holes]
    owner, areas = np.argmax(contact, axis=0), np.bincount(parts.ravel(), minlength=count)
    others = _within(parts, areas, seen)
    out = []
    for n, element in enumerate(lifted):
        # Holes that run into each other are large together; what hangs on one thing is small beside that thing.
        own = (owner == n) & (contact[n] > 0) & (areas < SHARE * holes[n].sum())
        for mask, inside in others:
            if (mask & holes[n]).sum() < 0.5 * mask.sum():
                own &= ~inside
        own[0] = False
        mask = np.where(own[parts], np.float32(1), element.on(canvas))
        found = Detection(mask, element.score, element.label)
        grown = lift(current, found, matte, element.peel, element.asked) if own.any() else None
        out.append(grown or element)
    return out


def _within(parts: np.ndarray, areas: np.ndarray, seen: Sequence[Detection]) -> list[tuple[Mask, np.ndarray]]:
    """The detections that hold most of a numbered part, and which parts these are."""
    holding = []
    for detection in seen:
        mask = detection.mask > 0.5
        inside = np.bincount(parts[mask], minlength=areas.size) > 0.5 * areas
        if inside[1:].any():
            holding.append((mask, inside))
    return holding


def _without_specks(alpha: Alpha) -> Alpha:
    """The matte without islands that are a small part of the whole: crumbs of the same colour, grain."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats((alpha > 0.02).astype(np.uint8), connectivity=8)
    if count <= 2:
        return alpha
    area = stats[1:, cv2.CC_STAT_AREA]
    crumbs = np.flatnonzero(area < 0.005 * area.max()) + 1
    return np.where(np.isin(parts, crumbs), np.float32(0), alpha)


def remove(
    current: RGB, filled: Mask, lifted: list[Element], left: Mask | None, infill: Infiller, least: float
) -> tuple[RGB, Mask, list[Element]]:
    """Fill what was under the lifted elements; those whose going changes (almost) nothing stay where they were."""
    canvas = current.shape[:2]
    hole = np.zeros(canvas, bool)
    for element in lifted:
        hole |= hole_of(element, canvas)
    painted = _roughly(infill, current, hole, left)
    kept, gone = [], np.zeros(canvas, bool)
    for element in lifted:
        core = element.alpha > 0.5
        change = np.abs(painted[element.window] - current[element.window]).max(axis=-1)
        if not core.any() or change[core].mean() < least:
            continue
        ring = hole_of(element, canvas)[element.window] & (element.alpha <= 0)
        alpha = fringe(current[element.window], painted[element.window], element.colour, element.alpha, ring)
        kept.append(replace(element, alpha=alpha))
        # The ring without the element's colour is the neighbours' own: only what was lifted is replaced.
        gone[element.window] |= alpha > 0
    return np.where(gone[..., None], painted, current), filled | gone, kept


def _roughly(infill: Infiller, image: RGB, hole: Mask, avoid: Mask | None) -> RGB:
    """A fill good enough to peel on: painted at `ROUGH` pixels, enlarged.

    The background's fill is made anew at full size when all is peeled; what stays of this one are the parts of lower
    elements that upper ones hide.
    """
    height, width = hole.shape
    factor = ROUGH / max(height, width)
    paint = infill.roughly if isinstance(infill, BroadInfiller) else infill
    if factor >= 0.8:
        return paint(image, hole, avoid)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    known = cv2.resize((~hole).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    # Only known pixels are averaged: nothing of what stood in the hole gets into the small picture.
    small = (
        cv2.resize(image * ~hole[..., None], size, interpolation=cv2.INTER_AREA) / np.maximum(known, 1e-3)[..., None]
    )
    if avoid is not None:
        avoid = cv2.resize(avoid.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    painted = paint(np.clip(small, 0, 1), known < 0.5, avoid)
    large = cv2.resize(painted, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.where(hole[..., None], np.clip(large, 0, 1), image)


def hole_of(element: Element, canvas: tuple[int, int]) -> Mask:
    """What must be painted when the element goes: its matte and a little around, which its edge may have coloured."""
    reach = max(2, round(max(canvas) / 400))
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return cv2.dilate((element.on(canvas) > 0).astype(np.uint8), ball) > 0
