"""What a recipe's choices need of this machine: backends for presets, packages, weights, devices.

Nothing is fetched or loaded here.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import partial

from layersr import backends, devices, presets
from layersr import weights as kept
from layersr.backends import Backend
from layersr.errors import BackendError, Notice, UsageError
from layersr.recipe import Recipe
from layersr.roles import ROLES
from layersr.weights import Weights

CHOSEN = tuple(f.name for f in fields(Recipe) if f.name in ROLES)
"""The roles for which a recipe chooses a backend."""

ENLARGING = ("upscale", "alpha")
"""Those that only enlarging needs."""


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
    return replace(recipe, **{role: taken(role, preset, recipe.device) for role, preset in asked.items()})


def taken(role: str, preset: str, device: str = "cpu") -> str:
    """The backend that a preset takes for a role here.

    Raises:
        UsageError: it has none for that role.
    """
    if role not in presets.PRESETS[preset]:
        raise UsageError(f"The preset {preset} has nothing for --{role}; name a backend.")
    names = presets.candidates(preset, role, partial(accelerated, device))
    name = presets.chosen(names, lambda name: usable(role, name, here=preset != "best"))
    better = [backends.find()[role, other] for other in names[: names.index(name)]] if preset == "best" else []
    for backend in [b for b in better if backends.missing(b.extra)][:1]:
        what = f"{' and '.join(backends.missing(backend.extra))}: pip install 'layersr[{backend.extra}]'"
        text = f"For {role}, {backend.name} would be better than {name}; it needs {what}"
        warnings.warn(text, Notice, stacklevel=3)
    return name


def usable(role: str, name: str, here: bool = True) -> bool:
    """Whether a backend can be used as this machine is.

    Args:
        role: a key of `roles.ROLES`.
        name: of the backend.
        here: its weights must be here; otherwise it is enough that they may be fetched.
    """
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
    larger = recipe.scale > 1 or bool(recipe.size or recipe.dpi)
    for role in roles:
        name = getattr(recipe, role)
        if name == "none" or (role == "understand" and not recipe.texts) or (role in ENLARGING and not larger):
            continue
        yield role, name


def check(recipe: Recipe, roles: tuple[str, ...] = CHOSEN) -> None:
    """Find out before the work whether all that a recipe chooses is there, but for weights.

    Raises:
        BackendError: a name is unknown, or a package is missing (the message says what to install).
        WeightsError: a file that a choice names does not exist.
    """
    for role in roles:
        if (role, getattr(recipe, role)) != ("detect", "none"):
            backends.choose(role, getattr(recipe, role))
    for role, name in chosen(recipe, roles):
        backends.check(backends.choose(role, name)[0])


def weights_of(recipe: Recipe, roles: tuple[str, ...] = CHOSEN) -> list[Weights]:
    """The weights that a recipe's backends load, once each; not those whose files the recipe names itself."""
    backs: list[tuple[Backend, tuple]] = [backends.choose(role, name) for role, name in chosen(recipe, roles)]
    return list({w.name: w for backend, own in backs if not own for w in backend.weights}.values())
