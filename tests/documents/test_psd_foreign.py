"""What other applications put into a PSD, built with psd-tools: folded into plain layers, or refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from document_stacks import assert_same
from PIL import Image
from psd_tools import PSDImage
from psd_tools.constants import BlendMode, ColorMode, Compression, Tag
from psd_tools.psd.descriptor import Descriptor, Double
from psd_tools.psd.layer_and_mask import LayerInfoBlock, MaskParameters
from psd_tools.psd.tagged_blocks import DescriptorBlock

from layersr import color, documents
from layersr.documents.named_groups import same
from layersr.errors import InputError
from layersr.flattening import flatten
from layersr.layers import Group, LayerStack
from layersr.pipeline import upscale
from layersr.recipe import Recipe


def opened(psd: PSDImage, tmp_path: Path) -> LayerStack:
    psd.save(tmp_path / "x.psd")
    return documents.read(tmp_path / "x.psd")


def red(width: int = 4, height: int = 3) -> Image.Image:
    return Image.new("RGBA", (width, height), (250, 10, 20, 200))


@pytest.mark.parametrize(("mode", "value", "expected"), [("RGB", (1, 2, 3), [1, 2, 3]), ("L", 9, [9, 9, 9])])
def test_flat(tmp_path: Path, mode: str, value: object, expected: list[int]):
    stack = opened(PSDImage.frompil(Image.new(mode, (3, 2), value)), tmp_path)
    assert (stack.width, stack.height, len(stack.layers)) == (3, 2, 1)
    assert stack.layers[0].pixels[1, 2].tolist() == [*expected, 255]
    assert "no layers" in stack.notes[0]
    assert any("RGB" in note for note in stack.notes) == (mode == "L")


def test_cmyk_without_profile(tmp_path: Path):
    psd = PSDImage.new("CMYK", (3, 2))
    psd._record.image_data.set_data([bytes([value] * 6) for value in (0, 255, 204, 128)], psd._record.header)
    with (tmp_path / "x.psd").open("wb") as file:
        psd._record.write(file)
    stack = documents.read(tmp_path / "x.psd")
    assert stack.layers[0].pixels[0, 0].tolist() == [0, 128, 102, 255]  # PSD stores the paper that shows, not the ink
    assert any("cmyk to RGB" in note for note in stack.notes)


@pytest.mark.parametrize("mode", [ColorMode.LAB, ColorMode.MULTICHANNEL, ColorMode.INDEXED])
def test_modes_without_counterpart_are_refused(tmp_path: Path, mode: ColorMode):
    psd = PSDImage.new("RGB", (3, 2))
    psd._record.header.color_mode = mode
    with (tmp_path / "x.psd").open("wb") as file:
        psd._record.write(file)
    with pytest.raises(InputError, match="convert it to RGB"):
        documents.read(tmp_path / "x.psd")


def test_32_bit_is_refused(tmp_path: Path):
    PSDImage.new("RGB", (3, 2), depth=32).save(tmp_path / "x.psd")
    with pytest.raises(InputError, match="32 bits"):
        documents.read(tmp_path / "x.psd")


def test_groups_are_kept(tmp_path: Path):
    psd = PSDImage.new("RGB", (9, 9))
    group = psd.create_group(name="shadows")
    layer = psd.create_pixel_layer(red(), name="red", top=2, left=1)
    group.append(layer)
    group.opacity, group.visible, group.blend_mode = 51, False, BlendMode.MULTIPLY
    layer.opacity, layer.blend_mode = 100, BlendMode.VIVID_LIGHT
    stack = opened(psd, tmp_path)
    (read,) = stack.layers
    assert (read.name, read.group, read.visible, read.blend) == ("red", ("shadows",), True, "vivid-light")
    assert read.opacity == 100 / 255
    assert same(stack.groups["shadows",], Group(51 / 255, False, "multiply"))
    assert not stack.notes


def test_groups_of_one_name_that_do_different_things(tmp_path: Path):
    psd = PSDImage.new("RGB", (9, 9))
    for opacity in (51, 102, 51):
        group = psd.create_group(name="twin")
        group.append(psd.create_pixel_layer(red(), name="red"))
        group.opacity = opacity
    stack = opened(psd, tmp_path)
    assert [layer.group for layer in stack.layers] == [("twin",), ("twin (2)",), ("twin",)]
    assert [stack.groups[path].opacity for path in (("twin",), ("twin (2)",))] == [51 / 255, 102 / 255]
    assert "Two groups are called “twin”" in stack.notes[0]


@pytest.mark.parametrize("elsewhere", [0, 255])
@pytest.mark.parametrize("enabled", [True, False])
def test_mask_is_kept(tmp_path: Path, elsewhere: int, enabled: bool):
    psd = PSDImage.new("RGB", (9, 9))
    layer = psd.create_pixel_layer(red().convert("RGB"), name="red", top=2, left=1)
    layer.create_mask(Image.new("L", (2, 9), 51))
    layer.mask._data.background_color = elsewhere
    layer.mask._data.flags.mask_disabled = not enabled
    stack = opened(psd, tmp_path)
    (kept,) = stack.layers
    assert (kept.pixels[..., 3] == 255).all()
    assert kept.mask.over(kept.left, kept.top, 4, 1).tolist() == [[51, 51, elsewhere, elsewhere]]
    assert kept.mask.active == enabled
    assert flatten(stack)[2, 1:5, 3].tolist() == ([51, 51, elsewhere, elsewhere] if enabled else [255] * 4)


def test_a_thinned_mask_lets_something_through_everywhere(tmp_path: Path):
    psd = PSDImage.new("RGB", (9, 9))
    layer = psd.create_pixel_layer(red().convert("RGB"), name="red", top=2, left=1)
    layer.create_mask(Image.new("L", (2, 9), 0))
    layer.mask._data.background_color = 0
    layer.mask._data.flags.parameters_applied = True
    layer.mask._data.parameters = MaskParameters(user_mask_density=51)
    stack = opened(psd, tmp_path)
    assert flatten(stack)[2, 1:5, 3].tolist() == [204] * 4


def test_clipping_is_kept(tmp_path: Path):
    psd = PSDImage.new("RGB", (9, 9))
    base = psd.create_pixel_layer(red(2, 9).convert("RGB"), name="base", top=0, left=2)
    base.opacity = 51
    psd.create_pixel_layer(red(4, 3).convert("RGB"), name="clipped", top=1, left=0).clipping = True
    stack = opened(psd, tmp_path)
    assert [layer.clipped for layer in stack.layers] == [False, True]
    assert (stack.layers[1].pixels[..., 3] == 255).all()
    assert flatten(stack)[1, :, 3].tolist() == [0, 0, 51, 51, *[0] * 5]
    assert not stack.notes
    documents.write(stack, tmp_path / "x.ora")
    assert not documents.losses(stack, tmp_path / "x.ora")
    assert_same(replace(stack, notes=()), documents.read(tmp_path / "x.ora"))


def test_clipping_to_a_group_is_told(tmp_path: Path):
    psd = PSDImage.new("RGB", (9, 9))
    psd.create_pixel_layer(red(), name="low")
    psd.create_group(name="g").append(psd.create_pixel_layer(red(), name="in"))
    psd.create_pixel_layer(red(), name="clipped").clipping = True
    stack = opened(psd, tmp_path)
    assert not any(layer.clipped for layer in stack.layers)
    assert stack.notes == ("The clipping of the layer “clipped” was dropped: below it is no layer of pixels.",)


def test_fill_opacity_counts(tmp_path: Path):
    psd = PSDImage.new("RGB", (9, 9))
    layer = psd.create_pixel_layer(red(), name="red")
    layer.tagged_blocks.set_data(Tag.BLEND_FILL_OPACITY, 102)
    assert opened(psd, tmp_path).layers[0].opacity == 102 / 255


@pytest.mark.parametrize("compression", ["RAW", "RLE", "ZIP", "ZIP_WITH_PREDICTION"])
@pytest.mark.parametrize("own_block", [False, True])
def test_16_bit_exactly(tmp_path: Path, compression: str, own_block: bool):
    """Photoshop keeps the layers of 16-bit documents in a block Lr16, and packs them as it likes."""
    values = np.random.default_rng(0).integers(0, 65536, (5, 6, 4)).astype(np.uint16)
    psd = PSDImage.new("RGB", (9, 9), depth=16)
    psd.create_pixel_layer_from_array(values.astype(np.float32) / 65535, name="deep", top=-1, left=5)
    record = psd._record
    info = record.layer_and_mask_information.layer_info
    for channel, number in zip(info.channel_image_data[0], info.layer_records[0].channel_info, strict=True):
        channel.compression = Compression[compression]
        channel.set_data(values[..., int(number.id)].astype(">u2").tobytes(), 6, 5, 16)
    if own_block:
        record.layer_and_mask_information.layer_info.layer_count = 0
        block = LayerInfoBlock(1, info.layer_records, info.channel_image_data)
        record.layer_and_mask_information.tagged_blocks.set_data(Tag.LAYER_16)
        record.layer_and_mask_information.tagged_blocks[Tag.LAYER_16].data = block
    with (tmp_path / "x.psd").open("wb") as file:
        record.write(file)
    (layer,) = documents.read(tmp_path / "x.psd").layers
    assert np.array_equal(layer.pixels, values)
    assert (layer.name, layer.left, layer.top) == ("deep", 5, -1)


def filled(psd: PSDImage, said: DescriptorBlock, tag: Tag, name: str) -> None:
    """Turn a new layer into one that stores no pixels and says what it is filled with."""
    layer = psd.create_pixel_layer(Image.new("RGB", (1, 1)), name=name)
    record = layer._record
    layer.tagged_blocks.set_data(tag)
    layer.tagged_blocks[tag].data = said
    record.top = record.left = record.bottom = record.right = 0
    for info, channel in zip(record.channel_info, layer._channels, strict=True):
        channel.compression, channel.data, info.length = Compression.RAW, b"", 2


def colour_of(red: float, green: float, blue: float) -> DescriptorBlock:
    colour = Descriptor(classID=b"RGBC")
    for key, value in ((b"Rd  ", red), (b"Grn ", green), (b"Bl  ", blue)):
        colour[key] = Double(value)
    said = DescriptorBlock(classID=b"null", version=16)
    said[b"Clr "] = colour
    return said


def test_fill_layers_without_pixels_are_painted(tmp_path: Path):
    psd = PSDImage.new("RGB", (7, 5))
    psd.create_pixel_layer(red(), name="red", left=1, top=1)
    filled(psd, colour_of(10, 200, 30), Tag.SOLID_COLOR_SHEET_SETTING, "green")
    stack = opened(psd, tmp_path)
    assert [(layer.name, layer.left, layer.width, layer.height) for layer in stack.layers] == [
        ("red", 1, 4, 3),
        ("green", 0, 7, 5),
    ]
    assert (stack.layers[1].pixels == (10, 200, 30, 255)).all()
    assert stack.notes == ("The fill layer “green” was turned into pixels.",)


def test_a_fill_that_nobody_can_paint_is_told(tmp_path: Path):
    psd = PSDImage.new("RGB", (7, 5))
    filled(psd, DescriptorBlock(classID=b"null", version=16), Tag.SOLID_COLOR_SHEET_SETTING, "odd")
    stack = opened(psd, tmp_path)
    assert not stack.layers
    assert "“odd” stores no pixels and was dropped" in stack.notes[0]


def test_adjustments_are_kept(tmp_path: Path):
    psd = PSDImage.new("RGB", (9, 9))
    psd.create_pixel_layer(red().convert("RGB"), name="red")
    layer = psd.create_pixel_layer(red().convert("RGB"), name="darker")
    layer.tagged_blocks.set_data(Tag.INVERT)
    layer.opacity = 102
    psd.create_pixel_layer(red().convert("RGB"), name="clipped").tagged_blocks.set_data(Tag.INVERT)
    psd[2].clipping = True
    stack = opened(psd, tmp_path)
    assert [(layer.name, layer.clipped) for layer in stack.layers] == [
        ("red", False),
        ("darker", False),
        ("clipped", True),
    ]
    assert stack.notes == tuple(
        f"The adjustment layer “{name}” is kept, but the flattened picture is without it."
        for name in ("darker", "clipped")
    )
    large = upscale(stack, Recipe(scale=2, upscale="classic", alpha="classic"))
    documents.write(large, tmp_path / "large.psd")
    kept = PSDImage.open(tmp_path / "large.psd")[1]
    assert (kept.kind, kept.name, kept.opacity) == ("invert", "darker", 102)
    again = documents.read(tmp_path / "large.psd")
    assert again.layers[1].adjustment == stack.layers[1].adjustment
    documents.write(again, tmp_path / "folder")
    assert documents.read(tmp_path / "folder").layers[1].adjustment == stack.layers[1].adjustment
    assert "“darker”" in " ".join(documents.losses(large, "x.ora"))
    documents.write(large, tmp_path / "x.ora")
    assert [layer.name for layer in documents.read(tmp_path / "x.ora").layers] == ["red"]
    assert stack.icc in (None, color.srgb_profile())
