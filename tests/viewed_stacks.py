"""Stacks to look at in a page: every blend mode, clipping, masks, groups; and one that is easy to work on by hand."""

import numpy as np

from layersr import color
from layersr.layers import Group, Layer, LayerMask, LayerStack, Provenance

HOSTILE = "</script><img src=x onerror=\"document.title='owned'\"> & \ud800"


def soft(seed: int, height: int, width: int, dtype: type = np.uint8) -> np.ndarray:
    """A patch of smooth colours that fades out to its sides."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    waves = [0.5 + 0.5 * np.sin(x * a + y * b + c) for a, b, c in rng.uniform(-4, 4, (3, 3))]
    pixels = np.dstack([*waves, np.clip(1.6 - 1.6 * np.hypot(x, y), 0, 1)])
    return np.rint(pixels * color.levels(dtype)).astype(dtype)


def ground(height: int, width: int, dtype: type = np.uint8) -> Layer:
    pixels = soft(1, height, width, dtype)
    pixels[..., 3] = color.levels(dtype)
    return Layer("ground", pixels)


def everything(dtype: type = np.uint8, opaque: bool = True) -> LayerStack:
    """All that a page must show as `flatten` does."""
    width, height, top = 240, 180, color.levels(dtype)
    ramp = np.repeat(np.linspace(0, top, width).astype(dtype)[None], height, axis=0)
    blends = [
        Layer(mode, soft(n + 2, 60, 70, dtype), 10 + 34 * (n % 6), 5 + 50 * (n // 6), opacity=204 / 255, blend=mode)
        for n, mode in enumerate(color.BLEND)
    ]
    layers = [
        *([ground(height, width, dtype)] if opaque else []),
        *blends,
        Layer("of another world", soft(40, 30, 30, dtype), -12, 150, blend="vivid-light"),
        Layer("base", soft(41, 70, 80, dtype), 140, 95, opacity=0.8, mask=LayerMask(ramp[:70, 60:140], 140, 95)),
        Layer("clipped", soft(42, 60, 60, dtype), 130, 110, clipped=True),
        Layer("clipped, multiplies", soft(43, 60, 60, dtype), 170, 90, clipped=True, blend="multiply", opacity=0.6),
        Layer("hidden", soft(44, 90, 90, dtype), 60, 40, visible=False),
        Layer("through", soft(45, 60, 80, dtype), 20, 110, group=("fades",)),
        Layer("darkens", soft(46, 60, 80, dtype), 60, 120, group=("fades",), blend="multiply"),
        Layer("apart", soft(47, 60, 80, dtype), 100, 20, group=("outer", "apart")),
        Layer("screens", soft(48, 60, 80, dtype), 130, 40, group=("outer", "apart"), blend="screen"),
        Layer("unseen", soft(49, 60, 80, dtype), 90, 90, group=("outer", "off")),
    ]
    groups = {
        ("fades",): Group(opacity=0.6, mask=LayerMask(ramp, beyond=True)),
        ("outer", "apart"): Group(opacity=0.7, blend="overlay", mask=LayerMask(ramp[::-1, ::-1].copy())),
        ("outer", "off"): Group(visible=False),
    }
    return LayerStack(width, height, tuple(layers), groups=groups)


def plain() -> LayerStack:
    """A grey ground and three squares of one colour, one in a group; the ground is invented below them."""
    grey = np.full((120, 160, 4), 255, np.uint8)
    grey[..., :3] = 128
    codes = np.full((120, 160), Provenance.ORIGINAL, np.uint8)
    squares = []
    for name, left, top, colour, group in (
        ("red", 20, 20, (220, 30, 30), ()),
        ("green", 90, 20, (30, 200, 30), ("things",)),
        (HOSTILE, 60, 70, (30, 60, 220), ()),
    ):
        pixels = np.full((30, 40, 4), 255, np.uint8)
        pixels[..., :3] = colour
        codes[top + 2 : top + 28, left + 2 : left + 38] = Provenance.INVENTED
        squares.append(Layer(name, pixels, left, top, group=group, facts={"confidence": 0.4}))
    return LayerStack(160, 120, (Layer("ground", grey, provenance=codes), *squares))
