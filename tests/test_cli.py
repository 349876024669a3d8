"""The command line: what it writes, says and returns. stdout is for programs, stderr for people."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result

import layersr
from layersr import documents, pipeline
from layersr.cli import cli, failures, interrupts, run, show
from layersr.errors import LayersrError, WeightsError
from layersr.flattening import flatten
from layersr.images import read_image, write_image
from layersr.layers import Group, Image, Layer, LayerMask, LayerStack
from layersr.progress import Progress
from layersr.recipe import Recipe, dumps


def picture(path: Path, height: int = 40, width: int = 56, dtype: type = np.uint8) -> np.ndarray:
    """A smooth ground with a disc on it."""
    rows, columns = np.mgrid[:height, :width]
    rgba = np.dstack([columns / width, rows / height, np.full(rows.shape, 0.4), np.ones(rows.shape)])
    rgba[np.hypot(rows - height / 2, columns - width / 2) < height / 4] = (0.9, 0.2, 0.1, 1)
    pixels = np.rint(rgba * np.iinfo(dtype).max).astype(dtype)
    write_image(pixels, path)
    return pixels


def made(image: Image, recipe: Recipe, left: int = 20) -> LayerStack:
    """A stack of two layers that flattens to the image exactly."""
    s = recipe.scale
    large = image.pixels.repeat(s, axis=0).repeat(s, axis=1)
    spot = np.ascontiguousarray(large[10 * s : 30 * s, left * s : (left + 16) * s])
    facts = {"confidence": 0.4}
    layers = (
        Layer("background", large, provenance=np.ones(large.shape[:2], np.uint8)),
        Layer("eye 目 👁", spot, left * s, 10 * s, provenance=np.full(spot.shape[:2], 3, np.uint8), facts=facts),
    )
    return LayerStack(image.width * s, image.height * s, layers, image.icc, image.resolution, dumps(recipe))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Recipe]:
    """A pipeline that answers at once; the recipes it was asked for."""
    recipes = []

    def fake(image, recipe, report):
        recipes.append(recipe)
        for stage, done in (("detect", 0.1), ("infill", 0.6), ("infill", 1.0)):
            report(Progress(stage, done))
        return made(image, recipe)

    monkeypatch.setattr(pipeline, "run", fake)
    return recipes


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    picture(tmp_path / "in.png")
    return tmp_path


def call(*arguments: str) -> Result:
    """The command in this process; our own exit codes are `run`'s business (`code`)."""
    return CliRunner().invoke(cli, arguments)


def code(*arguments: str) -> int:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return run(arguments)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# upscale


def test_upscale_a_picture(here: Path):
    result = call("upscale", "in.png", "large.png", "--scale", "3", "--upscale", "classic", "--alpha", "classic")
    assert result.exit_code == 0, result.output
    large, small = (read_image(here / name).pixels.astype(float) for name in ("large.png", "in.png"))
    assert large.shape == (120, 168, 4)
    assert np.abs(large.reshape(40, 3, 56, 3, 4).mean(axis=(1, 3)) - small).max() <= 2
    assert "168 x 120" in result.stderr


def test_upscale_a_document(here: Path):
    image = read_image(here / "in.png")
    stack = made(image, Recipe(scale=1))
    spot = stack.layers[1]
    mask = LayerMask(np.full((9, 9), 99, np.uint8), 4, 5)
    shown = Layer("screen", spot.pixels, 3, 4, opacity=0.4, visible=False, blend="screen", group=("group",), mask=mask)
    grouped = replace(stack, layers=(*stack.layers, shown), groups={("group",): Group(0.2, blend="multiply")})
    documents.write(grouped, here / "in.psd")
    result = call("upscale", "in.psd", "out.ora", "--size", "100x999", "--upscale", "classic", "--alpha", "classic")
    assert result.exit_code == 0, result.output
    large = documents.read(here / "out.ora")
    assert (large.width, large.height) == (100, 71)
    assert [(x.name, x.group, x.visible, x.blend, round(x.opacity, 2)) for x in large.layers] == [
        ("background", (), True, "normal", 1.0),
        ("eye 目 👁", (), True, "normal", 1.0),
        ("screen", ("group",), False, "screen", 0.4),
    ]
    assert (large.groups["group",].opacity, large.groups["group",].blend) == (0.2, "multiply")
    assert "note: OpenRaster has no layer masks; these became transparency: “screen”" in result.stderr
    result = call("upscale", "in.psd", "out.psd", "--scale", "2", "--upscale", "classic", "--alpha", "classic")
    assert result.stderr.count("note") == 1
    assert "note: Krita ignores the opacity of groups in a PSD, so masks of groups say it" in result.stderr
    assert (documents.read(here / "out.psd").layers[2].mask.values == 99).all()
    assert "group group: 20%, multiply" in call("inspect", "out.psd").stdout
    assert "no, masked" in call("inspect", "out.psd").stdout
    assert call("upscale", "in.psd", "flat.png", "--scale", "2", "--upscale", "classic").exit_code == 0
    assert read_image(here / "flat.png").pixels.shape == (80, 112, 4)


@pytest.mark.parametrize(
    ("line", "returns", "says"),
    [
        ("in.png out.png --scale 2 --size 80x80", 2, "give one of them"),
        ("in.png out.png --size 20x20", 2, "only enlarges"),
        ("in.png in.png", 2, "is an input"),
        ("none.png out.png", 3, "none.png"),
        ("in.png out.png --upscale nonsense", 5, "nonsense"),
        ("in.png out.xyz", 2, "should end in"),
    ],
)
def test_upscale_refuses(here: Path, capsys: pytest.CaptureFixture, line: str, returns: int, says: str):
    assert code("upscale", *line.split()) == returns
    assert says in capsys.readouterr().err
    assert names(here) == {"in.png"}


def test_upscale_events(here: Path):
    result = call("upscale", "in.png", "large.png", "--upscale", "classic", "--alpha", "classic", "--json")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [events[0]["event"], events[-1]["event"]] == ["start", "done"]
    assert events[-1]["layers"][0]["name"] == "in"


# export


@pytest.mark.parametrize("out", ["out.psd", "out.psb", "out.ora", "out.kra", "out.xcf", "out"])
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_export(here: Path, asked: list[Recipe], out: str, scale: int):
    result = call("export", "in.png", out, "--scale", str(scale))
    assert result.exit_code == 0, result.output
    stack = documents.read(out)
    assert [layer.name for layer in stack.layers] == ["background", "eye 目 👁"]
    assert (stack.width, stack.height) == (56 * scale, 40 * scale)
    assert result.stdout == ""
    assert "eye 目 👁" in result.stderr
    assert "40% sure" in result.stderr
    assert ("exactly, every bit" in result.stderr) == (scale == 1)
    assert out in result.stderr
    assert names(here) == {"in.png", out}


def test_scale_is_two_and_the_document_lies_beside(here: Path, asked: list[Recipe]):
    assert call("export", "in.png").exit_code == 0
    assert asked == [Recipe()]
    assert documents.read("in.psd").width == 112


def test_sixteen_bit(here: Path, asked: list[Recipe]):
    pixels = picture(here / "deep.png", dtype=np.uint16)
    assert call("export", "deep.png", "deep.psd", "--scale", "1").exit_code == 0
    np.testing.assert_array_equal(flatten(documents.read("deep.psd")), pixels)


def test_every_choice_reaches_the_recipe_in_the_order_given(here: Path, asked: list[Recipe]):
    write_image(np.full((40, 56, 4), 255, np.uint8), here / "m.png")
    line = "--point 3,4 --mask m.png --box=1,2,10,12 --point 5,6 --scale 4 --max-layers 3 --granularity 0.9 "
    line += "--detect none --seed 7 --device cpu --upscale classic --alpha classic --keep flat"
    result = call("export", "in.png", "out.psd", *line.split())
    assert result.exit_code == 0, result.output
    assert asked == [
        Recipe(
            scale=4,
            max_layers=3,
            granularity=0.9,
            masks=("m.png",),
            boxes=((1, 2, 10, 12),),
            points=((3, 4), (5, 6)),
            detect="none",
            upscale="classic",
            alpha="classic",
            seed=7,
            keep=("flat",),
            prompts=("point", "mask", "box", "point"),
        )
    ]


def test_options_override_the_recipe_file(here: Path, asked: list[Recipe]):
    (here / "r.toml").write_text(dumps(Recipe(scale=4, seed=5, points=((1, 1),), prompts=("point",))))
    assert call("export", "in.png", "a.psd", "--recipe", "r.toml", "--scale", "1").exit_code == 0
    assert call("export", "in.png", "b.psd", "--recipe", "r.toml", "--box", "0,0,9,9").exit_code == 0
    assert asked[0] == Recipe(scale=1, seed=5, points=((1, 1),), prompts=("point",))
    assert asked[1] == Recipe(scale=4, seed=5, boxes=((0, 0, 9, 9),), prompts=("box",))


def test_several_pictures(here: Path, asked: list[Recipe]):
    picture(here / "b.png")
    (here / "out").mkdir()
    arguments = ["in.png", "b.png", "-o", "out", "--format", "ora", "--scale", "1"]
    result = call("export", *arguments, "--preview", "sheet.png", "--report", "found.json")
    assert result.exit_code == 0, result.output
    assert names(here / "out") == {f"{n}.{x}" for n in ("in", "b") for x in ("ora", "sheet.png", "found.json")}
    assert "2 of 2 pictures exported" in result.stderr


def test_one_bad_picture_does_not_stop_the_others(here: Path, asked: list[Recipe], capfd):
    (here / "bad.png").write_bytes(b"")
    (here / "out").mkdir()
    assert code("export", "bad.png", "in.png", "-o", "out") == 3
    assert names(here / "out") == {"in.psd"}
    words = capfd.readouterr().err
    assert "layersr: error: bad.png is empty" in words
    assert "1 of 2 pictures exported; failed: bad.png" in words


def test_preview_and_report(here: Path, asked: list[Recipe]):
    assert call("export", "in.png", "o.psd", "--scale", "1", "--preview", "p.png", "--report", "r.json").exit_code == 0
    assert read_image("p.png").width == 1680
    report = json.loads((here / "r.json").read_text(encoding="utf-8"))
    assert report["version"] == layersr.__version__
    assert report["recipe"]["scale"] == 1
    assert report["recomposition"]["identical"] is True
    assert report["layers"][0]["provenance"] == {"original": 1, "estimated": 0, "invented": 0}
    assert report["layers"][1]["provenance"]["invented"] == 1
    assert report["layers"][1]["area"] == pytest.approx(20 * 16 / (40 * 56), rel=1e-3)
    assert any("little confidence" in sentence and "(40%)" in sentence for sentence in report["check"])
    assert any("invented" in sentence for sentence in report["check"])


def test_json_events(here: Path, asked: list[Recipe]):
    result = call("export", "in.png", "out.psd", "--scale", "1", "--json")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert events[0] == {"event": "start", "version": layersr.__version__, "input": "in.png", "output": "out.psd"}
    progress = [e for e in events if e["event"] == "progress"]
    assert {"detect", "infill", "write"} <= {e["stage"] for e in progress}
    shares = [e["done"] for e in progress]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    done = events[-1]
    assert (done["event"], done["output"]) == ("done", "out.psd")
    assert done["seconds"] >= 0
    assert done["layers"] == json.loads(call("inspect", "out.psd", "--json").stdout)["layers"]
    assert result.stderr == ""


def test_json_error_events(here: Path, asked: list[Recipe], capfd):
    (here / "bad.png").write_bytes(b"no picture")
    assert code("export", "bad.png", "out.psd", "--json") == 3
    assert code("export", "in.png", "none/out.psd", "--json") == 4
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    errors = [e for e in events if e["event"] == "error"]
    assert [e["code"] for e in errors] == [3, 4]
    assert all(e["message"] for e in errors)


def test_a_document_that_is_not_the_picture_is_a_bug(here: Path, monkeypatch: pytest.MonkeyPatch, capfd):
    def wrong(image, recipe, report):
        pixels = image.pixels.copy()
        pixels[3, 3, 0] ^= 1
        return made(Image(pixels), recipe)

    monkeypatch.setattr(pipeline, "run", wrong)
    assert code("export", "in.png", "out.psd", "--scale", "1") == 1
    assert "does not flatten to the picture" in capfd.readouterr().err
    assert (here / "out.psd").exists()


# what is refused, before any work


@pytest.mark.parametrize(
    ("arguments", "expected", "words"),
    [
        ("in.png none/out.psd", 4, "does not exist"),
        ("in.png in.png/out.psd", 4, "is a file, not a folder"),
        ("in.png old.psd", 4, "--force"),
        ("in.png -o none", 4, "does not exist"),
        ("in.png out.psd --preview none/p.png", 4, "does not exist"),
        ("in.png out.psd --report old.psd", 4, "--force"),
        ("in.png full", 4, "--force"),
        ("in.png full --force", 4, "holds other things"),
        ("in.png out.xyz", 2, "no layered document"),
        ("in.png in.png", 2, "no layered document"),
        ("old.psd old.psd --force", 2, "is an input too"),
        ("old.psd ./../{here}/old.psd --force", 2, "is an input too"),
        ("in.png out.psd --preview p.xyz", 2, "should end in"),
        ("in.png out.psd --report out.psd", 2, "Two results"),
        ("in.png out.psd --preview in.png --force", 2, "is an input too"),
        ("in.png b.png c.psd", 2, "Several pictures need -o DIR"),
        ("in.png sub/in.png -o full", 2, "Two results"),
        ("in.png out.psd --scale 2 --dpi 300", 2, "give one of them"),
        ("in.png out.psd --size 1x", 2, "3000x2000"),
        ("in.png out.psd --scale 5", 2, "'5' is not one of"),
        ("in.png out.psd --granularity 2", 2, "0<=x<=1"),
        ("in.png out.psd --max-layers -1", 2, "x>=0"),
        ("in.png out.psd --box 1,2,3", 2, "whole numbers: L,T,W,H"),
        ("in.png out.psd --point a,b", 2, "whole numbers: X,Y"),
        ("in.png out.psd --point 56,0", 2, "lies outside: the picture is 56 x 40"),
        ("in.png out.psd --box 60,0,5,5", 2, "holds nothing"),
        ("in.png out.psd --box 0,0,0,5", 2, "holds nothing"),
        ("in.png out.psd --recipe none.toml", 2, "cannot be read"),
        ("in.png out.psd --nonsense", 2, "No such option"),
        ("in.png out.psd --infill nonsense", 5, "no infill backend named 'nonsense'"),
        ("in.png out.psd --upscale nonsense", 5, "no upscale backend named 'nonsense'"),
        ("none.png out.psd", 3, "does not exist"),
        ("old.psd out.psd", 3, "has layers already"),
    ],
)
def test_refused(here: Path, asked: list[Recipe], capfd, arguments: str, expected: int, words: str):
    call("export", "in.png", "old.psd", "--scale", "1")
    (here / "full").mkdir()
    (here / "full" / "thesis.txt").touch()
    before = names(here)
    asked.clear()
    assert code("export", *arguments.format(here=here.name).split()) == expected
    captured = capfd.readouterr()
    assert words in captured.err
    assert captured.out == ""
    assert names(here) == before
    if words != "holds other things":  # found by the writer itself
        assert not asked


def test_a_folder_that_may_not_be_written(here: Path, asked: list[Recipe], monkeypatch: pytest.MonkeyPatch, capfd):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert code("export", "in.png", "out.psd") == 4
    assert "may not be written" in capfd.readouterr().err


def test_force_replaces(here: Path, asked: list[Recipe]):
    for arguments in (["out.psd"], ["out.psd", "--force"], ["folder"], ["folder", "--force"]):
        assert call("export", "in.png", *arguments).exit_code == 0


@pytest.mark.parametrize("mask", ["small.png", "black.png", "none.png"])
def test_bad_masks(here: Path, capfd, mask: str):
    """The real pipeline reads them; nothing is written."""
    write_image(np.full((4, 4, 4), 255, np.uint8), here / "small.png")
    write_image(np.full((40, 56, 4), (0, 0, 0, 255), np.uint8), here / "black.png")
    assert code("export", "in.png", "out.psd", "--mask", mask, "--detect", "none") == (3 if mask == "none.png" else 2)
    assert mask in capfd.readouterr().err
    assert not (here / "out.psd").exists()


# failures


@pytest.mark.parametrize(
    ("error", "expected", "words"),
    [
        (WeightsError("The weights are damaged; fetch them again."), 6, "error: The weights are damaged"),
        (MemoryError(), 7, "not enough memory"),
        (cv2.error("OpenCV: Insufficient memory (Failed to allocate 99 bytes)"), 7, "not enough memory"),
        (ZeroDivisionError("division\nby zero"), 1, "LAYERSR_DEBUG=1"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_exit_codes(
    here: Path, monkeypatch: pytest.MonkeyPatch, capfd, error: BaseException, expected: int, words: str
):
    def fail(image, recipe, report):
        raise error

    monkeypatch.setattr(pipeline, "run", fail)
    monkeypatch.delenv("LAYERSR_DEBUG", raising=False)
    assert code("export", "in.png", "out.psd") == expected
    captured = capfd.readouterr().err
    assert words in captured
    assert len(captured.strip().splitlines()) == 1
    assert names(here) == {"in.png"}


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch, capfd):
    monkeypatch.setenv("LAYERSR_DEBUG", "1")
    sentence, number = failures.explain(ZeroDivisionError("no"))
    assert number == 1
    assert "ZeroDivisionError: no" in sentence
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_every_error_has_its_own_code():
    kinds = LayersrError.__subclasses__()
    assert sorted(kind.exit_code for kind in kinds) == [2, 3, 4, 5, 6, 7]


# flatten, inspect, score


@pytest.mark.parametrize("out", ["flat.png", "flat.jpg", "flat.webp", "flat.tif"])
def test_flatten(here: Path, asked: list[Recipe], out: str):
    call("export", "in.png", "out.psd", "--scale", "1")
    result = call("flatten", "out.psd", out)
    assert (result.exit_code, result.stdout) == (0, "")
    error = np.abs(read_image(out).pixels.astype(int) - read_image("in.png").pixels)
    assert error.mean() <= (1.5 if out.endswith("jpg") else 0)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["none.psd", "flat.png"], 3),
        (["in.png", "flat.png"], 3),
        (["out.psd", "flat.xyz"], 2),
        (["out.psd", "in.png"], 4),
        (["out.psd", "none/flat.png"], 4),
    ],
)
def test_flatten_refused(here: Path, asked: list[Recipe], arguments: list[str], expected: int):
    call("export", "in.png", "out.psd", "--scale", "1")
    assert code("flatten", *arguments) == expected
    assert names(here) == {"in.png", "out.psd"}


def test_inspect(here: Path, asked: list[Recipe]):
    call("export", "in.png", "out.psd", "--scale", "1")
    result = call("inspect", "out.psd", "--json")
    assert json.loads(result.stdout) == {
        "width": 56,
        "height": 40,
        "layers": [
            {
                **{"name": "background", "left": 0, "top": 0, "width": 56, "height": 40},
                **{"opacity": 1.0, "visible": True, "blend": "normal", "group": [], "mask": False, "locks": []},
            },
            {
                **{"name": "eye 目 👁", "left": 20, "top": 10, "width": 16, "height": 20},
                **{"opacity": 1.0, "visible": True, "blend": "normal", "group": [], "mask": False, "locks": []},
            },
        ],
        "groups": [],
    }
    lines = call("inspect", "out.psd").stdout.splitlines()
    assert "56 x 40, 8 bit" in lines[0]
    assert "eye 目 👁" in lines[2]
    assert "background" in lines[3]


def test_groups_in_order(here: Path):
    spot = np.full((4, 4, 4), 255, np.uint8)
    layers = (Layer("a", spot), Layer("b", spot, group=("sky", "eyes")))
    documents.write(LayerStack(8, 8, layers), "x.ora")
    listed = json.loads(call("inspect", "x.ora", "--json").stdout)["layers"]
    assert [layer["group"] for layer in listed] == [[], ["sky", "eyes"]]


def test_score(here: Path, asked: list[Recipe]):
    call("export", "in.png", "out.psd", "--scale", "1")
    call("export", "in.png", "large.ora", "--scale", "2")
    for pred in ("out.psd", "large.ora"):
        result = json.loads(call("score", pred, "out.psd", "--json").stdout)
        assert result["alpha_iou"] == pytest.approx(1)
        assert result["recomposition"]["exact"] == 1
        assert result["found"] == 1
        assert result["order_accuracy"] is None
    words = call("score", "out.psd", "out.psd").stdout
    assert "alpha soft IoU" in words
    assert "eye 目 👁" in words


def test_score_of_other_sizes(here: Path, asked: list[Recipe]):
    call("export", "in.png", "large.psd", "--scale", "2")
    call("export", "in.png", "out.psd", "--scale", "1")
    assert code("score", "out.psd", "large.psd") == 2


# what it looks like


def test_a_bar_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch, capsys):
    for terminal in (True, False):
        monkeypatch.setattr(sys.stderr, "isatty", lambda answer=terminal: answer)
        display = show.Display(as_json=False, title="in.png")
        display(Progress("infill background", 0.5))
        display.close()
        written = capsys.readouterr()
        assert written.out == ""
        assert ("infill background" in written.err) == terminal
        assert ("50 %" in written.err) == terminal


def test_events_that_look_alike_are_said_once(capsys):
    display = show.Display(as_json=True)
    for done in np.linspace(0, 1, 10_000):
        display(Progress("infill", float(done)))
    assert len(capsys.readouterr().out.splitlines()) == 101


def test_columns_of_wide_characters_align():
    lines = show.table([["目", "x"], ["ab", "y"], ["e\u0301", "z"]])
    assert lines == ["目  x", "ab  y", "e\u0301   z"]


def test_every_command_and_option_explains_itself():
    for name, command in cli.commands.items():
        assert command.help, name
        for option in command.params:
            assert option.param_type_name == "argument" or getattr(option, "help", None), f"{name} {option.name}"
        assert code(name, "--help") == 0


# in a process of its own


def layersr_process(*arguments: str, **options) -> subprocess.Popen:
    command = [sys.executable, "-m", "layersr", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(Path(layersr.__file__).parent.parent)}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, encoding="utf-8", **options
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--version"], 0),
        (["--help"], 0),
        ([], 2),
        (["nonsense"], 2),
        (["export"], 2),
        (["export", "none.png", "out.psd"], 3),
        (["export", "in.png", "none/out.psd"], 4),
        (["export", "in.png", "out.psd", "--matte", "nonsense"], 5),
    ],
)
def test_process_exit_codes(here: Path, arguments: list[str], expected: int):
    process = layersr_process(*arguments)
    out, err = process.communicate(timeout=60)
    assert process.returncode == expected
    assert "Traceback" not in err
    assert bool(out) == (expected == 0)
    if expected > 2:
        assert err.startswith("layersr: error: ")
    assert names(here) == {"in.png"}


def test_the_whole_job_in_a_process(here: Path):
    """Nothing stands in for anything: read, decompose, write, read back, compare."""
    process = layersr_process("export", "in.png", "out.ora", "--scale", "1", "--json", "--max-layers", "3")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    events = [json.loads(line) for line in out.splitlines()]
    assert events[-1]["event"] == "done"
    assert err == ""
    np.testing.assert_array_equal(flatten(documents.read("out.ora")), read_image("in.png").pixels)


@pytest.mark.skipif(os.name == "nt", reason="signals as on Unix")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(here: Path, number: signal.Signals):
    """Ctrl-C in the middle: 130, one line, and the folder as it was."""
    picture(here / "large.png", 700, 900)
    before = names(here)
    process = layersr_process("export", "large.png", "out.psd", "--json", "--preview", "p.png", start_new_session=True)
    for line in process.stdout:
        if json.loads(line)["event"] == "progress":
            break
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted" in err
    assert "Traceback" not in err
    assert names(here) == before


def test_an_interrupt_that_was_swallowed_is_not_lost(here: Path, monkeypatch: pytest.MonkeyPatch):
    """What is being imported may turn it into an error of its own, or into nothing."""

    def swallows(image, recipe, report):
        with contextlib.suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        report(Progress("next", 0.5))
        pytest.fail("it went on")

    def turns(image, recipe, report):
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        except KeyboardInterrupt as error:
            raise ImportError("initialization failed") from error

    monkeypatch.setattr(interrupts, "_told", False)  # whatever it is in the end, the other tests do not see it
    for pipe in (swallows, turns):
        monkeypatch.setattr(pipeline, "run", pipe)
        assert code("export", "in.png", "out.psd") == 130
    assert names(here) == {"in.png"}
