"""`layersr edit`: the order of edits, patterns and groups, a dry run, warnings, mistakes and their exit codes."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from apps import gimp_open, missing
from click.testing import CliRunner, Result
from document_stacks import assert_same

from layersr import backends, documents, editing, pipeline
from layersr.cli import cli, edits_given, run
from layersr.editing import Move, Raise, Recolor, Rename
from layersr.errors import UsageError
from layersr.flattening import flatten
from layersr.images import read_image
from layersr.layers import Group, Image, Layer, LayerStack
from layersr.progress import Report
from layersr.recipe import Recipe
from layersr.seal import seal


def document(dtype: type = np.uint8) -> LayerStack:
    """A ground, and three squares, of which two are a group; "eye 1" ends a little way under "eye 2"."""
    top = np.iinfo(dtype).max
    ground = np.full((48, 64, 4), top, dtype)
    ground[..., 0] = np.linspace(0, top, 64).astype(dtype)

    def square(name: str, at: tuple[int, int], size: tuple[int, int], colour: float, **more: object) -> Layer:
        pixels = np.full((*size, 4), top, dtype)
        pixels[..., :3] = round(colour * top)
        return Layer(name, pixels, *at, **more)

    stack = LayerStack(
        64,
        48,
        (
            Layer("ground", ground),
            square("boat", (4, 30), (12, 14), 0.2),
            square("eye 1", (8, 6), (22, 14), 0.5, group=("eyes",)),
            square("eye 2", (21, 4), (24, 16), 0.8, group=("eyes",)),
        ),
    )
    return seal(stack, flatten(stack))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    documents.write(document(), "in.psd")
    return tmp_path


def call(*arguments: str, infill: str = "classic") -> Result:
    return CliRunner().invoke(cli, ["edit", "in.psd", *arguments, "--infill", infill])


def test_edits_are_done_in_the_order_given_whatever_their_kind(here: Path):
    result = call("out.psd", "--move", "boat=3,0", "--rename", "boat=ship", "--move", "ship=2,-1", "--hide=eyes/")
    assert result.exit_code == 0, result.output
    after = documents.read("out.psd")
    assert [(x.name, x.left, x.top) for x in after.layers[:2]] == [("ground", 0, 0), ("ship", 9, 29)]
    assert not after.groups["eyes",].visible
    assert all(x.visible for x in after.layers)
    assert result.stderr.index("moved by 3, 0") < result.stderr.index("renamed") < result.stderr.index("moved by 2, -1")
    assert call("other.psd", "--rename", "boat=ship", "--move", "boat=3,0").exit_code != 0
    assert not (here / "other.psd").exists()


def test_the_command_does_what_the_functions_do(here: Path):
    edits = ["--scale", "eye*=0.5", "--recolor", "boat=#c03020", "--delete", "eye 2"]
    assert call("out.kra", *edits).exit_code == 0
    wanted = [editing.Scale("eye*", 0.5), Recolor("boat", "#c03020"), editing.Delete("eye 2")]
    expected = pipeline.edit(documents.read("in.psd"), wanted, Recipe(infill="classic"))
    assert_same(documents.read("out.kra"), expected.stack)


def test_a_flat_picture_of_16_bits(here: Path):
    documents.write(document(np.uint16), "in.psd")
    assert call("out.png", "--move", "boat=30,0").exit_code == 0
    after = read_image("out.png").pixels
    before = flatten(document(np.uint16))
    assert after.dtype == np.uint16
    assert np.array_equal(after[:30], before[:30])
    assert (after[32, 36:48, :3] == round(0.2 * 65535)).all()
    assert (after[32, 6:16, 0] != round(0.2 * 65535)).all()


def test_a_dry_run_says_all_and_writes_nothing(here: Path, monkeypatch: pytest.MonkeyPatch):
    def loaded(role: str, *more: str) -> None:
        raise AssertionError(f"{role} was loaded")

    monkeypatch.setattr(backends, "load", loaded)
    result = call("out.psd", "--move", "eye 2=25,0", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "“eye 2”: moved by 25, 0" in result.stderr
    assert "“eye 1” ended where it is seen now" in result.stderr
    assert "would be continued" in result.stderr
    assert "more than its safe" in result.stderr
    assert "nothing was written" in result.stderr
    assert [path.name for path in here.iterdir()] == ["in.psd"]


def test_gaps_are_continued_or_left(here: Path):
    filled = call("filled.psd", "--move", "eye 2=25,14")
    assert "it was continued, invented" in filled.stderr
    left = call("left.psd", "--move", "eye 2=25,14", "--no-fill")
    assert "it was left so" in left.stderr
    one, other = (documents.read(f"{name}.psd").layers[2] for name in ("filled", "left"))
    assert one.width > other.width
    before = documents.read("in.psd").layers[2]
    assert np.array_equal(other.pixels, before.pixels)


def test_events_for_programs(here: Path):
    result = call("out.psd", "--move", "eye 2=25,0", "--json")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert events[0]["event"] == "start"
    assert events[-1]["event"] == "done"
    assert events[-1]["written"]
    assert events[-1]["steps"] == ["“eye 2”: moved by 25, 0"]
    assert [layer["name"] for layer in events[-1]["layers"]] == ["ground", "boat", "eye 1", "eye 2"]
    assert any("safe" in note for note in events[-1]["notes"])
    error = call("else.psd", "--move", "eye 3=25,0", "--json")
    told = json.loads(error.stdout.splitlines()[-1])
    assert (told["event"], told["code"]) == ("error", 2)
    assert "near it are “eye 2”, “eye 1”" in told["message"]


def test_an_order_from_a_file(here: Path):
    (here / "order.txt").write_text("boat  # on top\neye 1\neye 2\n")
    assert call("out.psd", "--order", "order.txt").exit_code == 0
    assert [x.name for x in documents.read("out.psd").layers] == ["ground", "eye 2", "eye 1", "boat"]
    assert run(["edit", "in.psd", "else.psd", "--order", "missing.txt"]) == 2


def test_a_split_asks_the_pipeline(here: Path, monkeypatch: pytest.MonkeyPatch):
    def halves(image: Image, recipe: Recipe, report: Report) -> LayerStack:
        disc = image.pixels[4:8, 4:8].copy()
        ground = image.pixels.copy()
        ground[4:8, 4:8, :3] = 9
        return LayerStack(image.width, image.height, (Layer("background", ground), Layer("element 1", disc, 4, 4)))

    monkeypatch.setattr(pipeline, "decompose", halves)
    assert call("out.psd", "--split", "boat").exit_code == 0
    after = documents.read("out.psd")
    assert [(x.name, x.group) for x in after.layers[1:3]] == [
        ("boat, background", ("boat",)),
        ("boat, element 1", ("boat",)),
    ]
    assert np.array_equal(flatten(after), flatten(documents.read("in.psd")))


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ([], 2, "Nothing is asked for"),
        (["--hide", "eye 11"], 2, "No layer or group is called “eye 11”; near it are"),
        (["--move", "boat"], 2, "should be NAME=RIGHT,DOWN"),
        (["--move", "boat=1.5,2"], 2, "whole pixels"),
        (["--scale", "boat=0"], 2, "from 0.01 to 100"),
        (["--rotate", "boat=x"], 2, "clockwise"),
        (["--flip", "boat=x"], 2, "NAME=h"),
        (["--rename", "boat"], 2, "OLD=NEW"),
        (["--rename", "boat=eye 1"], 2, "is called “eye 1” already"),
        (["--rename", "eye*=x"], 2, "names 2: “eye 1”, “eye 2”"),
        (["--recolor", "boat=red"], 2, "#rrggbb"),
        (["--recolor", "boat=#12345"], 2, "is no colour"),
        (["--recolor", "boat=hue:nan"], 2, "hue:DEGREES"),
        (["--merge", "boat"], 2, "needs two layers"),
        (["--delete", "*"], 2, "nothing would be left"),
        (["--infill", "magic", "--hide", "boat"], 5, "magic"),
    ],
)
def test_mistakes_are_one_sentence_and_leave_nothing(
    here: Path, capsys: pytest.CaptureFixture, arguments: list[str], code: int, sentence: str
):
    assert run(["edit", "in.psd", "out.psd", *arguments]) == code
    assert sentence in capsys.readouterr().err
    assert [path.name for path in here.iterdir()] == ["in.psd"]


def test_where_results_must_not_go(here: Path, capsys: pytest.CaptureFixture):
    assert run(["edit", "in.psd", "in.psd", "--hide", "boat"]) == 2
    assert run(["edit", "in.psd", "out.gif", "--hide", "boat"]) == 2
    assert run(["edit", "none.psd", "out.psd", "--hide", "boat"]) == 3
    (here / "out.psd").write_text("mine")
    assert run(["edit", "in.psd", "out.psd", "--hide", "boat"]) == 4
    assert (here / "out.psd").read_text() == "mine"
    assert run(["edit", "in.psd", "out.psd", "--hide", "boat", "--force"]) == 0
    assert "exists already" in capsys.readouterr().err


def test_names_may_hold_what_stands_between_name_and_value():
    read = {name: made for name, (_, made, _) in edits_given.READ.items()}
    assert read["move"]("a=b=1,-2") == Move("a=b", 1, -2)
    assert read["raise"]("a=b") == Raise("a=b", 1)
    assert read["lower"]("a=b=3") == Raise("a=b", -3)
    assert read["rename"]("a=b=c") == Rename("a", "b=c")
    assert read["recolor"]("a=hue:30,lightness:-0.5") == Recolor("a", "", 30.0, 1.0, -0.5)
    with pytest.raises(UsageError):
        read["recolor"]("a=lightness:2")


@pytest.mark.apps
@pytest.mark.skipif(bool(missing("gimp")), reason=missing("gimp"))
def test_gimp_shows_an_edited_document_as_we_do(tmp_path: Path):
    stack = replace(document(), groups={("eyes",): Group(0.5, blend="normal")})
    edits = [editing.Rotate("boat", 30.0), Move("eyes/", 12, 3), editing.Merge("eye 1,eye 2")]
    edited = pipeline.edit(stack, edits, Recipe(infill="classic")).stack
    documents.write(edited, tmp_path / "out.xcf")
    _, shown = gimp_open(tmp_path / "out.xcf")
    assert np.abs(shown.astype(int) - flatten(edited)).max() <= 2
