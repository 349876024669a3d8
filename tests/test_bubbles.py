"""Flat patches that carry lettering are found with all of it; flat patches without, and bare lettering, are not."""

import cv2
import numpy as np
import pytest

from layersr.backends import load
from layersr.backends.bubbles import bubbles
from layersr.backends.topmost import LETTERED


def picture() -> np.ndarray:
    """A painted ground without flat places."""
    rng = np.random.default_rng(3)
    grain = cv2.resize(rng.random((40, 60, 3), np.float32), (480, 320), interpolation=cv2.INTER_CUBIC)
    return np.clip(0.3 + 0.25 * grain, 0, 1).astype(np.float32)


def write(image: np.ndarray, lines: list[str], x: int, y: int) -> None:
    ink = np.zeros(image.shape[:2], np.uint8)
    for n, line in enumerate(lines):
        cv2.putText(ink, line, (x, y + 22 * n), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 2, cv2.LINE_AA)
    image[...] = image + (0.05 - image) * (ink / 255)[..., None]


def ellipse(middle: tuple[int, int], half: tuple[int, int]) -> np.ndarray:
    return cv2.ellipse(np.zeros((320, 480), np.uint8), middle, half, 0, 0, 360, 1, -1) > 0


def iou(one: np.ndarray, other: np.ndarray) -> float:
    return (one & other).sum() / (one | other).sum()


def test_a_bubble_comes_with_its_lettering_and_its_tail():
    image, truth = picture(), ellipse((200, 140), (110, 60))
    tail = cv2.fillPoly(np.zeros((320, 480), np.uint8), [np.array([[230, 180], [250, 180], [300, 260]])], 1) > 0
    truth = truth | tail
    image[truth] = 0.98
    write(image, ["hello there", "little cat"], 130, 130)
    ((mask, _),) = bubbles(image)
    assert iou(mask, truth) > 0.95
    assert mask[135, 150:260].all()  # ink is of it


def test_paper_without_lettering_is_none():
    image = picture()
    image[ellipse((200, 140), (110, 60))] = 0.98
    assert bubbles(image) == []


def test_letters_across_the_outline_cut_nothing_out_of_it():
    image, truth = picture(), ellipse((200, 140), (80, 50))
    image[truth] = 0.98
    write(image, ["what a long word", "small"], 112, 138)
    ((mask, _),) = bubbles(image)
    assert iou(mask, truth) > 0.9


def test_a_bubble_is_cut_off_the_gutter_it_runs_into():
    image = picture()
    image[:8] = image[-8:] = image[:, :8] = image[:, -8:] = image[156:164] = 1.0
    bubble = ellipse((200, 164), (90, 50))
    image[bubble] = 1.0
    write(image, ["over two", "panels"], 150, 155)
    found = [mask for mask, _ in bubbles(image)]
    assert max(iou(mask, bubble) for mask in found) > 0.85


def test_two_bubbles_tied_to_each_other_are_one_thing():
    image = picture()
    one, other = ellipse((120, 100), (80, 45)), ellipse((330, 220), (80, 45))
    image[one] = image[other] = 1.0
    cv2.line(image, (170, 125), (280, 195), (1.0, 1.0, 1.0), 3)
    write(image, ["good day"], 75, 105)
    write(image, ["and night"], 280, 225)
    ((mask, _),) = bubbles(image)
    assert iou(mask, one | other) > 0.9


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (9, 9)])
def test_any_size_is_looked_at(shape):
    assert bubbles(np.zeros((*shape, 3), np.float32)) == []


def test_the_detector_names_what_carries_lettering():
    image, truth = picture(), ellipse((200, 140), (110, 60))
    image[truth] = 0.98
    write(image, ["hello there", "little cat"], 130, 130)
    best = load("detect", "layersr")(image)[0]
    assert best.label == LETTERED
    assert iou(best.mask > 0.5, truth) > 0.95
