"""The peel loop on pictures whose layers are known, with the classic backends and with stand-ins."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from layersr import backends, decomposing
from layersr.color import levels
from layersr.decomposing import Limits, Models
from layersr.decomposing.alike import gathered
from layersr.decomposing.element import Element
from layersr.decomposing.matting import foreground, fringe, share_residual, trimap
from layersr.decomposing.names import named
from layersr.flattening import flatten
from layersr.layers import Image, LayerStack, Provenance
from layersr.progress import Progress
from layersr.roles import Detection, Prompt
from standins import smooth


@pytest.fixture(scope="module")
def classic() -> Models:
    return Models(*(backends.load(role, "classic") for role in ("detect", "matte", "infill")))


@pytest.fixture(scope="module")
def quick(classic: Models) -> Models:
    """For what has nothing to do with how holes are painted."""
    return replace(classic, infill=smooth)


def disc(canvas: tuple[int, int], x: float, y: float, radius: float) -> np.ndarray:
    """An anti-aliased disc's alpha."""
    rows, columns = np.indices(canvas, np.float32)
    return np.clip(radius + 0.5 - np.hypot(columns - x, rows - y), 0, 1)


def scene(dtype: type = np.uint8, alpha: np.ndarray | None = None) -> tuple[Image, list[np.ndarray], np.ndarray]:
    """Two discs apart on a gradient: the picture, the true alphas, the true background."""
    canvas = (120, 160)
    rows, columns = np.indices(canvas, np.float32)
    ground = np.dstack([0.2 + 0.3 * columns / 160, 0.3 + 0.2 * rows / 120, 0.6 - 0.2 * rows / 120])
    rng = np.random.default_rng(0)
    ground += rng.normal(0, 0.004, ground.shape)
    alphas = [disc(canvas, 45, 60, 22), disc(canvas, 115, 55, 18)]
    picture = ground
    for a, colour in zip(alphas, ((0.9, 0.8, 0.1), (0.8, 0.1, 0.15)), strict=True):
        picture = picture * (1 - a[..., None]) + np.array(colour) * a[..., None]
    top = levels(dtype)
    opacity = np.ones(canvas) if alpha is None else alpha
    pixels = np.rint(np.clip(np.dstack([picture, opacity]), 0, 1) * top).astype(dtype)
    return Image(pixels), alphas, ground.astype(np.float32)


def on_canvas(stack: LayerStack, index: int) -> np.ndarray:
    layer = stack.layers[index]
    out = np.zeros((stack.height, stack.width), np.float32)
    band, own = layer.on_canvas(stack.width, stack.height)
    out[band] = layer.pixels[own][..., 3] / levels(stack.dtype)
    return out


@pytest.fixture(scope="module")
def taken_apart(classic: Models) -> tuple[LayerStack, list[Progress]]:
    """The scene by the classic backends, and what was told meanwhile."""
    events: list[Progress] = []
    return decomposing.decompose(scene()[0], classic, report=events.append), events


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_two_discs_become_two_layers_over_a_clean_background(classic: Models, taken_apart: tuple, dtype: type) -> None:
    image, alphas, ground = scene(dtype)
    stack = taken_apart[0] if dtype is np.uint8 else decomposing.decompose(image, classic)
    assert np.array_equal(flatten(stack), image.pixels)
    assert len(stack.layers) == 3
    for truth in alphas:
        iou = [
            np.minimum(m, truth).sum() / np.maximum(m, truth).sum() for m in (on_canvas(stack, 1), on_canvas(stack, 2))
        ]
        assert max(iou) > 0.93
    background = stack.layers[0].pixels[..., :3] / levels(dtype)
    assert (stack.layers[0].pixels[..., 3] == levels(dtype)).all()
    assert np.abs(background - ground).mean() < 0.01
    assert np.abs(background - ground).max() < 0.15  # nothing of the discs is left


def test_provenance_tells_what_was_painted(taken_apart: tuple) -> None:
    _, alphas, _ = scene()
    codes = taken_apart[0].layers[0].provenance
    union = np.maximum(*alphas)
    assert (codes[union == 0].mean() < Provenance.ORIGINAL + 0.1).all()
    assert (codes[cv2.erode(union, np.ones((9, 9))) == 1] == Provenance.INVENTED).all()


def test_an_image_with_its_own_alpha_keeps_it(quick: Models) -> None:
    opacity = disc((120, 160), 80, 60, 70)
    image, _, _ = scene(alpha=opacity)
    stack = decomposing.decompose(image, quick)
    assert len(stack.layers) > 1
    assert np.array_equal(flatten(stack), image.pixels)


def test_nothing_to_lift_gives_the_picture_alone(classic: Models) -> None:
    rows = np.linspace(60, 200, 96).astype(np.uint8)
    pixels = np.dstack([np.tile(rows[:, None], (1, 128))] * 3 + [np.full((96, 128), 255, np.uint8)])
    stack = decomposing.decompose(Image(pixels), classic)
    assert [layer.name for layer in stack.layers] == ["background"]
    assert np.array_equal(stack.layers[0].pixels, pixels)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 3), (33, 2)])
def test_tiny_pictures(classic: Models, size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 4)).astype(np.uint8)
    assert np.array_equal(flatten(decomposing.decompose(Image(pixels), classic)), pixels)


def test_what_the_artist_asks_for_comes_first_in_order(quick: Models) -> None:
    image, alphas, _ = scene()
    prompts = [Prompt(mask=alphas[1] > 0.5), Prompt(point=(45, 60))]
    stack = decomposing.decompose(image, quick, Limits(2), prompts)
    assert np.array_equal(flatten(stack), image.pixels)
    first, second = on_canvas(stack, -1), on_canvas(stack, -2)  # the first asked for lies on top
    assert np.minimum(first, alphas[1]).sum() / np.maximum(first, alphas[1]).sum() > 0.9
    assert np.minimum(second, alphas[0]).sum() / np.maximum(second, alphas[0]).sum() > 0.9
    assert all(layer.facts["asked"] for layer in stack.layers[1:])
    names = [layer.name for layer in stack.layers[1:]]
    turned = decomposing.decompose(image, quick, Limits(2), prompts, wanted_order=names)  # the lower one on top now
    assert [layer.name for layer in turned.layers[1:]] == names[::-1]
    assert np.array_equal(flatten(turned), image.pixels)
    assert all(set(layer.facts["travel"].values()) == {None} for layer in stack.layers[1:])  # apart: nothing gapes


def test_max_layers_and_only_what_is_asked(quick: Models) -> None:
    image, alphas, _ = scene()
    assert len(decomposing.decompose(image, quick, Limits(max_layers=1)).layers) == 2
    assert len(decomposing.decompose(image, quick, Limits(max_layers=0)).layers) == 1
    asked = Limits(only_asked=True)
    assert len(decomposing.decompose(image, quick, asked).layers) == 1
    assert len(decomposing.decompose(image, quick, asked, [Prompt(mask=alphas[0] > 0.5)]).layers) == 2
    assert len(decomposing.decompose(image, quick, asked, [Prompt(box=(15, 30, 60, 60))]).layers) == 2


def test_prompts_beyond_the_limit_are_told(quick: Models) -> None:
    image, alphas, _ = scene()
    prompts = [Prompt(mask=alphas[0] > 0.5), Prompt(box=(95, 35, 40, 40))]
    stack = decomposing.decompose(image, quick, Limits(max_layers=1), prompts)
    assert len(stack.layers) == 2
    assert "95, 35, 40, 40" in stack.notes[0]


def test_a_prompt_that_finds_nothing_is_told(classic: Models) -> None:
    image = Image(np.full((60, 60, 4), 255, np.uint8))
    blind = Models(lambda image, prompt=None: [], classic.matte, classic.infill)
    stack = decomposing.decompose(image, blind, prompts=[Prompt(point=(30, 30))])
    assert "30, 30" in stack.notes[0]
    assert "--mask" in stack.notes[0]


def test_what_changes_nothing_is_not_lifted(classic: Models) -> None:
    """A detector that sees things in plain ground is not believed: the fill paints the same ground again."""
    pixels = np.full((80, 80, 4), 255, np.uint8)
    pixels[..., :3] = (90, 140, 60)
    ghost = disc((80, 80), 40, 40, 15)
    models = Models(lambda image, prompt=None: [Detection(ghost, 1.0)], classic.matte, classic.infill)
    assert len(decomposing.decompose(Image(pixels), models).layers) == 1


def test_specks_and_doubtful_things_are_left(quick: Models) -> None:
    image, alphas, _ = scene()
    speck = disc((120, 160), 10, 10, 1)
    seen = [Detection(speck, 1.0), Detection(alphas[0], 0.2), Detection(alphas[1], 0.9)]
    models = replace(quick, detect=lambda image, prompt=None: seen)
    stack = decomposing.decompose(image, models)
    assert [layer.facts["confidence"] for layer in stack.layers[1:]] == [0.9]


def test_same_again(classic: Models, taken_apart: tuple) -> None:
    once, twice = taken_apart[0], decomposing.decompose(scene()[0], classic)
    for a, b in zip(once.layers, twice.layers, strict=True):
        assert np.array_equal(a.pixels, b.pixels)
        assert np.array_equal(a.provenance, b.provenance)


def test_progress_never_falls_and_ends_at_one(taken_apart: tuple) -> None:
    done = [event.done for event in taken_apart[1]]
    assert done == sorted(done)
    assert done[-1] == 1


def test_names_say_what_or_where() -> None:
    canvas = (90, 90)

    def element(x: float, y: float, label: str = "") -> Element:
        mask = disc(canvas, x, y, 5)
        return Element((slice(0, 90), slice(0, 90)), mask, np.zeros((*canvas, 3), np.float32), 0.5, 0, label)

    elements = [
        element(80, 80),
        element(10, 10, "eye"),
        element(45, 45),
        element(80, 10, "eye"),
        element(45, 80, "jug"),
    ]
    names = [e.name for e in named(elements, canvas)]
    assert names == ["element 2, bottom right", "eye 1", "element 1, centre", "eye 2", "jug"]
    assert [e.name for e in named(elements[::-1], canvas)] == names[::-1]  # whatever their order
    assert [e.name for e in named([element(45, 10)], canvas)] == ["element 1, top"]


def test_small_things_alike_go_into_a_group() -> None:
    canvas = (120, 160)

    def element(name: str, x: float, y: float, radius: float = 5, bar: bool = False, asked: bool = False) -> Element:
        window = (slice(0, canvas[0]), slice(0, canvas[1]))
        alpha = disc(canvas, x, y, radius)
        if bar:
            alpha = np.zeros_like(alpha)
            alpha[round(y) - 2 : round(y) + 2, round(x - radius) : round(x + radius)] = 1
        return Element(window, alpha, np.zeros((*canvas, 3), np.float32), 0.5, 0, asked=asked, name=name)

    eyes = [element(f"eye {n}", 20 * n, 20) for n in range(1, 7)]
    large, blue = element("large", 80, 90, 25), element("bar", 120, 100, bar=True)
    over = element("over", 60, 23)  # touches the third eye, and lies below the sixth
    mixed = [large, eyes[0], blue, *eyes[1:3], element("wide", 60, 20, 9, bar=True), *eyes[3:5], over, eyes[5]]
    found = gathered(mixed, canvas)
    assert [e.name for e in found if e.group] == [f"eye {n}" for n in range(1, 7)]
    assert {e.group for e in found} == {"", "6 alike"}
    inside = [n for n, e in enumerate(found) if e.group]
    assert inside == list(range(inside[0], inside[0] + 6))  # next to each other
    names = [e.name for e in found]
    assert names.index("eye 3") < names.index("wide") < names.index("over")  # nothing passes what it touches
    assert not any(e.group for e in gathered(eyes[:3], canvas))
    asked = [element(f"asked {n}", 20 * n, 20, asked=True) for n in range(1, 7)]
    assert not any(e.group for e in gathered(asked, canvas))


def test_trimap_is_certain_away_from_the_contour() -> None:
    mask = disc((60, 60), 30, 30, 20)
    out = trimap(mask, 4)
    assert (out[disc((60, 60), 30, 30, 14) > 0] == 1).all()
    assert (out[disc((60, 60), 30, 30, 26) == 0] == 0).all()
    thin = np.zeros((40, 40), np.float32)
    thin[:, 19:22] = 1
    assert (trimap(thin, 5) == 1).any()


def test_foreground_unmixes_a_soft_edge() -> None:
    ramp = np.clip((np.arange(60, dtype=np.float32) - 20) / 20, 0, 1)
    alpha = np.tile(ramp, (20, 1))
    red, blue = np.array([0.8, 0.2, 0.1], np.float32), np.array([0.1, 0.3, 0.9], np.float32)
    image = (alpha[..., None] * red + (1 - alpha[..., None]) * blue).astype(np.float32)
    f, b = foreground(image, alpha)
    assert np.abs(f - red)[alpha > 0.1].max() < 0.05
    assert np.abs(b - blue)[alpha < 0.9].max() < 0.05


def test_fringe_goes_with_the_element_and_texture_stays() -> None:
    fill = np.full((1, 3, 3), 0.2, np.float32)
    colour = np.full((1, 3, 3), 0.9, np.float32)
    image = fill.copy()
    image[0, 0] = 0.2 + 0.3 * 0.7  # 30 % of the element
    image[0, 1] = (0.6, 0.2, 0.2)  # the background's own red
    alpha = fringe(image, fill, colour, np.zeros((1, 3), np.float32), np.ones((1, 3), bool))
    assert alpha[0, 0] == pytest.approx(0.3, abs=0.01)
    assert alpha[0, 1] == 0
    assert alpha[0, 2] == 0


def test_residual_moves_the_unseen_less_than_the_seen() -> None:
    alpha = np.array([[0.0, 0.1, 0.9, 1.0]], np.float32)
    zero = np.zeros((1, 4, 3), np.float32)
    image = np.full((1, 4, 3), 0.5, np.float32)
    moved = share_residual(image, alpha, zero, zero)[0, :, 0]
    assert moved[0] == 0
    assert moved[3] == 0
    assert 0.02 < moved[1] <= 0.08  # towards the picture, but never so far that the contour stays behind
    assert moved[2] < 0.001
