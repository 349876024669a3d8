"""What models of Transformers say of distances, as relative depth: 0 nearest, 1 farthest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from layersr.arrays import RGB, Alpha
from layersr.backends.pretrained import pretrained
from layersr.backends.torching import TorchModel
from layersr.backends.views import View

OUTLIERS = 1.0
"""Percent of the pixels, at either end, that do not count for what is nearest and farthest."""

FLAT = 0.1
"""Share of the greatest nearness below which differences are not stretched: a wall stays nearly flat."""

CLOSEST = 0.1
"""Metres below which nothing is nearer."""


class RelativeDepth:
    """See `roles.DepthEstimator`.

    Args:
        model: any of Transformers' depth models, as a `TorchModel`.
        view: how it sees.
        metres: it says metres, not nearness (1 / distance, up to a factor and a shift).
        room: it wants the picture mirrored beyond its edges by so many times the root of half a side.
    """

    def __init__(self, model: Callable[..., Any], view: View, metres: bool = False, room: float = 0.0) -> None:
        self._model, self._view, self._metres, self._room = model, view, metres, room

    def __call__(self, image: RGB) -> Alpha:
        """See `roles.DepthEstimator`."""
        import torch

        height, width = image.shape[:2]
        top, left = (int(np.sqrt(side / 2) * self._room) for side in (height, width))
        padded = np.pad(image, ((top, top), (left, left), (0, 0)), mode="reflect") if self._room else image
        planes = torch.from_numpy(self._view(padded).planes[None])
        said = self._model(pixel_values=planes).predicted_depth[0].float().cpu().numpy()
        kind = cv2.INTER_AREA if said.size > padded.shape[0] * padded.shape[1] else cv2.INTER_LINEAR
        large = cv2.resize(said, padded.shape[1::-1], interpolation=kind).reshape(padded.shape[:2])
        return relative(large[top : top + height, left : left + width], self._metres)


def relative(said: np.ndarray, metres: bool = False) -> Alpha:
    """Depth in [0, 1], 0 nearest; evenly spaced in nearness, so that what is close by is told apart best.

    Args:
        said: nearness, float32 (h, w), more is nearer.
        metres: it is metres instead.
    """
    finite = said[np.isfinite(said)]
    said = np.where(np.isfinite(said), said, np.median(finite) if finite.size else np.float32(0))
    near = 1 / np.maximum(said, CLOSEST) if metres else said
    low, high = np.percentile(near, [OUTLIERS, 100 - OUTLIERS])
    span = max(high - low, FLAT * abs(high), 1e-6)
    return np.clip(0.5 - (near - (low + high) / 2) / span, 0, 1).astype(np.float32)


def load(
    kind: str,
    folder: Path,
    device: str,
    view: View,
    *,
    half: bool = True,
    metres: bool = False,
    room: float = 0.0,
    unused: str = "",
) -> RelativeDepth:
    """A depth model from a folder as `save_pretrained` writes it.

    Args:
        kind: name of the Transformers class.
        folder: where it lies.
        device: where it runs.
        view: see `RelativeDepth`.
        half: it may compute in half precision.
        metres: see `RelativeDepth`.
        room: likewise.
        unused: see `pretrained`.

    Raises:
        WeightsError: the folder holds something else.
    """
    return RelativeDepth(TorchModel(pretrained(kind, folder, unused=unused), device, half=half), view, metres, room)
