"""XCF of GIMP's other versions and kinds is read as far as it goes, with a word for what is not."""

import struct
from pathlib import Path

import numpy as np
import pytest
from document_stacks import noise
from xcf_builder import RAW, RUNS, ZLIB, File, Thing, parasite, prop

from layersr import color, documents
from layersr.errors import InputError
from layersr.layers import LayerStack


def read(path: Path, file: File) -> LayerStack:
    return documents.read(file.write(path / "x.xcf"))


@pytest.mark.parametrize("packing", [RAW, RUNS, ZLIB])
@pytest.mark.parametrize("version", [0, 1, 2, 3, 4, 6, 7, 10, 11, 12, 18, 22])
def test_all_versions_and_packings(tmp_path: Path, version: int, packing: int):
    pixels = noise(0, 70, 130, np.uint8)
    precision = 0 if version == 4 else 150
    file = File(
        version, (130, 70), precision=precision, packing=packing, things=[Thing(pixels), Thing(pixels[..., :3], 0)]
    )
    file.paths = file.link(0) if version >= 18 else b""
    stack = read(tmp_path, file)
    np.testing.assert_array_equal(stack.layers[1].pixels, pixels)
    np.testing.assert_array_equal(stack.layers[0].pixels[..., :3], pixels[..., :3])
    assert stack.layers[0].pixels[..., 3].min() == 255
    assert stack.notes == ()
    assert (stack.layers[0].blend, stack.layers[0].opacity, stack.layers[0].left, stack.resolution) == (
        "normal",
        1,
        0,
        None,
    )


@pytest.mark.parametrize("version", [11, 12])
def test_sixteen_bits_in_either_order(tmp_path: Path, version: int):
    pixels, mask = noise(0, 70, 30, np.uint16), noise(1, 70, 30, np.uint16)[..., :1]
    stack = read(tmp_path, File(version, precision=250, packing=RUNS, things=[Thing(pixels, mask=mask)]))
    np.testing.assert_array_equal(stack.layers[0].pixels, pixels)
    np.testing.assert_array_equal(stack.layers[0].mask.values, mask[..., 0])


def test_grey_and_palettes_become_rgb(tmp_path: Path):
    grey = noise(0, 9, 8, np.uint8)[..., :2]
    stack = read(tmp_path, File(base=1, things=[Thing(grey, 3), Thing(grey[..., :1], 2)]))
    np.testing.assert_array_equal(stack.layers[1].pixels, grey[..., [0, 0, 0, 1]])
    assert stack.notes == ("The colours were converted from greyscale to RGB.",)
    index = np.array([[[0, 255], [1, 9]]], np.uint8)
    colours = struct.pack(">III6B", 1, 2 + 4, 2, 10, 20, 30, 40, 50, 60)  # with the wrong length old versions wrote
    stack = read(tmp_path, File(1, base=2, properties=colours, things=[Thing(index, 5)]))
    assert stack.layers[0].pixels.tolist() == [[[10, 20, 30, 255], [40, 50, 60, 9]]]
    assert stack.notes == ("The colours were converted from a palette to RGB.",)


@pytest.mark.parametrize(
    ("precision", "dtype", "word"),
    [
        (100, "u1", "8 bits in linear light"),
        (200, "u2", "16 bits in linear light"),
        (350, "u4", "32 bits"),
        (550, "f2", "16-bit floating"),
        (600, "f4", "32-bit floating"),
        (650, "f4", "32-bit floating"),
        (750, "f8", "64-bit floating"),
    ],
)
def test_other_precisions_become_sixteen_bits(tmp_path: Path, precision: int, dtype: str, word: str):
    given = np.array([[[0, 0.25, 1, 0.5], [0.001, 0.9, 0.5, 1]]])
    whole = dtype[0] == "u"
    stored = np.rint(given * color.levels(np.dtype(dtype))).astype(dtype) if whole else given.astype(dtype)
    light = stored / color.levels(stored.dtype) if whole else stored.astype(float)
    stack = read(tmp_path, File(12, precision=precision, things=[Thing(stored, mask=stored[..., :1])]))
    if precision % 100 == 0:
        light[..., :3] = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)[..., :3]
    np.testing.assert_array_equal(stack.layers[0].pixels, np.rint(light * 65535).astype(np.uint16))
    assert word in stack.notes[0]
    profile = parasite("icc-profile", color.srgb_profile())
    if precision % 100 == 0:
        with pytest.raises(InputError, match="Image > Precision"):
            read(tmp_path, File(12, precision=precision, properties=profile, things=[Thing(stored)]))


def test_values_beyond_black_and_white_are_clipped(tmp_path: Path):
    wild = np.array([[[np.nan, np.inf, -1, 7]]], np.float32)
    stack = read(tmp_path, File(12, precision=650, things=[Thing(wild)]))
    assert stack.layers[0].pixels.tolist() == [[[0, 65535, 0, 65535]]]


def test_what_has_no_counterpart_is_told(tmp_path: Path):
    pixels, mask = noise(0, 10, 20, np.uint8), noise(1, 10, 20, np.uint8)[..., :1]
    pixels[0, 0, 3] = 99
    encoded = prop(37, "i", 2) + prop(36, "i", 2)
    file = File(22, properties=prop(19, "2f", 72, 96) + parasite("icc-profile", b"profile"))
    file.things = [
        Thing(pixels, name="floating", properties=prop(5, "Q", 0)),
        Thing(pixels, name="words", properties=parasite("gimp-text-layer", b"(text)") + prop(7, "I", 999)),
        Thing(pixels, name="shape", properties=prop(47, "I", 1)),
        Thing(pixels, name="lit", properties=prop(7, "I", 28) + prop(36, "i", -1) + prop(35, "i", -1)),
        Thing(pixels, name="clips", properties=prop(7, "I", 30) + encoded + prop(35, "i", 2)),
        Thing(pixels, name="old", properties=prop(7, "I", 3) + prop(6, "I", 51) + prop(8, "I", 0) + prop(11, "I", 0)),
        Thing(None, name="empty", size=(20, 10), after=file.link(9)),
    ]
    file.things[5].mask = mask
    file.channels = [Thing(mask, name="extra"), Thing(mask, name="selected", properties=prop(4))]
    file.paths = file.link(9, 0)
    stack = read(tmp_path, file)
    assert [layer.name for layer in stack.layers] == ["empty", "old", "clips", "lit", "shape", "words"]
    assert [layer.blend for layer in stack.layers] == ["normal", "multiply", "multiply", "normal", "normal", "normal"]
    assert stack.layers[0].pixels.size == 0
    assert (stack.layers[1].opacity, stack.layers[1].visible) == (0.2, False)
    assert not stack.layers[1].mask.active
    assert (stack.icc, stack.resolution) == (b"profile", (72.0, 96.0))
    told = "\n".join(stack.notes)
    for part in (
        *("floating selection “floating”", "text layer “words”", "way layersr does not know (999)", "“shape”"),
        *("linear light, layersr encoded values: “lit”", "something is below them: “old”, “clips”"),
        *("effects of “empty”", "Channels were left out: “extra”", "Paths were left out."),
    ):
        assert part in told
    assert "selected" not in told


def test_groups_by_paths(tmp_path: Path):
    pixels, mask = noise(0, 5, 6, np.uint8), noise(1, 5, 6, np.uint8)[..., :1]
    group, faded = prop(29), prop(33, "f", 0.3) + prop(7, "I", 28)
    file = File(
        13,
        things=[
            Thing(pixels, name="top"),
            Thing(None, name="outer", size=(6, 5), properties=group + prop(7, "I", 61), mask=mask),
            Thing(
                None,
                name="inner",
                size=(6, 5),
                properties=group + prop(30, "2I", 1, 0) + faded,
            ),
            Thing(pixels, name="deep", properties=prop(30, "3I", 1, 0, 0) + prop(15, "2i", -3, 4)),
            Thing(pixels, name="beside", properties=prop(30, "2I", 1, 1)),
            Thing(pixels, name="ground"),
        ],
    )
    stack = read(tmp_path, file)
    assert [(layer.name, layer.group) for layer in stack.layers] == [
        ("ground", ()),
        ("beside", ("outer",)),
        ("deep", ("outer", "inner")),
        ("top", ()),
    ]
    assert (stack.layers[2].left, stack.layers[2].top) == (-3, 4)
    assert stack.notes == ("GIMP blends these in linear light, layersr encoded values: “inner”.",)
    assert stack.groups["outer",].blend == "pass-through"
    np.testing.assert_array_equal(stack.groups["outer",].mask.values, mask[..., 0])
    assert (stack.groups["outer", "inner"].blend, round(stack.groups["outer", "inner"].opacity, 6)) == ("normal", 0.3)


def test_a_real_old_document(shared_data: Path):
    stack = documents.read(shared_data / "layered" / "noto" / "noto.xcf")
    assert (stack.width, stack.height, len(stack.layers), stack.notes) == (779, 278, 10, ())
