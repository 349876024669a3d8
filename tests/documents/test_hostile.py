"""Documents of people who mean harm: refused in a sentence, in little room, whatever the format.

XCF has more of them in `test_xcf_damage`; what fuzzing (`fuzz.py`) once found stands at the end.
"""

import json
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from document_stacks import masked_scene, noise, scene
from mutations import parts_of, put_together

from layersr import documents
from layersr.documents import guard, png
from layersr.errors import InputError
from layersr.layers import Group, Layer, LayerMask, LayerStack

LITTLE = 2**26
"""Bytes that a small document may ask for here."""

SQUARE = np.full((4, 4, 4), 200, np.uint8)
NAMES = ["x.psd", "x.psb", "x.ora", "x.kra", "x.xcf"]


def peak() -> int:
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


@pytest.fixture(autouse=True)
def little_room(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """There is little memory, and no test takes more."""
    monkeypatch.setattr(guard, "memory", lambda: LITTLE)
    if not os.access("/proc/self/clear_refs", os.W_OK):  # other systems tell no peak; the sentences are tested there
        yield
        return
    Path("/proc/self/clear_refs").write_text("5")
    before = peak()
    yield
    assert peak() - before < 4 * LITTLE  # while the last thing is read there are copies


def archive(path: Path, xml: str, parts: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> Path:
    """An OpenRaster or Krita document of these parts; what is `{}` in the XML is the layers."""
    heads = {
        ".ora": ("image/openraster", "stack.xml", '<image w="64" h="64"><stack>{}</stack></image>'),
        ".kra": (
            "application/x-krita",
            "maindoc.xml",
            '<DOC xmlns="http://www.calligra.org/DTD/krita"><IMAGE width="4096" height="4096" name="A" '
            'colorspacename="RGBA"><layers>{}</layers></IMAGE></DOC>',
        ),
    }
    mime, name, whole = heads[path.suffix]
    with zipfile.ZipFile(path, "w", packing) as file:
        file.writestr("mimetype", mime, zipfile.ZIP_STORED)
        file.writestr(name, xml if xml.startswith("<!") else whole.replace("{}", xml))
        for part, data in parts.items():
            file.writestr(part, data)
    return path


@cache
def picture(side: int) -> bytes:
    """A PNG of nothing."""
    row = zlib.compress(bytes(side * (4 * side + 1)), 9)
    head = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    return png.SIGNATURE + png._chunk(b"IHDR", head) + png._chunk(b"IDAT", row) + png._chunk(b"IEND", b"")


def tiles(count: int = 0) -> bytes:
    """A Krita layer without a tile in it."""
    return f"VERSION 2\nTILEWIDTH 64\nTILEHEIGHT 64\nPIXELSIZE 4\nDATA {count}\n".encode()


def refused(path: Path, message: str) -> None:
    with pytest.raises(InputError, match=message) as told:
        documents.read(path)
    assert str(told.value).endswith(".")


KRITA = '<layer name="a" filename="a" nodetype="paintlayer" colorspacename="RGBA"/>'
ENTITIES = '[<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]'


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("x.ora", '<layer src="../x.png"/>'),
        ("x.ora", '<layer src="/etc/x.png"/>'),
        ("x.ora", '<layer src="data/../../x.png"/>'),
        ("x.ora", '<layer src="C:\\x.png"/>'),
        ("x.kra", KRITA.replace('"a"', '"../../x"')),
        ("x.kra", KRITA.replace('filename="a"', 'filename="..\\x"')),
    ],
)
def test_no_part_lies_outside(tmp_path: Path, name: str, layer: str):
    refused(archive(tmp_path / name, layer, {"/etc/x.png": picture(4), "../x.png": picture(4)}), "outside of itself")


@pytest.mark.parametrize("name", ["x.ora", "x.kra"])
@pytest.mark.parametrize(
    "xml",
    [
        f"<!DOCTYPE d {ENTITIES}><image w='1' h='1'><stack><layer name='&b;'/></stack></image>",
        "<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><DOC>&a;</DOC>",
        "<!DOCTYPE d SYSTEM 'a>b' [<!ENTITY a 'b'>]><DOC>&a;</DOC>",
        "<!DOCTYPE d [<!ENTITY % a SYSTEM 'http://x/y'> %a;]><DOC/>",
    ],
)
def test_no_entities(tmp_path: Path, name: str, xml: str):
    refused(archive(tmp_path / name, xml, {}), "document type of its own")


@pytest.mark.parametrize("name", ["x.ora", "x.kra"])
def test_text_without_end(tmp_path: Path, name: str):
    refused(archive(tmp_path / name, "<!-- -->" + " " * 2**25, {}), "bytes, which cannot be")


def test_a_picture_is_no_longer_than_it_says(tmp_path: Path):
    """Deflate on deflate: of a million zeros one byte is left."""
    path = archive(tmp_path / "x.ora", '<layer src="a.png"/>', {"a.png": picture(4)[:-12] + bytes(10**8)})
    assert path.stat().st_size < 200_000
    refused(path, "bytes, which cannot be")


@pytest.mark.parametrize("name", ["x.ora", "x.kra"])
def test_a_part_unpacks_to_no_more_than_it_claims(tmp_path: Path, name: str):
    layer, part = ('<layer src="a.png"/>', "a.png") if name == "x.ora" else (KRITA, "A/layers/a")
    path = archive(tmp_path / name, layer, {part: bytes(3 * 10**8)})
    data = path.read_bytes().replace(struct.pack("<I", 3 * 10**8), struct.pack("<I", 1000))
    path.write_bytes(data)
    refused(path, "damaged|no PNG")


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_that_unpack_without_a_limit(tmp_path: Path, packing: int):
    path = archive(tmp_path / "x.ora", '<layer src="a.png"/>', {"a.png": bytes(10**7)}, packing)
    refused(path, "packed in a way")


def test_many_layers_of_one_picture_are_one_in_memory(tmp_path: Path):
    path = archive(tmp_path / "x.ora", '<layer src="a.png"/>' * 2000, {"a.png": picture(1000)})
    assert len(documents.read(path).layers) == 2000


@pytest.mark.parametrize("clips", [False, True])
def test_small_pictures_of_large_nothing(tmp_path: Path, clips: bool):
    """Each is small enough; all together are not. Clipped ones are no longer shared."""
    if clips:
        group = '<stack name="{}" isolation="isolate"><layer composite-op="svg:dst-in" src="a.png"/>{}</stack>'
        layers = "".join(group.format(n, '<layer src="a.png"/>' * 2) for n in range(99))
        marks = json.dumps({"clips": [[str(n)] for n in range(99)], "through": [], "masks": []}).encode()
        parts = {"a.png": picture(1000), "layersr.marks": marks}
    else:
        layers = "".join(f'<layer src="{n}.png"/>' for n in range(99))
        parts = {f"{n}.png": picture(1000) for n in range(99)}
    refused(archive(tmp_path / "x.ora", layers, parts), "has memory for")


@pytest.mark.parametrize("kind", ["layer", "mask"])
def test_krita_layers_and_masks_without_end(tmp_path: Path, kind: str):
    """A few bytes that are one colour as far as the canvas goes."""
    layers, parts = "", {}
    for n in range(20):
        masks = f'<masks><mask nodetype="transparencymask" filename="m{n}"/></masks>' if kind == "mask" else ""
        layers += KRITA.replace('"a"', f'"l{n}"').replace("/>", f">{masks}</layer>")
        parts[f"A/layers/l{n}"] = tiles()
        parts[f"A/layers/l{n}.defaultpixel"] = bytes([1, 2, 3, 255 if kind == "layer" else 0])
        parts[f"A/layers/m{n}.pixelselection"] = tiles().replace(b"SIZE 4", b"SIZE 1")
        parts[f"A/layers/m{n}.pixelselection.defaultpixel"] = b"\x80"
    refused(archive(tmp_path / "x.kra", layers, parts), "has memory for")


def test_krita_layers_are_no_others(tmp_path: Path):
    """A find of the fuzzer: thousands of layers that are all the same part took their time."""
    refused(archive(tmp_path / "x.kra", KRITA * 2, {"A/layers/a": tiles()}), "in one another")


def test_krita_tiles_at_two_ends(tmp_path: Path):
    tile = b"LZF,16385\n" + bytes(16385)
    both = tiles(2) + b"-4096,-4096," + tile + b"8128,8128," + tile
    refused(archive(tmp_path / "x.kra", KRITA, {"A/layers/a": both}), "has memory for")


def deep(groups: int) -> LayerStack:
    return LayerStack(8, 8, (Layer("x", SQUARE, group=tuple(f"{n}" for n in range(groups))),))


@pytest.mark.parametrize("name", NAMES)
def test_groups_lie_only_so_deep(tmp_path: Path, name: str):
    most = guard.DEEPEST - 1
    documents.write(deep(most), tmp_path / name)
    assert len(documents.read(tmp_path / name).layers[0].group) == most
    documents.write(deep(150), tmp_path / name)
    refused(tmp_path / name, "too deep")


@pytest.mark.parametrize(
    ("name", "open_", "close"),
    [("x.ora", "<stack>", "</stack>"), ("x.kra", '<layer nodetype="grouplayer"><layers>', "</layers></layer>")],
)
def test_a_hundred_thousand_groups_in_one_another(tmp_path: Path, name: str, open_: str, close: str):
    refused(archive(tmp_path / name, open_ * 100_000 + close * 100_000, {}), "too deep")


def test_groups_of_one_name_are_told_apart_in_time(tmp_path: Path):
    """All of another opacity: each compared with each would take very long."""
    group = '<stack name="g" opacity="{:.6f}"><layer src="a.png"/></stack>'
    path = archive(tmp_path / "x.ora", "".join(group.format(n / 3_000) for n in range(3_000)), {"a.png": picture(1)})
    stack = documents.read(path)
    assert len({layer.group for layer in stack.layers}) == 3_000


def test_more_layers_than_anybody_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("layersr.documents.named_groups.MAX_LAYERS", 1000)
    path = archive(tmp_path / "x.ora", '<layer src="a.png"/>' * 1001, {"a.png": picture(1)})
    refused(path, "too many layers")


@pytest.mark.parametrize("suffix", [".ora", ".kra"])
@pytest.mark.parametrize("value", ["1e300", "nan", "-1e400", "99999999999999999999"])
def test_places_and_resolutions_that_cannot_be(tmp_path: Path, suffix: str, value: str):
    stack = replace(scene(np.uint8), resolution=(300.0, 300.0))
    documents.write(stack, tmp_path / f"x{suffix}")
    part, place = ("stack.xml", b'x="10"') if suffix == ".ora" else ("maindoc.xml", b'x="10"')
    parts = parts_of(tmp_path / f"x{suffix}")
    assert place in parts[part]
    far = parts | {part: parts[part].replace(place, b'x="' + value.encode() + b'"', 1)}
    put_together(far, [], tmp_path / f"y{suffix}")
    refused(tmp_path / f"y{suffix}", "damaged")
    known = b'xres="300"' if suffix == ".ora" else b'x-res="300.0"'
    assert known in parts[part]
    odd = parts | {part: parts[part].replace(known, known.split(b'"')[0] + b'"' + value.encode() + b'"')}
    put_together(odd, [], tmp_path / f"z{suffix}")
    resolution = documents.read(tmp_path / f"z{suffix}").resolution
    assert resolution is None or max(resolution) < float("inf")


def changed(path: Path, before: bytes, after: bytes) -> None:
    data = path.read_bytes()
    assert data.count(before) == 1
    path.write_bytes(data.replace(before, after))


def one_layer(path: Path, mask: LayerMask | None = None) -> None:
    documents.write(LayerStack(8, 8, (Layer("x", SQUARE, 1, 2, mask=mask),)), path)


@pytest.mark.parametrize("side", [46_000, 2**31 - 3, -5])
def test_psd_layers_as_large_as_they_claim(tmp_path: Path, side: int):
    one_layer(tmp_path / "x.psd")
    place = struct.pack(">4i", 2, 1, 6, 5)
    changed(tmp_path / "x.psd", place, struct.pack(">4i", 2, 1, max(-(2**31), 2 + side), max(-(2**31), 1 + side)))
    if side < 0:
        assert documents.read(tmp_path / "x.psd").layers[0].pixels.size == 0
    else:
        refused(tmp_path / "x.psd", "damaged|cannot be|memory")


def test_psd_layers_without_channels(tmp_path: Path):
    """Nothing is stored for them: black, as large as they like."""
    one_layer(tmp_path / "x.psd")
    place = struct.pack(">4iH", 2, 1, 6, 5, 4)
    head = struct.pack(">4iH", 2, 1, 40_000, 40_000, 4)
    data = (tmp_path / "x.psd").read_bytes()
    at = data.index(place)
    numbers = bytearray(data[at + 18 : at + 18 + 24])
    for n in range(4):
        struct.pack_into(">h", numbers, 6 * n, -3)
    (tmp_path / "x.psd").write_bytes(data[:at] + head + bytes(numbers) + data[at + 18 + 24 :])
    refused(tmp_path / "x.psd", "has memory for")


def test_psd_masks_without_values(tmp_path: Path):
    """A find of the fuzzer: a mask has a place and no channel."""
    values = noise(0, 3, 3, np.uint8)[..., 0]
    one_layer(tmp_path / "x.psd", LayerMask(values, 1, 2))
    changed(tmp_path / "x.psd", struct.pack(">I4i", 20, 2, 1, 5, 4), struct.pack(">I4i", 20, 0, 0, 2**16, 98_304))
    data = (tmp_path / "x.psd").read_bytes()
    at = data.index(struct.pack(">4iH", 2, 1, 6, 5, 5)) + 18 + 4 * 6
    assert data[at : at + 2] == struct.pack(">h", -2)
    (tmp_path / "x.psd").write_bytes(data[:at] + struct.pack(">h", -3) + data[at + 2 :])
    assert documents.read(tmp_path / "x.psd").layers[0].mask.values.size == 0


def test_psd_canvases_as_large_as_their_picture(tmp_path: Path):
    one_layer(tmp_path / "x.psd")
    head = b"8BPS\0\1" + bytes(6)
    changed(tmp_path / "x.psd", head + struct.pack(">HII", 4, 8, 8), head + struct.pack(">HII", 4, 8, 30_000))
    refused(tmp_path / "x.psd", "cut short")


@pytest.mark.parametrize("name", ["../x.json", "/etc/passwd", "link.png", "pipe.png", "deeper"])
def test_folders_hold_files_and_nothing_else(tmp_path: Path, name: str):
    documents.write(scene(np.uint8), tmp_path / "x")
    (tmp_path / "secret.png").write_bytes(picture(4))
    (tmp_path / "x" / "link.png").symlink_to(tmp_path / "secret.png")
    os.mkfifo(tmp_path / "x" / "pipe.png")
    (tmp_path / "x" / "deeper").mkdir()
    for key in ("file", "provenance"):
        listed = json.loads((tmp_path / "x" / "layers.json").read_text())
        listed["layers"][1][key] = name
        (tmp_path / "x" / "layers.json").write_text(json.dumps(listed))
        refused(tmp_path / "x", "outside of it|no file in it")


@pytest.mark.parametrize("text", ["[" * 10**5, '{"width": 1e400}', "9" * 10**5, '{"width": {}}', "null", "\ufeff{}"])
def test_lists_of_folders_that_are_none(tmp_path: Path, text: str):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "layers.json").write_text(text)
    refused(tmp_path / "x", "damaged")


@pytest.mark.parametrize("name", [*NAMES, "x"])
def test_a_sound_document_is_still_read(tmp_path: Path, name: str):
    stack = replace(masked_scene(np.uint16), groups={("outer",): Group(0.4, locks=frozenset({"pixels"}))})
    documents.write(stack, tmp_path / name)
    assert documents.read(tmp_path / name).groups["outer",].locks == {"pixels"}
