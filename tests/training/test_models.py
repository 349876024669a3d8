"""The networks that ship are what their cards say."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from layersr.backends import load, networks
from layersr.errors import WeightsError

CARDS = sorted(networks.MODELS.glob("*.md"))


def row(card: str, key: str) -> str:
    (value,) = re.findall(rf"^\| {key} \| (.*?) \|$", card, flags=re.MULTILINE)
    return value


def test_every_network_has_a_card_and_every_card_a_network():
    assert {c.stem for c in CARDS} == {m.stem for m in networks.MODELS.glob("*.onnx")} >= {"upscale_x2", "upscale_x4"}
    assert sum(m.stat().st_size for m in networks.MODELS.glob("*.onnx")) <= 20e6


@pytest.mark.parametrize("path", CARDS, ids=lambda p: p.stem)
def test_card_states_the_file(path: Path):
    card, file = path.read_text(encoding="utf-8"), path.with_suffix(".onnx")
    assert row(card, "sha256") == hashlib.sha256(file.read_bytes()).hexdigest()
    assert int(row(card, "bytes")) == file.stat().st_size
    assert float(row(card, "minutes")) > 0
    assert int(row(card, "steps")) > 0


@pytest.mark.parametrize("path", CARDS, ids=lambda p: p.stem)
def test_card_states_the_graph(path: Path):
    pytest.importorskip("onnx", reason="reading a graph needs onnx: pip install 'layersr[train]'")
    pytest.importorskip("torch", reason="reading a graph needs torch: pip install 'layersr[train]'")
    from layersr.training.exporting import facts

    card, known = path.read_text(encoding="utf-8"), facts(path.with_suffix(".onnx"))
    assert int(row(card, "parameters")) == known["parameters"]
    assert int(row(card, "opset")) == known["opset"]


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 3), (33, 17)])
def test_any_size(scale: int, size: tuple[int, int]):
    image = np.random.default_rng(1).random((*size, 3)).astype(np.float32)
    assert load("upscale", "layersr")(image, scale).shape == (size[0] * scale, size[1] * scale, 3)


@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("value", [0.0, 0.37, 1.0])
def test_flat_stays_flat(scale: int, value: float):
    error = np.abs(load("upscale", "layersr")(np.full((40, 44, 3), value, np.float32), scale) - value)
    assert error.max() < 3 / 255  # in a corner, where three quarters of what a pixel sees is missing
    assert error[10 * scale : -10 * scale, 10 * scale : -10 * scale].max() < 0.5 / 255


def test_better_than_bicubic(shared_data: Path):
    from layersr.training.benchmark import bicubic, own, upscaling

    for scale, gain in ((2, 2.0), (4, 2.0)):
        folder = shared_data / "sr" / "Set5"
        assert upscaling(own(scale), folder, scale) > upscaling(bicubic(scale), folder, scale) + gain


def test_a_missing_or_damaged_network_of_ours_names_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(networks, "MODELS", tmp_path)
    with pytest.raises(WeightsError, match="pip install"):
        networks.session(tmp_path / "none.onnx", "cpu")
    (tmp_path / "bad.onnx").write_bytes(b"not a network")
    with pytest.raises(WeightsError, match="pip install"):
        networks.session(tmp_path / "bad.onnx", "cpu")
