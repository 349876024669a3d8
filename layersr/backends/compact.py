"""The project's own upscalers: small convolutional networks that came with the package, run by onnxruntime.

What they are, what they were trained on and what they reach stands in the model cards beside them (`layersr/models/`).
"""

from collections.abc import Mapping

import numpy as np

from layersr.arrays import RGB, Scaled
from layersr.backends import backend
from layersr.backends.networks import Network
from layersr.tiling import LEAST

PLAIN = ((0, 1),)
"""Quarter turns, and 1 or -1 for mirrored: the picture as it is."""

FOUR_WAYS = ((0, 1), (0, -1), (1, 1), (1, -1))
"""The picture as it is, mirrored, turned, and both."""


class CompactUpscaler:
    """One network per factor, loaded when it is first asked for.

    Args:
        device: where they run.
        names: of the networks, by factor.
        ways: how the picture is turned and mirrored for the network; the mean of its answers counts.
    """

    def __init__(self, device: str, names: Mapping[int, str], ways: tuple[tuple[int, int], ...]) -> None:
        self.scales = tuple(names)
        self._networks = {scale: Network(name, device, 8 * LEAST) for scale, name in names.items()}
        self._ways = ways

    def __call__(self, image: RGB, scale: int) -> Scaled:
        """See `roles.Upscaler`."""
        # No padding: the networks learned what a picture's end looks like; continuing it by hand costs 0.05 dB.
        answers = []
        for turns, mirror in self._ways:
            view = np.rot90(image, turns)[:, ::mirror]
            answer = self._networks[scale](view.transpose(2, 0, 1)).transpose(1, 2, 0)
            answers.append(np.rot90(answer[:, ::mirror], -turns))
        mean = answers[0] if len(answers) == 1 else np.mean(answers, axis=0)
        return np.clip(mean, 0, 1, out=np.empty(mean.shape, np.float32))


@backend(
    "upscale",
    "layersr",
    summary="the project's own small networks, x2 and x4: sharp edges, faithful, nothing invented",
    source="layersr/models/upscale_x4.md",
)
def load_compact(device: str) -> CompactUpscaler:
    """Needs nothing but what `pip install layersr` brings."""
    import onnxruntime  # noqa: F401  # a missing package is told when the model is chosen

    return CompactUpscaler(device, {2: "upscale_x2", 4: "upscale_x4"}, PLAIN)


@backend(
    "upscale",
    "layersr-careful",
    summary="deeper ones asked four ways, turned and mirrored, and averaged: a bit cleaner, 4 to 8 times as slow",
    source="R. Timofte et al., Seven ways to improve example-based single image super resolution, CVPR 2016",
)
def load_careful(device: str) -> CompactUpscaler:
    """Needs nothing but what `pip install layersr` brings."""
    import onnxruntime  # noqa: F401  # a missing package is told when the model is chosen

    return CompactUpscaler(device, {2: "upscale_x2_deep", 4: "upscale_x4"}, FOUR_WAYS)
