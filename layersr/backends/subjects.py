"""Things out of one matte of all that stands out: models that cut subjects from their background give only that."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from layersr.arrays import RGB, Alpha
from layersr.backends.contours import MEDIUM
from layersr.backends.meant import meant
from layersr.roles import Detection, Detector, Prompt

LEAST = 0.0004
"""Share of the picture a thing may have."""

GAP = 0.008
"""Pieces with less than twice this between them, in longer sides of the picture, are one thing: a dotted line, hair."""

SMALL = 8
"""Pictures with a shorter side than this show nothing."""


class SubjectDetector:
    """A detector made of a model that says how likely each pixel is of a subject.

    Args:
        name: how it is chosen.
        likely: the model: a picture to float32 (h, w) in [0, 1], of the picture's size.
        otherwise: is asked for what is pointed at and is none of the subjects.
    """

    def __init__(self, name: str, likely: Callable[[RGB], Alpha], otherwise: Detector) -> None:
        self._name, self._likely, self._otherwise = name, likely, otherwise

    def __call__(self, image: RGB, prompt: Prompt | None = None) -> Sequence[Detection]:
        """See `roles.Detector`; understands points, boxes and masks."""
        if prompt is not None:
            return meant(self._name, image, prompt, self._things, self._otherwise)
        return self._things(image)

    def _things(self, image: RGB) -> Sequence[Detection]:
        return subjects(self._likely(image)) if min(image.shape[:2]) >= SMALL else []


def subjects(likely: Alpha) -> list[Detection]:
    """Connected parts of a matte that are clearly separate, best first.

    A part is as sure as the matte is within it: what a network marks half-heartedly in a picture without a subject is
    nothing, or little believed.

    Args:
        likely: how likely each pixel is of a subject, float32 in [0, 1].
    """
    height, width = likely.shape
    factor = min(1.0, MEDIUM / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = cv2.resize(likely, size, interpolation=cv2.INTER_AREA) if factor < 1 else likely
    solid = small > 0.5
    reach = round(GAP * max(size))
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    count, parts = cv2.connectedComponents(cv2.dilate(solid.astype(np.uint8), ball))
    found = []
    for part in range(1, count):
        here = parts == part
        own = here & solid
        if own.sum() < LEAST * own.size:
            continue
        where = cv2.resize(here.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
        found.append(Detection(np.where(where, likely, np.float32(0)), float(small[own].mean())))
    return sorted(found, key=lambda thing: -thing.score)
