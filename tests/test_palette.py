"""Palettes: few colours that look like the many, names for them, and tubes to mix them of."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layersr.color import encoded, linear
from layersr.oklab import light, oklab
from layersr.roadmap import palette, pigments

codes = st.tuples(*[st.integers(0, 255)] * 3)


@given(st.lists(codes, min_size=1, max_size=20))
def test_oklab_comes_back(colours: list[tuple[int, int, int]]):
    values = np.array(colours) / 255
    assert np.allclose(encoded(light(oklab(linear(values)))), values, atol=1e-4)


@given(st.lists(codes, min_size=1, max_size=30), st.integers(2, 12))
@settings(max_examples=20)
def test_a_palette_has_at_most_so_many_colours_and_is_the_same_again(colours, number):
    values, weights = np.array(colours) / 255, np.ones(len(colours))
    found = palette.chosen(values, weights, number)
    assert 1 <= len(found) <= min(number, len(colours))
    assert [swatch.number for swatch in found] == list(range(1, len(found) + 1))
    assert len({swatch.colour for swatch in found}) == len(found)
    assert found == palette.chosen(values, weights, number)


def test_a_small_accent_keeps_its_colour():
    greys = np.linspace(0.2, 0.8, 5000)[:, None].repeat(3, axis=1)
    accent = np.array([[0.9, 0.1, 0.1]])
    colours, weights = np.vstack([greys, accent]), np.append(np.ones(5000), 10.0)
    found = np.array([swatch.colour for swatch in palette.chosen(colours, weights, 8)]) / 255
    assert np.abs(found - accent).max(axis=1).min() < 0.02


def test_colours_are_mixed_again_for_where_they_are_seen():
    swatches = palette.swatches([(10, 10, 10), (200, 0, 0), (0, 0, 200)])
    shown = np.zeros((2, 4, 3), np.uint8)
    shown[0], shown[1] = (200, 0, 0), (10, 10, 10)
    target = shown + np.arange(4, dtype=np.uint8)[:, None] * 2
    shown[0, 3] = (99, 50, 0)  # a soft edge is no colour of the palette
    again = palette.mixed_again(swatches, shown, target)
    assert again == {(10, 10, 10): (13, 13, 13), (200, 0, 0): (202, 2, 2), (0, 0, 200): (0, 0, 200)}


def test_colours_are_called_what_people_call_them():
    names = {
        (255, 255, 255): "white",
        (5, 5, 5): "black",
        (128, 128, 128): "grey",
        (150, 130, 115): "warm grey",
        (30, 60, 25): "dark green",
        (200, 30, 30): "bright red",
        (110, 70, 40): "dark brown",
        (250, 220, 90): "very light yellow",
        (40, 60, 140): "dark blue",
        (80, 160, 165): "turquoise",
    }
    assert {colour: palette.described(colour) for colour in names} == names


@given(codes)
@settings(max_examples=30)
def test_a_mixture_is_of_few_tubes_in_parts_that_have_no_common_factor(colour):
    mixture = pigments.mixture(colour)
    parts = [count for _, count in mixture.parts]
    assert 1 <= len(parts) <= 3
    assert parts == sorted(parts, reverse=True)
    assert np.gcd.reduce(parts) == 1
    assert {name for name, _ in mixture.parts} <= set(pigments.TUBES)
    assert all(name in str(mixture) for name, _ in mixture.parts)


@pytest.mark.parametrize("tube", pigments.TUBES)
def test_the_colour_of_a_tube_is_mixed_of_that_tube(tube: str):
    alone = np.array([[float(name == tube) for name in pigments.TUBES]])
    colour = tuple(np.rint(encoded(pigments.mixed(alone))[0] * 255).astype(int).tolist())
    assert pigments.mixture(colour).parts == ((tube, 1),)


def test_blue_and_yellow_make_green_and_white_lightens():
    parts = np.zeros((3, len(pigments.TUBES)))
    for name, counts in {"hansa yellow": (4, 4, 4), "cerulean blue": (4, 4, 4), "titanium white": (0, 4, 12)}.items():
        parts[:, list(pigments.TUBES).index(name)] = counts
    lab = oklab(pigments.mixed(parts))
    assert lab[0, 1] < -0.03  # towards green
    assert (np.diff(lab[:, 0]) > 0).all()


def test_what_no_tube_can_do_is_said():
    assert not pigments.mixture((255, 0, 255)).near
    assert pigments.mixture((128, 128, 128)).near
