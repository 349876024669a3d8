"""What a prompt means to a detector that names the things of a picture and cannot be asked for one of them."""

from collections.abc import Callable, Sequence

import numpy as np

from layersr.arrays import RGB
from layersr.errors import BackendError
from layersr.roles import Detection, Detector, Prompt

FITS = 0.5
"""Intersection over union of a box with a thing's own box above which that thing is meant."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


def meant(
    name: str, image: RGB, prompt: Prompt, things: Callable[[RGB], Sequence[Detection]], otherwise: Detector
) -> Sequence[Detection]:
    """The thing that a prompt points at, at most one.

    Args:
        name: of the detector.
        image: the picture.
        prompt: what the artist asks for; a mask is the answer itself.
        things: names the picture's things, best first.
        otherwise: is asked where none of these is meant.

    Raises:
        BackendError: the prompt is words.
    """
    if prompt.text is not None:
        raise BackendError(
            f"The detector {name} does not understand words; choose a model that does with --understand, "
            "or point at the element with --point, --box or --mask."
        )
    if prompt.mask is not None:
        return [Detection(prompt.mask.astype(np.float32), 1.0)]
    found = [thing for thing in things(image) if _fits(thing.mask > 0.5, prompt) > FITS]
    best = max(found, key=lambda thing: _fits(thing.mask > 0.5, prompt), default=None)
    return [best] if best is not None else otherwise(image, prompt)


def _fits(mask: np.ndarray, prompt: Prompt) -> float:
    """How well a mask fits a point (0 or 1) or a box (intersection over union of the boxes)."""
    if not mask.any() or (prompt.filled is not None and prompt.filled[mask].mean() > 0.5):
        return 0.0
    if prompt.point is not None:
        x, y = prompt.point
        return float(0 <= y < mask.shape[0] and 0 <= x < mask.shape[1] and mask[y, x])
    left, top, width, height = map(float, prompt.box)
    return box_overlap(box_of(mask), (left, top, left + width, top + height))


def box_of(mask: np.ndarray) -> Box:
    """The box of what a mask selects, which is something."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return float(columns[0]), float(rows[0]), float(columns[-1]) + 1, float(rows[-1]) + 1


def box_overlap(first: Box, second: Box) -> float:
    """Intersection over union of two boxes."""
    across = min(first[2], second[2]) - max(first[0], second[0])
    down = min(first[3], second[3]) - max(first[1], second[1])
    both = max(0.0, across) * max(0.0, down)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return both / max(sum(areas) - both, 1e-9)
