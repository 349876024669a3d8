"""How an ONNX file holds large weights: as they are, as float16, or as int8 with a step for each output feature.

Whatever it is, the graph turns them back into float32 when it is loaded, so a smaller file computes as fast.
"""

import numpy as np
import onnx
from onnx import numpy_helper

LARGE = 1024
"""Arrays of at least so many weights are stored as small as the task asks for."""

STORED = ("float32", "float16", "int8")


def steps(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The weight as int8, and what one step is, for each output feature (the first axis)."""
    largest = np.abs(weight).reshape(len(weight), -1).max(axis=1).reshape(-1, *[1] * (weight.ndim - 1))
    step = (np.maximum(largest, 1e-12) / 127).astype(np.float32)
    return np.rint(weight / step).clip(-127, 127).astype(np.int8), step


def shrink(model: onnx.ModelProto, stored: str) -> None:
    """Large float32 initializers become float16 or int8 ones, each followed by what gives the old name its values."""
    graph, made, nodes, number = model.graph, [], [], onnx.helper
    for weight in list(graph.initializer):
        if weight.data_type != onnx.TensorProto.FLOAT or np.prod(weight.dims) < LARGE:
            continue
        name, values = weight.name, numpy_helper.to_array(weight)
        graph.initializer.remove(weight)
        if stored == "float16":
            made.append(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
            nodes.append(number.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT))
        else:
            for part, kind in zip(steps(values), ("byte", "step"), strict=True):
                made.append(numpy_helper.from_array(part, f"{name}.{kind}"))
            cast = number.make_node("Cast", [f"{name}.byte"], [f"{name}.whole"], to=onnx.TensorProto.FLOAT)
            nodes += [cast, number.make_node("Mul", [f"{name}.whole", f"{name}.step"], [name])]
    graph.initializer.extend(made)
    for node in reversed(nodes):
        graph.node.insert(0, node)


def held(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """The initializers of a network as float32, by the names they had before they were shrunk."""
    raw = {w.name: numpy_helper.to_array(w) for w in model.graph.initializer}
    out = {}
    for name, values in raw.items():
        base, _, kind = name.rpartition(".")
        if kind == "step" and f"{base}.byte" in raw:
            continue
        if kind == "byte":
            out[base] = values * raw[f"{base}.step"]
        else:
            out[name.removesuffix(".half")] = values.astype(np.float32)
    return out
