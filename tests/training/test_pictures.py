"""Nothing is learned from that may not be: licences, evaluation sets, and what is held apart."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from layersr.errors import InputError
from layersr.training import pictures


def put(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.random.default_rng(seed).integers(0, 256, (40, 50, 3), np.uint8))


GOOD = [
    "CC0",
    "CC0-1.0",
    "public domain (NASA)",
    "CC BY (caption)",
    "CC BY 4.0 (David Revoy)",
    "Unsplash licence",
    "MIT",
]
GOOD += ["Apache-2.0 (images)", "CC-BY (per debian/copyright)", "CC0 or Unsplash licence"]
BAD = [
    "",
    "evaluation only",
    "CC BY-SA 4.0",
    "CC BY-NC 2.0",
    "CC-BY-ND",
    "GPL-3.0",
    "Pexels/Pixabay licence",
    "not CC0",
]


@pytest.mark.parametrize(("licence", "may"), [*[(x, True) for x in GOOD], *[(x, False) for x in BAD]])
def test_licences_that_let_weights_be_shipped(licence: str, may: bool):
    assert pictures.allowed(licence) == may


def test_takes_rows_whose_licence_allows_it_and_no_evaluation_set(tmp_path: Path):
    rows = {"a/good.png": "CC0", "a/bad.png": "CC BY-NC 4.0", "a/absent.png": "CC0"}
    table = "".join(f"| {name} | repo | {licence} |\n" for name, licence in rows.items())
    for name in ("a/good.png", "a/bad.png", "a/unlisted.png"):
        put(tmp_path / "photos" / name)
    (tmp_path / "photos/SOURCES.md").write_text(f"# photos\n\n| file | repository | licence |\n|---|---|---|\n{table}")
    put(tmp_path / "sr" / "Set5" / "one.png")
    (tmp_path / "sr/SOURCES.md").write_text("| file | licence |\n|---|---|\n| Set5/one.png | CC0 |\n")
    found = pictures.find(tmp_path)
    assert [p.path.relative_to(tmp_path).as_posix() for p in found] == ["photos/a/good.png"]
    assert found[0].read().shape == (40, 50, 3)


def test_where_licences_are_told_nothing_else_is_taken(tmp_path: Path):
    put(tmp_path / "photos/bad.png")
    put(tmp_path / "elsewhere/unlisted.png")
    table = "| file | licence |\n|---|---|\n| bad.png | CC BY-NC 4.0 |\n"
    (tmp_path / "photos/SOURCES.md").write_text(table, encoding="utf-8")
    assert pictures.find(tmp_path, pictures.CUTOUTS) == []
    with pytest.raises(InputError, match="--data"):
        pictures.find(tmp_path)


def test_somebodys_own_folder(tmp_path: Path):
    put(tmp_path / "deep" / "mine.png")
    assert [p.path.name for p in pictures.find(tmp_path)] == ["mine.png"]


def test_a_folder_without_pictures_says_so(tmp_path: Path):
    with pytest.raises(InputError, match="--data"):
        pictures.find(tmp_path)


def test_the_split_goes_by_content(tmp_path: Path):
    for seed in range(200):
        put(tmp_path / f"{seed}.png", seed)
    apart = {p.path.name for p in pictures.find(tmp_path) if p.held_apart}
    assert 2 <= len(apart) <= 25
    chosen = tmp_path / min(apart)
    chosen.rename(tmp_path / "renamed.png")
    assert {p.path.name for p in pictures.find(tmp_path) if p.held_apart} == apart - {chosen.name} | {"renamed.png"}


def test_shared_pictures(shared_data: Path):
    found = pictures.find(shared_data)
    assert len(found) > 700
    assert {p.path.relative_to(shared_data).parts[0] for p in found} == {"photos", "paintings"}
    assert not any("Pexels" in p.licence for p in found)


def test_pages_that_bubbles_are_counted_on(tmp_path: Path):
    """The artwork of such a page is told by its name; a folder without layered pages has none."""
    for name in ("paintings/comic/E1_E1P01.png", "paintings/comic/E1_E1P02.png"):
        put(tmp_path / name)
    found = pictures.find(tmp_path)
    assert not any(pictures.is_page(p, tmp_path) for p in found)
    (tmp_path / "layered/comic").mkdir(parents=True)
    (tmp_path / "layered/comic/E1P02_en.ora").touch()
    assert [p.path.stem for p in found if pictures.is_page(p, tmp_path)] == ["E1_E1P02"]
