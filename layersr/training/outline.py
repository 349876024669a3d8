"""Outline subjects to learn from: `python -m layersr.training.outline PICTURE --box L,T,W,H ... --data DIR`.

Each box (in pixels of the picture) is filled as `--box` does; the outlines are added to DIR/subjects.json, and what
they select is shown in PICTURE's folder as NAME.outlined.png: look at it, and take out what is wrong.
"""

import json
from pathlib import Path

import click
import cv2
import numpy as np

from layersr.backends import load
from layersr.roles import Prompt
from layersr.training.pictures import Picture
from layersr.training.subjects import FILE, own

SIDE = 640
"""Longer side in pixels at which outlines are drawn."""

CRUMB = 0.03
"""Parts smaller than this share of a subject are left out."""


def outlines(mask: np.ndarray) -> list[list[int]]:
    """The outlines of a mask's parts, float32 in [0, 1]: x, y, x, y, ..., in thousandths; holes are filled."""
    solid = (mask > 0.5).astype(np.uint8)
    found, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    out = []
    for contour in found:
        points = cv2.approxPolyDP(contour, 1.0, closed=True)[:, 0]
        if len(points) > 2 and cv2.contourArea(contour) > CRUMB * solid.sum():
            thousandths = np.rint((points + 0.5) / solid.shape[::-1] * 1000)
            out.append([int(v) for v in thousandths.ravel()])
    return out


def _box(text: str) -> tuple[int, int, int, int]:
    left, top, width, height = (int(v) for v in text.split(","))
    return left, top, width, height


@click.command()
@click.argument("picture", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--box", "boxes", multiple=True, type=_box, metavar="L,T,W,H", help="Around a subject; none: no background."
)
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True)
def main(picture: Path, boxes: tuple[tuple[int, int, int, int], ...], data: Path) -> None:
    """Add a picture's subjects to DATA/subjects.json. Without a box: it has some, and is no background."""
    if not picture.resolve().is_relative_to(data.resolve()):
        raise click.UsageError(
            f"{picture} does not lie in {data}; outlines are kept beside the pictures they belong to."
        )
    image = Picture(picture, "", held_apart=False).read()
    factor = min(1.0, SIDE / max(image.shape[:2]))
    size = [max(1, round(n * factor)) for n in image.shape[1::-1]]
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    detect, subjects = load("detect", "layersr"), []
    shown = small // 4
    for box in boxes:
        scaled = tuple(round(v * factor) for v in box)
        found = detect(small.astype(np.float32) / 255, Prompt(box=scaled))
        parts = outlines(found[0].mask) if found else []
        if not parts:
            raise click.UsageError(f"Nothing was found in the box {','.join(map(str, box))}; draw it closer.")
        subjects.append(parts)
        shown = np.where(found[0].mask[..., None] > 0.5, small, shown)
    known = own(data) | {picture.resolve().relative_to(data.resolve()).as_posix(): subjects}
    part = data / f"{FILE}.part"
    lines = (f"{json.dumps(name)}: {json.dumps(them, separators=(',', ':'))}" for name, them in sorted(known.items()))
    part.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    part.replace(data / FILE)
    look = picture.with_suffix(".outlined.png")
    look.write_bytes(cv2.imencode(".png", cv2.cvtColor(shown, cv2.COLOR_RGB2BGR))[1].tobytes())
    click.echo(f"{len(subjects)} subjects of {picture.name} are in {data / FILE}; look at {look} and delete it.")


if __name__ == "__main__":
    main()
