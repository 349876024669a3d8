"""OpenRaster: what layersr writes comes back and keeps the letter of the format; malicious files are refused."""

import io
import math
import struct
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from document_stacks import assert_comes_back, clipped_to_something, masked_scene, noise, scene, stacks
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from layersr import color, documents
from layersr.documents import png
from layersr.documents.named_groups import same
from layersr.errors import InputError
from layersr.flattening import flatten
from layersr.layers import Group, Layer, LayerMask, LayerStack


def without_layer_masks(stack: LayerStack) -> LayerStack:
    return stack.with_layers(tuple(replace(layer, mask=None) for layer in stack.layers))


@given(stack=stacks().map(clipped_to_something).map(without_layer_masks))
def test_comes_back(tmp_path_factory: pytest.TempPathFactory, stack: LayerStack):
    assert_comes_back(stack, tmp_path_factory.mktemp("law") / "x.ora")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_keeps_the_letter_of_the_format(tmp_path: Path, dtype: type):
    stack = scene(dtype, width=600, height=300)
    documents.write(stack, tmp_path / "x.ora")
    assert (tmp_path / "x.ora").read_bytes()[30:54] == b"mimetypeimage/openraster"
    with zipfile.ZipFile(tmp_path / "x.ora") as archive:
        assert archive.testzip() is None
        assert archive.infolist()[0].filename == "mimetype"
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        merged = cv2.imdecode(np.frombuffer(archive.read("mergedimage.png"), np.uint8), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(merged[..., [2, 1, 0, 3]], flatten(stack))
        with Image.open(io.BytesIO(archive.read("Thumbnails/thumbnail.png"))) as thumbnail:
            assert (thumbnail.size, thumbnail.mode) == ((256, 128), "RGBA")
            assert thumbnail.info["icc_profile"] == color.srgb_profile()
        root = ElementTree.fromstring(archive.read("stack.xml"))
        assert (root.get("w"), root.get("h"), root.get("xres"), root.get("yres")) == ("600", "300", "300", "300")
        names = [element.get("name") for element in root.iter("layer")]
        assert names == [layer.name for layer in reversed(stack.layers)]
        assert [g.get("name") for g in root.iter("stack")] == [None, "outer", "inner & more"]
        for element in root.iter("layer"):
            assert element.get("src") in archive.namelist()


@given(st.integers(0, 255))
def test_krita_reads_the_opacity_that_was_meant(tmp_path_factory: pytest.TempPathFactory, step: int):
    path = tmp_path_factory.mktemp("opacity") / "x.ora"
    documents.write(LayerStack(1, 1, (Layer("x", noise(0, 1, 1, np.uint8), opacity=step / 255),)), path)
    with zipfile.ZipFile(path) as archive:
        written = ElementTree.fromstring(archive.read("stack.xml")).find(".//layer").get("opacity")
    assert math.floor(float(written) * 255) == step
    assert len(written) == 8


def build(path: Path, xml: str, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
        archive.writestr("stack.xml", xml)
        for name, data in members.items():
            archive.writestr(f"data/{name}.png", data)
    return path


def encoded(array: np.ndarray) -> bytes:
    return cv2.imencode(".png", array)[1].tobytes()


def test_foreign_groups_are_kept(tmp_path: Path):
    xml = """<image w="4" h="3" xres="90"><stack>
      <stack name="g" visibility="hidden" opacity="0.5" composite-op="svg:multiply">
        <layer name="deep" src="data/a.png" x="1" y="-1" opacity="0.4" composite-op="krita:vivid_light"/></stack>
      <text name="words"/><layer name="drawing" src="data/a.svg"/>
      <layer src="data/b.png" composite-op="svg:plus"/></stack></image>"""
    wide = np.full((2, 2, 4), 1000, np.uint16)
    stack = documents.read(build(tmp_path / "x.ora", xml, a=encoded(np.full((2, 2), 7, np.uint8)), b=encoded(wide)))
    plain, deep = stack.layers
    assert (plain.name, plain.blend, plain.opacity, plain.left) == ("", "add", 1.0, 0)
    assert (deep.name, deep.blend, deep.visible, deep.group) == ("deep", "vivid-light", True, ("g",))
    assert (deep.left, deep.top, deep.opacity) == (1, -1, pytest.approx(0.4))
    assert same(stack.groups["g",], Group(0.5, False, "multiply"))
    assert deep.pixels[0, 0].tolist() == [7 * 257] * 3 + [65535]
    assert stack.resolution == (90.0, 90.0)
    told = " ".join(stack.notes)
    for part in ("“words”", "“drawing”", "16"):
        assert part in told


def test_masks_become_transparency(tmp_path: Path):
    stack = scene(np.uint8)
    half = np.zeros((64, 48), np.uint8)
    half[:, :24] = 128
    soft = replace(stack.layers[1], mask=LayerMask(half, beyond=True))
    low = replace(stack.layers[0], mask=LayerMask(half, active=False))
    hiding = {("outer",): Group(mask=LayerMask(half), opacity=153 / 255, blend="normal")}
    masked = replace(stack, layers=(low, soft, *stack.layers[2:]), groups=hiding)
    documents.write(masked, tmp_path / "x.ora")
    read = documents.read(tmp_path / "x.ora")
    assert all(layer.mask is None for layer in read.layers)
    assert same(read.groups["outer",], hiding["outer",])
    difference = np.abs(flatten(masked).astype(int) - flatten(read))
    assert difference.max() <= 1


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        ('<image w="1" h="1"><stack><layer src="../../etc/x.png"/></stack></image>', "outside"),
        ('<image w="1" h="1"><stack><layer src="/etc/x.png"/></stack></image>', "outside"),
        ('<image w="1" h="1"><stack><layer src="C:\\x.png"/></stack></image>', "outside"),
        ('<image w="1" h="1"><stack><layer src="data/none.png"/></stack></image>', "lacks"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><image w="1" h="1"><stack/></image>', "document type"),
        ('<image w="1000000" h="1"><stack/></image>', "cannot be"),
        ('<image w="0" h="1"><stack/></image>', "empty canvas"),
        ('<image w="1"><stack/></image>', "damaged"),
        ("<svg/>", "no image"),
        ('<image w="1" h="1"><stack>' + "<stack>" * 5000 + "</stack>" * 5000 + "</stack></image>", "damaged"),
        ('<image w="1" h="1"><stack><layer src="data/a.png" x="nan"/></stack></image>', "damaged"),
        ('<image w="1" h="1"><stack><layer src="data/bomb.png"/></stack></image>', "far fewer"),
    ],
)
def test_refuses(tmp_path: Path, xml: str, message: str):
    good = encoded(np.zeros((2, 2, 4), np.uint8))
    size = struct.pack(">II", 30_000, 30_000)
    body = b"IHDR" + size + good[24:29]
    bomb = good[:12] + body + struct.pack(">I", png.zlib.crc32(body)) + good[33:]
    with pytest.raises(InputError, match=message):
        documents.read(build(tmp_path / "x.ora", xml, a=good, bomb=bomb))


def test_refuses_an_oversized_member(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("layersr.documents.archive.MAX_XML", 100)
    with pytest.raises(InputError, match="which cannot be"):
        documents.read(build(tmp_path / "x.ora", '<image w="1" h="1"><stack/></image>' + " " * 100))


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 3), (3, 5, 4)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_png_of_any_kind(shape: tuple[int, ...], dtype: type):
    array = np.random.default_rng(0).integers(0, color.levels(dtype), shape).astype(dtype)
    pixels = png.decode(encoded(array))
    colours = array[..., None].repeat(3, 2) if array.ndim == 2 else array[..., 2::-1]
    alpha = array[..., 3] if array.shape[2:] == (4,) else np.full(shape[:2], color.levels(dtype))
    assert np.array_equal(pixels, np.dstack([colours, alpha]))


def test_png_with_a_palette():
    file = io.BytesIO()
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    image.save(file, "PNG", transparency=bytes([255, 99]))
    assert png.decode(file.getvalue()).tolist() == [[[10, 20, 30, 255], [40, 50, 60, 99]]]


@given(seed=st.integers(0, 99), bands=st.integers(1, 9), dtype=st.sampled_from([np.uint8, np.uint16]))
def test_png_bands_are_one_picture(seed: int, bands: int, dtype: type):
    pixels = noise(seed, 9, 7, dtype)
    file = io.BytesIO()
    parts = (pixels[first : first + bands] for first in range(0, 9, bands))
    png.write(file, parts, 7, 9, np.dtype(dtype), color.srgb_profile(), (300.0, 72.0))
    assert np.array_equal(png.decode(file.getvalue()), pixels)
    header = png.header(file.getvalue())
    assert (header.width, header.height, header.depth) == (7, 9, 8 * np.dtype(dtype).itemsize)
    assert header.icc == color.srgb_profile()
    assert header.resolution == pytest.approx((300, 72), abs=0.02)
    with Image.open(io.BytesIO(file.getvalue())) as image:
        image.load()
        assert image.size == (7, 9)


def test_everybody_can_read_masks_of_groups_and_clipping(tmp_path: Path):
    """Without what layersr notes beside: the specification's operators alone say how it looks."""
    stack = masked_scene(np.uint8)
    low, soft, *rest = stack.layers
    inside = [replace(rest[0], left=20 + 9 * n, top=20, name=f"{n}", group=("through",)) for n in range(2)]
    through = Group(102 / 255, mask=LayerMask(np.full((20, 30), 99, np.uint8), 25, 25, beyond=True))
    layers = (replace(low, mask=None), replace(soft, mask=None), *rest, *inside)
    stack = replace(stack, layers=layers, groups={**stack.groups, ("through",): through})
    documents.write(stack, tmp_path / "x.ora")
    with zipfile.ZipFile(tmp_path / "x.ora") as archive, zipfile.ZipFile(tmp_path / "y.ora", "w") as bare:
        for info in archive.infolist():
            if not info.filename.startswith("layersr."):
                bare.writestr(info, archive.read(info))
    seen = documents.read(tmp_path / "y.ora")
    assert [layer.name for layer in seen.layers] == [layer.name for layer in stack.layers]
    assert np.abs(flatten(seen).astype(int) - flatten(documents.read(tmp_path / "x.ora"))).max() <= 1


def test_a_mask_that_is_more_than_one_stays_a_layer(tmp_path: Path):
    """In a group that passes through, half transparent, or with a layer above it."""
    xml = """<image w="4" h="3"><stack>
      <stack name="g" isolation="auto"><layer name="1" src="data/a.png" composite-op="svg:dst-in"/></stack>
      <stack name="h" isolation="isolate">
        <layer name="2" src="data/a.png" composite-op="svg:dst-in" opacity="0.5"/></stack>
      <stack name="i" isolation="isolate"><layer name="3" src="data/a.png"/>
        <layer name="4" src="data/a.png" composite-op="svg:dst-in"/></stack></stack></image>"""
    stack = documents.read(build(tmp_path / "x.ora", xml, a=encoded(np.full((2, 2, 4), 7, np.uint8))))
    assert [(layer.name, layer.blend) for layer in stack.layers] == [
        ("4", "dst-in"),
        ("3", "normal"),
        ("2", "dst-in"),
        ("1", "dst-in"),
    ]
