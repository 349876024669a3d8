"""Law 5: moved by no more than its safe travel, a layer shows no gap."""

from dataclasses import replace

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from layersr.decomposing.element import Element
from layersr.decomposing.hidden import REACH, extend
from layersr.layers import Layer, LayerStack
from layersr.travel import Travel, _ends, _matte, _opaque, safe_travel

SIZE = (60, 80)
WAYS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


def layer(mask: np.ndarray, name: str) -> Layer:
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    part = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    pixels = np.dstack([np.full((*part.shape, 3), 90, np.uint8), part.astype(np.uint8) * 255])
    return Layer(name, pixels, int(columns[0]), int(rows[0]))


def stacked(*masks: np.ndarray) -> LayerStack:
    layers = [layer(np.ones(SIZE, bool), "ground"), *(layer(mask, str(n)) for n, mask in enumerate(masks))]
    return LayerStack(SIZE[1], SIZE[0], tuple(layers))


def disc(x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.indices(SIZE)
    return np.hypot(columns - x, rows - y) <= radius


def seen_ends(stack: LayerStack, before: LayerStack, moved: int, by: tuple[int, int]) -> int:
    """How many ends, as they were before, are seen after one layer moved."""
    mattes = [_matte(before, index) for index in range(len(before.layers))]
    after = list(mattes)
    after[moved] = _matte(stack, moved)
    count = 0
    for index in range(1, len(mattes)):
        ends = _ends(mattes, index)
        if index == moved:
            ends = cv2.warpAffine(ends.astype(np.uint8), np.float32([[1, 0, by[0]], [0, 1, by[1]]]), SIZE[::-1]) > 0
        count += int((ends & ~_opaque(after[index + 1 :], SIZE)).sum())
    return count


def shifted(stack: LayerStack, index: int, by: tuple[int, int]) -> LayerStack:
    own = stack.layers[index]
    moved = replace(own, left=own.left + by[0], top=own.top + by[1])
    return stack.with_layers((*stack.layers[:index], moved, *stack.layers[index + 1 :]))


middles = st.tuples(st.integers(12, 67), st.integers(12, 47), st.integers(4, 11))


@settings(max_examples=25)
@given(st.lists(middles, min_size=2, max_size=4))
def test_no_end_is_seen_within_it_and_some_beyond(discs: list[tuple[int, int, int]]) -> None:
    stack = stacked(*(disc(*d) for d in discs))
    for index, travel in enumerate(safe_travel(stack)):
        for name, (x, y) in WAYS.items():
            steps = getattr(travel, name)
            if index == 0:
                assert steps is None
                continue
            for far in {1, 3, 24} if steps is None else {1, steps // 2, steps} - {0}:
                if steps is not None and far > steps:
                    continue
                by = (x * far, y * far)
                assert seen_ends(shifted(stack, index, by), stack, index, by) == 0
            if steps is not None:
                by = (x * (steps + 1), y * (steps + 1))
                assert seen_ends(shifted(stack, index, by), stack, index, by) > 0


def test_cut_off_by_the_canvas_it_must_not_move_inward() -> None:
    strip = np.zeros(SIZE, bool)
    strip[20:30, :15] = True
    assert safe_travel(stacked(strip))[1] == Travel(right=0)
    assert safe_travel(stacked(strip[::-1, ::-1]))[1] == Travel(left=0)
    assert safe_travel(stacked(disc(30, 30, 9)))[1] == Travel()


def element(mask: np.ndarray) -> Element:
    whole = (slice(0, SIZE[0]), slice(0, SIZE[1]))
    return Element(whole, mask.astype(np.float32), np.full((*SIZE, 3), 0.5, np.float32), 1.0, 0)


def test_elements_go_on_straight_ahead_under_what_covers_them() -> None:
    """A bar that a disc covers goes on under it, as wide as it was, and may be moved as far."""
    front, bar = disc(50, 30, 16), np.zeros(SIZE, bool)
    bar[25:36, 10:60] = True
    low, top = extend([element(bar & ~front), element(front)], SIZE)
    reach = max(4, round(max(SIZE) * REACH))
    grown = low.on(SIZE) > 0.5
    assert (grown & ~bar).sum() == 0  # no wider than it was
    assert (top.on(SIZE) == front).all()
    assert (grown & front).sum() >= 8 * (reach - 1)
    travel = safe_travel(stacked(grown, front))
    assert travel[1].left >= reach - 2
    assert travel[2].right >= reach - 2
    assert travel[2].left is None or travel[2].left > reach
