"""Locks: kept by every format, read from other applications' documents, told where they become others, never obeyed."""

import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from apps import krita_save, missing
from document_stacks import assert_comes_back, assert_same, masked_scene, scene
from gimp_scripts import gimp_save
from psd_tools import PSDImage
from psd_tools.constants import ProtectedFlags, Tag
from xcf_builder import File, Thing, prop

from layersr import documents, references
from layersr.documents import clipping
from layersr.layers import LOCKS, Group, Image, Layer, LayerStack, Locks
from layersr.masking import masked
from layersr.pipeline import upscale
from layersr.recipe import Recipe

SQUARE = np.full((4, 4, 4), 200, np.uint8)
ALL_SETS: tuple[Locks, ...] = (
    *(frozenset(), LOCKS, frozenset({"transparency"}), frozenset({"pixels"}), frozenset({"position"})),
    *(LOCKS - {lock} for lock in sorted(LOCKS)),
)


def locked() -> LayerStack:
    """Every lock on a layer, and on a group that is nothing but a folder."""
    layers, groups = [], {}
    for number, locks in enumerate(ALL_SETS):
        layers.append(Layer(f"{number}", SQUARE + np.uint8(number), locks=locks))
        layers.append(Layer(f"in {number}", SQUARE - np.uint8(number), group=(f"g{number}",)))
        if locks:
            groups[f"g{number}",] = Group(locks=locks)
    return LayerStack(8, 8, tuple(layers), resolution=(72.0, 72.0), groups=groups)


def test_what_becomes_of_them_elsewhere_is_told():
    stack = locked()
    assert documents.losses(stack, "x.psd") == documents.losses(stack, "x/") == ()
    for suffix, word, fine in [
        (".ora", "OpenRaster locks", {frozenset(), LOCKS}),
        (".kra", "Krita locks", {frozenset(), LOCKS, frozenset({"transparency"})}),
        (".xcf", "GIMP locks", set(ALL_SETS)),
    ]:
        (sentence,) = documents.losses(stack, f"x{suffix}")
        assert sentence.startswith(word)
        told = [f"“{number}”" in sentence for number in range(len(ALL_SETS))]
        assert told == [locks not in fine for locks in ALL_SETS]


@pytest.mark.parametrize("name", ["x.psd", "x.ora", "x.kra", "x.xcf", "x"])
def test_they_come_back(tmp_path: Path, name: str):
    assert_comes_back(locked(), tmp_path / name)


def test_psd_tools_sees_them(tmp_path: Path):
    stack = locked()
    documents.write(stack, tmp_path / "x.psd")
    known = {layer.name: layer.locks for layer in stack.layers}
    known |= {path[-1]: group.locks for path, group in stack.groups.items()}
    for layer in PSDImage.open(tmp_path / "x.psd").descendants():
        locks = known.get(layer.name, frozenset())
        block = (
            layer.tagged_blocks[Tag.PROTECTED_SETTING].data if Tag.PROTECTED_SETTING in layer.tagged_blocks else None
        )
        said = () if block is None else (block.transparency, block.composite, block.position)
        assert said in ((), tuple(lock in locks for lock in ("transparency", "pixels", "position")))
        assert bool(said) == bool(locks)
        assert layer._record.flags.transparency_protected == ("transparency" in locks)


@pytest.mark.parametrize(
    ("value", "flag", "locks"),
    [
        (ProtectedFlags.COMPLETE, False, LOCKS),
        (5, False, {"transparency", "position"}),
        (2, True, {"transparency", "pixels"}),
        (None, True, {"transparency"}),
        (8, False, set()),
    ],
)
def test_photoshops_are_read(tmp_path: Path, value: int | None, flag: bool, locks: set[str]):
    documents.write(LayerStack(8, 8, (Layer("x", SQUARE, locks=LOCKS),)), tmp_path / "x.psd")
    psd = PSDImage.open(tmp_path / "x.psd")
    blocks = psd[0].tagged_blocks
    psd[0]._record.flags.transparency_protected = flag
    if value is None:
        del blocks[Tag.PROTECTED_SETTING]
    else:
        blocks[Tag.PROTECTED_SETTING].data.value = int(value)
    psd.save(tmp_path / "y.psd")
    assert documents.read(tmp_path / "y.psd").layers[0].locks == locks


def test_gimps_are_read(tmp_path: Path):
    ones = prop(28, "I", 1) + prop(10, "I", 0) + prop(32, "I", 1)
    File(things=[Thing(SQUARE, properties=ones), Thing(SQUARE)], size=(8, 8)).write(tmp_path / "x.xcf")
    plain, locked = documents.read(tmp_path / "x.xcf").layers
    assert (plain.locks, locked.locks) == (frozenset(), {"pixels", "position"})


def without(path: Path, part: str, **words: str) -> Path:
    """The document without a part, and with words of others changed."""
    out = path.with_name(f"y{path.suffix}")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            for before, after in words.items() if name.endswith(".xml") else ():
                text = text.replace(before.replace("_", "-").encode(), after.encode())
            if not name.endswith(part):
                new.writestr(name, text)
    return out


def test_those_of_krita_and_mypaint_are_read(tmp_path: Path):
    documents.write(locked(), tmp_path / "x.ora")
    for layer, was in zip(
        documents.read(without(tmp_path / "x.ora", ".manifest")).layers, locked().layers, strict=True
    ):
        assert layer.locks == (LOCKS if "pixels" in was.locks else frozenset())
    documents.write(locked(), tmp_path / "x.kra")
    stack = documents.read(without(tmp_path / "x.kra", ".manifest"))
    for layer, was in zip(stack.layers, locked().layers, strict=True):
        assert layer.locks == (LOCKS if "pixels" in was.locks else was.locks & {"transparency"})
    assert set(stack.groups) == {path for path, group in locked().groups.items() if "pixels" in group.locks}


def test_what_another_application_locked_anew_counts(tmp_path: Path):
    documents.write(LayerStack(8, 8, (Layer("x", SQUARE, locks=frozenset({"pixels"})),)), tmp_path / "x.ora")
    (layer,) = documents.read(without(tmp_path / "x.ora", "\0", **{'edit_locked="true"': ""})).layers
    assert layer.locks == frozenset()


def test_they_outlive_what_is_done_to_a_stack():
    stack = masked_scene(np.uint8)
    layers = tuple(replace(x, locks=ALL_SETS[n + 1]) for n, x in enumerate(stack.layers))
    groups = {path: replace(group, locks=LOCKS) for path, group in stack.groups.items()}
    stack = replace(stack, layers=layers, groups=groups)
    larger = upscale(stack, Recipe(scale=2, upscale="classic", alpha="classic"))
    for made in (larger, masked(stack), clipping.as_groups(stack, str)[0]):
        assert [layer.locks for layer in made.layers] == [layer.locks for layer in layers]
        assert {path: group.locks for path, group in made.groups.items() if path in groups} == dict.fromkeys(
            groups, LOCKS
        )


def test_layers_to_look_things_up_in_are_locked():
    stack = scene(np.uint8)
    image = Image(np.zeros((stack.height, stack.width, 4), np.uint8))
    assert references.original(image, stack).locks == references.provenance(stack).locks == LOCKS


@pytest.mark.apps
@pytest.mark.skipif(bool(missing("krita", "Xvfb")), reason=missing("krita", "Xvfb"))
def test_krita_keeps_them(tmp_path: Path):
    documents.write(locked(), tmp_path / "x.kra")
    krita_save(tmp_path / "x.kra", tmp_path / "y.kra")
    assert_same(documents.read(tmp_path / "y.kra"), locked())
    krita_save(tmp_path / "x.kra", tmp_path / "y.ora")
    for layer, was in zip(documents.read(tmp_path / "y.ora").layers, locked().layers, strict=True):
        assert layer.locks == (LOCKS if "pixels" in was.locks else frozenset())


@pytest.mark.apps
@pytest.mark.skipif(bool(missing("gimp")), reason=missing("gimp"))
def test_gimp_keeps_them(tmp_path: Path):
    documents.write(locked(), tmp_path / "x.xcf")
    gimp_save(tmp_path / "x.xcf", tmp_path / "y.xcf")
    assert_same(documents.read(tmp_path / "y.xcf"), locked())
    data = (tmp_path / "y.xcf").read_bytes()
    assert data.count(struct.pack(">III", 32, 4, 1)) == sum("position" in locks for locks in ALL_SETS)
