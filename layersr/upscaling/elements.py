"""Every layer super-resolved by itself: its colours continued beyond the edge, its matte where the edge is seen."""

from dataclasses import replace

import cv2
import numpy as np

from layersr import color
from layersr.arrays import RGB, Alpha, Mask, Scaled
from layersr.bleed import bleed
from layersr.layers import Layer
from layersr.roles import AlphaUpscaler, Upscaler
from layersr.tiling import run_tiles
from layersr.upscaling.consistency import back_project

CELL, MARGIN, FEATHER = 512, 24, 8
"""Pixels: side of a tile, what it sees beyond, and where it is blended with the next."""

NEAR = 12
"""Pixels around a matte's edge within which the enlarged picture must be good."""


def scale_layer(
    layer: Layer,
    below: RGB,
    upscaler: Upscaler,
    alpha_upscaler: AlphaUpscaler,
    scale: int,
    faithful: bool = True,
) -> Layer:
    """The layer, `scale` times as large; name, opacity, blend mode, group and facts stay.

    Colours are continued outwards before they are scaled, so that no foreign colour enters at the edge. The matte is
    scaled with a look at the layer over what is below it, super-resolved: there its edge is seen, whatever covers it
    in the picture. Provenance is repeated: a pixel is as original as the one it was made from.

    Args:
        layer: what to scale.
        below: the colours that show through it, the layer's size.
        upscaler: of the colours.
        alpha_upscaler: of the matte.
        scale: how many times as large.
        faithful: the colours shrink back to what they were; where the whole stack is made to, that is wasted work.
    """
    at = {"left": layer.left * scale, "top": layer.top * scale}
    if not layer.pixels.size:
        return replace(layer, **at)
    values = color.to_float(layer.pixels)
    alpha = np.ascontiguousarray(values[..., 3])
    known = alpha > 0
    colour = np.ascontiguousarray(values[..., :3])
    if not known.all() and known.any():
        colour = bleed(colour, known)
    shown = below + alpha[..., None] * (colour - below)
    guide = _rough(shown, scale)
    edge = _grown(_changing(alpha), NEAR)
    if edge.any():
        guide = np.where(_repeated(edge, scale)[..., None], enlarge(shown, upscaler, scale, edge), guide)
    matte = alpha_upscaler(guide, alpha, scale)
    wanted = _grown(known, 4)
    enlarged = enlarge(colour, upscaler, scale, wanted)
    if faithful:
        enlarged = np.where(_repeated(wanted, scale)[..., None], back_project(enlarged, colour, scale), 0)
    large = np.dstack([enlarged, matte])
    codes = layer.provenance
    if codes is not None:
        codes = _repeated(codes, scale)
    return replace(layer, pixels=color.to_depth(large, layer.pixels.dtype), provenance=codes, **at)


def enlarge(image: RGB, upscaler: Upscaler, scale: int, wanted: Mask) -> Scaled:
    """The image enlarged where it is wanted, tile by tile; black where no tile was needed."""
    height, width = wanted.shape
    if not wanted.any():
        return np.zeros((height * scale, width * scale, 3), np.float32)

    def run(planes: np.ndarray) -> np.ndarray:
        return upscaler(np.ascontiguousarray(planes.transpose(1, 2, 0)), scale).transpose(2, 0, 1)

    planes = run_tiles(
        run, image.transpose(2, 0, 1), wanted, cell=CELL, margin=MARGIN, feather=FEATHER, scale=scale
    )  # fmt: skip
    return np.ascontiguousarray(planes.transpose(1, 2, 0))


def _rough(image: RGB, scale: int) -> Scaled:
    height, width = image.shape[:2]
    return cv2.resize(image, (width * scale, height * scale), interpolation=cv2.INTER_LINEAR)


def _changing(alpha: Alpha) -> Mask:
    """Where the matte is not the same all around."""
    kernel = np.ones((3, 3), np.uint8)
    return cv2.dilate(alpha, kernel).reshape(alpha.shape) != cv2.erode(alpha, kernel).reshape(alpha.shape)


def _grown(mask: Mask, reach: int) -> Mask:
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    return cv2.dilate(mask.astype(np.uint8), kernel).reshape(mask.shape) > 0


def _repeated(values: np.ndarray, scale: int) -> np.ndarray:
    return np.repeat(np.repeat(values, scale, axis=0), scale, axis=1)
