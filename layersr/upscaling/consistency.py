"""The scaled stack shrinks back to the picture."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
from jaxtyping import Float32

from layersr import color
from layersr.arrays import RGB, Pixels, Scaled
from layersr.flattening import bands, flatten_band
from layersr.layers import LayerStack

STEPS = 6

AREA, MARGIN = 2**21, 16
"""Large pixels corrected at a time, and small rows seen beyond those: a correction spreads less far."""


Planes = Float32[np.ndarray, "_ _ c"]
"""Values in [0, 1] of so many channels."""


def shrink(image: Planes, scale: int) -> Planes:
    """The mean of every `scale` x `scale` block: what "the same picture, smaller" means throughout layersr."""
    height, width = image.shape[:2]
    small = cv2.resize(image, (width // scale, height // scale), interpolation=cv2.INTER_AREA)
    return small.reshape(height // scale, width // scale, image.shape[2])


def back_project(large: Planes, small: Planes, scale: int) -> Planes:
    """The large picture, changed as little and as smoothly as possible so that it shrinks to the small one.

    It may have any number of channels.

    Irani and Peleg, *Improving resolution by image registration* (1991): the small picture's residual is enlarged and
    added, again and again. The last step adds it block by block, which leaves nothing but clipping and rounding.
    """
    height, width = small.shape[:2]
    out = large.copy()
    for step in range(STEPS):
        residual = small - shrink(out, scale)
        kind = cv2.INTER_CUBIC if step < STEPS - 2 else cv2.INTER_NEAREST
        out += cv2.resize(residual, (width * scale, height * scale), interpolation=kind).reshape(out.shape)
        np.clip(out, 0, 1, out=out)
    return out


Guess = Callable[[Scaled, RGB, slice], Scaled]
"""The flattened large rows, the small ones, and which they are, to a better guess at the large ones."""


def consistent(large: LayerStack, small: Pixels, scale: int, guess: Guess) -> Iterator[tuple[slice, Pixels]]:
    """The picture a scaled stack should flatten to, band by band: as it is, but it shrinks back to the small picture.

    Args:
        large: the scaled stack. It may be sealed to each band before the next is asked for.
        small: the flattened small stack.
        scale: how many times as large.
        guess: has its say before the correction.
    """
    height = small.shape[0]
    rows = max(1, AREA // (scale * scale * max(1, small.shape[1])))
    for band in bands(height, rows):
        seen = slice(max(0, band.start - MARGIN), min(height, band.stop + MARGIN))
        shown = flatten_band(large, slice(seen.start * scale, seen.stop * scale))
        target = _corrected(shown, small[seen], scale, lambda a, b, rows=seen: guess(a, b, rows))
        first = (band.start - seen.start) * scale
        own = slice(band.start * scale, band.stop * scale)
        yield own, target[first : first + own.stop - own.start]


def _corrected(shown: np.ndarray, small: Pixels, scale: int, guess: Callable[[Scaled, RGB], Scaled]) -> np.ndarray:
    values, wanted = color.to_float(shown), color.to_float(small)
    alpha = values[..., 3:]
    # Straight colours mean nothing under no alpha; what is averaged is what is seen, over black.
    given = np.ascontiguousarray(wanted[..., :3] * wanted[..., 3:])
    seen = back_project(guess(np.ascontiguousarray(values[..., :3] * alpha), given), given, scale)
    target = shown.copy()
    straight = np.divide(seen, alpha, out=values[..., :3].copy(), where=alpha > 0)
    target[..., :3] = color.to_depth(np.clip(straight, 0, 1), shown.dtype)
    return target
