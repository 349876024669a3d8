"""What layers are called: the detector's word for a thing, or where it lies, which is all that can honestly be said."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from layersr.decomposing.element import Element

ROWS, COLUMNS = ("top", "", "bottom"), ("left", "", "right")


def named(elements: Sequence[Element], canvas: tuple[int, int]) -> list[Element]:
    """The elements with names: unique, readable, and the same whatever lies above what.

    They are numbered as one reads, from the top left, so a changed z-order renames nothing. A label that several share
    is numbered by itself ("eye 1", "eye 2"); one without a label is an "element" and told by its place.

    Args:
        elements: in any order, which is kept.
        canvas: height and width of the picture.
    """
    middles = [_middle(element) for element in elements]
    order = sorted(range(len(elements)), key=lambda k: _reading(middles[k], canvas))
    shared, count, names = Counter(e.label for e in elements), Counter[str](), [""] * len(elements)
    for k in order:
        label = elements[k].label
        count[label] += 1
        if label:
            names[k] = f"{label} {count[label]}" if shared[label] > 1 else label
        else:
            names[k] = f"element {count[label]}, {_place(middles[k], canvas)}"
    return [replace(element, name=name) for element, name in zip(elements, names, strict=True)]


def _middle(element: Element) -> tuple[float, float]:
    """Row and column of the middle of what is seen of it."""
    rows, columns = (element.alpha.sum(axis=axis, dtype=np.float64) for axis in (1, 0))
    total = max(float(rows.sum()), 1e-9)
    y, x = (float((sums * (np.arange(sums.size) + 0.5)).sum()) / total for sums in (rows, columns))
    return element.window[0].start + y, element.window[1].start + x


def _third(at: float, size: int) -> int:
    return min(2, int(3 * at / size))


def _reading(middle: tuple[float, float], canvas: tuple[int, int]) -> tuple[int, float, float]:
    """Sorts as one reads: by the third of the height, then from left to right."""
    return _third(middle[0], canvas[0]), middle[1], middle[0]


def _place(middle: tuple[float, float], canvas: tuple[int, int]) -> str:
    row, column = (_third(at, size) for at, size in zip(middle, canvas, strict=True))
    return " ".join(word for word in (ROWS[row], COLUMNS[column]) if word) or "centre"
