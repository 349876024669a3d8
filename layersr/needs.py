"""What a recipe's choices need of this machine: backends for presets, packages, weights, devices.

Nothing is fetched or loaded here.
"""

import inspect
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from layersr import backends, devices, presets
from layersr import weights as kept
from layersr.backends import Backend
from layersr.errors import BackendError, Notice, UsageError
from layersr.recipe import PEELING, Recipe
from layersr.roles import ROLES
from layersr.weights import Weights, records

CHOSEN = tuple(f.name for f in fields(Recipe) if f.name in ROLES)
"""The roles for which a recipe chooses a backend."""

ENLARGING = ("upscale", "alpha")
"""Those that only enlarging needs."""

FINDING = ("detect", "understand")
"""Those that only peeling needs."""

WAYS = {("detect", "none"), ("depth", "none"), ("decompose", PEELING)}
"""(Role, choice) that is no backend."""


@dataclass(frozen=True)
class Known:
    """Weights that some backends use.

    Attributes:
        weights: which.
        users: role and name of each backend that loads them.
    """

    weights: Weights
    users: tuple[tuple[str, str], ...]


def known() -> dict[str, Known]:
    """All weights that backends declare, by name."""
    found: dict[str, Known] = {}
    for key, backend in backends.find().items():
        for one in backend.weights:
            users = found[one.name].users if one.name in found else ()
            found[one.name] = Known(one, (*users, key))
    return dict(sorted(found.items()))


def named(name: str) -> list[Weights]:
    """The weights of a name, or those of the backends so named.

    Raises:
        UsageError: there are none.
    """
    if name in (all_known := known()):
        return [all_known[name].weights]
    of_backends = [w for (_, called), backend in backends.find().items() if called == name for w in backend.weights]
    if not of_backends:
        raise UsageError(f"There are no weights named {name!r}; layersr models list shows those there are.")
    return list({w.name: w for w in of_backends}.values())


def resolved(recipe: Recipe) -> Recipe:
    """The recipe with backends in place of presets, for a device that is there.

    A `Notice` tells which package would bring a better backend than the `best` that is installed.

    Raises:
        UsageError: it names a preset for a role that has none.
        BackendError: the device is not there.
    """
    _check_device(recipe.device)
    asked = {role: name for role in CHOSEN if (name := getattr(recipe, role)) in presets.PRESETS}
    named = replace(recipe, **{role: taken(role, preset, recipe.device) for role, preset in asked.items()})
    for role, name in chosen(named):
        if asked.get(role) == "best" and (hint := better(role, name, recipe.device)):
            warnings.warn(hint, Notice, stacklevel=2)
    return named


def taken(role: str, preset: str, device: str = "cpu") -> str:
    """The backend that a preset takes for a role here.

    Raises:
        UsageError: it has none for that role.
    """
    if role not in presets.PRESETS[preset]:
        raise UsageError(f"The preset {preset} has nothing for --{role}; name a backend.")
    names = presets.candidates(preset, role, partial(accelerated, device))
    return presets.chosen(names, lambda name: usable(role, name, here=preset != "best"))


def better(role: str, name: str, device: str = "cpu") -> str:
    """A sentence on the package that would bring a better backend than the one that `best` takes here, or ""."""
    names = presets.candidates("best", role, partial(accelerated, device))
    for backend in (backends.find()[role, other] for other in names[: names.index(name)]):
        if absent := backends.missing(backend.extra):
            command = f"pip install 'layersr[{backend.extra}]'"
            return f"For {role}, {backend.name} would be better than {name}; it needs {' and '.join(absent)}: {command}"
    return ""


def usable(role: str, name: str, here: bool = True) -> bool:
    """Whether a backend can be used as this machine is.

    Args:
        role: a key of `roles.ROLES`.
        name: of the backend.
        here: its weights must be here; otherwise it is enough that they may be fetched.
    """
    if (role, name) in WAYS:
        return True
    found = backends.find().get((role, name))
    if found is None or backends.missing(found.extra):
        return False
    return all(kept.accepted(w) and (not here or kept.find(w) is not None) for w in found.weights)


def accelerated(device: str) -> bool:
    """Whether torch's models run on more than the CPU."""
    if device != "auto":
        return device != "cpu"
    if backends.missing("torch"):
        return False
    from layersr.backends import torching

    return bool(torching.available())


def _check_device(device: str) -> None:
    """A device is refused only where neither onnxruntime nor torch has it; whichever lacks it uses the CPU."""
    devices.check(device)
    if device in ("cpu", "auto"):
        return
    from layersr.backends import networks, torching

    there = networks.available()
    if devices.kind(device) not in there and not backends.missing("torch"):
        there = [*torching.available(), *there]
    if devices.kind(device) not in there:
        names = ", ".join(["cpu", *there])
        raise BackendError(f"There is no device {device!r} here; there is {names}. layersr doctor shows why.")


def chosen(recipe: Recipe, roles: tuple[str, ...] = CHOSEN) -> Iterator[tuple[str, str]]:
    """Role and choice of everything a recipe is going to use, of these roles."""
    unused = {"understand"} if not recipe.texts else set()
    if recipe.scale == 1 and not (recipe.size or recipe.dpi):
        unused |= set(ENLARGING)
    if recipe.decompose != PEELING:
        unused |= set(FINDING) | (set() if "depth" in recipe.keep else {"depth"})
    for role in roles:
        choice = (role, getattr(recipe, role))
        if choice not in WAYS and role not in unused:
            yield choice


def check(recipe: Recipe, roles: tuple[str, ...] = CHOSEN) -> None:
    """Find out before the work whether all that a recipe chooses is there, but for weights.

    Raises:
        BackendError: a name is unknown, or a package is missing (the message says what to install).
        WeightsError: a file that a choice names does not exist.
    """
    for choice in ((role, getattr(recipe, role)) for role in roles):
        if choice not in WAYS:
            backends.choose(*choice)
    for role, name in chosen(recipe, roles):
        backends.check(backends.choose(role, name)[0])


def identity(role: str, choice: str, device: str = "cpu") -> dict[str, Any]:
    """What a model's answers depend on besides the question: backend, device, and its files by their SHA-256; JSON.

    The networks and the code that come with layersr are not among them.

    Args:
        role: a key of `roles.ROLES`.
        choice: as for `backends.choose`.
        device: where it runs.

    Raises:
        BackendError: there is no such backend.
        WeightsError: a file that the choice names does not exist.
    """
    backend, own = backends.choose(role, choice)
    files = {name: sha for w in backend.weights for name, sha in kept.hashes(w).items()} if not own else {}
    for path in own:
        inside = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
        files |= {str(file): _sha256(file, *_stamp(file)) for file in inside}
    home = inspect.getsourcefile(backend.load)
    if home and not backend.load.__module__.startswith("layersr."):
        files[backend.load.__module__] = _sha256(Path(home), *_stamp(Path(home)))
    return {"backend": backend.name, "device": device, "files": files}


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


@cache
def _sha256(path: Path, size: int, time: int) -> str:
    """Of a file that has this size and was changed then; large ones are hashed once."""
    return records.sha256_of(path)


def weights_of(recipe: Recipe, roles: tuple[str, ...] = CHOSEN) -> list[Weights]:
    """The weights that a recipe's backends load, once each; not those whose files the recipe names itself."""
    backs: list[tuple[Backend, tuple]] = [backends.choose(role, name) for role, name in chosen(recipe, roles)]
    return list({w.name: w for backend, own in backs if not own for w in backend.weights}.values())
