"""Small pictures are taken apart enlarged: where an edge is one pixel wide, a detector and a matte see none."""

from dataclasses import replace

import cv2
import numpy as np

from layersr.arrays import RGB, Scaled
from layersr.blocks import means, repeated
from layersr.decomposing.cast import Cast
from layersr.decomposing.element import Element
from layersr.layers import Window
from layersr.roles import Prompt, Upscaler

ENOUGH, MOST = 320, 4
"""Longer side in pixels that a picture is enlarged to at most, and how many times it may be."""

CLEAR = 0.02
"""Alphas of shrunk mattes so near to 0 or 1 become that."""


def factor(height: int, width: int) -> int:
    """How many times a picture is enlarged before it is taken apart: 1 where it is large enough."""
    return int(np.clip(ENOUGH // max(1, height, width), 1, MOST))


def picture(image: RGB, times: int, enlarge: Upscaler) -> Scaled:
    """The picture so many times as large, back-projected once: an upscaler alone moves edges by parts of a pixel."""
    large = enlarge(image, times)
    missed = image - means(large, times)
    missed = cv2.resize(missed, large.shape[1::-1], interpolation=cv2.INTER_LINEAR).reshape(large.shape)
    return np.clip(large + missed, 0, 1)


def enlarged(prompt: Prompt, times: int) -> Prompt:
    """The same wish for the enlarged picture."""
    return replace(
        prompt,
        point=None if prompt.point is None else tuple(times * n + times // 2 for n in prompt.point),
        box=None if prompt.box is None else tuple(times * n for n in prompt.box),
        mask=None if prompt.mask is None else repeated(prompt.mask, times),
        filled=None if prompt.filled is None else repeated(prompt.filled, times),
    )


def shrunk(element: Element, times: int) -> Element:
    """The element on the small canvas: the mean of its blocks, colours by how much is seen of them."""
    window, more = _blocks(element.window, times)
    alpha = np.pad(element.alpha, more)
    colour = np.pad(element.colour, (*more, (0, 0)), mode="edge")
    small = means(alpha, times)
    seen = means(colour * alpha[..., None], times) / np.maximum(small, 1e-4)[..., None]
    colour = np.where(small[..., None] > CLEAR, seen, means(colour, times))
    small = np.where(small < CLEAR, 0, np.where(small > 1 - CLEAR, 1, small)).astype(np.float32)
    return replace(element, window=window, alpha=small, colour=np.clip(colour, 0, 1))


def shrunk_cast(cast: Cast, times: int) -> Cast:
    """The shadow or glow on the small canvas."""
    window, more = _blocks(cast.window, times)
    return replace(cast, window=window, alpha=means(np.pad(cast.alpha, more), times))


def _blocks(window: Window, times: int) -> tuple[Window, list[tuple[int, int]]]:
    """The blocks that a window touches, as a window of the small canvas, and how far they stand out of it."""
    rows, columns = (slice(s.start // times, -(-s.stop // times)) for s in window)
    more = [(s.start - w.start * times, w.stop * times - s.stop) for s, w in zip(window, (rows, columns), strict=True)]
    return (rows, columns), more
