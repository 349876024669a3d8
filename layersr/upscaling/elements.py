"""Every layer super-resolved by itself, its colours continued beyond the edge; the alpha on its own."""

from dataclasses import replace

import numpy as np

from layersr import color
from layersr.bleed import bleed
from layersr.layers import Layer
from layersr.roles import Upscaler
from layersr.upscaling.alpha import scale_alpha


def scale_layer(layer: Layer, upscaler: Upscaler, scale: int) -> Layer:
    """The layer, `scale` times as large; name, opacity, blend mode, group and facts stay.

    Colours are continued outwards before they are scaled, so that no foreign colour enters at the edge. Provenance is
    repeated: a pixel is as original as the one it was made from.
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
    large = np.dstack([upscaler(colour, scale), scale_alpha(alpha, scale)])
    codes = layer.provenance
    if codes is not None:
        codes = np.repeat(np.repeat(codes, scale, axis=0), scale, axis=1)
    return replace(layer, pixels=color.to_depth(large, layer.pixels.dtype), provenance=codes, **at)
