"""Clipping and opacity of groups in a PSD: said by masks, they look the same and come back as they were."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from document_stacks import assert_same, clipped_to_something, masked_scene, scene, stacks
from hypothesis import given
from psd_tools import PSDImage

from layersr import color, documents
from layersr.documents.psd_baking import Marks, baked, kept, unbaked
from layersr.flattening import flatten
from layersr.layers import Group, Layer, LayerMask, LayerStack


def spelled(stack: LayerStack) -> LayerStack:
    """With names that PSD can spell."""

    def path(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name.replace("\0", "") for name in names)

    layers = tuple(replace(layer, group=path(layer.group)) for layer in stack.layers)
    groups = {path(names): group for names, group in stack.groups.items()}
    return replace(stack, layers=layers, groups=groups)


@given(stack=stacks().map(clipped_to_something).map(spelled))
def test_what_is_baked_is_meant(stack: LayerStack):
    written, marks = baked(stack)
    assert not any(layer.clipped for layer in written.layers)
    assert {group.opacity for group in written.groups.values()} <= {1.0} or kept(stack)
    assert_same(unbaked(written, Marks.loads(marks.dumps() or b"{}")), stack)


@given(stack=stacks().map(clipped_to_something).map(spelled))
def test_what_is_baked_looks_the_same(stack: LayerStack):
    written, _ = baked(stack)
    a, b = (picture.astype(np.int64) for picture in (flatten(stack), flatten(written)))
    shown = (a[..., 3] > 0) | (b[..., 3] > 0)
    # Rounded once each; under little alpha the same light is many colours.
    a[..., :3], b[..., :3] = a[..., :3] * a[..., 3:], b[..., :3] * b[..., 3:]
    top = color.levels(stack.dtype)
    assert np.abs(a - b)[shown][..., :3].max(initial=0) <= 2 * top
    assert np.abs(a - b)[shown][..., 3].max(initial=0) <= 1


@given(stack=stacks().map(clipped_to_something))
def test_what_is_kept_as_photoshop_has_it_comes_back(tmp_path_factory: pytest.TempPathFactory, stack: LayerStack):
    path = tmp_path_factory.mktemp("law") / "x.psd"
    documents.write(stack, path, native=True)
    assert_same(documents.read(path), stack)


@pytest.mark.parametrize("native", [False, True])
def test_a_second_reader_finds_clipping_only_where_it_is_asked_for(tmp_path: Path, native: bool):
    stack = masked_scene(np.uint8)
    documents.write(stack, tmp_path / "x.psd", native=native)
    found = list(PSDImage.open(tmp_path / "x.psd").descendants())
    assert any(layer.clipping for layer in found) == native
    assert any(layer.is_group() and layer.opacity < 255 for layer in found) == native
    told = " ".join(documents.losses(stack, tmp_path / "x.psd", native=native))
    assert ("so masks of groups say it" in told) != native
    assert ("kept, but seen differently" in told) == native


def test_groups_in_a_group_that_says_its_opacity_by_another_come_back():
    """What is said of the inner ones is found although the one between is gone when it is read."""
    pixels, off = np.full((4, 4, 4), 200, np.uint8), LayerMask(np.zeros((2, 2), np.uint8), active=False)
    layers = (
        Layer("a", pixels, group=("g", "in it")),
        Layer("base", pixels, opacity=0.4, group=("g",)),
        Layer("on it", pixels, 1, 1, clipped=True, group=("g",)),
    )
    groups = {("g",): Group(opacity=0.2, mask=off), ("g", "in it"): Group(opacity=0.6)}
    stack = LayerStack(4, 4, layers, groups=groups)
    written, marks = baked(stack)
    assert ("g", "opacity") in marks.inner
    assert_same(unbaked(written, marks), stack)


def test_a_mask_of_grey_that_was_painted_on_stays_a_mask():
    layers = (Layer("a", np.full((4, 4, 4), 255, np.uint8), group=("g",)),)
    written, marks = baked(LayerStack(4, 4, layers, groups={("g",): Group(opacity=102 / 255)}))
    group = written.groups[("g",)]
    assert (group.opacity, group.blend, set(group.mask.values.flat)) == (1.0, "normal", {102})
    painted = group.mask.values.copy()
    painted[0, 0] = 255
    back = unbaked(replace(written, groups={("g",): replace(group, mask=LayerMask(painted))}), marks)
    assert back.groups[("g",)].opacity == 1
    assert back.groups[("g",)].mask is not None


def test_what_no_mask_can_say_is_kept_and_told(tmp_path: Path):
    """A layer that multiplies with what is below its group would not, were the group isolated."""
    low, *rest = scene(np.uint8).layers
    inside = tuple(replace(layer, group=("g",), blend="multiply") for layer in rest)
    stack = replace(scene(np.uint8), layers=(low, *inside), groups={("g",): Group(opacity=0.4)})
    assert kept(stack) == (("g",),)
    assert_same(baked(stack)[0], stack)
    (told,) = documents.losses(stack, tmp_path / "x.psd")
    assert "seen differently there: “g”" in told
