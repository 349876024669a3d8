"""Depth: what is made of what models say, how it helps to tell the order, and the layer that shows it."""

import json
import warnings
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from checkpoints import tiny
from layersr import backends, documents, pipeline, references
from layersr.backends.distances import RelativeDepth, relative
from layersr.backends.views import View
from layersr.cli import cli
from layersr.decomposing.element import Element
from layersr.decomposing.nearness import MOST, nearer
from layersr.decomposing.occlusion import above
from layersr.decomposing.order import order
from layersr.errors import UsageError, WeightsError
from layersr.flattening import flatten
from layersr.images import write_image
from layersr.layers import Image
from layersr.recipe import KEEPS, Recipe
from layersr.summary import summarise

CANVAS = (80, 120)
NAMES = ["depth-anything", "midas", "zoedepth"]


def disc(x: float, y: float, radius: float, canvas: tuple[int, int] = CANVAS) -> np.ndarray:
    rows, columns = np.indices(canvas)
    return np.hypot(rows - y, columns - x) <= radius


FRONT = disc(70, 40, 25)
BACK = disc(40, 40, 25) & ~FRONT


def element(name: str, mask: np.ndarray, peel: int = 0) -> Element:
    window = (slice(0, mask.shape[0]), slice(0, mask.shape[1]))
    return Element(window, mask.astype(np.float32), np.zeros((*mask.shape, 3), np.float32), 0.5, peel, name=name)


def depths(front: float, back: float, ground: float = 1.0) -> np.ndarray:
    return np.where(FRONT, front, np.where(BACK, back, ground)).astype(np.float32)


def ordered(depth: np.ndarray | None, front: np.ndarray = FRONT, back: np.ndarray = BACK) -> list[Element]:
    return order([element("front", front), element("back", back)], CANVAS, depth=depth)


def names(elements: list[Element]) -> list[str]:
    return [one.name for one in elements]


# what models say


def test_depth_runs_from_the_nearest_to_the_farthest_whatever_a_few_pixels_say():
    said = np.linspace(10, 2, 10_000, dtype=np.float32).reshape(100, 100)
    said[0, 0], said[50, 50], said[99, 99] = 1e6, np.nan, -np.inf
    found = relative(said)
    assert found.dtype == np.float32
    assert 0 == found.min() < found.max() == 1
    assert found[2, 50] < 0.05 < 0.45 < found[50, 40] < 0.55 < 0.95 < found[97, 50]


def test_metres_become_nearness_and_what_is_almost_even_is_not_stretched():
    metres = np.tile(np.float32([1, 1, 2, 2, 100, 100]), (6, 1))
    found = relative(metres, metres=True)
    assert found[0, 0] == pytest.approx(0, abs=1e-5)
    assert found[0, 5] == pytest.approx(1, abs=1e-5)
    assert found[0, 2] == pytest.approx(0.505, abs=0.01)  # 1/1, 1/2, 1/100
    wall = np.tile(np.float32([5.0, 5.05]), (6, 3))
    assert np.ptp(relative(wall)) < 0.15
    assert (relative(np.full((5, 4), 3, np.float32)) == 0.5).all()
    assert (relative(np.zeros((5, 4), np.float32)) == 0.5).all()


@pytest.mark.parametrize("room", [0.0, 3.0])
@pytest.mark.parametrize("size", [(60, 90), (200, 33), (1, 300), (1, 1)])
def test_what_a_model_says_lies_where_the_picture_is(size: tuple[int, int], room: float):
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'layersr[transformers]'")

    class Bright:
        def __call__(self, pixel_values: object) -> SimpleNamespace:
            assert all(side % 8 == 0 for side in pixel_values.shape[2:])
            return SimpleNamespace(predicted_depth=torch.nn.functional.avg_pool2d(pixel_values.mean(1), 2))

    rows, columns = np.indices(size, np.float32)
    image = np.repeat(((rows + columns) / (sum(size)))[..., None], 3, axis=2).astype(np.float32)
    view = View(shortest=48, longest=192, divisor=8, mean=(0.0,) * 3, deviation=(1.0,) * 3)
    found = RelativeDepth(Bright(), view, room=room)(image)
    assert found.shape == size
    if min(size) > 1:  # bright is near
        assert np.abs(found - (1 - (image[..., 0] - image.min()) / np.ptp(image))).max() < 0.08


@pytest.mark.parametrize("name", NAMES)
def test_the_real_loading_code_reads_the_picture(name: str):
    model = backends.load("depth", tiny("depth", name))
    rng = np.random.default_rng(0)
    image = rng.random((48, 64, 3)).astype(np.float32)
    found = model(image)
    assert found.std() > 0.01
    assert not np.array_equal(found, model(np.ascontiguousarray(image[::-1])))
    assert model(image[:, :3]).shape == (48, 3)


@pytest.mark.parametrize("name", NAMES)
def test_models_see_nearly_what_their_own_image_processor_shows(name: str):
    choice = tiny("depth", name)
    model = backends.load("depth", choice)
    import transformers

    rows, columns = np.indices((96, 128), np.float32)
    image = np.dstack([np.sin(rows / 19), np.cos(columns / 23), np.sin((rows + columns) / 31)]).astype(np.float32)
    image = np.rint((image / 2 + 0.5) * 255).astype(np.uint8)
    own = transformers.AutoImageProcessor.from_pretrained(
        choice.partition("=")[2], local_files_only=True, backend="pil"
    )
    wanted = own(images=image, return_tensors="np")["pixel_values"]
    shown = []
    inner = model._model
    model._model = lambda pixel_values: shown.append(pixel_values.numpy()) or inner(pixel_values=pixel_values)
    model((image / 255).astype(np.float32))
    ratio, own_ratio = (planes.shape[2] / planes.shape[3] for planes in (shown[0], wanted))
    assert ratio == pytest.approx(own_ratio, rel=0.2)  # but for whole patches
    if shown[0].shape == wanted.shape:
        assert np.abs(shown[0] - wanted).mean() < 0.05


def test_weights_that_lack_something_are_refused_but_not_for_what_is_never_used(tmp_path: Path):
    folder = Path(tiny("depth", "midas").partition("=")[2])  # made without, as it is published
    backends.load("depth", f"midas={folder}")
    from safetensors.torch import load_file, save_file

    for file in ("config.json", "preprocessor_config.json"):
        (tmp_path / file).write_bytes((folder / file).read_bytes())
    weights = load_file(folder / "model.safetensors")
    weights.pop(next(name for name in weights if "fusion_stage" in name))
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(WeightsError, match="does not hold all weights"):
        backends.load("depth", f"midas={tmp_path}")


# the order


def test_the_nearer_one_is_told_where_the_two_meet():
    assert nearer(FRONT, BACK, depths(0.2, 0.6)) == pytest.approx(-nearer(BACK, FRONT, depths(0.2, 0.6)))
    assert 1.2 < nearer(FRONT, BACK, depths(0.2, 0.6)) <= MOST
    assert 0 < nearer(FRONT, BACK, depths(0.5, 0.54)) < 0.7  # a little nearer is little evidence
    assert nearer(FRONT, disc(10, 10, 5), depths(0.2, 0.6)) == 0  # apart
    _, columns = np.indices(CANVAS, np.float32)
    leaning = np.where(FRONT, 0.5, 0.5 + (45 - columns) / 512).astype(np.float32)  # far at its other end only
    assert abs(nearer(FRONT, BACK, leaning)) < 0.1
    rough = depths(0.3, 0.4) + 0.3 * np.random.default_rng(0).random(CANVAS, np.float32)
    assert abs(nearer(FRONT, BACK, rough)) < nearer(FRONT, BACK, depths(0.3, 0.4))
    whole = disc(40, 40, 25)  # completed under what came off before it: what is hidden shows the other's depth
    assert nearer(FRONT, whole, depths(0.2, 0.6), (0, 1)) == nearer(FRONT, BACK, depths(0.2, 0.6), (0, 1))


def test_depth_turns_an_order_that_little_speaks_for_and_agrees_with_a_right_one():
    left, right = np.zeros(CANVAS, bool), np.zeros(CANVAS, bool)
    left[20:60, 20:60], right[20:60, 60:100] = True, True  # side by side: no shape tells
    one, two = element("left", left), element("right", right, 1)
    assert names(order([one, two], CANVAS)) == ["right", "left"]  # it came off first
    depth = np.where(left, np.float32(0.8), np.float32(0.3))
    turned = order([one, two], CANVAS, depth=depth)
    assert names(turned) == ["left", "right"]
    assert turned[1].covers["left"] > 0.5
    assert turned[1].nearer["left"] > 0.75
    assert (turned[0].depth, turned[1].depth) == (pytest.approx(0.8), pytest.approx(0.3))

    plain, agreed = ordered(None), ordered(depths(0.2, 0.6))
    assert names(plain) == names(agreed) == ["back", "front"]
    assert agreed[1].covers["back"] > plain[1].covers["back"]


def test_clear_shapes_outweigh_depth_and_the_report_says_that_they_do_not_agree():
    contrary = ordered(depths(0.6, 0.2))
    assert above(FRONT, BACK) > MOST  # both cues of shape
    assert names(contrary) == ["back", "front"]
    assert contrary[1].covers["back"] < ordered(None)[1].covers["back"]
    assert contrary[1].nearer["back"] < 0.3


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_even_depth_changes_nothing(value: float):
    rng = np.random.default_rng(4)
    discs = [disc(rng.integers(10, 110), rng.integers(10, 70), rng.integers(8, 25)) for _ in range(9)]
    elements = [element(f"e{n}", mask, n // 4) for n, mask in enumerate(discs)]
    plain = order(elements, CANVAS)
    even = order(elements, CANVAS, depth=np.full((41, 60), value, np.float32))
    assert names(plain) == names(even)
    assert [one.covers for one in plain] == [one.covers for one in even]  # to the last bit
    assert all(not one.nearer for one in even)


def test_the_artist_knows_better_than_depth():
    asked = [replace(element("front", FRONT), asked=True), replace(element("back", BACK), asked=True)]
    assert names(order(asked, CANVAS, depth=depths(0.9, 0.1))) == ["back", "front"]
    assert names(order(asked[::-1], CANVAS)) == ["front", "back"]  # though its shape says that it lies below
    pair = [element("front", FRONT), element("back", BACK)]
    assert names(order(pair[::-1], CANVAS)) == ["back", "front"]
    assert names(order(pair, CANVAS, ["back", "front"], depth=depths(0.1, 0.9))) == ["front", "back"]


# the pipeline


def picture() -> np.ndarray:
    rows, columns = np.indices((64, 96), np.float32)
    rgba = np.dstack([columns / 96, rows / 64, np.full(rows.shape, 0.4), np.ones(rows.shape)])
    rgba[disc(40, 32, 14, (64, 96))] = (0.2, 0.9, 0.1, 1)
    rgba[disc(58, 32, 14, (64, 96))] = (0.9, 0.2, 0.1, 1)
    return np.rint(rgba * 255).astype(np.uint8)


QUICK = {"detect": "flood", "matte": "classic", "infill": "smooth", "upscale": "classic", "alpha": "classic"}


@pytest.fixture
def seen(stand_ins: None, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """A depth model named `ramp`, near at the right, and the shapes it was asked about."""
    shapes: list[tuple[int, ...]] = []

    def estimate(image: np.ndarray) -> np.ndarray:
        shapes.append(image.shape)
        return np.tile(np.linspace(1, 0, image.shape[1], dtype=np.float32), (image.shape[0], 1))

    ramp = backends.Backend("depth", "ramp", lambda device: estimate)
    known = {**backends.find(), ("depth", "ramp"): ramp}
    monkeypatch.setattr(backends, "find", lambda: known)
    return shapes


@pytest.mark.parametrize(("scale", "dtype"), [(1, np.uint8), (2, np.uint8), (1, np.uint16)])
def test_the_depth_layer_is_hidden_grey_and_white_where_near(seen: list[tuple[int, ...]], scale: int, dtype: type):
    pixels = picture().astype(dtype) * (np.iinfo(dtype).max // 255)
    wish = {"boxes": ((26, 18, 28, 28),), "keep": ("depth",), "depth": "ramp", "scale": scale}
    stack = pipeline.run(Image(pixels), Recipe(**QUICK, **wish))
    layer = stack.layers[-1]
    assert (layer.name, layer.visible, layer.width, layer.pixels.dtype) == (references.DEPTH, False, 96 * scale, dtype)
    assert (layer.pixels[..., 3] == np.iinfo(dtype).max).all()
    assert (layer.pixels[..., 0] == layer.pixels[..., 2]).all()
    assert layer.pixels[0, 0, 0] == 0
    assert layer.pixels[-1, -1, 0] == np.iinfo(dtype).max
    assert seen == [(64, 96, 3)]  # asked once, of the picture as it is
    if scale == 1:
        assert np.array_equal(flatten(stack), pixels)
    else:
        assert flatten(stack).shape == (128, 192, 4)


def test_depth_is_in_the_report_and_changes_nothing_where_it_is_not_asked_for(seen: list[tuple[int, ...]]):
    image = Image(picture())
    recipe = Recipe(**{**QUICK, "detect": "classic"}, granularity=1.0, scale=1)
    plain, deep = pipeline.run(image, recipe), pipeline.run(image, replace(recipe, depth="ramp"))
    assert len(seen) == 1
    assert np.array_equal(flatten(deep), image.pixels)
    told = [layer["facts"] for layer in summarise(image, deep)["layers"] if "covers" in layer["facts"]]
    assert len(told) == 2
    assert all(0 <= facts["depth"] <= 1 for facts in told)
    assert json.dumps(told)
    assert not any("depth" in layer.facts or "nearer" in layer.facts for layer in plain.layers)


def test_a_disagreement_is_a_sentence_of_the_report(seen: list[tuple[int, ...]]):
    image = Image(picture())
    stack = pipeline.run(image, Recipe(**QUICK, boxes=((26, 18, 28, 28),), scale=1))
    name = stack.layers[1].name
    facts = {**stack.layers[1].facts, "covers": {"jug": 0.6}, "nearer": {"jug": 0.2}}
    said = summarise(image, stack.with_layers((stack.layers[0], replace(stack.layers[1], facts=facts))))["check"]
    assert any(f"“{name}” above “jug”" in sentence and "--order" in sentence for sentence in said)


def test_depth_cannot_be_kept_without_a_model():
    with pytest.raises(UsageError, match="--depth NAME"):
        Recipe(keep=("depth",))
    assert Recipe(keep=("depth",), depth="midas").keep == ("depth",)
    done = CliRunner().invoke(cli, ["export", "nowhere.png", "--keep", "depth"])
    assert "--depth NAME" in str(done.exception)
    assert all(name in CliRunner().invoke(cli, ["export", "--help"]).output for name in KEEPS)


@pytest.mark.parametrize("name", NAMES)
def test_a_whole_export_with_a_depth_model_is_exact(name: str, tmp_path: Path):
    choice = tiny("depth", name)
    write_image(picture(), tmp_path / "in.png")
    places = [str(tmp_path / file) for file in ("in.png", "out.psd")]
    options = ["--detect", "classic", "--matte", "classic", "--infill", "classic", "--scale", "1", "--granularity", "1"]
    report = ["--report", str(tmp_path / "report.json")]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        done = CliRunner().invoke(cli, ["export", *places, *options, "--depth", choice, "--keep", "depth", *report])
    assert done.exit_code == 0, done.output
    stack = documents.read(places[1])
    assert np.array_equal(flatten(stack), picture())
    assert (stack.layers[-1].name, stack.layers[-1].visible) == (references.DEPTH, False)
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["recipe"]["depth"] == choice
    assert any("depth" in layer["facts"] for layer in told["layers"])
