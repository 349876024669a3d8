"""How well the samples are taken apart: `python tests/benchmarks/samples.py [--detect NAME ...] [--sheets DIR]`.

Every sample is decomposed at scale 1 with the default backends, or those named, and scored against its true stack. One
line a sample:
matched soft IoU over all true elements (shadows and the parts hidden under others count in full), elements found,
false ones, order accuracy over overlapping matched pairs, exactness, seconds.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from layersr import documents, read_image
from layersr.images import write_image
from layersr.pipeline import run
from layersr.preview import contact_sheet
from layersr.recipe import Recipe
from layersr.score import score

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--granularity", type=float, default=0.5)
    parser.add_argument("--sheets", type=Path, help="write a contact sheet of every sample here")
    for role in ("detect", "matte", "infill"):
        parser.add_argument(f"--{role}", default=getattr(Recipe(), role), metavar="NAME")
    options = parser.parse_args()
    names = {role: getattr(options, role) for role in ("detect", "matte", "infill")}
    print(f"{'sample':18} {'IoU':>6} {'found':>9} {'false':>6} {'order':>6} {'exact':>6} {'seconds':>8}")
    ious, orders = [], []
    for path in sorted(SAMPLES.glob("*.png")):
        image = read_image(path)
        start = time.perf_counter()
        stack = run(image, Recipe(scale=1, granularity=options.granularity, **names))
        seconds = time.perf_counter() - start
        result = score(stack, documents.read(path.with_suffix(".truth.ora")), image.pixels)
        ious.append(result.alpha_iou or 0.0)
        orders += [] if result.order_accuracy is None else [result.order_accuracy]
        found = f"{round((result.found or 0) * result.elements)} of {result.elements}"
        order = "-" if result.order_accuracy is None else f"{result.order_accuracy:.2f}"
        exact = "yes" if result.recomposition.identical else "NO"
        print(f"{path.stem:18} {ious[-1]:6.3f} {found:>9} {result.false_elements:6}", end=" ")
        print(f"{order:>6} {exact:>6} {seconds:8.1f}", flush=True)
        if options.sheets:
            options.sheets.mkdir(parents=True, exist_ok=True)
            sheet = np.pad(contact_sheet(image, stack), ((0, 0), (0, 0), (0, 1)), constant_values=255)
            write_image(sheet, options.sheets / f"{path.stem}.png")
    print(f"{'mean':18} {np.mean(ious):6.3f} {'':9} {'':6} {np.mean(orders) if orders else float('nan'):6.2f}")


if __name__ == "__main__":
    main()
