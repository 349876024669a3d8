"""The project's own upscalers: small convolutional networks that came with the package, run by onnxruntime.

What they are, what they were trained on and what they reach stands in the model cards beside them (`layersr/models/`).
"""

import numpy as np

from layersr.arrays import RGB, Scaled
from layersr.backends import backend
from layersr.backends.networks import Network


class CompactUpscaler:
    """One network per factor, loaded when it is first asked for."""

    scales = (2, 4)

    def __init__(self, device: str) -> None:
        self._networks = {scale: Network(f"upscale_x{scale}", device) for scale in self.scales}

    def __call__(self, image: RGB, scale: int) -> Scaled:
        """See `roles.Upscaler`."""
        # No padding: the networks learned what a picture's end looks like; continuing it by hand costs 0.05 dB.
        result = self._networks[scale](image.transpose(2, 0, 1))
        return np.ascontiguousarray(np.clip(result, 0, 1).transpose(1, 2, 0))


@backend(
    "upscale",
    "layersr",
    summary="the project's own small networks, x2 and x4: sharp edges, faithful, nothing invented",
    source="layersr/models/upscale_x4.md",
)
def load_compact(device: str) -> CompactUpscaler:
    """Needs nothing but what `pip install layersr` brings."""
    import onnxruntime  # noqa: F401  # a missing package is told when the model is chosen

    return CompactUpscaler(device)
