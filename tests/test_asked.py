"""What is asked for with a box or a point, with a network that is told what to say."""

import numpy as np

from layersr.backends import load
from layersr.backends.asked import boxed, pointed
from layersr.roles import Prompt

SIDE = 160


def disc(x: int, y: int, radius: int, side: int = SIDE) -> np.ndarray:
    rows, columns = np.indices((side, side))
    return np.hypot(columns - x, rows - y) < radius


def overlap(mask: np.ndarray, truth: np.ndarray) -> float:
    return float(np.minimum(mask, truth).sum() / np.maximum(mask, truth).sum())


def face(pale: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """A red disc with two white eyes on a white wall; its right side is as pale as the wall, where wanted."""
    rng = np.random.default_rng(0)
    image = np.full((SIDE, SIDE, 3), 0.95, np.float32)
    whole = disc(80, 80, 50)
    image[whole] = (0.8, 0.1, 0.1)
    image[disc(62, 70, 14) | disc(98, 70, 14)] = 0.95
    if pale:
        image[whole & (np.indices((SIDE, SIDE))[1] > 100)] = 0.95
    image += rng.normal(0, 0.01, image.shape).astype(np.float32)
    return image.clip(0, 1), whole


def test_the_network_says_what_in_a_box_is_the_thing():
    image, whole = face(pale=True)
    box = (29, 29, 103, 103)  # what the network sees around it is the whole picture
    with_word = boxed(image, box, lambda crop: (whole.astype(np.float32) * 0.97, [], []))
    without = boxed(image, box, lambda crop: (np.zeros(crop.shape[:2], np.float32), [], []))
    assert overlap(with_word, whole) > 0.95
    assert overlap(without, whole) < 0.9  # its pale side is gone


def test_a_fill_is_no_part_of_what_a_box_asks_for():
    image, _ = face()
    filled = np.zeros((SIDE, SIDE), bool)
    filled[:, 80:] = True
    found = boxed(image, (29, 29, 103, 103), lambda crop: (np.zeros(crop.shape[:2], np.float32), [], []), filled)
    assert found[:, 82:].max() < 0.5
    assert found[100, 60] > 0.5


def test_a_neighbour_that_only_reaches_into_a_box_stays_out():
    image = np.full((SIDE, SIDE, 3), 0.2, np.float32)
    own, other = disc(60, 80, 30), disc(120, 80, 35)
    image[own], image[other] = (0.9, 0.5, 0.1), (0.9, 0.4, 0.2)
    both = (own | other).astype(np.float32) * 0.95
    seen = slice(50 - 30, 111 + 30), slice(0, 91 + 30)  # half a box around the box
    apart = boxed(image, (30, 50, 61, 61), lambda crop: (both[seen], [own[seen], other[seen]], [0.9, 0.9]))
    assert apart[other & ~own].max() < 0.5
    assert overlap(apart, own & ~other) > 0.9


def test_a_point_takes_what_most_looks_agree_on():
    truth = disc(80, 80, 30)
    image = np.zeros((SIDE, SIDE, 3), np.float32)
    looks = iter([disc(80, 80, 31), disc(48, 48, 30, 96), np.ones((58, 58), bool)])  # the last one sees the disc only
    found = pointed(image, (80, 80), lambda crop: ([next(looks)], [0.5]))
    assert found is not None
    assert overlap(found[0].astype(np.float32), truth) > 0.9
    assert pointed(image, (80, 80), lambda crop: ([], [])) is None
    assert pointed(image, (5, 5), lambda crop: ([np.zeros(crop.shape[:2], bool)], [0.9])) is None


def test_the_shipped_detector_follows_a_box_and_a_point_in_any_corner():
    image, whole = face()
    detect = load("detect", "layersr")
    (by_box,) = detect(image, Prompt(box=(29, 29, 103, 103)))
    assert overlap(by_box.mask, whole) > 0.9
    (by_point,) = detect(image, Prompt(point=(80, 100)))
    assert by_point.mask[100, 80] > 0.5
    for corner in ((0, 0), (SIDE - 1, SIDE - 1)):
        detect(image, Prompt(point=corner))  # nothing there: no error
        detect(image, Prompt(box=(*corner, 9, 9)))
