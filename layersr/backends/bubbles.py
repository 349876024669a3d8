"""Speech bubbles, signs and labels: flat patches that carry lettering.

A patch is a connected region of one flat colour. What it encloses in another colour is ink; ink in several parts of
like heights side by side is lettering, and a patch with lettering is one thing with it, whatever shape it has. Paper
between the panels of a page, which runs into bubbles of the same white, is cut off where it is a strip.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from layersr.arrays import RGB
from layersr.backends.contours import shrink

LARGE = 1024
"""Longer side in pixels at which letters are looked for: they are thin."""

FLAT = 0.022
"""Largest difference, in any channel, between a pixel of a flat patch and those beside it."""

SAME, INK = 0.1, 0.25
"""Most difference of paper from its patch's colour, and least difference of ink."""

LEAST, MOST = 0.0004, 0.25
"""Share of the picture a patch may have."""

STRIP = 0.016
"""Half the width of the widest strip that is cut off, in longer sides."""

RIM, ENDS = 2, 10
"""Pixels by which the soft rim of a patch goes on, and by which spikes and tails do."""

NOTCH = 0.03
"""Half the width of notches that letters cut into its outline, in sizes of the patch."""

MARGIN = 12
"""Pixels around a patch that are looked at."""

LETTER = 0.003, 0.12
"""Least and largest height of a letter, in longer sides."""

SPECK = 0.35
"""What is lower than this share of a letter is a dot of one, or dirt."""

Window = tuple[slice, slice]


@dataclass(frozen=True, eq=False)
class Patch:
    """A flat region of a picture.

    Attributes:
        window: rows and columns.
        part: what of them is flat, bool.
        beyond: where it was cut off, bool.
        ends: by how many pixels it goes on where it is too thin to be flat.
    """

    window: Window
    part: np.ndarray
    beyond: np.ndarray
    ends: int


@dataclass(frozen=True, eq=False)
class Bubble:
    """A patch with something like lettering.

    Attributes:
        patch: its paper.
        part: all of it, lettering included, bool, in the patch's window.
        paper: its colour.
        seen: its `evidence`.
    """

    patch: Patch
    part: np.ndarray
    paper: np.ndarray
    seen: np.ndarray


def bubbles(image: RGB) -> list[tuple[np.ndarray, np.ndarray]]:
    """Patches with something like lettering: boolean masks at most `LARGE` pixels long, and `evidence` of each."""
    small = cv2.bilateralFilter(np.ascontiguousarray(shrink(image, LARGE), dtype=np.float32), 5, 0.08, 2)
    found = [bubble for bubble in (lettered(small, patch) for patch in patches(small)) if bubble is not None]
    out = []
    for bubble in joined(small, found):
        mask = np.zeros(small.shape[:2], bool)
        mask[bubble.patch.window] = bubble.part
        out.append((mask, bubble.seen))
    return out


def patches(image: np.ndarray) -> Iterator[Patch]:
    """Connected regions of flat colour; those that reach a side come without the strips that hang on them."""
    near = np.ones((3, 3), np.uint8)
    flat = ((cv2.dilate(image, near) - cv2.erode(image, near)).max(axis=2) < FLAT).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(flat, connectivity=4)
    for number in np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] > LEAST * flat.size) + 1:
        left, top, width, height, _ = stats[number].tolist()
        if left > 0 and top > 0 and left + width < flat.shape[1] and top + height < flat.shape[0]:
            if width * height < 4 * MOST * flat.size:
                window = _around(left, top, width, height, flat.shape)
                part = labels[window] == number
                yield Patch(window, part, np.zeros_like(part), ENDS)
        else:
            yield from _without_strips(labels == number)


def _around(left: int, top: int, width: int, height: int, shape: tuple[int, ...]) -> Window:
    rows = slice(max(0, top - MARGIN), min(shape[0], top + height + MARGIN))
    return rows, slice(max(0, left - MARGIN), min(shape[1], left + width + MARGIN))


def _without_strips(patch: np.ndarray) -> Iterator[Patch]:
    """What of a patch is wider than a strip; lettering counts as its paper."""
    closed = cv2.morphologyEx(patch.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
    _, holes, stats, _ = cv2.connectedComponentsWithStats(1 - closed, connectivity=8)
    small = stats[:, cv2.CC_STAT_HEIGHT] < LETTER[1] * max(patch.shape)
    small[0] = False
    wide = cv2.morphologyEx(
        closed | small[holes].astype(np.uint8), cv2.MORPH_OPEN, _ball(round(STRIP * max(patch.shape)))
    )
    count, labels, stats, _ = cv2.connectedComponentsWithStats(wide, connectivity=4)
    for number in range(1, count):
        left, top, width, height, area = stats[number].tolist()
        if 2 * LEAST * patch.size < area < MOST * patch.size:
            window = _around(left, top, width, height, patch.shape)
            inner = cv2.dilate((labels[window] == number).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
            yield Patch(window, patch[window] & inner, patch[window] & ~inner, RIM)


def lettered(image: np.ndarray, patch: Patch) -> Bubble | None:
    """The patch with all that it encloses; None if that is too large, or if it has no lettering."""
    crop, area = image[patch.window], image.shape[0] * image.shape[1]
    paper = np.median(crop[patch.part], axis=0)
    apart = np.abs(crop - paper).max(axis=2)
    part = _filled(_with_ends(patch, apart < SAME))
    ink = part & (apart > INK)
    if not ink.any() or part.sum() > MOST * area:
        return None
    inked = np.abs(crop - np.median(crop[ink], axis=0)).max(axis=2) < INK
    part = _without_notches(part, (apart < SAME) | inked)
    ink = part & (apart > INK)
    around = (cv2.dilate(part.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0) & ~part & ~patch.beyond
    differs = float((apart[around] > SAME).mean()) if around.any() else 0.0
    seen = evidence(crop, part, ink, differs, max(image.shape[:2]))
    return Bubble(patch, part, paper, seen) if seen is not None and part.sum() < MOST * area else None


def _with_ends(patch: Patch, like: np.ndarray) -> np.ndarray:
    """The patch with its soft rim, spikes and tails: too thin to be flat, but of its colour."""
    grown = patch.part.astype(np.uint8)
    for _ in range(patch.ends):
        grown = cv2.dilate(grown, np.ones((3, 3), np.uint8)) & (like | patch.part)
    return grown > 0


def _without_notches(part: np.ndarray, own: np.ndarray) -> np.ndarray:
    """The mask with what letters that stand across its outline cut out of it."""
    gap = round(NOTCH * max(part.shape)) + 1
    padded = np.pad(part.astype(np.uint8), gap)
    closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, _ball(gap))[gap:-gap, gap:-gap]
    return _filled(part | ((closed > 0) & own))


def _filled(mask: np.ndarray) -> np.ndarray:
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(np.zeros(mask.shape, np.uint8), outlines, -1, 1, cv2.FILLED) > 0


def _ball(radius: int) -> np.ndarray:
    width = 2 * max(1, radius) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))


def joined(image: np.ndarray, found: list[Bubble]) -> list[Bubble]:
    """Bubbles that touch, or that a string of the same paper ties to each other, are one thing."""
    apart: list[Bubble] = []
    for bubble in found:
        touching = [other for other in apart if _touch(bubble, other)]
        for other in touching:
            both = lettered(image, _union(bubble, other))
            if both is not None:
                apart.remove(other)
                bubble = both
        apart.append(bubble)
    return apart


def _touch(one: Bubble, other: Bubble) -> bool:
    if np.abs(one.paper - other.paper).max() >= SAME:
        return False
    window = _hull(one.patch.window, other.patch.window)
    near = cv2.dilate(_placed(one.part, one.patch.window, window).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return bool((near & _placed(other.part, other.patch.window, window)).any())


def _union(one: Bubble, other: Bubble) -> Patch:
    window = _hull(one.patch.window, other.patch.window)
    parts = [_placed(b.patch.part, b.patch.window, window) for b in (one, other)]
    whole = [_placed(b.part, b.patch.window, window).astype(np.uint8) for b in (one, other)]
    # The string between them is no part of either patch: it is too thin to be flat.
    tie = cv2.morphologyEx(whole[0] | whole[1], cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)) > 0
    rim = tie & (cv2.erode(tie.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0)
    beyond = [_placed(b.patch.beyond, b.patch.window, window) for b in (one, other)]
    return Patch(window, parts[0] | parts[1] | rim, beyond[0] | beyond[1], RIM)


def _hull(one: Window, other: Window) -> Window:
    rows, columns = (slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True))
    return rows, columns


def _placed(part: np.ndarray, inner: Window, outer: Window) -> np.ndarray:
    """A mask of a window as one of a larger window."""
    out = np.zeros([w.stop - w.start for w in outer], bool)
    top, left = (a.start - b.start for a, b in zip(inner, outer, strict=True))
    out[top : top + part.shape[0], left : left + part.shape[1]] = part
    return out


def evidence(crop: np.ndarray, part: np.ndarray, ink: np.ndarray, differs: float, side: int) -> np.ndarray | None:
    """What tells a patch with lettering from any other: eight numbers; None where there is no lettering at all.

    How many letters of the usual height; how much of the ink they are; how much of it has more beside it; share of
    ink; how much of one colour it is; how many of the rim's surroundings differ from the paper; size; compactness.
    """
    area = part.sum()
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    left, top, widths, heights, areas = (stats[1:, k] for k in range(5))
    letter = (heights > LETTER[0] * side) & (heights < LETTER[1] * side) & (areas > 0.08 * heights * widths)
    letter &= areas < 0.2 * area
    if letter.sum() < 2:
        return None
    usual = np.quantile(heights[letter], 0.75)
    letter &= heights > SPECK * usual
    left, top, widths, heights, areas = (values[letter] for values in (left, top, widths, heights, areas))
    like = np.abs(np.log(heights / usual)) < 0.5
    middle, right = top + heights / 2, left + widths
    gap = np.maximum(left[:, None], left) - np.minimum(right[:, None], right)
    beside = (gap < usual) & (np.abs(middle[:, None] - middle) < 0.6 * usual)
    np.fill_diagonal(beside, widths > 2 * usual)  # a word whose letters touch
    inks = crop[np.isin(labels, np.flatnonzero(letter) + 1)]
    outline, _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.contourArea(cv2.convexHull(np.concatenate(outline)))
    return np.array(
        [
            np.log1p(like.sum()),
            np.average(like, weights=areas),
            np.average(beside.any(axis=1), weights=areas),
            ink.sum() / area,
            np.abs(inks - np.median(inks, axis=0)).mean(),
            differs,
            np.log(area / side**2),
            area / max(hull, 1),
        ]
    )
