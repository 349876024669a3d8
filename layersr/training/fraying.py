"""What vector drawings lack: hair, fur, blur, veils. Mattes are float32 in [0, 1], layers premultiplied RGBA."""

import cv2
import numpy as np

from layersr.training.things import smooth_noise


def hairy(size: int, rng: np.random.Generator) -> np.ndarray:
    """Strands that leave a body, thinner than a pixel or some pixels wide: alpha (size, size)."""
    fine = 2  # drawn so many times as large, then shrunk: thin lines need it
    n = size * fine
    sheet = np.zeros((n, n), np.uint8)
    middle, radius = n * rng.uniform(0.35, 0.65, 2), n * rng.uniform(0.12, 0.3)
    if rng.random() < 0.85:
        axes = [int(radius * rng.uniform(0.7, 1.2)) for _ in range(2)]
        cv2.ellipse(sheet, [int(v) for v in middle], axes, 0, 0, 360, 255, -1, cv2.LINE_AA)
    strands = np.zeros((n, n), np.uint8)
    count, length = int(rng.integers(15, 140)), radius * rng.uniform(0.3, 2.0)
    common, spread = rng.uniform(0, 2 * np.pi), rng.choice([0.3, 0.8, 2.5])
    curl = rng.normal(0, 1.2)
    t = np.linspace(0, 1, 10)[:, None]
    thick = rng.uniform(1, 4)
    for _ in range(count):
        angle = rng.uniform(0, 2 * np.pi)
        root = middle + radius * rng.uniform(0.6, 1) * np.array([np.cos(angle), np.sin(angle)])
        way = angle if spread > 2 else common + rng.normal(0, spread)
        bend = way + (curl + rng.normal(0, 0.5)) * t
        steps = np.concatenate([np.cos(bend), np.sin(bend)], 1) * (length * rng.uniform(0.4, 1.2) / 10)
        points = root + np.cumsum(steps, axis=0)
        width = max(1, int(rng.uniform(0.5, 1.2) * thick))
        cv2.polylines(strands, [np.int32(points * 16)], False, int(rng.integers(120, 256)), width, cv2.LINE_AA, 4)
    sheet = cv2.resize(np.maximum(sheet, strands), (size, size), interpolation=cv2.INTER_AREA)
    return sheet.astype(np.float32) / 255


def furry(alpha: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The matte with every pixel moved a little, each another way: a frayed contour."""
    size = alpha.shape[0]
    rows, columns = np.indices(alpha.shape[:2], np.float32)
    cells = max(2, int(size / np.exp(rng.uniform(np.log(2), np.log(12)))))
    most = rng.uniform(1, 8)
    shift = [smooth_noise(size, cells, rng) * most for _ in range(2)]
    return cv2.remap(alpha, columns + shift[0], rows + shift[1], cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE)


def frayed(layer: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The layer out of focus, moved, frayed, thinned or hardened; mostly as it is."""
    side, kind = layer.shape[0], rng.random()
    if kind < 0.22:
        layer = cv2.GaussianBlur(layer, (0, 0), float(np.exp(rng.uniform(np.log(0.6), np.log(9)))))
    elif kind < 0.30:
        length = int(rng.integers(2, 12))
        stroke = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
        angle = rng.uniform(0, np.pi)
        end = length * np.cos(angle), length * np.sin(angle)
        cv2.line(stroke, *[(round(length + s * end[0]), round(length + s * end[1])) for s in (-1, 1)], 1)
        layer = cv2.filter2D(layer, -1, stroke / stroke.sum())
    elif kind < 0.38:
        layer = furry(layer, rng)
    elif kind < 0.43:  # drawn without antialiasing
        hard = (layer[..., 3:] > 0.5).astype(np.float32)
        layer = np.concatenate([layer[..., :3] / np.maximum(layer[..., 3:], 1e-3) * hard, hard], axis=2)
    if rng.random() < 0.12:  # glass, ghosts, mist
        layer = layer * np.float32(rng.uniform(0.3, 0.95))
    elif rng.random() < 0.04:
        veil = 0.65 + 0.5 * smooth_noise(side, int(rng.integers(2, 24)), rng)
        layer = layer * np.clip(veil, 0.1, 1)[..., None]
    return np.clip(layer, 0, 1)
