"""How networks see pictures, and where what they say of them belongs."""

import json
from pathlib import Path

import numpy as np
import pytest

from layersr.backends.views import View, settings, view
from layersr.errors import WeightsError

SHAPE = (90, 150)

VIEWS = {
    "stretched": View(exact=(64, 64)),
    "padded": View(longest=64, padded=(64, 64)),
    "in multiples": View(shortest=50, longest=200, divisor=32),
    "smaller than asked for": View(shortest=50, longest=60),
    "enlarged": View(shortest=180, longest=400),
}


def ellipse(height: int, width: int, inner: tuple[int, int]) -> np.ndarray:
    """Logits of an ellipse around 40 % across and 60 % down of a picture that takes `inner` of the frame."""
    rows, columns = np.indices((height, width)) + 0.5
    far = np.hypot(rows / inner[0] - 0.6, columns / inner[1] - 0.4)
    return ((0.25 - far) * 80).astype(np.float32)


@pytest.mark.parametrize("name", VIEWS)
def test_what_is_said_of_a_place_lands_at_that_place(name: str):
    seen = VIEWS[name](np.random.default_rng(0).random((*SHAPE, 3), np.float32))
    frame = seen.planes.shape[1:]
    factor = 4 if min(frame) % 4 == 0 and max(frame) % 4 == 0 else 1  # networks answer with fewer pixels
    inner = seen.inner[0] / factor, seen.inner[1] / factor
    mask = seen.mask(ellipse(frame[0] // factor, frame[1] // factor, inner))
    truth = ellipse(*SHAPE, SHAPE) > 0
    assert mask.shape == SHAPE
    assert mask.dtype == np.float32
    assert ((mask > 0.5) & truth).sum() / ((mask > 0.5) | truth).sum() > 0.97
    assert mask[0].max() == mask[:, -1].max() == 0  # far away there is exactly nothing


def test_colours_are_normalised_and_padding_is_the_mean_or_a_grey():
    image = np.full((10, 20, 3), 0.485, np.float32)
    plain = View(longest=40, padded=(40, 40))(image)
    assert plain.inner == (20, 40)
    assert np.abs(plain.planes[0, :20]).max() < 0.02
    assert (plain.planes[:, 20:] == 0).all()
    grey = View(longest=40, padded=(40, 40), padding=0.5, mean=(0.5,) * 3, deviation=(0.25,) * 3)(image * 2)
    assert (grey.planes[:, 20:] == 0).all()
    black = View(longest=40, padded=(40, 40), padding=0.0, mean=(0.5,) * 3, deviation=(0.25,) * 3)(image)
    assert (black.planes[:, 20:] == -2).all()


def test_the_smallest_and_the_longest_pictures_have_views():
    for shape in ((1, 1), (1, 3000), (3000, 1)):
        for how in VIEWS.values():
            seen = how(np.zeros((*shape, 3), np.float32))
            assert seen.mask(np.full(seen.planes.shape[1:], 9, np.float32)).shape == shape


def test_a_view_is_what_a_checkpoint_tells(tmp_path: Path):
    told = {"size": {"shortest_edge": 800, "longest_edge": 1333}, "image_mean": [0.5] * 3, "image_std": [0.25] * 3}
    (tmp_path / "processor_config.json").write_text(json.dumps({"image_processor": told}))
    how = view(settings(tmp_path), divisor=32)
    assert (how.shortest, how.longest, how.divisor, how.mean[0], how.deviation[0]) == (800, 1333, 32, 0.5, 0.25)
    assert how.size(600, 1200) == (672, 1344)  # the longer side decides
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"size": {"height": 384, "width": 512}}))
    assert view(settings(tmp_path)).size(10, 10) == (384, 512)


def test_what_tells_nothing_is_no_checkpoint(tmp_path: Path):
    with pytest.raises(WeightsError, match=r"preprocessor_config.json is missing"):
        settings(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text("{")
    with pytest.raises(WeightsError, match="does not tell how pictures are prepared"):
        settings(tmp_path)
