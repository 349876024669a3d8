"""Layers in another order and under other names."""

from dataclasses import replace

import numpy as np
import pytest
from editing_scene import MODELS, done, names, sealed
from hypothesis import given, settings
from hypothesis import strategies as st

from layersr import editing
from layersr.editing import (
    Hide,
    Order,
    Raise,
    Rename,
)
from layersr.editing.selecting import selected
from layersr.errors import UsageError
from layersr.flattening import flatten
from layersr.layers import SHADOW, Group, LayerStack


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
