"""`--project DIR`: what is refused, what may be replaced, and what is told of what was kept."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from layersr.cli import show
from layersr.errors import UsageError

if TYPE_CHECKING:
    from layersr.layers import Image, LayerStack
    from layersr.projects.folder import Folder
    from layersr.recipe import Recipe

FEW = 6
"""Names that are told one by one."""


def check_project(place: Path, jobs: Sequence[Any], folder: Path | None) -> None:
    """Refuse a project for several pictures, or in a folder that can be none.

    Raises:
        UsageError: there are several pictures.
        OutputError: see `projects.state.check`.
    """
    if folder is not None or len(jobs) != 1:
        raise UsageError("A project belongs to one picture; name that and the document, and leave out -o.")
    from layersr.projects.state import check

    check(place)
    if place.resolve() == Path(jobs[0].out).resolve():
        raise UsageError(f"The project and the document cannot both be {place}; name another folder.")


def may_be_replaced(place: Path | None, path: Path) -> bool:
    """Whether the project wrote a file and nobody changed it since, so that nothing is lost."""
    if place is None or not path.exists():
        return False
    from layersr.projects.folder import wrote

    return wrote(place, path)


def opening(place: Path | None, image: "Image", picture: str, anew: bool) -> "AbstractContextManager[Folder | None]":
    """The project, if any, held as long as the block runs; see `projects.folder.opened`."""
    if place is None:
        return nullcontext()
    from layersr.projects.folder import opened

    return opened(place, image, picture, anew)


def finish(project: "Folder", stack: "LayerStack", recipe: "Recipe", outputs: list[Path]) -> dict[str, Any]:
    """Let the project note what was written; see `Folder.finish`."""
    from layersr import needs

    used = {role: needs.identity(role, name, recipe.device) for role, name in needs.chosen(recipe)}
    return project.finish(stack, used, outputs)


def tell(project: "Folder", kept: dict[str, Any], as_json: bool) -> None:
    """Say what stayed and what was made, and what the project holds."""
    if as_json:
        by_hand = {"by_hand": project.by_hand, "ordered_by_hand": project.arranged}
        show.event("project", **kept, **by_hand, notes=project.notes)
        return
    for note in project.notes:
        click.echo(f"note: {note}", err=True)
    if project.by_hand:
        click.echo(f"mattes as you painted them: {', '.join(project.by_hand)}", err=True)
    if project.arranged:
        click.echo("order as you wrote it", err=True)
    click.echo(_sentence(kept), err=True)


def _sentence(kept: dict[str, Any]) -> str:
    from layersr.weights import megabytes

    made = kept["made"]
    named = f" ({', '.join(made)})" if kept["kept"] and 0 < len(made) <= FEW else ""
    layers = f"{_layers(len(made))} made{named}" if not kept["kept"] else f"{_layers(len(kept['kept']))} kept"
    if kept["kept"] and made:
        layers += f", {len(made)} made again{named}"
    damaged = f", {kept['damaged']} of them damaged before" if kept["damaged"] else ""
    steps = f"{kept['reused']} steps reused, {kept['remade']} done{damaged}"
    return f"{layers}; {steps}; the project holds {megabytes(kept['bytes'])}"


def _layers(count: int) -> str:
    return f"{count} layer{'' if count == 1 else 's'}"
