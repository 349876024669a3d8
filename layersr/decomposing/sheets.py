"""A picture taken apart at once: sheets that a model imagined become layers that are true to the picture.

Models that give a whole stack (Qwen-Image-Layered) paint all of it anew, small, and laid over each other their sheets
are the picture but for some 25 dB. Believed is what they know: what belongs together, what lies above what, and how
things go on where they are hidden. Wherever a thing shows, its edge is found again in the picture at full size, and its
colours are the picture's own.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from layersr import color
from layersr.arrays import RGB, Alpha, Mask
from layersr.bleed import bleed
from layersr.decomposing.apart import Apart
from layersr.decomposing.background import explaining
from layersr.decomposing.choosing import Limits
from layersr.decomposing.element import Element, clipped, window_of
from layersr.decomposing.matting import continued, trimap
from layersr.decomposing.models import telling
from layersr.decomposing.names import named
from layersr.decomposing.stacking import stacked
from layersr.layers import Image, LayerStack
from layersr.progress import Progress, Report, silent, within
from layersr.roles import Decomposer, Infiller, Matter, Sheet

BLUR = 2
"""Pixels of a sheet by which its edges may be wrong."""

FAINT = 0.1
"""A sheet that is nowhere less transparent is none."""

CLEAR = 0.02
"""What covers less leaves the picture as it is."""

BETWEEN = (0.1, 0.9)
"""Alphas of what lets something through, if it is wider than an edge."""

WHOLE = 0.5
"""Alpha from which the lowest sheet says what the ground is like."""


def decompose_at_once(
    image: Image,
    decomposer: Decomposer,
    matte: Matter,
    infill: Infiller,
    limits: Limits | None = None,
    report: Report = silent,
) -> LayerStack:
    """The layer stack of a flat picture, as a whole-stack model sees it.

    Law: `flatten(decompose_at_once(image, ...)) == image.pixels`, every pixel, every bit, whatever the model says.

    Args:
        image: the picture; its own alpha is kept.
        decomposer: gives the sheets.
        matte: finds their edges again.
        infill: paints ground that the lowest sheet leaves open.
        limits: how many layers, and how fine; the defaults where None.
        report: hears how far it is.
    """
    apart = take_apart_at_once(image, decomposer, matte, infill, limits, within(report, 0.0, 0.9))
    return stacked(image, apart, report)


def take_apart_at_once(
    image: Image,
    decomposer: Decomposer,
    matte: Matter,
    infill: Infiller,
    limits: Limits | None = None,
    report: Report = silent,
) -> Apart:
    """All of `decompose_at_once` but the seal; arguments as there."""
    limits, picture = limits or Limits(), color.over_grey(image.pixels)
    canvas = picture.shape[:2]
    report(Progress("take apart", 0.0))
    sheets = decomposer(picture, limits.max_layers, limits.granularity)
    report(Progress("cut out elements", 0.77))
    ground, elements = _believed(picture, sheets, matte, telling(infill, within(report, 0.77, 1.0)))
    most = sorted(elements, key=lambda pair: -pair[1])[: limits.max_layers]
    chosen = named([element for element, shown in elements if any(element is one for one, _ in most)], canvas)
    return Apart(explaining(picture, chosen, ground), chosen, chosen, [None] * len(chosen))


def _believed(
    picture: RGB, sheets: Sequence[Sheet], matte: Matter, infill: Infiller
) -> tuple[RGB, list[tuple[Element, float]]]:
    """The ground, and the elements back to front, each with how many pixels of it are seen."""
    if not sheets:
        return picture.copy(), []
    height, width = canvas = picture.shape[:2]
    alphas = [_resized(sheet.alpha, canvas) for sheet in sheets]
    bands = [max(2, round(BLUR * max(height / len(s.alpha), width / len(s.alpha[0])))) for s in sheets]
    opened = [np.ones(canvas, bool)]  # where nothing lies above a sheet, from the top down
    for alpha, band in zip(alphas[:0:-1], bands[:0:-1], strict=True):
        opened.append(opened[-1] & ~_grown(alpha > CLEAR, band))
    opened.reverse()
    ground, under, elements = picture, picture, []
    for number, (sheet, alpha, band, seen) in enumerate(zip(sheets, alphas, bands, opened, strict=True)):
        colour = _resized(bleed(sheet.colour, sheet.alpha > FAINT), canvas)
        if number == 0:
            under, ground = colour, _true(colour, picture, seen)
            hole = ~seen & (alpha < WHOLE)
            if hole.any():
                ground = infill(ground, hole)
            continue
        under = under + alpha[..., None] * (colour - under)
        element = _element(_true(under, picture, seen), alpha, sheet.label, band, matte)
        if element is not None:
            elements.append((element, float((element.alpha * seen[element.window]).sum())))
    return ground, elements


def _true(guess: RGB, picture: RGB, seen: Mask) -> RGB:
    """The picture where it is seen, elsewhere the guess, shifted by what it is off nearby: no step where they meet."""
    if seen.all() or not seen.any():
        return (picture if seen.all() else guess).copy()
    off = bleed(np.where(seen[..., None], picture - guess, np.float32(0)), seen)
    return np.where(seen[..., None], picture, np.clip(guess + off, 0, 1))


def _element(shown: RGB, coarse: Alpha, label: str, band: int, matte: Matter) -> Element | None:
    """What a sheet holds, its edge found again in the picture; None where that is nothing."""
    if coarse.max() < FAINT:
        return None
    window = clipped(window_of(coarse > CLEAR, 4 * band + 8), coarse.shape)
    crop, rough = np.ascontiguousarray(shown[window]), np.ascontiguousarray(coarse[window])
    between = (rough > BETWEEN[0]) & (rough < BETWEEN[1])
    wide = _grown(cv2.erode(between.astype(np.uint8), _ball(band + 1)) > 0, 2 * band) & between
    alpha = np.where(wide, rough, matte(crop, trimap(rough, band)))
    if alpha.max() < FAINT:
        return None
    tight = clipped(window_of(alpha > 0, 2 * band), alpha.shape)
    alpha = np.ascontiguousarray(alpha[tight])
    colour = continued(np.ascontiguousarray(crop[tight]), alpha)
    place = tuple(slice(w.start + t.start, w.start + t.stop) for w, t in zip(window, tight, strict=True))
    return Element(place, alpha, colour, None, 0, label)


def _resized(values: np.ndarray, canvas: tuple[int, int]) -> np.ndarray:
    """Values in [0, 1] at the canvas's size."""
    if values.shape[:2] == canvas:
        return values
    kind = cv2.INTER_AREA if values.shape[0] > canvas[0] else cv2.INTER_CUBIC
    return np.clip(cv2.resize(values, canvas[::-1], interpolation=kind).reshape(*canvas, *values.shape[2:]), 0, 1)


def _grown(mask: Mask, reach: int) -> Mask:
    return cv2.dilate(mask.astype(np.uint8), _ball(reach)) > 0


def _ball(reach: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
