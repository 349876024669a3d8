"""Shadows become layers of their own where they can be told, and only there; what they darkened is bright again."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from layersr import backends, decomposing, documents, upscaling
from layersr.decomposing import Models
from layersr.decomposing.cast import Cast, uncast
from layersr.decomposing.element import Element, window_of
from layersr.decomposing.lights import lights
from layersr.flattening import flatten
from layersr.layers import Image, LayerStack
from layersr.score import recomposition
from standins import smooth

CANVAS = (200, 240)


def ground(seed: int = 0) -> np.ndarray:
    """A plane, a little curved, with some grain."""
    rows, columns = np.indices(CANVAS, np.float32) / 200
    plane = 0.55 + 0.15 * rows - 0.1 * columns + 0.1 * (columns - 0.6) ** 2
    grain = np.random.default_rng(seed).normal(0, 0.01, (*CANVAS, 1))
    return np.clip(plane[..., None] * np.array([1.0, 0.9, 0.7]) + grain, 0, 1).astype(np.float32)


def blob() -> np.ndarray:
    """An egg with a corner."""
    rows, columns = np.indices(CANVAS, np.float32)
    egg = np.clip(38.5 - np.hypot((columns - 110) * 0.8, rows - 90), 0, 1)
    egg[70:110, 110:165] = np.maximum(egg[70:110, 110:165], 1)
    return egg


def cast(alpha: np.ndarray, move: tuple[int, int] = (12, 18), blur: float = 6, dark: float = 0.45) -> np.ndarray:
    moved = cv2.warpAffine(alpha, np.float32([[1, 0, move[0]], [0, 1, move[1]]]), CANVAS[::-1])
    return dark * cv2.GaussianBlur(moved, (0, 0), blur)


def element(alpha: np.ndarray) -> Element:
    window = window_of(alpha > 0, 2)
    return Element(window, alpha[window], np.full((*alpha[window].shape, 3), 0.8, np.float32), 0.9, 0, name="egg")


def painted(shadow: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    image = ground() * (1 - shadow[..., None])
    return (image * (1 - alpha[..., None]) + np.float32([0.9, 0.3, 0.2]) * alpha[..., None]).astype(np.float32)


@pytest.mark.parametrize(("move", "blur", "dark"), [((12, 18), 6.0, 0.45), ((-14, 4), 3.0, 0.25), ((4, 20), 10.0, 0.6)])
def test_a_shadow_is_found_and_taken_away(move: tuple[int, int], blur: float, dark: float):
    alpha = blob()
    truth = cast(alpha, move, blur, dark)
    image = painted(truth, alpha)
    (found,) = lights(image, [element(alpha)])
    assert found is not None
    assert not found.glows
    beside = alpha == 0
    said = found.on(CANVAS)
    assert np.abs(said - truth)[beside].max() < 0.1
    bright = uncast(image, [found])
    assert np.abs(bright - ground())[beside].mean() < 0.3 * np.abs(image - ground())[beside].mean()


def test_none_is_claimed_where_there_is_none():
    alpha = blob()
    assert lights(painted(np.zeros(CANVAS, np.float32), alpha), [element(alpha)]) == [None]
    # A picture with edges of its own around the element, dark on one side.
    image = painted(np.zeros(CANVAS, np.float32), alpha)
    image[:, 100:][alpha[:, 100:] == 0] *= 0.5
    assert lights(image, [element(alpha)]) == [None]
    assert lights(image, []) == []


def test_what_is_coloured_is_no_shadow():
    alpha = blob()
    tint = cast(alpha)[..., None] * np.float32([0.0, 0.3, 1.0])
    image = ground() * (1 - tint)
    image = (image * (1 - alpha[..., None]) + 0.8 * alpha[..., None]).astype(np.float32)
    assert lights(image, [element(alpha)]) == [None]


@pytest.fixture(scope="module")
def picture() -> Image:
    alpha = blob()
    values = np.dstack([painted(cast(alpha), alpha), np.ones(CANVAS)])
    return Image(np.rint(values * 255).astype(np.uint8))


@pytest.fixture(scope="module")
def stack(picture: Image) -> LayerStack:
    quick = Models(backends.load("detect", "classic"), backends.load("matte", "classic"), smooth)
    return decomposing.decompose(picture, quick)


def test_the_shadow_lies_in_a_group_with_its_element(picture: Image, stack: LayerStack):
    assert np.array_equal(flatten(stack), picture.pixels)
    background, shadow, egg = stack.layers
    assert (shadow.blend, shadow.light.tolist()) == ("multiply", [0, 0, 0])
    assert shadow.name == f"{egg.name}, shadow"
    assert shadow.group == egg.group == (f"{egg.name} and shadow",)
    assert shadow.facts["shadow of"] == egg.name
    # The ground under it is as bright as around it.
    seen = blob() == 0
    assert np.abs(background.pixels[..., :3] / 255 - ground())[seen].mean() < 0.02


def test_hidden_it_leaves_light_and_moved_it_goes_along(stack: LayerStack):
    """Shown or hidden, the layer does what a multiplying black layer does in any application."""
    background, shadow, egg = stack.layers
    without = flatten(stack.with_layers((background, egg)))
    assert without.astype(int).sum() > flatten(stack).astype(int).sum()
    canvas, own = shadow.on_canvas(stack.width, stack.height)
    light = 1 - shadow.pixels[own][..., 3:] / 255
    dark = flatten(stack.with_layers((background, shadow)))[canvas][..., :3]
    assert np.abs(dark - background.pixels[canvas][..., :3] * light).max() <= 0.5 + 1e-6


@pytest.mark.parametrize("scale", [2, 3])
def test_enlarged_it_stays_a_shadow_and_shrinks_back(picture: Image, stack: LayerStack, scale: int):
    large = upscaling.upscale(stack, backends.load("upscale", "classic"), backends.load("alpha", "classic"), scale)
    assert (large.layers[1].blend, large.layers[1].light.tolist()) == ("multiply", [0, 0, 0])
    assert large.layers[1].pixels.shape[:2] == tuple(scale * n for n in stack.layers[1].pixels.shape[:2])
    assert recomposition(large, picture.pixels).psnr >= 50


@pytest.mark.parametrize("suffix", [".psd", ".psb", ".ora", ".kra", ".xcf", ""])
def test_documents_keep_it(picture: Image, stack: LayerStack, suffix: str, tmp_path: Path):
    documents.write(stack, tmp_path / f"egg{suffix}")
    back = documents.read(tmp_path / f"egg{suffix}")
    assert [layer.blend for layer in back.layers] == ["normal", "multiply", "normal"]
    assert [layer.group for layer in back.layers] == [layer.group for layer in stack.layers]
    assert np.array_equal(flatten(back), picture.pixels)


def test_off_the_picture_there_is_no_light_to_take():
    """`uncast` stays in range whatever is claimed."""
    dark = Cast((slice(0, 9), slice(0, 9)), np.full((9, 9), 0.9, np.float32), (0.0, 0.0, 0.0), 1.0)
    assert uncast(np.full((9, 9, 3), 0.5, np.float32), [dark, None]).max() == 1
