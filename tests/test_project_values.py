"""Frozen values as bytes: they come back in every bit, and nothing else does."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layersr import decomposing
from layersr.decomposing import Models
from layersr.layers import LayerStack
from layersr.projects import values
from project_scene import alike, color_of, detect, infill, matte, picture

arrays = st.builds(
    lambda seed, shape, axes, dtype: np.random.default_rng(seed).integers(0, 99, shape).astype(dtype).transpose(axes),
    st.integers(0, 99),
    st.tuples(*[st.integers(0, 4)] * 3),
    st.permutations([0, 1, 2]),
    st.sampled_from([np.float32, np.uint8, np.uint16, bool, np.int64]),
)
plain_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.builds(slice, st.integers(0, 9), st.just(np.int64(4)))
    | st.just(np.float32(0.3))
    | arrays,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3) | st.tuples(st.integers()), inner, max_size=3)
    ),
    max_leaves=8,
)


def equal(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray):
        inner = isinstance(b, np.ndarray) and (a.dtype, a.shape) == (b.dtype, b.shape) and np.array_equal(a, b)
        return bool(inner and (a.size <= 1 or a.flags.c_contiguous == b.flags.c_contiguous))
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, dict):
        return [*a] == [*b] and all(equal(a[key], b[key]) for key in a)
    return type(a) is type(b) and a == b


@settings(max_examples=25)
@given(plain_values)
def test_values_come_back_as_they_were(value: object):
    assert equal(values.loads(values.dumps(value)), value)
    assert values.digest(values.loads(values.dumps(value))) == values.digest(value)


def test_detections_and_stacks_come_back_as_they_were():
    stack = decomposing.decompose(picture(), Models(detect, matte, infill))
    found = values.loads(values.dumps((stack, *detect(color_of(picture())))))
    assert same_facts(found[0], stack)
    assert [np.array_equal(a.mask, b.mask) for a, b in zip(found[1:], detect(color_of(picture())), strict=True)]


def same_facts(a: LayerStack, b: LayerStack) -> bool:
    return values.digest(a) == values.digest(b) and alike(a, b) == {layer.name for layer in a.layers}


@pytest.mark.parametrize("value", [object(), lambda: 1, np.array([object()]), {1, 2}, Path()])
def test_what_is_no_frozen_value_is_refused(value: object):
    with pytest.raises(TypeError):
        values.digest(value)


def test_values_differ_by_kind_and_place():
    ones = [np.ones((2, 3), np.uint8), np.ones((3, 2), np.uint8), np.ones((2, 3), bool), [1], (1,), 1, "1", True, 1.0]
    assert len({values.digest(one) for one in ones}) == len(ones)


def test_bytes_of_strangers_make_nothing_but_values():
    for tree in ({"of": ["os", "system", {"command": "true"}]}, {"of": ["layersr.cli", "run", {}]}, {"what": 1}):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("value.json", json.dumps({"value": tree, "at": [], "orders": []}))
        with pytest.raises(ValueError, match=r"frozen value|not a value"):
            values.loads(out.getvalue())
