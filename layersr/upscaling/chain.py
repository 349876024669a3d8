"""Any whole factor from the few a model knows: the model again and again, the last step by a resampler."""

from collections.abc import Sequence
from itertools import combinations_with_replacement
from math import prod

import cv2
import numpy as np

from layersr.arrays import RGB, Scaled
from layersr.roles import PlacedUpscaler, Upscaler

MOST = 3
"""A model is run at most so often in a row."""


class Chain:
    """An upscaler that does every factor, by means of one that does some.

    Where no product of the model's factors is the one asked for, the next larger is taken and its result shrunk by
    area, or else the largest there is and its result enlarged by Lanczos.
    """

    def __init__(self, model: Upscaler) -> None:
        self._model = model
        self.scales = tuple(range(1, 9))

    def __call__(self, image: RGB, scale: int) -> Scaled:
        """See `roles.Upscaler`."""
        return self.placed(image, scale, (0, 0))

    def placed(self, image: RGB, scale: int, at: tuple[int, int]) -> Scaled:
        """See `roles.PlacedUpscaler`; a model that does not ask where is not told."""
        height, width = image.shape[:2]
        for step in steps(self._model.scales, scale):
            image = enlarged_at(self._model, image, step, at)
            at = (at[0] * step, at[1] * step)
        size = (width * scale, height * scale)
        if image.shape[1::-1] == size:
            return image
        kind = cv2.INTER_AREA if image.shape[1] > size[0] else cv2.INTER_LANCZOS4
        return np.clip(cv2.resize(image, size, interpolation=kind).reshape(*size[::-1], 3), 0, 1)


def enlarged_at(model: Upscaler, image: RGB, scale: int, at: tuple[int, int]) -> Scaled:
    """The part of a picture that begins at row and column `at`, enlarged."""
    return model.placed(image, scale, at) if isinstance(model, PlacedUpscaler) else model(image, scale)


def steps(scales: Sequence[int], scale: int) -> tuple[int, ...]:
    """The factors to run in a row: few of them, and small ones first, which costs less.

    Args:
        scales: what the model can do.
        scale: what is wanted.
    """
    if scale == 1:
        return ()
    ways = [way for n in range(1, MOST + 1) for way in combinations_with_replacement(sorted(scales), n)]
    enough = [way for way in ways if prod(way) >= scale] or [max(ways, key=prod)]
    return min(enough, key=lambda way: (prod(way), len(way)))
