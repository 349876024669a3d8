"""Which elements cast a shadow or shed light: each one thing at most, whichever is surer."""

from collections.abc import Sequence

from layersr.arrays import RGB
from layersr.decomposing.cast import Cast
from layersr.decomposing.element import Element
from layersr.decomposing.glows import glow
from layersr.decomposing.shadows import shadow
from layersr.decomposing.surroundings import surroundings


def lights(image: RGB, elements: Sequence[Element]) -> list[Cast | None]:
    """The shadow or the glow of each element, None where there is none or it cannot be told.

    Args:
        image: the picture, with its shadows and glows.
        elements: those that were lifted from it.
    """
    found = []
    for element, seen in zip(elements, surroundings(image, elements), strict=True):
        told = [] if seen is None else [shadow(element, seen), glow(element, seen)]
        found.append(max((one for one in told if one is not None), key=lambda one: one.score, default=None))
    return found
