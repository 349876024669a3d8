"""The project's own matte refiner: a small U-Net that corrects the classic matte, tile by tile.

What it is, what it was trained on and what it reaches stands in the model card (`layersr/models/refine_matte.md`).
"""

import numpy as np

from layersr.arrays import RGB, Alpha, Trimap
from layersr.backends import backend
from layersr.backends.networks import Network
from layersr.backends.sampling import SamplingMatter
from layersr.tiling import run_tiles

STEP = 64
"""The network halves its input four times; its pyramid of known colours, six times."""

CELL, MARGIN = 192, 64


class RefiningMatter:
    """The network over everything unknown."""

    def __init__(self, device: str) -> None:
        self._network = Network("refine_matte", device)
        self._sampled = SamplingMatter()

    def __call__(self, image: RGB, trimap: Trimap) -> Alpha:
        """See `roles.Matter`."""
        unknown = (trimap > 0) & (trimap < 1)
        if not unknown.any():
            return trimap.astype(np.float32).copy()
        planes = np.dstack([image, np.where(unknown, np.float32(0.5), trimap), self._sampled(image, trimap)])
        planes = planes.transpose(2, 0, 1)
        (found,) = run_tiles(self._network, planes, unknown, step=STEP, cell=CELL, margin=MARGIN)
        return np.where(unknown, np.clip(found, 0, 1), trimap).astype(np.float32)


@backend(
    "matte",
    "layersr",
    summary="the project's own small network: hair, smoke and soft edges",
    source="layersr/models/refine_matte.md",
)
def load_refining(device: str) -> RefiningMatter:
    """Needs nothing but what `pip install layersr` brings."""
    import onnxruntime  # noqa: F401  # a missing package is told when the model is chosen

    return RefiningMatter(device)
