"""Ground and elements become the layers of a stack that flattens to the picture."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from layersr import color
from layersr.arrays import RGB, Alpha
from layersr.decomposing.apart import Apart
from layersr.decomposing.cast import Cast
from layersr.decomposing.element import Element, window_of
from layersr.layers import GLOW, SHADOW, Image, Layer, LayerStack
from layersr.progress import Progress, Report, silent
from layersr.seal import seal
from layersr.travel import safe_travel


def stacked(image: Image, apart: Apart, report: Report = silent) -> LayerStack:
    """The sealed stack. Law: `flatten(stacked(image, apart)) == image.pixels`, every pixel, every bit.

    Args:
        image: the picture; its own alpha is kept.
        apart: what it was taken apart into.
        report: hears the last tenth of the work.
    """
    report(Progress("seal", 0.9))
    whole = np.ones((image.height, image.width), np.float32)
    layers = [_layer("background", apart.ground, whole, (0, 0), image.pixels.dtype, {})]
    for element, one in zip(apart.elements, apart.cast, strict=True):
        group = (element.group,) if element.group else ()
        if one is not None:
            group = (*group, f"{element.name} and {_kind(one)}")  # no other layer's name: GIMP would change it
            layers.append(replace(_cast_layer(element, one, image.pixels.dtype), group=group))
        rows, columns = element.window
        facts = {} if element.score is None else {"confidence": round(element.score, 3)}
        facts |= {"peel": element.peel, "asked": element.asked, "covers": dict(element.covers)}
        if element.depth is not None:
            facts |= {"depth": round(element.depth, 3), "nearer": dict(element.nearer)}
        at = (columns.start, rows.start)
        layer = _layer(element.name, element.colour, element.alpha, at, image.pixels.dtype, facts)
        layers.append(replace(layer, group=group))
    sealed = seal(
        LayerStack(
            image.width,
            image.height,
            tuple(layers),
            image.icc,
            image.resolution,
            notes=tuple(apart.notes),
            credits=image.credits,
        ),
        image.pixels,
    )
    shown = (_cropped(layer) for layer in sealed.layers[1:])
    stack = sealed.with_layers((sealed.layers[0], *(layer for layer in shown if layer.pixels.size)))
    ways = safe_travel(stack)
    report(Progress("seal", 1.0))
    return stack.with_layers(
        (
            stack.layers[0],
            *(
                replace(layer, facts={**layer.facts, "travel": asdict(way)})
                for layer, way in zip(stack.layers[1:], ways[1:], strict=True)
            ),
        )
    )


def _layer(
    name: str, colour: RGB, alpha: Alpha, at: tuple[int, int], dtype: np.dtype, facts: Mapping[str, Any]
) -> Layer:
    pixels = color.to_depth(np.dstack([colour, alpha]), dtype)
    return Layer(name, pixels, at[0], at[1], facts=facts)


def _kind(one: Cast) -> str:
    return "glow" if one.glows else "shadow"


def _cast_layer(element: Element, one: Cast, dtype: np.dtype) -> Layer:
    plain = np.broadcast_to(np.float32(one.colour), (*one.alpha.shape, 3))
    at = (one.window[1].start, one.window[0].start)
    facts = {"confidence": round(one.score, 3), GLOW if one.glows else SHADOW: element.name}
    layer = _layer(f"{element.name}, {_kind(one)}", plain, one.alpha, at, dtype, facts)
    return replace(layer, blend="screen" if one.glows else "multiply")


def _cropped(layer: Layer) -> Layer:
    """The layer without its transparent margins; 0 x 0 if nothing of it is left."""
    shown = layer.pixels[..., 3] > 0
    if not shown.any():
        return replace(layer, pixels=layer.pixels[:0, :0], provenance=None)
    rows, columns = window_of(shown, 0)
    codes = layer.provenance[rows, columns] if layer.provenance is not None else None
    return replace(
        layer,
        pixels=np.ascontiguousarray(layer.pixels[rows, columns]),
        left=layer.left + columns.start,
        top=layer.top + rows.start,
        provenance=np.ascontiguousarray(codes),
    )
