"""Infill beside its baselines: decibels in the hole, and whether the texture is as strong as the truth's.

The two pull against each other: the mean of all plausible pictures wins the decibels and is a blur; a picture with the
texture that nobody can guess pixel by pixel loses some. So both stand in the table: PSNR over the hole's pixels, mean
of all cases; the local variance (9 x 9, luma) over the hole's inner part against the truth's, median of all cases, and
the share of cases in which it is within 0.7 to 1.3 of it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from layersr.backends import load
from layersr.backends.structure import load_structure
from layersr.errors import InputError
from layersr.infill.membrane import membrane
from layersr.training.pictures import find

Method = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Image (h, w, 3) and hole (h, w) to the painted image."""

COUNT, SIDE, SEED = 100, 512, 60
SHARE = (0.05, 0.25)


@dataclass(frozen=True, eq=False)
class Case:
    """A picture, RGB float32 (h, w, 3) in [0, 1], and what is to be painted in it."""

    picture: np.ndarray
    hole: np.ndarray


def rows(data: Path) -> list[str]:
    """A Markdown table, a row per method, and how it was measured."""
    measured = cases(data)
    out = [
        "| infill | PSNR in the hole | local variance to truth's, median | within 0.7-1.3 | s |",
        "|---|---|---|---|---|",
    ]
    for name, method in methods().items():
        psnr, ratio, seconds = measure(method, measured)
        within = np.mean((ratio > 0.7) & (ratio < 1.3))
        out.append(f"| {name} | {psnr.mean():.2f} | {np.median(ratio):.2f} | {within:.0%} | {seconds.mean():.2f} |")
    note = f"{len(measured)} cases: every picture held apart, longer side {SIDE} pixels, then seeded crops of them;"
    return [*out, "", f"{note} holes of 5 to 25 %."]


def measure(method: Method, measured: list[Case]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """PSNR in dB, local variance to the truth's, and seconds of every case."""
    method(measured[0].picture[:64, :64], measured[0].hole[:64, :64])  # loading is not counted
    values = []
    for case in measured:
        given = np.where(case.hole[..., None], np.float32(0), case.picture)
        begun = time.perf_counter()
        painted = method(given, case.hole)
        seconds = time.perf_counter() - begun
        values.append((psnr(painted, case), variance(painted, case.hole) / variance(*_of(case)), seconds))
    return tuple(np.array(values).T)


def methods() -> dict[str, Method]:
    """Every method in the table."""
    model = load_structure("cpu")
    return {
        "Telea (OpenCV)": _opencv(cv2.INPAINT_TELEA),
        "Navier-Stokes (OpenCV)": _opencv(cv2.INPAINT_NS),
        "membrane": membrane,
        "classic": load("infill", "classic"),
        "structure alone": model.structure,
        "layersr": model,
    }


def _opencv(method: int) -> Method:
    def fill(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
        return cv2.inpaint((image * 255 + 0.5).astype(np.uint8), hole.astype(np.uint8), 5, method) / np.float32(255)

    return fill


def cases(data: Path, count: int = COUNT) -> list[Case]:
    """Pictures held apart with their holes: each whole first, then crops as long as needed.

    Raises:
        InputError: no picture of the folder is held apart.
    """
    rng, out = np.random.default_rng(SEED), []
    pictures = [p.read() for p in find(data) if p.held_apart]
    if not pictures:
        raise InputError(f"No picture in {data} is held apart; there is nothing to measure on.")
    while len(out) < count:
        image = pictures[len(out) % len(pictures)]
        if len(out) >= len(pictures):
            factor = rng.uniform(min(1, SIDE / max(image.shape[:2])), 1)  # no crop is enlarged, if it can be helped
            size = [round(n * factor) for n in image.shape[:2]]
            top, left = (int(rng.integers(n - s + 1)) for n, s in zip(image.shape[:2], size, strict=True))
            image = image[top : top + size[0], left : left + size[1]]
        factor = SIDE / max(image.shape[:2])
        kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=kind).astype(np.float32) / 255
        out.append(Case(image, irregular(*image.shape[:2], rng)))
    return out


def irregular(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Smooth blobs, or an element's shape (ellipses and a polygon grown together)."""
    share = rng.uniform(*SHARE)
    if rng.random() < 0.5:
        noise = rng.standard_normal((height, width)).astype(np.float32)
        noise = cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.02, 0.08) * height)
        return noise > np.quantile(noise, 1 - share)
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


def psnr(painted: np.ndarray, case: Case) -> float:
    """In dB, over the hole's pixels."""
    return -10 * float(np.log10(max(float(((painted - case.picture)[case.hole] ** 2).mean()), 1e-9)))


def variance(image: np.ndarray, hole: np.ndarray) -> float:
    """Mean local variance (9 x 9, luma) over the hole's inner part; at least 1e-6."""
    luma = image.mean(axis=2)
    mean = cv2.blur(luma, (9, 9))
    local = cv2.blur(luma * luma, (9, 9)) - mean * mean
    inner = cv2.erode(hole.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return max(float(local[inner if inner.any() else hole].mean()), 1e-6)


def _of(case: Case) -> tuple[np.ndarray, np.ndarray]:
    return case.picture, case.hole
