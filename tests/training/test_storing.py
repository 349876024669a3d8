"""Weights stored small are the same weights, nearly."""

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="needs onnx: pip install 'layersr[train]'")
onnxruntime = pytest.importorskip("onnxruntime")

from layersr.training import mixing, storing  # noqa: E402


def network(weight: np.ndarray) -> "onnx.ModelProto":
    """result = image @ weight."""
    make, kind = onnx.helper, onnx.TensorProto.FLOAT
    node = make.make_node("MatMul", ["image", "w"], ["result"])
    ends = [
        make.make_tensor_value_info(n, kind, [1, s]) for n, s in zip(("image", "result"), weight.shape, strict=True)
    ]
    held = [onnx.numpy_helper.from_array(weight, "w")]
    graph = make.make_graph([node], "g", ends[:1], ends[1:], held)
    return make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8)


def run(model: "onnx.ModelProto", image: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"image": image})[0]


@pytest.fixture
def weight() -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.normal(size=(64, 32)) * rng.uniform(0.01, 10, (64, 1))).astype(np.float32)


@pytest.mark.parametrize("stored", ["float16", "int8"])
def test_the_graph_computes_what_it_did(weight: np.ndarray, stored: str, tmp_path: Path):
    model = network(weight)
    large = len(model.SerializeToString())
    storing.shrink(model, stored)
    onnx.checker.check_model(model)
    assert len(model.SerializeToString()) < {"float16": 0.6, "int8": 0.4}[stored] * large
    (name, values), *more = storing.held(model).items()
    assert (name, more) == ("w", [])
    step = np.abs(weight).max(axis=1, keepdims=True) / 127
    assert (np.abs(values - weight) <= step / 2 * 1.001).all()
    image = np.random.default_rng(1).normal(size=(1, 64)).astype(np.float32)
    np.testing.assert_allclose(run(model, image), image @ values, rtol=1e-3, atol=1e-2)


def test_small_arrays_stay():
    model = network(np.ones((4, 4), np.float32))
    before = model.SerializeToString()
    storing.shrink(model, "int8")
    assert model.SerializeToString() == before


def test_steps_of_nothing_are_no_nan():
    whole, step = storing.steps(np.zeros((3, 5), np.float32))
    assert not whole.any()
    assert np.isfinite(step).all()


def test_between_two_that_are_stored_as_int8(weight: np.ndarray):
    first, second = network(weight), network(2 * weight)
    for model in (first, second):
        storing.shrink(model, "int8")
    middle = storing.held(mixing.mixed(first, second, 0.5))["w"]
    assert np.abs(middle / weight - 1.5)[np.abs(weight) > 0.3 * np.abs(weight).max(axis=1, keepdims=True)].max() < 0.03
