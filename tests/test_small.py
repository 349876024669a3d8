"""Small pictures, taken apart enlarged."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layersr import backends
from layersr.decomposing import Models, decompose, small
from layersr.decomposing.element import Element
from layersr.flattening import flatten
from layersr.layers import Image
from layersr.roles import Prompt
from layersr.upscaling.chain import Chain


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_only_small_pictures_are_enlarged(height: int, width: int) -> None:
    times = small.factor(height, width)
    assert 1 <= times <= small.MOST
    assert times == 1 or times * max(height, width) <= small.ENOUGH
    assert times == small.MOST or (times + 1) * max(height, width) > small.ENOUGH


@given(st.integers(2, 4), st.integers(0, 9), st.integers(0, 9), st.integers(1, 9), st.integers(1, 9), st.data())
def test_an_enlarged_element_shrinks_to_itself(
    times: int, top: int, left: int, height: int, width: int, data: st.DataObject
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    alpha = rng.random((height, width), np.float32) * 0.9 + 0.05
    colour = rng.random((height, width, 3), np.float32)
    large = Element(
        (slice(top * times, (top + height) * times), slice(left * times, (left + width) * times)),
        np.repeat(np.repeat(alpha, times, axis=0), times, axis=1),
        np.repeat(np.repeat(colour, times, axis=0), times, axis=1),
        0.5,
        0,
    )
    back = small.shrunk(large, times)
    assert back.window == (slice(top, top + height), slice(left, left + width))
    np.testing.assert_allclose(back.alpha, alpha, atol=1e-5)
    np.testing.assert_allclose(back.colour, colour, atol=1e-3)


def test_a_window_between_blocks_is_padded() -> None:
    ones = np.ones((5, 6), np.float32)
    large = Element((slice(3, 8), slice(2, 8)), ones, np.full((5, 6, 3), 0.25, np.float32), 0.5, 0)
    back = small.shrunk(large, 4)
    assert back.window == (slice(0, 2), slice(0, 2))
    np.testing.assert_allclose(back.alpha, [[0.125, 0.25], [0.5, 1]])
    np.testing.assert_allclose(back.colour, 0.25, atol=1e-6)


def test_wishes_are_enlarged_too() -> None:
    assert small.enlarged(Prompt(point=(3, 5)), 4).point == (14, 22)
    assert small.enlarged(Prompt(box=(1, 2, 3, 4)), 2).box == (2, 4, 6, 8)
    assert small.enlarged(Prompt(text="eyes"), 3).text == "eyes"
    mask = np.eye(3, dtype=bool)
    assert (small.enlarged(Prompt(mask=mask), 2).mask[::2, 1::2] == mask).all()


@pytest.mark.parametrize("prompt", [None, Prompt(point=(26, 24)), Prompt(box=(14, 12, 25, 25))])
def test_a_small_picture_falls_apart_exactly_and_well(prompt: Prompt | None) -> None:
    rows, columns = np.indices((200, 240), np.float32)
    alpha = np.clip(44.5 - np.hypot(columns - 104, rows - 96), 0, 1)[..., None]
    ground = np.dstack([0.2 + 0.3 * columns / 240, 0.3 + 0.2 * rows / 200, 0.6 - 0.2 * rows / 200])
    ground += np.random.default_rng(0).normal(0, 0.01, ground.shape)
    picture = ground * (1 - alpha) + np.array([0.9, 0.8, 0.1]) * alpha
    size = (60, 50)
    shrunk = cv2.resize(picture.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    truth = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
    image = Image(np.rint(np.dstack([shrunk, np.ones((50, 60))]).clip(0, 1) * 255).astype(np.uint8))
    names = {"detect": "classic", "matte": "layersr", "infill": "classic"}
    plain = Models(*(backends.load(role, name) for role, name in names.items()))
    errors = []
    for models in (plain, replace(plain, enlarge=Chain(backends.load("upscale", "layersr")))):
        stack = decompose(image, models, prompts=[] if prompt is None else [prompt])
        assert np.array_equal(flatten(stack), image.pixels)
        assert len(stack.layers) == 2
        found = np.zeros((50, 60))
        canvas, own = stack.layers[1].on_canvas(60, 50)
        found[canvas] = stack.layers[1].pixels[own][..., 3] / 255
        errors.append(np.abs(found - truth).sum())
    boxed = prompt is not None and prompt.box is not None  # a box leaves more to chance
    assert errors[0] < 2
    assert errors[1] < (7 if boxed else 3)
