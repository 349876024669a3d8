"""LayerStack -> LayerStack: layer by layer, then made to shrink back to the picture."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from layersr import color
from layersr.arrays import RGB, Scaled
from layersr.flattening import bands, settled
from layersr.layers import Layer, LayerStack, Window
from layersr.progress import Progress, Report, silent, within
from layersr.remembering import Remember, anew
from layersr.roles import AlphaUpscaler, Upscaler
from layersr.seal import seal_in_place, sealable
from layersr.upscaling.chain import Chain
from layersr.upscaling.consistency import consistent
from layersr.upscaling.elements import scale_layer
from layersr.upscaling.masks import Masks
from layersr.upscaling.resizing import resize
from layersr.upscaling.room import with_room, without_room

__all__ = ["resize", "upscale"]


def upscale(
    stack: LayerStack,
    upscaler: Upscaler,
    alpha_upscaler: AlphaUpscaler,
    scale: int,
    report: Report = silent,
    *,
    context: bool = False,
    remember: Remember = anew,
) -> LayerStack:
    """The stack, `scale` times as large, background first, then every layer bottom to top over what is below it.

    Law: where the stack is `seal.sealable`, as `decompose` makes it, the mean of every scale x scale block of the
    flattened result is the flattened input, up to rounding (PSNR >= 50 dB): the scaled layers are flattened, that
    picture is back-projected (`trust` has its say before), and the stack is sealed to it, so corrections land in the
    layers that show. Where it is not (blend modes, opacities), every layer by itself shrinks back to what it was.

    Args:
        stack: any.
        upscaler: super-resolves colours; factors it does not know are made of those it does.
        alpha_upscaler: enlarges mattes.
        scale: 1 to 8; 1 returns the stack itself.
        report: hears how far it is.
        context: see `elements.scale_layer`; on 8 scenes with known layers the edges were 0.5 dB worse so.
        remember: asked for every layer, which is enlarged from what it is and what is below it.
    """
    if scale == 1:
        return stack
    upscaler, whole = Chain(upscaler), sealable(stack)
    masks = Masks(stack, alpha_upscaler, scale)
    large = replace(
        stack,
        width=stack.width * scale,
        height=stack.height * scale,
        layers=tuple(
            _layers(stack, whole, upscaler, alpha_upscaler, masks, context, remember, within(report, 0.0, 0.8))
        ),
        groups={path: replace(group, mask=masks.enlarged(group.mask)) for path, group in stack.groups.items()},
        resolution=None if stack.resolution is None else (stack.resolution[0] * scale, stack.resolution[1] * scale),
    )
    report(Progress("make it shrink back to the picture", 0.8))
    if whole:
        large = seal_in_place(large, consistent(large, stack, upscaler, scale))
    report(Progress("make it shrink back to the picture", 1.0))
    return large


def _layers(
    stack: LayerStack,
    whole: bool,
    upscaler: Upscaler,
    alpha_upscaler: AlphaUpscaler,
    masks: Masks,
    context: bool,
    remember: Remember,
    report: Report,
) -> Iterator[Layer]:
    """The layers one by one; those that will be sealed as a whole without provenance, for the seal writes it."""
    shown = np.zeros((stack.height, stack.width, 3), np.float32)  # the layers so far, flattened over black
    for number, (layer, plain) in enumerate(zip(stack.layers, settled(stack).layers, strict=True)):
        report(Progress(f"upscale {layer.name}", number / len(stack.layers)))
        sealed = whole and layer.visible
        wide = with_room(replace(layer, provenance=None) if sealed else layer, stack.width, stack.height)
        canvas, own = wide.on_canvas(stack.width, stack.height)
        # What it is called and how far it may be moved makes no other pixels.
        bare = Layer("", wide.pixels, wide.left, wide.top, blend=wide.blend, provenance=wide.provenance)
        below = _below(wide, shown[canvas], own)
        large = remember(
            "enlarge a layer",
            (bare, below, masks.scale, context, sealed),
            partial(
                scale_layer,
                bare,
                below,
                upscaler,
                alpha_upscaler,
                masks.scale,
                context=context,
                faithful=not sealed,
            ),
        )
        large = replace(wide, pixels=large.pixels, left=large.left, top=large.top, provenance=large.provenance)
        large = without_room(large, layer, masks.scale, wider=sealed)
        yield replace(large, mask=masks.enlarged(layer.mask))
        if plain.visible:
            for rows in bands(stack.height):
                canvas, own = plain.on_canvas(stack.width, stack.height, rows)
                part = shown[rows][canvas]
                part[...] = _laid(part, plain, own)


def _below(layer: Layer, context: Scaled, own: Window) -> RGB:
    """What shows through a layer, of its size: beyond the canvas it is the layer itself."""
    if context.shape[:2] == (layer.height, layer.width):
        return context
    below = color.to_float(np.ascontiguousarray(layer.pixels[..., :3]))
    below[own] = context
    return below


def _laid(context: Scaled, layer: Layer, own: Window) -> np.ndarray:
    """An opaque picture with a layer on it."""
    values = color.to_float(layer.pixels[own])
    blend = layer.blend if layer.blend in color.BLEND else "normal"
    alpha = values[..., 3] * np.float32(layer.opacity)
    return color.composite(context, np.ones_like(alpha), values[..., :3], alpha, blend)[0]
