"""A matte enlarged with the enlarged picture to look at: the edge is where the picture has one.

What the network is, what it was trained on and what it reaches stands in the model card
(`layersr/models/upscale_alpha.md`).
"""

import cv2
import numpy as np

from layersr.arrays import Alpha, Mask, Scaled, ScaledAlpha
from layersr.backends import backend
from layersr.backends.cubic_alpha import enlarged
from layersr.backends.networks import Network
from layersr.blocks import means, repeated
from layersr.tiling import run_tiles

STEP, CELL, MARGIN = 16, 256, 32
REACH = 2
"""Pixels of the small matte: a large pixel whose surroundings so far are all alike keeps what cubic gives."""


class GuidedAlpha:
    """The network along every edge; factors 2 and 4 were trained, larger ones are done in two steps."""

    most = 4

    def __init__(self, device: str) -> None:
        self._network = Network("upscale_alpha", device)

    def __call__(self, image: Scaled, alpha: Alpha, scale: int) -> ScaledAlpha:
        """See `roles.AlphaUpscaler`.

        Its blocks' means are the small matte, but for clipping (an alpha of 0 beside an edge stays about 0).
        """
        if scale > self.most and scale % 2 == 0:
            height, width = alpha.shape
            half = cv2.resize(image, (2 * width, 2 * height), interpolation=cv2.INTER_AREA)
            return self(image, self(half.reshape(2 * height, 2 * width, 3), alpha, 2), scale // 2)
        base = enlarged(alpha, scale)
        wanted = repeated(changing(alpha), scale)
        if not wanted.any():
            return base
        planes = np.dstack([image, base]).transpose(2, 0, 1)
        (found,) = run_tiles(self._network, planes, wanted, step=STEP, cell=CELL, margin=MARGIN)
        large = np.where(wanted, np.clip(found, 0, 1), base)
        return faithful(large, alpha, wanted, scale)


@backend(
    "alpha",
    "layersr",
    summary="the project's own small network: the edge is where the picture has one",
    source="layersr/models/upscale_alpha.md",
)
def load_guided_alpha(device: str) -> GuidedAlpha:
    """Needs nothing but what `pip install layersr` brings."""
    import onnxruntime  # noqa: F401  # a missing package is told when the model is chosen

    return GuidedAlpha(device)


def changing(alpha: Alpha) -> Mask:
    """Where the matte is not the same all around."""
    kernel = np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)
    return cv2.dilate(alpha, kernel).reshape(alpha.shape) != cv2.erode(alpha, kernel).reshape(alpha.shape)


def faithful(large: np.ndarray, small: np.ndarray, wanted: np.ndarray, scale: int) -> np.ndarray:
    """The large matte, changed a little so that its blocks' means are the small one's (Irani and Peleg, 1991)."""
    height, width = small.shape
    for kind in (cv2.INTER_CUBIC, cv2.INTER_NEAREST):
        size = (width * scale, height * scale)
        more = cv2.resize(small - means(large, scale), size, interpolation=kind).reshape(large.shape)
        large = np.where(wanted, np.clip(large + more, 0, 1), large)
    return np.ascontiguousarray(large, np.float32)
