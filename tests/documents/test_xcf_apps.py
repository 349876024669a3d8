"""XCF and real GIMP: it sees all that was written, saves it without a loss, and its own documents are read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from apps import gimp_open, missing
from document_stacks import assert_same, masked_scene, off, scene, shadowed_scene
from gimp_scripts import gimp_items, gimp_make, gimp_save
from readers.profiles import wide_profile

from layersr import color, documents
from layersr.documents.xcf_spelling import MODES, THROUGH
from layersr.layers import PASS_THROUGH, Group, Layer, LayerStack

pytestmark = [pytest.mark.apps, pytest.mark.skipif(bool(missing("gimp")), reason=missing("gimp"))]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_flat_stack_is_shown_exactly(tmp_path: Path, dtype: type):
    stack = scene(dtype)
    flat = stack.with_layers(tuple(replace(layer, group=()) for layer in stack.layers))
    documents.write(flat, tmp_path / "x.xcf")
    _, picture = gimp_open(tmp_path / "x.xcf")
    assert picture.dtype == dtype
    assert off(flat, picture) <= (0.51 if dtype == np.uint8 else 0.01)


def unclipped(stack: LayerStack) -> LayerStack:
    return stack.with_layers(tuple(replace(layer, clipped=False) for layer in stack.layers))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_all_settings_are_seen(tmp_path: Path, dtype: type):
    stack = unclipped(masked_scene(dtype))
    documents.write(stack, tmp_path / "x.xcf")
    items = gimp_items(tmp_path / "x.xcf")
    layers = [item for item in items if not item.group][::-1]
    assert [item.path for item in layers] == [layer.group for layer in stack.layers]
    for item, layer in zip(layers, stack.layers, strict=True):
        assert item.place == (layer.left, layer.top, layer.width, layer.height)
        assert (item.name, item.visible, item.mode) == (layer.name, layer.visible, MODES[layer.blend])
        assert item.opacity == pytest.approx(layer.opacity, abs=1e-6)
        assert item.mask == (layer.mask is not None, layer.mask is not None and layer.mask.active)
        assert item.spaces[1] == 2
    groups = {(*item.path, item.name): item for item in items if item.group}
    assert set(groups) == set(stack.groups)
    for path, group in stack.groups.items():
        assert (groups[path].visible, groups[path].mode) == (group.visible, MODES[group.blend])
        assert groups[path].opacity == pytest.approx(group.opacity, abs=1e-6)
        assert groups[path].mask == (group.mask is not None, group.mask is not None)


def test_a_plain_group_passes_through(tmp_path: Path):
    documents.write(shadowed_scene(np.uint8), tmp_path / "x.xcf")
    (group,) = (item for item in gimp_items(tmp_path / "x.xcf") if item.group)
    assert (group.mode, group.opacity, group.visible, group.mask) == (THROUGH, 1, True, (False, False))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_gimp_saves_again_is_the_same(tmp_path: Path, dtype: type):
    """Facts, provenance, recipe and what masks say beyond their layers included."""
    stack = replace(masked_scene(dtype), recipe="scale = 2\n", resolution=(301.7, 72.0))
    codes = [np.full(layer.pixels.shape[:2], n % 4, np.uint8) for n, layer in enumerate(stack.layers)]
    marked = [replace(x, provenance=c, facts={"at": x.left}) for x, c in zip(stack.layers, codes, strict=True)]
    stack = stack.with_layers(tuple(marked))
    documents.write(stack, tmp_path / "x.xcf")
    gimp_save(tmp_path / "x.xcf", tmp_path / "y.xcf")
    back = documents.read(tmp_path / "y.xcf")
    assert back.notes == ()
    assert_same(stack, back)


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_what_gimp_makes_is_read(tmp_path: Path, bits: int):
    picture = gimp_make(tmp_path / "x.xcf", bits)
    stack = documents.read(tmp_path / "x.xcf")
    assert stack.dtype == (np.uint8 if bits == 8 else np.uint16)
    assert [(x.name, x.group, x.left, x.top, x.blend, x.visible) for x in stack.layers] == [
        ("ground", (), 0, 0, "normal", True),
        ("soft", ("Gruppe 猫",), -8, 12, "normal", True),
        ("screened", ("Gruppe 猫",), 40, 3, "screen", True),
        ("over", (), 60, -10, "normal", True),
        ("hidden", (), 1, 1, "normal", False),
    ]
    group = stack.groups["Gruppe 猫",]
    assert (group.opacity, group.blend, group.mask is not None) == (153 / 255, "multiply", True)
    assert stack.layers[2].opacity == 102 / 255
    assert [layer.mask is not None for layer in stack.layers] == [False, True, False, False, False]
    assert stack.resolution == (150, 100)
    assert len(stack.notes) == (bits == 32)
    assert off(stack, picture) <= (1.5 if bits == 8 else 0.05)


@pytest.mark.parametrize("grouped", [False, True])
def test_every_mode_looks_the_same(tmp_path: Path, grouped: bool):
    """One strip a mode, over opaque ground; but for soft light, which is another function in GIMP."""
    rng, blends = np.random.default_rng(0), [name for name in color.BLEND if name != "soft-light"]
    ground = rng.integers(0, 65536, (8 * len(blends), 40, 4)).astype(np.uint16)
    ground[..., 3] = 65535
    layers, groups = [Layer("ground", ground)], {}
    for number, blend in enumerate(blends):
        layer = Layer(blend, rng.integers(0, 65536, (8, 40, 4)).astype(np.uint16), 0, 8 * number)
        if grouped:
            groups[f"{blend} group",] = Group(204 / 255, True, blend)
            layers.append(replace(layer, group=(f"{blend} group",)))
        else:
            layers.append(replace(layer, opacity=204 / 255, blend=blend))
    stack = LayerStack(40, 8 * len(blends), tuple(layers), groups=groups)
    documents.write(stack, tmp_path / "x.xcf")
    assert documents.losses(stack, tmp_path / "x.xcf") == ()
    assert off(stack, gimp_open(tmp_path / "x.xcf")[1]) <= 0.01


def test_a_profile_and_a_faded_group_that_passes_through(tmp_path: Path):
    stack = replace(scene(np.uint16), icc=wide_profile(), groups={("outer",): Group(0.6, True, PASS_THROUGH)})
    documents.write(stack, tmp_path / "x.xcf")
    assert off(stack, gimp_open(tmp_path / "x.xcf")[1]) <= 0.01
    gimp_save(tmp_path / "x.xcf", tmp_path / "y.xcf")
    assert documents.read(tmp_path / "y.xcf").icc == wide_profile()
