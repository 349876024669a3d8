"""Law 4: `over`, flattening, depth conversion."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layersr import color
from layersr.flattening import bands, flatten, flatten_band
from layersr.layers import Layer, LayerStack


def patch(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A premultiplied patch; alphas of 0 and 1 are frequent."""
    rng = np.random.default_rng(seed)
    alpha = np.where(rng.random((3, 4)) < 0.4, rng.integers(0, 2, (3, 4)), rng.random((3, 4)))
    return color.premultiply(rng.random((3, 4, 3)), alpha), alpha


seeds = st.integers(0, 2**32 - 1)


@given(seeds, seeds, seeds)
def test_over_is_associative(a: int, b: int, c: int) -> None:
    top, middle, bottom = patch(a), patch(b), patch(c)
    left = color.over(*color.over(*top, *middle), *bottom)
    right = color.over(*top, *color.over(*middle, *bottom))
    assert np.allclose(left[0], right[0])
    assert np.allclose(left[1], right[1])


@given(seeds, seeds)
def test_an_opaque_top_hides_and_a_transparent_one_changes_nothing(a: int, b: int) -> None:
    (top, _), bottom = patch(a), patch(b)
    hidden = color.over(top, np.ones((3, 4)), *bottom)
    assert np.array_equal(hidden[0], top)
    unchanged = color.over(np.zeros((3, 4, 3)), np.zeros((3, 4)), *bottom)
    assert np.array_equal(unchanged[0], bottom[0])


@given(seeds)
def test_premultiply_and_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    colour, alpha = rng.random((3, 4, 3)), rng.random((3, 4)) + 1e-3
    assert np.allclose(color.unpremultiply(color.premultiply(colour, alpha), alpha), colour)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_depth_conversion_is_exact(dtype: type) -> None:
    codes = np.arange(color.levels(dtype) + 1).astype(dtype)
    assert np.array_equal(color.to_depth(color.to_float(codes), dtype), codes)
    assert color.to_8bit(codes)[-1] == 255


@pytest.mark.parametrize("blend", sorted(color.BLEND))
def test_blend_modes_stay_in_range_and_know_black_and_white(blend: str) -> None:
    rng = np.random.default_rng(0)
    b, s = rng.random((50, 3)), rng.random((50, 3))
    b[:4, 0], s[:4, 0] = (0, 0, 1, 1), (0, 1, 0, 1)
    out = color.BLEND[blend](b, s)
    assert np.isfinite(out).all()
    assert out.min() >= -1e-12
    assert out.max() <= 1 + 1e-12
    neutral = {"multiply": 1, "darken": 1, "color-burn": 1, "screen": 0, "lighten": 0, "add": 0, "color-dodge": 0}
    if blend in neutral:
        assert np.allclose(color.BLEND[blend](b, np.full_like(b, neutral[blend])), b)


def layer(name: str, value: int, alpha: int, **kwargs: object) -> Layer:
    pixels = np.full((2, 2, 4), value, np.uint8)
    pixels[..., 3] = alpha
    return Layer(name, pixels, **kwargs)


def test_flatten_knows_opacity_visibility_blend_and_place() -> None:
    ground = layer("ground", 100, 255)

    def shown(*layers: Layer) -> int:
        return int(flatten(LayerStack(2, 2, (ground, *layers)))[1, 1, 0])

    assert shown() == 100
    assert shown(layer("a", 200, 255)) == 200
    assert shown(layer("a", 200, 255, visible=False)) == 100
    assert shown(layer("a", 200, 255, opacity=0.5)) == 150
    assert shown(layer("a", 200, 51)) == 120
    assert shown(layer("a", 200, 255, left=1, top=1)) == 200
    assert shown(layer("a", 200, 255, left=2)) == 100
    assert shown(layer("a", 200, 255, left=-9)) == 100
    assert shown(layer("a", 51, 255, blend="multiply")) == 20
    assert shown(layer("a", 200, 255, blend="vivid-light")) == 200  # unknown modes are shown as normal


def test_flatten_of_nothing_is_transparent() -> None:
    assert not flatten(LayerStack(3, 2, ())).any()


def test_hidden_colours_survive_where_nothing_shows() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 4, 4)).astype(np.uint8)
    pixels[:2, :, 3] = 0
    assert np.array_equal(flatten(LayerStack(4, 4, (Layer("a", pixels),))), pixels)


def test_bands_are_the_whole() -> None:
    rng = np.random.default_rng(0)
    stack = LayerStack(
        5,
        11,
        tuple(Layer(str(i), rng.integers(0, 65536, (7, 6, 4)).astype(np.uint16), i - 2, i * 2 - 3) for i in range(4)),
    )
    parts = [flatten_band(stack, rows) for rows in bands(11, 3)]
    assert np.array_equal(np.concatenate(parts), flatten(stack))


def test_layers_of_two_depths_are_no_stack() -> None:
    with pytest.raises(ValueError, match="depth"):
        LayerStack(2, 2, (layer("a", 0, 0), Layer("b", np.zeros((1, 1, 4), np.uint16))))


def test_the_default_profile_is_the_same_every_day() -> None:
    profile = color.srgb_profile()
    assert profile[36:40] == b"acsp"
    assert profile == color.srgb_profile()
    assert profile[24:36] == bytes.fromhex("07ea00010001000000000000")
