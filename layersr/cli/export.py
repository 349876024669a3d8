"""`layersr export`: flat pictures in, layered documents out. The main job."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from layersr.cli import equipping, interrupts, show
from layersr.cli.failures import explain
from layersr.cli.inspect import listing
from layersr.cli.numbers import Between
from layersr.cli.outputs import (
    DOCUMENTS,
    check_distinct,
    check_document,
    check_folder,
    check_page,
    check_picture,
    check_place,
    is_page,
    written_as,
)
from layersr.cli.projects import check_project, finish, may_be_replaced, opening, tell
from layersr.cli.prompts import InOrder, Numbers, check_prompts
from layersr.cli.sizes import sized, sized_by
from layersr.errors import LayersrError, UsageError
from layersr.recipe import KEEPS

if TYPE_CHECKING:
    from layersr.layers import Image, LayerStack
    from layersr.recipe import Recipe
    from layersr.score import Recomposition


@dataclass(frozen=True)
class Job:
    """One picture and where its results go."""

    picture: str
    out: str
    preview: Path | None
    report: Path | None
    project: Path | None = None
    anew: bool = False  # a project of another picture becomes one of this


@click.command(cls=InOrder)
@click.argument("paths", nargs=-1, required=True, metavar="IN... [OUT]")
@click.option("-o", "folder", type=Path, metavar="DIR", help="Write one document per picture here.")
@click.option(
    "--format", "kind", type=click.Choice(list(DOCUMENTS)), default="psd", help="With -o: what to write [psd]."
)
@sized
@click.option("--max-layers", type=click.IntRange(min=0), metavar="N", help="Lift at most N elements [24].")
@click.option("--granularity", type=Between(0, 1), metavar="0..1", help="0 main subjects, 1 everything [0.5].")
@click.option("--prompt", "texts", multiple=True, metavar="TEXT", help="Lift each thing so named. Repeatable.")
@click.option("--mask", "masks", multiple=True, metavar="FILE", help="Lift what is white. Repeatable.")
@click.option(
    "--box", "boxes", multiple=True, type=Numbers("L", "T", "W", "H"), help="Lift what is in a box. Repeatable."
)
@click.option("--point", "points", multiple=True, type=Numbers("X", "Y"), help="Lift what is there. Repeatable.")
@click.option("--keep-together", is_flag=True, default=None, help="What you ask for is one layer.")
@click.option("--order", metavar="FILE", help="Z-order: layer names, one a line, the top one first.")
@click.option(
    "--decompose", metavar="NAME", help="What takes the picture apart as a whole [layersr: element by element]."
)
@click.option("--detect", metavar="NAME", help="What finds elements; none: only what you ask for [layersr].")
@click.option("--understand", metavar="NAME", help="What finds the things you name with --prompt [clipseg].")
@click.option("--matte", metavar="NAME", help="What estimates soft edges [layersr].")
@click.option("--infill", metavar="NAME", help="What paints hidden parts [layersr].")
@click.option("--upscale", metavar="NAME", help="What enlarges colours [layersr].")
@click.option("--alpha", metavar="NAME", help="What enlarges soft edges [layersr].")
@click.option("--depth", metavar="NAME", help="What estimates how far things are, to tell their order [none].")
@click.option("--context", is_flag=True, default=None, help="Enlarge colours at edges in the picture around them.")
@equipping.equipped
@click.option("--seed", type=int, metavar="N", help="For every random choice [0].")
@click.option(
    "--keep",
    multiple=True,
    type=click.Choice(KEEPS),
    help="Add a hidden layer: the picture enlarged as a whole; as it came; what was invented; depth. Repeatable.",
)
@click.option("--masks", "layer_masks", is_flag=True, default=None, help="Soft edges as layer masks, to paint on.")
@click.option("--recipe", "recipe_file", metavar="FILE", help="Take all these choices from a TOML file.")
@click.option("--project", type=Path, metavar="DIR", help="Keep all that is made here, and make only what changed.")
@click.option(
    "--preview",
    type=Path,
    metavar="FILE.png|.html",
    help="Write a contact sheet, or a page for the browser (see view).",
)
@click.option("--report", type=Path, metavar="FILE.json", help="Write what was found and what to check.")
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines on stdout.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
@click.pass_context
def export(
    ctx: click.Context,
    paths: tuple[str, ...],
    folder: Path | None,
    kind: str,
    recipe_file: str | None,
    project: Path | None,
    preview: Path | None,
    report: Path | None,
    as_json: bool,
    force: bool,
    preset: str | None,
    offline: bool,
    accept_licence: bool,
    **choices: Any,
) -> None:
    """Turn a flat picture into a layered document.

    \b
    layersr export in.png out.psd          also .psb, .ora, .kra, .xcf or a folder
    layersr export in.png                  writes in.psd beside it
    layersr export *.png -o results        one document per picture

    \b
    --preset draft                         the fastest: to see what comes out
    --preset standard                      the best of what is on this machine
    --preset best                          the best there is: says what it fetches, and how much

    A step's own option says more than the preset. Weights that a choice needs are fetched once, before the work;
    `layersr models` looks after them, `layersr doctor` tells what is here.

    What you name with --prompt, or point at with --mask, --box and --point, is lifted first, in the order given.
    Options override --recipe.

    With --project, change an option, repaint a picture in DIR/masks or move lines in DIR/order.txt and run the same
    command again: what does not depend on that stays as it was, bit by bit. A run that was killed goes on.

    With -o, --preview and --report are written per picture: `--preview sheet.png` gives DIR/NAME.sheet.png.
    """  # noqa: D301  # click wants the backspace itself
    with show.notices(as_json) as notes:
        try:
            jobs = _jobs(paths, folder, kind, preview, report)
            if project is not None:
                check_project(project, jobs, folder)
                jobs = [replace(job, project=project, anew=force) for job in jobs]
            _check(jobs, folder, force)
            recipe = _recipe(recipe_file, preset, choices, ctx.meta["given"])
            recipe = equipping.equip(recipe, offline, accept_licence, as_json)
        except LayersrError as error:
            if as_json:
                show.event("error", message=str(error), code=error.exit_code)
            raise
        codes = {
            job.picture: _attempt(job, recipe, as_json, f"{i}/{len(jobs)} ", notes)
            for i, job in enumerate(jobs, start=1)
        }
    failed = [picture for picture, code in codes.items() if code]
    if len(jobs) > 1:
        names = f"; failed: {', '.join(failed)}" if failed else ""
        click.echo(f"{len(jobs) - len(failed)} of {len(jobs)} pictures exported{names}", err=True)
    if failed:
        ctx.exit(codes[failed[0]])


def _jobs(
    paths: tuple[str, ...], folder: Path | None, kind: str, preview: Path | None, report: Path | None
) -> list[Job]:
    """Which picture becomes which document."""
    if folder is not None:
        stems = [Path(path).stem for path in paths]
        beside = [[folder / f"{stem}.{extra.name}" if extra else None for extra in (preview, report)] for stem in stems]
        outs = [str(folder / f"{stem}{DOCUMENTS[kind]}") for stem in stems]
        return [Job(path, out, *extras) for path, out, extras in zip(paths, outs, beside, strict=True)]
    if len(paths) > 2:
        raise UsageError("Several pictures need -o DIR; with one picture, name it and the document.")
    out = paths[1] if len(paths) == 2 else str(Path(paths[0]).with_suffix(".psd"))
    return [Job(paths[0], out, preview, report)]


def _check(jobs: list[Job], folder: Path | None, force: bool) -> None:
    """Find out now, not after minutes of work, what cannot be written."""
    if folder is not None:
        check_folder(folder)
    pictures = [job.picture for job in jobs]

    for job in jobs:
        check_document(job.out, force or may_be_replaced(job.project, Path(job.out)), pictures)
        if job.preview:
            may = force or may_be_replaced(job.project, job.preview)
            (check_page if is_page(job.preview) else check_picture)(job.preview, may, pictures)
        if job.report:
            check_place(job.report, force or may_be_replaced(job.project, job.report), pictures)
    check_distinct(Path(path) for job in jobs for path in (job.out, job.preview, job.report) if path)


def _recipe(file: str | None, preset: str | None, choices: dict[str, Any], order: tuple[str, ...]) -> "Recipe":
    """The recipe file's choices, overridden by the preset, overridden by what else the command line says."""
    from layersr import recipe as recipes

    recipe = recipes.load(file) if file else recipes.Recipe()
    given = {name: value for name, value in choices.items() if value not in (None, ())} | sized_by(choices)
    if order:
        given = {"texts": (), "masks": (), "boxes": (), "points": (), **given, "prompts": order}
    return replace(recipe, **{**equipping.preset_choices(preset, recipe), **given})


def _attempt(job: Job, recipe: "Recipe", as_json: bool, count: str, notes: list[str]) -> int:
    """Do one job; a failure is told and becomes its exit code, so that the others go on.

    Args:
        job: which.
        recipe: how.
        as_json: see `show.Display`.
        count: of the jobs, for people.
        notes: grows by every `Notice`.
    """
    display = show.Display(as_json, f"{'' if count == '1/1 ' else count}{Path(job.picture).name}")
    try:
        return _export(job, recipe, display, notes)
    except Exception as error:
        interrupts.check()  # what failed may have failed because of it
        sentence, code = explain(error)
        display.close()
        if as_json:
            show.event("error", message=sentence, code=code)
        click.echo(f"layersr: error: {sentence}", err=True)
        return code
    finally:
        display.close()


def _export(job: Job, recipe: "Recipe", display: show.Display, notices: list[str]) -> int:
    """One picture to one document, read back and compared."""
    import layersr
    from layersr import documents, images, pipeline, score
    from layersr.progress import Progress, within

    start = time.monotonic()
    if display.as_json:
        show.event("start", version=layersr.__version__, input=job.picture, output=job.out)
    image = images.read_image(job.picture)
    check_prompts(recipe, image)
    with opening(job.project, image, job.picture, job.anew) as project:
        run = pipeline.run if project is None else partial(pipeline.run, project=project)
        made = run(image, recipe, within(display, 0.0, 0.9))
        display(Progress("write", 0.9))
        job = replace(job, out=written_as(job.out, documents.write(made, job.out)))
        stack = replace(made, notes=(*made.notes, *documents.losses(made, job.out)))
        display(Progress("check", 0.95))
        written = documents.read(job.out)
        result = score.recomposition(written, image.pixels)
        _extras(job, image, replace(stack, notes=(*stack.notes, *notices)), written, display)
        if project is not None:
            kept = finish(project, made, recipe, [Path(job.out), *filter(None, (job.preview, job.report))])
            display.close()
            tell(project, kept, display.as_json)
    display(Progress("done", 1.0))
    display.close()
    seconds = round(time.monotonic() - start, 2)
    if result.scale == 1 and not result.identical:
        raise RuntimeError(
            f"{job.out} is written but does not flatten to the picture, off by {result.max_error:.2f} of 255"
        )
    if display.as_json:
        show.event("done", output=job.out, layers=listing(written), seconds=seconds)
    else:
        _tell(job, image, stack, result, seconds)
    return 0


def _extras(job: Job, image: "Image", stack: "LayerStack", written: "LayerStack", display: Callable) -> None:
    """The contact sheet or the page, and the report, where asked for."""
    import json

    from layersr.atomic import replacing_file
    from layersr.progress import Progress

    if job.preview and is_page(job.preview):
        from layersr.viewing import write_page

        display(Progress("preview", 0.97))
        write_page(replace(written, notes=stack.notes), job.preview, Path(job.picture).name, image)
    elif job.preview:
        import numpy as np

        from layersr.images import write_image
        from layersr.preview import contact_sheet

        display(Progress("preview", 0.97))
        sheet = np.pad(contact_sheet(image, written), ((0, 0), (0, 0), (0, 1)), constant_values=255)
        write_image(sheet, job.preview, image.icc)
    if job.report:
        from layersr.summary import summarise

        display(Progress("report", 0.99))
        text = json.dumps(summarise(image, stack, written), indent=2, ensure_ascii=False)
        with replacing_file(job.report) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


def _tell(job: Job, image: "Image", stack: "LayerStack", result: "Recomposition", seconds: float) -> None:
    """A few lines for the person: what was found, what it gives back, where it is."""
    rows = []
    for index, layer in reversed(list(enumerate(stack.layers))):
        confidence = layer.facts.get("confidence")
        sure = f"{confidence:.0%} sure" if isinstance(confidence, int | float) and index else ""
        place = f"{layer.width} x {layer.height} at {layer.left}, {layer.top}"
        rows.append([str(index), " ".join(layer.name.split()), place, sure])
    for line in show.table(rows, right=frozenset({0})):
        click.echo(f"  {line}", err=True)
    for note in stack.notes:
        click.echo(f"note: {note}", err=True)
    if result.scale == 1:
        back = "flattens to the picture exactly, every bit"
    else:
        back = f"shrinks back to the picture at {result.psnr:.1f} dB" if result.psnr else "shrinks back to it exactly"
    bits = 8 * image.pixels.itemsize
    size = f"{stack.width} x {stack.height}, {bits} bit, {len(stack.layers)} layer{'s' * (len(stack.layers) > 1)}"
    click.echo(f"{job.out}: {size}; {back}; {seconds:.1f} s", err=True)
