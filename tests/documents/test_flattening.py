"""What groups and masks do to the picture, by laws and beside a second reader of PSD."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from document_stacks import masks, scene, stacks
from hypothesis import given, settings
from hypothesis import strategies as st
from psd_tools import PSDImage

from layersr import color, documents
from layersr.flattening import flatten
from layersr.layers import PASS_THROUGH, Group, Layer, LayerMask, LayerStack


def full(mask: LayerMask) -> LayerMask:
    return replace(mask, values=np.full_like(mask.values, color.levels(mask.values.dtype)), beyond=True)


@settings(max_examples=40, deadline=None)
@given(stacks(), st.data())
def test_what_lets_everything_through_changes_nothing(stack: LayerStack, data: st.DataObject) -> None:
    let = full(data.draw(masks(stack.dtype.type)))
    bare = stack.with_layers(tuple(replace(layer, mask=None) for layer in stack.layers))
    masked = bare.with_layers(tuple(replace(layer, mask=let) for layer in bare.layers))
    np.testing.assert_array_equal(flatten(bare), flatten(masked))
    closed = tuple(replace(layer, mask=replace(let, beyond=False, active=False)) for layer in bare.layers)
    np.testing.assert_array_equal(flatten(bare), flatten(bare.with_layers(closed)))


@settings(max_examples=40, deadline=None)
@given(stacks(masked=False))
def test_a_hidden_group_hides_its_layers(stack: LayerStack) -> None:
    paths = {layer.group[:1] for layer in stack.layers if layer.group}
    hidden = replace(stack, groups=dict(stack.groups) | {path: Group(visible=False) for path in paths})
    alone = [layer if not layer.group else replace(layer, visible=False) for layer in stack.layers]
    np.testing.assert_array_equal(flatten(hidden), flatten(replace(stack, layers=tuple(alone), groups={})))


@settings(max_examples=40, deadline=None)
@given(stacks(masked=False))
def test_an_invisible_opacity_shows_what_is_below(stack: LayerStack) -> None:
    paths = {layer.group[:1] for layer in stack.layers if layer.group}
    for blend in (PASS_THROUGH, "normal", "multiply"):
        faded = replace(stack, groups=dict(stack.groups) | {path: Group(0.0, True, blend) for path in paths})
        bare = tuple(layer for layer in stack.layers[:1] if layer.group) if stack.layers else ()
        kept = tuple(layer for layer in stack.layers if not layer.group)
        shown = flatten(faded)
        expected = flatten(stack.with_layers(kept))
        seen = expected[..., 3] > 0
        np.testing.assert_array_equal(shown[seen], expected[seen])
        assert not shown[..., 3][~seen].any() or not bare


def test_one_layer_in_a_group_has_the_opacity_of_both() -> None:
    stack = scene(np.uint16)
    inside = tuple(
        replace(layer, group=("g",)) if n == 1 else replace(layer, group=()) for n, layer in enumerate(stack.layers)
    )
    both = tuple(replace(layer, opacity=0.5) if n == 1 else layer for n, layer in enumerate(inside))
    for blend in (PASS_THROUGH, "normal"):
        grouped = replace(stack, layers=inside, groups={("g",): Group(opacity=0.5, blend=blend)})
        assert np.abs(flatten(grouped).astype(int) - flatten(replace(stack, layers=both))).max() <= 1


@pytest.mark.parametrize("blend", [PASS_THROUGH, "normal", "multiply", "screen"])
def test_groups_and_masks_look_the_same_to_a_second_reader(tmp_path: Path, blend: str) -> None:
    stack = scene(np.uint8)
    ramp = np.repeat(np.linspace(0, 255, 96).astype(np.uint8)[None], 64, axis=0)
    soft = replace(stack.layers[1], mask=LayerMask(ramp[:40, :30], 20, 8, beyond=True))
    masked = replace(
        stack,
        layers=(stack.layers[0], soft, *stack.layers[2:]),
        groups={
            ("outer",): Group(0.6, True, blend, LayerMask(ramp)),
            ("outer", "inner & more"): Group(opacity=0.8, blend="normal"),
        },
    )
    documents.write(masked, tmp_path / "x.psd")
    shown = np.asarray(PSDImage.open(tmp_path / "x.psd").composite(force=True).convert("RGBA")).astype(int)
    if blend == PASS_THROUGH:  # psd-tools blends each layer of such a group by itself: same where they do not overlap
        assert np.abs(shown - flatten(masked)).mean() < 1
        return
    assert np.abs(shown - flatten(masked)).max() <= 2


def test_a_mask_beyond_its_values() -> None:
    red = np.zeros((4, 4, 4), np.uint8)
    red[...] = (255, 0, 0, 255)
    for beyond in (False, True):
        stack = LayerStack(4, 4, (Layer("a", red, mask=LayerMask(np.full((1, 2), 51, np.uint8), 1, 1, beyond)),))
        expected = np.full((4, 4), 255 * beyond)
        expected[1, 1:3] = 51
        np.testing.assert_array_equal(flatten(stack)[..., 3], expected)


def test_a_clipped_layer_takes_the_shape_of_its_base() -> None:
    def square(value: int, alpha: int) -> np.ndarray:
        pixels = np.full((4, 4, 4), value, np.uint8)
        pixels[..., 3] = alpha
        return pixels

    base = Layer("base", square(100, 200)[:2], 0, 1)
    clipped = Layer("clipped", square(200, 255), 1, 0, opacity=0.5, blend="multiply", clipped=True)
    picture = flatten(LayerStack(6, 6, (base, clipped)))
    shape = np.zeros((6, 6), int)
    shape[1:3, :4] = 200
    np.testing.assert_array_equal(picture[..., 3], shape)
    assert picture[1, :4, 0].tolist() == [100, *[round(100 * (0.5 + 0.5 * 200 / 255))] * 3]
    hidden = LayerStack(6, 6, (replace(base, visible=False), clipped))
    assert not flatten(hidden)[..., 3].any()
    alone = LayerStack(6, 6, (replace(clipped, opacity=1.0, blend="normal"),))
    free = alone.with_layers((replace(alone.layers[0], clipped=False),))
    np.testing.assert_array_equal(flatten(alone), flatten(free))


@pytest.mark.parametrize("blend", ["normal", "multiply"])
def test_clipping_looks_the_same_to_a_second_reader(tmp_path: Path, blend: str) -> None:
    stack = scene(np.uint8)
    background, soft, *_ = stack.layers
    on_it = replace(soft, name="on it", left=30, top=20, clipped=True, blend=blend, opacity=0.8)
    clipped = replace(stack, layers=(background, replace(soft, blend=blend), on_it))
    documents.write(clipped, tmp_path / "x.psd")
    shown = np.asarray(PSDImage.open(tmp_path / "x.psd").composite(force=True).convert("RGBA")).astype(int)
    assert np.abs(shown - flatten(clipped)).max() <= 1
    documents.write(clipped, tmp_path / "x.psd", native=True)
    shown = np.asarray(PSDImage.open(tmp_path / "x.psd").composite(force=True).convert("RGBA")).astype(int)
    difference = np.abs(shown - flatten(clipped)).max(axis=2)
    # Where the base is half transparent psd-tools mixes the clipped layer in as over a transparent picture.
    whole = np.zeros((64, 96), bool)
    whole[soft.top : soft.top + 40, soft.left : soft.left + 50] = np.isin(soft.pixels[..., 3], (0, 255))
    assert difference[whole].max() <= 2
    assert difference.max() <= 8
