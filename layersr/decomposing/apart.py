"""A picture taken apart, not yet sealed to a stack."""

from collections.abc import Sequence
from dataclasses import dataclass

from layersr.arrays import RGB
from layersr.decomposing.cast import Cast
from layersr.decomposing.element import Element


@dataclass(frozen=True, eq=False)
class Apart:
    """Ground and elements of a picture, at its own size.

    Attributes:
        ground: the background, complete.
        elements: back to front, named, continued under what covers them.
        bare: the same elements as they were cut out, not continued; in the same order.
        cast: the shadow or the glow of each, or None.
        notes: a sentence for every wish that could not be granted.
    """

    ground: RGB
    elements: Sequence[Element]
    bare: Sequence[Element]
    cast: Sequence[Cast | None]
    notes: Sequence[str] = ()
