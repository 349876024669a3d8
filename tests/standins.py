"""Simple models for tests of something else, a tenth of the time of real ones: `smooth` infills, `flood` detects."""

from collections.abc import Sequence

import cv2
import numpy as np

from layersr.infill.membrane import membrane
from layersr.roles import Detection, Prompt


def smooth(image: np.ndarray, hole: np.ndarray, avoid: np.ndarray | None = None) -> np.ndarray:
    """What the hole's rim stretches over it."""
    return membrane(image, hole)


def flood(image: np.ndarray, prompt: Prompt | None = None) -> Sequence[Detection]:
    """The even patch at a point or in the middle of a box; nothing unless asked."""
    if prompt is None or not (prompt.point or prompt.box):
        return []
    left, top, width, height = prompt.box or (*prompt.point, 0, 0)
    mask = np.zeros((image.shape[0] + 2, image.shape[1] + 2), np.uint8)
    middle, near = (int(left + width // 2), int(top + height // 2)), (0.1,) * 3
    how = cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | 1 << 8  # as ones
    cv2.floodFill(image.copy(), mask, middle, 0, near, near, how)
    return [Detection(mask[1:-1, 1:-1].astype(np.float32), 0.9)]
