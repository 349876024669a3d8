"""z-order: what speaks for one thing above another, and the order made of it."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layersr.decomposing.element import Element
from layersr.decomposing.occlusion import above, openly
from layersr.decomposing.order import likeliest, order

CANVAS = (80, 120)


def disc(x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.indices(CANVAS)
    return np.clip(radius + 0.5 - np.hypot(rows - y, columns - x), 0, 1).astype(np.float32)


FRONT = disc(70, 40, 25) > 0.5
BACK = (disc(40, 40, 25) > 0.5) & ~FRONT


def element(name: str, mask: np.ndarray, peel: int) -> Element:
    colour = np.zeros((*CANVAS, 3), np.float32)
    return Element((slice(0, 80), slice(0, 120)), mask.astype(np.float32), colour, 0.5, peel, name=name)


def ordered(*elements: Element, wanted: Sequence[str] = ()) -> list[str]:
    return [e.name for e in order(list(elements), CANVAS, wanted)]


def test_the_one_that_bites_lies_above() -> None:
    assert above(FRONT, BACK) > 0
    assert above(BACK, FRONT) < 0
    assert above(FRONT, np.roll(disc(10, 10, 5) > 0.5, 0)) == 0  # apart

    bar, post = np.zeros(CANVAS, bool), np.zeros(CANVAS, bool)
    bar[30:42, 15:100], post[10:70, 50:62] = True, True
    assert above(bar, post & ~bar) > 0.3  # neither bites the other, but the contour of one goes on
    assert above(post & ~bar, bar) < -0.3
    assert above(post, bar & ~post) > 0.3

    # what came off later was completed under the earlier one: its border is where it was seen
    completed = disc(40, 40, 25) > 0.5
    assert above(FRONT, completed) < 0.2 < above(FRONT, completed, (0, 1)) == above(FRONT, BACK, (0, 1))
    assert above(completed, FRONT, (1, 0)) == pytest.approx(-above(FRONT, completed, (0, 1)))
    assert above(FRONT, FRONT, (0, 1)) == 0  # nothing of it was seen
    opened = np.where(FRONT, np.float32(0.9), np.float32(0.2))
    assert openly(FRONT, opened) > 0.5
    assert openly(BACK, opened) < -0.5
    assert above(FRONT, BACK, opened=opened) > above(FRONT, BACK) > above(FRONT, BACK, opened=1 - opened)
    assert above(BACK, FRONT, opened=opened) == pytest.approx(-above(FRONT, BACK, opened=opened))


def test_things_are_ordered_by_shape_then_by_peeling_then_as_the_artist_says() -> None:
    a, b = element("a", FRONT, 0), element("b", BACK, 0)
    assert ordered(a, b) == ordered(b, a) == ["b", "a"]
    early, late = element("early", BACK, 0), element("late", FRONT, 1)
    assert ordered(early, late) == ["early", "late"]  # the shape outweighs the order of peeling
    alone, other = (
        element("alone", disc(20, 20, 9) > 0.5, 0),
        element("other", disc(90, 60, 9) > 0.5, 1),
    )
    assert ordered(alone, other) == ["other", "alone"]  # where it says nothing, what came off first lies on top

    # what the detector says of what lies open outweighs a doubtful shape, and tells where the shape says nothing
    open_ = np.where(BACK, np.float32(0.95), np.float32(0.05))
    assert [e.name for e in order([a, b], CANVAS, opened=open_)] == ["a", "b"]
    half = cv2.resize(open_, (CANVAS[1] // 2, CANVAS[0] // 2), interpolation=cv2.INTER_AREA)  # maps may be smaller
    assert [e.name for e in order([a, b], CANVAS, opened=half)] == ["a", "b"]
    opened = np.full(CANVAS, 0.3, np.float32)
    opened[50:, 80:] = 0.9
    other = replace(other, peel=0)
    for pair in ([alone, other], [other, alone]):
        assert [e.name for e in order(pair, CANVAS, opened=opened)] == ["alone", "other"]

    apart = element("apart", disc(110, 10, 6) > 0.5, 0)
    assert ordered(a, b, apart, wanted=["b", "a"]) == ["a", "b", "apart"]  # the artist knows better
    assert ordered(a, b, wanted=["nobody", "b"]) == ["b", "a"]
    low, high = order([a, b], CANVAS)
    assert not low.covers
    assert 0.15 < high.covers["b"] < 1
    assert order([a, b], CANVAS, ["b", "a"])[1].covers == {"a": 1.0}


def speaks_for(placed: Sequence[int], over: np.ndarray, bare: np.ndarray, near: np.ndarray) -> float:
    pairs = sum(over[k, o] for place, k in enumerate(placed) for o in placed[:place])
    covered = [near[k, list(placed[place + 1 :])].any() for place, k in enumerate(placed)]
    return pairs + sum(-bare[k] if c else bare[k] for k, c in zip(placed, covered, strict=True))


@st.composite
def evidence(draw: st.DrawFn, least: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = draw(st.integers(least, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    near = np.triu(rng.random((n, n)) < draw(st.floats(0, 1)), 1)
    near = near | near.T
    over = np.triu(rng.normal(0, 2, (n, n)), 1) * near
    return over - over.T, rng.normal(0, draw(st.floats(0, 3)), n), near


@given(evidence())
def test_no_thing_could_be_moved_to_where_more_speaks_for_the_order(told) -> None:
    placed = likeliest(*told)
    assert sorted(placed) == list(range(len(told[0])))
    value = speaks_for(placed, *told)
    for k in placed:
        rest = [o for o in placed if o != k]
        assert all(speaks_for([*rest[:at], k, *rest[at:]], *told) <= value + 1e-6 for at in range(len(rest) + 1))


@given(st.permutations(range(6)), evidence(6))
def test_where_all_pairs_agree_that_is_the_order(truth: list[int], told) -> None:
    rank = np.argsort(truth)
    over = np.abs(told[0]) + 0.1
    over = np.where(rank[:, None] > rank[None], over, -over.T)
    np.fill_diagonal(over, 0)
    assert likeliest(over, np.zeros(6), told[2]) == list(truth)


def test_what_covers_a_thing_explains_why_it_does_not_lie_open() -> None:
    """b is covered, by c; so nothing speaks for a above b, though a lies open and b does not."""
    over = np.array([[0, -0.5, 0], [0.5, 0, -3], [0, 3, 0]])
    near = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], bool)
    bare = np.array([0.2, -2.0, 2.0])
    told = over, bare, near
    placed = likeliest(*told)
    assert placed.index(0) < placed.index(1) < placed.index(2)
    assert max(permutations(range(3)), key=lambda p: speaks_for(p, *told)) == tuple(placed)
    pairwise = over[1, 0] + bare[1] - bare[0]
    assert pairwise < 0  # pair by pair it would be the other way round
