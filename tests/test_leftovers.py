"""What hangs on a lifted thing is told from what goes on behind it."""

import cv2
import numpy as np
import pytest

from layersr import backends, decomposing
from layersr.decomposing.leftovers import leftovers
from layersr.decomposing.lifting import lift, whole
from layersr.flattening import flatten
from layersr.infill.structure import structure, touching
from layersr.layers import Image
from layersr.roles import Detection

CANVAS = (120, 160)


def ground(height: int = CANVAS[0], width: int = CANVAS[1]) -> np.ndarray:
    """A sky over a dark hill: a line that goes on behind the balloon."""
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    sky = np.array([0.5, 0.7, 0.9], np.float32) + 0.1 * rows
    return np.where(rows > 0.45, np.float32([0.2, 0.3, 0.2]), sky) * np.ones((1, width, 1), np.float32)


def infill(image: np.ndarray, hole: np.ndarray, avoid: np.ndarray | None = None) -> np.ndarray:
    """Knows the ground."""
    return np.where(hole[..., None], ground(*hole.shape), image)


def scene() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The picture, its balloon and its basket."""
    picture, rows, columns = ground(), *np.indices(CANVAS)
    balloon, basket = np.hypot(rows - 50, columns - 80) <= 24, np.zeros(CANVAS, bool)
    basket[74:82, 76:84] = True
    picture[balloon], picture[basket] = (0.9, 0.2, 0.1), (0.7, 0.6, 0.1)
    return picture, balloon, basket


def test_a_basket_hangs_and_a_horizon_goes_on():
    picture, balloon, basket = scene()
    found = leftovers(picture, balloon, infill)
    assert (found & basket).sum() > 0.9 * basket.sum()
    assert (found & ~cv2.dilate(basket.astype(np.uint8), np.ones((5, 5))).astype(bool)).sum() == 0


def test_nothing_hangs_on_nothing():
    picture, balloon, _ = scene()
    assert not leftovers(picture, np.zeros(CANVAS, bool), infill).any()
    assert not leftovers(picture, np.ones(CANVAS, bool), infill).any()
    assert not leftovers(ground(), balloon, infill).any()


def test_a_neighbour_that_is_only_touched_stays_whole():
    picture, balloon, _ = scene()
    picture[20:60, 104:] = (0.8, 0.7, 0.2)  # much larger than what is looked at beside a hole
    found = leftovers(picture, balloon, infill)
    assert not found[20:60, 108:].any()


def test_a_lifted_balloon_takes_its_basket_along():
    picture, balloon, basket = scene()
    image = Image(np.rint(np.dstack([picture, np.ones(CANVAS)]) * 255).astype(np.uint8))
    found = [Detection(balloon.astype(np.float32), 0.9)]
    models = decomposing.Models(lambda image, prompt=None: found, backends.load("matte", "classic"), infill)
    stack = decomposing.decompose(image, models, decomposing.Limits(max_layers=1))
    assert np.array_equal(flatten(stack), image.pixels)
    balloon_layer = stack.layers[1]
    alpha = np.zeros(CANVAS)
    canvas, own = balloon_layer.on_canvas(stack.width, stack.height)
    alpha[canvas] = balloon_layer.pixels[own][..., 3] / 255
    assert alpha[basket].mean() > 0.8
    assert np.abs(stack.layers[0].pixels[..., :3][basket] / 255 - ground()[basket]).mean() < 0.05


@pytest.mark.parametrize(("doubtful", "along"), [(False, True), (True, False)])
def test_what_was_seen_as_a_thing_of_its_own_hangs_on_nothing(doubtful: bool, along: bool):
    picture, balloon, basket = scene()
    classic = backends.load("matte", "classic")
    seen = [Detection(balloon.astype(np.float32), 0.9), Detection(basket.astype(np.float32), 0.1)]
    (lifted,) = whole(picture, [lift(picture, seen[0], classic, 0)], classic, infill, seen if doubtful else seen[:1])
    assert (lifted.on(CANVAS)[basket].mean() > 0.8) == along


def test_beside_a_large_hole_a_small_thing_carries_nothing_large():
    picture, balloon, basket = scene()
    rows, columns = np.indices(CANVAS)
    bird = np.hypot(rows - 88, columns - 80) <= 6  # below the basket, which is as large as the bird
    picture[bird] = (0.1, 0.1, 0.9)
    classic = backends.load("matte", "classic")
    lifted = [lift(picture, Detection(mask.astype(np.float32), 0.9), classic, 0) for mask in (balloon, bird)]
    large, small = whole(picture, lifted, classic, infill)
    assert small.on(CANVAS)[basket].mean() < 0.3
    assert large.on(CANVAS)[balloon].mean() > 0.9


def test_strokes_do_not_go_on_from_what_is_avoided():
    picture, balloon, basket = scene()
    clear, dark = (
        structure(picture, balloon, lambda planes: planes[:3], avoid=avoid)[60:73, 78:82].mean()
        for avoid in (basket, None)
    )
    assert abs(clear - ground()[60:73, 78:82].mean()) < abs(dark - ground()[60:73, 78:82].mean())
    assert np.array_equal(touching(basket, balloon), basket & ~balloon)
    assert not touching(np.roll(basket, 30, 1), balloon).any()


@pytest.mark.parametrize("name", ["classic", "layersr"])
def test_what_is_avoided_stays(name: str):
    picture, balloon, basket = scene()
    painted = backends.load("infill", name)(picture, balloon, basket)
    assert np.array_equal(painted[~balloon], picture[~balloon])
