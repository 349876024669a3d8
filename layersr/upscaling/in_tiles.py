"""Enlarging in tiles of a size that memory affords, as all of this package does it."""

from collections.abc import Callable

import numpy as np

from layersr.arrays import Mask
from layersr.layers import Window
from layersr.tiling import Mosaic, affordable, tiles

CELL, MARGIN, FEATHER = 512, 20, 8
"""Pixels: side of a tile, what it sees beyond, and where it is blended with the next."""

PER_PIXEL = 8000
"""Bytes a model may need for a pixel it sees: large ones have hundreds of features, and as many at the larger size."""


def enlarge(
    run: Callable[[Window], np.ndarray], out: np.ndarray, wanted: Mask, scale: int, margin: int = MARGIN
) -> None:
    """Write what `run` says of every tile into `out`, where it is wanted.

    Args:
        run: rows and columns of the small picture to the large one's values, (scale * h, scale * w, channels).
        out: (scale * height, scale * width, channels), float or code values, written in place.
        wanted: where, (height, width).
        scale: how many times as large.
        margin: pixels a tile sees beyond its own.
    """
    mosaic = Mosaic(out, FEATHER, scale)
    for tile, piece in tiles(run, wanted, cell=affordable(CELL, PER_PIXEL), margin=margin):
        mosaic.lay(tile, piece)
