"""Infill against OpenCV's: `python tests/benchmarks/infill.py DATA [--pictures 60] [--show DIR]`; run by hand.

Sixty pictures out of DATA/photos and DATA/paintings (a seeded choice) get irregular holes of 5 to 25 %. Printed for
each method: PSNR in the hole; the local variance against the truth's and against the surroundings' (a blur falls short
of 1, noise exceeds it; what the hole hid is often busier than what is around it, and nobody can know); and the time.
PSNR is not everything: the mean of all plausible pictures wins it. `--show` writes the results side by side.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from layersr.backends import load


def shape(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """An irregular hole: smooth blobs, or an element's shape (ellipses and a polygon grown together)."""
    share = rng.uniform(0.05, 0.25)
    if rng.random() < 0.5:
        field = cv2.GaussianBlur(
            rng.standard_normal((height, width)).astype(np.float32), (0, 0), rng.uniform(0.02, 0.08) * height
        )
        return field > np.quantile(field, 1 - share)
    canvas = np.zeros((height, width), np.uint8)
    middle = rng.uniform(0.3, 0.7, 2) * (width, height)
    while canvas.mean() < share:
        size = rng.uniform(0.04, 0.16, 2) * min(height, width)
        at = middle + rng.normal(0, 0.1, 2) * (width, height)
        cv2.ellipse(canvas, tuple(int(v) for v in at), tuple(int(v) for v in size), rng.uniform(0, 180), 0, 360, 1, -1)
        if rng.random() < 0.3:
            corners = at + rng.normal(0, 0.08, (5, 2)) * min(height, width)
            cv2.fillPoly(canvas, [cv2.convexHull(corners.astype(np.int32))], 1)
    return canvas > 0


def variance(image: np.ndarray, hole: np.ndarray) -> float:
    """Mean local variance (9 x 9, luma) over the hole's inner part."""
    luma = image.mean(axis=2)
    mean = cv2.blur(luma, (9, 9))
    local = cv2.blur(luma * luma, (9, 9)) - mean * mean
    inner = cv2.erode(hole.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return float(local[inner if inner.any() else hole].mean())


def ring(hole: np.ndarray) -> np.ndarray:
    """The hole's surroundings, 24 pixels wide."""
    return (cv2.dilate(hole.astype(np.uint8), np.ones((49, 49), np.uint8)) > 0) & ~hole


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--side", type=int, default=640, help="pictures are shrunk to this longest side")
    parser.add_argument("--show", type=Path)
    options = parser.parse_args()

    rng = np.random.default_rng(60)
    found = sorted(p for name in ("photos", "paintings") for p in (options.data / name).rglob("*.webp"))
    chosen = [found[i] for i in rng.permutation(len(found))[: options.pictures]]
    classic = load("infill", "classic")

    def opencv(method: int):
        def fill(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
            return cv2.inpaint((image * 255 + 0.5).astype(np.uint8), hole.astype(np.uint8), 5, method) / np.float32(255)

        return fill

    methods = {"classic": classic, "telea": opencv(cv2.INPAINT_TELEA), "ns": opencv(cv2.INPAINT_NS)}
    rows = {name: [] for name in methods}
    for number, path in enumerate(chosen):
        picture = cv2.imread(str(path))[..., ::-1]
        scale = min(1, options.side / max(picture.shape[:2]))
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        hole = shape(*picture.shape[:2], rng)
        given = np.where(hole[..., None], np.float32(0), picture)
        line, panels = (
            f"{number:3} {path.stem[:28]:28} {hole.mean():4.0%}",
            [np.where(hole[..., None], np.float32([1, 0, 1]), picture)],
        )
        for name, fill in methods.items():
            start = time.perf_counter()
            painted = fill(given, hole)
            spent = time.perf_counter() - start
            psnr = -10 * np.log10(max(float(((painted - picture)[hole] ** 2).mean()), 1e-9))
            ratio = variance(painted, hole) / max(variance(picture, hole), 1e-6)
            around = variance(painted, hole) / max(variance(picture, ring(hole)), 1e-6)
            rows[name].append((psnr, ratio, around, spent))
            line += f" | {name} {psnr:5.2f} dB {ratio:4.2f} {around:4.2f} {spent:5.2f} s"
            if name == "classic":
                panels += [painted]
        print(line, flush=True)
        if options.show:
            options.show.mkdir(parents=True, exist_ok=True)
            sheet = np.hstack([*panels, picture])
            cv2.imwrite(str(options.show / f"{number:02}.png"), (sheet[..., ::-1] * 255 + 0.5).astype(np.uint8))
    for name, values in rows.items():
        psnr, ratio, around, spent = np.array(values).T
        within = np.mean((ratio > 0.7) & (ratio < 1.3))
        print(
            f"{name:8} PSNR {psnr.mean():5.2f} dB, variance to truth's {np.median(ratio):.2f} "
            f"({within:.0%} in 0.7-1.3), to surroundings' {np.median(around):.2f}, "
            f"time mean {spent.mean():.2f} s, worst {spent.max():.2f} s"
        )


if __name__ == "__main__":
    main()
