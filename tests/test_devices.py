"""Where models run: names of devices, and what happens where memory does not suffice. No accelerator is needed."""

import warnings
import weakref
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from layersr import backends, needs, pipeline
from layersr.backends import networks
from layersr.backends.compact import CompactUpscaler
from layersr.errors import BackendError, Notice, UsageError
from layersr.layers import Image
from layersr.recipe import Recipe
from layersr.tiling import LEAST, run_tiles

FULL = {
    "torch": "CUDA out of memory. Tried to allocate 2.00 GiB.",
    "cublas": "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
    "onnxruntime": "Available memory of 1 is smaller than requested bytes of 2",
}


# names


@pytest.mark.parametrize("name", ["tpu", "", "cuda:", "cuda:x", "cpu:1", "auto:0", "CUDA"])
def test_a_name_that_stands_for_no_device_is_refused_with_those_there_are(name: str):
    with pytest.raises(UsageError, match="there is auto, cpu, cuda, mps, xpu, directml, coreml"):
        Recipe(device=name)


@pytest.mark.parametrize("name", ["auto", "cpu", "cuda", "cuda:12", "mps", "xpu:1", "directml", "coreml"])
def test_names_of_devices(name: str):
    assert Recipe(device=name).device == name


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch):
    """Say which accelerators the two runtimes have."""

    def say(onnx: list[str], torch: list[str] | None) -> None:
        monkeypatch.setattr(networks, "available", lambda: onnx)
        monkeypatch.setattr(backends, "missing", lambda extra: ["torch"] if torch is None else [])
        monkeypatch.setattr("layersr.backends.torching.available", lambda: torch)

    return say


def test_a_device_is_refused_where_neither_runtime_has_it(only):
    only([], None)
    with pytest.raises(BackendError, match=r"no device 'cuda:1' here; there is cpu. layersr doctor"):
        needs.resolved(Recipe(device="cuda:1"))
    only([], ["mps"])
    with pytest.raises(BackendError, match="there is cpu, mps"):
        pipeline.decompose(Image(np.zeros((4, 4, 4), np.uint8)), Recipe(device="xpu"))
    for device in ("cpu", "auto", "mps"):
        assert needs.resolved(Recipe(device=device)).device == device
    only(["cuda"], None)
    assert needs.resolved(Recipe(device="cuda")).device == "cuda"


def test_presets_ask_for_an_accelerator_only_where_there_may_be_one(only):
    only([], None)
    assert not needs.accelerated("cpu")
    assert not needs.accelerated("auto")
    only([], ["cuda"])
    assert needs.accelerated("auto")
    assert needs.accelerated("mps")


# onnxruntime


def test_onnxruntime_uses_the_cpu_for_what_it_lacks_and_says_so(only):
    only([], None)
    assert networks.providers("cpu") == networks.providers("auto") == [networks.CPU]
    with pytest.warns(Notice, match="onnxruntime has no mps here; its networks run on the CPU"):
        assert networks.providers("mps") == [networks.CPU]
    only(["cuda", "coreml"], None)
    assert networks.providers("auto") == ["CUDAExecutionProvider", networks.CPU]
    assert networks.providers("cuda:2") == [("CUDAExecutionProvider", {"device_id": 2}), networks.CPU]
    assert networks.providers("coreml") == ["CoreMLExecutionProvider", networks.CPU]


def test_a_provider_whose_driver_is_missing_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(networks, "providers", lambda device: ["AzureExecutionProvider", networks.CPU])
    monkeypatch.setattr(
        "onnxruntime.InferenceSession",
        lambda path, options, providers: SimpleNamespace(get_providers=lambda: [networks.CPU]),
    )
    with pytest.warns(Notice, match="onnxruntime cannot use cuda here"):
        networks.session(networks.MODELS / "upscale_x2.onnx", "cuda")


class Session:
    """A session on an accelerator that has room for planes of a certain side; or the real one on the CPU."""

    real = staticmethod(networks.session)

    def __init__(self, room: int, asked: list[tuple[str, tuple[int, ...]]]) -> None:
        self.room, self.asked = room, asked

    def __call__(self, path: Any, device: str) -> Any:
        real = self.real(path, "cpu")

        def run(outputs: Any, named: dict[str, np.ndarray]) -> Any:
            self.asked.append((device, named["image"].shape[-2:]))
            if device != "cpu" and max(named["image"].shape[-2:]) > self.room:
                raise RuntimeError(FULL["onnxruntime"])
            return real.run(outputs, named)

        there = [networks.CPU] if device == "cpu" else ["CUDAExecutionProvider", networks.CPU]
        return SimpleNamespace(run=run, get_providers=lambda: there)


def test_a_network_goes_on_on_the_cpu_where_memory_does_not_suffice(monkeypatch: pytest.MonkeyPatch):
    asked: list[tuple[str, tuple[int, ...]]] = []
    monkeypatch.setattr(networks, "session", Session(10, asked))
    planes = np.random.default_rng(0).random((3, 24, 20), np.float32)
    network = networks.Network("upscale_x2", "cuda")
    with pytest.warns(Notice, match="memory of cuda does not suffice; going on, slower, on the CPU"):
        said = network(planes)
    assert np.array_equal(said, networks.Network("upscale_x2", "cpu")(planes))
    network(planes)  # it stays there, and says nothing more
    assert [device for device, _ in asked] == ["cuda", "cpu", "cpu", "cpu"]


def test_tiles_are_halved_before_the_cpu_is_asked(monkeypatch: pytest.MonkeyPatch):
    image = np.random.default_rng(0).random((700, 40, 3), np.float32)

    def enlarged(device: str, cell: int) -> np.ndarray:
        model = CompactUpscaler(device, {2: "upscale_x2"}, ((0, 1),))

        def run(planes: np.ndarray) -> np.ndarray:
            return model(np.ascontiguousarray(planes.transpose(1, 2, 0)), 2).transpose(2, 0, 1)

        planes = np.ascontiguousarray(image.transpose(2, 0, 1))
        return run_tiles(run, planes, np.ones((700, 40), bool), cell=cell, margin=LEAST, scale=2)

    asked: list[tuple[str, tuple[int, ...]]] = []
    monkeypatch.setattr(networks, "session", Session(450, asked))
    halved = enlarged("cuda", 700)
    assert {device for device, _ in asked} == {"cuda"}
    assert np.array_equal(halved, enlarged("cpu", 350))
    monkeypatch.setattr(networks, "session", Session(50, asked))
    with pytest.warns(Notice, match="CPU"):
        enlarged("cuda", 700)
    assert asked[-1][0] == "cpu"


def test_other_errors_of_a_network_are_not_swallowed(monkeypatch: pytest.MonkeyPatch):
    def fails(path: Any, device: str) -> Any:
        def run(outputs: Any, named: Any) -> None:
            raise RuntimeError("Invalid rank for input")

        return SimpleNamespace(run=run, get_providers=lambda: ["CUDAExecutionProvider"])

    monkeypatch.setattr(networks, "session", fails)
    with pytest.raises(RuntimeError, match="Invalid rank"):
        networks.Network("upscale_x2", "cuda")(np.zeros((3, 8, 8), np.float32))


# torch: `meta` stands in for an accelerator, with room for so many pixels a side


@pytest.fixture
def accelerator(monkeypatch: pytest.MonkeyPatch):
    """A device whose memory is full for pictures of a larger side; the modules it was asked to hold."""
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'layersr[transformers]'")
    from layersr.backends import torching

    state = SimpleNamespace(room=10, says=FULL["torch"], error=torch.OutOfMemoryError, holds=True, asked=[])

    class Doubling(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.factor = torch.nn.Parameter(torch.tensor(2.0))

        def to(self, device: Any) -> Any:
            if device.type != "cpu" and not state.holds:
                raise state.error(state.says)
            return self

        def forward(self, picture: Any) -> Any:
            state.asked.append((model[0].device.type, tuple(picture.shape[-2:])))
            if model[0].device.type != "cpu" and max(picture.shape[-2:]) > state.room:
                raise state.error(state.says)
            return torch.ones(picture.shape) * self.factor

    model: list[Any] = []

    def make(**named: Any) -> Any:
        model[:] = [torching.TorchModel.__new__(torching.TorchModel)]
        model[0].__init__(Doubling(), "cuda", **named)
        return model[0]

    monkeypatch.setattr(torching, "torch_device", lambda name: torch.device("meta"))
    monkeypatch.setattr(torch, "autocast", lambda *a, **k: warnings.catch_warnings())
    return SimpleNamespace(state=state, make=make, torch=torch)


def test_a_torch_model_goes_on_on_the_cpu_where_memory_does_not_suffice(accelerator):
    picture = accelerator.torch.ones(1, 3, 20, 20)
    for error, says in (
        (accelerator.torch.OutOfMemoryError, "torch"),
        (RuntimeError, "torch"),
        (RuntimeError, "cublas"),
    ):
        accelerator.state.error, accelerator.state.says = error, FULL[says]
        accelerator.state.asked.clear()
        model = accelerator.make()
        with pytest.warns(Notice, match="memory of meta does not suffice"):
            assert (model(picture) == 2).all()
        assert (model(picture) == 2).all()
        assert [device for device, _ in accelerator.state.asked] == ["meta", "cpu", "cpu"]


def test_a_torch_model_that_does_not_fit_begins_on_the_cpu(accelerator):
    accelerator.state.holds = False
    with pytest.warns(Notice, match="CPU"):
        model = accelerator.make(half=True)
    assert (model(accelerator.torch.ones(1, 3, 20, 20)) == 2).all()
    assert accelerator.state.asked == [("cpu", (20, 20))]


def test_a_torch_model_asked_in_tiles_has_them_halved_first(accelerator):
    model = accelerator.make(smallest=16)
    with pytest.raises(accelerator.torch.OutOfMemoryError):
        model(accelerator.torch.ones(1, 3, 4, 20))
    with pytest.raises(accelerator.torch.OutOfMemoryError):
        model(picture=accelerator.torch.ones(1, 3, 20, 4))
    assert (model(accelerator.torch.ones(1, 3, 9, 8)) == 2).all()
    with pytest.warns(Notice, match="CPU"):
        assert (model(accelerator.torch.ones(1, 3, 16, 16)) == 2).all()


def test_other_errors_of_a_torch_model_are_not_swallowed(accelerator):
    accelerator.state.error, accelerator.state.says = RuntimeError, "mat1 and mat2 shapes cannot be multiplied"
    model = accelerator.make()
    with pytest.raises(RuntimeError, match="mat1"):
        model(accelerator.torch.ones(1, 3, 20, 20))
    assert [device for device, _ in accelerator.state.asked] == ["meta"]


def test_devices_of_torch(monkeypatch: pytest.MonkeyPatch):
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'layersr[transformers]'")
    from layersr.backends import torching

    monkeypatch.setattr(torching, "available", lambda: ["cuda", "xpu"])
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert torching.torch_device("auto").type == "cuda"
    assert torching.torch_device("cuda:1") == torch.device("cuda", 1)
    for name in ("cuda:2", "mps"):
        with pytest.raises(BackendError, match="there is cpu, cuda, xpu, or auto"):
            torching.torch_device(name)
    with pytest.warns(Notice, match="torch has no directml"):
        assert torching.torch_device("directml").type == "cpu"
    monkeypatch.setattr(torching, "available", list)
    assert torching.torch_device("auto").type == "cpu"


# memory between the steps


def test_models_are_dropped_when_their_step_ends(monkeypatch: pytest.MonkeyPatch):
    """Nothing of the first half is in memory when the second begins, nor anything after it."""
    alive: weakref.WeakSet = weakref.WeakSet()
    real = networks.Network.__init__

    def noted(self: networks.Network, *args: Any, **named: Any) -> None:
        alive.add(self)
        real(self, *args, **named)

    monkeypatch.setattr(networks.Network, "__init__", noted)
    left: list[int] = []
    give_back = pipeline.torching.give_back
    monkeypatch.setattr(pipeline.torching, "give_back", lambda: left.append(len(alive)) or give_back())
    seen: list[int] = []
    image = Image(np.full((40, 56, 4), (90, 120, 60, 255), np.uint8))
    image.pixels[10:30, 20:40] = (200, 30, 20, 255)
    pipeline.run(image, Recipe(boxes=((20, 10, 20, 20),), detect="none"), lambda event: seen.append(len(alive)))
    assert max(seen) > 3  # there were some
    assert left == [0, 0]
