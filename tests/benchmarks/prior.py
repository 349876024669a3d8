"""Deep image prior beside OpenCV's Telea and the default infill: decibels in the hole, and seconds.

    python tests/benchmarks/prior.py [--side 256] [--pictures 3] [--sheet FILE.png]

Pictures that are held apart from all training (`layersr.training.pictures`), shrunk, with seeded holes of 5 to 25 %.
`--sheet` shows, a row a picture: what is given, the prior, Telea, the default, the truth.
"""

import argparse
import os
import time
from pathlib import Path

import cv2
import numpy as np

from layersr.backends import load
from layersr.training.pictures import find
from layersr.training.scores.infilling import SEED, Case, irregular, psnr

DATA = Path(os.environ.get("LAYERSR_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))


def cases(side: int, count: int) -> list[tuple[str, Case]]:
    """Pictures spread over all that are held apart, by name."""
    pictures = [picture for picture in find(DATA) if picture.held_apart]
    rng, out = np.random.default_rng(SEED), []
    for number in range(count):
        picture = pictures[(2 * number + 1) * len(pictures) // (2 * count)]
        image = picture.read()
        factor = side / max(image.shape[:2])
        image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        out.append((picture.path.name, Case(image, irregular(*image.shape[:2], rng))))
    return out


def telea(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """OpenCV's fast marching."""
    return cv2.inpaint(np.rint(image * 255).astype(np.uint8), hole.astype(np.uint8), 5, cv2.INPAINT_TELEA) / np.float32(
        255
    )


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--pictures", type=int, default=3)
    parser.add_argument("--sheet", type=Path)
    chosen = parser.parse_args()
    methods = {
        "deep-image-prior": load("infill", "deep-image-prior"),
        "Telea (OpenCV)": telea,
        "layersr": load("infill", "layersr"),
    }
    print(f"| picture | hole | {' | '.join(f'{name}, dB | s' for name in methods)} |", flush=True)
    print("|---|---|" + "---|---|" * len(methods))
    sheet = []
    for name, case in cases(chosen.side, chosen.pictures):
        given = np.where(case.hole[..., None], np.float32(0), case.picture)
        row, cells = [given], []
        for method in methods.values():
            begun = time.process_time()
            row.append(method(given, case.hole))
            cells.append(f"{psnr(row[-1], case):.2f} | {time.process_time() - begun:.1f}")
        print(f"| {name} | {case.hole.mean():.0%} | {' | '.join(cells)} |", flush=True)
        line = np.hstack([*row, case.picture])
        sheet.append(np.pad(line, ((0, chosen.side - line.shape[0]), (0, 5 * chosen.side - line.shape[1]), (0, 0))))
    print("\nSeconds of one core of a CPU.")
    if chosen.sheet:
        cv2.imwrite(str(chosen.sheet), np.rint(np.vstack(sheet)[..., ::-1] * 255).astype(np.uint8))


if __name__ == "__main__":
    main()
