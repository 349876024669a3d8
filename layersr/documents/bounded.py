"""Masks that other applications let go on for ever at any value, as far as a stack's document can need them."""

import numpy as np

from layersr import color
from layersr.arrays import Plane
from layersr.documents.guard import check_size
from layersr.layers import LayerMask

Rectangle = tuple[int, int, int, int]
"""Left, top, right, bottom."""


def bounded(values: Plane, left: int, top: int, beyond: int, reach: Rectangle) -> LayerMask:
    """A mask with the code value `beyond` outside its values.

    Where that lets neither all nor nothing through it is made into values.

    Args:
        values: code values.
        left: canvas column of the first.
        top: canvas row of the first.
        beyond: code value everywhere else.
        reach: where the mask may matter.
    """
    most = color.levels(values.dtype)
    if beyond in (0, most):
        return LayerMask(values, left, top, beyond == most)
    height, width = values.shape
    first, upper = min(reach[0], left), min(reach[1], top)
    last, lower = max(reach[2], left + width), max(reach[3], top + height)
    check_size(last - first, lower - upper, "mask", values.itemsize)
    wide = np.full((lower - upper, last - first), beyond, values.dtype)
    wide[top - upper :, left - first :][:height, :width] = values
    return LayerMask(wide, first, upper)
