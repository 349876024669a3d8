"""Pieces of one thing come together: told by where the detector saw their middle, and by their colours."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layersr import backends, decomposing
from layersr.decomposing.choosing import FORESEEN, LATER, Limits, worth_lifting
from layersr.decomposing.element import Element
from layersr.decomposing.parts import Before, before, joined, owner, together
from layersr.flattening import flatten
from layersr.layers import Image
from layersr.roles import Detection, Layout, Prompt

CANVAS = (90, 120)
RED, BLUE = (0.9, 0.2, 0.1), (0.1, 0.2, 0.9)


def box(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    mask = np.zeros(CANVAS, bool)
    mask[top:bottom, left:right] = True
    return mask


def element(mask: np.ndarray, colour: Sequence[float] = RED, **more: object) -> Element:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    window = slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
    alpha = mask[window].astype(np.float32)
    return Element(window, alpha, np.full((*alpha.shape, 3), colour, np.float32), 0.8, **{"peel": 0, **more})


def layout(towards: dict[tuple[int, int], np.ndarray], opened: float = 0.9) -> Layout:
    """Pixels of each mask look for their middle at its point; the others in themselves."""
    y, x = np.indices(CANVAS, np.float32)
    for (column, row), mask in towards.items():
        x[mask], y[mask] = column, row
    return Layout(np.full(CANVAS, opened, np.float32), x, y, np.ones(CANVAS, np.float32))


HOUSE, ROOF, SHED = box(20, 30, 60, 70), box(25, 20, 55, 30), box(60, 50, 75, 70)


def test_a_piece_belongs_where_its_middle_is():
    house = element(HOUSE)
    one = layout({(40, 45): HOUSE | ROOF})
    assert owner(ROOF, [house], one, CANVAS) == 0
    own = layout({(40, 50): HOUSE, (67, 60): SHED})
    assert owner(SHED, [house], own, CANVAS) is None
    both = layout({(40, 45): HOUSE | ROOF, (67, 60): SHED})
    assert owner(ROOF, [element(SHED), house], both, CANVAS) == 1


def test_what_cannot_be_a_piece():
    one = layout({(40, 45): HOUSE | ROOF | SHED})
    assert owner(ROOF, [], one, CANVAS) is None
    assert owner(box(90, 10, 100, 20), [element(HOUSE)], one, CANVAS) is None  # touches nothing
    assert owner(np.zeros(CANVAS, bool), [element(HOUSE)], one, CANVAS) is None
    assert owner(HOUSE, [element(ROOF)], one, CANVAS) is None  # too large to be a part of it
    assert owner(ROOF, [element(HOUSE, asked=True)], one, CANVAS) is None  # the artist said how far it goes


def test_half_drawn_counts_where_it_lies_open():
    between = {(40, 50): HOUSE, (40, 37): ROOF}  # neither its own middle nor the house's
    assert owner(ROOF, [element(HOUSE)], layout(between, 0.9), CANVAS) == 0
    assert owner(ROOF, [element(HOUSE)], layout(between, 0.3), CANVAS) is None  # the house may lie over it


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 30), st.integers(0, 30))
def test_joined_covers_both_and_nothing_is_lost(left: int, top: int, more_left: int, more_top: int):
    picture = np.random.default_rng(left + 41 * top).random((*CANVAS, 3)).astype(np.float32)
    a, b = (
        element(box(left, top, left + 30, top + 25)),
        element(box(more_left + 45, more_top, more_left + 60, 50), BLUE),
    )
    whole = joined(a, b, picture)
    alpha = whole.on(CANVAS)
    assert (alpha >= np.maximum(a.on(CANVAS), b.on(CANVAS)) - 1e-6).all()
    assert (whole.score, whole.peel) == (a.score, a.peel)
    assert np.isfinite(whole.colour).all()


def test_where_two_pieces_meet_there_is_no_seam():
    picture = np.random.default_rng(0).random((*CANVAS, 3)).astype(np.float32)
    soft = element(HOUSE), element(ROOF, BLUE)
    for piece in soft:
        piece.alpha[0], piece.alpha[-1] = 0.5, 0.5
    whole = joined(*soft, picture)
    alpha = whole.on(CANVAS)
    assert (alpha[29:31, 30:50] == 1).all()
    colour = np.zeros((*CANVAS, 3), np.float32)
    colour[whole.window] = whole.colour
    np.testing.assert_array_equal(colour[29:31, 30:50], picture[29:31, 30:50])
    assert (alpha[69, 22:58] == 0.5).all()  # its own edge stays soft


BAR = box(50, 0, 70, 90)


def test_both_sides_of_what_covers_it():
    picture = np.zeros((*CANVAS, 3), np.float32)
    left, right, other = box(20, 40, 50, 55), box(70, 40, 100, 55), box(70, 70, 100, 85)
    parts = [element(left), element(other, BLUE), element(right)]
    out = together(parts, [element(BAR)], picture)
    assert len(out) == 2
    np.testing.assert_array_equal(out[0].on(CANVAS) > 0.5, left | right)
    np.testing.assert_array_equal(out[1].on(CANVAS) > 0.5, other)
    assert len(together(parts, [], picture)) == 3  # nothing covers anything
    apart = element(box(90, 40, 110, 55))
    assert len(together([element(left), apart], [element(BAR)], picture)) == 2  # it is not beside the cover


def square(side: int, score: float) -> Detection:
    """Something near the middle of a canvas of which nothing is filled."""
    return Detection(box(20, 10, 20 + side, 10 + side).astype(np.float32), score)


NONE = np.zeros(CANVAS, bool)


def test_doubtful_late_things_stay_unless_they_belong():
    """Where nobody tells what lay there from the first."""
    limits = Limits()
    doubtful = [square(20, limits.confidence + LATER - 0.01)]
    assert worth_lifting(doubtful, limits, 0, NONE) == doubtful
    assert worth_lifting(doubtful, limits, 1, NONE) == []
    assert worth_lifting(doubtful, limits, 1, NONE, lambda piece: True) == doubtful
    sure = [square(20, limits.confidence + LATER)]
    assert worth_lifting(sure, limits, 1, NONE) == sure


def likelihood(score: float, likely: float, part: float) -> float:
    """How likely something seen late is held for a thing."""
    seen, everything = [square(20, score)], Limits(granularity=1.0)
    (found,) = worth_lifting(seen, everything, 1, NONE, foreseen=lambda mask: Before(likely, part))
    return found.score


def test_what_is_seen_late_is_likelier_a_thing_the_surer_the_more_foreseen_and_the_more_by_itself_it_is():
    assert 0 < likelihood(0.7, 0.9, 0.1) < likelihood(0.9, 0.9, 0.1)
    assert likelihood(0.9, 0.7, 0.1) < likelihood(0.9, 0.9, 0.1)
    assert likelihood(0.9, 0.9, 0.4) < likelihood(0.9, 0.9, 0.1) < 1
    assert likelihood(0.999, 0.9, 0.1) == likelihood(1.0, 0.9, 0.1)  # nobody is that sure


def test_what_looked_like_a_part_stays_though_the_detector_is_sure():
    limits, seen = Limits(), [square(20, 0.75)]
    whole, leftover, fancy = (lambda mask, told=told: Before(*told) for told in ((0.8, 0.1), (0.8, 0.8), (0.2, 0.1)))
    assert len(worth_lifting(seen, limits, 1, NONE, foreseen=whole)) == 1
    for unlikely in (leftover, fancy):
        assert worth_lifting(seen, limits, 1, NONE, foreseen=unlikely) == []
        assert worth_lifting(seen, limits, 0, NONE, foreseen=unlikely) == seen  # what is seen from the first
        assert worth_lifting(seen, limits, 1, NONE, lambda piece: True, unlikely) == seen  # a part of what was lifted


def test_large_late_things_are_scenery_unless_some_thing_was_seen_there():
    wide = np.zeros(CANVAS, np.float32)
    wide[20:55, 30:70] = 1
    large = [Detection(wide, 0.8)]
    assert worth_lifting(large, Limits(), 1, NONE) == []
    assert worth_lifting(large, Limits(), 1, NONE, foreseen=lambda mask: Before(FORESEEN, 0.0)) == []
    assert len(worth_lifting(large, Limits(), 1, NONE, foreseen=lambda mask: Before(1.0, 0.0))) == 1


def test_what_was_seen_before_is_read_where_the_piece_lies():
    piece = np.zeros((60, 80), bool)
    piece[10:30, 10:30] = True
    anything = np.zeros((30, 40), np.float32)
    anything[5:15, 5:15], anything[20:25, 25:35] = 0.75, 0.5
    x, y = np.full((30, 40), 8, np.float32), np.full((30, 40), 9, np.float32)  # looks for its middle in itself
    nothing = np.zeros((30, 40), np.float32)
    assert before(piece, Layout(nothing, x, y, anything)) == Before(0.75, 0.0)
    assert before(piece, Layout(nothing, x + 12, y, anything)) == Before(0.75, 0.0)  # where nothing is
    x[:, 10:], y[:, 10:] = 30, 22  # the right half looks to another thing
    assert before(piece, Layout(nothing, x, y, anything)) == Before(0.75, 0.0)  # and stands by itself
    bridged = anything.copy()
    bridged[5:15, 15:20] = 0.5  # a sixth of what is around it
    assert before(piece, Layout(nothing, x, y, bridged)) == Before(0.75, 0.25 * 0.5)
    assert before(piece, Layout(nothing, x + 1000, y - 1000, anything)) == Before(0.75, 0.0)  # off the picture
    assert before(NONE, Layout(nothing, x, y, anything)) == Before(0.0, 0.0)


class Late:
    """Sees a house first, and its roof when the house is gone."""

    def __init__(self, together: bool) -> None:
        self.together, self.asked = together, 0

    def __call__(self, image: np.ndarray, prompt: Prompt | None = None) -> Sequence[Detection]:
        self.asked += 1
        found = {1: HOUSE, 2: ROOF}.get(self.asked)
        return [] if found is None else [Detection(found.astype(np.float32), 0.9)]

    def layout(self, image: np.ndarray) -> Layout:
        return layout({(40, 45): HOUSE | ROOF} if self.together else {(40, 50): HOUSE, (40, 25): ROOF}, 0.3)


@pytest.mark.parametrize(("together", "layers"), [(True, 2), (False, 3)])
def test_in_the_peel_loop(together: bool, layers: int):
    picture = np.full((*CANVAS, 3), (0.5, 0.6, 0.5), np.float32)
    picture[HOUSE], picture[ROOF] = RED, BLUE
    pixels = np.dstack([np.rint(picture * 255).astype(np.uint8), np.full(CANVAS, 255, np.uint8)])
    models = decomposing.Models(Late(together), backends.load("matte", "classic"), backends.load("infill", "classic"))
    stack = decomposing.decompose(Image(pixels), models)
    assert len(stack.layers) == layers
    np.testing.assert_array_equal(flatten(stack), pixels)
    if together:
        alpha = np.zeros(CANVAS, np.uint8)
        canvas, own = stack.layers[1].on_canvas(*CANVAS[::-1])
        alpha[canvas] = stack.layers[1].pixels[own][..., 3]
        assert (alpha[22:68, 27:53] == 255).all()
