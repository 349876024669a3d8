"""The folder of PNGs."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from document_stacks import assert_comes_back, scene, stacks
from hypothesis import given

from layersr import documents
from layersr.errors import InputError, OutputError
from layersr.flattening import flatten
from layersr.layers import LayerStack


@given(stack=stacks())
def test_comes_back(tmp_path_factory: pytest.TempPathFactory, stack: LayerStack):
    assert_comes_back(stack, tmp_path_factory.mktemp("law") / "layers")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_is_for_people(tmp_path: Path, dtype: type):
    stack = scene(dtype)
    documents.write(stack, f"{tmp_path}/out.d/")
    folder = tmp_path / "out.d"
    names = sorted(file.name for file in folder.iterdir())
    assert names[:4] == ["00_background.png", "01_soft_猫.png", "02_in_a_group.png", "03_hidden.png"]
    assert {"layers.json", "merged.png", "profile.icc"} < set(names)
    merged = cv2.imread(str(folder / "merged.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(merged[..., [2, 1, 0, 3]], flatten(stack))
    listed = json.loads((folder / "layers.json").read_text())
    assert (listed["width"], listed["height"], listed["layers"][3]["visible"]) == (96, 64, False)


def test_replaces_only_its_own(tmp_path: Path):
    folder = tmp_path / "out"
    folder.mkdir()
    documents.write(scene(np.uint16), folder)
    documents.write(LayerStack(2, 2, ()), folder)
    assert sorted(file.name for file in folder.iterdir()) == ["layers.json", "merged.png", "profile.icc"]
    (folder / "diary.txt").write_text("dear diary")
    with pytest.raises(OutputError, match=r"diary\.txt"):
        documents.write(scene(np.uint8), folder)
    assert (folder / "diary.txt").read_text() == "dear diary"
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    "change", [{"file": "../x.png"}, {"file": "/x.png"}, {"file": None}, {"group": 3}, {"opacity": "a"}]
)
def test_refuses(tmp_path: Path, change: dict):
    documents.write(scene(np.uint8), tmp_path / "out")
    listed = json.loads((tmp_path / "out" / "layers.json").read_text())
    listed["layers"][1] |= change
    (tmp_path / "out" / "layers.json").write_text(json.dumps(listed))
    with pytest.raises(InputError):
        documents.read(tmp_path / "out")
