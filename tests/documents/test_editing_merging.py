"""Layers merged, and taken apart again."""

from dataclasses import replace

import numpy as np
import pytest
from editing_scene import MODELS, done, halves, paint, sealed
from hypothesis import given, settings
from hypothesis import strategies as st

from layersr import editing
from layersr.editing import (
    Hide,
    Merge,
    Models,
    Move,
    Split,
)
from layersr.errors import UsageError
from layersr.flattening import flatten
from layersr.layers import Group, Image, Layer, LayerMask, LayerStack, Provenance


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("names", ["eye 1,eye 2", "eyes/", "ball, shadow,ball", "ground,eye*", "lamp,ball"])
def test_merged_layers_show_what_they_showed(dtype: type, names: str):
    before = sealed(dtype)
    edited = editing.apply(before, [Merge(names)], MODELS)
    after = edited.stack
    assert len(after.layers) < len(before.layers)
    if not edited.warnings:
        assert np.abs(flatten(before).astype(int) - flatten(after)).max() <= 1
    one = next(x for x in after.layers if "merged" in x.facts)
    assert one.provenance is not None
    assert ((one.provenance == Provenance.NONE) == (one.pixels[..., 3] == 0)).all()


def test_masks_opacity_and_clipping_are_merged_as_they_show():
    before = sealed()
    mask = LayerMask(np.full((9, 9), 128, np.uint8), 55, 40)
    base = replace(before.layers[5], opacity=0.6, mask=replace(mask, beyond=True))
    other = replace(before.layers[6], clipped=True, blend="multiply")
    before = before.with_layers((*before.layers[:5], base, other))
    after = done(before, Merge("eye*"))
    assert len(after.layers) == 6
    assert np.abs(flatten(before).astype(int) - flatten(after)).max() <= 2


def test_what_no_single_layer_can_show_is_refused():
    stack = sealed()
    screen = replace(stack.layers[6], blend="screen")
    with pytest.raises(UsageError, match="blends by screen"):
        done(stack.with_layers((*stack.layers[:6], screen)), Merge("eye*"))
    with pytest.raises(UsageError, match="two layers"):
        done(stack, Merge("ball"))
    with pytest.raises(UsageError, match="hidden"):
        done(done(stack, Hide("eye 1")), Merge("eye*"))
    with pytest.raises(UsageError, match="does more than hold layers"):
        done(replace(stack, groups={("eyes",): Group(0.5)}), Merge("ball,eye 1"))


def test_a_merge_over_what_lies_between_is_told():
    stack = done(sealed(), Move("lamp", -25, 26))
    edited = editing.apply(stack, [Merge("ball,eye 1")], MODELS)
    before, after = flatten(stack), flatten(edited.stack)
    if not edited.warnings:
        assert np.abs(before.astype(int) - after).max() <= 1
    over = done(sealed(), Move("lamp", -39, 25))  # on the ball and under the eye
    told = editing.apply(over, [Merge("ball,eye 1")], MODELS).warnings
    assert any("“lamp”" in one for one in told)


@settings(max_examples=12)
@given(
    st.sampled_from([np.uint8, np.uint16]),
    st.sampled_from(["eye 1", "ground", "ball"]),
    st.sampled_from([{}, {"opacity": 0.5}, {"blend": "multiply"}, {"visible": False}]),
)
def test_a_layer_taken_apart_shows_the_same_bit_for_bit(dtype: type, name: str, settings: dict):
    before = sealed(dtype)
    before = before.with_layers(tuple(replace(x, **settings) if x.name == name else x for x in before.layers))
    edited = editing.apply(before, [Split(name)], Models(paint, halves))
    after = edited.stack
    shown = flatten(before)
    assert np.array_equal(flatten(after)[shown[..., 3] > 0], shown[shown[..., 3] > 0])
    assert np.array_equal(flatten(after)[..., 3], shown[..., 3])
    pieces = [x for x in after.layers if x.name.startswith(f"{name}, ") and not x.is_cast]
    assert [x.name for x in pieces] == [f"{name}, background", f"{name}, element 1"]
    assert {x.group[-1] for x in pieces} == {name}
    assert len(after.layers) == len(before.layers) + 1


def test_what_was_split_still_moves_with_its_shadow():
    models = Models(paint, halves)
    split = done(sealed(), Split("ball"), models=models)
    moved = done(split, Move("ball/", 4, 0), models=models)
    assert [b.left - a.left for a, b in zip(split.layers, moved.layers, strict=True)][1:4] == [4, 4, 4]


def test_nothing_found_and_what_cannot_be_split():
    stack = sealed()

    def alone(image: Image) -> LayerStack:
        return LayerStack(image.width, image.height, (Layer("", image.pixels),))

    edited = editing.apply(stack, [Split("ball")], Models(paint, alone))
    assert edited.stack.layers == stack.layers
    assert any("Nothing was found" in told for told in edited.warnings)
    clipped = stack.with_layers((*stack.layers[:6], replace(stack.layers[6], clipped=True)))
    with pytest.raises(UsageError, match="clipped"):
        done(clipped, Split("eye 1"), models=Models(paint, halves))
