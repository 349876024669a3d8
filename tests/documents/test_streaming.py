"""Writing in strips on all cores: the same bytes whatever the machine, and memory for strips alone."""

import os
import tracemalloc
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, get_ident

import numpy as np
import pytest
from document_stacks import masked_scene, noise, scene, stacks
from hypothesis import given, settings
from hypothesis import strategies as st

from layersr import color, documents, flattening
from layersr.atomic import replacing_folder
from layersr.documents.merged import Thumbnail
from layersr.flattening import flatten
from layersr.layers import Layer, LayerStack
from layersr.strips import in_order, strips

NAMES = ["x.psd", "x.psb", "x.ora", "x.kra", "x.xcf", "x"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_same_bytes_on_any_number_of_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, dtype: type):
    monkeypatch.setattr("layersr.strips.AREA", 300)  # many strips
    for make in (scene, masked_scene):
        found = []
        for cores in (1, 2, 7):
            monkeypatch.setattr("layersr.strips.cores", lambda cores=cores: cores)
            path = tmp_path / f"{make.__name__}{cores}" / name
            path.parent.mkdir()
            documents.write(make(dtype), path)
            files = path.iterdir() if path.is_dir() else [path]
            found.append({file.name: file.read_bytes() for file in files})
        assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("name", NAMES)
def test_the_disk_has_the_bytes_before_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    done: list[tuple[int, int] | str] = []
    replace, rename = os.replace, os.rename
    monkeypatch.setattr(os, "replace", lambda *paths: (done.append("named"), replace(*paths)))
    monkeypatch.setattr(os, "rename", lambda *paths: (done.append("named"), rename(*paths)))
    monkeypatch.setattr(os, "fsync", lambda file: done.append((os.fstat(file).st_ino, os.fstat(file).st_size)))
    documents.write(scene(np.uint8), tmp_path / name)
    path = tmp_path / name
    files = [*path.iterdir()] if path.is_dir() else [path]
    assert done[-1] == "named"
    assert sorted(done[:-1]) == sorted((file.stat().st_ino, file.stat().st_size) for file in files)


def test_so_it_has_those_of_folders_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    done: list[int | str] = []
    rename = os.rename
    monkeypatch.setattr(os, "rename", lambda *paths: (done.append("named"), rename(*paths)))
    monkeypatch.setattr(os, "fsync", lambda file: done.append(os.fstat(file).st_ino))
    with replacing_folder(tmp_path / "out") as folder:
        (folder / "deep" / "er").mkdir(parents=True)
        for name in ("a", "deep/b", "deep/er/c"):
            (folder / name).write_text(name)
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(files) == 3
    assert sorted(done[:-1]) == sorted(path.stat().st_ino for path in files)
    assert done[-1] == "named"


@settings(max_examples=60, deadline=None)
@given(stack=stacks(), area=st.integers(1, 400), narrow=st.integers(1, 9))
def test_strips_and_windows_are_the_whole_picture(stack: LayerStack, area: int, narrow: int):
    whole = flattening._flatten_window(stack, (slice(0, stack.height), slice(0, stack.width)), np.float64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("layersr.strips.AREA", area)
        patch.setattr("layersr.flattening.NARROW", narrow)
        patch.setattr("layersr.flattening.WINDOW", 2 * narrow)
        np.testing.assert_array_equal(flatten(stack), whole)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_where_only_the_background_lies_nothing_is_computed(monkeypatch: pytest.MonkeyPatch, dtype: type):
    background = noise(0, 40, 900, dtype)
    background[..., 3] = color.levels(dtype)
    stack = LayerStack(900, 40, (Layer("below", background), Layer("above", noise(1, 9, 9, dtype), 5, 30)))
    computed, work = [], flattening._flatten_window

    def counted(stack: LayerStack, window: tuple[slice, slice], real: type) -> np.ndarray:
        computed.append(window[1])
        return work(stack, window, real)

    monkeypatch.setattr("layersr.flattening._flatten_window", counted)
    shown = flatten(stack)
    assert computed == [slice(0, 14)]
    np.testing.assert_array_equal(shown[:, 14:], background[:, 14:])


class AtOnce(ThreadPoolExecutor):
    """Works when asked, in the caller's thread: all results wait as long as they ever may, and no chance is in it."""

    def submit(self, work: Callable, /, *args: object, **kwargs: object) -> Future:
        future: Future = Future()
        future.set_result(work(*args, **kwargs))
        return future


@pytest.mark.parametrize("name", NAMES)
def test_memory_does_not_grow_with_canvas_times_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setattr("layersr.strips.AREA", 2**14)
    monkeypatch.setattr("layersr.strips.cores", lambda: 2)
    monkeypatch.setattr("layersr.strips.ThreadPoolExecutor", AtOnce)
    monkeypatch.setattr("layersr.documents.psd.SPOOL", 2**12)
    patch = noise(0, 16, 256, np.uint8)

    def peak(height: int, layers: int) -> int:
        pixels, codes = np.tile(patch, (height // 16, 1, 1)), np.ones((height, 256), np.uint8)
        stack = LayerStack(256, height, tuple(Layer(f"{n}", pixels, provenance=codes) for n in range(layers)))
        tracemalloc.start()
        documents.write(stack, tmp_path / name)
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    canvas = 4096 * 256 * 4
    peak(64, 1)  # what is imported and kept for good is no strip's
    assert peak(4096, 5) - peak(2048, 2) < canvas / 4


def test_thumbnails_do_not_depend_on_strips():
    pixels = noise(3, 300, 200, np.uint16)
    found = []
    for rows in (1, 7, 300):
        thumbnail = Thumbnail(200, 300, 40, pixels.dtype)
        for first in range(0, 300, rows):
            thumbnail.add(thumbnail.part(pixels[first : first + rows], first))
        found.append(thumbnail.pixels())
    assert found[0].shape == (40, 27, 4)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


@given(st.integers(0, 2000), st.integers(0, 400_000))
def test_strips_cover_a_picture_once(height: int, width: int):
    found = [row for rows in strips(height, width) for row in range(rows.start, rows.stop)]
    assert found == (list(range(height)) if width else [])


def test_work_is_done_on_several_cores_and_given_in_order(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("layersr.strips.cores", lambda: 3)
    together, taken = Barrier(3, timeout=30), []

    def items():
        for number in range(30):
            taken.append(number)
            yield number

    def work(number: int) -> int:
        together.wait()  # breaks where fewer than three work at once
        return -number

    for number, result in enumerate(in_order(work, items())):
        assert result == -number
        assert len(taken) <= number + 1 + 3  # no more is held than the cores need


def test_one_item_needs_no_thread():
    here = get_ident()
    assert list(in_order(lambda number: (number, get_ident()), [7])) == [(7, here)]
    assert list(in_order(int, [])) == []
    with pytest.raises(ZeroDivisionError):
        list(in_order(lambda number: 1 // number, [0]))


def test_what_a_worker_raises_comes_out(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("layersr.strips.cores", lambda: 2)
    done = []

    def work(number: int) -> None:
        done.append(number)
        if number == 3:
            raise MemoryError

    with pytest.raises(MemoryError):
        list(in_order(work, range(1000)))
    assert len(done) < 10
