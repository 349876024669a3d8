"""Noise that belongs to a place: whatever part of a picture is asked for, a pixel's noise is the same."""

from itertools import product

import numpy as np

BLOCK = 64
"""Pixels: noise is rolled in squares of this side."""

FAR = 2**20
"""Blocks: places may be negative, seeds may not."""


def noise(channels: int, height: int, width: int, at: tuple[int, int], seed: int = 0) -> np.ndarray:
    """Normal noise, float32 (channels, height, width): a part of an endless field.

    The part begins at row and column `at`. Law: it does not depend on what part of the field is asked for.
    """
    out = np.empty((channels, height, width), np.float32)
    top, left = at
    rows, columns = (range(a // BLOCK, -(-(a + n) // BLOCK)) for a, n in ((top, height), (left, width)))
    for row, column in product(rows, columns):
        rng = np.random.default_rng([seed, row + FAR, column + FAR])
        block = rng.standard_normal((channels, BLOCK, BLOCK), np.float32)
        there, own = [], []
        for number, begin, size in ((row, top, height), (column, left, width)):
            first, last = max(number * BLOCK, begin), min((number + 1) * BLOCK, begin + size)
            there.append(slice(first - begin, last - begin))
            own.append(slice(first - number * BLOCK, last - number * BLOCK))
        out[:, *there] = block[:, *own]
    return out
