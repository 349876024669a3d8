"""Layers in other colours."""

import numpy as np
import pytest
from editing_scene import done, sealed
from hypothesis import given
from hypothesis import strategies as st

from layersr.color import levels
from layersr.editing import Recolor
from layersr.editing.recolouring import from_oklab, to_oklab
from layersr.layers import Layer, LayerStack, Provenance


@given(st.integers(0, 2**24 - 1))
def test_oklab_is_there_and_back(code: int):
    values = np.array([[[code >> 16, code >> 8 & 255, code & 255]]]) / 255
    assert np.abs(from_oklab(to_oklab(values)) - values).max() < 1e-4


def test_the_colours_of_oklab_are_its_authors():
    red, white = (to_oklab(np.array([[colour]], float))[0, 0] for colour in ((1, 0, 0), (1, 1, 1)))
    assert np.allclose(red, [0.62796, 0.22486, 0.12585], atol=1e-3)
    assert np.allclose(white, [1, 0, 0], atol=1e-3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("colour", ["#c03020", "#205080", "#808080"])
def test_towards_a_colour_keeps_light_and_shade(dtype: type, colour: str):
    before = sealed(dtype)
    after = done(before, Recolor("eye 2", colour))
    old, new = (stack.layers[6] for stack in (before, after))
    inside = old.pixels[..., 3] == levels(dtype)
    lab = [to_oklab(x.pixels[inside][:, :3] / levels(dtype)) for x in (old, new)]
    wanted = to_oklab(np.array([[int(colour[n : n + 2], 16) for n in (1, 3, 5)]]) / 255)[0]
    assert np.abs(lab[1].mean(axis=0) - wanted).max() < 0.03
    assert np.corrcoef(lab[0][:, 0], lab[1][:, 0])[0, 1] > 0.99  # what was lighter is lighter
    assert np.array_equal(old.pixels[..., 3], new.pixels[..., 3])
    assert not (new.provenance == Provenance.ORIGINAL)[(old.pixels != new.pixels).any(axis=-1)].any()


def test_white_highlights_and_black_stay_and_grey_takes_the_colour():
    pixels = np.full((8, 8, 4), 255, np.uint8)
    pixels[..., :3] = (30, 60, 200)
    pixels[0, 0, :3], pixels[0, 1, :3] = 255, 0
    stack = LayerStack(8, 8, (Layer("ball", pixels),))
    red = done(stack, Recolor("ball", "#c03020")).layers[0].pixels
    assert red[0, 0, :3].min() > 245
    assert red[0, 1, :3].max() < 8
    assert np.abs(red[4, 4, :3].astype(int) - [0xC0, 0x30, 0x20]).max() < 16
    pixels[..., :3] = 128
    grey = done(LayerStack(8, 8, (Layer("ball", pixels),)), Recolor("ball", "#c03020")).layers[0].pixels
    assert np.abs(grey[4, 4, :3].astype(int) - [0xC0, 0x30, 0x20]).max() < 6


def test_hue_saturation_and_lightness():
    stack = sealed()
    grey = done(stack, Recolor("eye 1", saturation=0.0)).layers[5].pixels
    assert np.ptp(grey[grey[..., 3] > 0][:, :3].astype(int), axis=1).max() <= 1
    white = done(stack, Recolor("eye 1", lightness=1.0)).layers[5].pixels
    assert white[white[..., 3] > 0][:, :3].min() >= 254
    turned = done(stack, Recolor("eye 1", hue=120.0), Recolor("eye 1", hue=-120.0)).layers[5].pixels
    seen = turned[..., 3] == 255
    assert np.abs(turned[seen].astype(int) - stack.layers[5].pixels[seen])[:, :3].mean() < 4
