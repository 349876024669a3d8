"""Qwen-Image-Layered's real loading code on a tiny checkpoint, and the whole way to a document."""

from pathlib import Path

import numpy as np
import pytest

from checkpoints import tiny
from layersr import backends, documents, images
from layersr.backends.qwen_layered import sheets
from layersr.cli import run
from layersr.errors import WeightsError
from layersr.flattening import flatten


@pytest.mark.parametrize(
    ("most", "granularity", "asked"), [(24, 0.0, 2), (24, 0.5, 4), (24, 1.0, 8), (2, 1.0, 3), (0, 0.5, 1)]
)
def test_how_fine_is_how_many_sheets(most: int, granularity: float, asked: int):
    assert sheets(most, granularity) == asked


def test_the_sheets_have_the_pictures_proportions_and_transparency():
    model = backends.load("decompose", tiny("decompose", "qwen-image-layered"))
    wide = model(np.random.default_rng(0).random((30, 60, 3), np.float32), 24, 0.5)
    assert len(wide) == 4
    assert all(s.alpha.shape[1] == pytest.approx(2 * s.alpha.shape[0], abs=16) for s in wide)
    assert all(s.alpha.std() > 0 and not np.array_equal(s.colour[..., 0], s.alpha) for s in wide)


def test_another_seed_is_another_idea():
    choice = tiny("decompose", "qwen-image-layered")
    image = np.random.default_rng(0).random((30, 60, 3), np.float32)
    first, same, other = (backends.load("decompose", choice, seed=seed)(image, 24, 0.5)[0].colour for seed in (5, 5, 6))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("scale", [1, 2])
def test_export_takes_the_picture_apart_by_it(tmp_path: Path, scale: int):
    choice = tiny("decompose", "qwen-image-layered")
    pixels = np.random.default_rng(0).integers(0, 256, (40, 56, 4), np.uint8)
    pixels[..., 3] = 255
    images.write_image(pixels, tmp_path / "in.png")
    classic = [word for role in ("matte", "infill", "upscale", "alpha") for word in (f"--{role}", "classic")]
    files = [str(tmp_path / "in.png"), str(tmp_path / "out.ora")]
    assert run(["export", *files, "--decompose", choice, "--scale", str(scale), *classic]) == 0
    written = documents.read(tmp_path / "out.ora")
    assert len(written.layers) > 1
    shown = flatten(written)[..., :3].astype(np.float64)
    if scale == 1:
        assert np.array_equal(shown, pixels[..., :3])
    else:
        small = shown.reshape(40, 2, 56, 2, 3).mean(axis=(1, 3))
        assert np.square(small - pixels[..., :3]).mean() < 255**2 * 1e-5


def test_points_beside_it_and_wrong_folders_are_told(tmp_path: Path, capfd: pytest.CaptureFixture):
    choice = tiny("decompose", "qwen-image-layered")
    images.write_image(np.full((8, 8, 4), 255, np.uint8), tmp_path / "in.png")
    files = [str(tmp_path / "in.png"), str(tmp_path / "out.ora")]
    assert run(["export", *files, "--decompose", choice, "--point", "1,1"]) == 2
    assert "takes the whole picture apart by itself" in capfd.readouterr().err
    with pytest.raises(WeightsError, match=r"model_index\.json is missing"):
        backends.load("decompose", f"qwen-image-layered={tmp_path}")
