"""Before the work: presets become backends, packages and devices are checked, and missing weights are fetched."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from layersr.cli import show
from layersr.devices import DEVICES
from layersr.presets import PRESETS, choices

if TYPE_CHECKING:
    from layersr.recipe import Recipe
    from layersr.weights import Weights


def equipped(command: Callable) -> Callable:
    """Add the options of every command that chooses models."""
    for option in (
        click.option("--accept-licence", is_flag=True, help="Accept licences that do not allow commercial use."),
        click.option(
            "--trust-remote-code",
            is_flag=True,
            expose_value=False,
            callback=_trust,
            help="Run Python code that came with weights (layerd's); LAYERSR_TRUST_REMOTE_CODE=1 says the same.",
        ),
        click.option("--offline", is_flag=True, help="Never touch the network; LAYERSR_OFFLINE=1 says the same."),
        click.option("--device", metavar="NAME", help=f"Where models run: {', '.join(DEVICES)} [cpu]."),
        click.option("--preset", type=click.Choice(list(PRESETS)), help="Choose all models at once."),
    ):
        command = option(command)
    return command


def _trust(_: click.Context, __: click.Parameter, given: bool) -> None:
    from layersr.weights.trust import trust_remote_code

    if given:
        trust_remote_code()


def preset_choices(
    preset: str | None, recipe: "Recipe | None" = None, roles: tuple[str, ...] | None = None
) -> dict[str, str]:
    """What a preset says of a recipe's roles; a recipe that searches for nothing still does not."""
    said = choices(preset) if preset else {}
    if recipe is not None and recipe.detect == "none":
        said.pop("detect", None)
    return said if roles is None else {role: name for role, name in said.items() if role in roles}


def recipe_for(roles: tuple[str, ...], preset: str | None, **given: Any) -> "Recipe":
    """The recipe of a command that uses some roles: what its options say (None is not said), else its preset."""
    from layersr.recipe import Recipe

    said = {name: value for name, value in given.items() if value is not None}
    return Recipe(**{**preset_choices(preset, roles=roles), **said})


def equip(
    recipe: "Recipe", offline: bool, accept: bool, as_json: bool, roles: tuple[str, ...] | None = None
) -> "Recipe":
    """The recipe with backends in place of presets, when all it needs is here: what is missing is fetched.

    Args:
        recipe: every choice.
        offline: the network is forbidden.
        accept: licences that do not allow commercial use are accepted.
        as_json: see `show.Display`.
        roles: those that the command uses; all of the recipe's where None.

    Raises:
        BackendError: a backend, package or device is missing.
        WeightsError: weights are missing and may not or cannot be fetched, or files are damaged.
        OutputError: weights cannot be kept.
    """
    from layersr import needs

    roles = needs.CHOSEN if roles is None else roles
    recipe = needs.resolved(recipe)
    needs.check(recipe, roles)
    fetch(needs.weights_of(recipe, roles), offline, accept, as_json)
    return recipe


def fetch(wanted: "Sequence[Weights]", offline: bool, accept: bool, as_json: bool) -> None:
    """Fetch what of some weights is not here, saying first what comes from where, how much, and under which licence.

    Raises:
        WeightsError: see `equip`.
        OutputError: likewise.
    """
    from layersr import weights as kept
    from layersr.errors import WeightsError
    from layersr.weights import fetching

    for one in wanted:
        if not accept and not kept.accepted(one):
            raise WeightsError(kept.way_to_accept(one))
    missing = [one for one in wanted if not fetching.whole(one)]
    for one in missing if not (offline or kept.offline()) else ():
        _announce(one, as_json)
    for one in wanted:
        with show.Display(as_json, one.name) as display:
            fetching.fetch(one, display if one in missing else _quiet, accept=accept, offline=offline)


def _quiet(event: Any) -> None:
    """Nothing is fetched, so there is nothing to show."""


def _announce(one: "Weights", as_json: bool) -> None:
    from layersr import weights as kept

    if as_json:
        show.event("fetch", name=one.name, url=one.url, size=one.size, licence=one.licence, into=str(kept.folder(one)))
        return
    much = kept.megabytes(one.size) if one.size else "size not known"
    terms = one.licence if one.commercial else f"{one.licence}: no commercial use"
    click.echo(f"fetching {one.name}, {much}, from {one.url} ({terms})", err=True)
