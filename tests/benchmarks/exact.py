"""Law 1 on real pictures: `python tests/benchmarks/exact.py PLACE ... [--count N] [--sheets DIR]`.

Every picture is exported at scale 1 as PSD; the file is read back by layersr and, independently, composited by
psd-tools from its layers. Prints the share of exact pixels of both; any picture below 100 % is a defect.
"""

import argparse
import random
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from psd_tools import PSDImage
from psd_tools.composite import composite

from layersr import documents, flatten, read_image
from layersr.color import levels
from layersr.pipeline import run
from layersr.preview import contact_sheet
from layersr.recipe import Recipe

SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".tif"}


def pictures(places: list[Path], count: int) -> list[Path]:
    """All pictures named, and a seeded choice of `count` from the folders."""
    named = [p for p in places if p.is_file()]
    found = sorted(f for p in places if p.is_dir() for f in p.rglob("*") if f.suffix.lower() in SUFFIXES)
    return named + random.Random(0).sample(found, min(count, len(found)))


def psd_tools_flatten(path: Path, dtype: np.dtype) -> np.ndarray:
    """What psd-tools' compositor makes of the layers, rounded once."""
    colour, _, alpha = composite(PSDImage.open(path), force=True)
    top = levels(dtype)
    return np.rint(np.dstack([colour * top, alpha * top])).astype(dtype)


def main() -> None:
    """Export every picture and compare."""
    parser = argparse.ArgumentParser()
    parser.add_argument("places", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--sheets", type=Path, help="write a contact sheet of every picture here")
    options = parser.parse_args()
    exact, seconds = 0, []
    chosen = pictures(options.places, options.count)
    for path in chosen:
        image = read_image(path)
        start = time.perf_counter()
        stack = run(image, Recipe(scale=1))
        seconds.append(time.perf_counter() - start)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "out.psd"
            documents.write(stack, file)
            ours = (flatten(documents.read(file)) == image.pixels).all(axis=-1).mean()
            other = psd_tools_flatten(file, image.pixels.dtype)
            seen = image.pixels[..., 3] > 0  # psd-tools keeps no colour under no alpha
            theirs = (other == image.pixels).all(axis=-1)[seen].mean() if seen.any() else 1.0
        exact += ours == 1 and theirs == 1
        elements = len(stack.layers) - 1
        name = f"{path.parent.name}/{path.name}"
        print(f"{name:55} {image.width:5} x {image.height:5} {elements:3} elements", end=" ")
        print(f"{ours:9.4%} {theirs:9.4%} {seconds[-1]:6.1f} s", flush=True)
        if options.sheets:
            options.sheets.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(options.sheets / f"{path.stem}.png"), contact_sheet(image, stack)[..., ::-1])
    print(f"{exact} of {len(chosen)} exact in both readers; median {np.median(seconds):.1f} s")


if __name__ == "__main__":
    main()
