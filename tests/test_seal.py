"""Law 1 and 2: a sealed stack flattens to the picture, bit for bit, and says truly where its pixels come from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layersr.color import levels
from layersr.flattening import flatten
from layersr.layers import Layer, LayerStack, Provenance
from layersr.seal import seal


@st.composite
def stacks(draw: st.DrawFn, opaque: bool | None = None) -> tuple[LayerStack, np.ndarray]:
    """A stack of random layers, soft and hard, on and off the canvas, and a random target."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dtype = np.dtype(draw(st.sampled_from([np.uint8, np.uint16])))
    top = levels(dtype)
    height, width = draw(st.integers(1, 9)), draw(st.integers(1, 9))

    def noise(h: int, w: int, alphas: str) -> np.ndarray:
        pixels = rng.integers(0, top + 1, (h, w, 4))
        # extremes are where the algebra could break: no room to move, nothing or everything covered
        pixels = np.where(rng.random((h, w, 4)) < 0.3, rng.choice([0, 1, top - 1, top], (h, w, 4)), pixels)
        if alphas == "full":
            pixels[..., 3] = top
        return pixels.astype(dtype)

    layers = [Layer("background", noise(height, width, "full"))]
    for i in range(draw(st.integers(0, 4))):
        pixels = noise(draw(st.integers(1, 9)), draw(st.integers(1, 9)), "any")
        visible = draw(st.booleans()) or draw(st.booleans())
        blend = "normal"
        kind = draw(st.integers(0, 5))
        if kind == 0:  # a shadow
            pixels[..., :3], blend = 0, "multiply"
        elif kind == 1:  # a glow
            pixels[..., :3], blend = pixels[0, 0, :3], "screen"
        layers.append(
            Layer(f"e{i}", pixels, draw(st.integers(-5, 8)), draw(st.integers(-5, 8)), visible=visible, blend=blend)
        )
    opaque = draw(st.booleans()) if opaque is None else opaque
    return LayerStack(width, height, tuple(layers)), noise(height, width, "full" if opaque else "any")


@given(stacks())
def test_flattens_to_the_target_bit_for_bit(case: tuple[LayerStack, np.ndarray]) -> None:
    stack, target = case
    assert np.array_equal(flatten(seal(stack, target)), target)


@given(stacks(opaque=True))
def test_survives_a_float32_compositor(case: tuple[LayerStack, np.ndarray]) -> None:
    stack, target = case
    top = np.float32(levels(stack.dtype))
    y = np.zeros((stack.height, stack.width, 3), np.float32)
    sealed = seal(stack, target)
    for layer in sealed.layers:
        band, own = layer.on_canvas(stack.width, stack.height)
        if layer.visible:
            p = layer.pixels[own].astype(np.float32) / top
            if layer.blend == "screen":
                p[..., :3] += y[band] - p[..., :3] * y[band]
            y[band] = p[..., :3] * p[..., 3:] + y[band] * (1 - p[..., 3:])
    assert np.array_equal(np.rint(y * top).astype(stack.dtype), target[..., :3])


@given(stacks(opaque=True))
def test_visible_opaque_pixels_are_the_artists_own(case: tuple[LayerStack, np.ndarray]) -> None:
    stack, target = case
    above = np.zeros(target.shape[:2], bool)
    for layer in reversed(seal(stack, target).layers):
        if not layer.visible:
            continue
        band, own = layer.on_canvas(stack.width, stack.height)
        pixels, codes = layer.pixels[own], layer.provenance[own]
        mine = (codes == Provenance.ORIGINAL) & ~above[band]
        assert np.array_equal(mine, (pixels[..., 3] == levels(stack.dtype)) & ~above[band])
        assert np.array_equal(pixels[mine], target[band][mine])
        assert np.array_equal(codes == Provenance.NONE, pixels[..., 3] == 0)
        above[band] |= pixels[..., 3] > 0


@given(stacks(opaque=True))
def test_alpha_only_rises_and_hidden_pixels_stay(case: tuple[LayerStack, np.ndarray]) -> None:
    stack, target = case
    for before, after in zip(stack.layers, seal(stack, target).layers, strict=True):
        lighter = before.blend != "normal"  # a shadow or a glow may only fade
        rise = np.int64(-1 if lighter else 1) * (after.pixels[..., 3].astype(np.int64) - before.pixels[..., 3])
        assert (rise >= 0).all()
        if after.visible:
            _, own = before.on_canvas(stack.width, stack.height)
            hidden = after.provenance[own] == Provenance.INVENTED
            assert np.array_equal(before.pixels[own][hidden], after.pixels[own][hidden])
        else:
            assert np.array_equal(before.pixels, after.pixels)


def test_a_good_matte_is_left_alone() -> None:
    """Where matte and colours already explain the picture nothing moves by more than rounding."""
    ramp = np.linspace(0, 1, 64)
    alpha = np.rint(np.tile(ramp, (8, 1)) * 255).astype(np.uint8)
    element = np.dstack([np.full((8, 64), v, np.uint8) for v in (200, 40, 90)] + [alpha])
    ground = np.dstack([np.full((8, 64), v, np.uint8) for v in (30, 120, 220, 255)])
    stack = LayerStack(64, 8, (Layer("background", ground), Layer("element", element)))
    sealed = seal(stack, flatten(stack))
    assert np.array_equal(sealed.layers[1].pixels[..., 3], alpha)
    covered = alpha > 64
    difference = np.abs(sealed.layers[1].pixels[..., :3].astype(int) - element[..., :3])[covered]
    assert difference.max() <= 2


def test_refuses_what_it_cannot_seal() -> None:
    pixels = np.full((2, 2, 4), 255, np.uint8)
    with pytest.raises(ValueError, match="normally"):
        seal(LayerStack(2, 2, (Layer("b", pixels), Layer("m", pixels, blend="multiply"))), pixels)
    with pytest.raises(ValueError, match="cover"):
        seal(LayerStack(2, 2, (Layer("b", pixels, left=1),)), pixels)
    with pytest.raises(ValueError, match="fit"):
        seal(LayerStack(2, 2, (Layer("b", pixels),)), pixels.astype(np.uint16))
