"""Annotations are checked while tests run: what does not fit is refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest

from annotations import checked
from layersr import bleed
from layersr.arrays import Alpha
from layersr.layers import Group, Layer

if TYPE_CHECKING:
    from fractions import Fraction


def grey(height: int, width: int) -> np.ndarray:
    return np.zeros((height, width), np.float32)


@checked
def first(one: Alpha, other: Alpha | None = None, *, number: float = 1.0) -> Alpha:
    return one[: int(number * len(one))]


@checked
def rows(picture: Alpha) -> Iterator[Alpha]:
    for row in picture:
        yield row[None]


@checked
@dataclass(frozen=True)
class Pair:
    one: Alpha
    other: Alpha
    makers: tuple["Fraction", ...] = ()  # known to type checkers alone


@checked
def later(number: "int", *more: list["Alpha"]) -> "Alpha":
    return grey(number, 1) if number else None


def test_what_fits_goes_through():
    assert first(grey(3, 4), grey(3, 4)).shape == (3, 4)
    assert first.__name__ == "first"
    assert [row.shape for row in rows(grey(3, 4))] == [(1, 4)] * 3
    assert Pair(grey(3, 4), grey(3, 4), ("anything",)).one.shape == (3, 4)
    assert later(2).shape == (2, 1)
    assert first(later(2)).shape == (2, 1)  # sizes inside have nothing to do with sizes outside


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda: first(grey(3, 4), grey(3, 5)), id="sizes of two arguments"),
        pytest.param(lambda: first(grey(4, 4), number=0.5), id="size of the result"),
        pytest.param(lambda: first(grey(4, 4), number=1), id="an int is no float"),
        pytest.param(lambda: first(grey(4, 4).astype(np.float64)), id="type of numbers"),
        pytest.param(lambda: first(np.zeros((3, 4, 3), np.float32)), id="number of axes"),
        pytest.param(lambda: list(rows(np.zeros(3, np.float32))), id="argument of a generator"),
        pytest.param(lambda: Pair(grey(3, 4), grey(4, 3)), id="sizes of two fields"),
        pytest.param(lambda: later("2"), id="quoted argument"),
        pytest.param(lambda: later(1, [grey(2, 1)]), id="quoted sizes"),
        pytest.param(lambda: later(0), id="quoted result"),
        pytest.param(lambda: bleed.bleed(np.zeros((3, 4, 3), np.float32), np.ones((3, 5), bool)), id="layersr: sizes"),
        pytest.param(lambda: Layer(7, np.zeros((3, 4, 4), np.uint8)), id="layersr: field"),
        pytest.param(lambda: Group(opacity=1), id="layersr: an int is no float"),
    ],
)
def test_what_does_not_fit_is_refused(wrong):
    with pytest.raises(Exception, match=r"violates|[Tt]ype-check"):
        wrong()
