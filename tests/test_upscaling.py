"""Law 3: the scaled stack shrinks back to the picture; layers keep their place, name and order."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layersr.backends import load
from layersr.blocks import means, repeated
from layersr.color import levels
from layersr.flattening import flatten
from layersr.layers import Group, Layer, LayerMask, LayerStack, Provenance
from layersr.seal import seal
from layersr.upscaling import consistency, in_tiles, resize, upscale
from layersr.upscaling.back_projection import back_project
from layersr.upscaling.chain import Chain, steps
from layersr.upscaling.room import ROOM, with_room, without_room
from layersr.upscaling.trust import edges, trusted


def stack(dtype: type = np.uint8, alpha: bool = False) -> LayerStack:
    rng = np.random.default_rng(3)
    top = levels(dtype)
    smooth = rng.random((8, 10, 4)).repeat(4, axis=0).repeat(4, axis=1)
    smooth[..., 3] = np.tile(np.linspace(0, 1, 40), (32, 1)) if alpha else 1
    ground = np.rint(smooth * top).astype(dtype)
    element = np.rint(rng.random((12, 14, 4)) * top).astype(dtype)
    element[2:9, 3:12, 3] = top
    raw = LayerStack(
        40, 32, (Layer("background", ground), Layer("thing", element, 30, -5, group=("g",))), resolution=(72.0, 72.0)
    )
    return seal(raw, ground)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(("scale", "context"), [(2, False), (4, False), (2, True)])
def test_shrinks_back(dtype: type, scale: int, context: bool) -> None:
    small = stack(dtype)
    large = upscale(small, load("upscale", "classic"), load("alpha", "classic"), scale, context=context)
    assert (large.width, large.height) == (40 * scale, 32 * scale)
    back = means((flatten(large)[..., :3] / levels(dtype)).astype(np.float32), scale)
    error = back - flatten(small)[..., :3] / levels(dtype)
    assert -10 * np.log10(np.mean(error**2)) > 50


def test_layers_keep_what_they_are() -> None:
    small = stack()
    large = upscale(small, load("upscale", "classic"), load("alpha", "classic"), 2)
    thing = large.layers[1]
    assert (thing.name, thing.group) == ("thing", ("g",))
    # Its edge may be seen a little beyond the pixels that were its own, but no farther than it was given room.
    assert 60 - 2 * ROOM <= thing.left <= 60
    assert thing.top == -10
    assert 60 + 28 <= thing.left + thing.width <= 60 + 28 + 2 * ROOM
    assert thing.pixels.shape[0] <= 24 + 2 * ROOM
    assert thing.provenance.shape == thing.pixels.shape[:2]
    assert large.resolution == (144, 144)
    assert (large.layers[0].pixels[..., 3] == 255).all()


def test_scale_1_is_the_stack_itself() -> None:
    small = stack()
    assert upscale(small, load("upscale", "classic"), load("alpha", "classic"), 1) is small


def test_an_own_alpha_survives() -> None:
    large = upscale(stack(alpha=True), load("upscale", "classic"), load("alpha", "classic"), 2)
    alpha = flatten(large)[..., 3].astype(float)
    assert alpha[:, 0].max() < 10
    assert alpha[:, -1].min() > 245


def test_back_projection_brings_back_even_what_has_nothing_to_do_with_the_picture() -> None:
    rng = np.random.default_rng(0)
    small = rng.random((12, 9, 3)).astype(np.float32)
    small[:2], small[2:4] = 0, 1
    large = rng.integers(0, 2, (48, 36, 3)).astype(np.float32)  # black and white: everything clips
    made = back_project(large, small, 4, 0.0)
    assert 0 <= made.min() <= made.max() <= 1
    assert np.abs(means(made, 4) - small).max() < 1e-5
    nearly = back_project(large, small, 4, 0.003)
    assert np.sqrt(np.square(means(nearly, 4) - small).mean()) == pytest.approx(0.003, rel=0.01)


def test_back_projection_is_exact_but_for_clipping() -> None:
    rng = np.random.default_rng(0)
    small = (0.2 + 0.6 * rng.random((6, 7, 3))).astype(np.float32)
    large = back_project(np.full((18, 21, 3), 0.5, np.float32), small, 3)
    assert np.abs(means(large, 3) - small).max() < 1e-3


@pytest.mark.parametrize(
    ("scales", "scale", "expected"),
    [((2, 4), 8, (2, 4)), ((2, 4), 3, (4,)), ((4,), 2, (4,)), ((2,), 8, (2, 2, 2)), ((2,), 1, ()), ((3,), 3, (3,))],
)
def test_factors_are_made_of_those_a_model_knows(scales: tuple, scale: int, expected: tuple) -> None:
    assert steps(scales, scale) == expected


class Blocks:
    """Nearest neighbours, one factor only."""

    def __init__(self, scale: int) -> None:
        self.scales = (scale,)

    def __call__(self, image: np.ndarray, scale: int) -> np.ndarray:
        assert scale in self.scales
        return np.repeat(np.repeat(image, scale, axis=0), scale, axis=1)


@pytest.mark.parametrize("factor", [2, 3, 4, 8])
@pytest.mark.parametrize("known", [2, 3])
def test_a_chain_keeps_place_and_size(factor: int, known: int) -> None:
    ramp = np.repeat(np.linspace(0, 1, 20, dtype=np.float32)[None, :, None], 15, axis=0).repeat(3, axis=2)
    large = Chain(Blocks(known))(ramp, factor)
    assert large.shape == (15 * factor, 20 * factor, 3)
    assert np.abs(means(large, factor) - ramp).max() < 0.03


@pytest.mark.parametrize("scale", [3, 8])
def test_the_own_networks_do_the_other_factors(scale: int) -> None:
    small = stack()
    large = upscale(small, load("upscale", "layersr"), load("alpha", "layersr"), scale)
    back = means((flatten(large)[..., :3] / 255).astype(np.float32), scale)
    assert -10 * np.log10(np.mean((back - flatten(small)[..., :3] / 255) ** 2)) > 50


def test_layers_that_blend_shrink_back_one_by_one() -> None:
    small = stack()
    thing = replace(small.layers[1], blend="multiply", opacity=0.5)
    hidden = replace(small.layers[1], name="hidden", visible=False)
    small = small.with_layers((small.layers[0], thing, hidden))
    large = upscale(small, load("upscale", "classic"), load("alpha", "classic"), 2)
    assert [(x.name, x.blend, x.opacity, x.visible) for x in large.layers] == [
        ("background", "normal", 1.0, True),
        ("thing", "multiply", 0.5, True),
        ("hidden", "normal", 1.0, False),
    ]
    for before, after in zip(small.layers, large.layers, strict=True):
        whole = before.pixels[..., 3] == 255
        back = means((after.pixels[..., :3] / 255).astype(np.float32), 2)[whole]
        assert np.abs(back - before.pixels[..., :3][whole] / 255).mean() < 0.01


@pytest.mark.parametrize("alpha", [False, True])
def test_a_size_between(alpha: bool) -> None:
    small = stack(alpha=alpha)
    between = resize(small, 70, 56)
    assert (between.width, between.height, between.resolution) == (70, 56, (126, 126))
    ground, thing = between.layers
    assert (ground.left, ground.top, ground.width, ground.height) == (0, 0, 70, 56)
    assert (thing.left, thing.top, thing.width, thing.height) == (52, -9, 25, 22)
    assert thing.provenance.shape == thing.pixels.shape[:2]
    if not alpha:
        assert (flatten(between)[..., 3] == 255).all()
    back = cv2.resize(flatten(between).astype(np.float32), (40, 32), interpolation=cv2.INTER_AREA)
    assert np.abs(back[..., 3] - flatten(small)[..., 3]).mean() < 2
    assert resize(small, 40, 32) is small


def test_in_bands_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    small = stack()
    models = load("upscale", "layersr"), load("alpha", "layersr")
    whole = upscale(small, *models, 2)
    monkeypatch.setattr(consistency, "AREA", 80 * 2 * 7)  # seven small rows at a time
    monkeypatch.setattr(in_tiles, "CELL", 16)
    parts = upscale(small, *models, 2)
    for a, b in zip(whole.layers, parts.layers, strict=True):
        assert np.abs(a.pixels.astype(int) - b.pixels)[a.pixels[..., 3] > 0].mean() < 1.5
    back = means((flatten(parts)[..., :3] / 255).astype(np.float32), 2)
    assert -10 * np.log10(np.mean((back - flatten(small)[..., :3] / 255) ** 2)) > 50


def test_where_layers_come_back_wrong_the_flat_picture_speaks() -> None:
    rng = np.random.default_rng(1)
    small = cv2.GaussianBlur(rng.random((30, 40, 3)).astype(np.float32), (0, 0), 2)
    upscaler, doubt = load("upscale", "classic"), np.zeros((30, 40), bool)
    doubt[:, :20] = True
    flat = upscaler(small, 2)
    wrong = np.clip(flat + 0.2, 0, 1)
    asked = []

    def enlarged(seen: tuple[slice, slice]) -> np.ndarray:
        asked.append(seen)
        return flat[seen[0].start * 2 : seen[0].stop * 2, seen[1].start * 2 : seen[1].stop * 2]

    mixed = trusted(wrong, small, doubt, enlarged, 2)
    assert np.abs(mixed - flat)[:, :30].max() < 0.01
    np.testing.assert_array_equal(mixed[:, 48:], wrong[:, 48:])
    assert asked
    asked.clear()
    assert trusted(flat, small, doubt, enlarged, 2) is flat  # layers that are right cost no second enlargement
    assert trusted(wrong, small, np.zeros_like(doubt), enlarged, 2) is wrong
    assert not asked


def test_mattes_are_doubted_at_their_edges_only() -> None:
    small = stack()
    doubt = edges(small)
    assert doubt[2, 33]
    assert not doubt[:, :18].any()
    assert not edges(small.with_layers(small.layers[:1])).any()


def test_masks_and_groups_come_along() -> None:
    small = stack()
    rows, columns = np.mgrid[:12, :14]
    disc = np.where((rows - 6) ** 2 + (columns - 7) ** 2 < 20, 255, 0).astype(np.uint8)
    mask = LayerMask(disc, 30, -5, beyond=True, active=False)
    group = Group(0.5, False, "multiply", LayerMask(np.full((32, 40), 128, np.uint8)))
    masked = replace(small, layers=(small.layers[0], replace(small.layers[1], mask=mask)), groups={("g",): group})
    large = upscale(masked, load("upscale", "classic"), load("alpha", "classic"), 3)
    kept, its = large.layers[1].mask, large.groups["g",]
    assert (kept.left, kept.top, kept.values.shape, kept.beyond, kept.active) == (90, -15, (36, 42), True, False)
    assert (kept.values[16:20, 19:23] == 255).all()  # exact where all around is
    assert (kept.values[:3, :3] == 0).all()
    assert 0 < kept.values[18, 5] < 255 or 0 < kept.values[18, 8] < 255  # soft along the edge
    assert (its.opacity, its.visible, its.blend) == (0.5, False, "multiply")
    assert (its.mask.values == 128).all()
    assert its.mask.values.shape == (96, 120)


def test_masked_stacks_shrink_back_layer_by_layer() -> None:
    small = stack()
    rows, columns = np.mgrid[:32, :40]
    soft = np.clip(20 * (12 - np.hypot(rows - 16, columns - 20)), 0, 255).astype(np.uint8)
    masked = replace(small, layers=(small.layers[0], replace(small.layers[1], mask=LayerMask(soft))))
    large = upscale(masked, load("upscale", "layersr"), load("alpha", "layersr"), 2)
    shrunk = cv2.resize(large.layers[1].mask.values, (40, 32), interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk.astype(int) - soft).mean() < 2


@pytest.mark.parametrize("beyond", [True, False])
def test_masks_are_resized(beyond: bool) -> None:
    small = stack()
    mask = LayerMask(np.full((8, 10), 0 if beyond else 255, np.uint8), 4, 6, beyond)
    masked = replace(small, layers=(small.layers[0], replace(small.layers[1], mask=mask)))
    other = resize(masked, 60, 48)
    expected = np.full((48, 60), 255 if beyond else 0)
    expected[9:21, 6:21] = 0 if beyond else 255
    found = other.layers[1].mask.over(0, 0, 60, 48)
    assert np.abs(found - expected)[12:18, 9:18].max() <= 8  # along its edge the filter has its say
    expected[8:22, 5:22] = found[8:22, 5:22]
    np.testing.assert_array_equal(found, expected)


@given(st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 4), st.booleans())
def test_room_is_given_on_the_canvas_and_taken_back(left: int, top: int, scale: int, wider: bool) -> None:
    pixels = np.full((5, 7, 4), 200, np.uint8)
    layer = Layer("thing", pixels, left, top, provenance=np.full((5, 7), Provenance.ORIGINAL, np.uint8))
    wide = with_room(layer, 12, 10)
    assert wide.left >= min(0, left)
    assert wide.top >= min(0, top)
    assert wide.left + wide.width <= max(12, left + 7)
    assert wide.top + wide.height <= max(10, top + 5)
    large = replace(
        wide,
        pixels=repeated(wide.pixels, scale),
        provenance=repeated(wide.provenance, scale),
        left=wide.left * scale,
        top=wide.top * scale,
    )
    back = without_room(large, layer, scale, wider=wider)
    assert (back.left, back.top) == (left * scale, top * scale)
    np.testing.assert_array_equal(back.pixels, repeated(pixels, scale))
    np.testing.assert_array_equal(back.provenance, repeated(layer.provenance, scale))


def test_what_is_seen_beside_a_layers_own_pixels_is_kept() -> None:
    layer = Layer("thing", np.full((5, 7, 4), 200, np.uint8), 10, 10)
    wide = with_room(layer, 40, 40)
    pixels = repeated(wide.pixels, 2)
    pixels[:, 7, 3] = 1
    large = replace(wide, pixels=pixels, left=2 * wide.left, top=2 * wide.top)
    assert without_room(large, layer, 2, wider=True).left == 19
    assert without_room(large, layer, 2, wider=False).left == 20


def test_faint_pixels_do_not_colour_an_enlarged_edge() -> None:
    """Colours solved from an alpha of a few percent are mostly rounding errors."""
    ground = np.full((24, 24, 4), 255, np.uint8)
    ground[..., :3] = 90
    thing = np.zeros((12, 12, 4), np.uint8)
    thing[2:10, 2:10] = (200, 120, 40, 255)
    thing[1, 2:10] = thing[10, 2:10] = (0, 255, 255, 8)
    models = load("upscale", "layersr"), load("alpha", "layersr")
    small = LayerStack(24, 24, (Layer("background", ground), Layer("thing", thing, 6, 6)))
    large = upscale(seal(small, flatten(small)), *models, 4).layers[1]
    firm = large.pixels[..., 3] > 60
    assert np.abs(large.pixels[firm][:, :3].astype(int) - (200, 120, 40)).mean() < 6
