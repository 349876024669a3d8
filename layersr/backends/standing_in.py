"""Libraries that import torchvision for things we never ask of them load without it, or beside one that is broken.

No torchvision from PyPI can be imported beside a torch without CUDA, and spandrel imports it for two functions of two
of its forty architectures.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from types import ModuleType
from typing import Any

from layersr.errors import BackendError

FUNCTIONAL = "torchvision.transforms.functional"


class _InterpolationMode(Enum):
    NEAREST = "nearest"
    BILINEAR = "bilinear"


def _refuse(*_: Any, **__: Any) -> Any:
    raise BackendError(
        "This network needs torchvision, which is missing or does not fit this torch. "
        "Run: pip install --force-reinstall torch torchvision"
    )


@contextmanager
def torchvision_stand_in() -> Iterator[None]:
    """While libraries are imported `torchvision.transforms.functional` is there, the real one or one that refuses.

    Nothing of a stand-in is left behind for others to find.
    """
    try:
        import torchvision.transforms.functional  # noqa: F401
    except Exception:  # a broken one raises what it likes
        before = _taken_out()
        stand_in = ModuleType(FUNCTIONAL)
        stand_in.rotate = stand_in.normalize = _refuse  # type: ignore[attr-defined]
        stand_in.InterpolationMode = _InterpolationMode  # type: ignore[attr-defined]
        sys.modules |= {"torchvision": ModuleType("torchvision"), "torchvision.transforms": ModuleType("transforms")}
        sys.modules[FUNCTIONAL] = stand_in
        try:
            yield
        finally:
            _taken_out()
            sys.modules.update(before)
    else:
        yield


def _taken_out() -> dict[str, ModuleType | None]:
    names = [name for name in sys.modules if name.split(".")[0] == "torchvision"]
    return {name: sys.modules.pop(name) for name in names}
