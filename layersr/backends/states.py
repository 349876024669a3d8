"""Reading the weights of torch models from files, without running anything that a file says.

`.safetensors`; what `torch.save` writes (`.pth`, `.ckpt`, `.pt`), by torch's own restricted unpickler; and TorchScript
archives, which are programs with weights: of those the weights alone are read.
"""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from layersr.errors import WeightsError, first_line

Tensor = Any

STORAGES = {
    "FloatStorage": np.float32,
    "HalfStorage": np.float16,
    "DoubleStorage": np.float64,
    "LongStorage": np.int64,
    "IntStorage": np.int32,
    "BoolStorage": np.bool_,
}
"""What a storage of a TorchScript archive holds."""


def state(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by name, on the CPU.

    Raises:
        WeightsError: the file is damaged, holds something else, or something that only running it would tell.
    """
    import torch

    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        if zipfile.is_zipfile(path) and (scripted := _of_script(path)) is not None:
            return scripted
        found = torch.load(path, map_location="cpu", weights_only=True)
    except ImportError:
        raise
    except Exception as error:  # every kind of damage has a class of its own
        raise WeightsError(f"{path} cannot be loaded as weights ({first_line(error)}).") from error
    for name in ("state_dict", "params_ema", "params", "model"):
        if isinstance(found, dict) and isinstance(found.get(name), dict):
            found = found[name]
    tensors = {k: v for k, v in found.items() if isinstance(v, torch.Tensor)} if isinstance(found, dict) else {}
    if not tensors:
        raise WeightsError(f"{path} holds no weights.")
    return tensors


def _of_script(path: Path) -> dict[str, Tensor] | None:
    """The tensors of a TorchScript archive by their place in its modules; None if the file is none."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        top = names[0].split("/")[0]
        if f"{top}/constants.pkl" not in names:
            return None
        with archive.open(f"{top}/data.pkl") as stream:
            root = _Unpickler(stream, archive, top).load()
    found: dict[str, Tensor] = {}

    def gather(module: _Module, place: str) -> None:
        for name, value in vars(module).items():
            if isinstance(value, _Module):
                gather(value, f"{place}{name}.")
            elif hasattr(value, "shape"):
                found[place + name] = value

    gather(root, "")
    return found


class _Module:
    """A module of an archive: its attributes, and nothing of what it does."""


class _Unpickler(pickle.Unpickler):
    """Makes modules, tensors and plain values; nothing else that a pickle may name."""

    def __init__(self, stream: Any, archive: zipfile.ZipFile, top: str) -> None:
        super().__init__(stream)
        self._archive, self._top = archive, top

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith("__torch__"):
            return _Module
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if (module, name) == ("collections", "OrderedDict"):
            return dict
        if module == "torch.jit._pickle":
            return _first
        raise pickle.UnpicklingError(f"it names {module}.{name}")

    def persistent_load(self, told: Any) -> np.ndarray:
        _, kind, key, *_ = told
        return np.frombuffer(self._archive.read(f"{self._top}/data/{key}"), kind)


def _tensor(storage: np.ndarray, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> Tensor:
    import torch

    return torch.as_strided(torch.from_numpy(storage.copy()), size, stride, offset)


def _first(value: Any, *_: Any) -> Any:
    """Lists and dictionaries come with the type of what is in them."""
    return value
