"""Trimaps as they come: from a truth by random widths, or as a band around a contour that is more or less wrong."""

import cv2
import numpy as np


def trimap(alpha: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """0, 0.5 or 1, float32: from the truth by random widths, or a band around a wrong contour.

    A wrong contour whose certain pixels are too often untrue is given up for the truth.
    """
    if rng.random() < 0.55:
        found = rough(alpha, rng)
        certain = found != 0.5
        if certain.any() and np.abs(found - alpha)[certain].mean() < 0.03:
            return found
    most = np.log(40 if rng.random() < 0.25 else 14)
    wide = float(np.exp(rng.uniform(0, most))), float(np.exp(rng.uniform(0, most)))
    return around(alpha, float(rng.uniform(0.004, 0.06)), wide)


def around(alpha: np.ndarray, least: float, wide: tuple[float, float]) -> np.ndarray:
    """Unknown where alpha is neither 0 nor 1 (within `least`), widened outwards and inwards by so many pixels."""
    out = np.full(alpha.shape, 0.5, np.float32)
    out[_distance(alpha > least) > wide[0]] = 0
    out[_distance(alpha < 1 - least) > wide[1]] = 1
    return out


def rough(alpha: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A band around the contour of a mask that was shifted, coarse, simplified or grown, as a detector's is.

    As in `decomposing/matting.py`, what is thinner than the band keeps its ridge as certain.
    """
    side = alpha.shape[0]
    band = float(np.exp(rng.uniform(np.log(2), np.log(14))))
    coarse = max(6, round(side / np.exp(rng.uniform(0, np.log(max(2.0, band))))))
    mask = cv2.resize(cv2.resize(alpha, (coarse, coarse), interpolation=cv2.INTER_AREA), (side, side))
    mask = (mask > rng.uniform(0.2, 0.65)).astype(np.uint8)
    if rng.random() < 0.5:
        shift = np.float32([[1, 0, rng.normal(0, band / 3)], [0, 1, rng.normal(0, band / 3)]])
        mask = cv2.warpAffine(mask, shift, (side, side), flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)
    if rng.random() < 0.3:
        contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        mask = np.zeros_like(mask)
        cv2.fillPoly(mask, [cv2.approxPolyDP(c, rng.uniform(0.3, 0.7) * band, True) for c in contours], 1)
    inside, outside = _distance(mask == 0), _distance(mask > 0)
    out = np.full(alpha.shape, 0.5, np.float32)
    out[inside > band] = 1
    out[outside > band] = 0
    if rng.random() < 0.5 and mask.any():
        core = 2 * round(band) + 1
        out[(inside > 0.7 * cv2.dilate(inside, np.ones((core, core), np.uint8))) & (inside >= 1)] = 1
    return out


def _distance(mask: np.ndarray) -> np.ndarray:
    """Pixels to the nearest True; far everywhere if there is none."""
    if not mask.any():
        return np.full(mask.shape, 1e6, np.float32)
    return cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
