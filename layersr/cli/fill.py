"""`layersr fill IN OUT --mask FILE`: a hole in a flat picture, painted over."""

import time
from pathlib import Path

import click

from layersr.cli import equipping, show
from layersr.cli.outputs import check_picture
from layersr.errors import LayersrError

ROLES = ("infill",)
"""The roles whose models are used."""


@click.command()
@click.argument("file", metavar="IN")
@click.argument("out", metavar="OUT")
@click.option("--mask", required=True, metavar="FILE", help="What to paint over: white, or opaque.")
@click.option("--grow", type=click.IntRange(0, 64), default=0, metavar="N", help="And what lies within N pixels [0].")
@click.option("--infill", metavar="NAME", help="What paints [layersr].")
@click.option("--only", is_flag=True, help="Write what was painted alone, transparent elsewhere.")
@equipping.equipped
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines on stdout.")
@click.option("--force", is_flag=True, help="Replace OUT if it exists.")
def fill(
    file: str,
    out: str,
    mask: str,
    grow: int,
    infill: str | None,
    only: bool,
    as_json: bool,
    force: bool,
    preset: str | None,
    device: str | None,
    offline: bool,
    accept_licence: bool,
) -> None:
    """Paint over a part of a flat picture, as if it had never been there.

    All other pixels stay as they are, bit for bit (in a PNG or TIFF). OUT ends in .png, .jpg, .webp or .tif.
    """
    import layersr
    from layersr import filling, images, pipeline
    from layersr.progress import Progress

    start = time.monotonic()
    try:
        if as_json:
            show.event("start", version=layersr.__version__, input=file, output=out)
        check_picture(Path(out), force, [file, mask])
        asked = equipping.recipe_for(ROLES, preset, infill=infill, device=device)
        image = images.read_image(file)
        hole = filling.grown(images.read_mask(mask, image.width, image.height), grow)
        with show.notices(as_json), show.Display(as_json, Path(file).name) as display:
            asked = equipping.equip(asked, offline, accept_licence, as_json, ROLES)
            result = pipeline.fill(image, hole, asked, display)
            if only:
                result = filling.alone(result, hole)
            images.write_image(result.pixels, out, result.icc, result.resolution, result.credits)
            display(Progress("done", 1.0))
    except LayersrError as error:
        if as_json:
            show.event("error", message=str(error), code=error.exit_code)
        raise
    seconds = round(time.monotonic() - start, 2)
    if as_json:
        show.event("done", output=out, seconds=seconds)
    else:
        click.echo(f"{out}: {hole.mean():.1%} of the picture painted over; {seconds:.1f} s", err=True)
