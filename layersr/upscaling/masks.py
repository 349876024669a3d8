"""Masks of layers and groups, enlarged like mattes: with a look at the picture whose edges they follow."""

from dataclasses import replace
from functools import cached_property

import numpy as np

from layersr import color
from layersr.arrays import RGB, Plane
from layersr.blocks import repeated
from layersr.flattening import flatten
from layersr.layers import LayerMask, LayerStack
from layersr.roles import AlphaUpscaler
from layersr.upscaling.back_projection import back_project
from layersr.upscaling.elements import changing, grown, scale_matte
from layersr.upscaling.in_tiles import enlarge


class Masks:
    """Enlarges the masks of one stack.

    Args:
        stack: whose masks they are.
        alpha_upscaler: of mattes.
        scale: how many times as large.
    """

    def __init__(self, stack: LayerStack, alpha_upscaler: AlphaUpscaler, scale: int) -> None:
        self.scale = scale
        self._stack, self._alpha_upscaler = stack, alpha_upscaler

    @cached_property
    def _picture(self) -> RGB:
        """What the stack shows, over black: where a mask has an edge, this has one too, as far as it is seen."""
        return color.over_black(flatten(self._stack))

    def enlarged(self, mask: LayerMask | None) -> LayerMask | None:
        """The mask at the larger size, exact where it lets all or nothing through."""
        if mask is None:
            return None
        s = self.scale
        return replace(mask, values=self._values(mask), left=mask.left * s, top=mask.top * s)

    def _values(self, mask: LayerMask) -> Plane:
        s, dtype = self.scale, mask.values.dtype
        out = repeated(mask.values, s)
        alpha = color.to_float(mask.values)  # a rectangle that ends is an edge between pixels, and stays one
        edge = changing(alpha) if alpha.size else np.zeros(alpha.shape, bool)
        if not edge.any():
            return out
        shown = self._around(mask)

        def run(seen: tuple[slice, slice]) -> np.ndarray:
            matte = scale_matte(shown[seen], alpha[seen], self._alpha_upscaler, s)
            matte = back_project(matte[..., None], alpha[seen][..., None], s)
            return matte * np.float32(color.levels(dtype))

        enlarge(run, out[..., None], grown(edge, 2), s)
        return out

    def _around(self, mask: LayerMask) -> RGB:
        """The picture where the mask lies; off the canvas its border goes on."""
        height, width = mask.values.shape
        rows = np.arange(mask.top, mask.top + height).clip(0, self._stack.height - 1)
        columns = np.arange(mask.left, mask.left + width).clip(0, self._stack.width - 1)
        return np.ascontiguousarray(self._picture[np.ix_(rows, columns)])
