"""The networks that came with the package: `layersr/models/NAME.onnx`, run by onnxruntime.

What each is, what it was trained on and what it reaches stands in the model card beside it.
"""

from pathlib import Path
from typing import Any

import numpy as np

from layersr.errors import WeightsError

MODELS = Path(__file__).resolve().parent.parent / "models"

PROVIDERS = {
    "cuda": ["CUDAExecutionProvider"],
    "directml": ["DmlExecutionProvider"],
    "coreml": ["CoreMLExecutionProvider"],
}
"""What onnxruntime calls a device; the CPU is always behind it."""


class Network:
    """One network, loaded when it is first run.

    Args:
        name: of its file, without the suffix.
        device: where it runs; see `PROVIDERS`.
    """

    def __init__(self, name: str, device: str) -> None:
        self._path, self._device = MODELS / f"{name}.onnx", device
        self._session: Any = None

    def __call__(self, planes: np.ndarray) -> np.ndarray:
        """Float32 planes (channels, h, w) to float32 planes.

        Raises:
            WeightsError: the file is missing or damaged.
        """
        if self._session is None:
            self._session = session(self._path, self._device)
        return self._session.run(None, {"image": np.ascontiguousarray(planes, np.float32)[None]})[0][0]


def session(path: Path, device: str) -> Any:
    """The network of an ONNX file, ready to run.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    import onnxruntime

    way = "Run: pip install --force-reinstall layersr"
    if not path.is_file():
        raise WeightsError(f"The network {path.name} that comes with layersr is missing. {way}")
    try:
        return onnxruntime.InferenceSession(str(path), options(), providers=providers(device))
    except Exception as error:  # onnxruntime has a class of its own for every kind of damage
        raise WeightsError(
            f"The network {path.name} that comes with layersr cannot be loaded ({error}). {way}"
        ) from error


def options() -> Any:
    """How onnxruntime runs a network here."""
    import onnxruntime

    chosen = onnxruntime.SessionOptions()
    chosen.enable_mem_pattern = False  # pictures have any size: planning for one of them holds a third more memory
    chosen.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting threads leave cores to others
    chosen.log_severity_level = 3  # errors; its warnings mean nothing to a person who exports a picture
    return chosen


def providers(device: str) -> list[str]:
    """What onnxruntime calls a device, the CPU behind it."""
    import onnxruntime

    wanted = PROVIDERS.get(device.split(":")[0], [])
    return [*(name for name in wanted if name in onnxruntime.get_available_providers()), "CPUExecutionProvider"]
