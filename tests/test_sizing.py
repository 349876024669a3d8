"""How large a result becomes."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from layersr.errors import UsageError
from layersr.sizing import SCALES, sizing

SIDES = st.integers(1, 2000)


@pytest.mark.parametrize(
    ("choices", "scale", "width", "height", "resolution"),
    [
        ({"scale": 3}, 3, 300, 600, (216, 216)),
        ({"size": "300x600"}, 3, 300, 600, (216, 216)),
        ({"size": "1000 x 500"}, 3, 250, 500, (180, 180)),
        ({"size": "2.54x100cm", "dpi": 600.0}, 8, 600, 1200, (600, 600)),
        ({"size": "1x2in", "dpi": 150.0}, 2, 150, 300, (150, 150)),
        ({"dpi": 72.0}, 1, 100, 200, (72, 72)),
        ({"dpi": 300.0}, 8, 417, 833, (300, 300)),
    ],
)
def test_sizes(choices: dict, scale: int, width: int, height: int, resolution: tuple[float, float]) -> None:
    found = sizing(100, 200, (72.0, 72.0), **choices)
    assert (found.scale, found.width, found.height) == (scale, width, height)
    assert found.resolution == pytest.approx(resolution)


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ({"size": "99x9999"}, "only enlarges"),
        ({"size": "801x9999"}, "8 times is the most"),
        ({"size": "30x20cm"}, "--dpi 300"),
        ({"size": "huge"}, "3000x2000"),
        ({"dpi": 300.0}, "--size 30x20cm"),
    ],
)
def test_what_cannot_be_is_said(choices: dict, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        sizing(100, 200, None, **choices)


@given(SIDES, SIDES, st.floats(1, 7.9))
def test_proportions_stay_and_the_models_give_enough(width: int, height: int, factor: float) -> None:
    factor = min(factor, 7.9 - 1 / min(width, height))  # a pixel more is asked for, 8 times is the most
    assume(factor >= 1)
    found = sizing(width, height, None, size=f"{width * factor + 1:.2f}x{height * factor + 1:.2f}")
    assert found.scale in SCALES
    assert found.width <= width * found.scale + 1
    assert found.height <= height * found.scale + 1
    real = found.width / width
    assert abs(found.height - height * real) <= 0.5 + height / width
