"""A larger picture that shrinks back to the small one."""

import cv2
import numpy as np
from jaxtyping import Float32

from layersr.blocks import means

SMOOTH, SHARP = 2, 4
"""Steps that spread what is missing over neighbours, then steps at most that lay it into the blocks themselves."""

CLOSE = 0.25 / 255
"""An error that is nowhere larger is left."""

Planes = Float32[np.ndarray, "_ _ c"]
"""Values in [0, 1] of so many channels."""


def back_project(large: Planes, small: Planes, scale: int) -> Planes:
    """The large picture, changed as little and as smoothly as possible so that it shrinks to the small one.

    It may have any number of channels.

    Irani and Peleg, *Improving resolution by image registration* (1991): the small picture's residual is enlarged and
    added, again and again. The last steps add it block by block, which leaves nothing but clipping and rounding. Two
    bilinear steps before do as well as four bicubic ones (16 scenes of known layers: 29.30 and 29.30 dB).
    """
    height, width = small.shape[:2]
    out = large.copy()
    for step in range(SMOOTH + SHARP):
        residual = small - means(out, scale)
        if step >= SMOOTH and np.abs(residual).max(initial=0) <= CLOSE:
            break
        kind = cv2.INTER_LINEAR if step < SMOOTH else cv2.INTER_NEAREST
        out += cv2.resize(residual, (width * scale, height * scale), interpolation=kind).reshape(out.shape)
        np.clip(out, 0, 1, out=out)
    return out
