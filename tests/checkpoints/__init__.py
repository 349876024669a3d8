"""Tiny checkpoints of random weights, so that big models are tested by their real loading code, offline.

One file a model family, each with makers marked `@checkpoint(NAME of the weights)`: given an empty folder, a maker
writes there what `layersr.weights` would have fetched, and returns the path that the loader gets (the file, or the
folder). What loads files of one's own is given one by the maker of the backend's own name.
"""

import atexit
import importlib
import os
import pkgutil
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from layersr import backends

Maker = Callable[[Path], Path]

_makers: dict[str, Maker] = {}


def checkpoint(*names: str) -> Callable[[Maker], Maker]:
    """Mark what makes a tiny stand-in for weights of these names."""

    def mark(make: Maker) -> Maker:
        _makers.update(dict.fromkeys(names, make))
        return make

    return mark


@cache
def made(name: str) -> Path:
    """The path of the tiny stand-in for weights of this name, made once a process."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    assert name in _makers, f"no tiny checkpoint for the weights {name}: write one in tests/checkpoints"
    folder = Path(tempfile.mkdtemp(prefix="layersr-tiny-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return _makers[name](folder)


def tiny(role: str, name: str) -> str:
    """The choice that loads a backend with tiny weights, where it needs any; skips where its package is missing."""
    backend = backends.find()[role, name]
    if not wanted(backend):
        return name
    if absent := backends.missing(backend.extra):
        pytest.skip(f"needs {' and '.join(absent)}: pip install 'layersr[{backend.extra}]'")
    return f"{name}={os.pathsep.join(str(made(w)) for w in wanted(backend))}"


def wanted(backend: backends.Backend) -> list[str]:
    """What a backend needs checkpoints of, by the makers' names."""
    return [w.name for w in backend.weights] or [backend.name] * bool(backend.suffixes)
