"""What an element does to the light on what is below it: a shadow takes some, a glow adds some."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from layersr.arrays import RGB, Alpha
from layersr.layers import Window


@dataclass(frozen=True, eq=False)
class Cast:
    """A shadow or a glow.

    Attributes:
        window: rows and columns of the canvas.
        alpha: how strong it is, float32 in [0, 1), the window's size.
        colour: in which it screens, straight, in [0, 1]; black is no light but a shadow, and multiplies.
        score: confidence in [0, 1].
    """

    window: Window
    alpha: Alpha
    colour: tuple[float, float, float]
    score: float

    @property
    def glows(self) -> bool:
        """Whether it adds light."""
        return any(self.colour)

    def on(self, canvas: tuple[int, int]) -> np.ndarray:
        """Its strength on the whole canvas."""
        full = np.zeros(canvas, np.float32)
        full[self.window] = self.alpha
        return full


def uncast(image: RGB, cast: Sequence[Cast | None]) -> RGB:
    """The picture without those shadows and glows.

    Args:
        image: the picture.
        cast: by what lies on it, bottom to top.
    """
    out = image.copy()
    for one in reversed([one for one in cast if one is not None]):
        part, alpha = out[one.window], one.alpha[..., None]
        if one.glows:
            dark = (1 - part) / (1 - alpha * np.float32(one.colour))
            part[...] = 1 - np.minimum(dark, 1)
        else:
            part[...] = np.minimum(part / (1 - alpha), 1)
    return out.astype(np.float32)
