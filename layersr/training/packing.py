"""`python -m layersr.training.packing`: what a training learns from, made small, to take along to a machine with a GPU.

Networks see their pictures shrunk, and a rented machine is often reached by a narrow door. The pack is a data folder of
its own: every picture stays under its own name (outlined subjects, pages and licences are found by that), and
`packed.json` keeps on which side of the split its original lies, since that is told by a content that is no longer
there.
"""

import json
from itertools import chain
from pathlib import Path

import click
import cv2
import numpy as np

from layersr.atomic import replacing_folder
from layersr.errors import LayersrError, UsageError
from layersr.training.pictures import CUTOUTS, FOLDERS, PACKED, find, is_page
from layersr.training.subjects import FILE
from layersr.training.things import shrunk, small

QUALITY, LOSSLESS = 80, 101
"""Of WebP: what pictures lose beside shrinking is less than the noise that scenes are given; cut-outs lose nothing."""


def pack(data: Path, out: Path, side: int) -> int:
    """Write the pack; how many pictures and cut-outs are in it.

    Args:
        data: a data folder of the project's own form, or somebody's own pictures.
        out: the folder to write, new or empty.
        side: pixels of the longer side of the largest scenes it is for. Pictures keep a shorter side of half as much
            again, cut-outs a longer one of four fifths: `things.gather` shrinks them so anyhow.

    Raises:
        InputError: there are no pictures, or one cannot be read.
        UsageError: `out` has something in it already.
        OutputError: it cannot be written; nothing is left behind.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is not an empty folder; name another one with --out.")
    pictures = [p for p in find(data) if p.held_apart or not is_page(p, data)]
    images = ((p, shrunk(p.read(), 1.5 * side)) for p in pictures)
    cutouts = ((p, p.read_cutout()) for p in find(data, CUTOUTS))  # of somebody's own pictures, those with alpha
    things = ((p, small(thing, 0.8 * side)) for p, thing in cutouts if thing is not None)
    written = {}
    with replacing_folder(out) as folder:
        for picture, image in chain(images, things):
            place = picture.path.relative_to(data)
            _write(folder / place, image)
            written[place.as_posix()] = picture.held_apart
        for extra in [*(f"{name}/SOURCES.md" for name in (*FOLDERS, *CUTOUTS)), FILE]:
            if (data / extra).is_file():
                (folder / extra).parent.mkdir(parents=True, exist_ok=True)
                (folder / extra).write_bytes((data / extra).read_bytes())
        (folder / PACKED).write_text(json.dumps(written, indent=0), encoding="utf-8")
    return len(written)


def _write(path: Path, image: np.ndarray) -> None:
    """The picture under its name; what the name says of the format is not asked when it is read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kind, quality = (cv2.COLOR_RGBA2BGRA, LOSSLESS) if image.shape[2] == 4 else (cv2.COLOR_RGB2BGR, QUALITY)
    _, coded = cv2.imencode(".webp", cv2.cvtColor(image, kind), [cv2.IMWRITE_WEBP_QUALITY, quality])
    path.write_bytes(coded.tobytes())


@click.command(context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True, help="Folder of pictures.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The pack: a new folder.")
@click.option("--side", type=click.IntRange(min=16), default=320, help="Longer side of the largest scenes, in pixels.")
def main(data: Path, out: Path, side: int) -> None:
    """Make a small copy of a data folder that detectors are trained from as from the folder itself."""
    try:
        count = pack(data, out, side)
    except LayersrError as error:
        click.echo(str(error), err=True)
        raise SystemExit(error.exit_code) from error
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    click.echo(f"{out}: {count} pictures and cut-outs, {size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
