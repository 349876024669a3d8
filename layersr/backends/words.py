"""What words name, by a network that draws boxes around it and a detector that finds what fills a box."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from layersr.arrays import RGB, Alpha, Mask
from layersr.backends.meant import Box, box_overlap
from layersr.backends.views import View
from layersr.roles import Detection, Detector, Prompt

ALIKE = 0.6
"""Intersection over union from which two boxes are around one thing."""

SAME = 0.7
"""Share of a mask in better ones, or in fills, from which it is of nothing new."""

SMALL = 8
"""Pictures with a shorter side than this show nothing."""


@dataclass(frozen=True, eq=False)
class Boxes:
    """What a network says of words and a picture.

    Attributes:
        middles: middle and size of each box: x, y, width, height, 1 being the picture's; float32 (n, 4).
        fits: how well the words fit each, (n,) in [0, 1].
    """

    middles: np.ndarray
    fits: np.ndarray


class BoxedWords:
    """An understander made of two models.

    Args:
        ask: draws boxes.
        cut: finds what fills a box.
        least: how well words must fit.
    """

    def __init__(self, ask: Callable[[RGB, str], Boxes], cut: Detector, least: float) -> None:
        self._ask, self._cut, self._least = ask, cut, least

    def __call__(self, image: RGB, text: str, filled: Mask | None = None) -> Sequence[Detection]:
        """See `roles.Understander`."""
        if min(image.shape[:2]) < SMALL or not text.strip():
            return []
        return fresh(self._fitting(image, text, filled), text, image.shape[:2], filled)

    def _fitting(self, image: RGB, text: str, filled: Mask | None) -> Iterator[tuple[Alpha, float]]:
        for box, fit in apart(self._ask(image, text), image.shape[:2], self._least):
            left, top, right, bottom = (round(side) for side in box)
            prompt = Prompt(box=(left, top, max(1, right - left), max(1, bottom - top)), filled=filled)
            for thing in self._cut(image, prompt):
                yield thing.mask, fit


def fresh(
    masks: Iterable[tuple[Alpha, float]], text: str, shape: tuple[int, int], filled: Mask | None = None
) -> list[Detection]:
    """The things that words fit: no fills, and each once.

    Args:
        masks: of a picture of this height and width, and how well the words fit, best first.
        text: the words.
        shape: of the picture.
        filled: where the picture is a fill.
    """
    found: list[Detection] = []
    taken = np.zeros(shape, bool) if filled is None else filled.copy()
    for mask, fit in masks:
        solid = mask > 0.5
        if solid.any() and taken[solid].mean() < SAME:
            found.append(Detection(mask, fit, text))
            taken |= solid
    return found


def boxes(run: Callable[..., Any], view: View, tokens: Callable[[str], dict[str, Any]]) -> Callable[[RGB, str], Boxes]:
    """How one of Transformers' detectors is asked.

    Args:
        run: the model, a `TorchModel`.
        view: how it sees.
        tokens: what it is told of words.
    """

    def ask(image: RGB, text: str) -> Boxes:
        import torch

        seen = view(image)
        said = run(pixel_values=torch.from_numpy(seen.planes[None]), **tokens(text))
        tall, wide = (frame / inner for frame, inner in zip(seen.planes.shape[1:], seen.inner, strict=True))
        middles = said.pred_boxes[0].float().cpu().numpy() * np.float32([wide, tall, wide, tall])
        return Boxes(middles, said.logits[0].float().sigmoid().amax(dim=-1).cpu().numpy())

    return ask


def apart(boxes: Boxes, shape: tuple[int, int], least: float) -> list[tuple[Box, float]]:
    """Boxes that the words fit, in pixels of a picture of this height and width, best first, one a thing."""
    kept: list[tuple[Box, float]] = []
    height, width = shape
    for index in np.argsort(-boxes.fits, kind="stable"):
        fit = float(boxes.fits[index])
        if fit < least:
            break
        x, y, across, down = (float(value) for value in boxes.middles[index])
        left, right = (width * min(1.0, max(0.0, x + side * across / 2)) for side in (-1, 1))
        top, bottom = (height * min(1.0, max(0.0, y + side * down / 2)) for side in (-1, 1))
        box = (left, top, right, bottom)
        if box[2] - box[0] >= 1 and box[3] - box[1] >= 1 and all(box_overlap(box, o) < ALIKE for o, _ in kept):
            kept.append((box, fit))
    return kept
