"""CLIPSeg's real loading code on a tiny checkpoint of random weights, and what is made of its heat."""

import re
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from checkpoints import tiny
from layersr import backends
from layersr.backends.clipseg import FITS, WordsDetector, fitting
from layersr.errors import BackendError, WeightsError
from layersr.roles import Detection

SHAPE = (96, 128)


def disc(x: int, y: int, radius: int) -> np.ndarray:
    rows, columns = np.indices(SHAPE)
    return (np.hypot(rows - y, columns - x) <= radius).astype(np.float32)


def picture(*discs: np.ndarray) -> np.ndarray:
    image = np.full((*SHAPE, 3), (0.2, 0.5, 0.3), np.float32)
    for mask in discs:
        image = np.where(mask[..., None] > 0, np.float32([0.9, 0.2, 0.1]), image)
    return image


@pytest.fixture
def model() -> WordsDetector:
    return backends.load("understand", tiny("understand", "clipseg"))


def test_the_real_loading_code_keeps_the_contract(model: WordsDetector):
    image = picture(disc(40, 40, 20))
    before = image.copy()
    heat = model.heat(image, "red disc")
    assert heat.shape == SHAPE
    assert heat.dtype == np.float32
    assert 0 <= heat.min() <= heat.max() <= 1
    once, again = model(image, "red disc"), model(image, "red disc")
    assert np.array_equal(image, before)
    assert all(np.array_equal(a.mask, b.mask) and a.score == b.score for a, b in zip(once, again, strict=True))
    assert all(d.label == "red disc" and d.mask.shape == SHAPE and 0 <= d.score <= 1 for d in once)
    assert not np.array_equal(model.heat(image, "moon"), heat)  # it does read the words
    assert model.heat(np.zeros((1, 1, 3), np.float32), "moon").shape == (1, 1)


def test_missing_and_wrong_weights_are_told_with_the_way_to_get_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    tiny("understand", "clipseg")  # skips where the package is missing
    monkeypatch.setenv("LAYERSR_HOME", str(tmp_path))
    with pytest.raises(WeightsError, match="layersr models fetch clipseg"):
        backends.load("understand", "clipseg")
    with pytest.raises(WeightsError, match="does not hold CLIPSeg's weights"):
        backends.load("understand", f"clipseg={tmp_path}")
    with pytest.raises(WeightsError, match="There is no file"):
        backends.load("understand", f"clipseg={tmp_path / 'nowhere'}")


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(BackendError, match=re.escape("pip install 'layersr[transformers]'")):
        backends.load("understand", "clipseg")


def test_each_element_that_fits_is_one_and_what_fits_beside_is_cut_out():
    left, right, lone, wrong = disc(25, 30, 14), disc(58, 30, 14), disc(100, 70, 15), disc(30, 75, 14)
    image = picture(left, right, lone, wrong)
    heat = cv2.GaussianBlur(0.9 * np.maximum.reduce([left, right, lone]), (0, 0), 2.0)
    seen = [Detection(left, 0.3), Detection(right, 0.9), Detection(wrong, 0.9)]
    found = list(fitting(image, heat, seen))
    assert len(found) == 3
    for truth, (mask, score) in zip((left, right, lone), found, strict=True):
        assert np.minimum(truth, mask).sum() / np.maximum(truth, mask).sum() > 0.9
        assert FITS < score <= 1


def test_nothing_fits_in_nothing():
    image = picture()
    assert not list(fitting(image, np.zeros(SHAPE, np.float32), [Detection(disc(25, 30, 14), 0.9)]))
