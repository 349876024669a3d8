"""Pieces of one thing: seen late beside what is lifted already, or on both sides of what covered them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from layersr.arrays import RGB, Mask
from layersr.bleed import bleed
from layersr.decomposing.element import Element
from layersr.roles import Layout

SIDE = 320
"""Longer side in pixels at which pieces are looked at."""

NEAR = 3
"""Pixels between two pieces that touch."""

JOINT = 90
"""Percentile of what is likely around a piece: where it hangs together with another thing, if anywhere."""

SHARE = 0.45
"""Of a thing: what is larger is a thing of its own."""

DRAWN, OPEN = (0.6, -0.1), 0.62
"""A piece's pixels look for their middle in the thing rather than in itself: by so much (1: wholly, -1: not at all), or
by so much where the detector held it this likely to lie open, so that the thing does not cover it."""

LIKE = 0.6
"""Overlap of the colours of two pieces that are taken for one thing."""

BINS = (8, 12, 12)
"""Of CIELAB, -90 to 90 for the colours."""


def owner(piece: Mask, lifted: Sequence[Element], layout: Layout, canvas: tuple[int, int]) -> int | None:
    """The lifted element that a piece seen later is a part of, or None.

    It is the one with the longest common border, if the piece is small beside it and, before anything was lifted, its
    pixels looked for their middle there. What the artist asked for stays as it is.

    Args:
        piece: its pixels, the canvas's size.
        lifted: what came off before.
        layout: what the detector saw of the picture as it was.
        canvas: height and width of the picture.
    """
    size = layout.opened.shape[::-1]
    own = _small(piece.astype(np.float32), size)
    if not own.any():
        return None
    around = cv2.dilate(own.astype(np.uint8), np.ones((2 * NEAR + 1, 2 * NEAR + 1), np.uint8)) > 0
    things = [_small(element.on(canvas), size) for element in lifted]
    contact = [0 if e.asked else int((around & thing).sum()) for e, thing in zip(lifted, things, strict=True)]
    if not any(contact):
        return None
    best = int(np.argmax(contact))
    if own.sum() > SHARE * things[best].sum():
        return None
    own_middle = np.array([axis.mean() for axis in np.nonzero(own)])
    middle, sought = (np.array([np.median(layout.y[mask]), np.median(layout.x[mask])]) for mask in (things[best], own))
    apart = max(float(np.hypot(*(own_middle - middle))), 1e-3)
    drawn = float(np.hypot(*(sought - own_middle)) - np.hypot(*(sought - middle))) / apart
    open_ = float(layout.opened[own].mean()) > OPEN
    return best if drawn > DRAWN[0] or (drawn > DRAWN[1] and open_) else None


@dataclass(frozen=True)
class Before:
    """What the detector saw, when nothing was lifted yet, where something is seen now.

    Attributes:
        likely: how likely some thing lay there, covered or not, in [0, 1].
        part: how far its pixels looked for their middle in some other thing, and hung together with one, in [0, 1].
    """

    likely: float
    part: float


def before(piece: Mask, layout: Layout) -> Before:
    """What was seen where a piece lies; nothing where the piece is too small for it."""
    own = _small(piece.astype(np.float32), layout.anything.shape[::-1])
    if not own.any():
        return Before(0.0, 0.0)
    sought = tuple(
        np.clip(np.rint(way[own]).astype(int), 0, most - 1)
        for way, most in zip((layout.y, layout.x), own.shape, strict=True)
    )
    around = (cv2.dilate(own.astype(np.uint8), np.ones((2 * NEAR + 1, 2 * NEAR + 1), np.uint8)) > 0) & ~own
    joined_to = float(np.percentile(layout.anything[around], JOINT)) if around.any() else 0.0
    others = np.where(own, 0, layout.anything)
    return Before(float(layout.anything[own].mean()), float(others[sought].mean()) * joined_to)


def joined(thing: Element, piece: Element, picture: RGB) -> Element:
    """The two as one element; where they meet it is opaque, with the picture's own colours."""
    window = tuple(
        slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(thing.window, piece.window, strict=True)
    )
    shape = tuple(side.stop - side.start for side in window)
    alphas, colour = [], np.zeros((*shape, 3), np.float32)
    for element in (thing, piece):
        inner = tuple(slice(a.start - b.start, a.stop - b.start) for a, b in zip(element.window, window, strict=True))
        alpha = np.zeros(shape, np.float32)
        alpha[inner] = element.alpha
        more = element.alpha >= (alphas[0][inner] if alphas else 0)
        colour[inner] = np.where(more[..., None], element.colour, colour[inner])
        alphas.append(alpha)
    alpha = 1 - (1 - alphas[0]) * (1 - alphas[1])
    reach = max(2, round(max(picture.shape[:2]) / 200))
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    border = np.logical_and(*(cv2.dilate((a > 0.5).astype(np.uint8), ball) > 0 for a in alphas))
    padded = cv2.copyMakeBorder((alpha > 0.5).astype(np.uint8), *[reach] * 4, cv2.BORDER_CONSTANT)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, ball)[reach:-reach, reach:-reach] > 0
    seam = border & closed
    alpha[seam], colour[seam] = 1, picture[window][seam]
    known = alpha > 0.1
    return replace(thing, window=window, alpha=alpha, colour=bleed(colour, known) if known.any() else colour)


def together(pieces: Sequence[Element], before: Sequence[Element], picture: RGB) -> list[Element]:
    """The pieces of one round, those joined that one thing covered in the middle: of like colours, and both beside it.

    Args:
        pieces: what came off in this round.
        before: what came off in earlier ones.
        picture: all of it.
    """
    canvas = picture.shape[:2]
    factor = min(1.0, SIDE / max(canvas))
    size = tuple(max(1, round(n * factor)) for n in canvas[::-1])
    covers = [_small(element.on(canvas), size) for element in before]
    ball = np.ones((2 * NEAR + 1, 2 * NEAR + 1), np.uint8)
    out: list[tuple[Element, set[int], Mask, np.ndarray]] = []
    for piece in pieces:
        around = cv2.dilate(_small(piece.on(canvas), size).astype(np.uint8), ball) > 0
        beside = {n for n, cover in enumerate(covers) if (around & cover).any()}
        colours = _colours(piece)
        for n, (other, its, its_around, its_colours) in enumerate(out):
            if its & beside and not (its_around & around).any() and np.minimum(colours, its_colours).sum() > LIKE:
                out[n] = joined(other, piece, picture), its | beside, its_around | around, (colours + its_colours) / 2
                break
        else:
            out.append((piece, beside, around, colours))
    return [element for element, *_ in out]


def _small(mask: np.ndarray, size: tuple[int, int]) -> Mask:
    return cv2.resize(mask, size, interpolation=cv2.INTER_AREA).reshape(size[::-1]) > 0.5


def _colours(element: Element) -> np.ndarray:
    """How often each colour occurs well inside, smoothed by half a bin; sums to 1."""
    solid = (element.alpha > 0.5).astype(np.uint8)
    inner = cv2.erode(solid, np.ones((3, 3), np.uint8)) > 0
    lab = cv2.cvtColor(element.colour, cv2.COLOR_RGB2Lab)[inner if inner.any() else solid > 0]
    counts, _ = np.histogramdd(lab, BINS, ((0, 100.01), (-90, 90), (-90, 90)))
    for axis in range(3):
        smooth = np.array([0.25, 0.5, 0.25])
        counts = np.apply_along_axis(np.convolve, axis, counts, smooth, "same")
    return counts / max(counts.sum(), 1e-6)
