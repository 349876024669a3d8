"""`layersr view FILE`: a page for the browser in which layers can be looked at and moved."""

import tempfile
import time
import webbrowser
from pathlib import Path

import click

from layersr.cli.outputs import check_page
from layersr.errors import OutputError


@click.command()
@click.argument("file")
@click.option("-o", "out", type=Path, metavar="PAGE.html", help="Write the page here, and do not open it.")
@click.option("--original", metavar="PICTURE", help="What to compare with [the picture kept in FILE, else as it is].")
@click.option(
    "--size", type=click.IntRange(16, 16384), metavar="N", help="Pixels of the longest side of its pictures [1600]."
)
@click.option("--force", is_flag=True, help="Replace the page if it exists.")
def view(file: str, out: Path | None, original: str | None, size: int | None, force: bool) -> None:
    """Look at the layers of a file in the browser: show, hide, drag, reorder, spread, compare them.

    FILE is a .psd, .psb, .ora, .kra, .xcf, a folder layersr wrote, or a flat picture. The page is one file that needs
    no network; "?" shows its keys. Without -o it is written to a temporary file, which stays, and opened.
    """
    from layersr import images, viewing
    from layersr.cli.inputs import read_any

    start = time.monotonic()
    if out is not None:
        check_page(out, force, [file, *([original] if original else [])])
    stack = read_any(file)
    compared = images.read_image(original) if original else None
    path = _temporary(Path(file)) if out is None else out
    length = viewing.write_page(stack, path, Path(file).name, compared, size or viewing.SIZE)
    for note in stack.notes:
        click.echo(f"note: {note}", err=True)
    number = f"{len(stack.layers)} layer{'s' * (len(stack.layers) != 1)}"
    click.echo(f"{path}: {number}, {length / 1e6:.1f} MB; {time.monotonic() - start:.1f} s", err=True)
    if out is None and not webbrowser.open(path.as_uri()):
        click.echo(f"No browser was found; open {path} in one yourself.", err=True)


def _temporary(file: Path) -> Path:
    """A place for the page that nobody else has; it stays, since the browser reads it when it likes."""
    try:
        return Path(tempfile.mkdtemp(prefix="layersr-view-")) / f"{file.stem or 'layers'}.html"
    except OSError as error:
        raise OutputError(f"There is no place for the page ({error.strerror}); name one with -o PAGE.html.") from error
