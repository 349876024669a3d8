"""Colours continued where nothing is known."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from layersr.bleed import bleed


@given(st.integers(1, 17), st.integers(1, 17), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_known_stays_unknown_has_no_say(height: int, width: int, seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    image = rng.random((height, width, 3), np.float32)
    known = rng.random((height, width)) < share
    out = bleed(image, known)
    assert out.dtype == np.float32
    assert np.array_equal(out[known], image[known])
    other = np.where(known[..., None], image, rng.random((height, width, 3), np.float32))
    assert np.array_equal(bleed(other, known), out)
    if known.any():
        assert out.min() >= image[known].min() - 1e-5
        assert out.max() <= image[known].max() + 1e-5
    else:
        assert (out == 0.5).all()
