"""Whole-stack decomposers: whatever sheets a model gives, the stack is exact; good sheets make good layers."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layersr import backends, pipeline
from layersr.color import levels
from layersr.decomposing import Limits, decompose_at_once
from layersr.errors import UsageError
from layersr.flattening import flatten
from layersr.layers import Image, LayerStack, Provenance
from layersr.recipe import Recipe, dumps, loads
from layersr.roles import Sheet


class Given:
    """Gives the sheets it was given."""

    def __init__(self, sheets: Sequence[Sheet]) -> None:
        self.sheets = sheets

    def __call__(self, image: np.ndarray, most: int, granularity: float) -> Sequence[Sheet]:
        return self.sheets


def apart(image: Image, sheets: Sequence[Sheet], most: int = 24) -> LayerStack:
    models = (backends.load(role, "classic") for role in ("matte", "infill"))
    return decompose_at_once(image, Given(sheets), *models, Limits(most))


def disc(shape: tuple[int, int], x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.indices(shape, np.float32)
    return np.clip(radius + 0.5 - np.hypot(columns - x, rows - y), 0, 1).astype(np.float32)


def plain(shape: tuple[int, int], colour: tuple[float, float, float]) -> np.ndarray:
    return np.broadcast_to(np.float32(colour), (*shape, 3)).copy()


RED, YELLOW = (0.8, 0.1, 0.15), (0.9, 0.8, 0.1)


def scene(dtype: type = np.uint8) -> tuple[Image, list[np.ndarray], list[np.ndarray]]:
    """A red disc partly under a yellow one, on a gradient; their mattes, and all three sheets' colours."""
    shape = (120, 160)
    rows, columns = np.indices(shape, np.float32)
    ground = np.dstack([0.2 + 0.3 * columns / 160, 0.3 + 0.2 * rows / 120, 0.6 - 0.2 * rows / 120]).astype(np.float32)
    alphas, colours = (
        [disc(shape, 70, 60, 30), disc(shape, 100, 60, 24)],
        [ground, plain(shape, RED), plain(shape, YELLOW)],
    )
    picture = ground
    for alpha, colour in zip(alphas, colours[1:], strict=True):
        picture = picture + alpha[..., None] * (colour - picture)
    pixels = np.dstack([picture, np.ones(shape, np.float32)]) * levels(dtype)
    return Image(np.rint(pixels).astype(dtype)), alphas, colours


def imagined(colour: np.ndarray, alpha: np.ndarray, label: str = "") -> Sheet:
    """A sheet as a model gives it: half as large, blurred, its tones a little off."""
    size = (alpha.shape[1] // 2, alpha.shape[0] // 2)
    small = cv2.resize(cv2.GaussianBlur(alpha, (0, 0), 2.0), size, interpolation=cv2.INTER_AREA)
    colours = cv2.resize(colour, size, interpolation=cv2.INTER_AREA) * np.float32(0.95) + np.float32(0.02)
    return Sheet(np.where(small[..., None] > 0.02, colours, 0).astype(np.float32), small, label)


def full(stack: LayerStack, index: int) -> np.ndarray:
    layer = stack.layers[index]
    out = np.zeros((stack.height, stack.width, 4), np.float32)
    band, own = layer.on_canvas(stack.width, stack.height)
    out[band] = layer.pixels[own] / levels(stack.dtype)
    return out


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_imagined_sheets_become_layers_true_to_the_picture(dtype: type):
    image, alphas, colours = scene(dtype)
    whole = np.ones(alphas[0].shape, np.float32)
    sheets = [imagined(c, a, n) for c, a, n in zip(colours, [whole, *alphas], ["ground", "ball", "sun"], strict=True)]
    stack = apart(image, sheets)
    assert np.array_equal(flatten(stack), image.pixels)
    assert [layer.name for layer in stack.layers] == ["background", "ball", "sun"]
    for index, alpha in ((1, alphas[0]), (2, alphas[1])):
        open_ = alphas[1] == 0 if index == 1 else whole > 0
        error = np.abs(full(stack, index)[..., 3] - alpha)[open_]
        coarse = np.abs(cv2.resize(sheets[index].alpha, alpha.shape[::-1]) - alpha)[open_]
        assert error.mean() < 0.25 * coarse.mean()  # the edge is found again at full size
    red = full(stack, 1)[60, 90]  # under the yellow disc: as the model says, in the tone that is seen beside
    np.testing.assert_allclose(red, (*RED, 1), atol=0.03)
    np.testing.assert_allclose(full(stack, 0)[60, 70, :3], colours[0][60, 70], atol=0.03)
    codes = stack.layers[1].provenance
    assert codes[60 - stack.layers[1].top, 50 - stack.layers[1].left] == Provenance.ORIGINAL
    assert codes[60 - stack.layers[1].top, 90 - stack.layers[1].left] == Provenance.INVENTED
    assert "confidence" not in stack.layers[1].facts  # nobody says how sure it is


def test_what_lets_something_through_keeps_doing_so():
    shape = (100, 120)
    haze = 0.4 * disc(shape, 60, 50, 35)
    picture = plain(shape, (0.2, 0.4, 0.3)) * (1 - haze[..., None]) + haze[..., None]
    image = Image(np.rint(np.dstack([picture, np.ones(shape)]) * 255).astype(np.uint8))
    stack = apart(
        image, [Sheet(plain(shape, (0.2, 0.4, 0.3)), np.ones(shape, np.float32)), Sheet(plain(shape, (1, 1, 1)), haze)]
    )
    assert np.array_equal(flatten(stack), image.pixels)
    assert abs(full(stack, 1)[50, 60, 3] - 0.4) < 0.05
    np.testing.assert_allclose(full(stack, 0)[50, 60, :3], (0.2, 0.4, 0.3), atol=0.05)


def test_ground_that_the_lowest_sheet_leaves_open_is_painted():
    image, alphas, colours = scene()
    holed = 1 - alphas[0]
    stack = apart(image, [Sheet(plain(holed.shape, (0, 1, 0)), holed), Sheet(colours[1], np.maximum(*alphas))])
    assert np.array_equal(flatten(stack), image.pixels)
    np.testing.assert_allclose(full(stack, 0)[60, 62, :3], colours[0][60, 62], atol=0.1)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_sheets_and_few_layers(count: int):
    image, alphas, colours = scene()
    sheets = [Sheet(c, a) for c, a in zip(colours, [np.ones(alphas[0].shape, np.float32), *alphas], strict=True)]
    assert len(apart(image, sheets[:count]).layers) == max(1, count)
    stack = apart(image, sheets, most=1)
    assert len(stack.layers) == 2
    assert np.array_equal(flatten(stack), image.pixels)


def sheet(rng: np.random.Generator) -> Sheet:
    """Anything a model might say: any size, smooth or rough, thin or whole."""
    height, width = rng.integers(1, 40, 2).tolist()
    alpha = rng.choice(
        [rng.random((height, width)), np.rint(rng.random((height, width))), np.full((height, width), rng.random())]
    )
    if rng.random() < 0.5:
        alpha = cv2.GaussianBlur(alpha.astype(np.float32), (0, 0), 3.0).reshape(height, width)
    return Sheet(rng.random((height, width, 3), np.float32), np.clip(alpha, 0, 1).astype(np.float32))


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from([np.uint8, np.uint16]), st.booleans())
def test_whatever_the_sheets_the_stack_is_the_picture_to_the_bit(seed: int, dtype: type, opaque: bool):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 40, 2).tolist()
    pixels = rng.integers(0, levels(dtype) + 1, (height, width, 4)).astype(dtype)
    pixels[..., 3] = levels(dtype) if opaque else rng.choice([0, levels(dtype) // 3, levels(dtype)], (height, width))
    image, sheets = Image(pixels), [sheet(rng) for _ in range(rng.integers(0, 5))]
    once, again = apart(image, sheets), apart(image, sheets)
    assert np.array_equal(flatten(once), image.pixels)
    for a, b in zip(once.layers, again.layers, strict=True):
        assert (a.name, a.left, a.top, a.facts) == (b.name, b.left, b.top, b.facts)
        assert np.array_equal(a.pixels, b.pixels)
        own = a.provenance == Provenance.ORIGINAL
        there, part = a.on_canvas(width, height)
        assert np.array_equal(a.pixels[part][own[part]], pixels[there][own[part]])  # what is seen whole is the artist's


def test_the_recipe_chooses_it(monkeypatch: pytest.MonkeyPatch):
    image, alphas, colours = scene()
    sheets = [Sheet(c, a) for c, a in zip(colours, [np.ones(alphas[0].shape, np.float32), *alphas], strict=True)]
    find, fake = backends.find(), backends.Backend("decompose", "fake", lambda device: Given(sheets))
    monkeypatch.setattr(backends, "find", lambda: {**find, ("decompose", "fake"): fake})
    names = dict.fromkeys(("matte", "infill", "upscale", "alpha"), "classic")
    recipe = Recipe(scale=2, decompose="fake", **names)
    stack = pipeline.run(image, recipe)
    assert loads(stack.recipe) == recipe == loads(dumps(recipe))
    assert (stack.width, len(stack.layers)) == (320, 3)
    back = cv2.resize(flatten(stack)[..., :3].astype(np.float32), (160, 120), interpolation=cv2.INTER_AREA)
    assert np.square(back - image.pixels[..., :3]).mean() < 255**2 * 1e-5


@pytest.mark.parametrize(
    "wish", [{"texts": ("eyes",)}, {"boxes": ((0, 0, 9, 9),)}, {"points": ((1, 1),)}, {"order": "f"}]
)
def test_wishes_go_with_peeling_only(wish: dict):
    with pytest.raises(UsageError, match="--decompose fake takes the whole picture apart by itself"):
        Recipe(decompose="fake", **wish)
