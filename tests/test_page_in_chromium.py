"""The page of `layersr view` in a real browser: real clicks, drags, keys, touches; what is seen is read off it."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from chromium import launched
from layersr import references
from layersr.flattening import flatten
from layersr.layers import Image, LayerStack
from layersr.viewing import write_page
from viewed_stacks import HOSTILE, everything, plain

RED, GREEN, BLUE, GREY = (220, 30, 30), (30, 200, 30), (30, 60, 220), (128, 128, 128)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    yield from launched()


class Shown:
    """A page in a window: where things of the picture are, and what is seen there."""

    def __init__(self, browser: Any, file: Path, width: int = 960, height: int = 660, **options: Any) -> None:
        options = {"color_scheme": "dark", "reduced_motion": "reduce", **options}
        self.context = browser.new_context(viewport={"width": width, "height": height}, **options)
        self.page = self.context.new_page()
        self.failures: list[str] = []
        self.page.on("pageerror", lambda error: self.failures.append(str(error)))
        self.page.on("console", lambda message: self.failures.append(message.text))
        self.page.goto(file.as_uri())
        self.page.wait_for_selector("html[data-ready]")
        self.measure()

    def again(self) -> "Shown":
        """The page as it was at first."""
        self.page.mouse.move(2, 2)
        self.page.reload()
        self.page.wait_for_selector("html[data-ready]")
        return self

    def measure(self, wide: int = 160) -> None:
        """Find the picture on the screen by its ground, grey all along its border."""
        seen = self.screen()
        grey = (np.abs(seen.astype(int) - GREY).max(axis=2) <= 2) & self.on_stage(seen)
        rows, columns = (np.flatnonzero(grey.sum(axis=axis) > 60) for axis in (1, 0))
        self.left, self.top = int(columns[0]), int(rows[0])
        self.scale = (int(columns[-1]) + 1 - self.left) / wide

    def on_stage(self, seen: np.ndarray) -> np.ndarray:
        box = self.page.locator("#stage").bounding_box()
        out = np.zeros(seen.shape[:2], bool)
        out[int(box["y"]) : int(box["y"] + box["height"]), int(box["x"]) : int(box["x"] + box["width"])] = True
        return out

    def screen(self) -> np.ndarray:
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        shot = self.page.screenshot(scale="css")
        return np.asarray(PIL.Image.open(BytesIO(shot)).convert("RGB"))

    def place(self, x: float, y: float) -> tuple[float, float]:
        """A place of the picture on the screen."""
        return self.left + x * self.scale, self.top + y * self.scale

    def at(self, x: float, y: float) -> tuple[int, ...]:
        """The colour that is seen at a place of the picture."""
        column, row = self.place(x, y)
        return tuple(int(n) for n in self.screen()[int(row), int(column)])

    def saved(self) -> np.ndarray:
        """What is seen, as the page itself saves it."""
        with self.page.expect_download() as download:
            self.page.click("[data-do=save]")
        return np.asarray(PIL.Image.open(download.value.path()).convert("RGBA"))

    def row(self, name: str) -> Any:
        return self.page.locator(".row").filter(has=self.page.locator(".name").get_by_text(name, exact=True))

    def order(self) -> list[str]:
        return self.page.locator(".row .name").all_inner_texts()

    def press(self, name: str, button: str) -> None:
        """A button in the row of a layer."""
        self.row(name).hover()
        self.row(name).locator(f"[data-row={button}]").click()

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        mouse.move(*end)
        mouse.up()

    def key(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def words(self) -> str:
        return self.page.locator("#live").inner_text()


def written(stack: LayerStack, folder: Path, **more: Any) -> Path:
    write_page(stack, folder / "page.html", "a <b>page</b>", **more)
    return folder / "page.html"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(plain(), tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def window(browser: Any, file: Path) -> Iterator[Shown]:
    found = Shown(browser, file)
    yield found
    found.context.close()


@pytest.fixture
def shown(window: Shown) -> Iterator[Shown]:
    yield window.again()
    assert window.failures == []


def near(colour: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return max(abs(int(a) - b) for a, b in zip(colour, other, strict=True)) <= 3


def premultiplied(pixels: np.ndarray) -> np.ndarray:
    values = pixels.astype(np.float64)
    return np.dstack([values[..., :3] * values[..., 3:] / 255, values[..., 3]])


@pytest.mark.parametrize("opaque", [True, False])
def test_all_layers_together_are_what_flatten_shows(browser: Any, tmp_path: Path, opaque: bool):
    stack = everything(opaque=opaque)
    shown = Shown.__new__(Shown)
    shown.measure = lambda: None  # its ground is not grey
    shown.__init__(browser, written(stack, tmp_path))
    error = np.abs(premultiplied(shown.saved()) - premultiplied(flatten(stack)))
    shown.context.close()
    assert shown.failures == []
    assert error.max() <= 2


def test_names_are_shown_as_text(shown: Shown):
    assert shown.order()[0].startswith("</script><img src=x onerror=")
    assert shown.page.title() == "a <b>page</b>"
    assert shown.page.locator("img").count() == 0
    shown.row("red").click()
    assert shown.page.locator("#inspector h2").inner_text() == "red"


def test_the_eye_hides_and_shows(shown: Shown):
    assert near(shown.at(40, 35), RED)
    shown.press("red", "toggle")
    assert near(shown.at(40, 35), GREY)
    shown.press("red", "toggle")
    assert near(shown.at(40, 35), RED)
    shown.press("things", "toggle")
    assert near(shown.at(110, 35), GREY)


def test_solo_shows_one_alone(shown: Shown):
    shown.press("green", "solo")
    saved = shown.saved()
    assert tuple(saved[35, 110]) == (*GREEN, 255)
    assert saved[35, 40, 3] == saved[5, 5, 3] == 0
    shown.key("Escape")
    assert shown.saved()[..., 3].min() == 255


def test_a_layer_is_dragged_on_the_picture_and_undone(shown: Shown):
    shown.drag(shown.place(40, 35), shown.place(50, 45))
    assert near(shown.at(58, 58), RED)
    assert near(shown.at(25, 25), GREY)
    assert (shown.saved()[..., :3] == RED).all(axis=2)[30:60, 30:70].all()
    shown.page.click("[data-do=undo]")
    np.testing.assert_array_equal(shown.saved(), flatten(plain()))
    shown.key("Control+Shift+z")
    assert near(shown.at(58, 58), RED)
    shown.page.click("[data-do=reset]")
    np.testing.assert_array_equal(shown.saved(), flatten(plain()))


def test_a_group_that_is_chosen_is_dragged_as_a_whole(browser: Any, tmp_path: Path):
    ground, red, green, blue = plain().layers
    stack = plain().with_layers((ground, replace(red, group=("things",)), green, blue))
    shown = Shown(browser, written(stack, tmp_path))
    shown.row("things").click()
    shown.drag(shown.place(40, 35), shown.place(40, 65))
    assert near(shown.at(40, 75), RED)
    assert near(shown.at(110, 75), GREEN)
    shown.key("Control+z")
    np.testing.assert_array_equal(shown.saved(), flatten(stack))
    shown.context.close()
    assert shown.failures == []


def test_the_ground_is_no_layer_to_drag_but_pans(shown: Shown):
    shown.drag(shown.place(150, 110), shown.place(130, 100))
    np.testing.assert_array_equal(shown.saved(), flatten(plain()))
    left, top, scale = shown.left, shown.top, shown.scale
    shown.measure()
    assert (shown.left - left, shown.top - top) == pytest.approx((-20 * scale, -10 * scale), abs=2)
    shown.key("0")
    shown.measure()
    assert (shown.left, shown.top) == pytest.approx((left, top), abs=1)


def test_keys_nudge_undo_hide_and_solo(shown: Shown):
    shown.page.mouse.click(*shown.place(40, 35))
    shown.key("ArrowRight", "ArrowRight", "Shift+ArrowDown")
    assert "moved 2, 10" in shown.words()
    red = (shown.saved()[..., :3] == RED).all(axis=2)
    assert np.argwhere(red).min(axis=0).tolist() == [30, 22]
    shown.key("Control+z", "Control+z", "Control+z")
    np.testing.assert_array_equal(shown.saved(), flatten(plain()))
    shown.key("h")
    assert near(shown.at(40, 35), GREY)
    shown.key("h", "s")
    assert shown.saved()[110, 10, 3] == 0


def test_rows_are_dragged_to_another_place_in_the_order(browser: Any, tmp_path: Path):
    stack = plain()
    *rest, red, green, blue = stack.layers
    shown = Shown(browser, written(stack.with_layers((*rest, replace(red, left=50, top=60), green, blue)), tmp_path))
    assert near(shown.at(75, 80), BLUE)
    source, goal = shown.row("red").bounding_box(), shown.page.locator(".row").first.bounding_box()
    shown.drag((source["x"] + 90, source["y"] + 20), (goal["x"] + 90, goal["y"] + 4))
    assert shown.order()[0] == "red"
    assert near(shown.at(75, 80), RED)
    source, goal = shown.row("red").bounding_box(), shown.row("things").bounding_box()
    shown.drag((source["x"] + 90, source["y"] + 20), (goal["x"] + 90, goal["y"] + goal["height"] - 6))
    assert shown.row("red").get_attribute("aria-level") == "2"
    assert near(shown.at(75, 80), BLUE)
    shown.key("Control+z", "Control+z")
    assert shown.order()[-2:] == ["red", "ground"]
    shown.context.close()
    assert shown.failures == []


def test_keys_reorder_and_walk_through_the_list(shown: Shown):
    shown.row("red").click()
    shown.key("Alt+ArrowUp")  # into the open group
    assert shown.row("red").get_attribute("aria-level") == "2"
    shown.key("Alt+ArrowUp", "Alt+ArrowUp", "Alt+ArrowUp")
    assert shown.order()[:2] == ["red", shown.order()[1]]
    assert shown.row("red").get_attribute("aria-level") == "1"
    assert "is now 1 of 4 from above" in shown.words()
    shown.key("End", " ")
    assert shown.row("ground").get_attribute("aria-selected") == "true"
    assert shown.saved()[5, 5, 3] == 0
    shown.row("ground").click()
    shown.key(" ", "Home", "ArrowDown", "ArrowDown", "ArrowLeft")
    assert shown.row("green").count() == 0
    shown.key("ArrowRight")
    assert shown.row("green").count() == 1


def test_dragged_beyond_its_safe_travel_it_warns(browser: Any, tmp_path: Path):
    stack = plain()
    ground, red, green, blue = stack.layers
    layers = (
        ground,
        replace(red, left=30, top=70),
        replace(green, left=60, top=66, group=()),
        replace(blue, left=5, top=5),
    )
    shown = Shown(browser, written(stack.with_layers(layers), tmp_path))
    shown.page.mouse.click(*shown.place(40, 85))
    shown.key("Shift+ArrowLeft")
    assert "beyond its safe travel left" in shown.words()
    assert "beyond" not in shown.page.locator("#inspector dl").inner_text()
    assert "Beyond its safe travel left" in shown.page.locator("#inspector p.warning").inner_text()
    shown.key("Control+z")
    assert shown.page.locator("#inspector p.warning").count() == 0
    shown.context.close()


def test_the_slider_compares_with_the_original(browser: Any, tmp_path: Path):
    stack = plain()
    other = flatten(stack)
    other[..., :3] = 255 - other[..., :3]
    kept = replace(stack, layers=(*stack.layers, references.original(Image(other), stack)))
    shown = Shown(browser, written(kept, tmp_path))
    shown.page.click("[data-do=compare]")
    assert near(shown.at(40, 30), tuple(255 - n for n in RED))
    assert near(shown.at(110, 30), GREEN)
    shown.drag(shown.place(80, 60), shown.place(140, 60))
    assert near(shown.at(110, 30), tuple(255 - n for n in GREEN))
    shown.key("Home")
    assert near(shown.at(40, 30), RED)
    shown.key("ArrowRight", "PageUp", "PageUp")
    assert shown.page.locator("#slider").get_attribute("aria-valuenow") == "42"
    saved = shown.saved()
    np.testing.assert_array_equal(saved[:, :66], other[:, :66])
    np.testing.assert_array_equal(saved[:, 68:], flatten(stack)[:, 68:])
    shown.key("Escape")
    np.testing.assert_array_equal(shown.saved(), flatten(stack))
    shown.context.close()
    assert shown.failures == []


def test_provenance_lies_hatched_below_and_solid_where_it_is_seen(shown: Shown):
    shown.key("p")
    assert near(shown.at(150, 110), GREY)
    hatched = shown.saved()[22:48, 22:58].astype(int)
    assert (hatched[..., :3] == RED).all(axis=2).mean() > 0.2
    assert (hatched[..., :3] != RED).any(axis=2).mean() > 0.2
    shown.press("red", "toggle")
    seen = shown.saved()[24:46, 24:56, :3].astype(int)
    assert (seen == seen[0, 0]).all()
    assert seen[0, 0, 0] > 180
    assert seen[0, 0, 1] < 90


def test_spread_in_depth_layers_part_and_turn(shown: Shown):
    before = shown.screen()
    stage = shown.on_stage(before)
    shown.page.click("[data-do=explode]")

    def middle(colour: tuple[int, ...]) -> np.ndarray:
        found = (np.abs(shown.screen().astype(int) - colour).max(axis=2) <= 30) & stage
        return np.argwhere(found).mean(axis=0)

    red, blue = middle(RED), middle(BLUE)
    flat = np.array(shown.place(80, 85)[::-1]) - np.array(shown.place(40, 35)[::-1])
    assert np.abs((blue - red) - flat).max() > 40
    shown.drag((60, 120), (180, 120))
    assert np.abs(middle(BLUE) - middle(RED) - (blue - red)).max() > 20
    row, column = middle(GREEN)
    shown.page.mouse.click(column, row)
    assert shown.row("green").get_attribute("aria-selected") == "true"
    shown.key("e", "Escape", "Escape")
    shown.page.mouse.move(2, 2)
    assert np.abs(shown.screen().astype(int) - before)[stage].reshape(-1, 3).max(axis=1).mean() < 2


def test_wheel_and_keys_zoom_at_a_place(shown: Shown):
    x, y = shown.place(40, 35)
    shown.page.mouse.move(x, y)
    shown.page.mouse.wheel(0, -600)
    seen = shown.screen()
    assert near(tuple(seen[int(y), int(x)]), RED)
    red = (np.abs(seen.astype(int) - RED).max(axis=2) <= 3) & shown.on_stage(seen)
    assert red.sum() > 4 * (30 * 40 * shown.scale**2)
    shown.key("0")
    left = shown.left
    shown.measure()
    assert shown.left == pytest.approx(left, abs=1)


def test_help_and_report_open_and_close(shown: Shown):
    shown.key("?")
    assert "Undo" in shown.page.locator("#help").inner_text()
    shown.key("Escape", "i")
    assert not shown.page.locator("#help").is_visible()
    assert "160 × 120 pixels, 8 bit, 4 layers" in shown.page.locator("#report").inner_text()
    shown.page.locator("#report button").click()
    assert not shown.page.locator("#report").is_visible()


def test_everything_can_be_reached_and_is_named(shown: Shown):
    for button in shown.page.locator("button:visible").all():
        assert button.get_attribute("aria-label") or button.inner_text()
    stops = []
    for _ in range(14):
        shown.key("Tab")
        stops.append(shown.page.evaluate("() => document.activeElement.id || document.activeElement.dataset.do || ''"))
        ring = "() => getComputedStyle(document.activeElement).outlineStyle"
        assert shown.page.evaluate(ring) != "none" or stops[-1] == ""
    assert {"stage", "explode", "compare", "save", "help"} <= set(stops)


def test_on_a_phone_fingers_choose_drag_and_pinch(browser: Any, file: Path):
    options = {"has_touch": True, "is_mobile": True, "device_scale_factor": 2}
    shown = Shown(browser, file, 390, 844, **options)
    assert shown.page.evaluate("() => document.documentElement.scrollWidth") == 390
    shown.page.touchscreen.tap(*shown.place(40, 35))
    assert shown.row("red").get_attribute("aria-selected") == "true"
    hand = shown.context.new_cdp_session(shown.page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(places)]
        hand.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})

    touch("Start", shown.place(40, 35))
    touch("Move", shown.place(40, 50))
    touch("Move", shown.place(40, 60))
    touch("End")
    assert near(shown.at(40, 70), RED)
    assert near(shown.at(40, 25), GREY)
    moved = shown.saved()
    first, second = shown.place(70, 60), shown.place(90, 60)
    touch("Start", first)
    touch("Start", first, second)
    touch("Move", (first[0] - 40, first[1]), (second[0] + 40, second[1]))
    touch("End")
    np.testing.assert_array_equal(shown.saved(), moved)  # no layer was dragged by it
    seen = shown.screen()
    red = (np.abs(seen.astype(int) - RED).max(axis=2) <= 3) & shown.on_stage(seen)
    blue = (np.abs(seen.astype(int) - BLUE).max(axis=2) <= 3) & shown.on_stage(seen)
    assert blue.sum() > 1.5 * 30 * 40 * shown.scale**2 or red.sum() == 0
    shown.page.tap("[data-do=fit]")
    shown.page.tap("#toggler")
    assert not shown.page.locator("#list").is_visible()
    assert HOSTILE.isprintable() is False  # its lone surrogate came through the page unharmed
    shown.context.close()
    assert shown.failures == []
