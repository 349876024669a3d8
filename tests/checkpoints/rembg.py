"""rembg's models: one convolution that marks what is red, 1 kB."""

from pathlib import Path

import pytest

from checkpoints import checkpoint

RED = (8.0, -8.0, 0.0)
"""How much a subject each colour is: red is one, green is none, grey is neither."""


def redness(file: Path, side: int | None, logits: bool, gain: float = 1.0, bias: float = -3.0) -> Path:
    """An ONNX network that says of each pixel of a picture (1, 3, side, side) how red it is.

    Args:
        file: where it is written.
        side: of the picture; None: any.
        logits: it says logits, or probabilities.
        gain: of the colours.
        bias: logit of grey.
    """
    onnx = pytest.importorskip("onnx", reason="needs onnx: pip install 'layersr[test]'")
    from onnx import TensorProto, helper

    frame = ["height", "width"] if side is None else [side, side]
    weight = helper.make_tensor("weight", TensorProto.FLOAT, [1, 3, 1, 1], [gain * value for value in RED])
    shift = helper.make_tensor("bias", TensorProto.FLOAT, [1], [bias])
    nodes = [helper.make_node("Conv", ["input", "weight", "bias"], ["logits"])]
    nodes += [] if logits else [helper.make_node("Sigmoid", ["logits"], ["likely"])]
    graph = helper.make_graph(
        nodes,
        "redness",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, *frame])],
        [helper.make_tensor_value_info("logits" if logits else "likely", TensorProto.FLOAT, [1, 1, *frame])],
        [weight, shift],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, file)
    return file


@checkpoint("u2net", "u2netp", "silueta")
def small(folder: Path) -> Path:
    return redness(folder / "network.onnx", 320, logits=False, gain=0.225)


@checkpoint("isnet", "isnet-anime")
def large(folder: Path) -> Path:
    return redness(folder / "network.onnx", 1024, logits=False)


@checkpoint("birefnet", "birefnet-lite", "birefnet-portrait", "birefnet-hrsod")
def largest(folder: Path) -> Path:
    return redness(folder / "network.onnx", 1024, logits=True, gain=0.225)


@checkpoint("layerd")
def layerd(folder: Path) -> Path:
    return redness(folder / "network.onnx", None, logits=True, gain=0.225)
