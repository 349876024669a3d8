"""PSD and PSB: what layersr writes comes back, is sound to the byte, and is understood by psd-tools."""

import struct
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from document_stacks import OTHER_PROFILE, assert_comes_back, assert_same, noise, scene, stacks
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from psd_tools import PSDImage
from psd_tools.composite import composite
from psd_tools.compression import rle

from layersr import color, documents
from layersr.cli import run
from layersr.documents import packbits, psd
from layersr.errors import OutputError
from layersr.flattening import flatten
from layersr.layers import Layer, LayerStack


@given(stack=stacks(), suffix=st.sampled_from([".psd", ".PSB"]))
def test_comes_back(tmp_path_factory: pytest.TempPathFactory, stack: LayerStack, suffix: str):
    assert_comes_back(stack, tmp_path_factory.mktemp("law") / f"x{suffix}")


class Walk:
    """A strict reader of the structure, from the specification alone; it knows nothing of the writer."""

    def __init__(self, data: bytes):
        self.file, self.data = BytesIO(data), data

    def take(self, form: str) -> tuple:
        size = struct.calcsize(form)
        data = self.file.read(size)
        assert len(data) == size
        return struct.unpack(form, data)

    def document(self) -> dict:
        signature, version, channels, height, width, depth, mode = self.take(">4sH6xHIIHH")
        assert (signature, mode) == (b"8BPS", 3)
        self.version, self.length = version, ">" + "IQ"[version - 1]
        assert self.data[6:12] == bytes(6)
        assert self.take(">I") == (0,)
        resources = self.resources()
        layers, negative = self.layers(depth)
        (compression,) = self.take(">H")
        assert compression == 1
        lengths = self.table(height * channels)
        for length in lengths:
            assert len(rle.decode(self.file.read(length), width * depth // 8)) == width * depth // 8
        assert self.file.tell() == len(self.data)  # no trailing bytes
        assert negative == (channels == 4) or not layers
        return {"resources": resources, "layers": layers, "channels": channels, "depth": depth}

    def table(self, rows: int) -> tuple:
        return self.take(f">{rows}{'HI'[self.version - 1]}")

    def resources(self) -> dict:
        (length,) = self.take(">I")
        assert length % 2 == 0
        end, found = self.file.tell() + length, {}
        while self.file.tell() < end:
            signature, number, name = self.take(">4sHB")
            assert signature == b"8BIM"
            self.file.read(name + (name + 1) % 2)
            (size,) = self.take(">I")
            found[number] = self.file.read(size)
            if size % 2:
                assert self.file.read(1) == b"\0"
        assert self.file.tell() == end
        return found

    def layers(self, depth: int) -> tuple[list[dict], bool]:
        (section,) = self.take(self.length)
        end = self.file.tell() + section
        (info,) = self.take(self.length)
        assert info % 4 == 0
        info_end = self.file.tell() + info
        (count,) = self.take(">h")
        records = [self.record() for _ in range(abs(count))]
        for record in records:
            for number, length in record["channels"]:
                top, left, bottom, right = record["masked" if number == -2 else "placed"]
                self.plane(length, (right - left) * depth // 8, bottom - top)
        assert 0 <= info_end - self.file.tell() < 4
        self.file.seek(info_end)
        assert self.take(">I") == (0,)
        assert self.file.tell() == end
        return records, count < 0

    def plane(self, length: int, row: int, height: int) -> None:
        end = self.file.tell() + length
        (compression,) = self.take(">H")
        if row and height:
            assert compression == 1
            lengths = self.table(height)
            assert sum(lengths) == end - self.file.tell()
            for part in lengths:
                assert len(rle.decode(self.file.read(part), row)) == row
        assert self.file.tell() == end

    def record(self) -> dict:
        *placed, channels = self.take(">4iH")
        listed = [self.take(">h" + self.length[1]) for _ in range(channels)]
        assert [number for number, _ in listed] in ([-1, 0, 1, 2], [-1, 0, 1, 2, -2])
        signature, blend, opacity, clipping, flags, filler, extra = self.take(">4s4s4BI")
        assert (signature, filler) == (b"8BIM", 0)
        assert clipping in (0, 1)
        assert extra % 2 == 0
        end = self.file.tell() + extra
        (mask,) = self.take(">I")
        assert mask == (20 if len(listed) == 5 else 0)
        if mask:
            *masked, elsewhere, state = self.take(">4i2B2x")
            assert elsewhere in (0, 255)
            assert state in (0, 2)
        assert self.take(">I40s") == (40, b"\0\0\xff\xff" * 10)
        (pascal,) = self.take(">B")
        assert self.file.read(pascal).isascii()
        self.file.read(-(pascal + 1) % 4)
        blocks = {}
        while self.file.tell() < end:
            signature, key, size = self.take(">4s4sI")
            assert (signature, size % 4) == (b"8BIM", 0)
            assert key not in blocks
            blocks[key] = self.file.read(size)
        assert self.file.tell() == end
        (units,) = struct.unpack_from(">I", blocks[b"luni"])
        assert 4 + 2 * units <= len(blocks[b"luni"]) < 4 + 2 * units + 4
        name = blocks[b"luni"][4 : 4 + 2 * units].decode("utf-16-be")
        assert units <= 255
        return locals() | {"channels": listed, "name": name}


@settings(max_examples=25)
@given(stack=stacks(), version=st.sampled_from([1, 2]))
def test_is_sound(tmp_path_factory: pytest.TempPathFactory, stack: LayerStack, version: int):
    path = tmp_path_factory.mktemp("walk") / ("x.psd" if version == 1 else "x.psb")
    documents.write(stack, path)
    walk = Walk(path.read_bytes())
    found = walk.document()
    assert walk.version == version
    assert found["depth"] == stack.dtype.itemsize * 8
    assert found["channels"] == (3 if (flatten(stack)[..., 3] == color.levels(stack.dtype)).all() else 4)
    numbers = [record["blocks"][b"lyid"] for record in found["layers"]]
    assert len(set(numbers)) == len(numbers)
    assert set(found["resources"]) >= {1005, 1036, 1039, 1057}
    assert found["resources"][1039] == (stack.icc or color.srgb_profile())
    assert found["resources"][1057][:5] == b"\0\0\0\1\1"
    depth = 0
    for record in found["layers"]:
        kind = struct.unpack_from(">I", record["blocks"].get(b"lsct", bytes(4)))[0]
        depth += {3: 1, 1: -1, 0: 0}[kind]
        assert depth >= 0
    assert depth == 0


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_thumbnail_is_a_picture_of_the_picture(tmp_path: Path, dtype: type):
    stack = scene(dtype, width=500, height=300)
    documents.write(stack, tmp_path / "x.psd")
    data = Walk((tmp_path / "x.psd").read_bytes()).document()["resources"][1036]
    form, width, height, row, total, packed, bits, planes = struct.unpack_from(">6I2H", data)
    assert (form, bits, planes, total, packed) == (1, 24, 1, row * height, len(data) - 28)
    assert max(width, height) == 160
    assert row % 4 == 0
    with Image.open(BytesIO(data[28:])) as thumbnail:
        assert thumbnail.size == (width, height)
        shown = np.asarray(thumbnail).astype(float)
    expected = Image.fromarray(color.to_8bit(flatten(stack))[..., :3]).resize((width, height), Image.Resampling.BOX)
    assert np.abs(shown - np.asarray(expected)).mean() < 4


@settings(max_examples=15)
@given(seed=st.integers(0, 999), dtype=st.sampled_from([np.uint8, np.uint16]))
def test_psd_tools_shows_the_same(tmp_path_factory: pytest.TempPathFactory, seed: int, dtype: type):
    stack = scene(dtype, seed)
    path = tmp_path_factory.mktemp("composite") / "x.psd"
    documents.write(stack, path)
    psd = PSDImage.open(path)
    shown, _, alpha = composite(psd, force=True)
    top = color.levels(dtype)
    difference = np.abs(shown.astype(np.float64) * top - flatten(stack)[..., :3])
    assert difference.max() < 0.5 + 1e-6 * top  # rounds to the same, but for ties that float32 cannot tell
    assert alpha.min() > 1 - 1e-6
    assert [layer.name for layer in psd.descendants() if not layer.is_group()] == [layer.name for layer in stack.layers]
    merged = np.stack(
        [
            np.frombuffer(plane, np.dtype(dtype).newbyteorder(">"))
            for plane in psd._record.image_data.get_data(psd._record.header)
        ],
        axis=1,
    )
    assert np.array_equal(merged.reshape(stack.height, stack.width, 3), flatten(stack)[..., :3])


def test_merged_transparency_is_matted_on_white(tmp_path: Path):
    pixels = np.array([[[10, 20, 30, 0], [100, 0, 200, 128], [1, 2, 3, 255]]], np.uint8)
    documents.write(LayerStack(3, 1, (Layer("x", pixels),)), tmp_path / "x.psd")
    planes = PSDImage.open(tmp_path / "x.psd")._record.image_data.get_data(
        PSDImage.open(tmp_path / "x.psd")._record.header
    )
    assert [list(plane) for plane in planes] == [[255, 177, 1], [255, 127, 2], [255, 227, 3], [0, 128, 255]]


def test_merged_given_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    stack = scene(np.uint8)
    documents.write(stack, tmp_path / "a.psd")
    picture = flatten(stack)
    monkeypatch.setattr("layersr.documents.merged.flatten_band", None)
    documents.write(stack, tmp_path / "b.psd", merged=picture)
    assert (tmp_path / "a.psd").read_bytes() == (tmp_path / "b.psd").read_bytes()


@pytest.mark.parametrize("side", ["width", "height"])
def test_too_large_for_psd_is_a_psb(tmp_path: Path, side: str):
    stack = LayerStack(**{"width": 2, "height": 2, side: 30_001}, layers=())
    assert documents.write(stack, tmp_path / "x.psd") == tmp_path / "x.psb"
    with pytest.raises(OutputError, match=r"name it \.psb"):  # one is there that nobody said may go
        documents.write(stack, tmp_path / "x.psd")
    assert documents.write(stack, tmp_path / "x.psb") == tmp_path / "x.psb"
    assert getattr(documents.read(tmp_path / "x.psb"), side) == 30_001
    assert [file.name for file in tmp_path.iterdir()] == ["x.psb"]


def test_more_than_2_gb_is_a_psb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("layersr.documents.psd.PSD_BYTES", 20_000)
    stack = LayerStack(200, 200, (Layer("x", noise(0, 200, 200, np.uint8)),))
    assert documents.write(stack, tmp_path / "x.psd") == tmp_path / "x.psb"
    assert_same(documents.read(tmp_path / "x.psb"), stack)
    with pytest.raises(OutputError, match=r"name it \.psb"):
        documents.write(stack, tmp_path / "x.psd")
    assert [file.name for file in tmp_path.iterdir()] == ["x.psb"]


def test_the_command_line_says_that_it_is_a_psb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd):
    monkeypatch.setattr("layersr.documents.psd.PSD_BYTES", 2_000)
    documents.write(LayerStack(40, 40, (Layer("x", noise(0, 40, 40, np.uint8)),)), tmp_path / "x.ora")
    command = [
        "upscale",
        str(tmp_path / "x.ora"),
        str(tmp_path / "y.psd"),
        "--upscale",
        "classic",
        "--alpha",
        "classic",
    ]
    assert run(command) == 0
    assert f"so it is {tmp_path / 'y.psb'}" in capfd.readouterr().err
    assert documents.read(tmp_path / "y.psb").width == 80


def test_the_manifest_yields_to_edits(tmp_path: Path):
    """Another application renames one layer and repaints another: what is still true stays, the rest goes."""
    pixels = [noise(seed, 4, 5, np.uint8) for seed in (1, 2)]
    codes = np.ones((4, 5), np.uint8)
    stack = LayerStack(
        9, 9, tuple(Layer(f"layer {i}", p, provenance=codes, facts={"i": i}) for i, p in enumerate(pixels))
    )
    documents.write(stack, tmp_path / "x.psd")
    psd = PSDImage.open(tmp_path / "x.psd")
    psd[0].name = "renamed"
    psd[1]._channels[1].set_data(bytes(20), 5, 4, 8)
    psd.save(tmp_path / "y.psd")
    renamed, repainted = documents.read(tmp_path / "y.psd").layers
    assert (renamed.name, renamed.facts) == ("renamed", {"i": 0})
    assert np.array_equal(renamed.provenance, codes)
    assert (repainted.name, repainted.provenance, repainted.facts) == ("layer 1", None, {})


def test_profile_of_ours_reads_as_none(tmp_path: Path):
    for icc, expected in [(None, None), (color.srgb_profile(), None), (OTHER_PROFILE, OTHER_PROFILE)]:
        documents.write(LayerStack(2, 2, (), icc=icc), tmp_path / "x.psd")
        assert documents.read(tmp_path / "x.psd").icc == expected


runs = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 400)), max_size=6)


@given(st.lists(st.binary(max_size=600) | runs, max_size=4), st.sampled_from([np.uint8, np.uint16]))
def test_packbits(rows: list[bytes | list[tuple[int, int]]], dtype: type):
    told = [row if isinstance(row, bytes) else b"".join(bytes([v]) * n for v, n in row) for row in rows]
    width = max(map(len, told), default=0) // 2 * 2
    plane = np.frombuffer(b"".join(row[:width].ljust(width, b"\0") for row in told), np.dtype(dtype).newbyteorder(">"))
    plane = plane.reshape(len(told), width // plane.itemsize)
    packed, lengths = packbits.encode(plane.astype(dtype))
    starts = np.cumsum([0, *lengths]).tolist()
    assert starts[-1] == len(packed)
    assert [rle.decode(packed[a:b], width) for a, b in pairwise(starts)] == [row.tobytes() for row in plane]


def test_packbits_of_the_longest_row():
    row = np.random.default_rng(0).integers(0, 65536, (1, psd.PSB_SIDE)).astype(np.uint16)
    packed, lengths = packbits.encode(row)
    assert lengths.tolist() == [len(packed)]
    assert rle.decode(packed, row.nbytes) == row.astype(">u2").tobytes()
