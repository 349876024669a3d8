"""Mattes as layer masks: the colours stay whole beneath, so that an artist can paint an edge anew."""

from dataclasses import replace

import numpy as np

from layersr import color
from layersr.bleed import bleed
from layersr.layers import Layer, LayerMask, LayerStack, Provenance


def masked(stack: LayerStack) -> LayerStack:
    """The stack with every element's alpha in a layer mask. Law: it flattens to the same picture, every bit.

    Under the mask an element is opaque; where it was transparent its colours go on from inside, and are invented.
    The background, shadows and glows, hidden layers and those that have a mask already stay as they are.
    """
    layers = (
        _masked(layer) if index and layer.visible and layer.mask is None and not layer.is_cast else layer
        for index, layer in enumerate(stack.layers)
    )
    return stack.with_layers(tuple(layers))


def _masked(layer: Layer) -> Layer:
    alpha = layer.pixels[..., 3]
    top = color.levels(alpha.dtype)
    if not alpha.size or (alpha == top).all():
        return layer
    inside = 2 * alpha.astype(np.int64) >= top
    pixels = color.to_float(layer.pixels[..., :3])
    further = color.to_depth(bleed(pixels, inside if inside.any() else alpha > 0), alpha.dtype)
    whole = np.full_like(layer.pixels, top)
    whole[..., :3] = np.where(alpha[..., None] > 0, layer.pixels[..., :3], further)
    codes = layer.provenance
    if codes is not None:
        codes = np.where(alpha > 0, codes, np.uint8(Provenance.INVENTED))
    return replace(layer, pixels=whole, mask=LayerMask(alpha.copy(), layer.left, layer.top), provenance=codes)
