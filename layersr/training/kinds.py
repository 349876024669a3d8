"""What detectors learn from: composed scenes, comic pages and real pictures."""

import numpy as np

from layersr.training.pages import compose_page
from layersr.training.scenes import Scene, compose, compose_photograph
from layersr.training.things import Material

PAGES, PHOTOGRAPHS = 0.15, 0.3
"""Share of comic pages, and of real pictures where there are any; none is among what detectors are scored on."""

REAL = 0.1, 0.45
"""The same for the detector of real pictures' subjects."""


def compose_any(
    material: Material,
    rng: np.random.Generator,
    height: int,
    width: int,
    pages: float = PAGES,
    photographs: float = PHOTOGRAPHS,
) -> Scene:
    """A scene of any kind; so many of them are comic pages, and real pictures."""
    kind = rng.random()
    if kind < pages:
        return compose_page(material, rng, height, width)
    if material.subjects and kind < pages + photographs:
        return compose_photograph(material, rng, height, width)
    return compose(material, rng, height, width)
