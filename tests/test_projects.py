"""Projects: what changed is made again, all else is found; the result is what it would be without a project."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import layersr
from layersr import documents, pipeline
from layersr.layers import Image
from layersr.progress import Progress
from layersr.projects.folder import opened
from layersr.recipe import Recipe
from project_scene import MADE, NAMES, alike, asked, own_backends, picture, run, same  # noqa: F401

# what a run gives


@pytest.mark.parametrize(
    "choices", [{}, {"scale": 1, "depth": "slope", "keep": ("depth", "flat")}, {"size": "220x999"}]
)
def test_a_project_gives_the_bytes_that_are_given_without_one_and_gives_them_again(tmp_path: Path, choices: dict):
    image = picture(np.uint16 if choices else np.uint8)
    plain = pipeline.run(image, Recipe(**MADE | choices))
    first, told, _ = run(tmp_path / "p", image, **choices)
    assert {layer.name for layer in first.layers} >= {*NAMES, "background"}
    assert same(plain, first)
    assert asked.total() > 0
    assert told["kept"] == []
    again, told, _ = run(tmp_path / "p", image, **choices)
    assert same(plain, again)
    for number, stack in enumerate((plain, first, again)):
        documents.write(stack, tmp_path / f"{number}.psd")
    assert len({(tmp_path / f"{number}.psd").read_bytes() for number in range(3)}) == 1
    assert not asked
    assert told["made"] == []
    assert (told["damaged"], told["remade"]) == (0, 0)


def test_the_default_backends_answer_from_memory_as_they_answer(tmp_path: Path):
    rows, columns = np.indices((36, 45), np.float32)
    rgba = np.dstack([columns / 45, rows / 36, np.full(rows.shape, 0.4), np.ones(rows.shape)])
    rgba[np.hypot(rows - 18, columns - 22) < 9] = (0.9, 0.2, 0.1, 1)
    image = Image(np.rint(rgba * 255).astype(np.uint8))
    place = tmp_path / "p"
    with opened(place, image, "") as project:
        first = pipeline.run(image, Recipe(scale=1), project=project)
    assert len(first.layers) > 1
    for path in (place / "steps").iterdir():  # only what models said is left: all else is made of that
        head = json.loads(path.read_bytes().partition(b"\n")[0])
        if head["step"] in ("take apart", "seal"):
            path.unlink()
    with opened(place, image, "") as project:
        assert same(first, pipeline.run(image, Recipe(scale=1), project=project))
        assert {*project.store.made} == {"take apart", "seal"}
        assert {"detect", "detect: layout", "matte", "infill", "infill: roughly"} <= {*project.store.reused}


# what is made again


def test_another_scale_or_upscaler_takes_nothing_apart_again(tmp_path: Path):
    image = picture()
    run(tmp_path / "p", image)
    for choices in ({"scale": 3}, {"upscale": "linear"}):
        stack, told, _ = run(tmp_path / "p", image, **choices)
        assert {*asked} == {"upscale", "alpha"}
        assert same(stack, pipeline.run(image, Recipe(**MADE | choices)))
    _, told, _ = run(tmp_path / "p", image, upscale="linear", scale=1)
    assert not asked
    assert told["remade"] == 0


def test_another_infill_asks_nothing_again_of_the_picture_as_it_is(tmp_path: Path):
    image = picture()
    run(tmp_path / "p", image, scale=1)
    found = asked.copy()
    stack, *_ = run(tmp_path / "p", image, scale=1, infill="smoother")
    assert asked["detect"] == found["detect"] - 1  # the picture itself is known, what is beneath is painted otherwise
    assert asked["matte"] < found["matte"]
    assert asked["infill"] > 0
    assert same(stack, pipeline.run(image, Recipe(**MADE | {"scale": 1, "infill": "smoother"})))


def test_more_layers_reuse_those_that_were_lifted(tmp_path: Path):
    image = picture()
    run(tmp_path / "p", image, scale=1, granularity=0.4)
    stack, *_ = run(tmp_path / "p", image, scale=1, granularity=0.5)
    assert not asked["detect"] + asked["matte"]
    assert same(stack, pipeline.run(image, Recipe(**MADE, scale=1)))


def test_an_order_written_by_hand_is_the_order_and_asks_no_model_to_take_apart(tmp_path: Path):
    image, place = picture(), tmp_path / "p"
    before, *_ = run(place, image)
    order = place / "order.txt"
    assert [line for line in order.read_text().splitlines() if line[0] != "#"] == [
        layer.name for layer in before.layers[:0:-1]
    ]
    order.write_text("blue\nred\nviolet\nyellow\nnobody\n")
    stack, told, project = run(place, image)
    assert not {*asked} & {"detect", "matte", "infill"}
    assert project.arranged
    assert [note for note in project.notes if "nobody" in note]
    above = [layer.name for layer in stack.layers]
    assert above.index("blue") > above.index("red")
    assert {"yellow", "violet"} <= alike(stack, before)
    assert {"yellow", "violet"} <= {*told["kept"]}
    assert same(stack, pipeline.run(image, Recipe(**MADE, order=str(order))))
    assert order.read_text() == "blue\nred\nviolet\nyellow\nnobody\n"  # the artist's, and left alone
    order.unlink()
    back, *_ = run(place, image)
    assert same(back, before)


def test_an_order_on_the_command_line_says_more_than_the_folders(tmp_path: Path):
    image, place = picture(), tmp_path / "p"
    run(place, image, scale=1)
    (place / "order.txt").write_text("blue\nred\n")
    (tmp_path / "mine.txt").write_text("red\nblue\n")
    stack, _, project = run(place, image, scale=1, order=str(tmp_path / "mine.txt"))
    above = [layer.name for layer in stack.layers]
    assert above.index("red") > above.index("blue")
    assert [note for note in project.notes if "--order" in note]


def test_what_a_whole_stack_model_said_is_remembered_too(tmp_path: Path):
    image, place = picture(), tmp_path / "p"
    plain = pipeline.run(image, Recipe(**MADE, scale=1, decompose="sheets"))
    assert {layer.name for layer in plain.layers} == {"background", *NAMES}
    stack, *_ = run(place, image, scale=1, decompose="sheets")
    assert same(stack, plain)
    (place / "order.txt").write_text("blue\nred\n")
    stack, _, project = run(place, image, scale=1, decompose="sheets", max_layers=3)
    assert asked["decompose"] == 1
    assert not project.arranged
    assert [note for note in project.notes if "--decompose" in note]
    run(place, image, scale=1, decompose="sheets", max_layers=3)
    assert not asked


# going on


class Killed(Exception):
    pass


def test_killed_anywhere_and_run_again_it_gives_the_same_and_asks_nothing_twice(tmp_path: Path):
    image, place = picture(), tmp_path / "p"
    plain = pipeline.run(image, Recipe(**MADE))
    events: list[Progress] = []
    asked.clear()
    with opened(tmp_path / "q", image, "") as project:
        pipeline.run(image, Recipe(**MADE), events.append, project)
    wanted, total = asked.copy(), Counter[str]()
    for last in range(2, len(events), 3):
        heard: list[Progress] = []

        def killing(event: Progress, heard: list[Progress] = heard, last: int = last) -> None:
            heard.append(event)
            if len(heard) >= last:
                raise Killed

        asked.clear()
        try:
            with opened(place, image, "") as project:
                pipeline.run(image, Recipe(**MADE), killing, project)
        except Killed:
            pass
        total += asked
    stack, *_ = run(place, image)
    total += asked
    assert same(stack, plain)
    for role in ("detect", "matte", "infill"):
        assert total[role] == wanted[role]
    for role in ("upscale", "alpha"):  # the last correction of the whole picture may be cut short
        assert total[role] <= 2 * wanted[role]


KILLING = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import project_scene as here
from layersr import backends
found = here.known()
backends.find = lambda: found
def report(event):
    if event.stage.startswith("upscale yellow"):
        os.kill(os.getpid(), signal.SIGKILL)
here.run(Path("p"), here.picture(), report)
"""


def test_a_process_that_was_killed_leaves_a_project_that_goes_on(tmp_path: Path):
    environment = {**os.environ, "PYTHONPATH": str(Path(layersr.__file__).parents[1])}  # the same code
    command = [sys.executable, "-c", KILLING, str(Path(__file__).parent)]
    done = subprocess.run(command, env=environment, check=False, cwd=tmp_path)
    assert done.returncode == -signal.SIGKILL
    stack, *_ = run(tmp_path / "p", picture())
    assert not {*asked} & {"detect", "matte", "infill"}
    assert asked["upscale"] > 0
    assert same(stack, pipeline.run(picture(), Recipe(**MADE)))
