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

from layersr.training.storing import LARGE, STORED, held, shrink, steps

OPSET = 17
TOLERANCE = 2e-4
"""Largest difference from torch on values in [0, 1]: a twentieth of an 8-bit level."""


def export(
    network: nn.Module, example: Tensor, path: Path, tolerance: float = TOLERANCE, stored: str = "float32"
) -> float:
    """Write the network with free height and width; the largest difference from torch, on two sizes.

    Large weights are rounded first, in torch too, to float16 or to 255 steps an output feature (int8), and stored so:
    the file is half or a quarter as large, and still computes in float32.

    Raises:
        ArithmeticError: it differs by more than the tolerance; nothing is written.
    """
    network = network.cpu().float().eval()
    if stored not in STORED:
        raise ValueError(f"weights are stored as one of {STORED}, not {stored!r}")
    with torch.no_grad():
        for weight in network.parameters():
            if stored == "float16" and weight.numel() >= LARGE:
                weight.copy_(weight.half().float())
            elif stored == "int8" and weight.numel() >= LARGE:
                weight.copy_(torch.from_numpy(np.multiply(*steps(weight.numpy()), dtype=np.float32)))
    part = path.with_suffix(".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter by tracing: smaller graphs, no onnxscript
        torch.onnx.export(
            network, (example,), str(part), dynamo=False, opset_version=OPSET,
            input_names=["image"], output_names=["result"],
            dynamic_axes={"image": {2: "height", 3: "width"}, "result": {2: "out_height", 3: "out_width"}},
        )  # fmt: skip
    if stored != "float32":
        model = onnx.load(str(part))
        shrink(model, stored)
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


def weights(path: Path) -> dict[str, Tensor]:
    """The weights of an exported network, by their names in torch."""
    return {name: torch.from_numpy(np.array(values)) for name, values in held(onnx.load(str(path))).items()}


def facts(path: Path) -> dict[str, Any]:
    """What can be read off an ONNX file: parameters, bytes, opset, SHA-256."""
    model = onnx.load(str(path))
    return {
        "parameters": int(sum(values.size for values in held(model).values() if values.ndim)),
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
