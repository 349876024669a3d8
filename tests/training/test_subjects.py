"""Real pictures and the outlines of their subjects."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from layersr.training import subjects
from layersr.training.pictures import find
from layersr.training.scenes import compose_photograph
from layersr.training.things import Material, gather

SQUARE, TRIANGLE = [100, 100, 500, 100, 500, 600, 100, 600], [600, 200, 900, 200, 750, 700]


def test_outlines_are_outlines():
    named = subjects.named()
    assert sum(bool(outlines) for outlines in named.values()) > 50
    for path, outlines in named.items():
        assert path.split("/")[0] in ("photos", "paintings")
        for part in (part for parts in outlines for part in parts):
            assert len(part) >= 6
            assert len(part) % 2 == 0
            assert 0 <= min(part) <= max(part) <= 1000
        assert all(outlines)  # no subject without a part


def test_the_pictures_are_there(shared_data: Path):
    there = {subjects.path_in(p, shared_data) for p in find(shared_data)}
    assert set(subjects.named()) <= there


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Somebody's pictures, one with outlines, one that is no background."""
    for number in range(8):
        image = np.random.default_rng(number).integers(0, 256, (90, 120, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), image)
    outlines = tmp_path / "subjects.json"
    outlines.write_text(json.dumps({"2.png": [[SQUARE], [TRIANGLE]], "5.png": []}))
    monkeypatch.setattr(subjects, "NAMED", outlines)
    monkeypatch.setattr("layersr.training.pictures.held_apart", lambda path, below=0: False)
    subjects.named.cache_clear()
    yield tmp_path
    subjects.named.cache_clear()


def test_what_is_learned_from(folder: Path):
    material = gather(folder, 60, apart=False)
    assert len(material.grounds) == 6  # neither of the two named
    (real,) = material.subjects
    square, triangle = real.alphas
    height, width = real.image.shape[:2]
    assert square[height * 3 // 10, width * 3 // 10] == 1
    assert square[height * 3 // 10, width * 7 // 10] == 0
    assert triangle[height * 3 // 10, width * 3 // 4] == 1
    assert abs(square.mean() - 0.2) < 0.02
    assert len(material.cutouts) == 2
    cutout = material.cutouts[0]
    assert cutout.dtype == np.uint8
    assert abs(cutout.shape[1] / cutout.shape[0] - 0.4 * 120 / (0.5 * 90)) < 0.1
    assert cutout[cutout.shape[0] // 2, cutout.shape[1] // 2, 3] == 255


@pytest.mark.parametrize("seed", range(6))
def test_a_real_picture_and_its_truth(folder: Path, seed: int):
    material: Material = gather(folder, 60, apart=False)
    scene = compose_photograph(material, np.random.default_rng(seed), 60, 48)
    again = compose_photograph(material, np.random.default_rng(seed), 60, 48)
    np.testing.assert_array_equal(scene.image, again.image)
    assert scene.image.shape == (60, 48, 3)
    assert 0 <= scene.image.min() <= scene.image.max() <= 1
    assert scene.visible
    assert scene.all.max() > 0.9
