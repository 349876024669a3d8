"""Strokes: what painting them keeps to, that those found do what they should, and that evolution is worth its time."""

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layersr.progress import Progress
from layersr.strokes import Stroke, cover, paint, rework, svg
from layersr.strokes.fitness import fitness, planes
from layersr.strokes.stroke import coverage

SIDE = 48
WIDTHS = (12.0, 6.0, 3.0)
WAYS = ("greedy", "evolution")


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, width=32)


points = st.tuples(numbers(-10, SIDE + 10), numbers(-10, SIDE + 10))
strokes = st.builds(Stroke, points, points, points, numbers(0.25, 20), st.tuples(*[st.integers(0, 255)] * 3))


def picture(side: int = SIDE) -> np.ndarray:
    """A disc with a bright rim on a ground that changes its colour, and lines in one corner."""
    y, x = (np.indices((side, side)) + 0.5) / side
    ground = np.dstack([200 * x, 90 + 100 * y, 160 - 120 * x * y])
    far = np.hypot(x - 0.55, y - 0.5)[..., None]
    ground = np.where(far < 0.3, [230, 220, 120], ground)
    ground = np.where(far < 0.24, [150, 40 + 60 * 0.5, 60], ground)
    ground[((x + y < 0.5) & (np.sin(60 * (x - y)) > 0.3))] = 20
    return cv2.GaussianBlur(ground.astype(np.uint8), (0, 0), 0.6)


def ground(target: np.ndarray) -> np.ndarray:
    return np.full_like(target, 128)


def error(painted: np.ndarray, target: np.ndarray, weight: np.ndarray | float = 1.0) -> float:
    return float((((painted.astype(float) - target) ** 2).sum(axis=2) * weight).sum())


ALL = np.ones((SIDE, SIDE), bool)
COUNT = 14


@dataclass(frozen=True)
class Found:
    """What a way found for the picture, and what it told meanwhile."""

    way: str
    strokes: tuple[Stroke, ...]
    told: list[Progress]


@pytest.fixture(scope="module", params=["greedy", "evolution"])
def found(request: pytest.FixtureRequest) -> Found:
    told: list[Progress] = []
    strokes = cover(picture(), ground(picture()), ALL, WIDTHS, COUNT, way=request.param, report=told.append)
    return Found(request.param, strokes, told)


@given(st.lists(strokes, max_size=6), st.lists(strokes, max_size=6))
@settings(max_examples=15)
def test_painting_goes_on_where_it_stopped(first: list[Stroke], then: list[Stroke]):
    canvas = picture()
    before = canvas.copy()
    assert (paint(paint(canvas, first), then) == paint(canvas, first + then)).all()
    assert (canvas == before).all()


@given(strokes)
@settings(max_examples=20)
def test_a_stroke_changes_only_what_it_touches_and_covers_what_lies_within(stroke: Stroke):
    y, x = np.indices((SIDE, SIDE)) + 0.5
    t = np.linspace(0, 1, 400)[:, None]
    a, b, c = (np.float64(p) for p in (stroke.start, stroke.bend, stroke.end))
    line = (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c
    far = np.sqrt(((np.dstack([x, y])[:, :, None] - line) ** 2).sum(axis=-1).min(axis=-1))
    canvas = np.full((SIDE, SIDE, 3), 255 - stroke.colour[0], np.uint8)
    painted = paint(canvas, [stroke])
    reach = max(stroke.width, 1) / 2
    assert (painted[far > reach + 0.75] == canvas[far > reach + 0.75]).all()
    if stroke.width >= 1:
        assert (painted[far < reach - 0.75] == stroke.colour).all()


def test_coverage_adds_up_to_the_area():
    cover = coverage(Stroke((20.3, 20.8), (20.3, 20.8), (20.3, 20.8), 9.0, (0, 0, 0)), SIDE, SIDE)[2]
    assert cover.sum() == pytest.approx(np.pi * 4.5**2, rel=0.02)
    cover = coverage(Stroke((10.0, 9.7), (25.0, 14.7), (40.0, 19.7), 3.0, (0, 0, 0)), SIDE, SIDE)[2]
    assert cover.sum() == pytest.approx(3 * np.hypot(30, 10) + np.pi * 1.5**2, rel=0.02)


def test_a_larger_canvas_shows_the_same_painting(found: Found):
    small, large = (paint(np.full((n * SIDE, n * SIDE, 3), 128, np.uint8), found.strokes, float(n)) for n in (1, 3))
    shrunk = cv2.resize(large, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk.astype(float) - small).mean() < 1.5


def test_the_svg_has_every_stroke_in_order(found: Found):
    tree = ET.fromstring(svg(found.strokes, SIDE, SIDE, (128, 128, 128)))
    paths = tree.findall(".//{http://www.w3.org/2000/svg}path")
    assert tree.get("viewBox") == f"0 0 {SIDE} {SIDE}"
    assert [path.get("stroke") for path in paths] == ["#{:02x}{:02x}{:02x}".format(*s.colour) for s in found.strokes]
    for path, stroke in zip(paths, found.strokes, strict=True):
        told = [float(v) for v in re.findall(r"-?[\d.]+", path.get("d", ""))]
        assert told[:4] == pytest.approx([*stroke.start, *stroke.bend], abs=0.006)
        assert float(path.get("stroke-width", "0")) == pytest.approx(stroke.width, abs=0.006)


def test_strokes_bring_the_canvas_nearer_and_are_no_more_than_asked(found: Found):
    target = picture()
    assert 0 < len(found.strokes) <= COUNT
    assert error(paint(ground(target), found.strokes), target) < 0.4 * error(ground(target), target)


def test_brushes_are_those_given_and_the_widest_comes_first(found: Found):
    widths = [s.width for s in found.strokes]
    assert set(widths) <= set(WIDTHS)
    assert widths == sorted(widths, reverse=True)


def test_the_same_seed_finds_the_same_strokes_and_another_others(found: Found):
    target = picture()
    again, other = (cover(target, ground(target), ALL, WIDTHS, COUNT, way=found.way, seed=n) for n in (0, 1))
    assert again == found.strokes
    assert other != found.strokes


def test_progress_never_falls_and_ends_at_one(found: Found):
    shares = [event.done for event in found.told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize("way", WAYS)
@given(seed=st.integers(0, 99), count=st.integers(1, 12))
@settings(max_examples=3)
def test_strokes_never_raise_the_weighted_error(way: str, seed: int, count: int):
    rng = np.random.default_rng(seed)
    target = rng.integers(0, 256, (24, 31, 3), np.uint8)
    canvas = rng.integers(0, 256, (24, 31, 3), np.uint8)
    weight = cv2.GaussianBlur(rng.random((24, 31), np.float32), (0, 0), 3)
    weight[:, :9] = 0
    found = cover(target, canvas, weight, (7.0, 3.0), count, way=way, seed=seed)
    assert len(found) <= count
    assert error(paint(canvas, found), target, weight) <= error(canvas, target, weight)


@pytest.mark.parametrize("way", WAYS)
def test_all_colours_are_of_the_palette(way: str):
    target = picture()
    palette = np.uint8([[0, 0, 0], [255, 255, 255], [200, 60, 60], [40, 90, 160], [220, 200, 90]])
    found = cover(target, ground(target), ALL, WIDTHS, 12, way=way, palette=palette)
    assert found
    assert {s.colour for s in found} <= {tuple(colour) for colour in palette.tolist()}
    assert error(paint(ground(target), found), target) < error(ground(target), target)


@pytest.mark.parametrize("way", WAYS)
def test_nothing_wanted_or_nothing_missing_needs_no_strokes(way: str):
    target = picture()
    assert cover(target, ground(target), np.zeros((SIDE, SIDE), bool), WIDTHS, 50, way=way) == ()
    assert cover(target, target, ALL, WIDTHS, 50, way=way) == ()
    assert cover(target, ground(target), ALL, WIDTHS, 0, way=way) == ()


def test_strokes_stay_where_they_are_wanted_but_for_a_little():
    target = picture()
    wanted = np.zeros((SIDE, SIDE), bool)
    wanted[:, :20] = True
    painted = paint(ground(target), cover(target, ground(target), wanted, (6.0, 3.0), 60))
    changed = (painted != 128).any(axis=2)
    assert changed[:, :20].mean() > 0.7
    assert changed[:, 20:24].mean() < 0.6
    assert not changed[:, 26:].any()


def test_fine_strokes_go_where_details_are_said_to_matter():
    rng = np.random.default_rng(0)
    target = cv2.GaussianBlur(rng.integers(0, 256, (96, 96, 3), np.uint8), (0, 0), 1.5)

    def left(detail: np.ndarray) -> float:
        found = cover(target, ground(target), np.ones((96, 96), bool), (2.0,), 60, detail=detail)
        return float(np.mean([s.start[0] < 48 for s in found]))

    on_the_left = np.zeros((96, 96), np.float32)
    on_the_left[:, :48] = 1
    assert left(on_the_left) > 0.6 > 0.4 > left(on_the_left[:, ::-1].copy())


def test_evolution_does_with_a_quarter_less_what_greedy_does():
    target = picture(64)
    everywhere = np.ones((64, 64), bool)
    greedy = paint(ground(target), cover(target, ground(target), everywhere, WIDTHS, 40))
    evolved = paint(ground(target), cover(target, ground(target), everywhere, WIDTHS, 30, way="evolution"))
    assert error(evolved, target) < error(greedy, target)


def test_strokes_follow_the_forms():
    y, x = np.indices((64, 64))
    target = np.repeat((128 + 100 * np.sin((x - 2 * y) / 4))[..., None], 3, axis=2).astype(np.uint8)
    found = [s for s in cover(target, ground(target), np.ones((64, 64), bool), (4.0,), 60) if s.start != s.end]
    way = np.float64([np.subtract(s.end, s.start) for s in found])
    length = np.hypot(*way.T)
    assert length.mean() > 8
    assert np.median(np.abs(way @ [2, 1]) / np.sqrt(5) / length) > 0.95


@given(st.integers(0, 99), st.integers(0, 40))
@settings(max_examples=3)
def test_going_over_a_painting_never_makes_it_worse_and_leaves_what_is_settled(seed: int, more: int):
    target, rng = picture(), np.random.default_rng(seed)
    canvas = rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    palette = rng.integers(0, 256, (7, 3), np.uint8)
    batches, painted = [], canvas
    for width in (12.0, 6.0, 3.0):
        batches.append(cover(target, painted, ALL, (width,), 15, palette=palette, seed=seed))
        painted = paint(painted, batches[-1])
    batches.append(())
    count = sum(map(len, batches)) + more
    again = rework(target, canvas, batches, [True, False, False, False], count, sweeps=2, palette=palette, seed=seed)
    assert again[0] == batches[0]
    found = [stroke for batch in again for stroke in batch]
    assert len(found) <= count
    assert {s.colour for s in found} <= {tuple(colour) for colour in palette.tolist()}
    assert error(paint(canvas, found), target) <= error(painted, target)


def test_going_over_a_painting_finds_better_strokes_and_more_if_there_may_be_more():
    target = picture()
    batches = [cover(target, ground(target), ALL, (12.0, 6.0), 12)]
    batches.append(cover(target, paint(ground(target), batches[0]), ALL, (3.0,), 12))
    before = error(paint(ground(target), batches[0] + batches[1]), target)
    same, more = (rework(target, ground(target), batches, [False, False], count) for count in (24, 60))
    after, with_more = (error(paint(ground(target), a + b), target) for a, b in (same, more))
    assert after < 0.9 * before
    assert with_more < 0.8 * after
    assert len(more[1]) > len(batches[1])


@given(st.integers(0, 999), st.integers(1, 5))
@settings(max_examples=8)
def test_the_fittest_colour_of_a_palette_is_the_best_of_its_colours(seed: int, number: int):
    rng = np.random.default_rng(seed)
    goal, canvas = rng.random((2, 40, 40, 3), np.float32)
    curves = (rng.uniform(0, 40, (9, 1, 2)) + rng.normal(scale=5, size=(9, 3, 2))).astype(np.float32)
    widths, palette = rng.uniform(1, 8, 9).astype(np.float32), rng.random((number, 3), np.float32)
    nine = planes(goal - canvas, canvas, rng.random((40, 40), np.float32))
    drops, colours = fitness(nine, curves, widths, palette=palette)
    alone = np.stack([fitness(nine, curves, widths, palette=colour[None])[0] for colour in palette])
    np.testing.assert_allclose(drops, alone.max(axis=0), atol=1e-3)
    np.testing.assert_array_equal(colours, palette[alone.argmax(axis=0)])
    assert (drops <= fitness(nine, curves, widths)[0] + 1e-3).all()


@given(st.integers(0, 999))
@settings(max_examples=8)
def test_fitness_is_what_painting_the_stroke_brings(seed: int):
    rng = np.random.default_rng(seed)
    goal, canvas = rng.random((2, 40, 40, 3), np.float32)
    weight, free = rng.random((2, 40, 40), np.float32)
    curve = rng.uniform(-4, 44, (1, 1, 2)) + rng.normal(scale=5, size=(1, 3, 2))
    curve[:, 1] = curve[:, [0, 2]].mean(axis=1)  # straight: what is bent is measured in pieces
    curves, width = curve.astype(np.float32), np.float32(rng.uniform(1, 8, 1))
    drops, colours = fitness(planes(goal - canvas, canvas, weight, free), curves, width)
    start, bend, end = (tuple(map(float, point)) for point in curves[0])
    top, left, cover = coverage(Stroke(start, bend, end, float(width[0]), (0, 0, 0)), 40, 40)
    here = np.s_[top : top + cover.shape[0], left : left + cover.shape[1]]
    missing = (goal - canvas)[here]
    after = missing - (free[here] * cover)[..., None] * (colours[0] - canvas[here])
    drop = (weight[here][..., None] * (missing**2 - after**2)).sum()
    assert drops[0] == pytest.approx(float(drop), abs=2e-3, rel=2e-3)


def test_torch_finds_the_same_fitness_as_numpy():
    pytest.importorskip("torch", reason="pip install torch")
    rng = np.random.default_rng(3)
    goal, canvas = rng.random((2, 50, 33, 3), np.float32)
    weight, free = rng.random((2, 50, 33), np.float32)
    curves = (rng.uniform(-9, 50, (300, 1, 2)) + rng.normal(scale=6, size=(300, 3, 2))).astype(np.float32)
    widths = rng.uniform(1, 9, 300).astype(np.float32)
    given_planes = planes(goal - canvas, canvas, weight, free)
    drops, colours = fitness(given_planes, curves, widths)
    for one, other in zip((drops, colours), fitness(given_planes, curves, widths, device="cpu"), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-3, atol=2e-3)
    palette = rng.random((5, 3), np.float32)
    one, other = (fitness(given_planes, curves, widths, device, palette) for device in (None, "cpu"))
    np.testing.assert_allclose(one[0], other[0], rtol=2e-3, atol=2e-3)


def test_another_way_is_refused():
    with pytest.raises(ValueError, match="greedy and evolution"):
        cover(picture(), ground(picture()), ALL, WIDTHS, 5, way="magic")
