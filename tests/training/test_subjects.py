"""Real pictures and the outlines of their subjects."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from layersr.errors import InputError
from layersr.training import outline, subjects
from layersr.training.pictures import Picture, find
from layersr.training.scenes import compose_photograph
from layersr.training.things import Material, gather

SQUARE, TRIANGLE = [100, 100, 500, 100, 500, 600, 100, 600], [600, 200, 900, 200, 750, 700]


def test_outlines_are_outlines():
    named = json.loads(subjects.NAMED.read_text(encoding="utf-8"))
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
    assert set(subjects.named(shared_data)) <= there


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Somebody's pictures, one with outlines, one that is no background."""
    for number in range(8):
        image = np.random.default_rng(number).integers(0, 256, (90, 120, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"{number}.png"), image)
    (tmp_path / "subjects.json").write_text(json.dumps({"2.png": [[SQUARE], [TRIANGLE]], "5.png": []}))
    monkeypatch.setattr("layersr.training.pictures.held_apart", lambda path, below=0: False)
    subjects.named.cache_clear()
    return tmp_path


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


def test_outlining_a_picture(tmp_path: Path):
    picture = np.full((90, 120, 3), (200, 170, 120), np.uint8)
    cv2.circle(picture, (60, 45), 25, (40, 30, 200), -1, cv2.LINE_AA)
    (tmp_path / "deep").mkdir()
    cv2.imwrite(str(tmp_path / "deep" / "ball.png"), picture)
    asked = [str(tmp_path / "deep" / "ball.png"), "--data", str(tmp_path)]
    done = CliRunner().invoke(outline.main, [*asked, "--box", "33,18,54,54"])
    assert done.exit_code == 0, done.output
    ((parts,),) = (subjects.own(tmp_path)["deep/ball.png"],)
    assert len(parts) == 1
    found = subjects.outlined(Picture(tmp_path / "deep" / "ball.png", "", False), tmp_path, picture)
    rows, columns = np.indices(picture.shape[:2])
    ball = np.hypot(rows - 45, columns - 60) < 25.5
    mask = found.alphas[0] > 0.5
    assert (mask & ball).sum() / (mask | ball).sum() > 0.9
    assert (tmp_path / "deep" / "ball.outlined.png").is_file()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    refused = CliRunner().invoke(outline.main, [*asked[:2], str(elsewhere)])
    assert refused.exit_code == 2
    assert "does not lie in" in refused.output
    (tmp_path / "subjects.json").write_text("{")
    with pytest.raises(InputError, match="no JSON"):
        subjects.own(tmp_path)
