"""The votes of the detector's network become elements."""

from dataclasses import replace

import numpy as np

from layersr.backends.votes import SUBJECTS, Votes, gathered

SIDE = 96


def votes(*discs: tuple[int, int, int], middles: bool = True) -> Votes:
    """What a network would say that knows discs (x, y, radius) exactly; later ones lie over earlier ones."""
    rows, columns = np.indices((SIDE, SIDE), np.float32)
    top, middle = np.full((SIDE, SIDE), 0.02, np.float32), np.zeros((SIDE, SIDE), np.float32)
    to_x, to_y = columns.copy(), rows.copy()
    for x, y, radius in discs:
        inside = np.hypot(columns - x, rows - y) < radius
        top[inside], to_x[inside], to_y[inside] = 0.95, x, y
        if middles:
            middle = np.maximum(middle, np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 8))
    return Votes(top, top, middle, to_x, to_y)


def test_touching_discs_are_told_apart():
    masks, scores = gathered(votes((30, 40, 14), (58, 40, 15)))
    assert len(masks) == 2
    assert not (masks[0] & masks[1]).any()
    assert sorted(int(m.sum()) for m in masks) == sorted([613, 709]) or all(500 < m.sum() < 800 for m in masks)
    assert all(score > 0.8 for score in scores)


def test_an_element_in_two_pieces_stays_one():
    said = votes((48, 48, 30))
    said.top[:, 44:52] = 0.02  # a pole stands before it
    masks, _ = gathered(said)
    assert len(masks) == 1
    assert masks[0][48, 30]
    assert masks[0][48, 66]


def test_without_a_middle_a_region_is_doubtful():
    (mask,), (score,) = gathered(votes((40, 40, 12), middles=False))
    assert mask.sum() > 300
    assert score < gathered(votes((40, 40, 12)))[1][0]


def test_nothing_gives_nothing_and_specks_are_left():
    assert gathered(votes()) == ([], [])
    assert gathered(votes((40, 40, 1))) == ([], [])


def test_parts_that_disagree_about_the_middle_are_one_thing():
    """A bird whose breast, head and wings look each for a middle of their own."""
    said = votes((48, 48, 24))
    rows, columns = np.indices((SIDE, SIDE))
    said.middle[:] = 0
    for y in (38, 58):
        for x in (38, 58):
            quarter = (said.top > 0.5) & ((rows < 48) == (y < 48)) & ((columns < 48) == (x < 48))
            said.x[quarter], said.y[quarter] = x, y
            said.middle[:] = np.maximum(said.middle, 0.18 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 8))
    (mask,), (score,) = gathered(replace(said, judge=SUBJECTS))
    assert np.array_equal(mask, said.top > 0.5)
    assert score > 0.42


def test_neighbours_that_are_believed_are_not_thrown_together():
    masks, _ = gathered(votes((30, 40, 14), (58, 40, 15), (80, 75, 10)))
    assert len(masks) == 3
