"""Networks between two networks."""

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="needs onnx: pip install 'layersr[train]'")
from click.testing import CliRunner  # noqa: E402

from layersr.training import mixing  # noqa: E402


def network(*values: float, kind: type = np.float16) -> "onnx.ModelProto":
    weights = [onnx.numpy_helper.from_array(np.array(values, kind), "w")]
    weights.append(onnx.numpy_helper.from_array(np.array([2], np.int64), "shape"))
    return onnx.helper.make_model(onnx.helper.make_graph([], "g", [], [], weights))


def weight(model: "onnx.ModelProto") -> np.ndarray:
    return onnx.numpy_helper.to_array(model.graph.initializer[0])


@pytest.mark.parametrize(("share", "expected"), [(0, [1, 2]), (1, [3, 0]), (0.25, [1.5, 1.5])])
def test_on_the_line_between(share: float, expected: list[float]):
    out = mixing.mixed(network(1, 2), network(3, 0), float(share))
    np.testing.assert_array_equal(weight(out), np.array(expected, np.float16))
    assert onnx.numpy_helper.to_array(out.graph.initializer[1]) == 2


def test_as_a_command(tmp_path: Path):
    first, second, other = (tmp_path / f"{name}.onnx" for name in ("first", "second", "other"))
    onnx.save(network(1, 2), first)
    onnx.save(network(3, 0), second)
    onnx.save(network(1, 2, 3), other)
    out = tmp_path / "out.onnx"
    done = CliRunner().invoke(mixing.main, [str(first), str(second), "--share", "0.5", "--out", str(out)])
    assert done.exit_code == 0, done.output
    np.testing.assert_array_equal(weight(onnx.load(out)), np.array([2, 1], np.float16))
    refused = CliRunner().invoke(mixing.main, [str(first), str(other), "--out", str(tmp_path / "no.onnx")])
    assert refused.exit_code == 2
    assert "not of one architecture" in refused.output
    assert not (tmp_path / "no.onnx").exists()
