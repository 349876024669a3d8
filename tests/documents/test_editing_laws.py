"""Edits as functions: what is not edited stays to the bit, what asks for nothing gives the stack back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from document_stacks import assert_same, masked_scene, shadowed_scene, stacks
from editing_scene import cut, done, names, sealed, shows, steps, touched
from hypothesis import given, settings
from hypothesis import strategies as st

from layersr import documents
from layersr.editing import (
    Delete,
    Edit,
    Flip,
    Hide,
    Merge,
    Move,
    Order,
    Recolor,
    Rename,
    Rotate,
    Scale,
    Show,
)
from layersr.editing.selecting import selected
from layersr.errors import UsageError
from layersr.flattening import flatten
from layersr.layers import LayerStack

edits = st.one_of(
    st.builds(Move, names, steps, steps),
    st.builds(Scale, names, st.floats(0.3, 2.5)),
    st.builds(Rotate, names, st.floats(-180, 180)),
    st.builds(Flip, names, st.sampled_from("hv")),
    st.builds(Hide, names),
    st.builds(Delete, names),
    st.builds(Recolor, names, st.sampled_from(["", "#c03020"]), st.floats(-90, 90)),
)


@settings(max_examples=30)
@given(edits, st.sampled_from([np.uint8, np.uint16]), st.booleans())
def test_pixels_where_no_edited_layer_shows_stay_bit_for_bit(edit: Edit, dtype: type, ends: bool):
    before = cut(dtype) if ends else sealed(dtype)
    after = done(before, edit)
    other = (flatten(before) != flatten(after)).any(axis=-1)
    chosen = {n for unit in selected(before, edit.target) for n in unit.all}
    mine = tuple(before.layers[n] for n in chosen)
    assert not (other & ~touched(before, after) & ~shows(before, mine)).any()
    # What is continued under an edited layer shows only where that one was: nothing seen before changes.
    edited = (x for x in after.layers if any(x.name == own.name for own in mine))
    assert not (other & ~shows(before, mine) & ~shows(after, tuple(edited))).any()
    kept = [x for n, x in enumerate(before.layers) if n not in chosen]
    for layer in kept:
        (now,) = (x for x in after.layers if x.name == layer.name)
        assert now is layer or ends
        assert (now.left, now.top) == (layer.left, layer.top) or ends


NOTHING = [Move("*", 0, 0), Scale("*", 1.0), Rotate("*", 0.0), Rotate("*", 360.0), Recolor("*"), Order("")]


@settings(max_examples=15)
@given(stack=stacks(), edit=st.sampled_from(NOTHING))
def test_an_edit_that_asks_for_nothing_gives_the_stack_back(stack: LayerStack, edit: Edit):
    if not stack.layers:
        return
    after = done(stack, edit)
    assert all(a is b for a, b in zip(stack.layers, after.layers, strict=True))
    assert after.groups == stack.groups


@settings(max_examples=8)
@given(stack=stacks(), by=st.tuples(steps, steps), axis=st.sampled_from("hv"))
def test_there_and_back_is_the_identity(stack: LayerStack, by: tuple[int, int], axis: str):
    if not stack.layers:
        return
    assert_same(done(stack, Move("*", *by), Move("*", -by[0], -by[1])), stack)
    assert_same(done(stack, Flip("*", axis), Flip("*", axis)), stack)
    assert_same(done(stack, Rotate("*", 180.0), Rotate("*", -180.0)), stack)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("name", ["ball", "eye*", "eyes/"])
def test_hidden_and_shown_again_is_the_identity(dtype: type, name: str):
    before = sealed(dtype)
    hidden = done(before, Hide(name))
    assert not np.array_equal(flatten(hidden), flatten(before))
    assert_same(done(hidden, Show(name)), before)


def test_a_move_within_what_is_complete_tells_nothing_and_a_group_brings_its_mask():
    stack = masked_scene(np.uint8)
    after = done(stack, Move("outer/", 5, -3))
    for old, new in zip(stack.layers, after.layers, strict=True):
        by = (5, -3) if old.group[:1] == ("outer",) else (0, 0)
        assert (new.left - old.left, new.top - old.top) == by
        assert new.pixels is old.pixels
        if old.mask is not None:
            assert (new.mask.left - old.mask.left, new.mask.top - old.mask.top) == by
    assert (after.groups["outer",].mask.left, after.groups["outer",].mask.top) == (5, -3)
    # Only a layer: its own mask goes, the group's stays.
    after = done(stack, Move("in a*", 5, 0))
    assert after.groups["outer",].mask.left == 0


def test_what_is_clipped_goes_with_its_base_and_not_the_other_way():
    stack = sealed()
    base, other = replace(stack.layers[5], name="base"), replace(stack.layers[6], name="on it", clipped=True)
    stack = stack.with_layers((*stack.layers[:5], base, other))
    after = done(stack, Move("base", 7, 1))
    assert after.layers[6].left == other.left + 7
    assert done(stack, Move("on it", 7, 1)).layers[5] is base
    assert [x.name for x in done(stack, Delete("base")).layers][-1] == "lamp"
    assert [x.name for x in done(stack, Delete("on it")).layers][-1] == "base"


@pytest.mark.parametrize(("thing", "cast"), [("ball", "ball, shadow"), ("lamp", "lamp, glow")])
def test_shadows_and_glows_go_with_their_element(thing: str, cast: str):
    stack = sealed()
    index = [x.name for x in stack.layers].index(cast)
    moved = done(stack, Move(thing, 3, 2)).layers[index]
    assert (moved.left, moved.top) == (stack.layers[index].left + 3, stack.layers[index].top + 2)
    assert not done(stack, Hide(thing)).layers[index].visible
    assert cast not in [x.name for x in done(stack, Delete(thing)).layers]
    scaled = done(stack, Scale(thing, 1.5)).layers[index]
    assert scaled.width > 1.3 * stack.layers[index].width
    assert scaled.light is not None  # it is one still, and one that the seal knows
    # Renamed in another program, it is still the shadow of what lies in the group with it.
    elsewhere = stack.with_layers(tuple(replace(x, name="it") if x.name == thing else x for x in stack.layers))
    assert done(elsewhere, Move("it", 3, 2)).layers[index].left == stack.layers[index].left + 3


def test_a_pattern_moves_a_shadow_once():
    stack = sealed()
    moved = done(stack, Move("ball*", 3, 0))
    assert [b.left - a.left for a, b in zip(stack.layers, moved.layers, strict=True)] == [0, 3, 3, 0, 0, 0, 0]


@pytest.mark.parametrize("suffix", [".psd", ".ora", ".kra", ".xcf"])
def test_an_edited_document_reads_as_it_was_written(tmp_path: Path, suffix: str):
    edited = done(
        cut(), Move("eye 2", 30, 5), Scale("ball", 1.3), Rename("lamp", "sun"), Recolor("eye 1", "#c03020"), Hide("sun")
    )
    documents.write(edited, tmp_path / f"out{suffix}")
    assert_same(documents.read(tmp_path / f"out{suffix}"), edited)


def test_a_shadowed_scene_of_noise_stays_sealed_around_what_moves():
    scene = shadowed_scene(np.uint16)
    after = done(scene, Delete("disc"))
    other = (flatten(scene) != flatten(after)).any(axis=-1)
    assert not (other & ~shows(scene, scene.layers[2:])).any()


def test_edits_are_done_in_their_order():
    there = done(sealed(), Rename("eye 1", "a"), Move("a", 5, 0), Merge("a,eye 2"), Hide("a"))
    assert [x.name for x in there.layers][-1] == "a"
    assert not there.layers[-1].visible
    with pytest.raises(UsageError, match="nothing would be left"):
        done(sealed(), Delete("*"))
