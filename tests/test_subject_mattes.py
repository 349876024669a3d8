"""Things out of one matte, by rembg's models and LayerD's."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from checkpoints import tiny
from checkpoints.rembg import redness
from layersr import backends, documents
from layersr.backends.subjects import SubjectDetector, subjects
from layersr.cli import run
from layersr.errors import BackendError, WeightsError
from layersr.images import write_image
from layersr.roles import Detection, Prompt
from layersr.weights.trust import TRUST

SHAPE = (120, 160)


def disc(x: int, y: int, radius: float) -> np.ndarray:
    rows, columns = np.indices(SHAPE)
    return np.clip(radius + 0.5 - np.hypot(rows - y, columns - x), 0, 1).astype(np.float32)


def picture(*discs: np.ndarray) -> np.ndarray:
    image = np.full((*SHAPE, 3), (0.2, 0.6, 0.3), np.float32)
    for mask in discs:
        image = np.where(mask[..., None] > 0.5, np.float32([0.9, 0.1, 0.1]), image)
    return image


def same(first: np.ndarray, second: np.ndarray) -> float:
    first, second = first > 0.5, second > 0.5
    return float((first & second).sum() / max(1, (first | second).sum()))


def test_what_is_clearly_separate_comes_apart_and_a_dotted_line_does_not():
    left, right = disc(40, 30, 16), disc(120, 30, 16)
    dots = np.maximum.reduce([disc(x, 100, 2.5) for x in range(20, 140, 7)])
    found = subjects(np.maximum.reduce([left, 0.8 * right, 0.7 * dots]).astype(np.float32))
    assert len(found) == 3
    for thing, truth in zip(found, (left, right, dots), strict=True):
        assert same(thing.mask, truth) > 0.9
    np.testing.assert_allclose([thing.score for thing in found], [1.0, 0.8, 0.7], atol=0.1)


def test_half_hearted_mattes_and_specks_are_nothing():
    assert subjects(np.full(SHAPE, 0.4, np.float32)) == []
    assert subjects(disc(40, 30, 0.9)) == []


@pytest.mark.parametrize("name", ["u2net", "isnet-anime", "birefnet-lite", "layerd"])
def test_a_picture_without_a_subject_gives_nothing_although_rembg_stretches_every_mask(name: str):
    model = backends.load("detect", tiny("detect", name))
    assert len(model(picture(disc(40, 30, 16)))) == 1
    assert list(model(picture())) == []
    assert list(model(np.random.default_rng(0).random((*SHAPE, 3), np.float32) * 0.02 + 0.5)) == []


@pytest.mark.parametrize("name", ["u2net", "birefnet", "layerd"])
def test_subjects_are_found_where_they_are(name: str):
    left, right = disc(40, 30, 16), disc(120, 80, 20)
    model = backends.load("detect", tiny("detect", name))
    found = model(picture(left, right))
    assert len(found) == 2
    assert {max(round(same(thing.mask, truth)) for thing in found) for truth in (left, right)} == {1}
    (pointed,) = model(picture(left, right), Prompt(point=(120, 80)))
    assert same(pointed.mask, right) > 0.9


def test_what_is_pointed_at_and_is_no_subject_is_asked_of_another():
    thing = disc(40, 30, 16)
    asked = []

    def other(image: np.ndarray, prompt: Prompt | None = None) -> list[Detection]:
        asked.append(prompt)
        return []

    model = SubjectDetector("some", lambda image: thing, other)
    image = picture(thing)
    assert same(model(image, Prompt(box=(24, 14, 32, 32)))[0].mask, thing) == 1
    assert not asked
    assert model(image, Prompt(point=(100, 100))) == model(image, Prompt(box=(90, 50, 30, 30))) == []
    assert model(image, Prompt(point=(40, 30), filled=thing > 0)) == []  # nobody asks for a fill
    assert len(asked) == 3
    with pytest.raises(BackendError, match="--understand"):
        model(image, Prompt(text="disc"))


def test_damaged_files_are_never_loaded(tmp_path: Path):
    tiny("detect", "u2net")
    (tmp_path / "u2net.onnx").write_bytes(b"no network")
    for name in ("u2net", "layerd"):
        with pytest.raises(WeightsError, match=r"u2net\.onnx"):
            backends.load("detect", f"{name}={tmp_path / 'u2net.onnx'}")


def test_without_rembg_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    redness(tmp_path / "u2net.onnx", 320, logits=False)
    monkeypatch.setattr(backends, "missing", lambda extra: ["rembg"] if extra == "rembg" else [])
    with pytest.raises(BackendError, match=re.escape("pip install 'layersr[rembg]'")):
        backends.load("detect", f"u2net={tmp_path / 'u2net.onnx'}")


def test_rembg_without_onnxruntime_does_not_end_the_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    tiny("detect", "u2net")
    for name in [name for name in sys.modules if name.split(".")[0] == "rembg"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(BackendError, match=re.escape("pip install 'layersr[rembg]'")):
        backends.load("detect", tiny("detect", "u2net"))


CODE = """
import torch
from transformers import PretrainedConfig, PreTrainedModel

class Config(PretrainedConfig):
    model_type = "redness"

class Settings:
    size = 64

class Redness(PreTrainedModel):  # with the habits of BiRefNet's code, which was written for Transformers 4
    config_class = Config

    def __init__(self, pretrained=True, config=Config()):
        super().__init__(config)
        self.config = Settings()
        self.rates = [rate.item() for rate in torch.linspace(0, 0.2, 3)]
        self.seen = torch.nn.Conv2d(3, 1, 1)

    def forward(self, pixels):
        return [self.seen(pixels[..., ::2, ::2]), self.seen(pixels)]
"""


@pytest.fixture
def coded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with weights and the Python code that runs them, as LayerD's on the hub."""
    if backends.missing("transformers"):
        pytest.skip("needs torch and Transformers: pip install 'layersr[transformers]'")
    import torch
    from safetensors.torch import save_file

    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "birefnet.py").write_text(CODE)
    (folder / "config.json").write_text(
        '{"model_type": "redness", "architectures": ["Redness"], "size": 64, "auto_map": '
        '{"AutoConfig": "birefnet.Config", "AutoModelForImageSegmentation": "birefnet.Redness"}}'
    )
    weights = {"seen.weight": torch.tensor([1.8, -1.8, 0.0]).reshape(1, 3, 1, 1), "seen.bias": torch.tensor([-3.0])}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    monkeypatch.setenv("HF_MODULES_CACHE", str(tmp_path / "modules"))
    return folder


def test_code_beside_weights_runs_only_where_it_is_trusted(coded: Path, monkeypatch: pytest.MonkeyPatch):
    (coded / "birefnet.py").write_text("raise SystemExit('this ran')")
    monkeypatch.delenv(TRUST, raising=False)
    with pytest.raises(BackendError, match=f"{TRUST}=1"):
        backends.load("detect", f"layerd={coded}")


def test_the_command_line_can_trust_it(coded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd):
    monkeypatch.setenv(TRUST, "")  # so that it is put back afterwards
    pixels = np.dstack([picture(disc(40, 30, 16)), np.ones(SHAPE)]) * 255
    write_image(np.rint(pixels).astype(np.uint8), tmp_path / "in.png")
    command = ["export", str(tmp_path / "in.png"), str(tmp_path / "out.ora"), "--detect", f"layerd={coded}"]
    command += ["--scale", "1", "--infill", "classic"]
    assert run(command) == 5
    assert "--trust-remote-code" in capfd.readouterr().err
    assert run([*command, "--trust-remote-code"]) == 0
    assert len(documents.read(tmp_path / "out.ora").layers) == 2


def test_trusted_code_is_asked_for_its_finest_answer(coded: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(TRUST, "1")
    model = backends.load("detect", f"layerd={coded}")
    thing = disc(40, 30, 16)
    (found,) = model(picture(thing))
    assert same(found.mask, thing) > 0.85


def test_what_trusted_code_lacks_is_told(coded: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(TRUST, "1")
    (coded / "birefnet.py").write_text("import nowhere_at_all\n" + CODE)
    with pytest.raises(BackendError, match="nowhere_at_all"):
        backends.load("detect", f"layerd={coded}")
    (coded / "birefnet.py").write_text(CODE.replace("self.seen =", "self.other ="))
    with pytest.raises(WeightsError, match=r"other\.bias is missing"):
        backends.load("detect", f"layerd={coded}")
    (coded / "config.json").write_text("{}")
    with pytest.raises(WeightsError, match="does not hold a model and its code"):
        backends.load("detect", f"layerd={coded}")
