"""What is named becomes one layer a thing, in a group of that name."""

import sys
from pathlib import Path

import numpy as np
import pytest

from layersr import backends, decomposing
from layersr.cli import run
from layersr.decomposing import Limits, Models
from layersr.flattening import flatten
from layersr.layers import Image, LayerStack
from layersr.roles import Detection, Prompt

CANVAS = (80, 120)
PLACES = ((20, 24), (60, 24), (100, 56))


def discs() -> list[np.ndarray]:
    rows, columns = np.indices(CANVAS)
    return [(np.hypot(rows - y, columns - x) <= 12).astype(np.float32) for x, y in PLACES]


def picture() -> Image:
    image = np.full((*CANVAS, 3), (0.2, 0.5, 0.3), np.float32)
    for disc, colour in zip(discs(), np.float32([[0.9, 0.2, 0.1], [0.9, 0.8, 0.1], [0.2, 0.2, 0.9]]), strict=True):
        image = np.where(disc[..., None] > 0, colour, image)
    return Image(np.rint(np.dstack([image, np.ones(CANVAS)]) * 255).astype(np.uint8))


def understand(image: np.ndarray, text: str, filled: np.ndarray | None = None) -> list[Detection]:
    """Knows balls and nothing else."""
    return [Detection(disc, 0.8, text) for disc in discs()] if text == "balls" else []


def decompose(limits: Limits, *prompts: Prompt) -> LayerStack:
    models = Models(
        lambda image, prompt=None: [],
        backends.load("matte", "classic"),
        backends.load("infill", "classic"),
        understand=understand,
    )
    return decomposing.decompose(picture(), models, limits, prompts)


def test_each_thing_so_named_is_a_layer_of_one_group():
    stack = decompose(Limits(), Prompt(text="balls"))
    assert {layer.name for layer in stack.layers[1:]} == {"balls 1", "balls 2", "balls 3"}
    assert {layer.group for layer in stack.layers[1:]} == {("balls",)}
    assert all(layer.facts["asked"] for layer in stack.layers[1:])
    assert np.array_equal(flatten(stack), picture().pixels)


def test_what_no_words_fit_is_told():
    stack = decompose(Limits(), Prompt(text="cats"))
    assert len(stack.layers) == 1
    assert stack.notes == (
        "Nothing was found by the words 'cats'; draw the element as a mask and give it with --mask.",
    )


def test_there_are_never_more_than_allowed():
    stack = decompose(Limits(max_layers=2), Prompt(text="balls"))
    assert len(stack.layers) == 3
    assert stack.notes == ("1 more were found by 'balls': at most 2 are allowed.",)


def test_kept_together_they_are_one():
    stack = decompose(Limits(together=True), Prompt(text="balls"))
    (layer,) = stack.layers[1:]
    assert layer.pixels[..., 3].sum() > 2.5 * 255 * discs()[0].sum()


def test_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch, samples: Path, tmp_path: Path, capfd):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert run(["export", str(samples / "poster.png"), str(tmp_path / "out.psd"), "--prompt", "moon"]) == 5
    assert "pip install 'layersr[transformers]'" in capfd.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_command_says_what_understands_words(samples: Path, tmp_path: Path, capfd):
    out = str(tmp_path / "out.psd")
    assert run(["export", str(samples / "poster.png"), out, "--prompt", "moon", "--understand", "nobody"]) == 5
    assert "clipseg" in capfd.readouterr().err
