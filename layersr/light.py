"""What shadows and glows do to what is below them, in code values: the affine maps that `seal` solves for.

Every light moves what is below a share of the way to black or to white; many of them do m y + b. The algebra and its
proof stand in `seal`.
"""

from dataclasses import dataclass

import numpy as np

from layersr.color import levels
from layersr.layers import Layer

SNAP = 0.96
"""At 16 bit, alphas above this become 1, and rounding may miss half of it: see `seal`."""


@dataclass(frozen=True, eq=False)
class Light:
    """What a shadow or a glow does: it moves what is below a share of the way to an end.

    Attributes:
        end: code value of it, 0 or the greatest.
        strength: the share at full alpha, in [0, 1], in red, green and blue.
    """

    end: int
    strength: np.ndarray

    @staticmethod
    def of(layer: Layer) -> "Light | None":
        """What a layer does, None if it is no light."""
        colour, top = layer.light, levels(layer.pixels.dtype)
        if colour is None or layer.blend == "normal":
            return None
        return Light(0, np.ones(3)) if layer.blend == "multiply" else Light(top, colour / top)

    def share(self, alpha: np.ndarray) -> np.ndarray:
        """Of the way, at alphas in code values, per channel."""
        return (alpha / levels(alpha.dtype))[..., None] * self.strength

    def on(self, m: np.ndarray, b: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What it and the lights below it do together, if those do m and b."""
        share = self.share(alpha)
        return m * (1 - share), b + (self.end - b) * share

    def room(self, x: np.ndarray, m: np.ndarray, b: np.ndarray, top: int) -> np.ndarray:
        """The greatest alpha, in code values, with which x can still be shown over lights that do m and b."""
        far = b if self.end else b + m * top
        most = 1 - np.abs(self.end - x) / np.abs(self.end - far)
        most = np.divide(most, self.strength, out=np.ones_like(most), where=self.strength > 0)
        return np.floor(top * most.min(axis=-1) + 1e-9).clip(0, top - 1)


def spare(alpha: np.ndarray, light: Light, x: np.ndarray, m: np.ndarray, b: np.ndarray) -> None:
    """Lower alphas of a light until rounding leaves the margin; 1-D lists of pixels, the alphas written to."""
    top, step, doubted = levels(alpha.dtype), 1, np.arange(len(alpha))
    while True:
        with_it = light.on(m[doubted], b[doubted], alpha[doubted])
        wanted = x[doubted]
        missed = np.abs(np.rint((wanted - with_it[1]) / with_it[0]).clip(0, top) * with_it[0] + with_it[1] - wanted)
        doubted = doubted[(missed.max(axis=-1) > SNAP / 2) & (alpha[doubted] > 0)]
        if not doubted.size:
            return
        alpha[doubted] -= np.minimum(alpha[doubted], step).astype(alpha.dtype)
        step *= 2


def nearest(own: np.ndarray, x: np.ndarray, m: np.ndarray, b: np.ndarray, top: int) -> np.ndarray:
    """The colours next to a layer's own of which lights that do m and b make x, rounded."""
    best = np.rint((x - b) / m).clip(0, top)
    low, high = np.ceil((x - SNAP / 2 - b) / m), np.floor((x + SNAP / 2 - b) / m)
    return np.clip(own, np.minimum(best, low), np.maximum(best, high)).clip(0, top)
