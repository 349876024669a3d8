"""The light that elements shed on what is below them: lamps, moons, neon signs, outer glows.

A glow is taken for the element's own shape, blurred and fainter, that screens in one colour. What screens takes from
what is missing to white what a shadow takes from lightness: so the logarithms of (1 - value) are explained, in red,
green and blue each by themselves. See `surroundings` for how it is told.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from layersr.decomposing.cast import Cast
from layersr.decomposing.element import Element
from layersr.decomposing.surroundings import FAINT, FEW, Fit, Form, Surroundings, logit

SOFT = (0.08, 0.14, 0.22, 0.33, 0.5)
FAR, WAYS = 0.2, 12
"""Blurs that are tried; how far the shape is moved, in how many directions, to see whether it tells more elsewhere. In
sides of a square as large as the element."""

WEIGHTS, BIAS, SURE = np.array([0.85, 0.73]), 4.75, 0.8
"""Belief of a logistic regression: logits of the evidence near and wide; fitted on the 74 of 2739 things that may glow
(`Signs.possible`) in 800 composed scenes, training material, 40 % with a glow (`tests/benchmarks/lights.py`). In 700
others 37 of the 38 claims are true, a quarter of the 149 glows that show, that is, give the least evidence; in 500 more
(seeds 3 and 4), looked at when all was chosen, 32 of 34."""

WHITE = 0.03
"""What is no farther than this from full red, green or blue tells nothing of light that is added."""

LEAST, HARD, LIGHTER, BRIGHT = 0.08, 0.067, 0.03, 0.85
"""Least evidence near and wide; a blur of no more than this is an edge out of focus; by how much the element must be
lighter than what it lights, in the colour of the glow; greatest strength."""


@dataclass(frozen=True, eq=False)
class Signs:
    """What speaks for a glow.

    Attributes:
        form: of the shape that explains most.
        soft: its blur, in sides of a square as large as the element.
        strengths: in red, green and blue.
        evidence: near and wide.
        elsewhere: what the shape explains near if it is moved.
        lighter: how much lighter than its surroundings the element is.
    """

    form: Form
    soft: float
    strengths: np.ndarray
    evidence: tuple[float, float]
    elsewhere: float
    lighter: float

    @property
    def possible(self) -> bool:
        """Whether it can be a glow at all."""
        lamp = self.lighter >= LIGHTER and FAINT <= self.strengths.max() <= BRIGHT
        return bool(lamp and min(self.evidence) >= LEAST and self.soft > HARD + 1e-6)

    @property
    def told(self) -> np.ndarray:
        """What belief is made of."""
        return np.array([logit(share) for share in self.evidence])


def glow(element: Element, seen: Surroundings) -> Cast | None:
    """The glow of an element, None where there is none or it cannot be told."""
    found = signs(seen)
    if found is None or not found.possible or found.evidence[0] <= found.elsewhere:
        return None
    sure = float(1 / (1 + np.exp(-(found.told @ WEIGHTS + BIAS))))
    if sure < SURE:
        return None
    much = float(found.strengths.max())
    red, green, blue = (float(strength / much) for strength in found.strengths)
    return seen.cast(element, found.form, much, (red, green, blue), sure)


def signs(seen: Surroundings) -> Signs | None:
    """What speaks for a glow of the element that has such surroundings; None where too little is seen.

    Right beside the element nothing counts: what a matte misses of a lamp is brighter than any glow.
    """
    shape, values = seen.shape, 1 - seen.image
    beside = cv2.dilate((shape > 0.02).astype(np.uint8), np.ones((3, 3), np.uint8)) == 0
    beside &= values.min(axis=2) > WHITE
    near, far = seen.near & beside, seen.wide & beside
    if near.sum() < FEW:
        return None
    fit, wide = Fit(near, values), Fit(far, values)
    tried = [Form((0.0, 0.0), soft * seen.side) for soft in SOFT]
    form, evidence = fit.best(shape, tried, [0.0, 0.0], fit.left, least=HARD * seen.side)
    light = form.of(shape)
    again = float(wide.evidence(light[far][:, None], wide.left)[0])
    turns = np.arange(WAYS) * 2 * np.pi / WAYS
    moves = [(FAR * seen.side * np.cos(turn), FAR * seen.side * np.sin(turn)) for turn in turns]
    elsewhere = fit.best(shape, [Form(move, one.soft) for move in moves for one in tried], [], fit.left)[1]
    strengths = fit.strength(light[near])[1]
    own, lit = seen.image[shape >= min(0.9, shape.max())].mean(axis=0), light[near] @ seen.image[near]
    lighter = float((own - lit / max(float(light[near].sum()), 1e-6)) @ strengths / strengths.sum())
    return Signs(form, form.soft / seen.side, strengths, (evidence, again), elsewhere, lighter)
