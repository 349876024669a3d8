"""Law 3: the scaled stack shrinks back to the picture; layers keep their place, name and order."""

import numpy as np
import pytest

from layersr.backends import load
from layersr.color import levels
from layersr.layers import Layer, LayerStack, flatten
from layersr.seal import seal
from layersr.upscaling import upscale
from layersr.upscaling.consistency import back_project, shrink


def stack(dtype: type = np.uint8, alpha: bool = False) -> LayerStack:
    rng = np.random.default_rng(3)
    top = levels(dtype)
    smooth = rng.random((8, 10, 4)).repeat(4, axis=0).repeat(4, axis=1)
    smooth[..., 3] = np.tile(np.linspace(0, 1, 40), (32, 1)) if alpha else 1
    ground = np.rint(smooth * top).astype(dtype)
    element = np.rint(rng.random((12, 14, 4)) * top).astype(dtype)
    element[2:9, 3:12, 3] = top
    raw = LayerStack(
        40, 32, (Layer("background", ground), Layer("thing", element, 30, -5, group=("g",))), resolution=(72.0, 72.0)
    )
    return seal(raw, ground)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("scale", [2, 4])
def test_shrinks_back(dtype: type, scale: int) -> None:
    small = stack(dtype)
    large = upscale(small, load("upscale", "classic"), load("alpha", "classic"), scale)
    assert (large.width, large.height) == (40 * scale, 32 * scale)
    back = shrink((flatten(large)[..., :3] / levels(dtype)).astype(np.float32), scale)
    error = back - flatten(small)[..., :3] / levels(dtype)
    assert -10 * np.log10(np.mean(error**2)) > 50


def test_layers_keep_what_they_are() -> None:
    small = stack()
    large = upscale(small, load("upscale", "classic"), load("alpha", "classic"), 2)
    thing = large.layers[1]
    assert (thing.name, thing.group, thing.left, thing.top) == ("thing", ("g",), 60, -10)
    assert thing.pixels.shape == (24, 28, 4)
    assert thing.provenance.shape == (24, 28)
    assert large.resolution == (144, 144)
    assert (large.layers[0].pixels[..., 3] == 255).all()


def test_scale_1_is_the_stack_itself() -> None:
    small = stack()
    assert upscale(small, load("upscale", "classic"), load("alpha", "classic"), 1) is small


def test_an_own_alpha_survives() -> None:
    large = upscale(stack(alpha=True), load("upscale", "classic"), load("alpha", "classic"), 2)
    alpha = flatten(large)[..., 3].astype(float)
    assert alpha[:, 0].max() < 10
    assert alpha[:, -1].min() > 245


def test_back_projection_is_exact_but_for_clipping() -> None:
    rng = np.random.default_rng(0)
    small = (0.2 + 0.6 * rng.random((6, 7, 3))).astype(np.float32)
    large = back_project(np.full((18, 21, 3), 0.5, np.float32), small, 3)
    assert np.abs(shrink(large, 3) - small).max() < 1e-3
