"""Pixel-precise contours from rough masks and boxes: GrabCut (Rother, Kolmogorov and Blake, SIGGRAPH 2004)."""

from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from layersr.arrays import RGB, Alpha, Mask, Scaled

MEDIUM = 640
"""Longer side in pixels at which things are cut out."""

BAND = 3
"""Pixels, at that size, by which a rough contour may be wrong."""

KINDS = ((0.9, cv2.GC_PR_FGD), (0.4, cv2.GC_PR_BGD), (0.03, cv2.GC_BGD))
"""Up to which likelihood a pixel begins as what; what is likelier is certain."""

FLAT = 2.5
"""CIELAB units within which surroundings count as one flat colour."""


def shrink(image: RGB, longer: int) -> Scaled:
    """The image, its longer side at most `longer` pixels."""
    height, width = image.shape[:2]
    factor = min(1.0, longer / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA) if factor < 1 else image


def cut_out(image: RGB, roughs: Iterable[np.ndarray]) -> Iterator[Alpha]:
    """Rough masks of any size at the picture's size, one by one, their contours moved to the picture's edges.

    Args:
        image: the picture.
        roughs: boolean (h, w), True = selected; each covers the same picture, mostly with fewer pixels.
    """
    medium = shrink(image, MEDIUM)
    size = (medium.shape[1], medium.shape[0])
    masks = (cv2.resize(rough.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) for rough in roughs)
    for mask in masks:
        yield _enlarge(_see_through(medium, _without_pinholes(_grab(medium, mask, BAND))), image.shape[:2])


def rough(mask: np.ndarray, shape: tuple[int, int]) -> Alpha:
    """A rough mask at a picture's size, as it is.

    Args:
        mask: boolean (h, w), True = selected.
        shape: height and width of the picture.
    """
    return np.clip(cv2.resize(mask.astype(np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR), 0, 1)


def _without_pinholes(mask: np.ndarray) -> np.ndarray:
    """The mask (0/1) without holes that are a small part of it: a highlight, an eye; a ring keeps its hole."""
    _, parts, stats, _ = cv2.connectedComponentsWithStats(1 - mask, connectivity=4)
    left, top, width, height = (stats[:, k] for k in range(4))
    within = (left > 0) & (top > 0) & (left + width < mask.shape[1]) & (top + height < mask.shape[0])
    small = within & (stats[:, cv2.CC_STAT_AREA] < 0.03 * mask.sum())
    small[0] = False  # the thing itself
    return np.where(small[parts], np.uint8(1), mask)


def _see_through(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The mask (0/1) without what is background seen through it: the counter of a letter on plain ground.

    Only where the surroundings are one flat colour can that be told from a part of the thing.
    """
    ring = (cv2.dilate(mask, np.ones((9, 9), np.uint8)) > 0) & (cv2.dilate(mask, np.ones((3, 3), np.uint8)) == 0)
    if not ring.any():
        return mask
    rows, columns = np.flatnonzero(ring.any(axis=1)), np.flatnonzero(ring.any(axis=0))
    crop = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    lab = cv2.cvtColor(np.ascontiguousarray(image[crop]), cv2.COLOR_RGB2Lab)
    around = lab[ring[crop]]
    ground = np.median(around, axis=0)
    if np.linalg.norm(around - ground, axis=1).mean() > FLAT:
        return mask
    same = (np.linalg.norm(lab - ground, axis=2) < 2 * FLAT) & (mask[crop] > 0)
    same = cv2.morphologyEx(same.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
    if same.sum() > 0.5 * mask.sum():
        return mask
    out = mask.copy()
    out[crop][same] = 0
    return out


def _grab(image: np.ndarray, rough: np.ndarray, band: int) -> np.ndarray:
    """GrabCut in a band around the contour of a rough mask (0/1); what lies off the band stays."""
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * band + 1, 2 * band + 1))
    sure, likely = cv2.erode(rough, ball, borderValue=1), cv2.dilate(rough, ball)
    ys, xs = np.nonzero(likely)
    margin = 6 * band
    y0, y1 = max(0, ys.min() - margin), min(image.shape[0], ys.max() + margin + 1)
    x0, x1 = max(0, xs.min() - margin), min(image.shape[1], xs.max() + margin + 1)
    window = (slice(y0, y1), slice(x0, x1))
    labels = np.where(rough[window] > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[sure[window] > 0] = cv2.GC_FGD
    labels[likely[window] == 0] = cv2.GC_BGD
    out = np.zeros(rough.shape, np.uint8)
    out[window] = _solve_grab(image[window], labels)
    overlap = (out & rough).sum() / max(1, (out | rough).sum())
    # Where inside and outside have one palette GrabCut eats things up: then the rough contour is the better one.
    return out if overlap > 0.6 else rough


def _solve_grab(image: np.ndarray, labels: np.ndarray) -> np.ndarray:
    inside = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    if inside.all() or not inside.any() or not (labels == cv2.GC_BGD).any():
        return inside.astype(np.uint8)
    cv2.setRNGSeed(0)
    pixels = np.rint(image[..., ::-1] * 255).astype(np.uint8)
    labels = labels.copy()
    cv2.grabCut(
        np.ascontiguousarray(pixels), labels, None, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK
    )
    return ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.uint8)


def _enlarge(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A 0/1 mask at the picture's size, its staircase smoothed over the width of its own pixels."""
    if mask.shape == shape:
        return mask.astype(np.float32)
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.8)
    return np.clip(cv2.resize(soft, shape[::-1], interpolation=cv2.INTER_CUBIC), 0, 1)


def in_box(
    image: RGB, box: tuple[int, int, int, int], likely: Alpha | None = None, filled: Mask | None = None
) -> Alpha:
    """The thing in a box: GrabCut with everything outside the box as background.

    Args:
        image: the picture.
        box: left, top, width, height.
        likely: how likely each pixel is to be of a thing, if that is known; the image's size.
        filled: where the picture is a fill: counts as background, without its colours; the image's size.
    """
    left, top, width, height = box
    medium = shrink(image, MEDIUM)
    factor = medium.shape[1] / image.shape[1]
    y0, y1 = (int(np.clip(round(v * factor), 0, medium.shape[0])) for v in (top, top + height))
    x0, x1 = (int(np.clip(round(v * factor), 0, medium.shape[1])) for v in (left, left + width))
    labels = np.full(medium.shape[:2], cv2.GC_BGD, np.uint8)
    size = (medium.shape[1], medium.shape[0])
    inside = labels[y0:y1, x0:x1]
    inside[:] = cv2.GC_PR_FGD
    if likely is not None:
        inside[:] = cv2.GC_FGD
        seen = cv2.resize(likely, size, interpolation=cv2.INTER_LINEAR)[y0:y1, x0:x1]
        for least, label in KINDS:
            inside[seen <= least] = label
    if filled is not None:
        gone = cv2.resize(filled.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
        around = ~gone
        around[y0:y1, x0:x1] = False
        if gone.any() and around.any():
            labels[gone] = cv2.GC_BGD
            # The fill may have the thing's own colours, which are not to be learned as the background's.
            medium = np.where(gone[..., None], np.median(medium[around], axis=0).astype(np.float32), medium)
    margin = max(8, (x1 - x0) // 2, (y1 - y0) // 2)
    window = (slice(max(0, y0 - margin), y1 + margin), slice(max(0, x0 - margin), x1 + margin))
    out = np.zeros(labels.shape, np.uint8)
    out[window] = _solve_grab(medium[window], labels[window])
    count, parts, stats, _ = cv2.connectedComponentsWithStats(out, connectivity=8)
    for part in range(1, count):  # crumbs of the same colours elsewhere in the box
        if stats[part, cv2.CC_STAT_AREA] < 0.01 * out.sum():
            out[parts == part] = 0
    return _enlarge(out, image.shape[:2])
