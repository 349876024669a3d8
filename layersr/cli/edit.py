"""`layersr edit FILE OUT`: layers moved, scaled, hidden, ordered, merged, taken apart, recoloured."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import click

from layersr.cli import edits_given, equipping, show
from layersr.cli.outputs import NATIVE, check_flat, written_as
from layersr.cli.prompts import InOrder
from layersr.errors import LayersrError, UsageError

if TYPE_CHECKING:
    from layersr.editing import Edit

ROLES = ("infill",)
"""The roles whose models are used; of those a split uses besides, see `pipeline.edit`."""

SPLITTING = ("detect", "matte", "infill")


class Edits(InOrder):
    """Remembers in what order the edits were given."""

    noted: ClassVar[dict[str, str]] = {f"--{name}": name for name in edits_given.READ}


def _options(command: Callable) -> Callable:
    for name, (metavar, _, words) in reversed(edits_given.READ.items()):
        command = click.option(f"--{name}", name, multiple=True, metavar=metavar, help=words)(command)
    return command


@click.command(cls=Edits)
@click.argument("file", metavar="FILE")
@click.argument("out", metavar="OUT")
@_options
@click.option("--dry-run", is_flag=True, help="Say what would be done and what to look at; write nothing.")
@click.option("--no-fill", is_flag=True, help="Leave gaps where layers end that an edit lays bare.")
@click.option("--infill", metavar="NAME", help="What paints such gaps [layersr].")
@click.option("--native", is_flag=True, help=NATIVE)
@equipping.equipped
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines on stdout.")
@click.option("--force", is_flag=True, help="Replace OUT if it exists.")
@click.pass_context
def edit(
    ctx: click.Context,
    file: str,
    out: str,
    dry_run: bool,
    no_fill: bool,
    infill: str | None,
    native: bool,
    as_json: bool,
    force: bool,
    preset: str | None,
    device: str | None,
    offline: bool,
    accept_licence: bool,
    **given: tuple[str, ...],
) -> None:
    """Edit the layers of a document; everything else stays as it is, bit for bit.

    \b
    layersr edit in.psd out.psd --move "eye 1=120,0" --delete "eye 2*"
    layersr edit in.psd out.png --recolor "boat=#c03020"      a flat picture
    layersr edit in.ora out.kra --scale "eyes/=1.5" --dry-run

    Edits are done in the order given. NAME is a layer's name, a pattern ("eye*", case as is), or a group's name or path
    with a slash ("eyes/"). A pattern's layers are scaled and turned each about its own middle, a group as a whole.
    Shadows, glows and what is clipped to a layer go with it. Where an edit lays bare that a layer ends, it is
    continued: painted, and marked as invented.

    FILE is a .psd, .psb, .ora, .kra, .xcf or a folder layersr wrote; OUT one of these, or a .png, .jpg, .webp or .tif.
    """  # noqa: D301  # click wants the backspace itself
    try:
        edits = list(_edits(ctx.meta["given"], given))
        if not edits:
            raise UsageError("Nothing is asked for; `layersr edit --help` lists the edits.")
        flat = check_flat(out, force, [file])
        roles = SPLITTING if given["split"] else ROLES
        recipe = equipping.recipe_for(roles, preset, infill=infill, device=device)
        with show.notices(as_json), show.Display(as_json, Path(file).name) as display:
            recipe = equipping.equip(recipe, offline, accept_licence, as_json, roles)
            _edit(file, out, edits, recipe, display, flat=flat, fill=not no_fill, dry=dry_run, native=native)
    except LayersrError as error:
        if as_json:
            show.event("error", message=str(error), code=error.exit_code)
        raise


def _edits(order: tuple[str, ...], given: dict[str, tuple[str, ...]]) -> Iterator["Edit"]:
    values = {name: iter(some) for name, some in given.items()}
    for name in order:
        yield edits_given.READ[name][1](next(values[name]))


def _edit(
    file: str,
    out: str,
    edits: list["Edit"],
    recipe: Any,
    display: show.Display,
    *,
    flat: bool,
    fill: bool,
    dry: bool,
    native: bool,
) -> None:
    import layersr
    from layersr import documents, flattening, images, pipeline
    from layersr.cli.inspect import listing
    from layersr.progress import Progress, within

    start = time.monotonic()
    if display.as_json:
        show.event("start", version=layersr.__version__, input=file, output=out)
    stack = documents.read(file)
    edited = pipeline.edit(stack, edits, recipe, within(display, 0.0, 0.9), fill, dry)
    display(Progress("write", 0.9))
    if not dry and flat:
        images.write_image(flattening.flatten(edited.stack), out, stack.icc, stack.resolution, stack.credits)
    elif not dry:
        out = written_as(out, documents.write(edited.stack, out, native=native))
    notes = [*stack.notes, *edited.warnings, *(() if flat else documents.losses(edited.stack, out, native))]
    display(Progress("done", 1.0))
    display.close()
    seconds = round(time.monotonic() - start, 2)
    if display.as_json:
        layers = listing(edited.stack)
        show.event(
            "done", output=out, layers=layers, seconds=seconds, steps=list(edited.steps), notes=notes, written=not dry
        )
        return
    for step in edited.steps:
        click.echo(f"  {step}", err=True)
    for note in notes:
        click.echo(f"note: {note}", err=True)
    if dry:
        click.echo("A dry run: nothing was written.", err=True)
    else:
        count = len(edited.stack.layers)
        number = "" if flat else f", {count} layer{'s' * (count != 1)}"
        click.echo(f"{out}: {stack.width} x {stack.height}{number}; {seconds:.1f} s", err=True)
