"""Networks that somebody names by their file: what is loaded, what is refused, and with which words."""

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from checkpoints import made, tiny
from layersr import backends
from layersr.backends.standing_in import torchvision_stand_in
from layersr.errors import BackendError, WeightsError


def ramp(height: int = 26, width: int = 34) -> np.ndarray:
    rows, columns = np.indices((height, width), np.float32)
    return np.dstack([0.2 + 0.5 * rows / height, 0.3 + 0.4 * columns / width, 0.5 + 0 * rows]).astype(np.float32)


def saved(state: dict, path: Path) -> Path:
    import torch

    torch.save(state, path)
    return path


@pytest.mark.parametrize("suffix", [".pth", ".ckpt", ".pt", ".safetensors", ".PTH"])
def test_a_file_of_any_kind_is_chosen_by_its_name_and_says_its_factor(suffix: str, tmp_path: Path):
    tiny("upscale", "spandrel")  # skips where the package is missing
    from safetensors.torch import save_file

    from checkpoints.spandrel import compact

    path = tmp_path / f"model{suffix}"
    if suffix == ".safetensors":
        save_file(compact(scale=3), path)
    else:
        saved(compact(scale=3), path)
    model = backends.load("upscale", str(path))
    assert model.scales == (3,)
    assert model(ramp(), 3).shape == (78, 102, 3)


def test_a_network_for_greys_sees_each_channel_by_itself(tmp_path: Path):
    tiny("upscale", "spandrel")
    import torch

    from checkpoints.spandrel import compact

    state = compact(scale=2)
    state["body.0.weight"] = state["body.0.weight"].mean(1, keepdim=True)
    last = max(int(name.split(".")[1]) for name in state)
    for kind in ("weight", "bias"):
        state[f"body.{last}.{kind}"] = state[f"body.{last}.{kind}"][:4]
    model = backends.load("upscale", str(saved(state, tmp_path / "grey.pth")))
    image = ramp()
    large = model(image, 2)
    swapped = model(np.ascontiguousarray(image[..., ::-1]), 2)
    assert large.shape == (52, 68, 3)
    np.testing.assert_allclose(swapped, large[..., ::-1], atol=1e-6)
    assert isinstance(state["body.0.weight"], torch.Tensor)


def test_files_that_are_no_enlarging_networks_are_refused_by_name(tmp_path: Path):
    tiny("upscale", "spandrel")
    import torch

    from checkpoints.spandrel import compact

    with pytest.raises(WeightsError, match=r"other\.pth holds no network that is known"):
        backends.load("upscale", str(saved({"weight": torch.zeros(3)}, tmp_path / "other.pth")))
    with pytest.raises(WeightsError, match="does not enlarge"):
        backends.load("upscale", str(saved(compact(scale=1), tmp_path / "same.pth")))
    damaged = tmp_path / "damaged.pth"
    damaged.write_bytes(made("spandrel").read_bytes()[:2000])
    with pytest.raises(WeightsError, match=r"damaged\.pth is damaged"):
        backends.load("upscale", str(damaged))
    for suffix in (".safetensors", ".onnx"):
        (tmp_path / f"text{suffix}").write_text("no network")
        with pytest.raises(WeightsError, match="text"):
            backends.load("upscale", str(tmp_path / f"text{suffix}"))


def test_a_pickle_runs_no_code(tmp_path: Path):
    tiny("upscale", "spandrel")
    touched = tmp_path / "touched"

    class Evil:
        def __reduce__(self) -> tuple:
            return Path.touch, (touched,)

    with pytest.raises(WeightsError):
        backends.load("upscale", str(saved({"params": Evil()}, tmp_path / "evil.pth")))
    assert not touched.exists()


@pytest.mark.parametrize(("name", "kind"), [("spandrel", r"\.pth"), ("onnx", r"\.onnx")])
def test_the_name_alone_asks_for_the_file(name: str, kind: str):
    with pytest.raises(BackendError, match=rf"--upscale PATH \(.*{kind}"):
        backends.load("upscale", name)
    with pytest.raises(WeightsError, match="There is no file"):
        backends.load("upscale", "nowhere.onnx")


def test_libraries_load_beside_a_missing_or_broken_torchvision_and_nothing_is_left_behind(
    monkeypatch: pytest.MonkeyPatch,
):
    broken = ModuleType("torchvision")  # no package: its submodules cannot be imported
    for state in (None, broken):
        monkeypatch.setitem(sys.modules, "torchvision", state)
        with torchvision_stand_in():
            from torchvision.transforms.functional import InterpolationMode, normalize, rotate

            assert InterpolationMode.BILINEAR
        for function in (normalize, rotate):
            with pytest.raises(BackendError, match="torchvision"):
                function(None)
        assert sys.modules["torchvision"] is state
        assert "torchvision.transforms" not in sys.modules


def test_a_torchvision_that_works_is_used(monkeypatch: pytest.MonkeyPatch):
    real = {
        name: ModuleType(name)
        for name in ("torchvision", "torchvision.transforms", "torchvision.transforms.functional")
    }
    real["torchvision"].transforms = real["torchvision.transforms"]
    real["torchvision.transforms"].functional = real["torchvision.transforms.functional"]
    for name, module in real.items():
        monkeypatch.setitem(sys.modules, name, module)
    with torchvision_stand_in():
        assert sys.modules["torchvision.transforms.functional"] is real["torchvision.transforms.functional"]
    assert sys.modules["torchvision"] is real["torchvision"]


class TestOnnxFiles:
    def saved(self, path: Path, shape: list, pooled: int = 1, scale: int = 2, half: bool = False) -> Path:
        """Means over blocks of `pooled` pixels, repeated: what wants sizes to be multiples of that."""
        onnx = pytest.importorskip("onnx", reason="needs onnx: pip install 'layersr[train]'")
        kind = onnx.TensorProto.FLOAT16 if half else onnx.TensorProto.FLOAT
        factor = onnx.numpy_helper.from_array(np.array([1, 1, pooled * scale, pooled * scale], np.float32), "factor")
        nodes = [
            onnx.helper.make_node("SpaceToDepth", ["image"], ["blocks"], blocksize=pooled),
            onnx.helper.make_node("DepthToSpace", ["blocks"], ["again"], blocksize=pooled),
            onnx.helper.make_node("AveragePool", ["again"], ["few"], kernel_shape=[pooled] * 2, strides=[pooled] * 2),
            onnx.helper.make_node("Resize", ["few", "", "factor"], ["result"], mode="nearest"),
        ]
        tensors = [onnx.helper.make_tensor_value_info(n, kind, s) for n, s in (("image", shape), ("result", None))]
        graph = onnx.helper.make_graph(nodes, "test", tensors[:1], tensors[1:], [factor])
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
        onnx.save(model, path)
        return path

    def test_it_enlarges_as_the_network_does(self):
        by_file, own = (backends.load("upscale", name) for name in (tiny("upscale", "onnx"), "layersr"))
        assert by_file.scales == (2,)
        np.testing.assert_array_equal(by_file(ramp(), 2), own(ramp(), 2))

    @pytest.mark.parametrize("half", [False, True])
    @pytest.mark.parametrize("pooled", [1, 4, 16])
    def test_factor_and_sizes_are_found_by_trying(self, tmp_path: Path, pooled: int, half: bool):
        path = self.saved(tmp_path / "a.onnx", [1, 3, "h", "w"], pooled, 3, half)
        model = backends.load("upscale", str(path))
        assert model.scales == (3,)
        image = ramp(27, 33)
        large = model(image, 3)
        assert large.shape == (81, 99, 3)
        assert large.dtype == np.float32
        assert abs(large.mean() - image.mean()) < 0.05

    @pytest.mark.parametrize(
        ("shape", "scale", "words"),
        [
            ([1, 3, 64, 64], 2, "64 x 64 only"),
            ([1, 1, "h", "w"], 2, "no network for colours"),
            ([1, 3, "h", "w"], 1, "no network that enlarges"),
        ],
    )
    def test_what_cannot_be_used_is_refused(self, tmp_path: Path, shape: list, scale: int, words: str):
        path = self.saved(tmp_path / "a.onnx", shape, 1, scale)
        with pytest.raises(WeightsError, match=words):
            backends.load("upscale", str(path))
