"""Projects: what changed is made again, all else is found; the result is what it would be without a project."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from layersr import backends, decomposing, documents, images, pipeline
from layersr.backends import Backend
from layersr.bleed import bleed
from layersr.cli import cli
from layersr.decomposing import Apart, Limits, Models, repainting
from layersr.decomposing.element import Element
from layersr.errors import OutputError, UsageError
from layersr.flattening import flatten
from layersr.layers import Image, LayerStack
from layersr.progress import Progress, silent
from layersr.projects import values
from layersr.projects.folder import Folder, opened
from layersr.recipe import Recipe
from layersr.roles import Detection, Prompt

ROOT = Path(__file__).resolve().parent.parent
HEIGHT, WIDTH = 110, 176
COLOURS = np.float32([[0.9, 0.1, 0.1], [0.1, 0.2, 0.9], [0.9, 0.8, 0.1], [0.6, 0.1, 0.7]])
DISCS = ((38, 38, 18), (47, 57, 18), (33, 137, 16), (82, 126, 14))
"""Row, column and radius; the first lies on the second, the others alone."""

NAMES = ("red", "blue", "yellow", "violet")

MADE = {"detect": "discs", "matte": "soft", "infill": "smooth", "upscale": "cubic", "alpha": "cubic"}
"""Backends of this file: fast, and they count what they are asked."""

asked: Counter[str] = Counter()


def discs() -> list[np.ndarray]:
    rows, columns = np.indices((HEIGHT, WIDTH), np.float32)
    return [np.clip(r + 0.5 - np.hypot(rows - y, columns - x), 0, 1) for y, x, r in DISCS]


def picture(dtype: type = np.uint8, shade: float = 0.0) -> Image:
    rows, columns = np.indices((HEIGHT, WIDTH), np.float32)
    image = np.dstack([columns / WIDTH * 0.5, rows / HEIGHT * 0.5 + shade, np.full(rows.shape, 0.4, np.float32)])
    for disc, colour in reversed([*zip(discs(), COLOURS, strict=True)]):
        image += disc[..., None] * (colour - image)
    return Image(np.rint(np.dstack([image, np.ones_like(rows)]) * np.iinfo(dtype).max).astype(dtype))


def detect(image: np.ndarray, prompt: Prompt | None = None) -> Sequence[Detection]:
    """Discs by their colours; the one that another covers when that is gone."""
    asked["detect"] += 1
    found = []
    for name, disc, colour in zip(NAMES, discs(), COLOURS, strict=True):
        seen = disc * (np.abs(image - colour).max(axis=-1) < 0.2)
        if seen.sum() > 0.4 * disc.sum() and not (name == "blue" and found and found[0].label == "red"):
            found.append(Detection(seen, 0.9, name))
    return found


def matte(image: np.ndarray, trimap: np.ndarray) -> np.ndarray:
    asked["matte"] += 1
    return np.where(trimap == 0.5, cv2.GaussianBlur(trimap, (0, 0), 1.5), trimap)


def infill(image: np.ndarray, hole: np.ndarray, avoid: np.ndarray | None = None) -> np.ndarray:
    asked["infill"] += 1
    return bleed(image, ~hole)


class Cubic:
    scales = (2,)

    def __call__(self, image: np.ndarray, scale: int) -> np.ndarray:
        asked["upscale"] += 1
        large = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        return np.clip(large, 0, 1)


class Linear(Cubic):
    def __call__(self, image: np.ndarray, scale: int) -> np.ndarray:
        asked["upscale"] += 1
        return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)


def alpha(image: np.ndarray, small: np.ndarray, scale: int) -> np.ndarray:
    asked["alpha"] += 1
    return cv2.resize(small, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)


def depth(image: np.ndarray) -> np.ndarray:
    asked["depth"] += 1
    return np.ascontiguousarray(np.linspace(1, 0, HEIGHT, dtype=np.float32)[:, None].repeat(WIDTH, axis=1))


LOADERS: dict[tuple[str, str], Callable[[str], object]] = {
    ("detect", "discs"): lambda device: detect,
    ("matte", "soft"): lambda device: matte,
    ("infill", "smooth"): lambda device: infill,
    ("infill", "smoother"): lambda device: lambda image, hole, avoid=None: cv2.blur(infill(image, hole), (3, 3)),
    ("upscale", "cubic"): lambda device: Cubic(),
    ("upscale", "linear"): lambda device: Linear(),
    ("alpha", "cubic"): lambda device: alpha,
    ("depth", "slope"): lambda device: depth,
}


def known() -> dict[tuple[str, str], Backend]:
    return {key: Backend(*key, load) for key, load in LOADERS.items()} | backends.find()


@pytest.fixture(autouse=True)
def own_backends(monkeypatch: pytest.MonkeyPatch) -> None:
    found = known()
    monkeypatch.setattr(backends, "find", lambda: found)
    asked.clear()


def run(place: Path, image: Image, report: Callable = silent, **choices: object) -> tuple[LayerStack, dict, Folder]:
    """A run in a project as the command line does it, the result, what was told of it and the project."""
    recipe = Recipe(**MADE | choices)
    asked.clear()
    with opened(place, image, "in.png") as project:
        stack = pipeline.run(image, recipe, report, project)
        return stack, project.finish(stack, {}, []), project


def same(stack: LayerStack, other: LayerStack, scratch: Path) -> bool:
    """Whether two stacks make the same bytes of a document."""
    files = [scratch / "one.psd", scratch / "other.psd"]
    for file, one in zip(files, (stack, other), strict=True):
        documents.write(one, file)
    return files[0].read_bytes() == files[1].read_bytes()


def alike(stack: LayerStack, other: LayerStack) -> set[str]:
    """Names of the layers whose pixels and places are the same in both."""
    known = {layer.name: layer for layer in other.layers}
    return {
        x.name
        for x in stack.layers
        if (y := known.get(x.name)) and (x.left, x.top) == (y.left, y.top) and np.array_equal(x.pixels, y.pixels)
    }


def paint(place: Path, name: str, draw: Callable[[np.ndarray], None]) -> None:
    path = place / "masks" / f"{name}.png"
    values_ = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    draw(values_)
    cv2.imwrite(str(path), values_)


# what a run gives


@pytest.mark.parametrize(
    "choices", [{}, {"scale": 1, "depth": "slope", "keep": ("depth", "flat")}, {"size": "220x999"}]
)
def test_a_project_gives_the_bytes_that_are_given_without_one_and_gives_them_again(tmp_path: Path, choices: dict):
    image = picture(np.uint16 if choices else np.uint8)
    plain = pipeline.run(image, Recipe(**MADE | choices))
    first, told, _ = run(tmp_path / "p", image, **choices)
    assert {layer.name for layer in first.layers} >= {*NAMES, "background"}
    assert same(plain, first, tmp_path)
    assert asked.total() > 0
    assert told["kept"] == []
    again, told, _ = run(tmp_path / "p", image, **choices)
    assert same(plain, again, tmp_path)
    assert not asked
    assert told["made"] == []
    assert (told["damaged"], told["remade"]) == (0, 0)


def test_the_default_backends_answer_from_memory_as_they_answer(tmp_path: Path):
    rows, columns = np.indices((48, 60), np.float32)
    rgba = np.dstack([columns / 60, rows / 48, np.full(rows.shape, 0.4), np.ones(rows.shape)])
    rgba[np.hypot(rows - 24, columns - 30) < 12] = (0.9, 0.2, 0.1, 1)
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
        assert same(first, pipeline.run(image, Recipe(scale=1), project=project), tmp_path)
        assert {*project.store.made} == {"take apart", "seal"}
        assert {"detect", "detect: layout", "matte", "infill", "infill: roughly"} <= {*project.store.reused}


# what is made again


def test_another_scale_or_upscaler_takes_nothing_apart_again(tmp_path: Path):
    image = picture()
    run(tmp_path / "p", image)
    for choices in ({"scale": 3}, {"upscale": "linear"}):
        stack, told, _ = run(tmp_path / "p", image, **choices)
        assert {*asked} == {"upscale", "alpha"}
        assert same(stack, pipeline.run(image, Recipe(**MADE | choices)), tmp_path)
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
    assert same(stack, pipeline.run(image, Recipe(**MADE | {"scale": 1, "infill": "smoother"})), tmp_path)


def test_more_layers_reuse_those_that_were_lifted(tmp_path: Path):
    image = picture()
    run(tmp_path / "p", image, scale=1, granularity=0.4)
    stack, *_ = run(tmp_path / "p", image, scale=1, granularity=0.5)
    assert not asked["detect"] + asked["matte"]
    assert same(stack, pipeline.run(image, Recipe(**MADE, scale=1)), tmp_path)


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
    assert same(stack, pipeline.run(image, Recipe(**MADE, order=str(order))), tmp_path)
    assert order.read_text() == "blue\nred\nviolet\nyellow\nnobody\n"  # the artist's, and left alone
    order.unlink()
    back, *_ = run(place, image)
    assert same(back, before, tmp_path)


def test_an_order_on_the_command_line_says_more_than_the_folders(tmp_path: Path):
    image, place = picture(), tmp_path / "p"
    run(place, image, scale=1)
    (place / "order.txt").write_text("blue\nred\n")
    (tmp_path / "mine.txt").write_text("red\nblue\n")
    stack, _, project = run(place, image, scale=1, order=str(tmp_path / "mine.txt"))
    above = [layer.name for layer in stack.layers]
    assert above.index("red") > above.index("blue")
    assert [note for note in project.notes if "--order" in note]


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_repainted_matte_makes_that_element_again_and_leaves_others(tmp_path: Path, scale: int, dtype: type):
    image, place = picture(dtype), tmp_path / "p"
    before, *_ = run(place, image, scale=scale)
    top = int(np.iinfo(dtype).max)
    paint(place, "yellow", lambda mask: cv2.circle(mask, (137, 52), 7, top, -1))
    stack, told, project = run(place, image, scale=scale)
    assert not asked["detect"]
    assert (asked["matte"], asked["infill"]) == (1, 1)  # its edge, and the ground under what it is more
    assert project.by_hand == ["yellow"]
    assert {*told["kept"]} == {"red", "blue", "violet"} == alike(stack, before)
    yellow = next(layer for layer in stack.layers if layer.name == "yellow")
    assert yellow.pixels[54 * scale - yellow.top, 137 * scale - yellow.left, 3] == top
    if scale == 1:
        assert np.array_equal(flatten(stack), image.pixels)
    again, _, project = run(place, image, scale=scale)
    assert same(stack, again, tmp_path)
    assert not asked
    assert project.by_hand == ["yellow"]
    (place / "masks" / "yellow.png").unlink()
    back, *_ = run(place, image, scale=scale)
    assert same(back, before, tmp_path)
    assert (place / "masks" / "yellow.png").is_file()


def test_what_is_painted_black_is_gone_and_the_picture_comes_back(tmp_path: Path):
    image, place = picture(), tmp_path / "p"
    before, *_ = run(place, image, scale=1)
    paint(place, "violet", lambda mask: mask.fill(0))
    stack, *_ = run(place, image, scale=1)
    assert {layer.name for layer in stack.layers} == {"background", "red", "blue", "yellow"}
    assert np.array_equal(flatten(stack), image.pixels)
    assert np.array_equal(stack.layers[0].pixels[82, 126], image.pixels[82, 126])
    assert {"red", "blue", "yellow"} <= alike(stack, before)


def test_masks_saved_again_with_a_colour_space_and_transparency_are_not_painted(tmp_path: Path):
    image, place = picture(np.uint16), tmp_path / "p"
    before, *_ = run(place, image, scale=1)
    path = place / "masks" / "red.png"
    grey = (cv2.imread(str(path), cv2.IMREAD_UNCHANGED) // 257).astype(np.uint8)
    cv2.imwrite(str(path), np.dstack([np.full((*grey.shape, 3), 255, np.uint8), grey]))
    stack, _, project = run(place, image, scale=1)
    assert project.by_hand == []
    assert same(stack, before, tmp_path)


def test_masks_that_fit_nothing_are_told_and_kept(tmp_path: Path):
    image, place = picture(), tmp_path / "p"
    run(place, image, scale=1)
    paint(place, "violet", lambda mask: cv2.circle(mask, (126, 94), 7, 255, -1))
    cv2.imwrite(str(place / "masks" / "moon.png"), np.zeros((HEIGHT, WIDTH), np.uint8))
    stack, _, project = run(place, image, scale=1, max_layers=3)
    assert len(stack.layers) == 4
    assert [note for note in project.notes if "moon.png" in note]
    gone = {*NAMES} - {layer.name for layer in stack.layers}
    assert (place / "masks" / "violet.png").exists()
    assert [note for note in project.notes if "violet" in note] or "violet" not in gone


@pytest.mark.parametrize(("spoil", "says"), [(b"", "made again"), (None, "picture's size")])
def test_masks_that_cannot_be_used_are_refused_with_a_way_out(tmp_path: Path, spoil: bytes | None, says: str):
    image, place = picture(), tmp_path / "p"
    run(place, image, scale=1)
    path = place / "masks" / "red.png"
    if spoil is None:
        cv2.imwrite(str(path), np.zeros((9, 9), np.uint8))
    else:
        path.write_bytes(spoil)
    with pytest.raises(UsageError, match=says):
        run(place, image, scale=1)


# repainting, by itself


@cache
def taken() -> Apart:
    models = Models(detect, matte, infill)
    return decomposing.take_apart(picture(), models, Limits())


@cache
def sealed() -> LayerStack:
    return decomposing.stacked(picture(), taken())


@settings(max_examples=15)
@given(
    st.sampled_from(NAMES),
    st.tuples(st.integers(0, WIDTH), st.integers(0, HEIGHT)),
    st.integers(1, 15),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.booleans(),
)
def test_whatever_is_painted_nothing_changes_far_from_it(
    name: str, at: tuple[int, int], radius: int, value: float, soft: bool
):
    image, apart = picture(), taken()
    canvas = (HEIGHT, WIDTH)
    element = next(element for element in apart.bare if element.name == name)
    painted = element.on(canvas)
    cv2.circle(painted, at, radius, value, -1)
    painted = cv2.GaussianBlur(painted, (0, 0), 2) if soft else painted
    now = decomposing.repaint(color_of(image), apart, {name: painted}, matte, infill)
    changed = repainting.differing(element, painted).astype(np.uint8)
    reach = 2 * repainting.reach(canvas) + 1
    far = cv2.dilate(changed, np.ones((reach, reach), np.uint8)) == 0
    assert [e.name for e in now.elements] == [e.name for e in apart.elements]
    for new, old in zip(now.elements, apart.elements, strict=True):
        assert np.array_equal(new.on(canvas)[far], old.on(canvas)[far])
        for one, other in ((new, old), (old, new)):
            assert np.array_equal(shown(one, canvas, far), shown(other, canvas, far))
    assert np.array_equal(now.ground[far], apart.ground[far])
    stack, before = decomposing.stacked(image, now), sealed()
    assert np.array_equal(flatten(stack), image.pixels)
    untouched = {e.name for e in apart.elements if e.name != name and far[e.window].all()}
    assert untouched <= alike(stack, before)


def color_of(image: Image) -> np.ndarray:
    return image.pixels[..., :3].astype(np.float32) / 255


def shown(element: Element, canvas: tuple[int, int], where: np.ndarray) -> np.ndarray:
    """An element's colours where they show."""
    colours = np.zeros((*canvas, 3), np.float32)
    colours[element.window] = np.where(element.alpha[..., None] > 0, element.colour, 0)
    return colours[where]


def test_a_part_that_something_hides_has_the_colours_of_the_rest():
    apart = taken()
    below = next(element for element in apart.bare if element.name == "blue")
    painted = np.maximum(below.on((HEIGHT, WIDTH)), discs()[1].astype(np.float32))
    now = decomposing.repaint(color_of(picture()), apart, {"blue": painted}, matte, infill)
    blue = next(element for element in now.elements if element.name == "blue")
    hidden = (discs()[0] >= 1) & (discs()[1] >= 1) & (blue.on((HEIGHT, WIDTH)) > 0.9)
    colours = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    colours[blue.window] = blue.colour
    assert hidden.sum() > 100
    assert np.abs(colours[hidden] - COLOURS[1]).max(axis=-1).mean() < 0.15
    assert np.array_equal(flatten(decomposing.stacked(picture(), now)), picture().pixels)


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
    for last in range(2, len(events), 2):
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
    assert same(stack, plain, tmp_path)
    for role in ("detect", "matte", "infill"):
        assert total[role] == wanted[role]
    for role in ("upscale", "alpha"):  # the last correction of the whole picture may be cut short
        assert total[role] <= 2 * wanted[role]


KILLING = """
import os, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_projects as here
from layersr import backends
found = here.known()
backends.find = lambda: found
def report(event):
    if event.stage.startswith("upscale yellow"):
        os.kill(os.getpid(), signal.SIGKILL)
here.run(Path("p"), here.picture(), report)
"""


def test_a_process_that_was_killed_leaves_a_project_that_goes_on(tmp_path: Path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", KILLING, str(Path(__file__).parent)]
    done = subprocess.run(command, env=environment, check=False, cwd=tmp_path)
    assert done.returncode == -signal.SIGKILL
    stack, *_ = run(tmp_path / "p", picture())
    assert not {*asked} & {"detect", "matte", "infill"}
    assert asked["upscale"] > 0
    assert same(stack, pipeline.run(picture(), Recipe(**MADE)), tmp_path)


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
    assert same(first, stack, tmp_path)
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


def test_other_code_of_a_model_is_another_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    image, place = picture(), tmp_path / "p"
    run(place, image, scale=1)
    real = pipeline.needs.identity

    def identity(role: str, *more: str) -> dict:
        said = real(role, *more)
        return {**said, "files": {"weights": "other"}} if role == "matte" else said

    monkeypatch.setattr(pipeline.needs, "identity", identity)
    run(place, image, scale=1)
    assert asked["matte"] > 0
    assert asked["detect"] == 0  # the same mattes: what hangs on them is found


# whose it is


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
    assert same(stack, pipeline.run(image, Recipe(**MADE, scale=1)), tmp_path)


# the command


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
    assert {path.name for path in (here / "p").iterdir()} == {
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


# values


arrays = st.builds(
    lambda seed, shape, axes, dtype: np.random.default_rng(seed).integers(0, 99, shape).astype(dtype).transpose(axes),
    st.integers(0, 99),
    st.tuples(*[st.integers(0, 4)] * 3),
    st.permutations([0, 1, 2]),
    st.sampled_from([np.float32, np.uint8, np.uint16, bool, np.int64]),
)
plain_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.builds(slice, st.integers(0, 9), st.just(np.int64(4)))
    | st.just(np.float32(0.3))
    | arrays,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3) | st.tuples(st.integers()), inner, max_size=3)
    ),
    max_leaves=8,
)


def equal(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray):
        inner = isinstance(b, np.ndarray) and (a.dtype, a.shape) == (b.dtype, b.shape) and np.array_equal(a, b)
        return bool(inner and (a.size <= 1 or a.flags.c_contiguous == b.flags.c_contiguous))
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, dict):
        return [*a] == [*b] and all(equal(a[key], b[key]) for key in a)
    return type(a) is type(b) and a == b


@given(plain_values)
def test_values_come_back_as_they_were(value: object):
    assert equal(values.loads(values.dumps(value)), value)
    assert values.digest(values.loads(values.dumps(value))) == values.digest(value)


def test_detections_and_stacks_come_back_as_they_were():
    stack = decomposing.decompose(picture(), Models(detect, matte, infill))
    found = values.loads(values.dumps((stack, *detect(color_of(picture())))))
    assert same_facts(found[0], stack)
    assert [np.array_equal(a.mask, b.mask) for a, b in zip(found[1:], detect(color_of(picture())), strict=True)]


def same_facts(a: LayerStack, b: LayerStack) -> bool:
    return values.digest(a) == values.digest(b) and alike(a, b) == {layer.name for layer in a.layers}


@pytest.mark.parametrize("value", [object(), lambda: 1, np.array([object()]), {1, 2}, Path()])
def test_what_is_no_frozen_value_is_refused(value: object):
    with pytest.raises(TypeError):
        values.digest(value)


def test_values_differ_by_kind_and_place():
    ones = [np.ones((2, 3), np.uint8), np.ones((3, 2), np.uint8), np.ones((2, 3), bool), [1], (1,), 1, "1", True, 1.0]
    assert len({values.digest(one) for one in ones}) == len(ones)


def test_bytes_of_strangers_make_nothing_but_values():
    import io
    import zipfile

    for tree in ({"of": ["os", "system", {"command": "true"}]}, {"of": ["layersr.cli", "run", {}]}, {"what": 1}):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("value.json", json.dumps({"value": tree, "at": [], "orders": []}))
        with pytest.raises(ValueError, match=r"frozen value|not a value"):
            values.loads(out.getvalue())
