"""The sample pictures: what they promise, and that they are drawn the same every time."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from layersr.documents import read, write
from layersr.flattening import flatten
from layersr.layers import Layer, LayerStack

SAMPLES = Path(__file__).parents[1] / "samples"
sys.path.insert(0, str(SAMPLES))

import draw  # noqa: E402
from scenes.studio import Picture  # noqa: E402

ELEMENTS = {
    "ocean_of_eyes": (20, 32),
    "still_life": (10, 20),
    "portrait": (4, 8),
    "poster": (10, 20),
    "smoke_and_glass": (8, 14),
    "quiet_dusk": (1, 1),
    "balloons": (10, 16),
}
"""How many elements a scene has, at least and at most."""


@pytest.fixture(scope="module", params=draw.SCENES)
def sample(request: pytest.FixtureRequest) -> tuple[str, LayerStack]:
    """A sample's name and its committed true stack."""
    return request.param, read(SAMPLES / f"{request.param}.truth.ora")


def named(stack: LayerStack, group: str) -> list[Layer]:
    return [layer for layer in stack.layers if group in layer.group]


def test_the_picture_is_the_flattened_truth(sample):
    name, stack = sample
    with Image.open(SAMPLES / f"{name}.png") as image:
        assert image.mode == "RGB"
        pixels = np.asarray(image)
    flat = flatten(stack)
    assert (flat[..., 3] == 255).all()
    np.testing.assert_array_equal(flat[..., :3], pixels)


def test_the_background_is_whole_and_opaque(sample):
    _, stack = sample
    background = stack.layers[0]
    assert (background.left, background.top, background.width, background.height) == (0, 0, stack.width, stack.height)
    assert (background.pixels[..., 3] == 255).all()


def test_every_scene_has_what_it_promises(sample):
    name, stack = sample
    assert 768 <= max(stack.width, stack.height) <= 1024
    low, high = ELEMENTS[name]
    assert low <= len(stack.layers) - 1 <= high
    names = [layer.name for layer in stack.layers]
    assert len(set(names)) == len(names)
    assert all(layer.blend == "normal" and layer.opacity == 1 and layer.visible for layer in stack.layers)


def test_every_element_is_cropped_and_inside_the_canvas(sample):
    _, stack = sample
    for layer in stack.layers[1:]:
        alpha = layer.pixels[..., 3] > 0
        borders = (alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1])
        assert all(border.any() for border in borders), layer.name
        assert layer.left in range(stack.width - layer.width + 1), layer.name
        assert layer.top in range(stack.height - layer.height + 1), layer.name


def test_every_element_can_be_seen(sample):
    _, stack = sample
    left = np.ones((stack.height, stack.width))
    for layer in stack.layers[::-1]:
        here = np.s_[layer.top : layer.top + layer.height, layer.left : layer.left + layer.width]
        alpha = layer.pixels[..., 3] / 255
        assert (left[here] * alpha).sum() > 0.1 * alpha.sum(), layer.name
        left[here] *= 1 - alpha


def test_soft_edges_have_no_dark_fringe():
    # Paint goes on beyond the edge: nearly transparent pixels are no darker than the opaque ones beside them.
    stack = read(SAMPLES / "poster.truth.ora")
    for layer in named(stack, "lettering") + named(stack, "sea"):
        colours = layer.pixels[layer.pixels[..., 3] > 0][:, :3]
        assert (colours == colours[0]).all(), layer.name


def test_small_eyes_lie_over_large_ones():
    eyes = named(read(SAMPLES / "ocean_of_eyes.truth.ora"), "eyes")
    assert 15 <= len(eyes) <= 30
    first = next(i for i, eye in enumerate(eyes) if eye.name.startswith("small"))
    assert all(eye.name.startswith("large") for eye in eyes[:first])
    assert max(eye.width for eye in eyes) > 5 * min(eye.width for eye in eyes)


def test_smoke_and_glass_are_seen_through():
    stack = read(SAMPLES / "smoke_and_glass.truth.ora")
    for layer in named(stack, "smoke"):
        assert layer.pixels[..., 3].max() < 255
    for layer in named(stack, "smoke") + named(stack, "glass"):
        alpha = layer.pixels[..., 3]
        assert ((alpha > 0) & (alpha < 230)).sum() > 0.4 * (alpha > 0).sum(), layer.name


def test_shadows_are_layers_of_their_own():
    shadows = named(read(SAMPLES / "still_life.truth.ora"), "shadows")
    assert len(shadows) >= 5
    assert all(layer.pixels[..., 3].max() < 240 and layer.pixels[..., :3].max() < 90 for layer in shadows)


def test_files_are_small_enough_to_keep():
    sizes = {path: path.stat().st_size for suffix in ("*.png", "*.ora") for path in SAMPLES.glob(suffix)}
    assert all(size < (1.6e6 if path.suffix == ".png" else 4e6) for path, size in sizes.items())
    assert sum(sizes.values()) < 20e6


@pytest.mark.parametrize("name", ["quiet_dusk", "poster"])
def test_drawing_twice_gives_the_same_bytes(name):
    assert draw.png(draw.draw(name, 160)) == draw.png(draw.draw(name, 160))


def test_packing_a_document_keeps_every_pixel(tmp_path):
    pixels = np.random.default_rng(1).integers(0, 256, (40, 30, 4), dtype=np.uint8)
    stack = LayerStack(50, 60, (Layer("a", np.full((60, 50, 4), 255, np.uint8)), Layer("b", pixels, 5, 7)))
    path = tmp_path / "stack.ora"
    write(stack, path)
    before = path.stat().st_size
    draw.pack(path)
    again = read(path)
    assert path.stat().st_size <= before
    assert [layer.name for layer in again.layers] == ["a", "b"]
    np.testing.assert_array_equal(again.layers[1].pixels, pixels)


def test_an_element_off_the_canvas_is_an_error():
    picture = Picture("test", 40, 40)
    frame = picture.frame(0, 0, 20, 20)
    with pytest.raises(ValueError, match="nothing of ghost"):
        picture.add("ghost", frame, np.zeros((*frame.shape, 3)), np.zeros(frame.shape))
