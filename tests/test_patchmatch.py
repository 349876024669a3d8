"""The classic infill: the role's contract, and what it promises for flat, smooth, striped and rough pictures."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layersr.backends import load
from layersr.infill.likeness import describe, measure, windows
from layersr.infill.membrane import membrane

fill = load("infill", "classic")


def blob(height: int, width: int, share: float = 0.25) -> np.ndarray:
    """An ellipse about the middle, `share` of the sides as half-axes."""
    y, x = np.mgrid[:height, :width]
    return ((y - height / 2) / (share * height)) ** 2 + ((x - width / 2) / (share * width)) ** 2 < 1


def texture(seed: int, side: int, grain: float) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal((side, side, 3)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), grain)
    return np.clip(0.5 + 0.12 * noise / noise.std(), 0, 1)


def local_variance(image: np.ndarray, where: np.ndarray) -> float:
    luma = image.mean(axis=2)
    return float((cv2.blur(luma * luma, (9, 9)) - cv2.blur(luma, (9, 9)) ** 2)[where].mean())


@st.composite
def pictures_with_holes(draw):
    height, width, seed = draw(st.integers(1, 70)), draw(st.integers(1, 70)), draw(st.integers(0, 2**31))
    rng = np.random.default_rng(seed)
    image = rng.random((height, width, 3), dtype=np.float32)
    hole = np.zeros((height, width), bool)
    for _ in range(draw(st.integers(0, 3))):  # boxes anywhere: at the edge, over everything, one pixel
        top, left = rng.integers(0, height), rng.integers(0, width)
        hole[top : top + rng.integers(1, height + 1), left : left + rng.integers(1, width + 1)] = True
    return image, hole


@settings(max_examples=30)
@given(pictures_with_holes())
def test_contract(case):
    image, hole = case
    before = image.copy(), hole.copy()
    painted = fill(image, hole)
    assert painted.dtype == np.float32
    assert painted.shape == image.shape
    assert painted is not image
    np.testing.assert_array_equal(painted[~hole], image[~hole])
    assert np.isfinite(painted).all()
    assert painted.min() >= 0
    assert painted.max() <= 1
    if hole.all():
        assert (painted == 0.5).all()
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(hole, before[1])
    other = np.where(hole[..., None], np.float32(1) - image, image)
    np.testing.assert_array_equal(fill(other, hole), painted)  # deterministic, and the hole's content has no influence


def test_nan_in_the_hole_has_no_influence():
    image, hole = texture(1, 150, 1.5), blob(150, 150)
    assert np.isfinite(fill(np.where(hole[..., None], np.float32(np.nan), image), hole)).all()


def test_flat_stays_flat():
    image = np.full((150, 190, 3), (0.2, 0.5, 0.7), np.float32)
    hole = blob(150, 190)
    hole[:30, :40] = True
    assert abs(fill(image, hole) - image).max() < 1e-3


@pytest.mark.parametrize("slope", [(1, 0, 0), (0, 1, 0), (0.5, 0.5, 0.3)])
def test_a_gradient_goes_on(slope):
    y, x = np.mgrid[:200, :220].astype(np.float32) / 220
    image = np.stack([0.1 + 0.7 * (slope[0] * x + slope[1] * y + slope[2] * k * x) / 1.6 for k in range(3)], axis=2)
    image = image.astype(np.float32)
    hole = blob(200, 220)
    assert abs(fill(image, hole) - image).max() < 4 / 255


@pytest.mark.parametrize("vertical", [False, True])
def test_stripes_go_on_in_phase(vertical):
    y, x = np.mgrid[:160, :200]
    stripes = (0.5 + 0.3 * np.sin((x if vertical else y) * 2 * np.pi / 16)).astype(np.float32)
    image, hole = np.repeat(stripes[..., None], 3, axis=2), blob(160, 200)
    painted = fill(image, hole)
    assert np.corrcoef(painted[hole].ravel(), image[hole].ravel())[0, 1] > 0.95
    assert 0.9 < painted[hole].std() / image[hole].std() < 1.1


def test_a_horizon_goes_straight_on():
    image = np.full((160, 200, 3), (0.5, 0.7, 0.9), np.float32)
    image[83:] = 0.1, 0.2, 0.3
    hole = blob(160, 200)
    assert abs(fill(image, hole) - image)[hole].mean() < 0.01


@pytest.mark.parametrize("grain", [0.5, 1.5, 3])
def test_texture_stays_rough(grain):
    image, hole = texture(7, 220, grain), blob(220, 220)
    inner = cv2.erode(hole.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert 0.7 < local_variance(fill(image, hole), inner) / local_variance(image, inner) < 1.3


def test_a_large_hole_copies_only_what_is_known():
    image, hole = np.zeros((300, 300, 3), np.float32), blob(300, 300)
    image[...] = np.where(texture(3, 300, 4)[..., :1] > 0.5, np.float32([0.2, 0.6, 0.2]), np.float32([0.1, 0.3, 0.1]))
    painted = fill(np.where(hole[..., None], np.float32([1, 0, 0]), image), hole)
    assert painted[hole][:, 0].max() < 0.3


def test_membrane_is_harmonic():
    y, x = np.mgrid[:60, :60].astype(np.float32) / 60
    image = np.repeat((0.5 + (x - 0.5) * (y - 0.5))[..., None], 3, axis=2)  # harmonic by itself
    assert abs(membrane(np.where(blob(60, 60)[..., None], np.float32(9), image), blob(60, 60)) - image).max() < 2 / 255


def test_short_vectors_rank_patches_as_whole_patches_do():
    image = np.dstack([texture(5, 64, 2), np.zeros((64, 64, 2), np.float32)])
    rng = np.random.default_rng(0)
    a, b = (rng.integers(5, 58, 400) * 64 + rng.integers(5, 58, 400) for _ in "ab")
    rows = windows(image)
    whole = ((rows[a] - rows[b]) ** 2).sum(axis=1)
    assert np.corrcoef(whole, measure(describe(image), a, b))[0, 1] > 0.8
