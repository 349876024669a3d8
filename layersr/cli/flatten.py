"""`layersr flatten FILE OUT`: a layered file as the flat picture it shows."""

from pathlib import Path

import click


@click.command()
@click.argument("file")
@click.argument("out")
@click.option("--force", is_flag=True, help="Replace OUT if it exists.")
def flatten(file: str, out: str, force: bool) -> None:
    """Write the flat picture a layered file shows.

    FILE is a .psd, .psb, .ora, .xcf, .kra or a folder layersr wrote; OUT ends in .png, .jpg, .webp or .tif.
    Only PNG keeps 16 bit; JPEG is matted on white.
    """
    from layersr import documents, flattening, images
    from layersr.cli.outputs import check_picture

    check_picture(Path(out), force, [Path(file)])
    stack = documents.read(file)
    images.write_image(flattening.flatten(stack), out, stack.icc, stack.resolution, stack.credits)
    for note in stack.notes:
        click.echo(f"note: {note}", err=True)
