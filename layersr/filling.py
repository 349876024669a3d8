"""Fill a hole in a flat picture: what an eraser leaves, or what was lifted onto a layer of its own, painted over."""

from dataclasses import replace

import cv2
import numpy as np

from layersr import color
from layersr.arrays import Mask
from layersr.layers import Image
from layersr.progress import Progress, Report, silent, within
from layersr.roles import Infiller, SlowInfiller


def filled(image: Image, hole: Mask, infill: Infiller, report: Report = silent) -> Image:
    """The picture with the hole painted.

    Law: outside the hole every pixel is the picture's own, bit for bit; what stood in the hole has no influence.
    Transparency goes on into the hole as colours do.

    Args:
        image: the picture.
        hole: the picture's size, True = to be painted.
        infill: paints it.
        report: hears how far it is.
    """
    report(Progress("infill", 0.0))
    if isinstance(infill, SlowInfiller):
        infill = infill.telling(within(report, 0.0, 0.7))
    alpha = color.to_float(image.pixels[..., 3:])
    painted = infill(color.over_grey(image.pixels), hole)
    report(Progress("infill", 0.7))
    if (alpha == 1).all():
        through = alpha
    else:
        through = infill(np.repeat(alpha, 3, axis=2), hole)[..., :1]
        painted = np.where(through > 0, (painted - 0.5 * (1 - through)) / np.maximum(through, 1 / 255), painted)
    new = color.to_depth(np.clip(np.dstack([painted, through]), 0, 1).astype(np.float32), image.pixels.dtype)
    report(Progress("infill", 1.0))
    return replace(image, pixels=np.where(hole[..., None], new, image.pixels))


def alone(image: Image, hole: Mask) -> Image:
    """What lies in the hole by itself; transparent black elsewhere."""
    return replace(image, pixels=np.where(hole[..., None], image.pixels, image.pixels.dtype.type(0)))


def grown(hole: Mask, pixels: int) -> Mask:
    """The hole and what lies within so many pixels of it."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return cv2.dilate(hole.astype(np.uint8), kernel) > 0 if pixels else hole
