"""Tiles: the same as the whole, only where it is wanted, and smaller where memory does not suffice."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layersr.tiling import LEAST, affordable, out_of_memory, run_tiles


def blurred(planes: np.ndarray) -> np.ndarray:
    """A model that sees 4 pixels around."""
    return cv2.blur(planes[0], (9, 9), borderType=cv2.BORDER_REFLECT)[None]


@settings(max_examples=30, deadline=None)
@given(st.integers(20, 120), st.integers(20, 120), st.integers(8, 40), st.integers(0, 8), st.integers(0, 2**32 - 1))
def test_tiled_is_whole(height: int, width: int, cell: int, feather: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    planes = rng.random((1, height, width)).astype(np.float32)
    wanted = cv2.resize(rng.random((3, 3)), (width, height), interpolation=cv2.INTER_NEAREST) > 0.4
    tiled = run_tiles(blurred, planes, wanted, cell=cell, margin=feather + 4, feather=feather)
    if wanted.any():
        np.testing.assert_allclose(tiled[0][wanted], blurred(planes)[0][wanted], atol=1e-5)
        assert not tiled[0][~wanted].any()


@pytest.mark.parametrize(
    "error",
    [MemoryError(), RuntimeError("[ONNXRuntimeError] : 6 : bad allocation"), RuntimeError("CUDA out of memory.")],
)
def test_without_memory_tiles_are_halved(error: Exception) -> None:
    sizes = []

    def model(planes: np.ndarray) -> np.ndarray:
        sizes.append(planes[0].size)
        if planes[0].size > 50 * 50:
            raise error
        return blurred(planes)

    planes = np.random.default_rng(0).random((1, 150, 90)).astype(np.float32)
    every = np.ones((150, 90), bool)
    tiled = run_tiles(model, planes, every, cell=150, margin=6, feather=2)
    np.testing.assert_allclose(tiled, blurred(planes), atol=1e-5)
    assert sizes[0] == 150 * 90
    assert len(sizes) > 8


def test_other_errors_and_no_memory_at_all_are_told() -> None:
    planes, every = np.zeros((1, 200, 200), np.float32), np.ones((200, 200), bool)
    smallest = []

    def hopeless(part: np.ndarray) -> np.ndarray:
        smallest.append(max(part.shape[1:]))
        raise MemoryError

    with pytest.raises(MemoryError):
        run_tiles(hopeless, planes, every, cell=200, margin=0, feather=0)
    assert smallest[-1] <= LEAST

    def broken(part: np.ndarray) -> np.ndarray:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        run_tiles(broken, planes, every, cell=200, margin=0)
    assert not out_of_memory(ValueError("broken"))


def test_tiles_are_small_where_memory_is() -> None:
    assert affordable(512, 1) == 512
    assert affordable(512, 2**60) == 2 * LEAST
