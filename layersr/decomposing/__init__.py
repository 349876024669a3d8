"""image -> LayerStack: the mission's steps, named, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from layersr import color
from layersr.arrays import RGB, Alpha
from layersr.blocks import means
from layersr.decomposing import small
from layersr.decomposing.alike import gathered
from layersr.decomposing.background import background
from layersr.decomposing.cast import Cast, uncast
from layersr.decomposing.choosing import Limits
from layersr.decomposing.element import Element, window_of
from layersr.decomposing.hidden import extend
from layersr.decomposing.lights import lights
from layersr.decomposing.models import Models
from layersr.decomposing.names import named
from layersr.decomposing.order import order
from layersr.decomposing.peel import peel
from layersr.layers import GLOW, SHADOW, Image, Layer, LayerStack
from layersr.progress import Progress, Report, silent, within
from layersr.roles import Prompt
from layersr.seal import seal
from layersr.travel import safe_travel

__all__ = ["Limits", "Models", "decompose"]


def decompose(
    image: Image,
    models: Models,
    limits: Limits | None = None,
    prompts: Sequence[Prompt] = (),
    report: Report = silent,
    wanted_order: Sequence[str] = (),
) -> LayerStack:
    """The layer stack of a flat picture. Law: `flatten(decompose(image)) == image.pixels`, every pixel, every bit.

    Args:
        image: the picture; its own alpha is kept.
        models: detector, matter and infiller, and an upscaler for small pictures.
        limits: when to stop; the defaults where None.
        prompts: what the artist asks for, lifted first.
        report: hears how far it is.
        wanted_order: names of elements from the top down; they are placed so, where they are found.

    Returns:
        background and elements, back to front, at the picture's depth, each with its shadow (a black layer that
        multiplies) or its glow (one of one colour that screens) in a group with it, where one was found, with
        provenance and `facts` per layer: "confidence", "peel", "asked", "covers" (names of those it touches that it
        lies above, and how sure that is) and "travel" (`travel.Travel`, in pixels of the picture) of each element.
    """
    picture = _as_shown(image)
    times = 1 if models.enlarge is None else small.factor(image.height, image.width)
    if times > 1:
        picture = small.picture(picture, times, models.enlarge)
        prompts = [small.enlarged(prompt, times) for prompt in prompts]
    canvas = picture.shape[:2]
    peeled = peel(picture, models, limits or Limits(), prompts, within(report, 0.0, 0.6))
    report(Progress("order", 0.6))
    opened = peeled.layout.opened if peeled.layout else None
    elements = gathered(order(named(peeled.elements, canvas), canvas, wanted_order, opened), canvas)
    elements = extend(elements, canvas)
    report(Progress("infill background", 0.62))
    cast = lights(picture, elements)
    ground = background(uncast(picture, cast), elements, models.infill, peeled.left)
    if times > 1:
        ground, elements = means(ground, times), [small.shrunk(element, times) for element in elements]
        cast = [None if one is None else small.shrunk_cast(one, times) for one in cast]
    report(Progress("seal", 0.9))
    whole = np.ones((image.height, image.width), np.float32)
    layers = [_layer("background", ground, whole, (0, 0), image.pixels.dtype, {})]
    for element, one in zip(elements, cast, strict=True):
        group = (element.group,) if element.group else ()
        if one is not None:
            group = (*group, f"{element.name} and {_kind(one)}")  # no other layer's name: GIMP would change it
            layers.append(replace(_cast_layer(element, one, image.pixels.dtype), group=group))
        rows, columns = element.window
        facts = {"confidence": round(element.score, 3), "peel": element.peel, "asked": element.asked}
        facts["covers"] = dict(element.covers)
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
            notes=peeled.notes,
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


def _as_shown(image: Image) -> np.ndarray:
    """The picture's colours for algorithms: over mid-grey, where colours under no alpha mean nothing."""
    values = color.to_float(image.pixels)
    alpha = values[..., 3:]
    return np.ascontiguousarray(values[..., :3] * alpha + 0.5 * (1 - alpha))
