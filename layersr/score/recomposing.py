"""How a flattened stack compares with a picture."""

import math
from dataclasses import dataclass

import numpy as np

from layersr import color
from layersr.arrays import Pixels
from layersr.errors import UsageError
from layersr.flattening import BAND, bands, flatten_band
from layersr.layers import LayerStack
from layersr.score.elements import premultiplied, shrunk


@dataclass(frozen=True)
class Recomposition:
    """How a flattened stack compares with a picture.

    Attributes:
        scale: the stack is this many times as wide; it is shrunk by area first.
        exact: share of pixels that look the same to the bit (colours of wholly transparent pixels do not show).
        max_error: the largest error of any channel, in 255ths.
        psnr: in dB, over premultiplied colours (and alpha where the picture has any); None where there is no error.
        identical: every bit is the same, hidden colours included.
    """

    scale: float
    exact: float
    max_error: float
    psnr: float | None
    identical: bool


def recomposition(stack: LayerStack, picture: Pixels) -> Recomposition:
    """Flatten a stack band by band (at once where it is no whole multiple of the picture) and compare them.

    Raises:
        UsageError: the stack does not have the picture's proportions, or is smaller.
    """
    height, width = picture.shape[:2]
    scale = _ratio(stack, width, height)
    top = color.levels(picture.dtype)
    same = scale == 1 and stack.dtype == picture.dtype
    has_alpha = bool((picture[..., 3] < top).any())
    exact, worst, squares, identical = 0, 0.0, 0.0, same
    whole = (stack.width, stack.height) == (width * round(scale), height * round(scale))
    for rows in bands(height, max(1, BAND // round(scale)) if whole else height):
        part = slice(rows.start * round(scale), rows.stop * round(scale)) if whole else slice(0, stack.height)
        flat, wanted = flatten_band(stack, part), picture[rows]
        identical = identical and bool(np.array_equal(flat, wanted))
        got, want = shrunk(flat, (width, rows.stop - rows.start)), premultiplied(wanted)
        error = np.abs(got - want)
        if same:
            shown = (flat == wanted).all(axis=2) | ((flat[..., 3] == 0) & (wanted[..., 3] == 0))
        else:
            shown = (np.rint(got * top) == np.rint(want * top)).all(axis=2)
        exact += int(shown.sum())
        worst = max(worst, float(error.max(initial=0)))
        squares += float(np.square(error if has_alpha else error[..., :3], dtype=np.float64).sum())
    mean = squares / (height * width * (4 if has_alpha else 3))
    psnr = None if mean == 0 else -10 * math.log10(mean)
    return Recomposition(scale, exact / (height * width), worst * 255, psnr, identical)


def _ratio(stack: LayerStack, width: int, height: int) -> float:
    """How many times as wide as width x height the stack is."""
    scale = stack.width / width
    if scale < 1 or abs(stack.height - height * scale) > 1 + scale / 2:
        raise UsageError(
            f"The stack is {stack.width} x {stack.height} pixels and what it is compared with {width} x {height}: "
            "only pictures of the same proportions can be compared, and only smaller ones."
        )
    return scale
