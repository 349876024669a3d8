"""`layersr fill IN OUT --mask FILE`: a hole in a flat picture, painted over."""

import time
from pathlib import Path

import click

from layersr.cli import show
from layersr.cli.outputs import check_picture
from layersr.errors import LayersrError


@click.command()
@click.argument("file", metavar="IN")
@click.argument("out", metavar="OUT")
@click.option("--mask", required=True, metavar="FILE", help="What to paint over: white, or opaque.")
@click.option("--grow", type=click.IntRange(0, 64), default=0, metavar="N", help="And what lies within N pixels [0].")
@click.option("--infill", metavar="NAME", default="layersr", help="What paints [layersr].")
@click.option("--device", metavar="NAME", default="cpu", help="Where models run [cpu].")
@click.option("--only", is_flag=True, help="Write what was painted alone, transparent elsewhere.")
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines on stdout.")
@click.option("--force", is_flag=True, help="Replace OUT if it exists.")
def fill(
    file: str, out: str, mask: str, grow: int, infill: str, device: str, only: bool, as_json: bool, force: bool
) -> None:
    """Paint over a part of a flat picture, as if it had never been there.

    All other pixels stay as they are, bit for bit (in a PNG or TIFF). OUT ends in .png, .jpg, .webp or .tif.
    """
    import layersr
    from layersr import filling, images, pipeline
    from layersr.progress import Progress

    display = show.Display(as_json, Path(file).name)
    try:
        start = time.monotonic()
        if as_json:
            show.event("start", version=layersr.__version__, input=file, output=out)
        check_picture(Path(out), force, [file, mask])
        image = images.read_image(file)
        hole = filling.grown(images.read_mask(mask, image.width, image.height), grow)
        result = pipeline.fill(image, hole, infill, device, display)
        if only:
            result = filling.alone(result, hole)
        images.write_image(result.pixels, out, result.icc, result.resolution)
        display(Progress("done", 1.0))
    except LayersrError as error:
        if as_json:
            show.event("error", message=str(error), code=error.exit_code)
        raise
    finally:
        display.close()
    seconds = round(time.monotonic() - start, 2)
    if as_json:
        show.event("done", output=out, seconds=seconds)
    else:
        click.echo(f"{out}: {hole.mean():.1%} of the picture painted over; {seconds:.1f} s", err=True)
