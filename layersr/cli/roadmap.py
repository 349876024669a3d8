"""`layersr roadmap IN OUT`: how a person might paint this picture."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from layersr.cli import equipping, show
from layersr.cli.inputs import is_document
from layersr.cli.numbers import Between
from layersr.cli.outputs import check_distinct, check_document, check_place
from layersr.errors import LayersrError, UsageError

if TYPE_CHECKING:
    from layersr.layers import LayerStack
    from layersr.progress import Report
    from layersr.recipe import Recipe

OTHERS = (".pdf", ".html", ".svg", ".mp4", ".gif")
"""What a roadmap can be besides a document."""

ROLES = ("detect", "matte", "infill", "upscale")
"""The roles whose models take a flat picture apart."""


@click.command()
@click.argument("file", metavar="IN")
@click.argument("outs", nargs=-1, required=True, metavar="OUT...")
@click.option("--strokes", type=click.IntRange(1, 100_000), metavar="N", help="At most N strokes [4000].")
@click.option("--colours", type=click.IntRange(2, 256), metavar="N", help="At most N colours [64].")
@click.option(
    "--way", type=click.Choice(["greedy", "evolution"]), help="How strokes are found [greedy, which is fast]."
)
@click.option("--brush", type=Between(0.5), metavar="PIXELS", help="The finest brush [by the picture's size].")
@click.option("--canvas", type=Between(1, 1000), default=40.0, metavar="CM", help="Your canvas' longer side [40].")
@click.option("--svg", metavar="FILE", help="Write the strokes as an SVG too.")
@click.option(
    "--max-layers", type=click.IntRange(min=0), metavar="N", help="Of a flat picture lift at most N things [24]."
)
@equipping.equipped
@click.option("--seed", type=int, metavar="N", help="For every random choice [0].")
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines on stdout.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
def roadmap(
    file: str,
    outs: tuple[str, ...],
    strokes: int | None,
    colours: int | None,
    way: str | None,
    brush: float | None,
    canvas: float,
    svg: str | None,
    max_layers: int | None,
    as_json: bool,
    force: bool,
    preset: str | None,
    device: str | None,
    offline: bool,
    accept_licence: bool,
    seed: int | None,
) -> None:
    """Show how a person might paint a picture, from the toned ground to the accents.

    \b
    layersr roadmap in.png out.pdf       a sheet to print: steps, brushes, colours and how to mix them
    layersr roadmap in.png out.psd       every stage a layer; also .psb, .ora, .kra, .xcf or a folder
    layersr roadmap in.png out.html      one page for a browser, painting stroke by stroke
    layersr roadmap in.png out.mp4       a time-lapse; also .gif
    layersr roadmap in.png out.svg       the strokes as curves

    Several OUT may be named; the strokes are found once. IN is a flat picture, which is taken apart first, or a layered
    document, whose layers are painted from below: `layersr export` takes a picture apart as you want it.
    """  # noqa: D301  # click wants the backspace itself
    given = {"strokes": strokes, "colours": colours, "way": way, "brush": brush, "seed": seed}
    start = time.monotonic()
    try:
        paths = [*outs, *((svg,) if svg else ())]
        _check(file, paths, svg, force)
        recipe = equipping.recipe_for(ROLES, preset, scale=1, device=device, max_layers=max_layers, seed=seed)
        with show.notices(as_json) as notes, show.Display(as_json, Path(file).name) as display:
            if not is_document(file):
                recipe = equipping.equip(recipe, offline, accept_licence, as_json, ROLES)
            told = _draw(file, paths, recipe, {k: v for k, v in given.items() if v is not None}, canvas, display)
    except LayersrError as error:
        if as_json:
            show.event("error", message=str(error), code=error.exit_code)
        raise
    seconds = round(time.monotonic() - start, 2)
    if as_json:
        show.event("done", outputs=paths, **told, seconds=seconds, notes=notes)
        return
    for path in paths:
        click.echo(
            f"{path}: {told['steps']} steps, {told['strokes']} strokes, {told['colours']} colours; {seconds:.1f} s",
            err=True,
        )


def _check(file: str, paths: list[str], svg: str | None, force: bool) -> None:
    """Refuse what cannot be written before the work starts."""
    if svg and Path(svg).suffix.lower() != ".svg":
        raise UsageError(f"--svg {svg} should end in .svg; the suffix says what to write.")
    for path in paths:
        if Path(path).suffix.lower() in OTHERS and not Path(path).is_dir():
            check_place(Path(path), force, [file])
            continue
        try:
            check_document(path, force, [file])
        except UsageError as error:
            known = f"no layered document ({', '.join(OTHERS)} are known besides)"
            raise UsageError(str(error).replace("no layered document", known)) from None
    check_distinct(map(Path, paths))


def _draw(
    file: str, paths: list[str], recipe: "Recipe", given: dict[str, Any], canvas: float, display: show.Display
) -> dict[str, Any]:
    import layersr
    from layersr.progress import Progress, within
    from layersr.roadmap import draw_roadmap, outputs

    if display.as_json:
        show.event("start", version=layersr.__version__, input=file, outputs=paths)
    stack = _stack(file, recipe, within(display, 0.0, 0.4))
    drawn = draw_roadmap(stack, **given, report=within(display, 0.4, 0.8))
    for n, path in enumerate(paths):
        one = within(display, 0.8 + 0.2 * n / len(paths), 0.8 + 0.2 * (n + 1) / len(paths))
        outputs.write(drawn, path, Path(file).stem, canvas, one)
    display(Progress("done", 1.0))
    return {"steps": len(drawn.steps), "strokes": len(drawn.strokes), "colours": len(drawn.palette)}


def _stack(file: str, recipe: "Recipe", report: "Report") -> "LayerStack":
    """A document, or a picture taken apart."""
    from layersr import documents, images, pipeline

    if not is_document(file):
        return pipeline.decompose(images.read_image(file), recipe, report)
    stack = documents.read(file)
    for note in stack.notes:
        click.echo(f"note: {note}", err=True)
    return stack
