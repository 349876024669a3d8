"""The background as a whole: drop the piecewise fills, paint the union of all holes in one go."""

import numpy as np

from layersr.arrays import RGB, Mask
from layersr.decomposing.element import Element
from layersr.decomposing.leftovers import leftovers
from layersr.decomposing.lifting import hole_of
from layersr.decomposing.matting import share_residual
from layersr.roles import Infiller


def background(image: RGB, elements: list[Element], infill: Infiller, avoid: Mask | None = None) -> RGB:
    """The picture without its elements.

    The fills made while peeling each saw other elements or other fills around them. Here every hole is painted from
    what is certainly background. Under soft edges the fill is then moved towards what the picture and the matte say.

    Args:
        image: the picture.
        elements: back to front.
        infill: paints the union of their holes.
        avoid: things left in the background that the fill should not repeat.
    """
    canvas = image.shape[:2]
    hole = np.zeros(canvas, bool)
    for element in elements:
        hole |= hole_of(element, canvas)
    if hole.any():
        hanging = leftovers(image, hole, infill)
        out = infill(image, hole, hanging if avoid is None else avoid | hanging)
    else:
        out = image.copy()
    return explaining(image, elements, out)


def explaining(image: RGB, elements: list[Element], ground: RGB) -> RGB:
    """The ground, moved under soft edges towards what the picture and the matte say; in place.

    Args:
        image: the picture.
        elements: back to front.
        ground: what lies behind them.
    """
    canvas = image.shape[:2]
    layers_here = sum((e.on(canvas) > 0).astype(np.int32) for e in elements) if elements else np.zeros(canvas, np.int32)
    for element in elements:
        alone = (layers_here[element.window] == 1)[..., None]
        below = ground[element.window]
        moved = share_residual(image[element.window], element.alpha, element.colour, below)
        ground[element.window] = np.where(alone, moved, below)
    return ground
