"""A pack is learned from as the folder it was made of: the same names, the same split, no larger than scenes need."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from layersr.errors import InputError
from layersr.training import packing, pictures
from layersr.training.subjects import own
from layersr.training.things import gather

SIDE = 64


def picture(seed: int, height: int, width: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder of the project's form: pictures, cut-outs, an outlined subject, and one that may not be used."""
    folder = tmp_path / "data"
    tables: dict[str, str] = {"photos": "", "cutouts": ""}
    for seed in range(60):
        path = folder / "photos" / "some" / f"{seed}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), picture(seed, 150, 200))
        tables["photos"] += f"| some/{seed}.png | CC0 |\n"
    for seed in range(30):
        path = folder / "cutouts" / f"{seed}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        alpha = np.zeros((120, 120, 1), np.uint8)
        cv2.circle(alpha, (60, 60), 40, 255, -1)
        cv2.imwrite(str(path), np.dstack([picture(seed, 120, 120), alpha]))
        tables["cutouts"] += f"| {seed}.png | CC0 |\n"
    cv2.imwrite(str(folder / "photos" / "no.png"), picture(99, 90, 90))
    tables["photos"] += "| no.png | CC BY-NC 4.0 |\n"
    for name, rows in tables.items():
        (folder / name / "SOURCES.md").write_text(f"| file | licence |\n|---|---|\n{rows}")
    (folder / "subjects.json").write_text(json.dumps({"photos/some/1.png": [[[100, 100, 600, 100, 600, 600]]]}))
    return folder


def found(folder: Path, folders: tuple[str, ...]) -> dict[str, tuple[str, bool]]:
    return {
        p.path.relative_to(folder).as_posix(): (p.licence, p.held_apart)
        for p in pictures.find(folder, folders)
    }  # fmt: skip


def test_a_pack_has_the_same_pictures_on_the_same_side_of_the_split(data: Path, tmp_path: Path):
    out = tmp_path / "pack"
    assert packing.pack(data, out, SIDE) == 90
    for folders in (pictures.FOLDERS, pictures.CUTOUTS):
        assert found(out, folders) == found(data, folders)
    assert {apart for _, apart in found(out, pictures.FOLDERS).values()} == {True, False}, "or the test says nothing"
    assert own(out) == own(data)
    assert not (out / "photos" / "no.png").exists()


def test_what_is_learned_from_is_nearly_the_same(data: Path, tmp_path: Path):
    out = tmp_path / "pack"
    packing.pack(data, out, SIDE)
    for apart in (False, True):
        here, there = gather(data, SIDE, apart), gather(out, SIDE, apart)
        assert [g.shape for g in there.grounds] == [g.shape for g in here.grounds]
        assert max(np.abs(a.astype(float) - b).mean() for a, b in zip(here.grounds, there.grounds, strict=True)) < 3
        cut = len(here.cutouts) - sum(len(s.cutouts()) for s in here.subjects if not apart)  # the rest are pictures
        for a, b in zip(here.cutouts[:cut], there.cutouts[:cut], strict=True):
            np.testing.assert_array_equal(a * (a[..., 3:] > 0), b * (b[..., 3:] > 0))
        assert [len(s.alphas) for s in there.subjects] == [len(s.alphas) for s in here.subjects]
    assert gather(out, SIDE, False).subjects or gather(out, SIDE, True).subjects


def test_somebodys_own_pictures_keep_their_split_too(tmp_path: Path):
    mine, out = tmp_path / "mine", tmp_path / "pack"
    mine.mkdir()
    for seed in range(60):
        cv2.imwrite(str(mine / f"{seed}.png"), picture(seed, 150, 200))
    packing.pack(mine, out, SIDE)
    assert found(out, pictures.FOLDERS) == found(mine, pictures.FOLDERS)


def test_nothing_is_written_over(data: Path, tmp_path: Path):
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "mine.txt").write_text("keep")
    done = CliRunner().invoke(packing.main, ["--data", str(data), "--out", str(tmp_path / "pack")])
    assert done.exit_code == 2
    assert "not an empty folder" in done.output
    assert [p.name for p in (tmp_path / "pack").iterdir()] == ["mine.txt"]


def test_the_command_says_what_it_made(data: Path, tmp_path: Path):
    done = CliRunner().invoke(packing.main, ["--data", str(data), "--out", str(tmp_path / "pack"), "--side", "64"])
    assert done.exit_code == 0, done.output
    assert "90 pictures and cut-outs" in done.output


def test_a_picture_that_cannot_be_read_leaves_nothing_behind(data: Path, tmp_path: Path):
    (data / "photos" / "some" / "7.png").write_bytes(b"no picture")
    done = CliRunner().invoke(packing.main, ["--data", str(data), "--out", str(tmp_path / "pack")])
    assert done.exit_code == 3
    assert "7.png cannot be read" in done.output
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


def test_what_a_pack_says_of_itself_must_be_readable(data: Path, tmp_path: Path):
    packing.pack(data, tmp_path / "pack", SIDE)
    (tmp_path / "pack" / pictures.PACKED).write_text("{")
    with pytest.raises(InputError, match="pack the pictures again"):
        pictures.find(tmp_path / "pack")
