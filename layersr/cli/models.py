"""`layersr models`: the files of other models, which do not come with layersr."""

import json
from typing import TYPE_CHECKING, Any

import click

from layersr.cli import equipping, show
from layersr.presets import PRESETS

if TYPE_CHECKING:
    from layersr.needs import Known
    from layersr.weights import Weights


@click.group()
def models() -> None:
    """The files of other models: which there are, where they lie, fetch, check, remove them.

    \b
    layersr models list               which there are, and which are here
    layersr models fetch NAME         fetch what is not here; goes on where it was interrupted
    layersr models path NAME          where a model's file or folder lies
    layersr models verify             hash all that are here again
    layersr models remove NAME        free the disk

    They are kept in $LAYERSR_HOME, else in the platform's cache folder. What rembg, torch hub and Hugging Face keep
    already is used where it lies. LAYERSR_OFFLINE=1 forbids the network.
    """  # noqa: D301  # click wants the backspace itself


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def list_(as_json: bool) -> None:
    """Show all models that have files, and which are here."""
    from layersr import needs
    from layersr import weights as kept

    rows = [describe(known) for known in needs.known().values()]
    if as_json:
        click.echo(json.dumps({"home": str(kept.home()), "models": rows}))
        return
    lines = [["name", "for", "size", "licence", "here"]]
    for row in rows:
        users = " ".join(f"{role}:{name}" for role, name in row["backends"])
        terms = row["licence"] + ("" if row["commercial"] else ", no commercial use")
        lines.append(
            [row["name"], users, kept.megabytes(row["size"]) if row["size"] else "?", terms, row["path"] or "-"]
        )
    for line in show.table(lines, right=frozenset({2})):
        click.echo(line)


def describe(known: "Known") -> dict[str, Any]:
    """One model as JSON values; nothing is hashed."""
    from layersr import weights as kept

    one, place = known.weights, kept.find(known.weights)
    return {
        "name": one.name,
        "backends": [list(user) for user in known.users],
        "size": one.size,
        "licence": one.licence,
        "commercial": one.commercial,
        "accepted": kept.accepted(one),
        "source": one.source,
        "url": one.url,
        "path": str(place.path) if place else None,
        "own": place.own if place else None,
    }


@models.command()
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--preset", type=click.Choice(list(PRESETS)), help="All that a preset takes.")
@click.option("--accept-licence", is_flag=True, help="Accept licences that do not allow commercial use.")
@click.option("--offline", is_flag=True, help="Only look whether they are here.")
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines on stdout.")
def fetch(names: tuple[str, ...], preset: str | None, accept_licence: bool, offline: bool, as_json: bool) -> None:
    """Fetch models by name, theirs or a backend's; what is here and whole is not fetched again."""
    from layersr import weights as kept

    with show.notices(as_json):
        wanted = _wanted(names, preset)
        if not wanted and not preset:
            raise click.UsageError("Name what to fetch, or a --preset; layersr models list shows what there is.")
        equipping.fetch(wanted, offline, accept_licence, as_json)
    for one in wanted:
        place = kept.path(one)
        if as_json:
            show.event("done", name=one.name, path=str(place))
        else:
            click.echo(f"{one.name}: {place}", err=True)
    if not wanted:
        click.echo(f"the preset {preset} needs no files here", err=True)


def _wanted(names: tuple[str, ...], preset: str | None) -> "list[Weights]":
    from layersr import needs
    from layersr.presets import choices
    from layersr.recipe import Recipe

    wanted = [one for name in names for one in needs.named(name)]
    if preset:
        recipe = needs.resolved(Recipe(**choices(preset), texts=("anything",)))
        wanted += needs.weights_of(recipe, tuple(choices(preset)))
    return list({one.name: one for one in wanted}.values())


@models.command()
@click.argument("name")
def path(name: str) -> None:
    """Print where a model's file or folder lies, when it is whole."""
    from layersr import needs
    from layersr import weights as kept

    for one in needs.named(name):
        click.echo(kept.path(one))


@models.command()
@click.argument("names", nargs=-1, metavar="[NAME...]")
def verify(names: tuple[str, ...]) -> None:
    """Hash the files of models that are here, all of them where none is named; damage is exit code 6."""
    from layersr import needs
    from layersr import weights as kept
    from layersr.errors import WeightsError

    every = [known.weights for known in needs.known().values()]
    bad = []
    for one in [one for name in names for one in needs.named(name)] or every:
        place = kept.find(one)
        if place is None:
            if names:
                raise WeightsError(kept.way_to_get(one))
            continue
        wrong = kept.damaged(one, place, again=True)
        bad += [str(place.files[file.path]) for file in wrong]
        click.echo(f"{one.name}: {f'{len(wrong)} damaged' if wrong else 'whole'}, {place.path}")
    if bad:
        raise WeightsError(f"Damaged: {', '.join(bad)}. layersr models fetch NAME fetches them again.")


@models.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def remove(names: tuple[str, ...]) -> None:
    """Remove models from layersr's own cache; other programs' files are left alone."""
    from layersr import needs
    from layersr import weights as kept
    from layersr.weights import fetching

    for one in [one for name in names for one in needs.named(name)]:
        freed = fetching.remove(one)
        place = kept.find(one)
        rest = f"; another program keeps {place.path}" if place else ""
        click.echo(f"{one.name}: {f'{kept.megabytes(freed)} freed' if freed else 'not here'}{rest}")
