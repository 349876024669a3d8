"""The score: perfect for the truth itself, and each figure moved by what it measures and by nothing else."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layersr.errors import UsageError
from layersr.flattening import flatten
from layersr.layers import Layer, LayerStack
from layersr.score import Pair, assign, recomposition, score
from layersr.score.layerd import layerd, levels


def disc(name: str, x: int, y: int, radius: int, colour: tuple[int, int, int], dtype: type = np.uint8) -> Layer:
    """A soft-edged disc around x, y."""
    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    alpha = np.clip(radius - np.hypot(rows, columns), 0, 1)
    pixels = np.zeros((*alpha.shape, 4))
    pixels[..., :3] = np.asarray(colour) / 255
    pixels[..., 3] = alpha
    return Layer(name, np.rint(pixels * np.iinfo(dtype).max).astype(dtype), x - radius, y - radius)


def scene(dtype: type = np.uint8) -> LayerStack:
    ground = np.full((60, 80, 4), np.iinfo(dtype).max, dtype)
    ground[..., 0] = np.linspace(0, np.iinfo(dtype).max, 80).astype(dtype)
    layers = (
        Layer("ground", ground),
        disc("red", 25, 30, 14, (200, 30, 30), dtype),
        disc("green", 40, 30, 12, (30, 200, 30), dtype),
        disc("blue", 70, 10, 9, (30, 30, 200), dtype),
    )
    return LayerStack(80, 60, layers)


def reordered(stack: LayerStack, *order: int) -> LayerStack:
    return stack.with_layers(tuple(stack.layers[i] for i in order))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_truth_is_perfect(dtype: type):
    result = score(scene(dtype), scene(dtype))
    assert result.recomposition.exact == 1
    assert result.recomposition.psnr is None
    assert result.recomposition.identical
    assert result.alpha_iou == pytest.approx(1)
    assert result.colour_error == pytest.approx(0, abs=1e-6)
    assert (result.order_accuracy, result.found, result.false_elements, result.elements) == (1, 1, 0, 3)
    assert all(pair.right and pair.found and pair.below < pair.above for pair in result.pairs)
    assert [(m.truth, m.pred) for m in result.matches] == [(1, 1), (2, 2), (3, 3)]
    assert result.edge == result.gradient == result.hidden == 0
    assert result.contamination == pytest.approx(0, abs=1e-6)
    assert result.over_segmented == result.under_segmented == 0
    assert [(e.rgb, e.alpha_iou) for e in result.layerd] == [(pytest.approx(0, abs=1e-6), 1)] * 6


def test_order_of_layers_that_do_not_touch_is_free():
    result = score(reordered(scene(), 0, 3, 1, 2), scene())
    assert result.order_accuracy == 1
    assert result.recomposition.exact == 1


def test_wrong_order():
    result = score(reordered(scene(), 0, 2, 1, 3), scene())
    assert result.order_accuracy == 0
    (pair,) = result.pairs
    red, green = (np.pad(layer.pixels[..., 3], ((layer.top, 60), (layer.left, 80)))[:60, :80] / 255
                  for layer in scene().layers[1:3])  # fmt: skip
    shared = np.minimum(red, green).sum()
    assert replace(pair, overlap=0.0) == Pair(1, 2, right=False, found=True, overlap=0.0)
    assert pair.overlap == pytest.approx(shared, rel=1e-3)
    assert result.alpha_iou == pytest.approx(1)
    assert result.recomposition.exact < 1


def test_missing_element():
    result = score(reordered(scene(), 0, 1, 2), scene())
    assert result.alpha_iou == pytest.approx(2 / 3)
    assert result.found == pytest.approx(2 / 3)
    assert result.false_elements == 0
    assert result.order_accuracy == 1


def test_false_element():
    extra = disc("speck", 10, 55, 3, (0, 0, 0))
    result = score(scene().with_layers((*scene().layers, extra)), scene())
    assert result.false_elements == 1
    assert result.alpha_iou == pytest.approx(1)


def test_colour_error_is_the_difference_where_both_are():
    layers = list(scene().layers)
    pixels = layers[3].pixels.copy()
    pixels[..., :3] = (30, 60, 200)  # 30/255 in one of three channels, in one of three elements
    layers[3] = replace(layers[3], pixels=pixels)
    assert score(scene().with_layers(tuple(layers)), scene()).colour_error == pytest.approx(10 / 255 / 3, rel=1e-3)


def test_soft_iou_by_hand():
    def strip(alpha: int) -> LayerStack:
        ground = Layer("ground", np.full((4, 8, 4), 255, np.uint8))
        return LayerStack(8, 4, (ground, Layer("strip", np.full((2, 4, 4), (0, 0, 0, alpha), np.uint8), 2, 1)))

    assert score(strip(51), strip(255)).alpha_iou == pytest.approx(0.2)
    half = strip(255)
    half = half.with_layers((half.layers[0], replace(half.layers[1], left=4)))
    assert score(half, strip(255)).alpha_iou == pytest.approx(1 / 3)
    faded = half.with_layers((half.layers[0], replace(half.layers[1], left=2, opacity=0.5)))
    assert score(faded, strip(255)).alpha_iou == pytest.approx(0.5)


def test_hidden_layers_are_no_elements():
    layers = scene().layers
    hidden = scene().with_layers((*layers[:3], replace(layers[3], visible=False)))
    assert score(scene(), hidden).elements == 2
    assert score(scene(), hidden).false_elements == 1


def test_stacks_without_elements():
    bare = reordered(scene(), 0)
    result = score(bare, bare)
    assert (result.alpha_iou, result.colour_error, result.order_accuracy, result.found) == (None,) * 4
    assert score(scene(), bare).false_elements == 3
    assert score(bare, scene()).alpha_iou == 0


def enlarged(stack: LayerStack, scale: int) -> LayerStack:
    layers = tuple(
        replace(
            layer,
            pixels=layer.pixels.repeat(scale, axis=0).repeat(scale, axis=1),
            left=layer.left * scale,
            top=layer.top * scale,
        )
        for layer in stack.layers
    )
    return LayerStack(stack.width * scale, stack.height * scale, layers)


@pytest.mark.parametrize("scale", [2, 3])
def test_an_enlarged_stack_scores_as_the_small_one(scale: int):
    result = score(enlarged(scene(), scale), scene())
    assert result.alpha_iou == pytest.approx(1, abs=1e-5)
    assert result.recomposition.exact == 1
    assert result.recomposition.scale == scale
    assert not result.recomposition.identical


def test_cropping_off_the_grid_does_not_matter():
    """An enlarged layer may begin anywhere between the coarse pixels, and off the canvas."""
    large = enlarged(scene(), 2)
    layer = large.layers[1]
    padded = replace(
        layer, pixels=np.pad(layer.pixels, ((3, 1), (1, 4), (0, 0))), left=layer.left - 1, top=layer.top - 3
    )
    assert score(large.with_layers((large.layers[0], padded, *large.layers[2:])), scene()).alpha_iou == pytest.approx(
        1, abs=1e-5
    )


def test_other_sizes_are_refused():
    other = LayerStack(81, 60, scene().layers)
    with pytest.raises(UsageError, match="81 x 60"):
        score(other, scene())
    with pytest.raises(UsageError):
        score(scene(), enlarged(scene(), 2))


def test_recomposition_figures():
    picture = flatten(scene())
    off = picture.copy()
    off[0, 0, 1] -= 51
    result = recomposition(scene(), off)
    assert result.exact == pytest.approx(1 - 1 / 4800)
    assert result.max_error == pytest.approx(51, abs=1e-4)
    assert result.psnr == pytest.approx(-10 * np.log10(0.2**2 / (4800 * 3)), abs=1e-3)


def test_hidden_colours_do_not_show_but_are_told():
    clear = np.zeros((4, 4, 4), np.uint8)
    other = clear.copy()
    other[..., 0] = 9
    result = recomposition(LayerStack(4, 4, (Layer("ground", clear),)), other)
    assert (result.exact, result.psnr, result.identical) == (1, None, False)


def test_picture_instead_of_the_flattened_truth():
    assert score(scene(), scene(), np.zeros((60, 80, 4), np.uint8)).recomposition.exact == 0


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 2**32 - 1), st.booleans())
def test_assignment_is_the_best(rows: int, columns: int, seed: int, ties: bool):
    """Against every permutation, for small problems, with and without ties."""
    rng = np.random.default_rng(seed)
    cost = rng.integers(-3, 3, (rows, columns)).astype(float) if ties else rng.normal(size=(rows, columns))
    pairs = assign(cost)
    assert len(pairs) == min(rows, columns)
    assert len({r for r, _ in pairs}) == len({c for _, c in pairs}) == len(pairs)
    small = cost if rows <= columns else cost.T
    best = min(
        sum(small[i, j] for i, j in enumerate(chosen)) for chosen in permutations(range(small.shape[1]), small.shape[0])
    )
    assert sum(cost[pair] for pair in pairs) == pytest.approx(best)


def changed(index: int, pixels: np.ndarray) -> LayerStack:
    stack = scene()
    layers = list(stack.layers)
    layers[index] = replace(layers[index], pixels=pixels)
    return stack.with_layers(tuple(layers))


def test_a_hard_edge_is_an_edge_error_and_nothing_else():
    pixels = scene().layers[3].pixels.copy()
    pixels[..., 3] = np.where(pixels[..., 3] > 127, 255, 0)
    result = score(changed(3, pixels), scene())
    assert result.edge > 0.01
    assert result.gradient > 0
    assert result.contamination == pytest.approx(0, abs=1e-6)
    assert (result.found, result.hidden) == (1, 0)


def test_a_halo_is_contamination():
    pixels = scene().layers[1].pixels.copy()
    pixels[(pixels[..., 3] > 0) & (pixels[..., 3] < 255), :3] = 255
    result = score(changed(1, pixels), scene())
    assert result.contamination > 0.2 / 3
    assert result.edge == 0


def test_what_lies_behind_counts_when_an_element_is_moved_away():
    pixels = scene().layers[0].pixels.copy()
    pixels[25:35, 15:25, :3] = 0  # behind the red disc only
    result = score(changed(0, pixels), scene())
    hidden = {m.truth: m.hidden for m in result.matches}
    assert hidden[1] > 0.05
    assert hidden[3] == 0


def test_pieces_and_lumps_are_counted():
    stack = scene()
    red = stack.layers[1]
    middle = red.width // 2
    halves = (
        replace(red, name="left", pixels=red.pixels[:, :middle]),
        replace(red, name="right", pixels=red.pixels[:, middle:], left=red.left + middle),
    )
    pieces = score(stack.with_layers((stack.layers[0], *halves, *stack.layers[2:])), stack)
    assert pieces.over_segmented == pytest.approx(1 / 3)
    assert pieces.under_segmented == 0
    lump = flatten(stack.with_layers(stack.layers[1:3]))  # red and green as one layer
    lumped = score(stack.with_layers((stack.layers[0], Layer("lump", lump), stack.layers[3])), stack)
    assert lumped.under_segmented == pytest.approx(1 / 2)
    assert lumped.over_segmented == 0


def test_levels_are_merged_by_occlusion():
    canvas = [on_canvas(scene(), n) for n in range(4)]
    found = levels(canvas)
    assert len(found) == 3  # the ground; the red disc; the green one over it together with the blue one
    assert (found[-1][..., 3] > 0).sum() == (canvas[2][..., 3] > 0).sum() + (canvas[3][..., 3] > 0).sum()
    assert np.array_equal(found[1], canvas[1])


def test_merging_makes_up_for_pieces():
    """A disc in two overlapping halves costs the first score, and one merge mends it."""
    stack = scene()
    truth = [on_canvas(stack, n) for n in (0, 1)]
    low, high = truth[1].copy(), truth[1].copy()
    low[:, 27:], high[:, :23] = 0, 0
    edits = layerd([truth[0], low, high], truth)
    assert edits[0].alpha_iou < 0.9
    assert edits[1].alpha_iou > 0.99
    assert edits[1:] == edits[1:2] * 5
    assert layerd(truth[:1], truth)[0].alpha_iou < 0.7  # a picture that was not taken apart is scored, not skipped
    assert layerd([], truth) == ()


def on_canvas(stack: LayerStack, index: int) -> np.ndarray:
    """Premultiplied RGBA, float32."""
    pixels = flatten(stack.with_layers((stack.layers[index],))).astype(np.float32) / 255
    pixels[..., :3] *= pixels[..., 3:]
    return pixels
