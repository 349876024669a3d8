"""The classic detector: whole things, one detection each, and nothing where nothing is."""

import cv2
import numpy as np
import pytest

from layersr.backends.saliency import SaliencyDetector
from layersr.roles import Detection, Prompt

PROBABLE = 0.42
"""The least score of an element at the default granularity."""


def sky(height: int = 300, width: int = 400) -> np.ndarray:
    """An evening sky: a gradient with a little grain."""
    t = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    colour = (1 - t) * np.float32([0.35, 0.3, 0.55]) + t * np.float32([0.9, 0.7, 0.55])
    grain = np.random.default_rng(0).normal(0, 0.01, (height, width, 1)).astype(np.float32)
    return np.clip(colour + grain, 0, 1).astype(np.float32)


def ellipse(picture: np.ndarray, x: int, y: int, a: int, b: int, colour: tuple[float, float, float]) -> np.ndarray:
    """Paint an ellipse into the picture; returns where it is."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.ellipse(mask, (x, y), (a, b), 0, 0, 360, 1, -1)
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.6)[..., None]
    picture[:] = picture * (1 - soft) + np.float32(colour) * soft
    return mask > 0


def eye(picture: np.ndarray, x: int, y: int, size: int) -> np.ndarray:
    """Lid, white, iris, pupil and glint; returns where the eye is."""
    whole = ellipse(picture, x, y, size, size * 6 // 10, (0.25, 0.42, 0.45))
    ellipse(picture, x, y + size // 20, size * 8 // 10, size * 4 // 10, (0.93, 0.91, 0.88))
    ellipse(picture, x, y, size * 35 // 100, size * 35 // 100, (0.15, 0.45, 0.75))
    ellipse(picture, x, y, size * 15 // 100, size * 15 // 100, (0.05, 0.05, 0.07))
    ellipse(picture, x - size // 10, y - size // 8, max(2, size // 14), max(2, size // 14), (1, 1, 1))
    return whole


def iou(detection: Detection, mask: np.ndarray) -> float:
    found = detection.mask > 0.5
    return float((found & mask).sum() / (found | mask).sum())


def probable(image: np.ndarray) -> list[Detection]:
    return [d for d in SaliencyDetector()(image) if d.score >= PROBABLE]


def test_an_eye_is_one_thing():
    picture = sky()
    whole = eye(picture, 190, 140, 90)
    (found,) = probable(picture)
    assert iou(found, whole) > 0.85


def test_eyes_come_one_by_one():
    picture = sky()
    eyes = [eye(picture, x, y, size) for x, y, size in ((90, 80, 60), (290, 90, 80), (120, 220, 40), (300, 230, 30))]
    found = probable(picture)
    assert len(found) == 4
    for whole in eyes:
        assert max(iou(d, whole) for d in found) > 0.8


def test_touching_things_come_apart():
    picture = sky()
    left = ellipse(picture, 150, 150, 50, 50, (0.85, 0.15, 0.1))
    right = ellipse(picture, 249, 150, 50, 50, (0.1, 0.5, 0.2))
    found = probable(picture)
    assert len(found) == 2
    for disc in (left, right):
        assert max(iou(d, disc) for d in found) > 0.85


def test_something_small_is_mentioned_and_nothing_else():
    """Three hundredths of the picture's side: not yet probable to this detector, but the one thing it speaks of."""
    picture = sky(480, 640)
    balloon = ellipse(picture, 400, 150, 18, 14, (0.12, 0.1, 0.2))
    (found,) = SaliencyDetector()(picture)
    assert iou(found, balloon) > 0.7


def test_twelve():
    picture = sky()
    rng = np.random.default_rng(3)
    discs = [
        ellipse(picture, 55 + 95 * k, 60 + 90 * row, 26, 26, tuple(rng.random(3) * 0.5 + (0, 0.4 * (k % 2), 0.1)))
        for row in range(3)
        for k in range(4)
    ]
    found = probable(picture)
    assert len(found) == 12
    for disc in discs:
        assert max(iou(d, disc) for d in found) > 0.85


@pytest.mark.parametrize("seed", range(3))
def test_nothing_in_noise(seed: int):
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 1, (240, 320, 3)).astype(np.float32)
    strokes = cv2.blur(noise, (15, 3)) * 0.25 + noise * 0.05
    assert not probable(np.clip(0.5 + strokes, 0, 1).astype(np.float32))


def test_nothing_in_a_sky():
    assert not probable(sky())


def test_a_point_asks_for_the_whole_thing_under_it():
    picture = sky()
    left, right = eye(picture, 110, 140, 70), eye(picture, 290, 150, 70)
    for (x, y), whole in (((110, 140), left), ((290, 150), right), ((330, 150), right)):
        (found,) = SaliencyDetector()(picture, Prompt(point=(x, y)))
        assert iou(found, whole) > 0.8


def test_a_box_asks_for_the_thing_in_it():
    picture = sky()
    eye(picture, 110, 140, 70)
    whole = eye(picture, 290, 150, 70)
    (found,) = SaliencyDetector()(picture, Prompt(box=(205, 95, 170, 110)))
    assert iou(found, whole) > 0.8


def test_the_same_again():
    picture = sky()
    eye(picture, 190, 140, 90)
    once, twice = SaliencyDetector()(picture), SaliencyDetector()(picture)
    assert [d.score for d in once] == [d.score for d in twice]
    assert all(np.array_equal(a.mask, b.mask) for a, b in zip(once, twice, strict=True))
