"""A trained network as an ONNX file that says the same as torch, and the facts a model card states."""

import hashlib
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

OPSET = 17
TOLERANCE = 2e-4
"""Largest difference from torch on values in [0, 1]: a twentieth of an 8-bit level."""


HALVED = 1024
"""Weights in arrays of at least so many numbers are kept as float16 where a task asks for it."""


def export(network: nn.Module, example: Tensor, path: Path, tolerance: float = TOLERANCE, half: bool = False) -> float:
    """Write the network with free height and width; the largest difference from torch, on two sizes.

    With `half` large weights are rounded to float16 first, in torch too, and stored so: the file is half as large, and
    still computes in float32.

    Raises:
        ArithmeticError: it differs by more than the tolerance; nothing is written.
    """
    network = network.cpu().float().eval()
    if half:
        with torch.no_grad():
            for weight in network.parameters():
                if weight.numel() >= HALVED:
                    weight.copy_(weight.half().float())
    part = path.with_suffix(".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter by tracing: smaller graphs, no onnxscript
        torch.onnx.export(
            network, (example,), str(part), dynamo=False, opset_version=OPSET,
            input_names=["image"], output_names=["result"],
            dynamic_axes={"image": {2: "height", 3: "width"}, "result": {2: "out_height", 3: "out_width"}},
        )  # fmt: skip
    if half:
        model = onnx.load(str(part))
        _store_halved(model)
        onnx.save(model, str(part))
    session = onnxruntime.InferenceSession(str(part), providers=["CPUExecutionProvider"])
    worst = 0.0
    for x in (example, torch.cat([example, example], 3)[:, :, 5:]):
        with torch.no_grad():
            truth = network(x).numpy()
        (result,) = session.run(None, {"image": x.numpy()})
        worst = max(worst, float(np.abs(truth - result).max()))
    if worst > tolerance:
        part.unlink()
        raise ArithmeticError(f"{path.name}: ONNX and torch differ by {worst:.2g}.")
    part.replace(path)
    return worst


def _store_halved(model: onnx.ModelProto) -> None:
    """Large float32 initializers become float16 ones, each followed by a cast that has the old name."""
    casts = []
    for weight in model.graph.initializer:
        if weight.data_type == onnx.TensorProto.FLOAT and np.prod(weight.dims) >= HALVED:
            name = weight.name
            values = onnx.numpy_helper.to_array(weight).astype(np.float16)
            weight.CopyFrom(onnx.numpy_helper.from_array(values, f"{name}.half"))
            casts.append(onnx.helper.make_node("Cast", [weight.name], [name], to=onnx.TensorProto.FLOAT))
    for cast in reversed(casts):
        model.graph.node.insert(0, cast)


def weights(path: Path) -> dict[str, Tensor]:
    """The weights of an exported network, by their names in torch."""
    held = {w.name: onnx.numpy_helper.to_array(w) for w in onnx.load(str(path)).graph.initializer}
    return {name.removesuffix(".half"): torch.from_numpy(np.array(w, np.float32)) for name, w in held.items()}


def facts(path: Path) -> dict[str, Any]:
    """What can be read off an ONNX file: parameters, bytes, opset, SHA-256."""
    model = onnx.load(str(path))
    return {
        "parameters": int(sum(np.prod(w.dims) for w in model.graph.initializer if len(w.dims))),
        "bytes": path.stat().st_size,
        "opset": model.opset_import[0].version,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def update_card(card: Path, values: dict[str, Any]) -> None:
    """Replace the rows `| key | ... |` of a model card; a card without such a row is left without it."""
    if not card.is_file():
        return
    text = card.read_text(encoding="utf-8")
    for key, value in values.items():
        text = re.sub(rf"^\| {re.escape(key)} \|.*$", f"| {key} | {value} |", text, flags=re.MULTILINE)
    card.write_text(text, encoding="utf-8")
