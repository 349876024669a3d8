"""Running a torch model: on which device, at which precision, and what happens when memory does not suffice."""

import sys
import warnings
from collections.abc import Callable
from typing import Any

from layersr.errors import BackendError, Notice

CHOSEN = ("cuda", "xpu", "mps")
"""Accelerators in the order in which `auto` takes them; the CPU is last."""


class TorchModel:
    """A torch module ready to be asked: in evaluation mode, without gradients, on a device.

    Where memory does not suffice on an accelerator, the question is asked again on the CPU, where the model stays from
    then on, and a `Notice` says so. A model that is asked in tiles gives smaller tiles the first try.

    Args:
        module: a torch.nn.Module.
        device: "cpu", "cuda", "cuda:1", "mps", "xpu", or "auto".
        half: the model may compute in half precision, which accelerators are asked to do.
        smallest: for a model that is asked in tiles: inputs with a larger side than this, in pixels, raise when memory
            does not suffice, so that the caller halves the tile. 0: none does.
    """

    def __init__(self, module: Any, device: str, half: bool = False, smallest: int = 0) -> None:
        self.device = torch_device(device)
        self.module = module.eval().requires_grad_(False).to(self.device)
        self._half, self._smallest = half, smallest

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        """What the module says; tensors among the arguments are brought to its device first."""
        return self.ask(lambda module, *i, **n: module(*i, **n), *inputs, **named)

    def ask(self, question: Callable[..., Any], *inputs: Any, **named: Any) -> Any:
        """`question(module, *inputs, **named)`, without gradients.

        Raises:
            torch.OutOfMemoryError: see the class.
        """
        try:
            return self._asked(question, inputs, named)
        except RuntimeError as error:  # torch.OutOfMemoryError is one; mps and xpu raise plain ones
            side = max((s for i in inputs for s in getattr(i, "shape", ())[-2:]), default=0)
            if self.device.type == "cpu" or "out of memory" not in str(error).lower():
                raise
            if self._smallest and side > self._smallest:
                raise
        import torch

        was, self.device = self.device, torch.device("cpu")
        self.module = self.module.to(self.device)
        warnings.warn(f"The memory of {was} does not suffice; going on, slower, on the CPU.", Notice, stacklevel=2)
        return self._asked(question, inputs, named)

    def _asked(self, question: Callable[..., Any], inputs: tuple, named: dict[str, Any]) -> Any:
        import torch

        def there(value: Any) -> Any:
            return value.to(self.device) if isinstance(value, torch.Tensor) else value

        half = self._half and self.device.type != "cpu"
        with torch.inference_mode(), torch.autocast(self.device.type, torch.float16, enabled=half):
            return question(self.module, *map(there, inputs), **{name: there(v) for name, v in named.items()})


def torch_device(name: str) -> Any:
    """The torch device of a name; "auto" is the best there is.

    Raises:
        BackendError: this machine has none of that name.
    """
    import torch

    def has(kind: str) -> bool:
        place = getattr(torch, kind, None) if kind != "mps" else torch.backends.mps
        return bool(place and place.is_available())

    if name == "auto":
        return torch.device(next((kind for kind in CHOSEN if has(kind)), "cpu"))
    if name.split(":")[0] not in ("cpu", *CHOSEN) or (name != "cpu" and not has(name.split(":")[0])):
        there = ["cpu", *(kind for kind in CHOSEN if has(kind))]
        raise BackendError(f"There is no device {name!r} for torch here; there is {', '.join(there)}, or auto.")
    return torch.device(name)


def free_memory(device: Any) -> int:
    """Bytes that are free where a torch device computes."""
    import torch

    if device.type in ("cuda", "xpu"):
        return getattr(torch, device.type).mem_get_info(device)[0]
    import psutil

    return psutil.virtual_memory().available  # the CPU's, which Apple's GPUs share


def without_broken_torchvision() -> None:
    """Beside a torch of another build torchvision cannot be imported, and Transformers with it; it does without."""
    try:
        import torchvision  # noqa: F401
    except Exception:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        sys.modules["torchvision"] = None  # type: ignore[assignment]
