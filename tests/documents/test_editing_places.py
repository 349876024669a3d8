"""Layers moved, scaled, turned and mirrored."""

from dataclasses import replace

import numpy as np
import pytest
from editing_scene import SIZE, blob, done, sealed
from hypothesis import given, settings
from hypothesis import strategies as st

from layersr.color import levels
from layersr.editing import (
    Edit,
    Models,
    Rotate,
    Scale,
)
from layersr.errors import UsageError
from layersr.flattening import settled
from layersr.layers import LayerMask, LayerStack


@settings(max_examples=10)
@given(st.sampled_from([90.0, 180.0, 270.0, -90.0]), st.sampled_from([np.uint8, np.uint16]))
def test_quarter_turns_keep_every_pixel(degrees: float, dtype: type):
    eye = sealed(dtype).layers[5]
    stack = LayerStack(*SIZE[::-1], (eye,))
    turned = done(stack, Rotate("eye 1", degrees)).layers[0]
    assert np.array_equal(turned.pixels, np.rot90(eye.pixels, -round(degrees / 90)))
    assert np.array_equal(turned.provenance, np.rot90(eye.provenance, -round(degrees / 90)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("edit", "area"), [(Scale("ball", 0.5), 0.25), (Scale("ball", 2.0), 4), (Rotate("ball", 33.0), 1)]
)
def test_resampled_layers_have_the_right_size_and_place_and_no_halo(dtype: type, edit: Edit, area: float):
    plain = replace(blob("ball", 40, 30, 10, (1, 1, 1), dtype), left=20, top=20)
    plain.pixels[..., :3] = np.rint(np.array([0.8, 0.4, 0.2]) * levels(dtype))
    plain.pixels[plain.pixels[..., 3] == 0] = 0  # black where nothing is: it must not come in
    after = done(LayerStack(96, 64, (plain,)), edit).layers[0]
    before = plain.pixels[..., 3].sum(dtype=float)
    assert abs(after.pixels[..., 3].sum(dtype=float) / before / area - 1) < 0.03
    assert abs(after.left + after.width / 2 - (plain.left + plain.width / 2)) <= 0.5
    assert abs(after.top + after.height / 2 - (plain.top + plain.height / 2)) <= 0.5
    seen = after.pixels[..., 3] > levels(dtype) // 20
    off = after.pixels[seen][:, :3] / levels(dtype) - [0.8, 0.4, 0.2]
    assert np.abs(off).max() < 0.03


def test_masks_are_scaled_with_their_layer():
    mask = LayerMask(np.zeros((6, 6), np.uint8), 25, 25, beyond=True)
    layer = replace(blob("ball", 40, 30, 10, (1, 1, 1), np.uint8), left=20, top=20, mask=mask)
    after = done(LayerStack(96, 64, (layer,)), Scale("ball", 2.0))
    hidden = 255 - settled(after).layers[0].pixels[..., 3].astype(int) * 1
    whole = 255 - after.layers[0].pixels[..., 3].astype(int)
    assert abs(((hidden - whole) > 127).sum() - 144) < 20
    assert after.layers[0].mask.beyond


def test_too_large_is_said_before_memory_is_asked_for():
    with pytest.raises(UsageError, match="too many"):
        done(sealed(), Scale("ground", 100.0), Scale("ground", 100.0), models=Models())
