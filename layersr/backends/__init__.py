"""Finding and loading models: drop one file into this folder (or name an entry point) and its backends are there.

A backend is a loader `device -> model` marked with `@backend(role, name, ...)`. Modules are found by `pkgutil` over
this package and by entry points in the group `layersr.backends`; they must import nothing heavy at module level.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

from layersr.errors import BackendError
from layersr.roles import ROLES

Loader = Callable[[str], Any]


@dataclass(frozen=True)
class Backend:
    """A model somebody can choose by name, described as data.

    Attributes:
        role: a key of `roles.ROLES`.
        name: how it is chosen (`--infill NAME`).
        load: device name -> a callable that keeps the role's Protocol. Heavy imports happen in here.
        summary: what it is good at, one line.
        source: the paper or project it comes from.
        licence: of code and weights.
        extra: what `pip install 'layersr[EXTRA]'` must have brought, or "" for the core.
    """

    role: str
    name: str
    load: Loader
    summary: str = ""
    source: str = ""
    licence: str = ""
    extra: str = ""


def backend(
    role: str, name: str, *, summary: str, source: str = "", licence: str = "Apache-2.0", extra: str = ""
) -> Callable[[Loader], Loader]:
    """Mark a loader as a backend of a role; see `Backend` for the arguments."""
    if role not in ROLES:
        raise ValueError(f"no role {role!r}; roles are {', '.join(ROLES)}")

    def mark(load: Loader) -> Loader:
        load.__backend__ = Backend(role, name, load, summary, source, licence, extra)  # type: ignore[attr-defined]
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


def load(role: str, name: str, device: str = "cpu") -> Any:
    """The model of a role by name, ready to call.

    Raises:
        BackendError: there is none of that name, or the package it needs is missing (the message says what to install).
    """
    found = find().get((role, name))
    if found is None:
        names = ", ".join(n for r, n in find() if r == role) or "none"
        raise BackendError(f"There is no {role} backend named {name!r}. Choose one of: {names}.")
    try:
        return found.load(device)
    except ImportError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # Ctrl-C while compiled code was being loaded
            raise error.__cause__ from None
        way = f"pip install 'layersr[{found.extra}]'" if found.extra else "pip install --force-reinstall layersr"
        raise BackendError(
            f"The {role} backend {name!r} needs a package that is missing ({error}). Run: {way}"
        ) from error
