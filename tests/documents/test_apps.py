"""Real applications open what layersr writes: the same layer tree, and the same picture within 1.5/255."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from apps import AppLayer, gimp_open, krita_open, krita_save, missing
from document_stacks import assert_same, glowing_scene, masked_scene, noise, scene, shadowed_scene
from readers.profiles import wide_profile

from layersr import color, documents
from layersr.documents.psd_baking import baked
from layersr.flattening import flatten
from layersr.layers import Group, Layer, LayerMask, LayerStack

pytestmark = pytest.mark.apps

needs_krita = pytest.mark.skipif(bool(missing("krita", "Xvfb")), reason=missing("krita", "Xvfb"))
needs_gimp = pytest.mark.skipif(bool(missing("gimp")), reason=missing("gimp"))


@pytest.fixture(autouse=True)
def many_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small documents too are written in many strips, so that applications see how these are joined."""
    monkeypatch.setattr("layersr.strips.AREA", 1000)


def assert_seen(stack: LayerStack, tree: list[AppLayer], picture: np.ndarray) -> None:
    assert [layer.name for layer in tree] == [layer.name for layer in stack.layers]
    assert [layer.group for layer in tree] == [layer.group for layer in stack.layers]
    assert [layer.visible for layer in tree] == [layer.visible for layer in stack.layers]
    for seen, layer in zip(tree, stack.layers, strict=True):
        assert seen.opacity == pytest.approx(layer.opacity, abs=0.001)
        assert seen.offset in (None, (layer.left, layer.top))
    assert picture.shape == (stack.height, stack.width, 4)
    assert difference(stack, picture) <= 1.5


def difference(stack: LayerStack, picture: np.ndarray) -> float:
    """The largest, premultiplied, in steps of 1/255."""
    ours, theirs = (array / np.iinfo(array.dtype).max for array in (flatten(stack), picture))
    ours, theirs = (np.dstack([array[..., :3] * array[..., 3:], array[..., 3]]) for array in (ours, theirs))
    return 255 * float(np.abs(ours - theirs).max())


@pytest.mark.parametrize("name", ["8.psd", "16.psd", "8.psb", "8.ora", "8.kra", "16.kra"])
@needs_krita
def test_krita(tmp_path: Path, name: str, record_property):
    stack = scene(np.uint16 if name.startswith("16") else np.uint8)
    documents.write(stack, tmp_path / name)
    tree, picture = krita_open(tmp_path / name)
    record_property("difference", difference(stack, picture))
    assert_seen(stack, tree, picture)
    assert picture.dtype == stack.dtype


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@needs_krita
def test_what_krita_saves_is_read(tmp_path: Path, dtype: type, record_property):
    """Our document, opened in Krita, saved as its own .kra, and read again: the same layers and the same picture."""
    stack = scene(dtype)
    documents.write(stack, tmp_path / "x.psd")
    krita_save(tmp_path / "x.psd", tmp_path / "y.kra")
    back = documents.read(tmp_path / "y.kra")
    record_property("difference", difference(stack, flatten(back)))
    assert back.dtype == dtype
    assert [(x.name, x.group, x.visible, x.blend) for x in back.layers] == [
        (x.name, x.group, x.visible, x.blend) for x in stack.layers
    ]
    assert difference(stack, flatten(back)) <= 1.5


@pytest.mark.parametrize("suffix", ["psd", "xcf"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@needs_gimp
def test_gimp(tmp_path: Path, dtype: type, suffix: str, record_property):
    stack = scene(dtype)
    documents.write(stack, tmp_path / f"x.{suffix}")
    tree, picture = gimp_open(tmp_path / f"x.{suffix}")
    record_property("difference", difference(stack, picture))
    assert_seen(stack, tree, picture)
    assert picture.dtype == stack.dtype


@pytest.mark.parametrize("suffix", ["psd", "xcf"])
@needs_gimp
def test_gimp_sees_transparency(tmp_path: Path, suffix: str):
    """A picture without an opaque background: its own alpha, hidden colours, an empty layer."""
    stack = scene(np.uint8)
    stack = stack.with_layers((*stack.layers[1:], Layer("empty", np.zeros((0, 0, 4), np.uint8))))
    documents.write(stack, tmp_path / f"x.{suffix}")
    tree, picture = gimp_open(tmp_path / f"x.{suffix}")
    assert difference(stack, picture) <= 1.5
    assert [layer.name for layer in tree] == [layer.name for layer in stack.layers]


@pytest.mark.parametrize("name", ["8.psd", "16.psd", "8.ora", "8.kra", "16.kra"])
@needs_krita
def test_krita_masks_and_groups(tmp_path: Path, name: str, record_property):
    stack = masked_scene(np.uint16 if name.startswith("16") else np.uint8, for_krita=name.endswith(".psd"))
    documents.write(stack, tmp_path / name)
    tree, picture = krita_open(tmp_path / name)
    record_property("difference", difference(stack, picture))
    masks = (
        ["mask"] * 2 if name.endswith(".ora") else []
    )  # there they are layers too: of a group, and of what is clipped
    assert sorted(layer.name for layer in tree) == sorted([*(layer.name for layer in stack.layers), *masks])
    kept = documents.read(tmp_path / name)  # OpenRaster has masks of layers as transparency
    assert difference(kept, picture) <= 1.5


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@needs_krita
def test_krita_keeps_all_of_its_own(tmp_path: Path, dtype: type):
    """What we write, saved by Krita, is the same stack: layers, masks, clipping, groups, provenance, facts, recipe.

    It keeps 8 bits of masks.
    """
    stack = masked_scene(dtype)
    low, soft, *rest = stack.layers
    codes = np.full(soft.pixels.shape[:2], 2, np.uint8)
    soft = replace(soft, provenance=codes, facts={"label": "猫"}, blend="hard-light")
    stack = replace(stack, layers=(low, soft, *rest), recipe="scale = 1\n")
    documents.write(stack, tmp_path / "x.kra")
    krita_save(tmp_path / "x.kra", tmp_path / "y.kra")
    back = documents.read(tmp_path / "y.kra")
    assert back.notes == ()
    assert_same(back, coarse(stack))


def coarse(stack: LayerStack) -> LayerStack:
    """The stack with masks of 8 bits, at its depth."""

    def masked(owner: Layer | Group) -> Layer | Group:
        if owner.mask is None or stack.dtype == np.uint8:
            return owner
        return replace(owner, mask=replace(owner.mask, values=color.to_8bit(owner.mask.values).astype(np.uint16) * 257))

    groups = {path: masked(group) for path, group in stack.groups.items()}
    return replace(stack, layers=tuple(masked(layer) for layer in stack.layers), groups=groups)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@needs_krita
def test_krita_makes_a_psd_of_its_own(tmp_path: Path, dtype: type):
    """Our Krita document, saved by Krita as a PSD: the same layers, the same picture."""
    stack = scene(dtype)
    documents.write(stack, tmp_path / "x.kra")
    krita_save(tmp_path / "x.kra", tmp_path / "y.psd")
    back = documents.read(tmp_path / "y.psd")
    assert back.dtype == dtype
    for one, other in zip(stack.layers, back.layers, strict=True):
        for field in ("name", "group", "visible", "blend", "opacity"):
            assert getattr(one, field) == getattr(other, field)
    assert difference(stack, flatten(back)) <= 1.5


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@needs_krita
def test_krita_blends_as_we_do(tmp_path: Path, dtype: type, record_property):
    """All our blend modes, on squares of noise; Krita rounds within them."""
    top, side = color.levels(dtype), 16
    ground = noise(1, side, side * len(color.BLEND), dtype)
    ground[..., 3] = top
    squares = [Layer(mode, noise(n, side, side, dtype), n * side, 0, blend=mode) for n, mode in enumerate(color.BLEND)]
    stack = LayerStack(ground.shape[1], side, (Layer("ground", ground), *squares))
    documents.write(stack, tmp_path / "x.kra")
    tree, picture = krita_open(tmp_path / "x.kra")
    record_property("difference", difference(stack, picture))
    assert [layer.name for layer in tree] == [layer.name for layer in stack.layers]
    assert difference(stack, picture) <= (2 if dtype is np.uint8 else 0.05)


@pytest.mark.parametrize("group", [Group(opacity=0.4), Group(mask=LayerMask(np.full((30, 60), 90, np.uint8), 5, 5))])
@needs_krita
def test_krita_groups_that_pass_through(tmp_path: Path, group: Group):
    """With an opacity or a mask, and layers that overlap."""
    low, *rest = scene(np.uint8).layers
    inside = [replace(layer, left=10 + 5 * n, top=8, group=("g",)) for n, layer in enumerate(rest)]
    clipped = replace(inside[0], name="on it", left=25, clipped=True, blend="multiply")
    inside.insert(1, clipped)
    stack = replace(scene(np.uint8), layers=(low, *inside), groups={("g",): group})
    documents.write(stack, tmp_path / "x.kra")
    assert documents.losses(stack, tmp_path / "x.kra") == ()
    assert_same(documents.read(tmp_path / "x.kra"), stack)
    tree, picture = krita_open(tmp_path / "x.kra")
    assert [layer.name for layer in tree] == [layer.name for layer in stack.layers]
    assert [layer.group[0] for layer in tree[1:]] == ["g"] * len(inside)
    assert difference(stack, picture) <= 1.5


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@needs_krita
def test_krita_keeps_a_wide_profile(tmp_path: Path, dtype: type):
    """The document's own colour space is the profile that the picture came with, and its values stay."""
    profile = wide_profile()
    stack = replace(scene(dtype), icc=profile)
    documents.write(stack, tmp_path / "x.kra")
    krita_save(tmp_path / "x.kra", tmp_path / "y.kra")
    back = documents.read(tmp_path / "y.kra")
    assert back.icc is not None
    assert (back.icc[:24], back.icc[36:]) == (profile[:24], profile[36:])  # the date between them is Krita's
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(stack.layers, back.layers, strict=True))


@needs_krita
def test_masks_and_groups_that_krita_saves_are_read(tmp_path: Path, record_property):
    stack = masked_scene(np.uint8, for_krita=True)
    documents.write(stack, tmp_path / "x.psd")
    krita_save(tmp_path / "x.psd", tmp_path / "y.kra")
    stack, _ = baked(stack)
    back = documents.read(tmp_path / "y.kra")
    record_property("difference", difference(stack, flatten(back)))
    assert [layer.mask is not None for layer in back.layers] == [layer.mask is not None for layer in stack.layers]
    kept, written = (
        {path: (group.blend, group.opacity) for path, group in one.groups.items()} for one in (back, stack)
    )
    assert kept == written
    assert back.groups[("outer",)].mask is not None
    assert any(path[-1].endswith("with clipped") for path in back.groups)
    assert difference(stack, flatten(back)) <= 1.5


@pytest.mark.parametrize("suffix", ["psd", "xcf"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@needs_gimp
def test_gimp_masks_and_groups(tmp_path: Path, dtype: type, suffix: str, record_property):
    stack = masked_scene(dtype)
    documents.write(stack, tmp_path / f"x.{suffix}")
    tree, picture = gimp_open(tmp_path / f"x.{suffix}")
    kept = stack if suffix == "psd" else documents.read(tmp_path / "x.xcf")  # XCF has clipping as transparency
    record_property("difference", difference(kept, picture))
    assert [layer.name for layer in tree] == [layer.name for layer in stack.layers]
    assert difference(kept, picture) <= 1.5


@pytest.mark.parametrize("name", ["8.psd", "16.psd", "8.ora", "8.kra", "16.kra"])
@needs_krita
def test_krita_shadows(tmp_path: Path, name: str):
    stack = shadowed_scene(np.uint16 if name.startswith("16") else np.uint8)
    documents.write(stack, tmp_path / name)
    assert_seen(stack, *krita_open(tmp_path / name))


@pytest.mark.parametrize("suffix", ["psd", "xcf"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("make", [shadowed_scene, glowing_scene])
@needs_gimp
def test_gimp_lights(tmp_path: Path, dtype: type, suffix: str, make):
    stack = make(dtype)
    documents.write(stack, tmp_path / f"x.{suffix}")
    assert_seen(stack, *gimp_open(tmp_path / f"x.{suffix}"))


@pytest.mark.parametrize("name", ["8.psd", "16.psd", "8.ora"])
@needs_krita
def test_krita_glows(tmp_path: Path, name: str):
    """A coloured glow looks right only if the groups around it are folders."""
    stack = glowing_scene(np.uint16 if name.startswith("16") else np.uint8)
    documents.write(stack, tmp_path / name)
    assert_seen(stack, *krita_open(tmp_path / name))
