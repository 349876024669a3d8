"""The bicubic that makes training pairs and scores is the literature's, to the second decimal."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layersr.training.benchmark import bicubic, upscaling
from layersr.training.resampling import cubic, psnr_y, resize


@pytest.mark.parametrize(
    ("folder", "scale", "known"), [("Set5", 4, 28.43), ("Set14", 4, 26.09), ("Set5", 2, 33.68), ("Set14", 2, 30.33)]
)
def test_published_figures(shared_data: Path, folder: str, scale: int, known: float):
    assert upscaling(bicubic(scale), shared_data / "sr" / folder, scale) == pytest.approx(known, abs=0.1)


def test_kernel_is_keys():
    assert cubic(np.array([0, 1, 2, 3])).tolist() == [1, 0, 0, 0]
    assert cubic(np.array([0.5, -0.5, 1.5])) == pytest.approx([0.5625, 0.5625, -0.0625])


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 60), st.integers(1, 60))
def test_flat_stays_flat(height: int, width: int, tall: int, wide: int):
    out = resize(np.full((height, width, 3), 0.3, np.float32), tall, wide)
    assert out.shape == (tall, wide, 3)
    assert out == pytest.approx(0.3, abs=1e-5)


@given(st.integers(4, 30), st.sampled_from([2, 3, 4]))
def test_mirrors_and_turns_with_the_picture(size: int, scale: int):
    image = np.random.default_rng(size).random((size, size + 3, 3)).astype(np.float32)
    out = resize(image, size * scale, (size + 3) * scale)
    assert resize(image[::-1], size * scale, (size + 3) * scale) == pytest.approx(out[::-1], abs=1e-5)
    turned = np.ascontiguousarray(image.swapaxes(0, 1))
    assert resize(turned, (size + 3) * scale, size * scale) == pytest.approx(out.swapaxes(0, 1), abs=1e-5)


def test_same_size_is_the_same():
    image = np.random.default_rng(0).random((9, 7, 3)).astype(np.float32)
    assert resize(image, 9, 7) == pytest.approx(image, abs=1e-6)


def test_psnr_of_one_level_of_grey():
    grey = np.full((20, 20, 3), 100 / 255, np.float32)
    luma_per_level = 219 / 255
    assert psnr_y(grey, grey + np.float32(1 / 255), 4) == pytest.approx(20 * np.log10(255 / luma_per_level), abs=1e-3)
