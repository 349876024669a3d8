"""Files of other applications: each is read, or refused in one sentence."""

import os
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from document_stacks import assert_same
from psd_tools import PSDImage

from layersr import documents
from layersr.errors import InputError
from layersr.flattening import flatten
from layersr.layers import LayerStack

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("LAYERSR_DATA", ROOT.parent / "shared" / "data")) / "layered"
FILES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.suffix in documents.SUFFIXES)


@cache
def outcome(name: str) -> LayerStack | str:
    try:
        return documents.read(FOLDER / name)
    except InputError as error:
        return str(error)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.usefixtures("shared_data")
def test_is_read_or_refused(name: str, tmp_path: Path):
    stack = outcome(name)
    if isinstance(stack, str):
        assert name.split("/")[-1] in stack
        return
    assert len(stack.notes) == len([note for note in stack.notes if note.endswith(".")])
    # What was read can be written, and then nothing more is lost.
    if stack.width * stack.height < 500_000:
        documents.write(stack, tmp_path / "x.psd")
        again = documents.read(tmp_path / "x.psd")
        in_steps = tuple(replace(layer, opacity=round(layer.opacity * 255) / 255) for layer in stack.layers)
        assert_same(stack.with_layers(in_steps), again)
        kept = without_adjustments(stack.with_layers(in_steps))
        documents.write(kept, tmp_path / "x.kra")
        assert_same(kept, documents.read(tmp_path / "x.kra"))


def without_adjustments(stack: LayerStack) -> LayerStack:
    """The stack without them, and without groups in which nothing else is; group opacities in 256 steps."""
    layers = tuple(layer for layer in stack.layers if layer.adjustment is None)
    groups = {
        path: replace(group, opacity=round(group.opacity * 255) / 255)
        for path, group in stack.groups.items()
        if any(layer.group[: len(path)] == path for layer in layers)
    }
    return replace(stack, layers=layers, groups=groups)


def test_most_are_read(shared_data: Path, record_property):
    read = [name for name in FILES if isinstance(outcome(name), LayerStack)]
    refused = {name: outcome(name) for name in FILES if name not in read}
    counts = {kind: sum(name.endswith(kind) for name in read) for kind in documents.SUFFIXES}
    record_property("read", counts)
    print(f"read {counts}, refused {refused}")
    assert counts[".psd"] + counts[".psb"] >= 35
    assert counts[".ora"] == sum(name.endswith(".ora") for name in FILES) > 0


def test_shows_what_the_application_showed(shared_data: Path):
    """Where nothing was lost on the way, the layers give the picture the application stored with them."""
    compared = 0
    for name in (name for name in FILES if name.endswith((".psd", ".psb"))):
        stack = outcome(name)
        kept = isinstance(stack, LayerStack) and all(
            "into pixels" in n or "mask of the layer" in n for n in stack.notes
        )
        if not kept or any(layer.blend != "normal" for layer in stack.layers):
            continue
        shown = PSDImage.open(FOLDER / name).topil()
        if shown is None or stack.width * stack.height > 10**6:
            continue
        expected, ours = np.asarray(shown.convert("RGBA")) / 255, flatten(stack) / 255
        expected, ours = (a[..., :3] * a[..., 3:] + 1 - a[..., 3:] for a in (expected, ours))
        difference = 255 * np.abs(expected - ours).max(axis=2)
        # Applications round in their own ways along soft edges, and hint text on the screen as they like.
        assert difference.mean() < 0.5, name
        assert (difference > 4).mean() < 0.01, name
        compared += 1
    assert compared >= 12
