"""What diffusion paints belongs to the place, so that tiles and layers of one picture agree."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from checkpoints import made, tiny
from layersr import backends
from layersr.backends.noise import BLOCK, noise
from layersr.errors import WeightsError
from layersr.roles import PlacedUpscaler
from layersr.upscaling.chain import Chain


def picture(height: int = 96, width: int = 130) -> np.ndarray:
    rows, columns = np.indices((height, width), np.float32)
    return np.dstack([0.5 + 0.4 * np.sin(rows / 9), 0.5 + 0.4 * np.cos(columns / 7), rows / height]).astype(np.float32)


@pytest.mark.parametrize("at", [(0, 0), (-70, 3), (BLOCK - 1, 5 * BLOCK + 1)])
def test_the_noise_of_a_pixel_is_the_same_whatever_part_is_asked_for(at: tuple[int, int]):
    whole = noise(2, 150, 100, at)
    part = noise(2, 40, 50, (at[0] + 66, at[1] + 31))
    np.testing.assert_array_equal(part, whole[:, 66:106, 31:81])
    assert abs(whole.mean()) < 0.03
    assert abs(whole.std() - 1) < 0.03
    assert not np.array_equal(noise(2, 150, 100, at, seed=1), whole)


@pytest.mark.parametrize("name", ["diffusion", "diffusion-latent"])
def test_a_part_is_painted_as_in_the_whole_where_it_is_told_its_place(name: str):
    model = backends.load("upscale", tiny("upscale", name))
    assert isinstance(model, PlacedUpscaler)
    (scale,) = model.scales
    image = picture()
    whole = model(image, scale)[20 * scale :, 30 * scale :]
    part = np.ascontiguousarray(image[20:, 30:])
    told, untold = model.placed(part, scale, (20, 30)), model(part, scale)
    inner = np.s_[8 * scale : -8 * scale, 8 * scale : -8 * scale]
    close, far = (np.abs(large - whole)[inner].mean() for large in (told, untold))
    assert close < 0.3 * far


@pytest.mark.parametrize("name", ["diffusion", "diffusion-latent"])
def test_small_tiles_show_no_seams(name: str):
    model = backends.load("upscale", tiny("upscale", name))
    (scale,) = model.scales
    image = picture(64, 128)
    whole = model(image, scale)
    model._cell = model._step
    tiled = model(image, scale)
    steps = np.abs(np.diff(tiled - whole, axis=1)).mean(axis=(0, 2))  # a seam is a step that the whole does not have
    assert steps.max() < 0.5 * np.abs(np.diff(whole, axis=1)).mean()


@pytest.mark.parametrize("name", ["diffusion", "diffusion-latent"])
def test_another_seed_paints_other_detail(name: str):
    models = [backends.load("upscale", tiny("upscale", name), seed=seed) for seed in (0, 3, 3)]
    (scale,) = models[0].scales
    first, other, same = (model(picture(), scale) for model in models)
    assert np.array_equal(other, same)
    assert not np.array_equal(first, other)


def test_the_chain_passes_the_place_on_at_every_step():
    class Asked:
        scales = (2,)

        def __init__(self) -> None:
            self.places: list[tuple[int, int]] = []

        def __call__(self, image: np.ndarray, scale: int) -> np.ndarray:
            return self.placed(image, scale, (0, 0))

        def placed(self, image: np.ndarray, scale: int, at: tuple[int, int]) -> np.ndarray:
            self.places.append(at)
            return np.repeat(np.repeat(image, scale, axis=0), scale, axis=1)

    model = Asked()
    assert Chain(model).placed(picture(4, 5), 4, (3, -2)).shape == (16, 20, 3)
    assert model.places == [(3, -2), (6, -4)]


def test_a_folder_that_holds_something_else_is_told(tmp_path: Path):
    tiny("upscale", "diffusion")
    with pytest.raises(WeightsError, match=r"model_index\.json is missing"):
        backends.load("upscale", f"diffusion={tmp_path}")
    for index in ("{}", "no JSON", '{"_class_name": "Other"}', '{"_class_name": "StableDiffusionUpscalePipeline"}'):
        (tmp_path / "model_index.json").write_text(index)
        with pytest.raises(WeightsError, match="does not hold a StableDiffusionUpscalePipeline"):
            backends.load("upscale", f"diffusion={tmp_path}")


def test_no_program_beside_the_weights_is_run(tmp_path: Path):
    tiny("upscale", "diffusion")  # skips where the package is missing
    folder = Path(shutil.copytree(made("diffusion-x4"), tmp_path / "model"))
    (folder / "unet" / "model.py").write_text("raise SystemExit")
    with pytest.raises(WeightsError, match="programs"):
        backends.load("upscale", f"diffusion={folder}")
