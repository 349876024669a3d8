"""`layersr upscale IN OUT`: a picture enlarged, or a layered document, layer by layer."""

import time
from pathlib import Path
from typing import Any

import click

from layersr.cli import equipping, show
from layersr.cli.inputs import read_any
from layersr.cli.outputs import NATIVE, check_flat, written_as
from layersr.cli.sizes import sized, sized_by
from layersr.errors import LayersrError


@click.command()
@click.argument("file", metavar="IN")
@click.argument("out", metavar="OUT")
@sized
@click.option("--upscale", metavar="NAME", help="What enlarges colours [layersr].")
@click.option("--alpha", metavar="NAME", help="What enlarges soft edges [layersr].")
@click.option("--context", is_flag=True, default=None, help="Enlarge colours at edges in the picture around them.")
@click.option("--native", is_flag=True, help=NATIVE)
@equipping.equipped
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines on stdout.")
@click.option("--force", is_flag=True, help="Replace OUT if it exists.")
def upscale(
    file: str,
    out: str,
    native: bool,
    as_json: bool,
    force: bool,
    preset: str | None,
    offline: bool,
    accept_licence: bool,
    **choices: Any,
) -> None:
    """Enlarge a picture, or a layered document layer by layer.

    \b
    layersr upscale in.psd out.psd --scale 4     names, groups, masks, order, opacity, blend modes and
                                                 visibility stay
    layersr upscale in.png out.png --scale 4     a flat picture, flat
    layersr upscale in.psd out.png               a document, layer by layer, then flattened

    IN is a picture, or a .psd, .psb, .ora, .xcf, .kra or a folder layersr wrote. What a document holds that layersr
    cannot keep is told, one line each.
    """  # noqa: D301  # click wants the backspace itself
    from layersr import needs

    try:
        flat = check_flat(out, force, [file])
        recipe = equipping.recipe_for(needs.ENLARGING, preset, **{**choices, **sized_by(choices)})
        with show.notices(as_json) as notes, show.Display(as_json, Path(file).name) as display:
            recipe = equipping.equip(recipe, offline, accept_licence, as_json, needs.ENLARGING)
            _upscale(file, out, recipe, flat, native, display, notes)
    except LayersrError as error:
        if as_json:
            show.event("error", message=str(error), code=error.exit_code)
        raise


def _upscale(
    file: str, out: str, recipe: Any, flat: bool, native: bool, display: show.Display, notices: list[str]
) -> None:
    import layersr
    from layersr import documents, flattening, images, pipeline
    from layersr.cli.inspect import listing
    from layersr.progress import Progress, within

    start = time.monotonic()
    if display.as_json:
        show.event("start", version=layersr.__version__, input=file, output=out)
    small = read_any(file)
    large = pipeline.upscale(small, recipe, within(display, 0.0, 0.9))
    display(Progress("write", 0.9))
    if flat:
        images.write_image(flattening.flatten(large), out, large.icc, large.resolution, large.credits)
    else:
        out = written_as(out, documents.write(large, out, native=native))
    notes = [*small.notes, *(() if flat else documents.losses(large, out, native))]
    display(Progress("done", 1.0))
    display.close()
    seconds = round(time.monotonic() - start, 2)
    if display.as_json:
        show.event("done", output=out, layers=listing(large), seconds=seconds, notes=[*notes, *notices])
        return
    for note in notes:
        click.echo(f"note: {note}", err=True)
    number = "" if flat else f", {len(large.layers)} layer{'s' * (len(large.layers) != 1)}"
    click.echo(f"{out}: {large.width} x {large.height}{number}; {seconds:.1f} s", err=True)
