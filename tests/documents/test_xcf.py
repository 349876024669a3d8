"""XCF: what layersr writes comes back, is sound to the byte, and needs little memory."""

import struct
import tracemalloc
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from document_stacks import assert_comes_back, assert_same, clipped_to_something, masked_scene, noise, scene, stacks
from hypothesis import given, settings

from layersr import color, documents
from layersr.documents import xcf_masks
from layersr.documents.named_groups import same_mask
from layersr.errors import OutputError
from layersr.flattening import flatten
from layersr.layers import Group, Layer, LayerMask, LayerStack


@given(stack=stacks().map(clipped_to_something))
def test_comes_back(tmp_path_factory: pytest.TempPathFactory, stack: LayerStack):
    assert_comes_back(stack, tmp_path_factory.mktemp("law") / "x.XCF")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pictures_of_many_tiles(tmp_path: Path, dtype: type):
    mask = LayerMask(noise(3, 200, 150, dtype)[..., 0], -20, 30, beyond=True)
    layers = (Layer("wide", noise(1, 65, 300, dtype), -3, 5), Layer("high", noise(2, 129, 64, dtype), 9, -7, mask=mask))
    assert_comes_back(LayerStack(256, 128, layers), tmp_path / "x.xcf")


def test_adjustments_are_left_out(tmp_path: Path):
    stack = scene(np.uint8)
    curves = Layer("curves", np.zeros((0, 0, 4), np.uint8), adjustment=b"8BIMcurv")
    adjusted = stack.with_layers((*stack.layers, curves))
    documents.write(adjusted, tmp_path / "x.xcf")
    assert_same(stack, documents.read(tmp_path / "x.xcf"))
    assert documents.losses(adjusted, tmp_path / "x.xcf") == (
        "XCF has no adjustment layers; left out: “curves”. A PSD keeps them.",
    )


def test_what_gimp_computes_otherwise_is_told():
    stack = scene(np.uint8)
    soft = tuple(replace(layer, blend="soft-light") if n == 1 else layer for n, layer in enumerate(stack.layers))
    assert "“soft 猫”" in documents.losses(stack.with_layers(soft), "x.xcf")[0]
    added = tuple(replace(layer, blend="add") if n == 1 else layer for n, layer in enumerate(stack.layers))
    assert documents.losses(stack.with_layers(added), "x.xcf") == ()  # its older mode serves on an opaque ground
    assert "“soft 猫”" in documents.losses(stack.with_layers(added[1:]), "x.xcf")[0]


@pytest.mark.parametrize(("across", "down"), [(0, 0), (5, -3)])
def test_a_mask_moves_with_its_layer(across: int, down: int):
    mask = LayerMask(noise(0, 30, 20, np.uint16)[..., 0], -5, 8, beyond=True, active=False)
    place = (3, 4, 10, 12)
    (band,) = xcf_masks.bands(mask, place, 64)
    seen = LayerMask(band, 3 + across, 4 + down, active=False)
    back = xcf_masks.loads(xcf_masks.dumps(mask, place, 5), seen)
    assert same_mask(back, replace(mask, left=mask.left + across, top=mask.top + down))
    painted = replace(seen, values=seen.values ^ 1)
    assert xcf_masks.loads(xcf_masks.dumps(mask, place, 64), painted) is painted


class Walk:
    """A strict reader of the structure, from the specification alone; it knows nothing of the writer.

    All pointers lead forward to where nothing else is, and no byte is left over.
    """

    def __init__(self, data: bytes):
        self.file, self.data = BytesIO(data), data

    def take(self, form: str) -> tuple:
        data = self.file.read(struct.calcsize(f">{form}"))
        return struct.unpack(f">{form}", data)

    def string(self) -> str:
        (length,) = self.take("I")
        data = self.file.read(length)
        assert data.index(b"\0") == length - 1
        return data[:-1].decode()

    def properties(self) -> dict[int, bytes]:
        found = {}
        while (head := self.take("2I")) != (0, 0):
            assert head[0] not in found
            found[head[0]] = self.file.read(head[1])
        return found

    def document(self) -> dict:
        assert self.file.read(10) == b"gimp xcf v"
        version = int(self.file.read(3))
        assert self.file.read(1) == b"\0"
        width, height, base, precision = self.take("4I")
        assert base == 0
        self.depth = {150: 1, 250: 2}[precision]
        properties = self.properties()
        assert properties[17] == b"\2"
        links = []
        while (link := self.take("Q")[0]) != 0:
            links.append(link)
        assert self.take("Q") == (0,)
        items = []
        for link in links:
            assert self.file.tell() == link
            items.append(self.item())
        assert self.file.tell() == len(self.data)
        masks = any(item["mask"] for item in items if 29 in item["properties"])
        assert version == (13 if masks else 12)
        return {"size": (width, height), "items": items}

    def item(self) -> dict:
        *size, kind = self.take("3I")
        assert kind == 1
        name, properties = self.string(), self.properties()
        hierarchy, mask = self.take("2Q")
        order = [key for key in properties if key in (29, 7, 37, 36, 35)]
        assert order == [key for key in (29, 7, 37, 36, 35) if key in properties]
        for key, values in ((37, [2]), (36, [2]), (35, [1, 2])):
            assert struct.unpack(">i", properties[key])[0] in values
        self.hierarchy(hierarchy, tuple(size), 0 if 29 in properties else 4)
        assert (mask != 0) == (11 in properties)
        if mask:
            assert self.file.tell() == mask
            assert self.take("2I") == tuple(size)
            self.string()
            self.properties()
            self.hierarchy(self.take("Q")[0], tuple(size), 1)
        return {"name": name, "properties": properties, "mask": mask}

    def hierarchy(self, place: int, size: tuple, channels: int) -> None:
        assert self.file.tell() == place
        assert self.take("3I") == (*size, (channels or 4) * self.depth)
        level, end = self.take("2Q")
        assert (level, end) == (self.file.tell(), 0)
        assert self.take("2I") == size
        tiles = [
            (min(64, size[0] - x), min(64, size[1] - y)) for y in range(0, size[1], 64) for x in range(0, size[0], 64)
        ]
        links = self.take(f"{len(tiles) if channels else 0}Q")
        assert self.take("Q") == (0,)
        for (width, height), link in zip(tiles, links, strict=False):
            assert self.file.tell() == link
            inflate = zlib.decompressobj()
            assert len(inflate.decompress(self.data[link:])) == width * height * channels * self.depth
            assert inflate.eof
            self.file.seek(len(self.data) - len(inflate.unused_data))


@settings(max_examples=25)
@given(stack=stacks())
def test_is_sound(tmp_path_factory: pytest.TempPathFactory, stack: LayerStack):
    path = tmp_path_factory.mktemp("walk") / "x.xcf"
    documents.write(stack, path)
    found = Walk(path.read_bytes()).document()
    assert found["size"] == (stack.width, stack.height)
    layers = [item for item in found["items"] if 29 not in item["properties"]]
    assert len(layers) == len(stack.layers)
    names = [layer.name.replace("\0", "").encode("utf-8", "replace").decode() for layer in stack.layers[::-1]]
    assert [item["name"] for item in layers] == names


def test_memory_does_not_grow_with_the_layers(tmp_path: Path):
    pixels = noise(0, 1024, 1024, np.uint8)
    stack = LayerStack(1024, 1024, tuple(Layer(str(n), pixels) for n in range(6)))
    documents.write(LayerStack(1, 1, ()), tmp_path / "x.xcf")
    tracemalloc.start()
    documents.write(stack, tmp_path / "x.xcf")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < pixels.nbytes // 2


def far(**change: object) -> LayerStack:
    return LayerStack(4, 4, (Layer("far away", noise(0, 3, 3, np.uint8), **change),))


@pytest.mark.parametrize(
    ("stack", "message"),
    [
        (LayerStack(300_001, 1, ()), "300,000"),
        (far(left=-600_000), "“far away” lies farther"),
        (far(top=2**40), "“far away” lies farther"),
        (far(mask=LayerMask(np.zeros((1, 300_001), np.uint8))), "the mask of “far away”"),
        (far().with_layers((Layer("long", np.zeros((1, 300_001, 4), np.uint8)),)), "“long”"),
        (
            LayerStack(
                4,
                4,
                tuple(Layer(str(n), noise(0, 3, 3, np.uint8), n * 90_000, n * 90_000, group=("g",)) for n in (0, 1)),
                groups={("g",): Group(mask=LayerMask(np.zeros((2, 2), np.uint8)))},
            ),
            "the group “g” with its mask has 90003 x 90003",
        ),
    ],
)
def test_what_gimp_cannot_have_is_refused(tmp_path: Path, stack: LayerStack, message: str):
    with pytest.raises(OutputError, match=message):
        documents.write(stack, tmp_path / "x.xcf")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_shows_the_same(tmp_path: Path, dtype: type):
    stack = masked_scene(dtype)
    documents.write(stack, tmp_path / "x.xcf")
    np.testing.assert_array_equal(flatten(documents.read(tmp_path / "x.xcf")), flatten(stack))
    assert color.levels(dtype) == flatten(stack)[..., 3].min()
