"""The page of `layersr roadmap` in a real browser: what it paints is read off its canvas."""

from base64 import b64decode
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from chromium import launched
from layersr.roadmap import Roadmap, draw_roadmap, page
from roadmap_scene import psnr, scene

PHONE = {"width": 360, "height": 640}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    yield from launched()


@pytest.fixture(scope="module")
def drawn() -> Roadmap:
    return draw_roadmap(scene(30, 40), strokes=60, colours=8)


@pytest.fixture(scope="module")
def file(drawn: Roadmap, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("roadmap") / "out.html"
    page.write(drawn, path, "Sea <b>猫</b> " + "long" * 30)
    return path


class Shown:
    """A page in a window, and what went wrong or was asked for there."""

    def __init__(self, browser: Any, file: Path, **options: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1100, "height": 800}, **options})
        self.page = self.context.new_page()
        self.failures: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.failures.append(str(error)))
        self.page.on("console", lambda message: self.failures.append(message.text))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())

    def easel(self) -> np.ndarray:
        """The pixels of the canvas."""
        data = self.page.evaluate("() => easel.toDataURL('image/png')").split(",")[1]
        return np.asarray(PIL.Image.open(BytesIO(b64decode(data))).convert("RGB"))

    def strokes(self) -> int:
        return int(self.page.input_value("#time"))

    def told(self) -> str:
        return self.page.text_content("#told")

    def key(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)


@pytest.fixture
def shown(browser: Any, file: Path) -> Iterator[Shown]:
    found = Shown(browser, file)
    yield found
    found.context.close()
    assert found.failures == []
    assert [url for url in found.asked if not url.startswith(("file:", "data:"))] == []


def ends(drawn: Roadmap) -> list[int]:
    return [0, *np.cumsum([len(step.strokes) for step in drawn.steps]).tolist()]


def test_the_finished_picture_is_shown_first_and_looks_as_the_last_canvas(shown: Shown, drawn: Roadmap):
    assert shown.strokes() == len(drawn.strokes)
    assert psnr(shown.easel(), drawn.canvases[-1]) > 30


def test_buttons_and_arrow_keys_go_step_by_step(shown: Shown, drawn: Roadmap):
    at = ends(drawn)
    shown.page.click("#back")
    assert shown.strokes() == at[-2]
    assert psnr(shown.easel(), drawn.canvases[-2]) > 30
    shown.key(*["ArrowLeft"] * (len(at) - 2))
    assert shown.strokes() == 0
    assert (shown.easel() == drawn.ground.colour).all()
    assert shown.told() == "toned ground, 0 strokes"
    shown.key("ArrowLeft")  # there is nothing before it
    assert shown.strokes() == 0
    for n in (1, 2):
        shown.page.click("#on")
        assert shown.strokes() == at[n]
        assert shown.told() == f"{n}  {drawn.steps[n - 1].thing}: {drawn.steps[n - 1].name}, {at[n]} strokes"
        assert psnr(shown.easel(), drawn.canvases[n]) > 30
    shown.page.focus("#time")
    shown.key("ArrowRight")
    assert shown.strokes() == at[3]


def test_the_slider_shows_any_number_of_strokes(shown: Shown, drawn: Roadmap):
    box = shown.page.locator("#time").bounding_box()
    shown.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    half = shown.strokes()
    assert abs(half - len(drawn.strokes) / 2) <= 0.1 * len(drawn.strokes)
    assert shown.told().endswith(f", {half} strokes")
    assert not np.array_equal(shown.easel(), drawn.canvases[-1])


def test_a_step_is_shown_on_the_easel_when_its_button_is_pressed(shown: Shown, drawn: Roadmap):
    shown.page.click("[data-step='2']")
    assert shown.strokes() == ends(drawn)[2]
    assert shown.page.locator("button.now").get_attribute("data-step") == "2"
    assert 0 <= shown.page.evaluate("() => easel.getBoundingClientRect().top") < 800


def test_space_plays_the_time_lapse_from_the_ground_to_the_end(shown: Shown, drawn: Roadmap):
    shown.key(" ")
    shown.page.wait_for_function("() => +time.value > 2 && +time.value < strokes.length")
    shown.key(" ")
    held = shown.strokes()
    shown.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert shown.strokes() == held
    shown.page.click("#play")
    shown.page.wait_for_function("() => +time.value === strokes.length")
    assert psnr(shown.easel(), drawn.canvases[-1]) > 30


def test_the_palette_shows_every_colour_that_is_used(shown: Shown, drawn: Roadmap):
    colours = shown.page.eval_on_selector_all(
        ".palette li > i:first-child", "all => all.map(one => getComputedStyle(one).backgroundColor)"
    )
    assert colours == ["rgb({}, {}, {})".format(*s.colour) for s in (drawn.ground, *drawn.palette)]
    boxes = [one.bounding_box() for one in shown.page.locator(".palette li > i:first-child").all()]
    assert min(min(box["width"], box["height"]) for box in boxes) > 30


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Any, file: Path, scheme: str):
    shown = Shown(browser, file, viewport=PHONE, has_touch=True, is_mobile=True, color_scheme=scheme)
    assert shown.page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    for one in shown.page.locator(".film button").all():
        box = one.bounding_box()
        assert min(box["width"], box["height"]) >= 44  # a thumb's
    before = shown.strokes()
    shown.page.tap("#back")
    assert shown.strokes() < before
    seen = np.asarray(PIL.Image.open(BytesIO(shown.page.screenshot())).convert("L"))
    assert (seen[2, 2] > 128) == (scheme == "light")
    shown.context.close()
    assert shown.failures == []
