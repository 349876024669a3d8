"""A project in its folder: damage, other pictures, other processes, other things, no room."""

import json
from pathlib import Path

import numpy as np
import pytest

from layersr import documents, pipeline
from layersr.errors import OutputError, UsageError
from layersr.flattening import flatten
from layersr.progress import silent
from layersr.projects.folder import opened
from layersr.recipe import Recipe
from project_scene import MADE, asked, own_backends, picture, run, same  # noqa: F401


def test_what_is_damaged_is_told_and_made_again(tmp_path: Path):
    image, place = picture(), tmp_path / "p"
    first, *_ = run(place, image, scale=1)
    spoilt = 0
    for number, path in enumerate(sorted((place / "steps").iterdir())):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0x10
        path.write_bytes([bytes(data), bytes(data[: len(data) // 2]), b""][number % 3])
        spoilt += 1
    (place / "steps" / f"{'0' * 40}.part").write_bytes(b"what a killed process left")
    stack, told, _ = run(place, image, scale=1)
    assert same(first, stack)
    assert told["damaged"] == told["remade"] == spoilt
    assert not [*(place / "steps").glob("*.part")]
    assert run(place, image, scale=1)[1]["damaged"] == 0


def test_a_project_does_not_grow(tmp_path: Path):
    image, place = picture(), tmp_path / "p"
    run(place, image)
    first = {path.name for path in (place / "steps").iterdir()}
    run(place, image, upscale="linear")
    run(place, image)
    assert {path.name for path in (place / "steps").iterdir()} == first
    known = json.loads((place / "project.json").read_text())
    assert {*known["steps"]} == first


def test_other_weights_under_the_same_name_are_another_model(tmp_path: Path):
    image, place, file = picture(), tmp_path / "p", tmp_path / "net.bin"
    file.write_bytes(b"weights")
    run(place, image, scale=1, matte=str(file))
    run(place, image, scale=1, matte=str(file))
    assert not asked
    file.write_bytes(b"weights, trained longer")
    run(place, image, scale=1, matte=str(file))
    assert asked["matte"] > 0
    assert asked["detect"] == 0  # the same mattes as before: what hangs on them is found


def test_layers_that_a_hand_changed_are_left_alone_and_told(tmp_path: Path):
    image, place = picture(), tmp_path / "p"
    run(place, image, scale=1)
    known = documents.read(place / "layers")
    assert known.layers[0].name == "background"
    assert np.array_equal(flatten(known), image.pixels)
    run(place, image, scale=1, max_layers=2)
    assert len(documents.read(place / "layers").layers) == 3
    (place / "layers" / "01_blue.xcf").write_bytes(b"painted")
    *_, project = run(place, image, scale=1)
    assert (place / "layers" / "01_blue.xcf").read_bytes() == b"painted"
    assert [note for note in project.notes if "left as it is" in note]


def test_a_project_belongs_to_one_picture(tmp_path: Path):
    image, place = picture(), tmp_path / "p"
    run(place, image, scale=1)
    other = picture(shade=0.1)
    with pytest.raises(UsageError, match=r"another picture, in.png.*--force"), opened(place, other, "b.png"):
        pytest.fail("opened")
    (place / "order.txt").write_text("blue\n")
    with opened(place, other, "b.png", anew=True) as project:
        pipeline.run(other, Recipe(**MADE, scale=1), silent, project)
    assert (place / "before" / "order.txt").read_text() == "blue\n"  # what a hand made is never lost
    with opened(place, other, "b.png"):
        pass


def test_one_process_at_a_time(tmp_path: Path):
    image = picture()
    first = opened(tmp_path / "p", image, "")
    second = opened(tmp_path / "p", image, "")
    with first, pytest.raises(OutputError, match="at work"), second:
        pytest.fail("opened twice")
    with opened(tmp_path / "p", image, ""):
        pass


@pytest.mark.parametrize(
    ("change", "says"),
    [({"version": 99, "layersr": "9.9"}, "newer layersr .9.9"), ({"picture": None}, "damaged"), (None, "damaged")],
)
def test_what_it_cannot_read_is_refused_unless_begun_anew(tmp_path: Path, change: dict | None, says: str):
    image, place = picture(), tmp_path / "p"
    with opened(place, image, ""):
        pass
    path = place / "project.json"
    path.write_text("{" if change is None else json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UsageError, match=says), opened(place, image, ""):
        pytest.fail("opened")
    with opened(place, image, "", anew=True):
        pass
    with opened(place, image, ""):
        pass


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path):
    image = picture()
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "thesis.txt").write_text("all of it")
    for name, says in (("file", "is a file"), ("folder", "not empty"), ("none/p", "does not exist")):
        with pytest.raises(OutputError, match=says), opened(tmp_path / name, image, "", anew=True):
            pytest.fail("opened")
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["thesis.txt"]


def test_a_full_disk_is_told_and_what_was_kept_is_reused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    image, place = picture(), tmp_path / "p"
    real, room = Path.write_bytes, [9]

    def write(path: Path, data: bytes) -> int:
        room[0] -= 1
        if room[0] < 0:
            raise OSError(28, "No space left on device")
        return real(path, data)

    monkeypatch.setattr(Path, "write_bytes", write)
    with pytest.raises(OutputError, match=r"No space left.*Make room"):
        run(place, image, scale=1)
    assert not [*(place / "steps").glob("*.part")]
    room[0] = 10**6
    stack, *_ = run(place, image, scale=1)
    assert asked["detect"] < 3
    assert same(stack, pipeline.run(image, Recipe(**MADE, scale=1)))
