"""Elements cut out anew with mattes that the artist repainted; all that lies elsewhere stays as it is, bit by bit."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np

from layersr.arrays import RGB, Alpha, Mask
from layersr.bleed import bleed
from layersr.decomposing.apart import Apart
from layersr.decomposing.background import explaining
from layersr.decomposing.cast import Cast, uncast
from layersr.decomposing.element import Element, clipped, window_of
from layersr.decomposing.hidden import extend, reach_of
from layersr.decomposing.lifting import contour_band, hole_of
from layersr.decomposing.matting import continued, trimap
from layersr.layers import Window
from layersr.roles import Infiller, Matter

SAME = 1.5 / 255
"""A matte that differs by no more was saved again, not painted."""

FAINT = 0.02
"""What is nowhere less transparent is no element."""

KNOWN = 0.1
"""Alpha above which an element's colours are taken to be its own."""

BETWEEN = (0.1, 0.9)
"""Alphas of what lets something through, if it is wider than an edge."""


def repaint(picture: RGB, apart: Apart, painted: Mapping[str, Alpha], matte: Matter, infill: Infiller) -> Apart:
    """The picture taken apart with some elements' mattes as the artist wants them.

    An element is cut out anew where its matte was repainted: there edges are found again in the picture near where
    they were painted, as for `--mask`, and what was painted grey over more than an edge stays so. Where things above
    hide it, its matte is what was painted and its colours go on. One painted black is none any more. The order stays.

    Law: farther from what was repainted than `reach`, every matte, every colour that shows and the ground are what
    they were, bit by bit; but for the ground where an element that is gone cast a shadow or a glow.

    Args:
        picture: all of it.
        apart: what it was taken apart into.
        painted: the mattes by name, on the canvas; names of elements that are not there, and mattes that are as
            they were, change nothing.
        matte: finds edges.
        infill: paints the ground that is hidden now and was not.
    """
    canvas = picture.shape[:2]
    changed = {
        element.name: delta
        for element in apart.bare
        if element.name in painted and (delta := differing(element, painted[element.name])).any()
    }
    if not changed:
        return apart
    bare: list[Element | None] = []
    for index, element in enumerate(apart.bare):
        if element.name not in changed:
            bare.append(element)
        elif painted[element.name].max() < FAINT:
            bare.append(None)
        else:
            wanted, delta = painted[element.name], changed[element.name]
            bare.append(_cut_out(picture, element, wanted, delta, _hidden(apart, index, canvas), matte))
    left = [n for n, element in enumerate(bare) if element is not None]
    gone = {element.name for element, now in zip(apart.bare, bare, strict=True) if now is None}
    close = _grown(np.logical_or.reduce([*changed.values()]), _close(canvas))
    near = _grown(close, reach_of(canvas))
    now = [_told(bare[n], gone) for n in left]
    elements = [
        _told(_merged(new, apart.elements[n], near), gone) for n, new in zip(left, extend(now, canvas), strict=True)
    ]
    cast = [apart.cast[n] for n in left]
    ground = _ground(picture, apart, elements, cast, close, infill)
    return Apart(ground, elements, now, cast, apart.notes)


def differing(element: Element, painted: Alpha) -> Mask:
    """Where a painted matte is another than the element's."""
    return np.abs(painted - element.on(painted.shape)) > SAME


def reach(canvas: tuple[int, int]) -> int:
    """How far from what was repainted anything may change, in pixels."""
    return _close(canvas) + reach_of(canvas)


def _close(canvas: tuple[int, int]) -> int:
    """How far from what was repainted edges are found again."""
    return 2 * contour_band(canvas)


def _hidden(apart: Apart, index: int, canvas: tuple[int, int]) -> Mask:
    """Where something lies on an element, or may have coloured what is seen of it."""
    above = (hole_of(element, canvas) for element in apart.elements[index + 1 :])
    return np.logical_or.reduce([np.zeros(canvas, bool), *above])


def _cut_out(picture: RGB, element: Element, painted: Alpha, changed: Mask, hidden: Mask, matte: Matter) -> Element:
    """The element with the painted matte where that was changed, and edges and colours found for it."""
    canvas = painted.shape
    window = clipped(
        window_of((painted > 0) | changed | (element.on(canvas) > 0), 4 * contour_band(canvas) + 8), canvas
    )
    rough, near, unseen = painted[window], _grown(changed, _close(canvas))[window], hidden[window]
    before, colour, there = _on(element, window)
    crop = np.where(unseen[..., None], bleed(colour, before > KNOWN), picture[window])
    alpha = np.where(unseen, rough, _edged(crop, np.ascontiguousarray(rough), contour_band(canvas), matte))
    alpha = np.where(near, alpha, before)
    colour = np.where((there & ~near)[..., None], colour, continued(crop, alpha))
    return replace(element, window=window, alpha=alpha, colour=colour, score=1.0, asked=True)


def _edged(crop: RGB, rough: Alpha, band: int, matte: Matter) -> Alpha:
    """A painted matte with its edges found again; greys wider than an edge stay."""
    between = (rough > BETWEEN[0]) & (rough < BETWEEN[1])
    wide = _grown(cv2.erode(between.astype(np.uint8), _ball(band)) > 0, 2 * band) & between
    return np.where(wide, rough, matte(crop, trimap(rough, band)))


def _merged(new: Element, old: Element, near: Mask) -> Element:
    """The new element near what was repainted, the old one elsewhere."""
    window = tuple(
        slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(new.window, old.window, strict=True)
    )
    if not near[window].any():
        return replace(new, window=old.window, alpha=old.alpha, colour=old.colour)
    (alpha, colour, there), (alpha_before, colour_before, there_before) = _on(new, window), _on(old, window)
    here = near[window]
    taken = np.where(here, there, there_before)
    return replace(
        new,
        window=window,
        alpha=np.where(here, alpha, alpha_before),
        colour=bleed(np.where(here[..., None], colour, colour_before), taken),
    )


def _on(element: Element, window: Window) -> tuple[Alpha, RGB, Mask]:
    """Matte, colours and where there are any, on a window; the element's own may stand out of it."""
    shape = tuple(side.stop - side.start for side in window)
    alpha, colour, there = np.zeros(shape, np.float32), np.zeros((*shape, 3), np.float32), np.zeros(shape, bool)
    place, own = [], []
    for wide, its in zip(window, element.window, strict=True):
        first, last = max(wide.start, its.start), max(min(wide.stop, its.stop), max(wide.start, its.start))
        place.append(slice(first - wide.start, last - wide.start))
        own.append(slice(first - its.start, last - its.start))
    alpha[*place], colour[*place], there[*place] = element.alpha[*own], element.colour[*own], True
    return alpha, colour, there


def _told(element: Element, gone: set[str]) -> Element:
    """The element, which no longer covers what is gone."""
    if not gone & {*element.covers, *element.nearer}:
        return element
    covers, nearer = ({k: v for k, v in some.items() if k not in gone} for some in (element.covers, element.nearer))
    return replace(element, covers=covers, nearer=nearer)


def _ground(
    picture: RGB,
    apart: Apart,
    elements: Sequence[Element],
    cast: Sequence[Cast | None],
    close: Mask,
    infill: Infiller,
) -> RGB:
    """The ground: as it was but for what lies open now, which is the picture's own, and what is hidden now.

    Args:
        picture: all of it.
        apart: what was there before.
        elements: what is there now.
        cast: their shadows and glows.
        close: where edges were found again.
        infill: paints what is hidden now and was not.
    """
    canvas, image = picture.shape[:2], uncast(picture, cast)
    before, now = (
        np.logical_or.reduce([np.zeros(canvas, bool), *(hole_of(element, canvas) for element in some)])
        for some in (apart.elements, elements)
    )
    opened = (before | (image != uncast(picture, apart.cast)).any(axis=-1)) & ~now
    ground = np.where(opened[..., None], image, apart.ground)
    new = now & ~before
    if new.any():
        sides = [side.stop - side.start for side in window_of(new, 0)]
        window = clipped(window_of(new, max(32, *sides)), canvas)
        ground[window] = infill(np.ascontiguousarray(ground[window]), np.ascontiguousarray(new[window]))
    return np.where(close[..., None], explaining(image, [*elements], ground.copy()), ground)


def _grown(mask: Mask, by: int) -> Mask:
    return cv2.dilate(mask.astype(np.uint8), _ball(by)) > 0


def _ball(by: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by + 1, 2 * by + 1))
