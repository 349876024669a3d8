"""The plugin's parts outside Krita, under whichever PyQt the environment names; run by test_outside.py."""

import os
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
if os.environ["LAYERSR_QT"] == "6":
    sys.modules["PyQt5"] = None
os.environ["QT_QPA_PLATFORM"] = "offscreen"
sys.path[:0] = [str(HERE / "mock"), str(HERE.parent.parent / "krita_plugin")]

from layersr_krita import choices as chosen
from layersr_krita import command, pictures, told
from layersr_krita.qt import QtCore, QtGui, QtWidgets


@pytest.fixture(scope="session")
def application():
    return QtWidgets.QApplication.instance() or QtWidgets.QApplication([])


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LAYERSR_MOCK_HOME", str(tmp_path))
    return tmp_path


def spin(until, seconds=20):
    """Let Qt work until something is so."""
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "waited in vain"
        QtCore.QCoreApplication.processEvents()
        time.sleep(0.005)


def test_the_right_qt():
    assert QtCore.PYQT_VERSION_STR.startswith(os.environ["LAYERSR_QT"])


def test_choices_come_back_and_nonsense_falls_back():
    some = chosen.Choices(scope=chosen.LAYER, prompt="eyes, ü", granularity=0.25, max_layers=7, scale=4, masks=True)
    assert chosen.loads(chosen.dumps(some)) == some
    for text in ("", "{", "[]", '{"scale": "x", "masks": 1, "more": 2, "granularity": true}', "null"):
        assert chosen.loads(text) == chosen.Choices()
    assert chosen.loads('{"granularity": 1}').granularity == 1.0


def test_what_is_larger_goes_into_a_document_of_its_own():
    assert chosen.Choices().lands_in == chosen.GROUP
    assert chosen.Choices(scale=2).lands_in == chosen.NEW


def test_command_lines():
    some = chosen.Choices(prompt="eyes, , red hat", preset="draft", masks=True)
    line = chosen.decompose(some, "a.png", "b.kra", chosen.Aim())
    assert line[:3] == ["export", "a.png", "b.kra"]
    assert [line[i + 1] for i, part in enumerate(line) if part == "--prompt"] == ["eyes", "red hat"]
    assert "--masks" in line and line[line.index("--preset") + 1] == "draft"
    assert line[line.index("--detect") + 1] == "none"
    assert "--detect" not in chosen.decompose(chosen.Choices(), "a", "b", chosen.Aim(mask="m.png"))
    assert chosen.lift(some, "a", "b", chosen.Aim(point=(3, 4)))[-5:] == [
        "--point",
        "3,4",
        "--preset",
        "draft",
        "--masks",
    ]
    assert chosen.Aim(box=(1, 2, 3, 4)).options() == ["--box", "1,2,3,4"]
    assert chosen.enlarge(chosen.Choices(), "a", "b")[-1] == "2"
    assert "--only" in chosen.fill("a", "b", "m")


def test_events_come_in_pieces():
    whole, rest = told.lines(b"", b'{"event": "a"}\n{"eve')
    assert [told.event(line) for line in whole] == [{"event": "a"}]
    whole, rest = told.lines(rest, 'nt": "ü"}\n\nnoise\n[1]\n'.encode())
    assert [told.event(line) for line in whole] == [{"event": "ü"}, None, None]
    assert rest == b""


@pytest.mark.parametrize(
    ("seconds", "done", "words"),
    [(1, 0.5, ""), (10, 0.01, ""), (10, 0.5, "about 10 s left"), (60, 0.1, "about 9 min left"), (10, 1, "")],
)
def test_time_left(seconds, done, words):
    assert told.time_left(seconds, done) == words


def test_versions():
    assert command.version("layersr, version 1.2.3") == (1, 2, 3)
    assert not command.too_old("0.1.0")
    assert not command.too_old("1.0")
    for text in ("0.0.9", "", "nonsense"):
        assert "pip install --upgrade layersr" in command.too_old(text)


def test_finding_the_command():
    there = {"/own", "/variable"}

    def find(setting, environ, on_path=""):
        return command.find(setting, environ, "/home/ü", there.__contains__, lambda f: "" if f else on_path)

    assert find("/own", {command.VARIABLE: "/variable"}, "/path") == "/own"
    assert find("/gone", {command.VARIABLE: "/variable"}, "/path") == "/variable"
    assert find("", {}, "/path") == "/path"
    assert find("", {}) == ""
    asked = []
    command.find("", {}, "/home/ü", there.__contains__, lambda f: asked.extend(f) or "")
    assert any(folder.startswith("/home/ü") for folder in asked)
    assert command.folders("C:/Users/x", "win32", {})


def test_the_environment_is_clean():
    given = {"PYTHONPATH": "/krita", "QT_QPA_PLATFORM": "xcb", "LD_LIBRARY_PATH": "/app", "HOME": "/home/x"}
    kept = command.environment(given)
    assert kept["HOME"] == "/home/x"
    assert kept["PYTHONUTF8"] == "1"
    assert not {"PYTHONPATH", "QT_QPA_PLATFORM", "LD_LIBRARY_PATH"} & set(kept)


@pytest.mark.parametrize("depth", ["U8", "U16"])
def test_pixels_become_pictures(application, tmp_path, depth):
    size = 1 if depth == "U8" else 2
    top = 256**size - 1
    colours = [(top, 1, 2, top), (3, top // 2, 5, 7), (9, 10, top, 0), (11, 12, 13, top)]  # red, green, blue, alpha
    data = b"".join(v.to_bytes(size, "little") for r, g, b, a in colours for v in (b, g, r, a))
    image = pictures.from_pixels(data, 2, 2, depth)
    pictures.save(image, str(tmp_path / "x ü.png"))
    back = QtGui.QImage(str(tmp_path / "x ü.png"))
    for place, (r, g, b, a) in enumerate(colours):
        colour = back.pixelColor(place % 2, place // 2)
        if depth == "U16":
            colour = colour.rgba64()
            assert (colour.red(), colour.green(), colour.blue(), colour.alpha()) == (r, g, b, a)
        else:
            assert (colour.red(), colour.green(), colour.blue(), colour.alpha()) == (r, g, b, a)
    with pytest.raises(ValueError, match="bytes"):
        pictures.from_pixels(data[:-1], 2, 2, depth)


def test_selections_become_masks(application):
    part = pictures.from_selection(bytes([255, 0, 128, 255, 255, 0]), 3, 2)
    whole = pictures.placed(part, 1, 2, 7, 5)
    values = [[QtGui.qGray(whole.pixel(x, y)) for x in range(7)] for y in range(5)]
    assert values[2] == [0, 255, 0, 128, 0, 0, 0]
    assert values[3] == [0, 255, 255, 0, 0, 0, 0]
    assert not any(values[0] + values[1] + values[4])
    assert pictures.is_empty(pictures.from_selection(bytes(15), 5, 3))
    assert not pictures.is_empty(whole)
    with pytest.raises(ValueError, match="selection"):
        pictures.from_selection(b"", 3, 2)


def test_how_opaque_a_picture_is(application):
    image = pictures.from_pixels(bytes([0, 0, 0, 0, 9, 9, 9, 255, 9, 9, 9, 100]), 3, 1, "U8")
    assert [QtGui.qGray(pictures.alpha_of(image).pixel(x, 0)) for x in range(3)] == [0, 255, 100]


def test_a_picture_that_cannot_be_written_is_told(application, tmp_path):
    with pytest.raises(OSError, match="could not be written"):
        pictures.save(pictures.from_selection(bytes(4), 2, 2), str(tmp_path / "nowhere" / "x.png"))


def worker(tmp_path, kind):
    from layersr_krita.process import Worker

    stub = tmp_path / kind
    stub.write_text(f"#!{sys.executable}\n" + (HERE / "stub.py").read_text("utf-8"), "utf-8")
    stub.chmod(0o755)
    made, heard, sorry = Worker(), [], []
    made.told.connect(heard.append)
    made.failed.connect(sorry.append)
    return made, str(stub), heard, sorry


def test_the_worker_is_asked_again_and_again(application, tmp_path, monkeypatch):
    (tmp_path / "canned.kra").write_bytes(b"x")
    monkeypatch.setenv("LAYERSR_CANNED", str(tmp_path / "canned.kra"))
    made, program, heard, sorry = worker(tmp_path, "canned")
    for number in (1, 2):
        made.ask(program, ["export", "in.png", str(tmp_path / f"{number}.kra")])
        assert made.busy
        spin(lambda: not made.busy)
        assert heard[-1] == {"event": "end", "id": number, "code": 0}
        assert (tmp_path / f"{number}.kra").exists()
    assert not sorry
    made.close()


@pytest.mark.parametrize(
    ("kind", "words"),
    [("old", "--upgrade"), ("die", "unexpectedly"), ("nonsense", "unexpectedly"), ("gone", "could not be started")],
)
def test_what_goes_wrong_with_the_worker_is_told(application, tmp_path, kind, words):
    made, program, _, sorry = worker(tmp_path, kind)
    made.ask("/nowhere/layersr" if kind == "gone" else program, ["export", "in.png", "out.kra"])
    spin(lambda: sorry)
    assert words in sorry[0]
    assert not made.busy
    made.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends programs without asking them")
def test_one_that_will_not_end_is_killed(application, tmp_path):
    made, program, heard, sorry = worker(tmp_path, "hang")
    made.ask(program, ["export", "in.png", "out.kra"])
    spin(lambda: heard)
    time.sleep(0.2)  # it has told, and now ignores what it is asked
    start = time.monotonic()
    made.cancel()
    spin(lambda: sorry)
    assert sorry == [""]
    assert time.monotonic() - start < 6
    made.close()


def test_the_log_is_kept_and_begins_anew(application, home, monkeypatch):
    from layersr_krita import store

    monkeypatch.setattr(store, "LARGEST", 100)
    for number in range(10):
        store.log(f"line ü {number} " + 20 * "x")
    assert "line ü 9" in Path(store.log_path()).read_text("utf-8")
    assert Path(store.log_path() + ".1").exists()
    assert "line ü 9" in store.diagnostics("/x/layersr")
    assert "not found" in store.diagnostics("")


class FakeController(QtCore.QObject):
    started = QtCore.pyqtSignal()
    progressed = QtCore.pyqtSignal(str, float, str)
    finished = QtCore.pyqtSignal(str)
    failed = QtCore.pyqtSignal(str)

    def __init__(self):
        super().__init__()
        self.running, self.asked = False, []

    def start(self, kind, choices, point=None):
        self.asked.append((kind, choices, point))
        self.running = True
        self.started.emit()

    def cancel(self):
        self.running = False
        self.finished.emit("")

    def program(self):
        return "/x/layersr"


@pytest.fixture
def panel(application, home, monkeypatch):
    import types

    fake = types.ModuleType("layersr_krita.controller")  # the real one needs Krita's documents
    fake.DECOMPOSE, fake.LIFT, fake.FILL, fake.ENLARGE = "decompose", "lift", "fill", "enlarge"
    monkeypatch.setitem(sys.modules, "layersr_krita.controller", fake)
    import layersr_krita

    monkeypatch.setattr(layersr_krita, "controller", fake, raising=False)
    sys.modules.pop("layersr_krita.panel", None)
    from layersr_krita import panel as module

    small = QtGui.QImage(120, 80, QtGui.QImage.Format.Format_RGB32)
    small.fill(0x336699)
    made = module.Panel(FakeController(), lambda side: (600, 400, small))
    made.show()
    spin(lambda: made.preview.pixmap() is not None and not made.preview.pixmap().isNull())
    yield made
    made.close()


def test_the_panel_says_what_is_chosen(panel):
    some = chosen.Choices(chosen.LAYER, "a, b", 0.8, 5, 4, "best", chosen.NEW, chosen.AROUND, True)
    panel.show_choices(some)
    assert panel.choices() == some
    assert not panel.destination.isEnabled()  # four times as large: a document of its own
    panel.show_choices(chosen.Choices())
    assert panel.destination.isEnabled()


def test_the_panel_while_a_job_runs_and_after(panel):
    from layersr_krita import store

    panel.buttons["decompose"].click()
    assert panel._controller.asked == [("decompose", panel.choices(), None)]
    assert store.load() == panel.choices()
    assert panel.bar.isVisible() and not panel.buttons["lift"].isEnabled()
    panel._controller.progressed.emit("painting", 0.5, "about 10 s left")
    assert panel.stage.text() == "painting, about 10 s left"
    assert panel.bar.value() == 500
    panel.stop.click()
    assert "nothing was changed" in panel.message.text()
    assert not panel.bar.isVisible() and panel.buttons["lift"].isEnabled()
    panel._controller.failed.emit("the sea is too deep")
    assert panel.message.text() == "the sea is too deep"


def test_a_click_in_the_small_picture_is_a_point_in_the_document(panel):
    label = panel.preview
    x = (label.width() - 120) / 2 + 60.5
    y = (label.height() - 80) / 2 + 20.5
    kind = QtCore.QEvent.Type.MouseButtonPress
    left, none = QtCore.Qt.MouseButton.LeftButton, QtCore.Qt.KeyboardModifier.NoModifier
    for at in (QtCore.QPointF(x, y), QtCore.QPointF(-3, -3)):
        label.mousePressEvent(QtGui.QMouseEvent(kind, at, at, left, left, none))
        panel._controller.running = False
    assert [(kind, point) for kind, _, point in panel._controller.asked] == [("lift", (302, 102))]


def test_the_command_can_be_located_and_diagnostics_copied(panel, tmp_path):
    from layersr_krita import store

    panel.use_program(str(tmp_path))
    assert store.program() == str(tmp_path)
    panel.copy.click()
    assert "Krita 5.9.9 (mock)" in QtWidgets.QApplication.clipboard().text()
