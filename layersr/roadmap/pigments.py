"""How a painter mixes a colour: a few tubes, one to three of them in simple parts.

Paint absorbs (K) and scatters (S); of a mixture both are the tubes' own, weighed by parts, and a coat that covers
reflects `1 + K/S - sqrt((K/S)^2 + 2 K/S)` (Kubelka and Munk 1931). K and S of the coloured tubes, for red, green and
blue light, are those that Curtis, Anderson, Seims, Fleischer and Salesin print for watercolours (Computer-Generated
Watercolor, SIGGRAPH 1997, figure 5); titanium white and ivory black, which they do not have, are set here so that they
reflect 93 and 1 % of the light. Three bands are no spectrum, and every maker's tube differs: a mixture is where to
begin, not what to trust.
"""

from dataclasses import dataclass
from functools import cache
from itertools import combinations, product

import numpy as np
from numpy import ndarray

from layersr.color import encoded, linear
from layersr.oklab import oklab

TUBES: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "titanium white": ((0.0026, 0.0026, 0.0026), (1.0, 1.0, 1.0)),
    "ivory black": ((2.0, 2.0, 2.0), (0.042, 0.042, 0.042)),
    "hansa yellow": ((0.06, 0.21, 1.78), (0.50, 0.88, 0.009)),
    "cadmium yellow": ((0.10, 0.36, 3.45), (0.97, 0.65, 0.007)),
    "cadmium red": ((0.14, 1.08, 1.68), (0.77, 0.015, 0.018)),
    "quinacridone rose": ((0.22, 1.47, 0.57), (0.05, 0.003, 0.03)),
    "Indian red": ((0.46, 1.07, 1.50), (1.28, 0.38, 0.21)),
    "burnt umber": ((0.74, 1.54, 2.10), (0.09, 0.09, 0.004)),
    "French ultramarine": ((0.86, 0.86, 0.06), (0.005, 0.005, 0.09)),
    "cerulean blue": ((1.52, 0.32, 0.25), (0.06, 0.26, 0.40)),
    "phthalo green": ((1.55, 0.47, 0.63), (0.01, 0.05, 0.035)),
}
"""By name: absorption and scattering of red, green and blue light, a part."""

PARTS = (1, 2, 3, 4, 6, 8, 12)
"""How many parts of a tube are taken: what can be told by eye on a palette."""

EACH_TUBE = 0.008
"""How much nearer (Oklab distance) a mixture must come for each tube more."""

NEAR = 0.05
"""Oklab distance at which a mixture still passes for the colour; two neighbouring chips of a paint chart are as far."""


@dataclass(frozen=True)
class Mixture:
    """Tubes in parts.

    Attributes:
        parts: (name of the tube, parts), most first.
        colour: what it looks like, 8-bit sRGB codes.
        off: how far that is from the colour asked for, Oklab distance.
    """

    parts: tuple[tuple[str, int], ...]
    colour: tuple[int, int, int]
    off: float

    @property
    def near(self) -> bool:
        """Whether it passes for the colour."""
        return self.off <= NEAR

    def __str__(self) -> str:
        if len(self.parts) == 1:
            return self.parts[0][0]
        return " + ".join(f"{count} {name}" for name, count in self.parts)


def mixed(parts: ndarray) -> ndarray:
    """What mixtures reflect, linear light, (n, 3).

    Args:
        parts: of each of `TUBES`, in their order, (n, tubes).
    """
    absorbed, scattered = (np.array([tube[i] for tube in TUBES.values()]) for i in (0, 1))
    ratio = (parts @ absorbed) / (parts @ scattered)
    return 1 + ratio - np.sqrt(ratio * ratio + 2 * ratio)


def mixture(colour: tuple[int, int, int]) -> Mixture:
    """The mixture that comes nearest to a colour, of as few tubes as will do."""
    parts, places, tubes = _mixtures()
    off = np.linalg.norm(places - oklab(linear(np.array(colour) / 255)), axis=1)
    best = int(np.argmin(off + EACH_TUBE * tubes))
    names = sorted(zip(TUBES, parts[best].tolist(), strict=True), key=lambda named: -named[1])
    shown = np.rint(encoded(np.clip(mixed(parts[best : best + 1]), 0, 1))[0] * 255).astype(int).tolist()
    return Mixture(tuple((name, count) for name, count in names if count), tuple(shown), float(off[best]))


@cache
def _mixtures() -> tuple[ndarray, ndarray, ndarray]:
    """All mixtures: parts of each tube, places in Oklab, how many tubes."""
    rows = []
    for number in (1, 2, 3):
        simple = [parts for parts in product(PARTS, repeat=number) if np.gcd.reduce(parts) == 1]
        for chosen in combinations(range(len(TUBES)), number):
            block = np.zeros((len(simple), len(TUBES)), np.int16)
            block[:, chosen] = simple
            rows.append(block)
    parts = np.concatenate(rows)
    return parts, oklab(mixed(parts)), np.count_nonzero(parts, axis=1)
