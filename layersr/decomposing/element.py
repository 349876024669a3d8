"""An element on its way from the picture to a layer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from layersr.arrays import RGB, Alpha
from layersr.layers import Window


@dataclass(frozen=True, eq=False)
class Element:
    """A foreground thing lifted off the picture, cropped to its window of the canvas.

    Attributes:
        window: rows and columns of the canvas.
        alpha: its matte, float32 in [0, 1], the window's size.
        colour: its straight colours, the window's size, sensible where alpha is 0 too.
        score: confidence in [0, 1]; None where nobody says.
        peel: the round of the peel loop it came off in, 0 first; what the artist asked for has round 0.
        label: what it is, or "".
        asked: the artist asked for it.
        name: what its layer is called.
        covers: how sure it is that it lies above others that it touches, 0 to 1, by their names.
        nearer: how likely depth holds it nearer than those, 0 to 1, by their names; without those it says nothing of.
        depth: relative depth of what is seen of it, 0 nearest; None where nobody knows.
        group: name of the group its layer lies in, or "".
    """

    window: Window
    alpha: Alpha
    colour: RGB
    score: float | None
    peel: int
    label: str = ""
    asked: bool = False
    name: str = ""
    covers: Mapping[str, float] = field(default_factory=dict)
    nearer: Mapping[str, float] = field(default_factory=dict)
    depth: float | None = None
    group: str = ""

    def on(self, canvas: tuple[int, int]) -> np.ndarray:
        """The matte on the whole canvas."""
        full = np.zeros(canvas, np.float32)
        full[self.window] = self.alpha
        return full


def window_of(mask: np.ndarray, margin: int) -> Window:
    """The smallest window around a mask's True pixels, with a margin, inside the canvas."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + 1 + margin),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + 1 + margin),
    )


def clipped(window: Window, canvas: tuple[int, int]) -> Window:
    """The window with its ends inside the canvas."""
    return slice(window[0].start, min(window[0].stop, canvas[0])), slice(
        window[1].start, min(window[1].stop, canvas[1])
    )
