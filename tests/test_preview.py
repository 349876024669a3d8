"""The contact sheet: whatever the stack, a page of the right size on which the pictures can be found again."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layersr import preview
from layersr.flattening import flatten
from layersr.layers import Image, Layer, LayerStack
from layersr.preview import contact_sheet


def stack_of(count: int, width: int = 60, height: int = 40, dtype: type = np.uint8) -> LayerStack:
    rng = np.random.default_rng(1)
    top = np.iinfo(dtype).max
    ground = rng.integers(0, top + 1, (height, width, 4), dtype)
    ground[..., 3] = top
    spots = [
        Layer(f"spot {i}", rng.integers(0, top + 1, (7, 9, 4), dtype), 3 * i % width - 4, 2 * i % height - 3)
        for i in range(count)
    ]
    return LayerStack(width, height, (Layer("ground", ground), *spots))


def sheet_of(stack: LayerStack) -> np.ndarray:
    return contact_sheet(Image(flatten(stack)), stack)


def test_input_and_flattened_look_the_same_and_the_difference_is_black():
    sheet = sheet_of(stack_of(3))
    grid = preview._Grid(preview.OVERVIEW, [], ratio=40 / 60)
    step = grid.width + preview.GAP
    x, y = preview.MARGIN + 8, 104 + 8
    wide, tall = grid.width - 16, grid.tall - 16
    first, second, third = (sheet[y : y + tall, x + i * step : x + i * step + wide] for i in range(3))
    np.testing.assert_array_equal(first, second)
    assert first.std() > 20
    centre = third[tall // 3 : -tall // 3, wide // 3 : -wide // 3]
    assert not centre.any()


def test_a_difference_is_shown():
    stack = stack_of(0)
    other = flatten(stack)
    other[10:20, 10:20, 0] ^= 1
    shown, words = preview._difference(other, flatten(stack))
    assert shown[15, 15, 0] == 255
    assert shown[0, 0, 0] == 0
    assert words == "x 255; largest 1 of 255"
    assert not np.array_equal(contact_sheet(Image(other), stack), sheet_of(stack))


def test_more_layers_than_fit_are_counted():
    many, most = sheet_of(stack_of(preview.MOST + 5)), sheet_of(stack_of(preview.MOST))
    assert 0 < many.shape[0] - most.shape[0] < 100


@pytest.mark.parametrize("scale", [2, 4])
def test_an_enlarged_stack_is_compared_at_the_pictures_size(scale: int):
    small = stack_of(2)
    layers = tuple(
        replace(x, pixels=x.pixels.repeat(scale, 0).repeat(scale, 1), left=x.left * scale, top=x.top * scale)
        for x in small.layers
    )
    large = LayerStack(60 * scale, 40 * scale, layers)
    _, words = preview._difference(flatten(small), preview._fit_canvas(flatten(large), Image(flatten(small))))
    assert words == "none: exact, every bit"
    assert contact_sheet(Image(flatten(small)), large).shape[1] == preview.WIDTH


@given(
    st.integers(1, 300),
    st.integers(1, 300),
    st.integers(0, 8),
    st.sampled_from([np.uint8, np.uint16]),
    st.text(max_size=80),
)
@settings(max_examples=12)
def test_any_stack_has_a_sheet(width: int, height: int, count: int, dtype: type, name: str):
    """1 x 1 pictures, slivers, 16 bit, layers without pixels, names of any length in any script."""
    stack = stack_of(count, width, height, dtype)
    nothing = Layer(name, np.zeros((0, 0, 4), dtype), visible=False)
    sheet = sheet_of(stack.with_layers((*stack.layers, nothing)))
    assert sheet.shape[1:] == (preview.WIDTH, 3)
    assert sheet.dtype == np.uint8


def test_captions_keep_to_their_column():
    font = preview._font(17)
    text = preview._shorten("a very long name of a layer " * 9, font, 200)
    assert text.endswith("...")
    assert font.getlength(text) <= 200
    assert preview._shorten("short", font, 200) == "short"
