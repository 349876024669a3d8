"""Everything in a picture: what is kept of the masks at a grid of points, and points and boxes themselves."""

from typing import Any

import numpy as np
import pytest

from checkpoints import tiny
from layersr import backends
from layersr.backends.anything import AFTER, AnythingDetector, arranged, once, sturdy
from layersr.backends.views import Seen, View
from layersr.errors import BackendError
from layersr.roles import Prompt

SHAPE = (96, 128)
IMAGE = np.random.default_rng(0).random((*SHAPE, 3), np.float32)
VIEW = View(longest=128, padded=(128, 128))
STEP = 2
"""Pixels of the picture for one of the fake network's."""


def disc(x: int, y: int, radius: int) -> np.ndarray:
    rows, columns = np.indices(SHAPE)
    return np.hypot(rows - y, columns - x) <= radius


HEAD, EYE, OTHER = disc(40, 48, 24), disc(34, 42, 5), disc(100, 60, 16)
SKY = np.indices(SHAPE)[0] < 20


class Fake:
    """A network that knows these things exactly."""

    def __init__(self, things: list[np.ndarray], belief: float = 0.95) -> None:
        self.things, self.belief, self.pictures = things, belief, 0

    def see(self, image: np.ndarray) -> tuple[Seen, Any]:
        self.pictures += 1
        return VIEW(image), None

    def at_points(self, sight: Any, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Whatever holds a point, the smallest first, and two masks that the network itself does not believe in."""
        logits = np.full((len(points), 3, 128 // STEP, 128 // STEP), -8, np.float32)
        beliefs = np.full((len(points), 3), 0.1, np.float32)
        for number, (x, y) in enumerate(points.astype(int)):
            here = [thing for thing in self.things if y < SHAPE[0] and thing[y, x]]
            for place, thing in enumerate(sorted(here, key=np.sum)[:3]):
                logits[number, place, : SHAPE[0] // STEP] = np.where(thing[::STEP, ::STEP], 8, -8)
                beliefs[number, place] = self.belief - 0.01 * place
        return logits, beliefs

    def in_boxes(self, sight: Any, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        middles = np.stack([boxes[:, [0, 2]].mean(axis=1), boxes[:, [1, 3]].mean(axis=1)], axis=1)
        logits, beliefs = self.at_points(sight, middles)
        return logits[:, :1], beliefs[:, :1]


def same(first: np.ndarray, second: np.ndarray) -> float:
    first, second = first > 0.5, second > 0.5
    return float((first & second).sum() / max(1, (first | second).sum()))


def test_each_thing_is_found_once_a_part_after_its_whole_and_ground_is_none():
    found = AnythingDetector("fake", Fake([HEAD, EYE, OTHER, SKY]))(IMAGE)
    assert len(found) == 3
    assert all(max(same(thing.mask, truth) for thing in found) > 0.8 for truth in (HEAD, OTHER))
    assert same(found[-1].mask, EYE) > 0.7
    assert [thing.score for thing in found] == sorted((thing.score for thing in found), reverse=True)


def test_nothing_is_found_by_a_network_that_believes_nothing():
    assert AnythingDetector("fake", Fake([HEAD], belief=0.5))(IMAGE) == []
    assert AnythingDetector("fake", Fake([]))(IMAGE) == []


def test_masks_whose_contour_depends_on_the_threshold_are_dropped():
    far = np.hypot(*(np.indices((64, 64)) - 32)).astype(np.float32)
    sharp, soft = (20 - far) * 4, (20 - far) / 8
    kept = sturdy(np.stack([sharp, soft])[None], np.float32([[0.9, 0.9]]))
    assert len(kept.scores) == 1
    assert np.array_equal(kept.logits[0] > 0, sharp > 0)


def test_of_masks_that_are_alike_the_best_is_kept():
    seen = View(exact=SHAPE)(IMAGE)
    masks = [HEAD, disc(41, 48, 24), OTHER]
    logits = np.stack([np.where(mask, 8, -8) for mask in masks]).astype(np.float32)[None]
    kept = once(sturdy(logits, np.float32([[0.8, 0.9, 0.7]])), seen)
    assert [np.argmax([same(mask, truth) for truth in masks]) for mask in kept.logits] == [1, 2]


def test_a_part_of_a_part_comes_last():
    seen = View(exact=SHAPE)(IMAGE)
    iris = disc(34, 42, 3)
    logits = np.stack([np.where(mask, 8, -8) for mask in (iris, EYE, HEAD)]).astype(np.float32)[None]
    kept = arranged(sturdy(logits, np.float32([[0.99, 0.98, 0.8]])), seen)
    assert [int((mask > 0).sum()) for mask in kept.logits] == [m.sum() for m in (HEAD, EYE, iris)]
    np.testing.assert_allclose(kept.scores, [0.8, 0.8 * AFTER, 0.8 * AFTER**2], rtol=1e-5)


def test_points_boxes_and_masks_give_the_thing_and_the_picture_is_looked_at_once():
    network = Fake([HEAD, EYE, OTHER])
    model = AnythingDetector("fake", network)
    (pointed,) = model(IMAGE, Prompt(point=(100, 60)))
    (boxed,) = model(IMAGE, Prompt(box=(84, 44, 32, 32)))
    assert same(pointed.mask, OTHER) > 0.9
    assert same(boxed.mask, OTHER) > 0.9
    (given,) = model(IMAGE, Prompt(mask=EYE))
    assert np.array_equal(given.mask > 0.5, EYE)
    assert network.pictures == 1
    model(1 - IMAGE, Prompt(point=(100, 60)))
    assert network.pictures == 2


def test_nobody_asks_for_a_fill_and_words_need_another_model():
    model = AnythingDetector("fake", Fake([HEAD, OTHER]))
    assert model(IMAGE, Prompt(point=(100, 60), filled=OTHER)) == []
    assert model(IMAGE, Prompt(point=(2, 90))) == []
    with pytest.raises(BackendError, match="--understand"):
        model(IMAGE, Prompt(text="head"))


@pytest.mark.parametrize("name", ["sam", "sam2", "sam3"])
def test_the_real_networks_are_asked_at_the_place_that_is_meant(name: str):
    """Random weights know no things, but a mask depends on the point, and batches give what single questions give."""
    model = backends.load("detect", tiny("detect", name))._model
    seen, sight = model.see(IMAGE)
    points = np.float32([[5, 5], [40, 12], [20, 30]])
    masks, beliefs = model.at_points(sight, points)
    assert masks.shape[:2] == beliefs.shape == (3, 3)
    assert not np.allclose(masks[0], masks[1])
    alone, _ = model.at_points(sight, points[1:2])
    np.testing.assert_allclose(masks[1], alone[0], rtol=1e-3, atol=1e-3)
    boxes, _ = model.in_boxes(sight, np.float32([[5, 5, 20, 20], [10, 3, 40, 30]]))
    assert boxes.shape[:2] == (2, 1)
    assert not np.allclose(boxes[0], boxes[1])
    assert seen.mask(masks[0, 0]).shape == SHAPE
