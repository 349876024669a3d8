"""Krita documents, read: exactly where they hold pixels, with a word for all else, and safely."""

import contextlib
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from layersr.cli import run
from layersr.documents import read
from layersr.documents.kra_tiles import unpack
from layersr.errors import InputError
from layersr.flattening import flatten

HEAD = "<?xml version='1.0' encoding='UTF-8'?>\n<!DOCTYPE DOC PUBLIC '-//KDE//DTD krita 2.0//EN' 'http://x/y.dtd'>\n"


def literal(data: bytes) -> bytes:
    """LZF without a reference."""
    return b"".join(bytes([len(data[k : k + 32]) - 1]) + data[k : k + 32] for k in range(0, len(data), 32))


def tiles(values: np.ndarray, packed: bool, at: tuple[int, int] = (0, 0)) -> bytes:
    """(64 n, 64 m, channels) as Krita stores them, blue first already."""
    height, width, channels = values.shape
    size = channels * values.dtype.itemsize
    parts = []
    for y in range(0, height, 64):
        for x in range(0, width, 64):
            raw = np.ascontiguousarray(values[y : y + 64, x : x + 64]).astype(values.dtype.newbyteorder("<")).tobytes()
            if packed:
                raw = b"\1" + literal(np.frombuffer(raw, np.uint8).reshape(-1, size).T.tobytes())
            else:
                raw = b"\0" + raw
            parts.append(f"{x + at[0]},{y + at[1]},LZF,{len(raw)}\n".encode() + raw)
    head = f"VERSION 2\nTILEWIDTH 64\nTILEHEIGHT 64\nPIXELSIZE {size}\nDATA {len(parts)}\n"
    return head.encode() + b"".join(parts)


def layer(name: str, file: str, inner: str = "", **more: str) -> str:
    given = {"name": name, "filename": file, "nodetype": "paintlayer", "colorspacename": "RGBA", "x": "0", "y": "0"}
    words = " ".join(f'{key}="{value}"' for key, value in (given | more).items())
    return f"<layer {words}>{inner}</layer>"


def document(path: Path, layers: str, parts: dict[str, bytes]) -> Path:
    image = '<IMAGE width="80" height="60" name="A" colorspacename="RGBA" x-res="150" y-res="75,5">'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/x-krita")
        doc = f'<DOC xmlns="http://www.calligra.org/DTD/krita">{image}<layers>{layers}</layers></IMAGE></DOC>'
        archive.writestr("maindoc.xml", HEAD + doc)
        for name, data in parts.items():
            archive.writestr(f"A/layers/{name}", data)
    return path


@pytest.fixture
def pixels() -> np.ndarray:
    values = np.random.default_rng(2).integers(0, 256, (64, 128, 4), np.uint8)
    values[..., 3] = np.maximum(values[..., 3], 1)
    return values


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pixels_and_all_that_stacks_say(tmp_path: Path, pixels: np.ndarray, packed: bool, dtype: type) -> None:
    values = pixels.astype(dtype) * (257 if dtype is np.uint16 else 1)
    space = "RGBA16" if dtype is np.uint16 else "RGBA"
    look = {"colorspacename": space, "opacity": "51", "compositeop": "soft_light_svg", "visible": "0"}
    group = layer("group", "g", f"<layers>{layer('in', 'b', x='-7', y='3', **look)}</layers>", nodetype="grouplayer")
    tree = group + layer("low", "a", colorspacename=space)
    stack = read(document(tmp_path / "x.kra", tree, {"a": tiles(values, packed), "b": tiles(values, packed)}))
    low, high = stack.layers
    assert (stack.width, stack.height, stack.resolution) == (80, 60, (150.0, 75.5))
    assert (high.name, high.group, high.left, high.top, high.visible) == ("in", ("group",), -7, 3, False)
    assert (high.blend, high.opacity, low.opacity) == ("soft-light", 0.2, 1.0)
    np.testing.assert_array_equal(low.pixels, values[..., (2, 1, 0, 3)])
    assert not stack.notes


def test_groups_and_masks_are_kept_and_the_rest_is_told(tmp_path: Path, pixels: np.ndarray) -> None:
    pixels[..., 3] = 200
    half = np.zeros((64, 64, 1), np.uint8)
    half[:, :32] = 255
    mask = '<mask name="m" filename="m" nodetype="transparencymask" x="0" y="0"/><mask nodetype="filtermask" name="f"/>'
    masked = layer("a", "a", f"<masks>{mask}</masks>")
    tree = (
        layer("words", "t", nodetype="shapelayer")
        + layer("g", "g", f"<layers>{masked}</layers>", nodetype="grouplayer", opacity="51")
        + layer("endless", "e")
    )
    parts = {"a": tiles(pixels, True), "m.pixelselection": tiles(half, True), "m.pixelselection.defaultpixel": b"\0"}
    parts |= {"e": tiles(pixels[:0], False), "e.defaultpixel": bytes([3, 2, 1, 255])}
    stack = read(document(tmp_path / "x.kra", tree, parts))
    endless, a = stack.layers
    assert (endless.width, endless.height, endless.pixels[9, 9].tolist()) == (80, 60, [1, 2, 3, 255])
    assert (a.width, a.opacity, a.mask.left, a.mask.top, a.mask.beyond) == (128, 1.0, 0, 0, False)
    np.testing.assert_array_equal(a.mask.values, half[..., 0])
    assert (stack.groups["g",].opacity, stack.groups["g",].blend) == (0.2, "normal")
    assert (a.pixels[..., 3] == 200).all()
    told = " ".join(stack.notes)
    for word in ("“words” is a vector layer", "filter mask"):
        assert word in told


def test_far_from_the_canvas_is_cut_and_told(tmp_path: Path, pixels: np.ndarray) -> None:
    far = tiles(pixels, False, at=(200_000_000, 0))
    stack = read(document(tmp_path / "x.kra", layer("far", "a"), {"a": far}))
    assert stack.layers[0].pixels.size == 0
    assert "far beyond the canvas" in stack.notes[0]


def test_other_colour_models_are_refused_with_the_way_out(tmp_path: Path, pixels: np.ndarray) -> None:
    path = document(tmp_path / "x.kra", layer("a", "a", colorspacename="CMYKA"), {"a": tiles(pixels, False)})
    with pytest.raises(InputError, match="Convert Image Color Space"):
        read(path)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damage_ends_in_a_sentence(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    values = np.arange(64 * 64 * 4, dtype=np.uint32).astype(np.uint8).reshape(64, 64, 4)
    whole = bytearray(tiles(values, data.draw(st.booleans())))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, min(120, len(whole) - 1)))] = data.draw(st.integers(0, 255))
    part = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    path = document(tmp_path_factory.mktemp("kra") / "x.kra", layer("a", "a"), {"a": part})
    with contextlib.suppress(InputError):  # any other error is a failure
        read(path)


@pytest.mark.parametrize("evil", ["<!DOCTYPE d [<!ENTITY a 'b'>]><DOC/>", "<DOC/>"])
def test_no_entities_and_an_image_must_be_there(tmp_path: Path, evil: str) -> None:
    path = tmp_path / "x.kra"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/x-krita")
        archive.writestr("maindoc.xml", evil)
    with pytest.raises(InputError):
        read(path)


@given(st.binary(max_size=200), st.integers(0, 300))
def test_unpacking_never_runs_away(data: bytes, size: int) -> None:
    with contextlib.suppress(ValueError):
        assert len(unpack(data, size)) == size


def test_unpacking_undoes_packing() -> None:
    assert unpack(literal(bytes(range(200))), 200) == bytes(range(200))
    assert unpack(b"\x01ab" + bytes([(7 << 5), 4, 1]), 15) == (b"ab" * 8)[:15]  # a reference into what it writes


def test_real_documents(shared_data: Path) -> None:
    for name in ("krita_example/KRAExample_32367a.kra", "peppercarrot_templates/header_efae63.kra"):
        path = shared_data / "layered" / name
        with zipfile.ZipFile(path) as archive:
            merged = np.asarray(Image.open(io.BytesIO(archive.read("mergedimage.png"))).convert("RGBA")).astype(int)
        shown = flatten(read(path)).astype(int)
        assert np.abs(shown * (shown[..., 3:] > 0) - merged * (merged[..., 3:] > 0)).max() <= 1


def test_upscaled_to_another_format(tmp_path: Path, pixels: np.ndarray) -> None:
    path = document(tmp_path / "x.kra", layer("a", "a"), {"a": tiles(pixels, True)})
    line = ["upscale", str(path), str(tmp_path / "y.ora"), "--scale", "2", "--upscale", "classic", "--alpha", "classic"]
    assert run(line) == 0
    assert read(tmp_path / "y.ora").width == 160
