"""Comic pages to learn from: what is true of them is told truly."""

from dataclasses import replace

import numpy as np
import pytest

from layersr.training.pages import bubble, compose_page, lines, style
from layersr.training.things import Material


@pytest.fixture(scope="module")
def material() -> Material:
    rng = np.random.default_rng(0)
    grounds = [rng.integers(0, 256, (180, 240, 3), np.uint8) for _ in range(2)]
    return Material(side=96, grounds=grounds, cutouts=[])


@pytest.mark.parametrize("seed", range(8))
def test_a_page_and_its_truth(material: Material, seed: int):
    scene = compose_page(material, np.random.default_rng(seed), 96, 80)
    again = compose_page(material, np.random.default_rng(seed), 96, 80)
    np.testing.assert_array_equal(scene.image, again.image)
    assert scene.image.shape == (96, 80, 3)
    assert scene.image.dtype == np.float32
    assert scene.image.min() >= 0
    assert scene.image.max() <= 1
    assert scene.visible
    assert any(scene.on_top)  # what was painted last
    assert np.stack(scene.visible).sum(axis=0).max() <= 1 + 1e-5


@pytest.mark.parametrize("seed", range(12))
def test_lettering_comes_along(seed: int):
    """Ink is opaque where the paper is not, and the sheet is trimmed to what was drawn."""
    rng = np.random.default_rng(seed)
    look = replace(style(rng), fill=np.float32([1, 1, 0]), ink=np.float32([0, 0, 1]), alpha=0.5, soft=0.0, contour=0.0)
    thing = bubble(60.0, look, rng)
    alpha = thing[..., 3]
    assert thing.dtype == np.float32
    assert (thing[..., :3] <= alpha[..., None] + 1e-6).all()
    for side in (alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]):
        assert side.any()
    blue = thing[..., 2] / np.maximum(alpha, 1e-3)
    paper = np.isclose(alpha, 0.5, atol=1e-3)
    assert paper.mean() > 0.1
    assert blue[paper].max() < 0.51  # the rim of a letter is half paper
    if (alpha > 0.9).any():  # one bubble in twenty is empty
        assert blue[alpha > 0.9].min() > 0.8


def test_lines_fill_the_box():
    block = lines(80, 40, replace(style(np.random.default_rng(1)), slant=0.25), np.random.default_rng(3))
    assert block.shape == (40, 80)
    assert 0.05 < block.mean() < 0.7
