"""The networks that came with the package: `layersr/models/NAME.onnx`, run by onnxruntime.

What each is, what it was trained on and what it reaches stands in the model card beside it.
"""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from layersr import devices
from layersr.errors import Notice, WeightsError
from layersr.tiling import out_of_memory

MODELS = Path(__file__).resolve().parent.parent / "models"

PROVIDERS = {"cuda": "CUDAExecutionProvider", "directml": "DmlExecutionProvider", "coreml": "CoreMLExecutionProvider"}
"""What onnxruntime calls a device, in the order in which `auto` takes them; the CPU is always behind it."""


CPU = "CPUExecutionProvider"


class Network:
    """One network, loaded when it is first run.

    Where the memory of an accelerator does not suffice, it runs on the CPU from then on, and a `Notice` says so.

    Args:
        name: of its file, without the suffix.
        device: where it runs; see `layersr.devices`.
        smallest: for one that is asked in tiles: planes with a larger side than this, in pixels, raise when memory does
            not suffice, so that the caller halves the tile. 0: none does.
    """

    def __init__(self, name: str, device: str, smallest: int = 0) -> None:
        self._path, self._device, self._smallest = MODELS / f"{name}.onnx", device, smallest
        self._session: Any = None

    def __call__(self, planes: np.ndarray) -> np.ndarray:
        """Float32 planes (channels, h, w) to float32 planes.

        Raises:
            WeightsError: the file is missing or damaged.
        """
        if self._session is None:
            self._session = session(self._path, self._device)
        try:
            return self._asked(planes)
        except Exception as error:  # onnxruntime has no class of its own for this
            on_cpu = self._session.get_providers()[0] == CPU
            if on_cpu or not out_of_memory(error) or max(planes.shape[-2:]) > self._smallest > 0:
                raise
        self._session = None  # what it holds is given back first
        warnings.warn(
            f"The memory of {self._device} does not suffice; going on, slower, on the CPU.", Notice, stacklevel=2
        )
        self._device, self._session = "cpu", session(self._path, "cpu")
        return self._asked(planes)

    def _asked(self, planes: np.ndarray) -> np.ndarray:
        return self._session.run(None, {"image": np.ascontiguousarray(planes, np.float32)[None]})[0][0]


def session(path: Path, device: str) -> Any:
    """The network of an ONNX file, ready to run; a `Notice` tells where it runs on the CPU though asked otherwise.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    import onnxruntime

    whose, way = "", ""
    if path.parent == MODELS:
        whose, way = " that comes with layersr", " Run: pip install --force-reinstall layersr"
    if not path.is_file():
        raise WeightsError(f"The network {path.name}{whose} is missing.{way}")
    wanted = providers(device)
    try:
        made = onnxruntime.InferenceSession(str(path), options(), providers=wanted)
    except Exception as error:  # onnxruntime has a class of its own for every kind of damage
        raise WeightsError(f"The network {path.name}{whose} cannot be loaded ({error}).{way}") from error
    if len(wanted) > 1 and made.get_providers()[0] == CPU:  # it is installed, but its driver is not
        warnings.warn(f"onnxruntime cannot use {device} here; its networks run on the CPU.", Notice, stacklevel=2)
    return made


def options() -> Any:
    """How onnxruntime runs a network here."""
    import onnxruntime

    chosen = onnxruntime.SessionOptions()
    chosen.enable_mem_pattern = False  # pictures have any size: planning for one of them holds a third more memory
    chosen.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting threads leave cores to others
    chosen.log_severity_level = 3  # errors; its warnings mean nothing to a person who exports a picture
    return chosen


def providers(device: str) -> list[Any]:
    """What onnxruntime calls a device, the CPU behind it; a `Notice` tells where it has none of that name."""
    there = available()
    wanted = there[:1] if device == "auto" else [kind for kind in there if kind == devices.kind(device)]
    if not wanted and device not in ("cpu", "auto"):
        warnings.warn(f"onnxruntime has no {device} here; its networks run on the CPU.", Notice, stacklevel=2)
    number = {"device_id": devices.number(device)} if ":" in device else {}
    return [*((PROVIDERS[kind], number) if number else PROVIDERS[kind] for kind in wanted), CPU]


def available() -> list[str]:
    """The accelerators that onnxruntime has here, best first."""
    import onnxruntime

    return [kind for kind, name in PROVIDERS.items() if name in onnxruntime.get_available_providers()]
