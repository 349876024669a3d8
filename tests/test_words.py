"""What words name, by boxes and what fills them."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from checkpoints import tiny
from layersr import backends
from layersr.backends.views import View
from layersr.backends.words import BoxedWords, Boxes, apart
from layersr.backends.words import boxes as asked
from layersr.errors import BackendError
from layersr.roles import Detection, Prompt

SHAPE = (80, 160)
IMAGE = np.random.default_rng(0).random((*SHAPE, 3), np.float32)


def cut(image: np.ndarray, prompt: Prompt | None = None) -> list[Detection]:
    """Fills a box with an ellipse."""
    left, top, width, height = prompt.box
    rows, columns = np.indices(SHAPE)
    far = np.hypot((rows - top - height / 2) / height, (columns - left - width / 2) / width)
    return [Detection((far <= 0.5).astype(np.float32), 0.5)]


def boxes(*found: tuple[float, float, float, float, float]) -> Boxes:
    told = np.float32(found).reshape(-1, 5)
    return Boxes(told[:, :4], told[:, 4])


def understander(said: Boxes) -> BoxedWords:
    return BoxedWords(lambda image, text: said, cut, 0.3)


def test_each_box_that_fits_is_a_thing_called_by_the_words():
    found = understander(boxes((0.25, 0.5, 0.2, 0.4, 0.6), (0.75, 0.5, 0.2, 0.4, 0.8), (0.5, 0.5, 0.1, 0.1, 0.2)))(
        IMAGE, "eyes"
    )
    assert [(thing.label, round(thing.score, 2)) for thing in found] == [("eyes", 0.8), ("eyes", 0.6)]
    columns = np.flatnonzero((found[0].mask > 0.5).any(axis=0))
    assert abs(columns.mean() - 0.75 * SHAPE[1]) < 2
    assert abs(np.ptp(columns) - 0.2 * SHAPE[1]) < 3


def test_a_second_box_around_a_thing_and_a_box_of_nothing_are_left_out():
    said = boxes((0.5, 0.5, 0.2, 0.4, 0.9), (0.51, 0.5, 0.2, 0.42, 0.8), (0.1, 0.1, 0.0, 0.0, 0.7))
    assert len(apart(said, SHAPE, 0.3)) == 1
    assert len(understander(said)(IMAGE, "nose")) == 1


def test_boxes_end_at_the_picture_s_rim():
    ((box, _),) = apart(boxes((0.95, 0.5, 0.3, 2.0, 0.9)), SHAPE, 0.3)
    np.testing.assert_allclose(box, (0.8 * SHAPE[1], 0, SHAPE[1], SHAPE[0]), atol=1e-3)


def test_nobody_asks_for_a_fill():
    said = boxes((0.25, 0.5, 0.2, 0.4, 0.6), (0.75, 0.5, 0.2, 0.4, 0.8))
    filled = np.zeros(SHAPE, bool)
    filled[:, 80:] = True
    assert len(understander(said)(IMAGE, "eyes", filled)) == 1


def test_no_words_name_nothing():
    assert understander(boxes((0.25, 0.5, 0.2, 0.4, 0.6)))(IMAGE, "  ") == []


@pytest.mark.parametrize("name", ["grounding-dino", "owlv2", "sam3"])
def test_the_real_networks_read_the_words_and_see_the_picture(name: str):
    model = backends.load("understand", tiny("understand", name))
    if name == "sam3":
        import torch

        def fits(image: np.ndarray, text: str) -> np.ndarray:
            said = model._model(pixel_values=torch.from_numpy(model._view(image).planes[None]), **model._tokens(text))
            return said.pred_logits.numpy()
    else:

        def fits(image: np.ndarray, text: str) -> np.ndarray:
            return model._ask(image, text).fits

    assert not np.allclose(fits(IMAGE, "disc"), fits(IMAGE, "moon"))
    assert not np.allclose(fits(IMAGE, "disc"), fits(1 - IMAGE, "disc"))


def test_boxes_in_a_padded_view_are_where_they_are_in_the_picture():
    """The picture lies in the top left corner of a square: half of the square is the whole height here."""
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'layersr[transformers]'")
    said = SimpleNamespace(pred_boxes=torch.tensor([[[0.25, 0.25, 0.5, 0.5]]]), logits=torch.tensor([[[3.0, -9.0]]]))
    ask = asked(lambda **told: said, View(longest=64, padded=(64, 64)), lambda text: {})
    ((box, fit),) = apart(ask(IMAGE, "left half"), SHAPE, 0.3)
    np.testing.assert_allclose(box, (0, 0, SHAPE[1] / 2, SHAPE[0]), atol=1e-3)
    assert fit == pytest.approx(1 / (1 + np.exp(-3)), abs=1e-5)


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr(backends, "missing", lambda extra: [])
    with pytest.raises(BackendError, match=r"pip install 'layersr\[transformers\]'"):
        backends.load("understand", "owlv2=.")
