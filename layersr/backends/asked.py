"""What an artist points at or draws a box around, looked at closer by the detector's network.

A box says how far the thing goes: GrabCut is asked once by the box alone and once with what the network sees there,
and the mask that agrees better with the network and reaches all four sides is taken. A point says where but not how
large: the network looks at three sizes of surroundings, and what these looks agree on most is taken.
"""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from layersr.arrays import RGB, Alpha, Mask
from layersr.backends.contours import in_box, rough

GROW = 0.5
"""How far around a box the network looks, in longer sides of the box."""

SEEN = 0.35
"""Probability that the network must give at least one pixel of a box, or its word does not count."""

SHARES = (1.0, 0.6, 0.36)
"""Longer sides of the surroundings of a point that the network looks at, in longer sides of the picture."""

BELIEVED = 0.5
"""Elements believed more that lie mostly outside a box are no part of what is asked for with it."""

AGREED = 2.0
"""How much a mean overlap with what the other looks say counts, against a belief."""

Box = tuple[int, int, int, int]
Look = Callable[[RGB], tuple[np.ndarray, Sequence[np.ndarray], Sequence[float]]]
"""How likely any element, covered or not, lies at a pixel of a picture, float32, small; and what `Gather` says."""

Gather = Callable[[RGB], tuple[Sequence[np.ndarray], Sequence[float]]]
"""The elements of a picture that nothing covers: masks that do not overlap, small, and how far they are believed."""


def boxed(image: RGB, box: Box, look: Look, filled: Mask | None = None) -> Alpha:
    """The thing in a box (left, top, width, height), float32 in [0, 1], of the image's size; all 0 if there is none.

    Args:
        image: the picture.
        box: around all that is seen of the thing.
        look: the network.
        filled: where the picture is a fill: no part of the thing is seen there.
    """
    height, width = image.shape[:2]
    likely = np.zeros((height, width), np.float32)
    window = _around(box, round(GROW * max(box[2:])), (height, width))
    crop = np.ascontiguousarray(image[window])
    inside = _around(box, 0, (height, width))
    seen, elements, beliefs = look(crop)
    box_there = cv2.resize(_selected((height, width), inside)[window], seen.shape[1::-1]) > 0
    for element, belief in zip(elements, beliefs, strict=True):
        if belief > BELIEVED and box_there[element].mean() < 0.5:
            seen = np.where(element, np.float32(0), seen)
    around = np.zeros_like(likely)
    around[window] = cv2.resize(seen, crop.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    likely[inside] = around[inside]
    plain = in_box(image, box, filled=filled)
    if likely.max(initial=0) < SEEN:
        return plain
    guided = in_box(image, box, likely, filled)
    return max((plain, guided), key=lambda mask: _overlap(mask, likely) + _reach(mask[inside]))


def pointed(image: RGB, point: tuple[int, int], gather: Gather) -> tuple[Mask, float] | None:
    """The thing at a point (x, y): a rough mask of the image's size and its belief; None if no look shows one."""
    height, width = image.shape[:2]
    found: list[tuple[Mask, float]] = []
    for share in SHARES:
        side = round(share * max(height, width))
        window = tuple(
            slice(start := int(np.clip(at - side // 2, 0, max(0, n - side))), min(n, start + side))
            for at, n in zip(point[::-1], (height, width), strict=True)
        )
        crop = np.ascontiguousarray(image[window])
        row, column = point[1] - window[0].start, point[0] - window[1].start
        for mask, belief in zip(*gather(crop), strict=True):
            if mask[row * mask.shape[0] // crop.shape[0], column * mask.shape[1] // crop.shape[1]]:
                whole = np.zeros((height, width), bool)
                whole[window] = rough(mask, crop.shape[:2]) > 0.5
                found.append((whole, belief))
    if not found:
        return None
    return max(found, key=lambda one: one[1] + AGREED * np.mean([_overlap(one[0], other) for other, _ in found]))


def _selected(shape: tuple[int, int], where: tuple[slice, slice]) -> np.ndarray:
    out = np.zeros(shape, np.uint8)
    out[where] = 1
    return out


def _around(box: Box, margin: int, shape: tuple[int, int]) -> tuple[slice, slice]:
    left, top, width, height = box
    return (
        slice(max(0, top - margin), min(shape[0], top + height + margin)),
        slice(max(0, left - margin), min(shape[1], left + width + margin)),
    )


def _overlap(first: np.ndarray, second: np.ndarray) -> float:
    """Intersection over union of two soft masks."""
    return float(np.minimum(first, second).sum() / max(np.maximum(first, second).sum(), 1e-6))


def _reach(mask: Alpha) -> float:
    """The share of the box that the mask's own box takes."""
    selected = mask > 0.5
    if not selected.any():
        return 0.0
    rows, columns = np.flatnonzero(selected.any(axis=1)), np.flatnonzero(selected.any(axis=0))
    return float((np.ptp(rows) + 1) * (np.ptp(columns) + 1) / selected.size)
