"""What an edit lays bare is continued, as far as anything tells how it goes on."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from document_stacks import assert_same
from editing_scene import MODELS, SIZE, blob, cut, done, sealed
from hypothesis import given, settings
from hypothesis import strategies as st

from layersr import editing
from layersr.arrays import RGB, Mask
from layersr.color import levels
from layersr.editing import (
    Delete,
    Edit,
    Hide,
    Merge,
    Models,
    Move,
    Order,
    Show,
)
from layersr.editing.colours import painted_on
from layersr.editing.outlines import completed
from layersr.flattening import flatten, settled
from layersr.infill.harmonic import harmonic
from layersr.layers import Layer, LayerStack, Provenance
from layersr.seal import seal
from layersr.travel import safe_travel


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("edit", [Delete("eye 2"), Hide("eye 2"), Move("eye 2", 30, 8), Order("eye 1\neye 2")])
def test_a_layer_that_ended_under_another_is_continued_in_its_own_colours(dtype: type, edit: Edit):
    before, whole = cut(dtype), sealed(dtype).layers[5]
    edited = editing.apply(before, [edit], MODELS)
    (eye,) = (x for x in edited.stack.layers if x.name == "eye 1")
    assert any("“eye 1” ended" in told and "continued" in told for told in edited.warnings)
    missing = (whole.pixels[..., 3] > levels(dtype) // 2) & (before.layers[5].pixels[..., 3] == 0)
    found = np.zeros(SIZE, bool)
    canvas, own = eye.on_canvas(*SIZE[::-1])
    found[canvas] = eye.pixels[own][..., 3] > levels(dtype) // 2
    there, mine = whole.on_canvas(*SIZE[::-1])
    assert found[there][missing[mine]].mean() > 0.8  # a disc is a disc again, nearly
    assert found.sum() < 1.1 * (whole.pixels[..., 3] > levels(dtype) // 2).sum()
    new = np.zeros(SIZE, bool)
    new[canvas] = (eye.provenance[own] == Provenance.INVENTED) & (eye.pixels[own][..., 3] == levels(dtype))
    colours = np.zeros((*SIZE, 3))
    colours[canvas] = eye.pixels[own][..., :3] / levels(dtype)
    assert np.abs(colours[new] - whole.pixels[whole.pixels[..., 3] > 0][:, :3].mean(axis=0) / levels(dtype)).max() < 0.3
    # What was seen of it is as it was.
    old = before.layers[5]
    now = np.zeros((*SIZE, 4), dtype)
    now[canvas] = eye.pixels[own]
    kept = (old.provenance == Provenance.ORIGINAL) | (old.provenance == Provenance.ESTIMATED)
    assert np.array_equal(now[there][kept[mine]], old.pixels[kept])


def test_a_moved_layer_is_continued_where_it_was_hidden_or_cut_off_by_the_canvas():
    before = cut()
    edited = editing.apply(before, [Move("eye 1", -20, -15)], MODELS)
    assert any("“eye 1” ended" in told for told in edited.warnings)
    assert (edited.stack.layers[5].pixels[..., 3] > 127).sum() > (before.layers[5].pixels[..., 3] > 127).sum()
    ground = editing.apply(before, [Move("ground", 10, 0)], MODELS)
    assert flatten(ground.stack)[..., 3].min() == 255
    assert flatten(editing.apply(before, [Move("ground", 10, 0)], Models(), fill=False).stack)[..., 3].min() == 0


def test_gaps_are_left_where_nobody_paints_and_told_all_the_same():
    before = cut()
    edited = editing.apply(before, [Delete("eye 2")], Models(), fill=False)
    assert edited.stack.layers[5] is before.layers[5]
    assert any("left so" in told for told in edited.warnings)
    dry = editing.apply(before, [Delete("eye 2")], Models())
    assert any("would be continued" in told for told in dry.warnings)


def test_what_a_person_painted_ends_where_it_ends():
    before = cut()
    before = before.with_layers(tuple(replace(x, provenance=None) for x in before.layers))
    edited = editing.apply(before, [Move("eye 2", 30, 8), Move("eye 1", -20, 0)], MODELS)
    assert edited.stack.layers[5].pixels is before.layers[5].pixels
    assert not edited.warnings


def test_an_outline_that_was_seen_is_kept_when_something_comes_over_it_and_goes():
    before = sealed()
    there = editing.apply(before, [Move("lamp", -50, 24), Move("lamp", 50, -24)], MODELS)
    assert_same(there.stack, before)


def test_a_move_beyond_the_safe_travel_says_which_way_and_how_much():
    edited = editing.apply(cut(), [Move("eye 2", 30, 0)], MODELS)
    (told,) = (told for told in edited.warnings if "safe" in told)
    assert told.startswith("“eye 2” moves 30 px right, ")
    assert not [t for t in editing.apply(sealed(), [Move("lamp", 2, 0)], MODELS).warnings if "safe" in t]


def test_what_moves_together_bares_nothing_between_and_a_whole_stack_model_knew_better():
    assert not editing.apply(cut(), [Move("eye*", 9, -7)], MODELS).warnings
    told = replace(cut(), recipe='decompose = "qwen-image-layered"\n')
    edited = editing.apply(told, [Delete("eye 2")], MODELS)
    assert edited.stack.layers[5] is told.layers[5]
    assert not edited.warnings


def test_masked_layers_are_continued_in_pixels_and_mask():
    from layersr.masking import masked

    before = masked(cut())
    after = done(before, Delete("eye 2"))
    plain = done(cut(), Delete("eye 2"))
    old, new = (settled(stack).layers[5].pixels[..., 3] for stack in (plain, after))
    assert abs(int((old > 127).sum()) - int((new > 127).sum())) < 20
    assert after.layers[5].mask is not None


def cut_off(left: int) -> LayerStack:
    """A ground, and a disc that the left side of the canvas cuts off."""
    disc = blob("flower", 4, 30, 14, (0.9, 0.6, 0.7), np.uint8)
    visible = replace(disc, pixels=disc.pixels[:, -disc.left :], left=0)
    ground = Layer("ground", np.full((*SIZE, 4), 255, np.uint8))
    stack = LayerStack(*SIZE[::-1], (ground, visible))
    return done(seal(stack, flatten(stack)), Move("flower", left, 0))


def test_what_the_canvas_cut_off_ends_straight_where_nothing_tells_how_it_goes_on():
    before = cut_off(0)
    edited = editing.apply(before, [Move("flower", 30, 0)], MODELS)
    flower = edited.stack.layers[1]
    assert flower.left == 30
    assert np.array_equal(flower.pixels, before.layers[1].pixels)
    assert any("“flower” was cut off by the canvas, left" in told for told in edited.warnings)
    # Nothing is told of a cut that nobody sees.
    assert not [t for t in editing.apply(before, [Move("flower", -3, 0)], MODELS).warnings if "cut off" in t]


def test_a_little_of_what_the_canvas_cut_off_is_continued():
    flower = cut_off(3).layers[1]
    assert flower.left < 3
    beyond = flower.pixels[:, : 3 - flower.left]
    assert (flower.provenance[:, : 3 - flower.left][beyond[..., 3] > 0] == Provenance.INVENTED).all()
    assert 10 < (beyond[..., 3] > 127).sum() < 3 * 30


def test_a_layer_that_fills_a_side_of_the_canvas_goes_on_as_far_as_it_is_moved():
    edited = editing.apply(cut_off(0), [Move("ground", 40, 0)], MODELS)
    assert flatten(edited.stack)[..., 3].min() == 255
    assert not [told for told in edited.warnings if "cut off" in told]


@settings(max_examples=10)
@given(st.integers(12, 40), st.integers(4, 16))
def test_an_outline_goes_on_no_farther_than_what_is_seen_can_tell(width: int, deep: int):
    rows, columns = np.indices((80, 60))
    inside = (abs(columns - 30) < width / 2) & (rows < deep)  # of a bar only the end is seen
    free = rows >= deep
    found = completed(inside, free) >= 0.5
    assert not (found & free)[deep + round(0.3 * width) + 4 :].any()


def test_thin_strokes_end_where_they_are_covered_and_their_ground_goes_on():
    lid = np.broadcast_to(np.float32([0.9, 0.6, 0.6]), (48, 64, 3)).copy()
    lid[:, 4::8] = lid[:, 5::8] = 0.1
    rows = np.indices((48, 64))[0]
    asked = []

    def infill(image: RGB, hole: Mask, avoid: Mask | None = None) -> RGB:
        asked.append((image, hole, avoid))
        return harmonic(image, hole | avoid)

    painted = painted_on(lid, rows < 24, (rows >= 24) & (rows < 40), infill)
    (image, hole, avoid) = asked[0]
    assert avoid[:24, 4::8].all()
    assert not avoid[:24, ::8].any()
    assert (hole | avoid)[24:].all()
    assert image[24:].min() > 0.5
    assert painted[24:40].min() > 0.5
    assert np.array_equal(painted[:24], lid[:24])
    hair = np.random.default_rng(1).uniform(0.2, 0.6, (48, 64, 3)).astype(np.float32)
    painted_on(hair, rows < 24, rows >= 24, infill)
    assert asked[1][2][:24].mean() < 0.2  # all of it is strokes: they go on


# How far things can be moved afterwards


def told_of(stack: LayerStack) -> LayerStack:
    """The stack as layersr exports it: elements tell their safe travel."""
    ways = safe_travel(stack)
    layers = (replace(x, facts={**x.facts, "travel": asdict(w)}) for x, w in zip(stack.layers, ways, strict=True))
    return stack.with_layers((stack.layers[0], *list(layers)[1:]))


MOVED = [Move("eye 1", -9, 0), Move("eye 2", 30, 8), Delete("eye 2"), Order("eye 1\neye 2"), Merge("eye*")]


@pytest.mark.parametrize("edit", MOVED)
def test_after_an_edit_the_safe_travel_that_a_document_tells_is_true(edit: Edit):
    before = told_of(cut())
    edited = editing.apply(before, [edit], MODELS)
    ways = safe_travel(edited.stack)
    told = [layer.facts.get("travel") for layer in edited.stack.layers]
    assert told[1:] == [asdict(way) for way in ways[1:]]
    assert told[0] is None
    assert [x.facts.get("travel") for x in before.layers] != told  # it was another
    for old, new in zip(before.layers[:5], edited.stack.layers[:5], strict=True):  # no layer that was edited
        assert (new is old) == (new.facts == old.facts)
        assert new.pixels is old.pixels


def test_safe_travel_is_not_told_of_what_is_hidden_and_again_when_it_is_shown():
    before = told_of(cut())
    hidden = done(before, Hide("eye 2"))
    assert "travel" not in hidden.layers[6].facts
    shown = done(hidden, Show("eye 2"))
    assert shown.layers[6].facts["travel"] == asdict(safe_travel(shown)[6])


def test_safe_travel_is_told_in_pixels_of_the_picture_or_not_at_all():
    before = told_of(cut())
    twice = done(replace(before, recipe="scale = 2\n"), Move("eye 2", 2, 0))
    ways = [asdict(way.within(2)) for way in safe_travel(twice)]
    assert [x.facts["travel"] for x in twice.layers[1:]] == ways[1:]
    sized = done(replace(before, recipe='scale = 2\nsize = "300x200"\n'), Move("eye 2", 2, 0))
    assert not any("travel" in x.facts for x in sized.layers)


def test_a_second_edit_warns_of_what_the_first_has_left():
    first = editing.apply(told_of(cut()), [Move("eye 2", 1, 0)], Models(), fill=False).stack
    right = first.layers[6].facts["travel"]["right"]
    for steps, told in ((right, []), (30, [f"“eye 2” moves 30 px right, {30 - right} more than its safe {right}."])):
        warnings = editing.apply(first, [Move("eye 2", steps, 0)], Models(), fill=False).warnings
        assert [one for one in warnings if "safe" in one] == told
