"""The project's own upscalers: small convolutional networks that came with the package, run by onnxruntime.

What they are, what they were trained on and what they reach stands in the model cards beside them (`layersr/models/`).
"""

from pathlib import Path
from typing import Any

import numpy as np

from layersr.arrays import RGB, Scaled
from layersr.backends import backend
from layersr.errors import WeightsError

MODELS = Path(__file__).resolve().parent.parent / "models"

PROVIDERS = {
    "cuda": ["CUDAExecutionProvider"],
    "directml": ["DmlExecutionProvider"],
    "coreml": ["CoreMLExecutionProvider"],
}
"""What onnxruntime calls a device; the CPU is always behind it."""


def session(path: Path, device: str) -> Any:
    """The network of an ONNX file, ready to run.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    import onnxruntime

    wanted = PROVIDERS.get(device.split(":")[0], [])
    there = [name for name in wanted if name in onnxruntime.get_available_providers()]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors; its warnings mean nothing to a person who exports a picture
    way = "Run: pip install --force-reinstall layersr"
    if not path.is_file():
        raise WeightsError(f"The network {path.name} that comes with layersr is missing. {way}")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=[*there, "CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a class of its own for every kind of damage
        raise WeightsError(
            f"The network {path.name} that comes with layersr cannot be loaded ({error}). {way}"
        ) from error


class CompactUpscaler:
    """One network per factor, loaded when it is first asked for."""

    scales = (2, 4)

    def __init__(self, device: str) -> None:
        self._device = device
        self._sessions: dict[int, Any] = {}

    def __call__(self, image: RGB, scale: int) -> Scaled:
        """See `roles.Upscaler`."""
        if scale not in self._sessions:
            self._sessions[scale] = session(MODELS / f"upscale_x{scale}.onnx", self._device)
        planes = np.ascontiguousarray(image.transpose(2, 0, 1)[None])
        # No padding: the networks learned what a picture's end looks like; continuing it by hand costs 0.05 dB.
        (result,) = self._sessions[scale].run(None, {"image": planes})
        return np.ascontiguousarray(np.clip(result[0], 0, 1).transpose(1, 2, 0))


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
