"""A hole painted over: nothing else changes, whatever stood in it does not matter, transparency goes on."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layersr import backends, pipeline
from layersr.cli import run
from layersr.filling import filled, grown
from layersr.images import read_image, write_image
from layersr.layers import Image
from layersr.recipe import Recipe


def picture(dtype: type, transparent: bool = False) -> Image:
    rows, columns = np.indices((40, 56))
    rgba = np.dstack([columns / 56, rows / 40, 0 * rows + 0.4, np.where(transparent & (columns < 28), 0.25, 1)])
    return Image(np.rint(rgba * np.iinfo(dtype).max).astype(dtype))


def hole() -> np.ndarray:
    mask = np.zeros((40, 56), bool)
    mask[12:30, 20:40] = True
    return mask


@settings(max_examples=6)
@given(dtype=st.sampled_from([np.uint8, np.uint16]), transparent=st.booleans(), seed=st.integers(0, 99))
def test_only_the_hole_changes_and_what_stood_in_it_does_not_matter(dtype: type, transparent: bool, seed: int):
    image, model = picture(dtype, transparent), backends.load("infill", "classic")
    once = filled(image, hole(), model)
    assert once.pixels.dtype == dtype
    assert np.array_equal(once.pixels[~hole()], image.pixels[~hole()])
    other = image.pixels.copy()
    rng = np.random.default_rng(seed)
    other[hole(), :3] = rng.integers(0, np.iinfo(dtype).max, (hole().sum(), 3), dtype, endpoint=True)
    assert np.array_equal(filled(Image(other), hole(), model).pixels, once.pixels)


def test_colours_and_transparency_go_on():
    image = picture(np.uint8, transparent=True)
    painted = filled(image, hole(), backends.load("infill", "classic")).pixels
    assert np.abs(painted.astype(int) - image.pixels)[hole()].mean() < 24
    assert painted[20, 21, 3] < 100 < 200 < painted[20, 38, 3]


def test_growing_a_hole():
    assert np.array_equal(grown(hole(), 0), hole())
    assert grown(hole(), 2).sum() > hole().sum()
    assert grown(hole(), 2)[10, 30]


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture):
    write_image(picture(np.uint16).pixels, tmp_path / "in.png")
    write_image(np.dstack([hole() * np.uint8(255)] * 3 + [np.full((40, 56), 255, np.uint8)]), tmp_path / "hole.png")
    arguments = ["fill", str(tmp_path / "in.png"), str(tmp_path / "out.png"), "--mask", str(tmp_path / "hole.png")]
    assert run([*arguments, "--infill", "classic"]) == 0
    once = read_image(tmp_path / "out.png")
    expected = pipeline.fill(read_image(tmp_path / "in.png"), hole(), Recipe(infill="classic"))
    assert np.array_equal(once.pixels, expected.pixels)
    assert run([*arguments, "--infill", "classic"]) == 4  # it exists
    assert run([*arguments, "--infill", "magic", "--force"]) == 5
    assert "painted over" in capsys.readouterr().err
