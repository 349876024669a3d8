"""Mattes beside their truth: SAD and gradient error in the unknown; and the alpha upscaler at the edges.

As C. Rhemann et al., *A Perceptually Motivated Online Benchmark for Image Matting* (CVPR 2009), count them: the sum of
absolute differences over the unknown pixels, in thousands; the sum of squared differences of the gradients' lengths
(derivatives of a Gaussian, sigma 1.4), in thousands. The lemur's matte was computed, not photographed: closed form
gives it back almost exactly, so on the lemur the others are in effect measured against closed form.
"""

import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from layersr.backends import load
from layersr.backends.cubic_alpha import enlarged
from layersr.backends.guided_alpha import changing
from layersr.errors import BackendError, InputError
from layersr.training.guided_alpha import enlargement, shrunk_alpha
from layersr.training.mattes import Matted, Stock, layer_of, sides, stock
from layersr.training.trimaps import around, rough

Method = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Image (h, w, 3) and trimap (h, w) to alpha (h, w)."""

COUNT, SIDE, BAND = 50, 320, 10.0


def rows(data: Path) -> list[str]:
    """Markdown tables of mattes and of enlarged mattes."""
    apart = stock(data, SIDE, np.random.default_rng(9), apart=True)
    return [*matting_rows(data, apart), "", *alpha_rows(apart)]


def matting_rows(data: Path, apart: Stock) -> list[str]:
    """One table, a row per method."""
    methods, remarks = _methods()
    sets = {f"{COUNT} soft": composites(apart), f"{COUNT} rough": composites(apart, wrong=True)}
    try:
        sets = {"lemur": [lemur(data / "matting" / "pymatting_lemur")], **sets}
    except InputError as error:
        remarks.append(str(error))
    else:
        remarks.append("The lemur's truth was itself computed, nearly as closed form does: there it measures likeness.")
    heads = [f"{name} SAD | {name} gradient | s" for name in sets]
    out = [f"| matting | {' | '.join(heads)} |", "|---" * (1 + 3 * len(sets)) + "|"]
    for name, method in methods.items():
        values = [f"{v:.2f}" for cases in sets.values() for v in _mean(method, cases)]
        out.append(f"| {name} | {' | '.join(values)} |")
    return [*out, "", *remarks]


def _mean(method: Method, cases: list[Matted]) -> tuple[float, float, float]:
    """Mean SAD, gradient error and seconds."""
    strip = np.repeat(np.float32([0, 0.5, 1]), 20)[None].repeat(60, axis=0)
    method(np.dstack([strip] * 3), strip)  # loading and compiling are not counted
    values = []
    for case in cases:
        begun = time.perf_counter()
        alpha = method(case.image, case.trimap)
        seconds = time.perf_counter() - begun
        values.append((sad(alpha, case), gradient_error(alpha, case), seconds))
    return tuple(np.mean(values, axis=0))


def _methods() -> tuple[dict[str, Method], list[str]]:
    """Every method that can be had here, and a sentence for each that cannot."""
    methods = {"layersr": load("matte", "layersr"), "classic": load("matte", "classic"), "guided filter": guided}
    remarks = []
    for name in ("closed-form", "knn"):
        try:
            methods[f"{name} (PyMatting)"] = load("matte", name)
        except BackendError as error:
            remarks.append(f"{name} is left out. {error}")
    return methods, remarks


def guided(image: np.ndarray, trimap: np.ndarray, radius: int = 15, epsilon: float = 1e-5) -> np.ndarray:
    """He, Sun and Tang, *Guided Image Filtering* (ECCV 2010): the trimap filtered with the picture as colour guide."""

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.boxFilter(values, -1, (2 * radius + 1,) * 2, borderType=cv2.BORDER_REFLECT)

    guide, target = image.astype(np.float64), trimap.astype(np.float64)
    centre, level = mean(guide), mean(target)
    products = np.stack([mean(guide * guide[..., k : k + 1]) for k in range(3)], axis=-1)
    covariance = products - centre[..., :, None] * centre[..., None, :] + epsilon * np.eye(3)
    cross = mean(guide * target[..., None]) - centre * level[..., None]
    slope = np.linalg.solve(covariance, cross[..., None])[..., 0]
    offset = level - (slope * centre).sum(axis=-1)
    alpha = np.clip((mean(slope) * guide).sum(axis=-1) + mean(offset), 0, 1)
    return np.where(trimap == 0.5, alpha, trimap).astype(np.float32)


def sad(alpha: np.ndarray, case: Matted) -> float:
    """Sum of absolute differences in the unknown, thousands."""
    return float(np.abs(alpha - case.alpha)[case.trimap == 0.5].sum() / 1000)


def gradient_error(alpha: np.ndarray, case: Matted) -> float:
    """Sum of squared differences of the gradients' lengths in the unknown, thousands."""
    difference = _slope(alpha) - _slope(case.alpha)
    return float(np.square(difference)[case.trimap == 0.5].sum() / 1000)


def _slope(alpha: np.ndarray, sigma: float = 1.4) -> np.ndarray:
    """Length of the gradient; the derivative's kernel has unit norm, as in the benchmark's own code."""
    reach = int(np.ceil(sigma * np.sqrt(-2 * np.log(np.sqrt(2 * np.pi) * sigma * 1e-2))))
    at = np.arange(-reach, reach + 1)
    bell = np.exp(-(at**2) / (2 * sigma**2)) / (sigma * np.sqrt(2 * np.pi))
    kernel = np.outer(bell, -at * bell / sigma**2)
    kernel /= np.sqrt(np.square(kernel).sum())
    x, y = (cv2.filter2D(alpha.astype(np.float64), -1, k, borderType=cv2.BORDER_REPLICATE) for k in (kernel, kernel.T))
    return np.hypot(x, y)


def lemur(folder: Path) -> Matted:
    """PyMatting's example.

    Raises:
        InputError: it is not there.
    """
    names = ("lemur", "lemur_trimap", "lemur_alpha")
    found = [cv2.imread(str(folder / f"{n}.png"), cv2.IMREAD_COLOR) if folder.is_dir() else None for n in names]
    if any(f is None for f in found):
        raise InputError(f"The lemur is left out: {folder} is missing or incomplete.")
    image, trimap, alpha = (np.ascontiguousarray(f[..., ::-1], np.float32) / 255 for f in found)
    trimap = np.where(trimap > 0.9, 1, np.where(trimap < 0.1, 0, 0.5))[..., 0].astype(np.float32)
    return Matted(image, trimap, np.ascontiguousarray(alpha[..., 0]), np.ones_like(trimap))


def composites(apart: Stock, wrong: bool = False) -> list[Matted]:
    """Cut-outs, hair, glows and lettering over pictures held apart, 8 bits, with both kinds of certain pixels.

    Args:
        apart: cut-outs and pictures held apart.
        wrong: hard ones too, and the trimap a band around a wrong contour, as after a rough detection; otherwise soft
            ones only, and the trimap from the truth, `BAND` pixels to each side of what is soft.
    """
    rng, out = np.random.default_rng(11), []
    while len(out) < COUNT:
        layer = layer_of(apart, rng, SIDE, zoom=1.2)
        alpha = np.ascontiguousarray(layer[..., 3])
        trimap = rough(alpha, rng) if wrong else around(alpha, 0.01, (BAND, BAND))
        untrue = np.abs(trimap - alpha)[trimap != 0.5]
        soft = ((alpha > 0.05) & (alpha < 0.95)).mean()
        shares = [(trimap == value).mean() for value in (0, 0.5, 1)]
        if (soft < 0.01 and not wrong) or min(shares) < 0.02 or shares[1] > 0.6 or untrue.mean() > 0.03:
            continue
        colour, below = sides(apart, layer, rng)
        image = colour * alpha[..., None] + below * (1 - alpha[..., None])
        out.append(Matted((np.rint(image * 255) / 255).astype(np.float32), trimap, alpha, np.ones_like(alpha)))
    return out


def alpha_rows(apart: Stock) -> list[str]:
    """One table, a row per method and factor: errors where the small matte changes."""
    ours, upscaler = load("alpha", "layersr"), load("upscale", "layersr")
    out = ["| alpha | scale | mean abs error x 100 | PSNR | s |", "|---|---|---|---|---|"]
    for scale in ours.scales:
        rng = np.random.default_rng(13)
        cases = [enlargement(apart, rng, 256, scale, upscaler) for _ in range(COUNT)]
        methods = {
            "cubic (upscaling/alpha.py)": lambda image, alpha, s: enlarged(alpha, s),
            "Lanczos": _lanczos,
            "layersr": ours,
        }
        for name, method in methods.items():
            wrong, squared, seconds = [], [], []
            for case in cases:
                truth = case.alpha.astype(np.float32) / 255
                small = shrunk_alpha(truth, scale)
                band = np.repeat(np.repeat(changing(small), scale, axis=0), scale, axis=1)
                image = case.guide.astype(np.float32) / 255
                begun = time.perf_counter()
                error = (method(image, small, scale) - truth)[band]
                seconds.append(time.perf_counter() - begun)
                wrong.append(np.abs(error).mean())
                squared.append(np.square(error).mean())
            decibels = -10 * np.log10(np.mean(squared))
            values = f"{100 * np.mean(wrong):.2f} | {decibels:.2f} | {np.median(seconds):.3f}"
            out.append(f"| {name} | {scale} | {values} |")
    return out


def _lanczos(image: np.ndarray, alpha: np.ndarray, scale: int) -> np.ndarray:
    height, width = image.shape[:2]
    return np.clip(cv2.resize(alpha, (width, height), interpolation=cv2.INTER_LANCZOS4), 0, 1)
