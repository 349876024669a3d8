"""`layersr export --project`: what it says, refuses and replaces."""

import json
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner, Result

from layersr import documents, images
from layersr.cli import cli
from layersr.errors import OutputError, UsageError
from project_scene import HEIGHT, MADE, NAMES, WIDTH, alike, asked, own_backends, paint, picture  # noqa: F401


def export(*arguments: str, name: str = "in.png") -> Result:
    models = [part for role, choice in MADE.items() for part in (f"--{role}", choice)]
    asked.clear()
    return CliRunner().invoke(cli, ["export", name, "out.psd", *models, "--project", "p", *arguments])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    images.write_image(picture().pixels, Path("in.png"))
    return tmp_path


def test_the_same_command_again_after_a_mask_was_repainted(here: Path):
    first = export("--preview", "sheet.png")
    assert first.exit_code == 0, first.output
    assert "5 layers made; 0 steps reused" in first.stderr
    assert {path.name for path in (here / "p").iterdir() if path.name[0] != "."} == {
        *("project.json", "recipe.toml", "masks", "order.txt", "layers", "steps")
    }
    assert {path.stem for path in (here / "p" / "masks").iterdir()} == {*NAMES}
    assert images.read_mask(here / "p" / "masks" / "red.png", WIDTH, HEIGHT).sum() > 900
    before = documents.read(here / "out.psd")
    same_again = export("--preview", "sheet.png")  # what the project wrote may be replaced
    assert same_again.exit_code == 0, same_again.output
    assert "5 layers kept; 3 steps reused, 0 done" in same_again.stderr
    paint(here / "p", "yellow", lambda mask: cv2.circle(mask, (137, 52), 7, 255, -1))
    again = export("--preview", "sheet.png")
    assert again.exit_code == 0, again.output
    assert "3 layers kept, 2 made again (background, yellow)" in again.stderr
    assert "mattes as you painted them: yellow" in again.stderr
    assert {"red", "blue", "violet"} <= alike(documents.read(here / "out.psd"), before)


def test_events_tell_what_was_kept(here: Path):
    assert export("--scale", "1").exit_code == 0
    (here / "p" / "order.txt").write_text("blue\nred\nviolet\nyellow\n")
    events = [json.loads(line) for line in export("--scale", "1", "--json").stdout.splitlines()]
    (told,) = (event for event in events if event["event"] == "project")
    assert {*told["kept"]} | {*told["made"]} == {"background", *NAMES}
    assert told["ordered_by_hand"]
    assert told["bytes"] > 0
    assert events[-1]["event"] == "done"


def test_a_document_that_was_painted_on_is_not_replaced(here: Path):
    assert export("--scale", "1").exit_code == 0
    (here / "out.psd").write_bytes((here / "out.psd").read_bytes() + b" ")
    refused = export("--scale", "1")
    assert isinstance(refused.exception, OutputError)
    assert "--force replaces it" in str(refused.exception)
    assert export("--scale", "1", "--force").exit_code == 0
    assert not {*asked} & {"detect", "matte", "infill"}  # the project is this picture's, and goes on


def test_another_picture_is_refused_until_forced(here: Path):
    assert export("--scale", "1").exit_code == 0
    images.write_image(picture(shade=0.1).pixels, here / "b.png")
    refused = export("--scale", "1", name="b.png")
    assert refused.exit_code == 2
    assert "belongs to another picture, in.png" in refused.stderr
    assert export("--scale", "1", "--force", name="b.png").exit_code == 0


@pytest.mark.parametrize(
    "arguments", [["in.png", "b.png", "-o", "."], ["in.png", "-o", "."], ["in.png", "p/"], ["in.png", "p"]]
)
def test_a_project_is_of_one_picture_and_no_document(here: Path, arguments: list[str]):
    (here / "p").mkdir()
    result = CliRunner().invoke(cli, ["export", *arguments, "--project", "p", "--force"])
    assert isinstance(result.exception, UsageError)
    assert "roject" in str(result.exception)
