"""Real applications open what layersr writes: the same layer tree, and the same picture within 1.5/255."""

from pathlib import Path

import numpy as np
import pytest
from apps import AppLayer, gimp_open, krita_open, krita_save, missing
from document_stacks import glowing_scene, masked_scene, scene, shadowed_scene

from layersr import documents
from layersr.flattening import flatten
from layersr.layers import Layer, LayerStack

pytestmark = pytest.mark.apps

needs_krita = pytest.mark.skipif(bool(missing("krita", "xvfb-run")), reason=missing("krita", "xvfb-run"))
needs_gimp = pytest.mark.skipif(bool(missing("gimp")), reason=missing("gimp"))


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


@pytest.mark.parametrize("name", ["8.psd", "16.psd", "8.psb", "8.ora"])
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


@pytest.mark.parametrize("name", ["8.psd", "16.psd", "8.ora"])
@needs_krita
def test_krita_masks_and_groups(tmp_path: Path, name: str, record_property):
    stack = masked_scene(np.uint16 if name.startswith("16") else np.uint8, for_krita=name.endswith(".psd"))
    documents.write(stack, tmp_path / name)
    tree, picture = krita_open(tmp_path / name)
    record_property("difference", difference(stack, picture))
    assert [layer.name for layer in tree] == [layer.name for layer in stack.layers]
    kept = documents.read(tmp_path / name)  # OpenRaster has masks and clipping as transparency
    assert difference(kept, picture) <= 1.5


@needs_krita
def test_masks_and_groups_that_krita_saves_are_read(tmp_path: Path, record_property):
    stack = masked_scene(np.uint8, for_krita=True)
    documents.write(stack, tmp_path / "x.psd")
    krita_save(tmp_path / "x.psd", tmp_path / "y.kra")
    back = documents.read(tmp_path / "y.kra")
    record_property("difference", difference(stack, flatten(back)))
    assert [layer.mask is not None for layer in back.layers] == [layer.mask is not None for layer in stack.layers]
    assert [(path, g.blend, g.opacity) for path, g in back.groups.items()] == [
        (path, g.blend, g.opacity) for path, g in stack.groups.items()
    ]
    assert back.groups[("outer",)].mask is not None
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


@pytest.mark.parametrize("name", ["8.psd", "16.psd", "8.ora"])
@needs_krita
def test_krita_shadows(tmp_path: Path, name: str):
    stack = shadowed_scene(np.uint16 if name.startswith("16") else np.uint8)
    documents.write(stack, tmp_path / name)
    assert_seen(stack, *krita_open(tmp_path / name))


@pytest.mark.parametrize("suffix", ["psd", "xcf"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@needs_gimp
def test_gimp_shadows(tmp_path: Path, dtype: type, suffix: str):
    stack = shadowed_scene(dtype)
    documents.write(stack, tmp_path / f"x.{suffix}")
    assert_seen(stack, *gimp_open(tmp_path / f"x.{suffix}"))


@pytest.mark.parametrize("name", ["8.psd", "16.psd", "8.ora"])
@needs_krita
def test_krita_glows(tmp_path: Path, name: str):
    """A coloured glow looks right only if the groups around it are folders."""
    stack = glowing_scene(np.uint16 if name.startswith("16") else np.uint8)
    documents.write(stack, tmp_path / name)
    assert_seen(stack, *krita_open(tmp_path / name))


@pytest.mark.parametrize("suffix", ["psd", "xcf"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@needs_gimp
def test_gimp_glows(tmp_path: Path, dtype: type, suffix: str):
    stack = glowing_scene(dtype)
    documents.write(stack, tmp_path / f"x.{suffix}")
    assert_seen(stack, *gimp_open(tmp_path / f"x.{suffix}"))
