"""Krita documents, written: they come back as they were, and what they cannot say is told."""

import io
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from document_stacks import assert_comes_back, assert_same, masked_scene, noise, scene, stacks
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from layersr import color, documents
from layersr.documents import kra_marks
from layersr.documents.kra_spelling import KRITAS, blend_of
from layersr.documents.kra_tiles import read_tiles, tiles
from layersr.errors import InputError
from layersr.flattening import flatten
from layersr.layers import Group, Layer, LayerMask, LayerStack

NODE = "{http://www.calligra.org/DTD/krita}"


@settings(max_examples=150, deadline=None)
@given(stack=stacks())
@example(stack=masked_scene(np.uint16))
@example(stack=LayerStack(3, 2, ()))
def test_comes_back(tmp_path_factory: pytest.TempPathFactory, stack: LayerStack):
    assert_comes_back(stack, tmp_path_factory.mktemp("law") / "x.kra")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_keeps_the_letter_of_the_format(tmp_path: Path, dtype: type):
    stack = scene(dtype, width=600, height=300)
    documents.write(stack, tmp_path / "x.kra")
    assert (tmp_path / "x.kra").read_bytes()[30:57] == b"mimetypeapplication/x-krita"
    with zipfile.ZipFile(tmp_path / "x.kra") as archive:
        assert archive.testzip() is None
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {(info.create_system, info.external_attr >> 16) for info in archive.infolist()} == {(3, 0o644)}
        merged = cv2.imdecode(np.frombuffer(archive.read("mergedimage.png"), np.uint8), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(merged[..., [2, 1, 0, 3]], flatten(stack))
        with Image.open(io.BytesIO(archive.read("preview.png"))) as preview:
            assert (preview.size, preview.mode) == ((256, 128), "RGBA")
        image = ElementTree.fromstring(archive.read("maindoc.xml")).find(f"{NODE}IMAGE")
        assert (image.get("width"), image.get("height"), image.get("x-res")) == ("600", "300", "300.0")
        assert image.get("colorspacename") == ("RGBA16" if dtype is np.uint16 else "RGBA")
        nodes = list(image.iter(f"{NODE}layer"))
        shown = [node for node in nodes if node.get("nodetype") == "paintlayer"]
        assert [node.get("name") for node in shown] == [layer.name for layer in reversed(stack.layers)]
        groups = [node for node in nodes if node.get("nodetype") == "grouplayer"]
        assert [(node.get("name"), node.get("passthrough")) for node in groups] == [
            ("outer", "1"),
            ("inner & more", "1"),
        ]
        assert len({node.get("uuid") for node in nodes}) == len(nodes)
        assert archive.read("layersr/annotations/icc") == color.srgb_profile()
        for node in shown:
            tiles = archive.read(f"layersr/layers/{node.get('filename')}")
            assert f"PIXELSIZE {4 * np.dtype(dtype).itemsize}\n".encode() in tiles[:80]


def test_empty_tiles_are_left_out_but_hidden_colours_are_not(tmp_path: Path):
    pixels = np.zeros((200, 300, 4), np.uint8)
    pixels[70, 140] = (1, 2, 3, 255)
    pixels[150, 10] = (9, 0, 0, 0)
    stack = LayerStack(300, 200, (Layer("x", pixels),))
    assert_comes_back(stack, tmp_path / "x.kra")
    with zipfile.ZipFile(tmp_path / "x.kra") as archive:
        assert b"DATA 2\n" in archive.read("layersr/layers/layer1")


@given(st.integers(0, 150), st.integers(0, 150), st.sampled_from([np.uint8, np.uint16]), st.integers(0, 99))
def test_tiles_hold_the_values(width: int, height: int, dtype: type, seed: int):
    values = noise(seed, height, width, dtype)
    data = b"".join(tiles(width, height, values.__getitem__, np.zeros(4, dtype), bytes))
    raster = read_tiles(data, b"", np.dtype(dtype), 4, (1, 1), (900, -900), (width, height))
    assert not raster.cut
    np.testing.assert_array_equal(raster.over(900, -900, width, height), values)


def test_no_second_copy_of_a_layer(tmp_path: Path):
    size = (8192, 512)
    layers = tuple(Layer(f"{n}", np.full((*size, 4), 90 + n, np.uint8)) for n in range(4))
    stack, merged = LayerStack(size[1], size[0], layers), layers[0].pixels
    tracemalloc.start()
    documents.write(stack, tmp_path / "x.kra", merged)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < layers[0].pixels.nbytes / 2


def test_modes_of_krita_stay():
    assert set(color.BLEND) < set(KRITAS)
    assert len(set(KRITAS.values())) == len(KRITAS)
    assert all(blend_of(mode) == name for name, mode in KRITAS.items())


def test_what_is_told(tmp_path: Path):
    stack = scene(np.uint16)
    fine = LayerMask(np.full((4, 4), 1000, np.uint16), 3, 3)
    low, soft, *rest = stack.layers
    curve = Layer("curve", np.zeros((0, 0, 4), np.uint16), adjustment=b"8BIMcurv\0\0\0\0")
    rest[1] = replace(rest[1], blend="multiply")
    groups = {("outer",): Group(opacity=0.4), ("outer", "inner & more"): Group(mask=fine)}
    stack = replace(stack, layers=(low, replace(soft, mask=fine), *rest, curve), groups=groups)
    adjusting, through, eight = documents.losses(stack, tmp_path / "x.kra")
    assert "“curve”" in adjusting
    assert "“outer”, “inner & more”" in through
    assert "8 bits" in eight
    assert "“soft 猫”, “inner & more”" in eight
    documents.write(stack, tmp_path / "x.kra")
    kept = stack.with_layers(stack.layers[:-1])
    assert_same(documents.read(tmp_path / "x.kra"), kept)
    assert documents.losses(scene(np.uint8), tmp_path / "x.kra") == ()


def rewritten(path: Path, change: dict[str, tuple[str, str]], drop: tuple[str, ...] = ()) -> Path:
    """The document with words of its parts changed, as another application might."""
    out = path.with_name("y.kra")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name in change:
                before, after = (word.encode() for word in change[name])
                assert before in data
                data = data.replace(before, after, 1)
            if not name.endswith(drop or ("\0",)):
                new.writestr(name, data)
    return out


def test_a_group_for_clipping_that_was_changed_stays_a_group(tmp_path: Path):
    square = np.full((8, 8, 4), 200, np.uint8)
    layers = (Layer("base", square, opacity=0.4), Layer("on it", square, 2, 2, clipped=True, blend="multiply"))
    documents.write(LayerStack(20, 20, layers), tmp_path / "x.kra")
    base = 'name="base" filename="layer2" nodetype="paintlayer"'
    with zipfile.ZipFile(tmp_path / "x.kra") as archive:
        (uuid,) = [
            node.get("uuid")
            for node in ElementTree.fromstring(archive.read("maindoc.xml")).iter(f"{NODE}layer")
            if node.get("filename") == "layer2"
        ]
    shown = f'{base} uuid="{uuid}" visible="1" opacity="255"'
    faint = f'{base} uuid="{uuid}" visible="1" opacity="51"'
    low, high = documents.read(rewritten(tmp_path / "x.kra", {"maindoc.xml": (shown, faint)})).layers
    assert (low.group, low.opacity, low.clipped) == (("base",), 0.2, False)
    assert (high.group, high.blend, high.clipped) == (("base",), "multiply", True)


def test_a_layer_that_was_painted_on_has_its_new_shape(tmp_path: Path):
    """Here the old size shrinks instead: there is more than was written."""
    pixels = np.full((20, 30, 4), 200, np.uint8)
    ramp = LayerMask(np.tile(np.arange(30, dtype=np.uint8), (20, 1)), 5, 6)
    codes = np.full((20, 30), 2, np.uint8)
    layer = Layer("x", pixels, 5, 6, mask=ramp, provenance=codes, facts={"a": 1})
    documents.write(LayerStack(40, 40, (layer,)), tmp_path / "x.kra")
    marks = "layersr/annotations/layersr.marks"
    path = rewritten(tmp_path / "x.kra", {marks: ("[30,20]", "[10,20]")})
    (one,) = documents.read(path).layers
    assert np.array_equal(one.pixels, pixels)
    assert one.provenance is not None  # all of it is there, as it was
    path = rewritten(tmp_path / "x.kra", {marks: ("[30,20]", "[31,20]")})
    (one,) = documents.read(path).layers
    assert one.width == 31
    assert (one.provenance, dict(one.facts)) == (None, {})
    with zipfile.ZipFile(tmp_path / "x.kra") as archive:
        second = kra_marks.loads(archive.read(marks))
    sized = kra_marks.dumps({key: replace(mark, size=(10, 20)) for key, mark in second.items()}).decode()
    path = rewritten(tmp_path / "x.kra", {marks: (kra_marks.dumps(second).decode(), sized)})
    (one,) = documents.read(path).layers
    assert np.array_equal(one.mask.over(5, 6, 30, 20), ramp.values)
    assert not one.mask.over(0, 0, 40, 6).any()


def test_without_its_annotations_it_is_a_document_like_any_other(tmp_path: Path):
    stack = masked_scene(np.uint8)
    documents.write(stack, tmp_path / "x.kra")
    drop = ("layersr.manifest", "layersr.marks", ".exact")
    bare = documents.read(rewritten(tmp_path / "x.kra", {}, drop))
    assert [layer.name for layer in bare.layers] == [layer.name for layer in stack.layers]
    assert np.abs(flatten(bare).astype(int) - flatten(stack)).max() <= 1
    assert bare.notes == ()


def test_a_small_file_asks_for_no_endless_memory(tmp_path: Path):
    far = Layer("far", np.full((4, 4, 4), 9, np.uint8), 10**8, 0)
    documents.write(LayerStack(20, 20, (far,)), tmp_path / "x.kra")
    assert documents.read(tmp_path / "x.kra").layers[0].left == 10**8
    with zipfile.ZipFile(tmp_path / "x.kra") as archive:
        tiles = archive.read("layersr/layers/layer1")
    out = rewritten(tmp_path / "x.kra", {}, ("layers/layer1",))
    near = tiles.replace(b"DATA 1", b"DATA 2") + f"-{10**8},0,LZF,16385\n\0".encode() + bytes(64 * 64 * 4)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("layersr/layers/layer1", near)
    with pytest.raises(InputError, match="claims to be"):
        documents.read(out)


@pytest.mark.parametrize(
    "marks",
    [b"[]", b"{", b'{"a": 1}', b'{"%s": {"size": [1]}}', b'{"%s": {"size": [-4, 9]}}', b'{"%s": {"size": "x"}}'],
)
def test_damaged_marks_end_in_a_sentence(tmp_path: Path, marks: bytes):
    documents.write(scene(np.uint8), tmp_path / "x.kra")
    with zipfile.ZipFile(tmp_path / "x.kra") as archive:
        known = list(kra_marks.loads(archive.read("layersr/annotations/layersr.marks")))
    out = rewritten(tmp_path / "x.kra", {}, ("layersr.marks",))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("layersr/annotations/layersr.marks", marks.replace(b"%s", known[0].encode()))
    with pytest.raises(InputError):
        documents.read(out)
