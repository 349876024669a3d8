"""Few colours for a whole picture: k-means where distances look equal, weighed so that small accents keep theirs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from layersr.color import encoded, linear
from layersr.oklab import Colours, light, oklab
from layersr.roadmap.pigments import Mixture, mixture
from layersr.roadmap.stages import Picture

Colour = tuple[int, int, int]
Weights = Float[ndarray, " n"]

CELL = 0.02
"""Side of the cells in which a picture's colours are counted, Oklab distance: about what one can just tell."""

RARE = 0.7
"""A cell weighs its pixels to this power: with 1, accents get no colour; with 0, grain gets most."""

ROUNDS = 60
"""Of k-means at most; it usually settles in half as many."""


@dataclass(frozen=True)
class Swatch:
    """One colour of a palette.

    Attributes:
        number: from 1, what the sheet calls it.
        colour: 8-bit sRGB codes.
    """

    number: int
    colour: Colour

    @property
    def name(self) -> str:
        """The colour in plain words."""
        return described(self.colour)

    @cached_property
    def mixture(self) -> Mixture:
        """Where to begin mixing it."""
        return mixture(self.colour)


def chosen(colours: Colours, weights: Weights, number: int) -> tuple[Swatch, ...]:
    """A palette for many colours: greys from light to dark, then the others.

    Args:
        colours: encoded sRGB in [0, 1]; at least one.
        weights: how much each counts, as a number of pixels.
        number: at most so many swatches; fewer where there are fewer colours.
    """
    cells, mass = _counted(colours, weights)
    centres = _means(cells, mass, min(number, len(cells)))
    return swatches(np.rint(encoded(np.clip(light(centres), 0, 1)) * 255).astype(int).tolist())


def swatches(colours: Iterable[Sequence[int]]) -> tuple[Swatch, ...]:
    """Colours, 8-bit sRGB codes, as they stand on a palette, each once."""
    each = sorted({(r, g, b) for r, g, b in colours}, key=_place)
    return tuple(Swatch(n, colour) for n, colour in enumerate(each, start=1))


def mixed_again(palette: tuple[Swatch, ...], shown: Picture, target: Picture) -> dict[Colour, Colour]:
    """For each colour, that which fits better what it was used for: the mean of the picture where it is seen.

    Args:
        palette: the colours there are.
        shown: a painting in these colours.
        target: the picture it should be.
    """
    colours = sorted(swatch.colour for swatch in palette)  # as their numbers are
    numbers, codes = _number(np.array(colours)), _number(shown).ravel()
    which = np.searchsorted(numbers, codes).clip(max=len(numbers) - 1)
    seen = numbers[which] == codes
    counts = np.bincount(which[seen], minlength=len(colours))
    sums = [np.bincount(which[seen], target[..., n].ravel()[seen], len(colours)) for n in range(3)]
    means = np.rint(np.stack(sums, axis=1) / np.maximum(counts, 1)[:, None]).astype(int).tolist()
    return {
        colour: (r, g, b) if count else colour
        for colour, (r, g, b), count in zip(colours, means, counts.tolist(), strict=True)
    }


def _number(codes: ndarray) -> ndarray:
    """Each colour as one number."""
    return codes.astype(np.int64) @ (1 << 16, 1 << 8, 1)


def described(colour: Colour) -> str:
    """A colour in plain words, as "light warm grey" or "dark green"."""
    lightness, a, b = oklab(linear(np.array(colour) / 255)).tolist()
    chroma, hue = float(np.hypot(a, b)), float(np.degrees(np.arctan2(b, a)) % 360)
    if lightness > 0.96 and chroma < 0.03:
        return "white"
    if lightness < 0.2 and chroma < 0.03:
        return "black"
    tone = next(word for limit, word in _TONES if lightness < limit)
    if chroma < 0.035:
        warmth = "" if chroma < 0.01 else "warm " if hue < 110 or hue > 330 else "cool "
        return f"{tone}{warmth}grey"
    name = next(word for limit, word in _HUES if hue < limit)
    if name in ("red", "orange", "yellow") and chroma < 0.13 and lightness < 0.75:
        name = {"red": "red brown", "orange": "brown", "yellow": "olive" if hue > 95 else "ochre"}[name]
    elif name == "red" and lightness > 0.7:
        name, tone = "pink", "" if lightness < 0.85 else "light "
    strength = "bright " if chroma > 0.18 else "dull " if chroma < 0.06 and "brown" not in name else ""
    return f"{tone}{strength}{name}"


_TONES = ((0.3, "very dark "), (0.5, "dark "), (0.72, ""), (0.88, "light "), (9.0, "very light "))
"""Lightness below which a colour is called so."""

_HUES = (
    *((12, "pink"), (42, "red"), (75, "orange"), (112, "yellow"), (130, "yellow green"), (165, "green")),
    *((210, "turquoise"), (270, "blue"), (300, "violet"), (340, "purple"), (361, "pink")),
)
"""Hue angle of Oklab below which a colour is called so."""


def _place(colour: Colour) -> tuple[bool, float]:
    """Where a colour stands on the palette."""
    lightness, a, b = oklab(linear(np.array(colour) / 255)).tolist()
    return bool(np.hypot(a, b) >= 0.035), -lightness


def _counted(colours: Colours, weights: Weights) -> tuple[ndarray, ndarray]:
    """The mean colour of each cell of Oklab that has any, and what it weighs."""
    lab = oklab(linear(colours.astype(np.float64)))
    cells, which = np.unique(np.rint(lab / CELL).astype(np.int64), axis=0, return_inverse=True)
    mass = np.bincount(which.ravel(), weights, len(cells))
    sums = [np.bincount(which.ravel(), weights * lab[:, axis], len(cells)) for axis in range(3)]
    return np.stack(sums, axis=1) / mass[:, None], mass**RARE


def _means(points: ndarray, weights: ndarray, number: int) -> ndarray:
    """Weighted k-means, begun at the points that those before are worst for: nothing is left to chance."""
    centres = points[[np.argmax(weights)]]
    far = ((points - centres[0]) ** 2).sum(axis=1)
    while len(centres) < number and far.any():
        centre = points[np.argmax(weights * far)]
        centres = np.vstack([centres, centre])
        far = np.minimum(far, ((points - centre) ** 2).sum(axis=1))
    for _ in range(ROUNDS):
        own = np.argmin(((points[:, None] - centres) ** 2).sum(axis=2), axis=1)
        mass = np.bincount(own, weights, len(centres))
        sums = np.stack([np.bincount(own, weights * points[:, axis], len(centres)) for axis in range(3)], axis=1)
        moved = np.where(mass[:, None] > 0, sums / np.maximum(mass, 1e-12)[:, None], centres)
        if np.allclose(moved, centres, atol=1e-5):
            break
        centres = moved
    return centres
