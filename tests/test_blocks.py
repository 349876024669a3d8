"""Pixels as blocks, and back."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from layersr.blocks import means, repeated

shapes = st.tuples(st.integers(1, 9), st.integers(1, 9))


@given(shapes, st.integers(1, 5), st.sampled_from([(), (1,), (3,), (4,)]))
def test_the_means_of_blocks_are_the_pixels(shape: tuple[int, int], scale: int, channels: tuple[int, ...]) -> None:
    values = np.random.default_rng(0).random((*shape, *channels)).astype(np.float32)
    back = means(repeated(values, scale), scale)
    assert back.shape == values.shape
    np.testing.assert_allclose(back, values, atol=1e-6)


def test_what_fills_no_block_is_left_out() -> None:
    values = np.arange(20, dtype=np.float32).reshape(4, 5)
    assert means(values, 2).tolist() == [[3, 5], [13, 15]]
