"""Repeated small things go into a group: a sky of eyes is one thing to switch off, and each eye still a layer."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from layersr.decomposing.element import Element, window_of

SMALL = 0.02
"""Share of the picture above which a thing is no small one."""

FEWEST = 4
"""So many make a group."""

TIMES, SHAPE = 4.0, 0.75
"""Things are alike if neither is more times as large, and their shapes, as large as each other, have this IoU."""

SIDE = 24
"""Pixels of the longer side at which shapes are compared."""


def gathered(elements: Sequence[Element], canvas: tuple[int, int]) -> list[Element]:
    """The elements back to front, alike small ones next to each other and in one group.

    An element is moved in z-order only past those it does not touch, so the picture stays what it is. One that cannot
    be moved to its like stays outside. What the artist asked for in words is a group of that name already; what else
    was asked for is in none.

    Args:
        elements: back to front.
        canvas: height and width of the picture.
    """
    mattes = [element.on(canvas) > 0 for element in elements]
    placed = list(range(len(elements)))
    group: dict[int, str] = {}
    taken = {element.group for element in elements} - {""}
    for name in sorted(taken):
        block, placed = _together([k for k, element in enumerate(elements) if element.group == name], placed, mattes)
        group |= dict.fromkeys(block, name)
    for kind in _kinds(elements, canvas):
        block, placed = _together(kind, placed, mattes)
        if len(block) >= FEWEST:
            name = _name(len(block), taken)
            taken.add(name)
            group |= dict.fromkeys(block, name)
    return [replace(elements[k], group=group.get(k, "")) for k in placed]


def _kinds(elements: Sequence[Element], canvas: tuple[int, int]) -> list[list[int]]:
    """Sets of alike small things, each in z-order: linked one to the next, so that sizes and shapes may run."""
    small, areas, shapes = [], {}, {}
    for k, element in enumerate(elements):
        areas[k] = float(element.alpha.sum())
        if not element.asked and 0 < areas[k] < SMALL * canvas[0] * canvas[1]:
            shapes[k] = _shape(element)
            small.append(k)
    kinds = []
    while small:
        kind, waiting = [], [small.pop(0)]
        while waiting:
            one = waiting.pop()
            kind.append(one)
            like = [k for k in small if _alike(areas[one], areas[k], shapes[one], shapes[k])]
            small = [k for k in small if k not in like]
            waiting += like
        if len(kind) >= FEWEST:
            kinds.append(sorted(kind))
    return kinds


def _shape(element: Element) -> np.ndarray:
    """Its matte, trimmed, the longer side `SIDE` pixels, in the middle of a square."""
    rows, columns = window_of(element.alpha > 0.5, 0) if (element.alpha > 0.5).any() else (slice(None), slice(None))
    alpha = element.alpha[rows, columns]
    factor = SIDE / max(alpha.shape)
    size = tuple(max(1, round(n * factor)) for n in alpha.shape[::-1])
    alpha = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA).reshape(size[::-1])
    out = np.zeros((SIDE, SIDE), np.float32)
    top, left = ((SIDE - n) // 2 for n in alpha.shape)
    out[top : top + alpha.shape[0], left : left + alpha.shape[1]] = alpha
    return out


def _alike(area: float, other: float, shape: np.ndarray, another: np.ndarray) -> bool:
    iou = np.minimum(shape, another).sum() / max(float(np.maximum(shape, another).sum()), 1e-6)
    return bool(max(area, other) <= TIMES * min(area, other) and iou > SHAPE)


def _together(kind: list[int], placed: list[int], mattes: Sequence[np.ndarray]) -> tuple[list[int], list[int]]:
    """Move each of a kind down to the lowest of them, past what it does not touch; the block, and the new order."""
    members = [k for k in placed if k in kind]
    block = members[:1]
    for k in members[1:]:
        end, at = placed.index(block[-1]) + 1, placed.index(k)
        if any((mattes[k] & mattes[other]).any() for other in placed[end:at]):
            continue
        placed = [*placed[:end], k, *placed[end:at], *placed[at + 1 :]]
        block.append(k)
    return block, placed


def _name(count: int, taken: set[str]) -> str:
    name, number = f"{count} alike", 1
    while name in taken:
        number += 1
        name = f"{count} alike, {number}"
    return name
