"""Edits of any document: masks, groups, clipping, blend modes, opacities, layers off the canvas, empty ones."""

from dataclasses import replace

import numpy as np
from document_stacks import assert_same, stacks
from editing_scene import halves, paint
from hypothesis import given, settings
from hypothesis import strategies as st

from layersr import editing
from layersr.editing import Edit
from layersr.errors import UsageError
from layersr.flattening import flatten
from layersr.groups import runs
from layersr.layers import LayerStack


@st.composite
def documents(draw: st.DrawFn) -> LayerStack:
    """Any stack whose layers have names to call them by; some plain enough to be merged."""
    stack, plain = draw(stacks()), draw(st.booleans())
    named = (replace(layer, name=f"layer {n}") for n, layer in enumerate(stack.layers))
    layers = tuple(replace(x, visible=True, blend="normal") if plain else x for x in named)
    return replace(stack, layers=layers, groups={} if plain else stack.groups)


targets = st.sampled_from(["layer 0", "layer 1", "layer 2", "*", "a/", "b/", "layer [12]"])
MERGES = ["layer 0,layer 1", "layer 1,layer 2", "layer 0,layer 2", "layer*", "a/"]
EDITS = [
    lambda target: editing.Move(target, 3, -4),
    lambda target: editing.Scale(target, 1.7),
    lambda target: editing.Scale(target, 0.4),
    lambda target: editing.Rotate(target, 30.0),
    lambda target: editing.Rotate(target, 90.0),
    lambda target: editing.Flip(target, "h"),
    lambda target: editing.Raise(target, 1),
    lambda target: editing.Raise(target, -2),
    lambda target: editing.Recolor(target, "#c03020"),
    *(editing.Order, editing.Hide, editing.Show, editing.Delete),
]


def done(stack: LayerStack, edit: Edit) -> editing.Edited:
    """The stack edited; itself where that is refused."""
    try:
        return editing.apply(stack, [edit], editing.Models(paint, halves))
    except UsageError:
        return editing.Edited(stack)


def seen(stack: LayerStack) -> np.ndarray:
    """The picture, premultiplied, in 1/255."""
    values = flatten(stack) / np.iinfo(stack.dtype).max * 255
    return np.dstack([values[..., :3] * values[..., 3:] / 255, values[..., 3]])


@settings(max_examples=40)
@given(documents(), st.sampled_from(EDITS), targets)
def test_any_edit_of_any_document_keeps_what_was_not_named(stack: LayerStack, kind, target: str):
    after = done(stack, kind(target)).stack
    flatten(after)
    if target.startswith("layer") and kind not in (editing.Delete, editing.Order):
        named = [f"layer {n}" for n in (target[-1:] if target[-1] != "]" else "12")]
        with_it = {x.name for kind, run in runs(stack.layers) if kind == "layers" and run[0].name in named for x in run}
        for layer in stack.layers:
            if layer.name not in (*named, *with_it):
                assert any(layer is other for other in after.layers)


@settings(max_examples=40)
@given(documents(), st.sampled_from(MERGES))
def test_merged_layers_of_any_document_show_the_same_or_are_refused(stack: LayerStack, target: str):
    edited = done(stack, editing.Merge(target))
    if not edited.warnings:
        assert np.abs(seen(stack) - seen(edited.stack)).max() <= 1.6  # soft edges are rounded once more


@settings(max_examples=25)
@given(documents(), st.sampled_from(["layer 0", "layer 1", "layer 2"]))
def test_a_layer_of_any_document_taken_apart_shows_the_same(stack: LayerStack, target: str):
    before = flatten(stack)
    after = flatten(done(stack, editing.Split(target)).stack)
    assert np.array_equal(after[before[..., 3] > 0], before[before[..., 3] > 0])


@settings(max_examples=25)
@given(documents(), targets)
def test_hidden_layers_come_back_with_all_they_were(stack: LayerStack, target: str):
    shown = replace(stack, layers=tuple(replace(x, visible=True) for x in stack.layers))
    shown = replace(shown, groups={p: replace(g, visible=True) for p, g in stack.groups.items()})
    shown = replace(shown, groups={p: g for p, g in shown.groups.items() if not g.usual})
    assert_same(done(done(shown, editing.Hide(target)).stack, editing.Show(target)).stack, shown)
