"""Finding and loading models: drop one file into this folder (or name an entry point) and its backends are there.

A backend is a loader `device -> model`, or `device, path, ... -> model` where it has weights, marked with
`@backend(role, name, ...)`. Modules are found by `pkgutil` over this package and by entry points in the group
`layersr.backends`; they must import nothing heavy at module level.
"""

import importlib
import importlib.util
import os
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from layersr import weights as files
from layersr.errors import BackendError, WeightsError
from layersr.roles import ROLES

Loader = Callable[..., Any]

EXTRAS: dict[str, tuple[str, ...]] = {
    "transformers": ("torch", "transformers"),
    "rembg": ("rembg",),
    "matting": ("pymatting",),
    "torch": ("torch", "safetensors"),
    "lama": ("torch", "simple_lama_inpainting"),
    "spandrel": ("torch", "spandrel"),
    "diffusers": ("torch", "diffusers", "transformers", "accelerate"),
}
"""What an extra of ours brings, as modules to import."""


@dataclass(frozen=True)
class Backend:
    """A model somebody can choose by name, described as data.

    Attributes:
        role: a key of `roles.ROLES`.
        name: how it is chosen (`--infill NAME`).
        load: device name, and the local path of each of `weights` -> a callable that keeps the role's Protocol. Heavy
            imports happen in here.
        summary: what it is good at, one line.
        source: the paper or project it comes from.
        licence: of code and weights.
        extra: what `pip install 'layersr[EXTRA]'` must have brought, or "" for the core.
        weights: the files it needs besides.
        suffixes: kinds of files it loads when one is named instead of a backend (".pth").
        seeded: whether it asks chance; its loader then takes `seed`, and the same seed gives the same again.
    """

    role: str
    name: str
    load: Loader
    summary: str = ""
    source: str = ""
    licence: str = ""
    extra: str = ""
    weights: tuple[files.Weights, ...] = ()
    suffixes: tuple[str, ...] = ()
    seeded: bool = False


def backend(
    role: str,
    name: str,
    *,
    summary: str,
    source: str = "",
    licence: str = "Apache-2.0",
    extra: str = "",
    weights: tuple[files.Weights, ...] = (),
    suffixes: tuple[str, ...] = (),
    seeded: bool = False,
) -> Callable[[Loader], Loader]:
    """Mark a loader as a backend of a role; see `Backend` for the arguments."""
    if role not in ROLES:
        raise ValueError(f"no role {role!r}; roles are {', '.join(ROLES)}")

    def mark(load: Loader) -> Loader:
        load.__backend__ = Backend(role, name, load, summary, source, licence, extra, weights, suffixes, seeded)  # type: ignore[attr-defined]
        return load

    return mark


def _modules() -> Iterator[ModuleType]:
    for module in pkgutil.iter_modules(__path__):
        yield importlib.import_module(f"{__name__}.{module.name}")
    for entry in entry_points(group="layersr.backends"):
        yield entry.load()


@cache
def find() -> dict[tuple[str, str], Backend]:
    """Every backend by (role, name), in a stable order."""
    marked = [
        b for module in _modules() for value in vars(module).values() if (b := getattr(value, "__backend__", None))
    ]
    return {(b.role, b.name): b for b in sorted(marked, key=lambda b: (b.role, b.name))}


def missing(extra: str) -> list[str]:
    """Modules that an extra brings and that are not installed; nothing is imported."""
    return [name for name in EXTRAS.get(extra, ()) if importlib.util.find_spec(name) is None]


def check(backend: Backend) -> None:
    """Refuse a backend whose packages are not installed.

    Raises:
        BackendError: just so; the message says what to install.
    """
    if absent := missing(backend.extra):
        way = f"Run: pip install 'layersr[{backend.extra}]'"
        raise BackendError(f"The {backend.role} backend {backend.name!r} needs {' and '.join(absent)}. {way}")


def choose(role: str, choice: str) -> tuple[Backend, tuple[Path, ...]]:
    """The backend that a choice names, and the paths of its weights where the choice names them.

    A choice is a backend's name; or `NAME=PATH`, with files of your own in place of the backend's weights (several
    between colons, semicolons on Windows); or a file of a kind that some backend of the role loads.

    Raises:
        BackendError: there is none of that name.
        WeightsError: a file that the choice names does not exist.
    """
    name, named, places = choice.partition("=")
    paths = tuple(Path(place) for place in places.split(os.pathsep)) if named else ()
    of_role = [b for b in find().values() if b.role == role]
    if not named and Path(choice).suffix.lower() in {s for b in of_role for s in b.suffixes}:
        name = next(b.name for b in of_role if Path(choice).suffix.lower() in b.suffixes)
        paths = (Path(choice),)
    found = find().get((role, name))
    if found is None:
        names = ", ".join(b.name for b in of_role) or "none"
        raise BackendError(f"There is no {role} backend named {name!r}. Choose one of: {names}.")
    if found.suffixes and not found.weights and not paths:
        kinds = f"{', '.join(found.suffixes[:-1])} or {found.suffixes[-1]}".removeprefix(" or ")
        raise BackendError(f"The {role} backend {name!r} loads a file: name that, --{role} PATH ({kinds}).")
    if paths and len(paths) != max(len(found.weights), len(found.suffixes) > 0):
        raise BackendError(f"The {role} backend {name!r} takes {len(found.weights)} files, not {len(paths)}.")
    for path in paths:
        if not path.exists():
            raise WeightsError(f"There is no file {path}, which {choice!r} names for its weights.")
    return found, paths


_kept: dict[tuple[str, str, str, int], Any] | None = None


def keep_loaded() -> None:
    """From now on models stay in memory between calls, for a process that does job after job."""
    global _kept
    _kept = {} if _kept is None else _kept


def load(role: str, choice: str, device: str = "cpu", seed: int = 0) -> Any:
    """The model of a role, ready to call. Nothing is fetched.

    Args:
        role: one of `roles.ROLES`.
        choice: as for `choose`.
        device: where it runs.
        seed: where chance begins, for those that ask chance.

    Raises:
        BackendError: there is none of that name, or the package it needs is missing (the message says what to install).
        WeightsError: its weights are not here, or damaged (the message says how to get them).
    """
    if _kept is not None:
        if (role, choice, device, seed) not in _kept:
            _kept[role, choice, device, seed] = _load(role, choice, device, seed)
        return _kept[role, choice, device, seed]
    return _load(role, choice, device, seed)


def _load(role: str, choice: str, device: str, seed: int) -> Any:
    found, paths = choose(role, choice)
    check(found)
    try:
        chance = {"seed": seed} if found.seeded else {}
        return found.load(device, *(paths or map(files.path, found.weights)), **chance)
    except ImportError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # Ctrl-C while compiled code was being loaded
            raise error.__cause__ from None
        way = f"pip install 'layersr[{found.extra}]'" if found.extra else "pip install --force-reinstall layersr"
        raise BackendError(
            f"The {role} backend {found.name!r} needs a package that is missing ({error}). Run: {way}"
        ) from error
