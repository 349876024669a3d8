"""Whole exports with models of other people: one of each family, tiny, through every step."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from checkpoints import tiny
from layersr import documents
from layersr.backends import panoptic
from layersr.backends.views import Seen
from layersr.cli import cli
from layersr.flattening import flatten
from layersr.images import write_image

CLASSIC = ["--matte", "classic", "--infill", "classic", "--scale", "1", "--granularity", "1"]


def picture(path: Path) -> np.ndarray:
    rows, columns = np.indices((72, 96), np.float32)
    ground = np.dstack([0.1 + 0 * rows, 0.4 + 0.3 * rows / 72, 0.2 + 0.2 * columns / 96])
    discs = np.minimum(np.hypot(rows - 30, columns - 30) / 14, np.hypot(rows - 50, columns - 72) / 12) < 1
    rgb = np.where(discs[..., None], np.float32([0.9, 0.15, 0.1]), ground)
    pixels = np.rint(np.dstack([rgb, np.ones(rows.shape)]) * 255).astype(np.uint8)
    write_image(pixels, path)
    return pixels


def exported(folder: Path, *options: str) -> documents.LayerStack:
    """The stack of a document that the command line wrote, after it was compared with the picture."""
    pixels = picture(folder / "in.png")
    out = folder / "out.ora"
    done = CliRunner().invoke(cli, ["export", str(folder / "in.png"), str(out), *CLASSIC, *options])
    assert done.exit_code == 0, done.output
    stack = documents.read(out)
    assert np.array_equal(flatten(stack), pixels)
    return stack


@pytest.mark.parametrize("name", ["mask2former", "oneformer", "eomt", "sam", "sam2", "sam3"])
def test_whatever_a_network_finds_the_document_is_exact(name: str, tmp_path: Path):
    exported(tmp_path, "--detect", tiny("detect", name))


@pytest.mark.parametrize("name", ["sam", "sam2", "sam3"])
def test_what_is_pointed_at_becomes_a_layer(name: str, tmp_path: Path):
    stack = exported(tmp_path, "--detect", tiny("detect", name), "--max-layers", "1", "--box", "16,16,28,28")
    assert len(stack.layers) == 2


@pytest.mark.parametrize("name", ["grounding-dino", "owlv2", "sam3"])
def test_what_words_name_becomes_a_group_of_an_exact_document(name: str, tmp_path: Path):
    choice = tiny("understand", name)
    stack = exported(tmp_path, "--prompt", "red disc", "--understand", choice, "--detect", "none", "--device", "cpu")
    assert {layer.group for layer in stack.layers if layer.group} <= {("red disc",)}


@pytest.mark.parametrize("name", ["u2net", "isnet-anime", "birefnet-lite", "layerd"])
def test_two_subjects_become_two_layers(name: str, tmp_path: Path):
    stack = exported(tmp_path, "--detect", tiny("detect", name))
    assert len([layer for layer in stack.layers if layer.name.startswith("element")]) == 2


def test_names_of_things_become_names_of_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def found(classes: np.ndarray, masks: np.ndarray, seen: Seen) -> list[tuple[int, np.ndarray, float]]:
        frame = np.full((2, 64, 64), -5, np.float32)
        for thing, (x, y, radius) in zip(frame, ((30, 30, 14), (72, 50, 12)), strict=True):
            far = np.hypot(*(np.indices((64, 64), np.float32) * 1.5 - np.float32([y, x])[:, None, None]))
            thing[:] = np.clip(radius - far, -5, 5)
        return [(1, frame[0], 0.9), (1, frame[1], 0.9), (2, frame[0], 1.0)]

    monkeypatch.setattr(panoptic, "divided", found)
    stack = exported(tmp_path, "--detect", tiny("detect", "eomt"))
    assert {layer.name for layer in stack.layers[1:]} == {"bird 1", "bird 2"}
