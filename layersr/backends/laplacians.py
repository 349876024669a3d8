"""Mattes from one large system of equations, by PyMatting: closed form, and K nearest neighbours.

A. Levin, D. Lischinski and Y. Weiss, *A Closed-Form Solution to Natural Image Matting*, TPAMI 2008: the matte is a
linear function of colour in every window of 3 x 3 pixels. Q. Chen, D. Li and C.-K. Tang, *KNN Matting*, TPAMI 2013:
pixels of like colour and place have like mattes, wherever they lie. Both need no weights. Solved by T. Germer, T.
Uelwer, S. Conrad and S. Harmeling, *PyMatting: A Python Library for Alpha Matting*, JOSS 2020 (MIT), compiled when it
is first imported: that takes a minute, once.

Closed form is good where colours tell things from their surroundings and the trimap is narrow, and keeps hair to the
pixel; K nearest neighbours is slower, and better where a background shows through holes. Both take time and memory by
the pixel (closed form 1.3 kB and 2 to 12 microseconds, K nearest neighbours 15 microseconds): what is larger than a
budget is solved shrunk to it, and enlarged by the local linear functions of colour that closed form itself is made of
(`guided.py`): on PyMatting's lemur at half its size, a quarter of the pixels, SAD goes from 0.06 to 0.25 (thousands;
enlarged plainly, 0.37); at 4 megapixels it takes 12 seconds and 1.3 GB.
"""

import warnings
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from layersr.arrays import RGB, Alpha, Trimap
from layersr.backends import backend
from layersr.backends.guided import enlarged
from layersr.backends.sampling import SamplingMatter
from layersr.errors import Notice

Solver = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Float64 image (h, w, 3) and trimap (h, w) with all three values to alpha (h, w); ValueError where it finds none."""

CLOSED_FORM, NEIGHBOURS = 1_000_000, 250_000
"""Pixels that are solved at once."""

FILLED = 200
"""Entries for each unknown pixel in the triangular factor that speeds the solution up; photographs take 70."""

DISCARDED = (1e-4, 1e-3)
"""Entries below are left out of it; the second where the first leaves too many."""

ROUND = {"closed-form": 2, "knn": 48}
"""Pixels around the unknown ones that count: windows reach two; like colours may lie farther off."""

SMALLEST = 8
"""Pixels of the shorter side below which there are fewer than the neighbours asked for."""


class LaplacianMatter:
    """See the module's text.

    Args:
        solve: finds the matte.
        around: pixels around the unknown ones that count.
        budget: pixels solved at once.
    """

    def __init__(self, solve: Solver, around: int, budget: int) -> None:
        self._solve, self._around, self._budget = solve, around, budget
        self._simple = SamplingMatter()

    def __call__(self, image: RGB, trimap: Trimap) -> Alpha:
        """See `roles.Matter`."""
        alpha = trimap.astype(np.float32).copy()
        unknown = (trimap > 0) & (trimap < 1)
        if not unknown.any() or not (trimap >= 1).any() or not (trimap <= 0).any():
            return self._simple(image, trimap)  # nothing to solve
        window = tuple(
            slice(max(0, int(n[0]) - self._around), int(n[-1]) + 1 + self._around)
            for n in (np.flatnonzero(unknown.any(axis=1)), np.flatnonzero(unknown.any(axis=0)))
        )
        part, known, wanted = image[window], np.where(unknown, np.float32(0.5), trimap)[window], unknown[window]
        alpha[window] = np.where(wanted, self._within_budget(part, known), known)
        return alpha

    def _within_budget(self, image: np.ndarray, trimap: np.ndarray) -> np.ndarray:
        factor = np.sqrt(self._budget / trimap.size)
        if factor >= 1:
            return self._solved(image, trimap)
        size = tuple(max(1, int(n * factor)) for n in trimap.shape[::-1])
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA).reshape(*size[::-1], 3)
        known = [cv2.resize((trimap == n).astype(np.float32), size, interpolation=cv2.INTER_AREA) for n in (0, 1)]
        outside, inside = (n.reshape(size[::-1]) >= 1 - 1e-6 for n in known)  # certain if all of it is
        shrunk = np.where(inside, 1, np.where(outside, 0, 0.5)).astype(np.float32)
        return enlarged(self._solved(small, shrunk), np.ascontiguousarray(small), np.ascontiguousarray(image))

    def _solved(self, image: np.ndarray, trimap: np.ndarray) -> np.ndarray:
        """The solution; by colour samples where there is none."""
        if set(np.unique(trimap)) == {0, 0.5, 1} and min(trimap.shape) >= SMALLEST:
            try:
                found = self._solve(image.astype(np.float64), trimap.astype(np.float64))
                if np.isfinite(found).all():
                    return np.clip(found, 0, 1).astype(np.float32)
            except ValueError as error:  # it did not converge
                warnings.warn(
                    f"A matte is made by colour samples, since its equations have no solution ({error}).",
                    Notice,
                    stacklevel=2,
                )
        return self._simple(np.ascontiguousarray(image), np.ascontiguousarray(trimap))


@backend(
    "matte",
    "closed-form",
    summary="one system of equations: hair to the pixel where colours tell; slow on large pictures",
    source="Levin, Lischinski and Weiss, TPAMI 2008",
    licence="MIT",
    extra="matting",
)
def load_closed_form(device: str) -> LaplacianMatter:
    """Needs no weights; every device is the CPU."""
    from pymatting import estimate_alpha_cf, ichol

    ichol.__globals__["print"] = lambda *words: None  # of every second try; standard output is for programs

    def preconditioned(system: Any) -> Any:
        room = FILLED * system.shape[0]  # its own limit is 4 GB, taken at once
        try:
            return ichol(system, DISCARDED[0], max_nnz=room)
        except ValueError:
            return ichol(system, DISCARDED[1], max_nnz=room)

    def solve(image: np.ndarray, trimap: np.ndarray) -> np.ndarray:
        return estimate_alpha_cf(image, trimap, preconditioned)

    return LaplacianMatter(solve, ROUND["closed-form"], CLOSED_FORM)


@backend(
    "matte",
    "knn",
    summary="one system of equations over like pixels anywhere: backgrounds seen through holes; slow",
    source="Chen, Li and Tang, TPAMI 2013",
    licence="MIT",
    extra="matting",
)
def load_neighbours(device: str) -> LaplacianMatter:
    """Needs no weights; every device is the CPU."""
    from pymatting import estimate_alpha_knn

    return LaplacianMatter(estimate_alpha_knn, ROUND["knn"], NEIGHBOURS)
