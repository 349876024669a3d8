"""A scene for the tests of edits: eyes, a ball with its shadow, a lamp with its glow, sealed to a picture."""

from dataclasses import replace
from functools import cache

import numpy as np
from hypothesis import strategies as st

from layersr import editing
from layersr.arrays import RGB, Mask
from layersr.color import levels
from layersr.editing import (
    Edit,
    Models,
)
from layersr.flattening import flatten
from layersr.layers import GLOW, SHADOW, Image, Layer, LayerStack
from layersr.seal import seal

SIZE = (64, 96)


def paint(image: RGB, hole: Mask, avoid: Mask | None = None) -> RGB:
    """An infiller that paints the mean of what is known."""
    return np.where(hole[..., None], image[~hole].mean(axis=0) if (~hole).any() else 0.5, image).astype(np.float32)


MODELS = Models(paint)


def blob(name: str, x: int, y: int, radius: int, colour: tuple[float, ...], dtype: type, **more: object) -> Layer:
    rows, columns = np.indices((2 * radius + 3, 2 * radius + 3))
    alpha = np.clip(radius + 0.5 - np.hypot(rows - radius - 1, columns - radius - 1), 0, 1)
    shade = 0.7 + 0.3 * columns / columns.max()
    pixels = np.dstack([*(shade * c for c in colour), alpha])
    return Layer(name, np.rint(pixels * levels(dtype)).astype(dtype), x - radius - 1, y - radius - 1, **more)


@cache
def sealed(dtype: type = np.uint8) -> LayerStack:
    """A ground, a ball with its shadow, a lamp with its glow, two eyes in a group that overlap, sealed to a picture."""
    top, (height, width) = levels(dtype), SIZE
    rows, columns = np.indices(SIZE)
    ground = np.dstack([columns / 200, rows / 150, 0.3 + (rows + columns) / 600, np.ones(SIZE)])
    shadow = blob("ball, shadow", 26, 44, 13, (0, 0, 0), dtype, blend="multiply", facts={SHADOW: "ball"})
    shadow.pixels[..., 3] //= 2
    glow = blob("lamp, glow", 75, 16, 14, (0, 0, 0), dtype, blend="screen", facts={GLOW: "lamp"})
    glow.pixels[..., :3] = np.rint(np.array([0.9, 0.6, 0.2]) * top)
    glow.pixels[..., 3] //= 3
    layers = (
        Layer("ground", np.rint(ground * top).astype(dtype)),
        replace(shadow, group=("ball and shadow",)),
        blob("ball", 22, 40, 11, (0.9, 0.2, 0.1), dtype, group=("ball and shadow",), facts={"covers": {"lamp": 0.9}}),
        replace(glow, group=("lamp and glow",)),
        blob("lamp", 75, 16, 8, (1, 0.9, 0.5), dtype, group=("lamp and glow",)),
        blob("eye 1", 50, 42, 12, (0.2, 0.5, 0.9), dtype, group=("eyes",), facts={"covers": {"ball": 0.7}}),
        blob("eye 2", 66, 46, 11, (0.3, 0.8, 0.4), dtype, group=("eyes",)),
    )
    stack = LayerStack(width, height, layers)
    return seal(stack, flatten(stack))


@cache
def cut(dtype: type = np.uint8) -> LayerStack:
    """As `sealed`, but eye 1 ends two pixels under eye 2, where layersr did not know how it goes on."""
    stack = sealed(dtype)
    eye = stack.layers[5]
    pixels, codes = eye.pixels.copy(), eye.provenance.copy()
    cover = np.zeros(SIZE, bool)
    canvas, own = stack.layers[6].on_canvas(*SIZE[::-1])
    cover[canvas] = stack.layers[6].pixels[own][..., 3] == levels(dtype)
    canvas, own = eye.on_canvas(*SIZE[::-1])
    deep = cover & np.roll(cover, 2, axis=1) & np.roll(cover, (1, 2), axis=(0, 1))
    pixels[own][deep[canvas]] = 0
    codes[own][deep[canvas]] = 0
    return stack.with_layers((*stack.layers[:5], replace(eye, pixels=pixels, provenance=codes), stack.layers[6]))


def done(stack: LayerStack, *edits: Edit, models: Models | None = None) -> LayerStack:
    return editing.apply(stack, edits, models or MODELS).stack


def shows(stack: LayerStack, layers: tuple[Layer, ...]) -> np.ndarray:
    """Where some layers show at all, on the canvas."""
    out = np.zeros((stack.height, stack.width), bool)
    for layer in layers:
        canvas, own = layer.on_canvas(stack.width, stack.height)
        out[canvas] |= layer.pixels[own][..., 3] > 0
    return out


def touched(before: LayerStack, after: LayerStack) -> np.ndarray:
    """Where a layer shows, before or after, that is not the same object in both."""
    same = {id(x) for x in before.layers} & {id(x) for x in after.layers}
    one, other = (tuple(x for x in stack.layers if id(x) not in same) for stack in (before, after))
    return shows(before, one) | shows(after, other)


def halves(image: Image) -> LayerStack:
    """Takes a picture apart: a disc in the middle, soft, and what lies behind it."""
    height, width = image.pixels.shape[:2]
    rows, columns = np.indices((height, width))
    top = levels(image.pixels.dtype)
    soft = np.clip(min(height, width) / 3 - np.hypot(rows - height / 2, columns - width / 2), 0, 1)
    disc = image.pixels.copy()
    disc[..., 3] = np.rint(soft * top)
    ground = image.pixels.copy()
    ground[..., :3] = ground[..., :3] // 2 + top // 5
    ground[..., 3] = top
    layers = (Layer("background", ground), Layer("element 1", disc, facts={"covers": {}}))
    return seal(LayerStack(width, height, layers), image.pixels)


names = st.sampled_from(["ball", "lamp", "eye*", "eye 1", "eye 2", "eyes/", "ball and shadow/"])
steps = st.integers(-40, 40)
