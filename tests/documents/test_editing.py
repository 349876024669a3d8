"""Edits as functions: what is not edited stays to the bit, what asks for nothing gives the stack back."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from document_stacks import assert_same, masked_scene, shadowed_scene, stacks
from hypothesis import given, settings
from hypothesis import strategies as st

from layersr import documents, editing
from layersr.arrays import RGB, Mask
from layersr.color import levels
from layersr.editing import (
    Delete,
    Edit,
    Flip,
    Hide,
    Merge,
    Models,
    Move,
    Order,
    Raise,
    Recolor,
    Rename,
    Rotate,
    Scale,
    Show,
    Split,
)
from layersr.editing.recolouring import from_oklab, to_oklab
from layersr.editing.selecting import selected
from layersr.errors import UsageError
from layersr.flattening import flatten, settled
from layersr.layers import GLOW, SHADOW, Group, Image, Layer, LayerMask, LayerStack, Provenance
from layersr.seal import seal

SIZE = (64, 96)


def paint(image: RGB, hole: Mask, avoid: Mask | None = None) -> RGB:
    """An infiller that paints the mean of what is known."""
    return np.where(hole[..., None], image[~hole].mean(axis=0) if (~hole).any() else 0.5, image).astype(np.float32)


MODELS = Models(paint)


def blob(name: str, x: int, y: int, radius: int, colour: tuple[float, ...], dtype: type, **more: object) -> Layer:
    rows, columns = np.indices((2 * radius + 3, 2 * radius + 3))
    alpha = np.clip(radius + 0.5 - np.hypot(rows - radius - 1, columns - radius - 1), 0, 1)
    shade = 0.7 + 0.3 * columns / columns.max()
    pixels = np.dstack([*(shade * c for c in colour), alpha])
    return Layer(name, np.rint(pixels * levels(dtype)).astype(dtype), x - radius - 1, y - radius - 1, **more)


@cache
def sealed(dtype: type = np.uint8) -> LayerStack:
    """A ground, a ball with its shadow, a lamp with its glow, two eyes in a group that overlap, sealed to a picture."""
    top, (height, width) = levels(dtype), SIZE
    rows, columns = np.indices(SIZE)
    ground = np.dstack([columns / 200, rows / 150, 0.3 + (rows + columns) / 600, np.ones(SIZE)])
    shadow = blob("ball, shadow", 26, 44, 13, (0, 0, 0), dtype, blend="multiply", facts={SHADOW: "ball"})
    shadow.pixels[..., 3] //= 2
    glow = blob("lamp, glow", 75, 16, 14, (0, 0, 0), dtype, blend="screen", facts={GLOW: "lamp"})
    glow.pixels[..., :3] = np.rint(np.array([0.9, 0.6, 0.2]) * top)
    glow.pixels[..., 3] //= 3
    layers = (
        Layer("ground", np.rint(ground * top).astype(dtype)),
        replace(shadow, group=("ball and shadow",)),
        blob("ball", 22, 40, 11, (0.9, 0.2, 0.1), dtype, group=("ball and shadow",), facts={"covers": {"lamp": 0.9}}),
        replace(glow, group=("lamp and glow",)),
        blob("lamp", 75, 16, 8, (1, 0.9, 0.5), dtype, group=("lamp and glow",)),
        blob("eye 1", 50, 42, 12, (0.2, 0.5, 0.9), dtype, group=("eyes",), facts={"covers": {"ball": 0.7}}),
        blob("eye 2", 66, 46, 11, (0.3, 0.8, 0.4), dtype, group=("eyes",)),
    )
    stack = LayerStack(width, height, layers)
    return seal(stack, flatten(stack))


@cache
def cut(dtype: type = np.uint8) -> LayerStack:
    """As `sealed`, but eye 1 ends two pixels under eye 2, where layersr did not know how it goes on."""
    stack = sealed(dtype)
    eye = stack.layers[5]
    pixels, codes = eye.pixels.copy(), eye.provenance.copy()
    cover = np.zeros(SIZE, bool)
    canvas, own = stack.layers[6].on_canvas(*SIZE[::-1])
    cover[canvas] = stack.layers[6].pixels[own][..., 3] == levels(dtype)
    canvas, own = eye.on_canvas(*SIZE[::-1])
    deep = cover & np.roll(cover, 2, axis=1) & np.roll(cover, (1, 2), axis=(0, 1))
    pixels[own][deep[canvas]] = 0
    codes[own][deep[canvas]] = 0
    return stack.with_layers((*stack.layers[:5], replace(eye, pixels=pixels, provenance=codes), stack.layers[6]))


def done(stack: LayerStack, *edits: Edit, models: Models | None = None) -> LayerStack:
    return editing.apply(stack, edits, models or MODELS).stack


def shows(stack: LayerStack, layers: tuple[Layer, ...]) -> np.ndarray:
    """Where some layers show at all, on the canvas."""
    out = np.zeros((stack.height, stack.width), bool)
    for layer in layers:
        canvas, own = layer.on_canvas(stack.width, stack.height)
        out[canvas] |= layer.pixels[own][..., 3] > 0
    return out


def touched(before: LayerStack, after: LayerStack) -> np.ndarray:
    """Where a layer shows, before or after, that is not the same object in both."""
    same = {id(x) for x in before.layers} & {id(x) for x in after.layers}
    one, other = (tuple(x for x in stack.layers if id(x) not in same) for stack in (before, after))
    return shows(before, one) | shows(after, other)


names = st.sampled_from(["ball", "lamp", "eye*", "eye 1", "eye 2", "eyes/", "ball and shadow/"])
steps = st.integers(-40, 40)
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


# What an edit lays bare


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


# Places


@settings(max_examples=10)
@given(st.sampled_from([90.0, 180.0, 270.0, -90.0]), st.sampled_from([np.uint8, np.uint16]))
def test_quarter_turns_keep_every_pixel(degrees: float, dtype: type):
    eye = sealed(dtype).layers[5]
    stack = LayerStack(*SIZE[::-1], (eye,))
    turned = done(stack, Rotate("eye 1", degrees)).layers[0]
    assert np.array_equal(turned.pixels, np.rot90(eye.pixels, -round(degrees / 90)))
    assert np.array_equal(turned.provenance, np.rot90(eye.provenance, -round(degrees / 90)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("edit", "area"), [(Scale("ball", 0.5), 0.25), (Scale("ball", 2.0), 4), (Rotate("ball", 33.0), 1)]
)
def test_resampled_layers_have_the_right_size_and_place_and_no_halo(dtype: type, edit: Edit, area: float):
    plain = replace(blob("ball", 40, 30, 10, (1, 1, 1), dtype), left=20, top=20)
    plain.pixels[..., :3] = np.rint(np.array([0.8, 0.4, 0.2]) * levels(dtype))
    plain.pixels[plain.pixels[..., 3] == 0] = 0  # black where nothing is: it must not come in
    after = done(LayerStack(96, 64, (plain,)), edit).layers[0]
    before = plain.pixels[..., 3].sum(dtype=float)
    assert abs(after.pixels[..., 3].sum(dtype=float) / before / area - 1) < 0.03
    assert abs(after.left + after.width / 2 - (plain.left + plain.width / 2)) <= 0.5
    assert abs(after.top + after.height / 2 - (plain.top + plain.height / 2)) <= 0.5
    seen = after.pixels[..., 3] > levels(dtype) // 20
    off = after.pixels[seen][:, :3] / levels(dtype) - [0.8, 0.4, 0.2]
    assert np.abs(off).max() < 0.03


def test_masks_are_scaled_with_their_layer():
    mask = LayerMask(np.zeros((6, 6), np.uint8), 25, 25, beyond=True)
    layer = replace(blob("ball", 40, 30, 10, (1, 1, 1), np.uint8), left=20, top=20, mask=mask)
    after = done(LayerStack(96, 64, (layer,)), Scale("ball", 2.0))
    hidden = 255 - settled(after).layers[0].pixels[..., 3].astype(int) * 1
    whole = 255 - after.layers[0].pixels[..., 3].astype(int)
    assert abs(((hidden - whole) > 127).sum() - 144) < 20
    assert after.layers[0].mask.beyond


def test_too_large_is_said_before_memory_is_asked_for():
    with pytest.raises(UsageError, match="too many"):
        done(sealed(), Scale("ground", 100.0), Scale("ground", 100.0), models=Models())


# Order


def listed(stack: LayerStack) -> list[str]:
    return [x.name for x in reversed(stack.layers)]


def one_piece(stack: LayerStack) -> bool:
    paths = [x.group[:1] for x in stack.layers]
    runs = [p for n, p in enumerate(paths) if p and (n == 0 or paths[n - 1] != p)]
    return len(runs) == len(set(runs))


@settings(max_examples=20)
@given(st.lists(st.sampled_from(["ball", "lamp", "eye 1", "eye 2", "eyes/", "ground"]), unique=True, max_size=6))
def test_any_order_keeps_groups_in_one_piece_and_layers_the_same(wanted: list[str]):
    before = sealed()
    after = done(before, Order("\n".join(wanted)))
    assert set(after.layers) == set(before.layers)
    assert one_piece(after)
    if not any(name.startswith("eye") for name in wanted):
        assert [name for name in listed(after) if name in wanted] == wanted


@settings(max_examples=20)
@given(names, st.integers(-5, 5))
def test_raised_layers_stay_in_their_groups(name: str, steps: int):
    before = sealed()
    after = done(before, Raise(name, steps))
    assert sorted(map(id, after.layers)) == sorted(map(id, before.layers))
    assert one_piece(after)


def test_raise_takes_an_element_with_its_shadow_past_its_neighbours():
    stack = sealed()
    assert listed(done(stack, Raise("ball"))) == [
        *("eye 2", "eye 1", "ball", "ball, shadow", "lamp", "lamp, glow", "ground"),
    ]
    assert listed(done(stack, Raise("ball", 2)))[0] == "ball"
    assert listed(done(stack, Raise("eyes/", -2)))[-3:] == ["eye 2", "eye 1", "ground"]
    assert listed(done(stack, Raise("ball", -9)))[-3:] == ["ball", "ball, shadow", "ground"]
    assert listed(done(stack, Raise("ground", 9)))[0] == "ground"
    edited = editing.apply(stack, [Raise("eye 1", 3)], MODELS)
    assert listed(edited.stack)[:2] == ["eye 1", "eye 2"]
    assert any("at the top of its group" in told and "after 1 of 3" in told for told in edited.warnings)
    assert listed(done(stack, Raise("eye*", -1))) == listed(stack)  # both are as low as they can be


def test_an_order_that_groups_do_not_allow_is_said():
    edited = editing.apply(sealed(), [Order("eye 1\nlamp\neye 2")], MODELS)
    assert any("Groups stay in one piece" in told for told in edited.warnings)


# Names


def test_rename_changes_nothing_shown_and_who_refers_to_it_knows():
    before = sealed()
    after = done(before, Rename("ball", "moon"))
    assert np.array_equal(flatten(after), flatten(before))
    assert [x.name for x in after.layers[:3]] == ["ground", "moon, shadow", "moon"]
    assert after.layers[1].group == after.layers[2].group == ("moon and shadow",)
    assert after.layers[1].facts[SHADOW] == "moon"
    assert after.layers[5].facts["covers"] == {"moon": 0.7}
    assert after.layers[6] is before.layers[6]
    assert all(a.pixels is b.pixels for a, b in zip(before.layers, after.layers, strict=True))
    groups = done(replace(before, groups={("eyes",): Group(0.5)}), Rename("eyes/", "gaze"))
    assert groups.layers[5].group == ("gaze",)
    assert groups.groups["gaze",].opacity == 0.5
    for wrong in (Rename("ball", "lamp"), Rename("eye*", "x"), Rename("eyes/", "lamp and glow")):
        with pytest.raises(UsageError):
            done(before, wrong)


def test_a_name_that_matches_nothing_lists_those_near_it():
    with pytest.raises(UsageError, match=r"called “eye 11”; near it are .*“eye 1”"):
        done(sealed(), Hide("eye 11"))
    with pytest.raises(UsageError, match="“ball”"):
        done(sealed(), Hide("BALL"))
    with pytest.raises(UsageError, match="inspect"):
        done(sealed(), Hide("zzzzzz"))


def test_an_exact_name_counts_before_a_pattern_and_a_path_tells_two_apart():
    stack = sealed()
    eye = stack.layers[6]
    odd = stack.with_layers((*stack.layers[:6], replace(eye, name="eye [1]"), replace(eye, name="eye 1", group=())))
    assert [u.layers for u in selected(odd, "eye [1]")] == [(6,)]
    assert [u.layers for u in selected(odd, "eye 1")] == [(5,), (7,)]
    assert [u.layers for u in selected(odd, "eyes/eye 1")] == [(5,)]
    assert [u.layers for u in selected(odd, "eyes")] == [(5, 6)]


# Merge and split


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("names", ["eye 1,eye 2", "eyes/", "ball, shadow,ball", "ground,eye*", "lamp,ball"])
def test_merged_layers_show_what_they_showed(dtype: type, names: str):
    before = sealed(dtype)
    edited = editing.apply(before, [Merge(names)], MODELS)
    after = edited.stack
    assert len(after.layers) < len(before.layers)
    if not edited.warnings:
        assert np.abs(flatten(before).astype(int) - flatten(after)).max() <= 1
    one = next(x for x in after.layers if "merged" in x.facts)
    assert one.provenance is not None
    assert ((one.provenance == Provenance.NONE) == (one.pixels[..., 3] == 0)).all()


def test_masks_opacity_and_clipping_are_merged_as_they_show():
    before = sealed()
    mask = LayerMask(np.full((9, 9), 128, np.uint8), 55, 40)
    base = replace(before.layers[5], opacity=0.6, mask=replace(mask, beyond=True))
    other = replace(before.layers[6], clipped=True, blend="multiply")
    before = before.with_layers((*before.layers[:5], base, other))
    after = done(before, Merge("eye*"))
    assert len(after.layers) == 6
    assert np.abs(flatten(before).astype(int) - flatten(after)).max() <= 2


def test_what_no_single_layer_can_show_is_refused():
    stack = sealed()
    screen = replace(stack.layers[6], blend="screen")
    with pytest.raises(UsageError, match="blends by screen"):
        done(stack.with_layers((*stack.layers[:6], screen)), Merge("eye*"))
    with pytest.raises(UsageError, match="two layers"):
        done(stack, Merge("ball"))
    with pytest.raises(UsageError, match="hidden"):
        done(done(stack, Hide("eye 1")), Merge("eye*"))
    with pytest.raises(UsageError, match="does more than hold layers"):
        done(replace(stack, groups={("eyes",): Group(0.5)}), Merge("ball,eye 1"))


def test_a_merge_over_what_lies_between_is_told():
    stack = done(sealed(), Move("lamp", -25, 26))
    edited = editing.apply(stack, [Merge("ball,eye 1")], MODELS)
    before, after = flatten(stack), flatten(edited.stack)
    if not edited.warnings:
        assert np.abs(before.astype(int) - after).max() <= 1
    over = done(sealed(), Move("lamp", -39, 25))  # on the ball and under the eye
    told = editing.apply(over, [Merge("ball,eye 1")], MODELS).warnings
    assert any("“lamp”" in one for one in told)


def halves(image: Image) -> LayerStack:
    """Takes a picture apart: a disc in the middle, soft, and what lies behind it."""
    height, width = image.pixels.shape[:2]
    rows, columns = np.indices((height, width))
    top = levels(image.pixels.dtype)
    soft = np.clip(min(height, width) / 3 - np.hypot(rows - height / 2, columns - width / 2), 0, 1)
    disc = image.pixels.copy()
    disc[..., 3] = np.rint(soft * top)
    ground = image.pixels.copy()
    ground[..., :3] = ground[..., :3] // 2 + top // 5
    ground[..., 3] = top
    layers = (Layer("background", ground), Layer("element 1", disc, facts={"covers": {}}))
    return seal(LayerStack(width, height, layers), image.pixels)


@settings(max_examples=12)
@given(
    st.sampled_from([np.uint8, np.uint16]),
    st.sampled_from(["eye 1", "ground", "ball"]),
    st.sampled_from([{}, {"opacity": 0.5}, {"blend": "multiply"}, {"visible": False}]),
)
def test_a_layer_taken_apart_shows_the_same_bit_for_bit(dtype: type, name: str, settings: dict):
    before = sealed(dtype)
    before = before.with_layers(tuple(replace(x, **settings) if x.name == name else x for x in before.layers))
    edited = editing.apply(before, [Split(name)], Models(paint, halves))
    after = edited.stack
    shown = flatten(before)
    assert np.array_equal(flatten(after)[shown[..., 3] > 0], shown[shown[..., 3] > 0])
    assert np.array_equal(flatten(after)[..., 3], shown[..., 3])
    pieces = [x for x in after.layers if x.name.startswith(f"{name}, ") and not x.is_cast]
    assert [x.name for x in pieces] == [f"{name}, background", f"{name}, element 1"]
    assert {x.group[-1] for x in pieces} == {name}
    assert len(after.layers) == len(before.layers) + 1


def test_what_was_split_still_moves_with_its_shadow():
    models = Models(paint, halves)
    split = done(sealed(), Split("ball"), models=models)
    moved = done(split, Move("ball/", 4, 0), models=models)
    assert [b.left - a.left for a, b in zip(split.layers, moved.layers, strict=True)][1:4] == [4, 4, 4]


def test_nothing_found_and_what_cannot_be_split():
    stack = sealed()

    def alone(image: Image) -> LayerStack:
        return LayerStack(image.width, image.height, (Layer("", image.pixels),))

    edited = editing.apply(stack, [Split("ball")], Models(paint, alone))
    assert edited.stack.layers == stack.layers
    assert any("Nothing was found" in told for told in edited.warnings)
    clipped = stack.with_layers((*stack.layers[:6], replace(stack.layers[6], clipped=True)))
    with pytest.raises(UsageError, match="clipped"):
        done(clipped, Split("eye 1"), models=Models(paint, halves))


# Colours


@given(st.integers(0, 2**24 - 1))
def test_oklab_is_there_and_back(code: int):
    values = np.array([[[code >> 16, code >> 8 & 255, code & 255]]]) / 255
    assert np.abs(from_oklab(to_oklab(values)) - values).max() < 1e-4


def test_the_colours_of_oklab_are_its_authors():
    red, white = (to_oklab(np.array([[colour]], float))[0, 0] for colour in ((1, 0, 0), (1, 1, 1)))
    assert np.allclose(red, [0.62796, 0.22486, 0.12585], atol=1e-3)
    assert np.allclose(white, [1, 0, 0], atol=1e-3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("colour", ["#c03020", "#205080", "#808080"])
def test_towards_a_colour_keeps_light_and_shade(dtype: type, colour: str):
    before = sealed(dtype)
    after = done(before, Recolor("eye 2", colour))
    old, new = (stack.layers[6] for stack in (before, after))
    inside = old.pixels[..., 3] == levels(dtype)
    lab = [to_oklab(x.pixels[inside][:, :3] / levels(dtype)) for x in (old, new)]
    wanted = to_oklab(np.array([[int(colour[n : n + 2], 16) for n in (1, 3, 5)]]) / 255)[0]
    assert np.abs(lab[1].mean(axis=0) - wanted).max() < 0.03
    assert np.corrcoef(lab[0][:, 0], lab[1][:, 0])[0, 1] > 0.99  # what was lighter is lighter
    assert np.array_equal(old.pixels[..., 3], new.pixels[..., 3])
    assert not (new.provenance == Provenance.ORIGINAL)[(old.pixels != new.pixels).any(axis=-1)].any()


def test_white_highlights_and_black_stay_and_grey_takes_the_colour():
    pixels = np.full((8, 8, 4), 255, np.uint8)
    pixels[..., :3] = (30, 60, 200)
    pixels[0, 0, :3], pixels[0, 1, :3] = 255, 0
    stack = LayerStack(8, 8, (Layer("ball", pixels),))
    red = done(stack, Recolor("ball", "#c03020")).layers[0].pixels
    assert red[0, 0, :3].min() > 245
    assert red[0, 1, :3].max() < 8
    assert np.abs(red[4, 4, :3].astype(int) - [0xC0, 0x30, 0x20]).max() < 16
    pixels[..., :3] = 128
    grey = done(LayerStack(8, 8, (Layer("ball", pixels),)), Recolor("ball", "#c03020")).layers[0].pixels
    assert np.abs(grey[4, 4, :3].astype(int) - [0xC0, 0x30, 0x20]).max() < 6


def test_hue_saturation_and_lightness():
    stack = sealed()
    grey = done(stack, Recolor("eye 1", saturation=0.0)).layers[5].pixels
    assert np.ptp(grey[grey[..., 3] > 0][:, :3].astype(int), axis=1).max() <= 1
    white = done(stack, Recolor("eye 1", lightness=1.0)).layers[5].pixels
    assert white[white[..., 3] > 0][:, :3].min() >= 254
    turned = done(stack, Recolor("eye 1", hue=120.0), Recolor("eye 1", hue=-120.0)).layers[5].pixels
    seen = turned[..., 3] == 255
    assert np.abs(turned[seen].astype(int) - stack.layers[5].pixels[seen])[:, :3].mean() < 4


# All of it together


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
