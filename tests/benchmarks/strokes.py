"""Strokes: error against the picture by their number, and seconds, for both ways of layersr and for genetic drawing.

    python tests/benchmarks/strokes.py [--side 512] [--counts 250 500 1000] [--sheet FILE.png] [PICTURE ...]

Pictures are the samples and, where third-party ones are at hand, a painting. "Fewer" is how many strokes less evolution
needs for greedy's error, between the numbers measured. Genetic drawing is A. Opara's notebook (2019) again in spirit:
in grey, with brushes of a fixed texture, ten strokes a stage, which for twenty generations mutate at random in all they
have and keep what lowers the error; their angles follow the gradients the more the stronger they are, their places are
where gradients are, their sizes fall. It is compared on the grey picture.
"""

import argparse
import math
import os
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from layersr.strokes import cover, paint

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("LAYERSR_DATA", ROOT.parent / "shared" / "data"))
BRUSHES = (8, 16, 32, 64, 128, 256)
"""Widths of layersr's brushes: these parts of the longer side."""

STROKES, GENERATIONS = 10, 20
"""Of a stage of genetic drawing, as in its notebook."""


def pictures() -> list[Path]:
    """Two samples and a painting."""
    found = [ROOT / "samples" / name for name in ("portrait.png", "ocean_of_eyes.png")]
    return found + sorted((DATA / "paintings" / "met").glob("*.webp"))[:1]


def read(path: Path, side: int) -> np.ndarray:
    """A picture as RGB, its longer side so many pixels."""
    image = cv2.imread(str(path))
    if image is None:
        raise SystemExit(f"{path} is no picture")
    factor = side / max(image.shape[:2])
    image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(image[..., ::-1])


def decibels(painted: np.ndarray, target: np.ndarray) -> float:
    """The painting's PSNR."""
    return 20 * math.log10(255) - 10 * math.log10(float(((painted.astype(np.float64) - target) ** 2).mean()))


def layersr(way: str) -> Callable[[np.ndarray, int], np.ndarray]:
    """One of our ways, from a ground of the mean colour."""

    def painted(target: np.ndarray, count: int) -> np.ndarray:
        ground = np.broadcast_to(target.mean(axis=(0, 1)).astype(np.uint8), target.shape).copy()
        widths = [max(target.shape[:2]) / part for part in BRUSHES]
        return paint(ground, cover(target, ground, np.ones(target.shape[:2], bool), widths, count, way=way))

    return painted


def textures(size: int = 300) -> list[np.ndarray]:
    """Three brushes like those of the notebook: long blots of water colour with streaks."""
    y, x = (np.indices((size, size)) / (size / 2)) - 1
    out = []
    for seed in range(3):
        noise = np.random.default_rng(seed).standard_normal((size, size)).astype(np.float32)
        streaks = cv2.GaussianBlur(noise, (0, 0), 40, sigmaY=4)
        edge = cv2.GaussianBlur(noise, (0, 0), 9)
        far = np.hypot(x / 0.85, y / (0.25 + 0.08 * seed)) + edge / edge.std() * 0.06
        out.append(np.clip((1 - far) * 8, 0, 1) * np.clip(0.85 + 0.15 * streaks / streaks.std(), 0, 1))
    return [texture.astype(np.float32) for texture in out]


def genetic_drawing(target: np.ndarray, count: int) -> np.ndarray:
    """The notebook's way, for a grey picture given as RGB, from a black canvas."""
    rng, brushes = np.random.default_rng(0), textures()
    wanted = target[..., 0].astype(np.float32)
    height, width = wanted.shape
    down, across = np.gradient(wanted)
    strength, angle = np.hypot(across, down), np.degrees(np.arctan2(down, across))
    steer = (strength / strength.max()) ** 0.3
    canvas, stages = np.zeros_like(wanted), max(1, round(count / STROKES))
    unit = max(height, width) / 512  # the notebook's pictures are about so large, and its sizes are absolute

    def born(sizes: tuple[float, float], share: np.ndarray | None) -> list[float]:
        at = int(np.searchsorted(share, rng.random())) if share is not None else int(rng.integers(wanted.size))
        y, x = divmod(min(at, wanted.size - 1), width)
        turn = angle[y, x] + 90 + rng.uniform(-180, 180) * (1 - steer[y, x])
        return [rng.uniform(0, 255), y, x, rng.uniform(*sizes), turn, int(rng.integers(len(brushes)))]

    def drawn(strokes: list[list[float]]) -> np.ndarray:
        painted = canvas.copy()
        for colour, y, x, size, turn, kind in strokes:
            side = max(3, int(300 * size * unit))
            alpha = cv2.resize(brushes[int(kind)], (side, side), interpolation=cv2.INTER_AREA)
            matrix = cv2.getRotationMatrix2D((side / 2, side / 2), -turn, 1)
            alpha = cv2.warpAffine(alpha, matrix, (side, side))
            top, left = int(y) - side // 2, int(x) - side // 2
            inner = alpha[max(0, -top) : height - top, max(0, -left) : width - left]
            here = painted[max(0, top) : max(0, top) + inner.shape[0], max(0, left) : max(0, left) + inner.shape[1]]
            here += inner * (np.float32(colour) - here)
        return painted

    def error(painted: np.ndarray) -> float:
        return float(cv2.absdiff(painted, wanted).sum())

    for stage in range(stages):
        t = stage / max(stages - 1, 1)
        sizes = tuple((high - low) * (1 - t * t) + low for low, high in ((0.1, 0.3), (0.3, 0.7)))
        share = None
        if stage >= stages // 5:
            later = (stage - stages // 5) / max(stages - stages // 5 - 1, 1)
            share = np.cumsum(cv2.GaussianBlur(strength, (0, 0), max(0.5, height * (0.25 * (1 - later) + 0.005))))
            share /= share[-1]
        strokes = [born(sizes, share) for _ in range(STROKES)]
        best = drawn(strokes)
        for _ in range(GENERATIONS):
            for number in range(STROKES):
                child, other = list(strokes[number]), born(sizes, share)
                for gene in rng.choice(6, rng.integers(1, 7), replace=False):
                    genes = (1, 2) if gene in (1, 2) else (gene,)
                    for one in genes:
                        child[one] = other[one]
                tried = [*strokes[:number], child, *strokes[number + 1 :]]
                painted = drawn(tried)
                if error(painted) < error(best):
                    strokes, best = tried, painted
        canvas = best
    return np.repeat(np.rint(canvas)[..., None], 3, axis=2).astype(np.uint8)


def fewer(counts: list[int], evolved: list[float], wanted: float, count: int) -> str:
    """The share of strokes that evolution saves at greedy's error."""
    if wanted < evolved[0]:
        return "" if count == counts[0] else f"> {1 - counts[0] / count:.0%}"
    return f"{1 - math.exp(np.interp(wanted, evolved, np.log(counts))) / count:.0%}"


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, nargs="*")
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--counts", type=int, nargs="+", default=[250, 500, 1000])
    parser.add_argument("--no-grey", action="store_true", help="leave genetic drawing out")
    parser.add_argument("--sheet", type=Path, help="the paintings with most strokes, a row a picture")
    chosen = parser.parse_args()
    counts = sorted(chosen.counts)
    ways = {"greedy": layersr("greedy"), "evolution": layersr("evolution")}
    grey = {} if chosen.no_grey else {"evolution, grey": layersr("evolution"), "genetic drawing, grey": genetic_drawing}
    columns = "".join(f" {name}, dB | s |" for name in [*ways, *grey])
    print(f"| picture | strokes |{columns} fewer |\n|---|---|{'---|---|' * (len(ways) + len(grey))}---|", flush=True)
    rows = []
    for path in chosen.pictures or pictures():
        target = read(path, chosen.side)
        plain = np.repeat(cv2.cvtColor(target, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
        told: dict[str, list[float]] = {name: [] for name in ways}
        cells, row = [], [target]
        for count in counts:
            line, row = [], [target]
            for name, way in [*ways.items(), *grey.items()]:
                seen = plain if name in grey else target
                begun = time.process_time()
                row.append(way(seen, count))
                line.append(f"{decibels(row[-1], seen):.2f} | {time.process_time() - begun:.0f}")
                told.setdefault(name, []).append(decibels(row[-1], seen))
            cells.append(line)
        for count, line, found in zip(counts, cells, told["greedy"], strict=True):
            saved = fewer(counts, told["evolution"], found, count)
            print(f"| {path.stem} | {count} | {' | '.join(line)} | {saved} |", flush=True)
        rows.append(np.hstack(row))
    print(f"\nPictures of {chosen.side} pixels; seconds of one core of a CPU.")
    if chosen.sheet:
        wide = max(row.shape[1] for row in rows)
        rows = [np.pad(row, ((0, 0), (0, wide - row.shape[1]), (0, 0))) for row in rows]
        cv2.imwrite(str(chosen.sheet), np.vstack(rows)[..., ::-1])


if __name__ == "__main__":
    main()
