"""How far elements are believed is fitted on what is known to be right."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from layersr.backends.topmost import LETTERED_WEIGHTS
from layersr.decomposing.choosing import LATE_WEIGHTS
from layersr.training.confidence import fit, observed_late, observed_lettering


def test_a_fit_gives_back_the_odds():
    rng = np.random.default_rng(0)
    rows = rng.normal(1, 1, (8000, 2))
    right = (rng.random(8000) < 1 / (1 + np.exp(-(0.8 * rows[:, 0] - 0.4 * rows[:, 1] + 0.5)))).astype(float)
    weights, bias = fit(rows, right)
    np.testing.assert_allclose([*weights, bias], [0.8, -0.4, 0.5], atol=0.15)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Somebody's own pictures: smooth ones."""
    for number in range(24):
        noise = np.random.default_rng(number).integers(0, 256, (6, 8, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), cv2.resize(noise, (160, 120), interpolation=cv2.INTER_CUBIC))
    return tmp_path


def test_lettering_is_observed_with_what_is_right_of_it(data: Path):
    rows, right = observed_lettering(data, 4, seed=5)
    assert rows.shape == (len(right), len(LETTERED_WEIGHTS))
    assert np.isfinite(rows).all()
    assert set(right) <= {0.0, 1.0}
    assert right.any()  # pages are among the scenes, and their bubbles are found


def test_what_is_seen_late_is_observed_with_what_is_right_of_it(data: Path):
    rows, right = observed_late(data, 3, side=160, seed=5)
    assert rows.shape == (len(right), len(LATE_WEIGHTS))
    assert np.isfinite(rows).all()
    assert set(right) <= {0.0, 1.0}
