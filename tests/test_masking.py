"""Mattes as layer masks."""

from pathlib import Path

import numpy as np
import pytest

from layersr import documents
from layersr.flattening import flatten
from layersr.images import read_image
from layersr.layers import SHADOW, Image, Layer, LayerMask, LayerStack, Provenance
from layersr.masking import masked
from layersr.pipeline import run
from layersr.recipe import Recipe

SAMPLES = Path(__file__).resolve().parents[1] / "samples"


def soft(dtype: type) -> Layer:
    rng, top = np.random.default_rng(0), np.iinfo(dtype).max
    pixels = rng.integers(0, top, (9, 7, 4), endpoint=True).astype(dtype)
    pixels[:2, :, 3], pixels[4:6, :, 3] = 0, top
    codes = np.where(pixels[..., 3] > 0, np.uint8(Provenance.ORIGINAL), np.uint8(Provenance.NONE))
    return Layer("thing", pixels, 3, -2, provenance=codes)


def ground(dtype: type) -> Layer:
    return Layer("background", np.full((12, 14, 4), np.iinfo(dtype).max, dtype))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_picture_stays_and_the_colours_are_whole(dtype: type) -> None:
    stack = LayerStack(14, 12, (ground(dtype), soft(dtype)))
    made = masked(stack)
    assert np.array_equal(flatten(made), flatten(stack))
    thing, before = made.layers[1], stack.layers[1]
    assert (thing.pixels[..., 3] == np.iinfo(dtype).max).all()
    assert np.array_equal(thing.mask.values, before.pixels[..., 3])
    shown = before.pixels[..., 3] > 0
    assert np.array_equal(thing.pixels[shown][:, :3], before.pixels[shown][:, :3])
    assert (thing.provenance[~shown] == Provenance.INVENTED).all()
    # What goes on above the first row that shows has about that row's colours, not white or black.
    near = thing.pixels[1, :, :3].astype(float) - before.pixels[2, :, :3][before.pixels[2, :, 3] > 0].mean(axis=0)
    assert np.abs(near).mean() < 0.5 * np.iinfo(dtype).max


def test_what_has_a_mask_or_is_a_shadow_stays() -> None:
    thing = soft(np.uint8)
    given = Layer("given", thing.pixels, 3, -2, mask=LayerMask(thing.pixels[..., 3]))
    dark = np.zeros_like(thing.pixels)
    dark[..., 3] = 90
    shadow = Layer("thing, shadow", dark, blend="multiply", facts={SHADOW: "thing"})
    hidden = Layer("original", thing.pixels, visible=False)
    stack = LayerStack(14, 12, (ground(np.uint8), shadow, given, hidden))
    assert all(a is b for a, b in zip(masked(stack).layers, stack.layers, strict=True))


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("scale", [1, 2])
def test_a_psd_keeps_them(tmp_path: Path, scale: int) -> None:
    image = Image(read_image(SAMPLES / "still_life.png").pixels[200:360, 600:760])
    names = dict.fromkeys(("matte", "upscale", "alpha"), "classic") | {"detect": "flood", "infill": "smooth"}
    recipe = Recipe(scale=scale, layer_masks=True, points=((80, 80),), **names)
    stack = run(image, recipe)
    assert stack.layers[1].mask is not None
    documents.write(stack, tmp_path / "out.psd")
    back = documents.read(tmp_path / "out.psd")
    assert back.layers[1].mask is not None
    assert np.array_equal(back.layers[1].mask.values, stack.layers[1].mask.values)
    plain = run(image, Recipe(**{**vars(recipe), "layer_masks": False}))
    assert np.array_equal(flatten(back), flatten(plain))
