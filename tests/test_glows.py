"""Glows become layers of their own where they can be told, and only there; what they lit is dark again."""

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
from layersr.layers import Image, Layer, LayerStack
from layersr.score import recomposition
from standins import smooth

CANVAS = (200, 240)

WARM, BLUE, WHITE = (1.0, 0.7, 0.3), (0.2, 0.5, 1.0), (1.0, 1.0, 1.0)


def night(seed: int = 0) -> np.ndarray:
    """A dark plane, a little curved, with some grain."""
    rows, columns = np.indices(CANVAS, np.float32) / 200
    plane = 0.22 + 0.08 * rows - 0.05 * columns + 0.05 * (columns - 0.6) ** 2
    grain = np.random.default_rng(seed).normal(0, 0.006, (*CANVAS, 1))
    return np.clip(plane[..., None] * np.array([0.6, 0.8, 1.0]) + grain, 0, 1).astype(np.float32)


def lamp() -> np.ndarray:
    """A disc on a short stem."""
    rows, columns = np.indices(CANVAS, np.float32)
    disc = np.clip(28.5 - np.hypot(columns - 115, rows - 85), 0, 1)
    disc[85:130, 108:122] = 1
    return disc


def shed(alpha: np.ndarray, blur: float, strength: float) -> np.ndarray:
    return strength * cv2.GaussianBlur(alpha, (0, 0), blur)


def element(alpha: np.ndarray, image: np.ndarray) -> Element:
    window = window_of(alpha > 0, 2)
    return Element(window, alpha[window], image[window], 0.9, 0, name="lamp")


def painted(light: np.ndarray, colour: tuple[float, float, float], alpha: np.ndarray) -> np.ndarray:
    image = 1 - (1 - night()) * (1 - light[..., None] * np.float32(colour))
    return (image * (1 - alpha[..., None]) + np.float32([1.0, 0.95, 0.8]) * alpha[..., None]).astype(np.float32)


@pytest.mark.parametrize(
    ("blur", "strength", "colour"), [(12.0, 0.6, WARM), (7.0, 0.5, WHITE), (18.0, 0.7, BLUE), (5.0, 0.35, WARM)]
)
def test_a_glow_is_found_and_taken_away(blur: float, strength: float, colour: tuple[float, float, float]):
    alpha = lamp()
    truth = shed(alpha, blur, strength)
    image = painted(truth, colour, alpha)
    (found,) = lights(image, [element(alpha, image)])
    assert found is not None
    assert found.glows
    beside = alpha == 0
    said = found.on(CANVAS)[..., None] * np.float32(found.colour)
    assert np.abs(said - truth[..., None] * np.float32(colour))[beside].max() < 0.1
    dark = uncast(image, [found])
    assert np.abs(dark - night())[beside].mean() < 0.3 * np.abs(image - night())[beside].mean()


def test_none_is_claimed_where_there_is_none():
    alpha = lamp()
    plain = painted(np.zeros(CANVAS, np.float32), WHITE, alpha)
    assert lights(plain, [element(alpha, plain)]) == [None]
    # Bright on one side.
    image = plain.copy()
    image[:, 100:][alpha[:, 100:] == 0] += 0.3
    assert lights(image, [element(alpha, image)]) == [None]


@pytest.mark.parametrize("middle", [(60, 60), (100, 120), (105, 150), (130, 200)])
@pytest.mark.parametrize("power", [1.0, 2.0])
def test_a_vignette_and_a_gradient_are_no_glows(middle: tuple[int, int], power: float):
    """Light in the middle of a picture that has nothing to do with the thing, behind it too."""
    alpha, (rows, columns) = lamp(), np.indices(CANVAS, np.float32)
    away = np.hypot(rows - middle[0], columns - middle[1]) / 160
    image = np.clip(0.75 - 0.5 * away**power, 0, 1)[..., None] * np.float32([0.9, 0.8, 0.7])
    image += np.random.default_rng(3).normal(0, 0.006, (*CANVAS, 1)).astype(np.float32)
    image = (image * (1 - alpha[..., None]) + np.float32([1.0, 0.95, 0.8]) * alpha[..., None]).astype(np.float32)
    assert lights(image, [element(alpha, image)]) == [None]


def test_a_glow_and_a_shadow_are_taken_away_in_their_order():
    """The upper one first."""
    alpha = lamp()
    here = (slice(0, CANVAS[0]), slice(0, CANVAS[1]))
    lower = Cast(here, shed(alpha, 12, 0.6).astype(np.float32), WARM, 1.0)
    upper = Cast(here, shed(alpha, 20, 0.4).astype(np.float32), (0.0, 0.0, 0.0), 1.0)
    lit = 1 - (1 - night()) * (1 - lower.alpha[..., None] * np.float32(WARM))
    both = (lit * (1 - upper.alpha[..., None])).astype(np.float32)
    assert np.abs(uncast(both, [lower, None, upper]) - night()).max() < 1e-5
    assert np.array_equal(uncast(night(), []), night())


@pytest.fixture(scope="module")
def picture() -> Image:
    alpha = lamp()
    values = np.dstack([painted(shed(alpha, 12, 0.6), WARM, alpha), np.ones(CANVAS)])
    return Image(np.rint(values * 255).astype(np.uint8))


def taken_apart(picture: Image) -> LayerStack:
    quick = Models(backends.load("detect", "classic"), backends.load("matte", "classic"), smooth)
    return decomposing.decompose(picture, quick)


@pytest.fixture(scope="module")
def stack(picture: Image) -> LayerStack:
    return taken_apart(picture)


def test_the_glow_lies_in_a_group_with_its_element(picture: Image, stack: LayerStack):
    assert np.array_equal(flatten(stack), picture.pixels)
    background, glow, thing = stack.layers
    assert (glow.blend, glow.name, glow.facts["glow of"]) == ("screen", f"{thing.name}, glow", thing.name)
    assert glow.group == thing.group == (f"{thing.name} and glow",)
    assert glow.is_cast
    assert glow.light[0] == 255
    assert not thing.is_cast
    # The ground under it is as dark as around it.
    seen = lamp() == 0
    assert np.abs(background.pixels[..., :3] / 255 - night())[seen].mean() < 0.02


def test_at_16_bit_it_has_no_rim(picture: Image):
    """What is faint stays: nothing is left out for the sake of rounding."""
    values = np.rint(picture.pixels / 255 * 65535).astype(np.uint16)
    stack = taken_apart(Image(values))
    assert np.array_equal(flatten(stack), values)
    alpha = stack.layers[1].pixels[..., 3].astype(int)
    middle = alpha[alpha.shape[0] // 2]
    assert np.abs(np.diff(middle)).max() < 0.05 * 65535


@pytest.mark.parametrize("scale", [2, 3])
def test_enlarged_it_stays_a_glow_and_shrinks_back(picture: Image, stack: LayerStack, scale: int):
    large = upscaling.upscale(stack, backends.load("upscale", "classic"), backends.load("alpha", "classic"), scale)
    small, glow = stack.layers[1], large.layers[1]
    assert (glow.blend, glow.light.tolist()) == ("screen", small.light.tolist())
    assert glow.pixels.shape[:2] == tuple(scale * n for n in small.pixels.shape[:2])
    assert recomposition(large, picture.pixels).psnr >= 50


@pytest.mark.parametrize("suffix", [".psd", ".psb", ".ora", ""])
def test_documents_keep_it(picture: Image, stack: LayerStack, suffix: str, tmp_path: Path):
    documents.write(stack, tmp_path / f"lamp{suffix}")
    back = documents.read(tmp_path / f"lamp{suffix}")
    assert [layer.blend for layer in back.layers] == ["normal", "screen", "normal"]
    assert [layer.group for layer in back.layers] == [layer.group for layer in stack.layers]
    assert [layer.is_cast for layer in back.layers] == [False, True, False]
    assert np.array_equal(flatten(back), picture.pixels)


def test_ink_that_screens_is_a_thing():
    """Another program's layers may screen, in one colour or in many."""
    pixels = np.full((4, 4, 4), 90, np.uint8)
    ink = Layer("ink", pixels, blend="screen")
    assert ink.light.tolist() == [90, 90, 90]
    assert not ink.is_cast
    pixels = pixels.copy()
    pixels[0, 0] = 91
    assert Layer("ink", pixels, blend="screen").light is None
    assert Layer("ink", pixels).light is None
    pixels[0, 0, 3] = 0  # what does not show has no say
    assert Layer("ink", pixels, blend="screen").light.tolist() == [90, 90, 90]
