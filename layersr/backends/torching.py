"""Running a torch model: on which device, at which precision, and what happens when memory does not suffice."""

import gc
import sys
import warnings
from collections.abc import Callable
from typing import Any

from layersr import devices
from layersr.errors import BackendError, Notice
from layersr.tiling import out_of_memory

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
        self.module = module.eval().requires_grad_(False)
        self._half, self._smallest = half, smallest
        try:
            self.module = self.module.to(self.device)
            return
        except RuntimeError as error:
            if self.device.type == "cpu" or not out_of_memory(error):
                raise
        self._go_to_cpu()

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
            pictures = [getattr(value, "shape", ()) for value in (*inputs, *named.values())]
            side = max((n for shape in pictures if len(shape) > 2 for n in shape[-2:]), default=0)
            if self.device.type == "cpu" or not out_of_memory(error) or side > self._smallest > 0:
                raise
        self._go_to_cpu()  # only here, where the error no longer holds what did not fit
        return self._asked(question, inputs, named)

    def _go_to_cpu(self) -> None:
        import torch

        was, self.device = self.device, torch.device("cpu")
        self.module = self.module.to(self.device)
        give_back()
        warnings.warn(f"The memory of {was} does not suffice; going on, slower, on the CPU.", Notice, stacklevel=3)

    def _asked(self, question: Callable[..., Any], inputs: tuple, named: dict[str, Any]) -> Any:
        import torch

        def there(value: Any) -> Any:
            return value.to(self.device) if isinstance(value, torch.Tensor) else value

        half = self._half and self.device.type != "cpu"
        with torch.inference_mode(), torch.autocast(self.device.type, torch.float16, enabled=half):
            return question(self.module, *map(there, inputs), **{name: there(v) for name, v in named.items()})


def available() -> list[str]:
    """The accelerators that torch has here, best first."""
    import torch

    places = {kind: torch.backends.mps if kind == "mps" else getattr(torch, kind, None) for kind in CHOSEN}
    return [kind for kind, place in places.items() if place is not None and place.is_available()]


def torch_device(name: str) -> Any:
    """The torch device of a name; "auto" is the best there is. One that only onnxruntime knows is torch's CPU.

    Raises:
        BackendError: this machine has none of that name.
    """
    import torch

    kind = devices.kind(name)
    if kind in ("cpu", "directml", "coreml"):
        if kind != "cpu":
            warnings.warn(f"torch has no {name}; its models run on the CPU.", Notice, stacklevel=2)
        return torch.device("cpu")
    there = available()
    if name == "auto":
        return torch.device(there[0] if there else "cpu")
    count = getattr(torch, kind).device_count() if kind in there and kind != "mps" else 1
    if kind not in there or devices.number(name) >= count:
        raise BackendError(
            f"There is no device {name!r} for torch here; there is {', '.join(['cpu', *there])}, or auto."
        )
    return torch.device(name)


def free_memory(device: Any) -> int:
    """Bytes that are free where a torch device computes."""
    import torch

    if device.type in ("cuda", "xpu"):
        return getattr(torch, device.type).mem_get_info(device)[0]
    import psutil

    return psutil.virtual_memory().available  # the CPU's, which Apple's GPUs share


def give_back() -> None:
    """Hand memory that no model uses any more back to the accelerator, where torch was used at all."""
    torch = sys.modules.get("torch")
    if torch is None:
        return
    gc.collect()  # modules and their hooks refer to each other
    for kind in available():
        getattr(torch, kind).empty_cache()


def without_broken_torchvision() -> None:
    """Beside a torch of another build torchvision cannot be imported, and Transformers with it; it does without."""
    try:
        import torchvision  # noqa: F401
    except Exception:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        sys.modules["torchvision"] = None  # type: ignore[assignment]
