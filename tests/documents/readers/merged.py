"""The flattened picture of a PSD, which is laid on white."""

import numpy as np

from layersr import color


def off_white(picture: np.ndarray) -> np.ndarray:
    """Straight RGBA of what was laid on white; three channels are opaque."""
    top = color.levels(picture.dtype)
    if picture.shape[2] == 3:
        return np.dstack([picture, np.full(picture.shape[:2], top, picture.dtype)])
    values = picture.astype(np.float64) / top
    alpha = values[..., 3:]
    colours = np.divide(values[..., :3] - 1 + alpha, alpha, out=np.zeros_like(values[..., :3]), where=alpha > 0)
    return np.rint(np.concatenate([colours.clip(0, 1), alpha], axis=2) * top).astype(picture.dtype)
