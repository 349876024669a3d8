"""What can go wrong on the way in ends in one sentence; what goes wrong on the way out leaves nothing behind."""

import errno
import os
import random
from pathlib import Path

import numpy as np
import pytest
from document_stacks import scene
from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import harm, parts_of, put_together

from layersr import documents
from layersr.documents import xcf
from layersr.errors import InputError, OutputError
from layersr.flattening import flatten_band
from layersr.layers import Layer, LayerStack

NAMES = ["x.psd", "x.psb", "x.ora", "x.kra", "x.xcf", "x"]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    stack = scene(np.uint16)
    codes = np.full(stack.layers[1].pixels.shape[:2], 2, np.uint8)
    marked = Layer("marked", stack.layers[1].pixels, provenance=codes, facts={"a": 1})
    stack = stack.with_layers((*stack.layers, marked))
    for name in NAMES:
        documents.write(stack, folder / name)
    return folder


def refused_or_read(path: Path) -> bool:
    """Whether it was read; anything but an InputError fails the test."""
    try:
        stack, sentence = documents.read(path), "."
    except InputError as error:
        stack, sentence = None, str(error)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return stack is not None


@settings(max_examples=150)
@given(name=st.sampled_from(NAMES), seed=st.integers(0, 2**32))
def test_mutated(tmp_path_factory: pytest.TempPathFactory, written: Path, name: str, seed: int):
    """The same for hours, with documents of other applications too and an eye on time and memory: `fuzz.py`."""
    path, parts = tmp_path_factory.mktemp("mutated") / name, parts_of(written / name)
    put_together(parts, harm(random.Random(seed), parts, [data for data in parts.values() if data]), path)
    refused_or_read(path)


@settings(max_examples=60)
@given(name=st.sampled_from(NAMES[:4]), share=st.floats(0, 1, exclude_max=True))
def test_cut_short(tmp_path_factory: pytest.TempPathFactory, written: Path, name: str, share: float):
    path = tmp_path_factory.mktemp("cut") / name
    content = (written / name).read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert not refused_or_read(path)


@pytest.mark.parametrize("suffix", [".psd", ".psb", ".ora", ".kra", ".xcf"])
@pytest.mark.parametrize(
    "content",
    [b"", b"8BPS", b"PK\3\4", b"hello" * 99, b"gimp xcf v012\0", b"\x89PNG\r\n\x1a\n" + bytes(99), bytes(5000)],
)
def test_not_what_it_says(tmp_path: Path, suffix: str, content: bytes):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    assert not refused_or_read(path)


def test_nothing_there(tmp_path: Path):
    for name in ("none.psd", "none.ora", "none.kra", "none.xcf", "none", "none/"):
        with pytest.raises(InputError, match="no such"):
            documents.read(f"{tmp_path}/{name}")
    with pytest.raises(InputError, match=r"layers\.json"):
        documents.read(tmp_path)


def test_unknown_suffix(tmp_path: Path):
    with pytest.raises(InputError, match=r"\.psd, \.psb, \.ora"):
        documents.read(tmp_path / "x.gif")
    with pytest.raises(OutputError, match=r"\.psd, \.psb, \.ora"):
        documents.write(scene(np.uint8), tmp_path / "x.gif")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device"), MemoryError()]
)
def test_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, before: bool, error: BaseException):
    path, old = tmp_path / name, LayerStack(2, 2, (Layer("old", np.ones((1, 1, 4), np.uint8)),))
    if before:
        documents.write(old, path)
    calls = []
    # XCF has no flattened picture: there it is the packing of tiles that is interrupted
    place, work = ("xcf._packed", xcf._packed) if name == "x.xcf" else ("merged.flatten_band", flatten_band)

    def interrupted(*given: object) -> object:
        calls.append(given)
        if len(calls) > 1:
            raise error
        return work(*given)

    monkeypatch.setattr(f"layersr.documents.{place}", interrupted)
    stack = LayerStack(3, 1000, (Layer("new", np.ones((5, 99, 4), np.uint8)),))
    with pytest.raises(OutputError if isinstance(error, OSError) else type(error)):
        documents.write(stack, path)
    assert len(calls) >= 2  # other cores may have begun with what comes after
    assert os.listdir(tmp_path) == ([name] if before else [])
    if before:
        assert documents.read(path).layers[0].name == "old"


@pytest.mark.parametrize("name", ["x.psd", "x.ora", "x.kra", "x.xcf", "x"])
def test_unwritable(tmp_path: Path, name: str):
    with pytest.raises(OutputError, match="does not exist"):
        documents.write(scene(np.uint8), tmp_path / "none" / name)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        documents.write(scene(np.uint8), tmp_path / "file" / name)
    assert os.listdir(tmp_path) == ["file"]
    with pytest.raises(OutputError, match="in the way"):
        documents.write(scene(np.uint8), tmp_path / "file")
