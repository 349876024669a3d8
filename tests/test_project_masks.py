"""Mattes repainted by hand: that element is cut out anew, and all else stays, bit by bit."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layersr import decomposing
from layersr.decomposing import Apart, Limits, Models, repainting
from layersr.decomposing.element import Element
from layersr.errors import UsageError
from layersr.flattening import flatten
from layersr.layers import LayerStack
from project_scene import (  # noqa: F401
    COLOURS,
    HEIGHT,
    NAMES,
    WIDTH,
    alike,
    asked,
    color_of,
    detect,
    discs,
    infill,
    matte,
    own_backends,
    paint,
    picture,
    run,
    same,
)


@pytest.mark.parametrize(("scale", "dtype"), [(1, np.uint16), (2, np.uint8)])
def test_a_repainted_matte_makes_that_element_again_and_leaves_others(tmp_path: Path, scale: int, dtype: type):
    image, place = picture(dtype), tmp_path / "p"
    before, *_ = run(place, image, scale=scale)
    top = int(np.iinfo(dtype).max)
    paint(place, "yellow", lambda mask: cv2.circle(mask, (137, 52), 7, top, -1))
    stack, told, project = run(place, image, scale=scale)
    assert not asked["detect"]
    assert (asked["matte"], asked["infill"]) == (1, 1)  # its edge, and the ground under what it is more
    assert project.by_hand == ["yellow"]
    assert {*told["kept"]} == {"red", "blue", "violet"} == alike(stack, before)
    yellow = next(layer for layer in stack.layers if layer.name == "yellow")
    assert yellow.pixels[54 * scale - yellow.top, 137 * scale - yellow.left, 3] == top
    if scale == 1:
        assert np.array_equal(flatten(stack), image.pixels)
    again, _, project = run(place, image, scale=scale)
    assert same(stack, again)
    assert not asked
    assert project.by_hand == ["yellow"]
    (place / "masks" / "yellow.png").unlink()
    back, *_ = run(place, image, scale=scale)
    assert same(back, before)
    assert (place / "masks" / "yellow.png").is_file()


def test_what_is_painted_black_is_gone_and_the_picture_comes_back(tmp_path: Path):
    image, place = picture(), tmp_path / "p"
    before, *_ = run(place, image, scale=1)
    paint(place, "violet", lambda mask: mask.fill(0))
    stack, *_ = run(place, image, scale=1)
    assert {layer.name for layer in stack.layers} == {"background", "red", "blue", "yellow"}
    assert np.array_equal(flatten(stack), image.pixels)
    assert np.array_equal(stack.layers[0].pixels[82, 126], image.pixels[82, 126])
    assert {"red", "blue", "yellow"} <= alike(stack, before)


def test_masks_saved_again_with_a_colour_space_and_transparency_are_not_painted(tmp_path: Path):
    image, place = picture(np.uint16), tmp_path / "p"
    before, *_ = run(place, image, scale=1)
    path = place / "masks" / "red.png"
    grey = (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) // 257).astype(np.uint8)
    cv2.imwrite(str(path), np.dstack([np.full((*grey.shape, 3), 255, np.uint8), grey]))
    stack, _, project = run(place, image, scale=1)
    assert project.by_hand == []
    assert same(stack, before)


def test_masks_that_fit_nothing_are_told_and_kept(tmp_path: Path):
    image, place = picture(), tmp_path / "p"
    run(place, image, scale=1)
    paint(place, "violet", lambda mask: cv2.circle(mask, (126, 94), 7, 255, -1))
    cv2.imwrite(str(place / "masks" / "moon.png"), np.zeros((HEIGHT, WIDTH), np.uint8))
    stack, _, project = run(place, image, scale=1, max_layers=3)
    assert len(stack.layers) == 4
    assert [note for note in project.notes if "moon.png" in note]
    gone = {*NAMES} - {layer.name for layer in stack.layers}
    assert (place / "masks" / "violet.png").exists()
    assert [note for note in project.notes if "violet" in note] or "violet" not in gone


@pytest.mark.parametrize(("spoil", "says"), [(b"", "made again"), (None, "picture's size")])
def test_masks_that_cannot_be_used_are_refused_with_a_way_out(tmp_path: Path, spoil: bytes | None, says: str):
    image, place = picture(), tmp_path / "p"
    run(place, image, scale=1)
    path = place / "masks" / "red.png"
    if spoil is None:
        cv2.imwrite(str(path), np.zeros((9, 9), np.uint8))
    else:
        path.write_bytes(spoil)
    with pytest.raises(UsageError, match=says):
        run(place, image, scale=1)


@cache
def taken() -> Apart:
    models = Models(detect, matte, infill)
    return decomposing.take_apart(picture(), models, Limits())


@cache
def sealed() -> LayerStack:
    return decomposing.stacked(picture(), taken())


@settings(max_examples=10)
@given(
    st.sampled_from(NAMES),
    st.tuples(st.integers(0, WIDTH), st.integers(0, HEIGHT)),
    st.integers(1, 15),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.booleans(),
)
def test_whatever_is_painted_nothing_changes_far_from_it(
    name: str, at: tuple[int, int], radius: int, value: float, soft: bool
):
    image, apart = picture(), taken()
    canvas = (HEIGHT, WIDTH)
    element = next(element for element in apart.bare if element.name == name)
    painted = element.on(canvas)
    cv2.circle(painted, at, radius, value, -1)
    painted = cv2.GaussianBlur(painted, (0, 0), 2) if soft else painted
    now = decomposing.repaint(color_of(image), apart, {name: painted}, matte, infill)
    changed = repainting.differing(element, painted).astype(np.uint8)
    reach = 2 * repainting.reach(canvas) + 1
    far = cv2.dilate(changed, np.ones((reach, reach), np.uint8)) == 0
    assert [e.name for e in now.elements] == [e.name for e in apart.elements]
    for new, old in zip(now.elements, apart.elements, strict=True):
        assert np.array_equal(new.on(canvas)[far], old.on(canvas)[far])
        for one, other in ((new, old), (old, new)):
            assert np.array_equal(shown(one, canvas, far), shown(other, canvas, far))
    assert np.array_equal(now.ground[far], apart.ground[far])
    stack, before = decomposing.stacked(image, now), sealed()
    assert np.array_equal(flatten(stack), image.pixels)
    untouched = {e.name for e in apart.elements if e.name != name and far[e.window].all()}
    assert untouched <= alike(stack, before)


def shown(element: Element, canvas: tuple[int, int], where: np.ndarray) -> np.ndarray:
    """An element's colours where they show."""
    colours = np.zeros((*canvas, 3), np.float32)
    colours[element.window] = np.where(element.alpha[..., None] > 0, element.colour, 0)
    return colours[where]


def test_a_part_that_something_hides_has_the_colours_of_the_rest():
    apart = taken()
    below = next(element for element in apart.bare if element.name == "blue")
    painted = np.maximum(below.on((HEIGHT, WIDTH)), discs()[1].astype(np.float32))
    now = decomposing.repaint(color_of(picture()), apart, {"blue": painted}, matte, infill)
    blue = next(element for element in now.elements if element.name == "blue")
    hidden = (discs()[0] >= 1) & (discs()[1] >= 1) & (blue.on((HEIGHT, WIDTH)) > 0.9)
    colours = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    colours[blue.window] = blue.colour
    assert hidden.sum() > 100
    assert np.abs(colours[hidden] - COLOURS[1]).max(axis=-1).mean() < 0.15
    assert np.array_equal(flatten(decomposing.stacked(picture(), now)), picture().pixels)
