"""What is done in real Krita, and what must come of it. Read and run by the driver, inside Krita."""

import os
import time

from layersr_krita import choices as chosen
from layersr_krita import controller as jobs
from layersr_krita import extension, kdoc, store
from PyQt5 import QtCore, QtWidgets

from krita import Krita

PICTURE = os.environb[b"LAYERSR_PICTURE"].decode("utf-8")  # Krita's Python may not know how to spell "ü"
SHOTS = os.environ.get("LAYERSR_SHOTS", "")


class Watch:
    """Listens to the controller for one job."""

    def __init__(self):
        self.control = extension.controller()
        self.stages, self.said, self.sorry = [], None, None
        self.control.progressed.connect(self.progressed)
        self.control.finished.connect(self.finished)
        self.control.failed.connect(self.failed)

    def progressed(self, stage, done, left):
        self.stages.append((stage, done))

    def finished(self, sentence):
        self.said = sentence

    def failed(self, sentence):
        self.sorry = sentence

    def over(self):
        return self.said is not None or self.sorry is not None

    def stop(self):
        self.control.progressed.disconnect(self.progressed)
        self.control.finished.disconnect(self.finished)
        self.control.failed.disconnect(self.failed)
        return self


def opened(path=PICTURE):
    """A document with a view."""
    document = Krita.instance().openDocument(path)
    Krita.instance().activeWindow().addView(document)
    Krita.instance().setActiveDocument(document)
    return document


def close(document):
    document.setModified(False)
    document.close()


def do(kind, choices, point=None):
    """Start a job and watch it."""
    watch = Watch()
    watch.control.start(kind, choices, point)
    return watch


def tree(node):
    """Names, bottom to top, groups with what is in them; Krita's own selection mask is no layer."""
    nodes = [n for n in node.childNodes() if n.type() != "selectionmask"]
    return [(n.name(), tree(n)) if n.type() == "grouplayer" else n.name() for n in nodes]


def same(a, b, most=1):
    """Whether two byte strings differ by at most so much anywhere."""
    return len(a) == len(b) and all(abs(x - y) <= most for x, y in zip(a, b))


def seen(document):
    document.refreshProjection()
    document.waitForDone()
    return bytes(document.pixelData(0, 0, document.width(), document.height()))


def select(document, left, top, width, height):
    from krita import Selection

    selection = Selection()
    selection.select(left, top, width, height, 255)
    document.setSelection(selection)


def shot(name, widget=None):
    if SHOTS:
        widget = widget or Krita.instance().activeWindow().qwindow()
        widget.grab().save(os.path.join(SHOTS, name + ".png"))


def undo():
    Krita.instance().action("edit_undo").trigger()


def redo():
    Krita.instance().action("edit_redo").trigger()


def everything(check):
    """The real command, all jobs."""
    window = Krita.instance().activeWindow().qwindow()
    tools = [a for a in window.menuBar().actions() if a.menu() and a.text().replace("&", "") == "Tools"]
    texts = [
        a.text().replace("&", "")
        for menu in tools
        for s in menu.menu().actions()
        if s.menu()
        for a in s.menu().actions()
    ]
    check("the menu has the entries", {t for _, t, _ in extension.ENTRIES} <= set(texts), texts)
    document = opened()
    yield 1.0
    Krita.instance().action("layersr_decompose").trigger()
    yield 0.5
    dialog = [w for w in QtWidgets.QApplication.topLevelWidgets() if w.objectName() == "layersr_window"]
    check("the menu entry shows the window", len(dialog) == 1 and dialog[0].isVisible())
    panel = dialog[0].panel
    yield 0.5
    check("the window shows the document", panel.preview.pixmap() is not None and not panel.preview.pixmap().isNull())
    shot("window", dialog[0])

    before = seen(document)
    panel.show_choices(chosen.Choices())
    watch = Watch()
    panel.buttons[jobs.DECOMPOSE].click()
    yield lambda: len(watch.stages) > 3
    check("progress is shown", panel.bar.isVisible() and panel.stop.isVisible())
    check("no second job begins beside it", not panel.buttons[jobs.LIFT].isEnabled())
    yield watch.over
    watch.stop()
    check("it decomposes", watch.sorry is None, watch.sorry)
    check("stages and shares rise", [d for _, d in watch.stages] == sorted(d for _, d in watch.stages), watch.stages)
    yield 0.3
    result = tree(document.rootNode())
    check("one group on top", len(result) == 2 and isinstance(result[1], tuple), result)
    layers = result[1][1] if isinstance(result[-1], tuple) else []
    check("background first, elements above", len(layers) >= 2 and layers[0] == "background", layers)
    check("the picture is what it was", same(seen(document), before))
    shot("result")
    undo()
    yield 0.5
    document.waitForDone()
    check("one undo takes all of it back", len(tree(document.rootNode())) == 1, tree(document.rootNode()))
    redo()
    yield 0.5
    check("and redo brings it again", tree(document.rootNode()) == result, tree(document.rootNode()))
    undo()
    yield 0.5

    # lifting one element: by a selection, by a point
    select(document, *map(int, os.environ["LAYERSR_BOX"].split(",")))
    yield 0.3
    watch = do(jobs.LIFT, chosen.Choices(selection=chosen.AROUND))
    yield watch.over
    watch.stop()
    yield 0.3
    result = tree(document.rootNode())
    check(
        "a selection is lifted",
        watch.sorry is None and len(result) == 2 and len(result[1][1]) == 2,
        (watch.sorry, result),
    )
    check("lifting leaves the picture", same(seen(document), before))
    undo()
    yield 0.5
    document.setSelection(None)
    box = list(map(int, os.environ["LAYERSR_BOX"].split(",")))
    watch = do(jobs.LIFT, chosen.Choices(), (box[0] + box[2] // 2, box[1] + box[3] // 2))
    yield watch.over
    watch.stop()
    yield 0.3
    result = tree(document.rootNode())
    check("a click is lifted", watch.sorry is None and len(result) == 2, (watch.sorry, result))
    undo()
    yield 0.5
    watch = do(jobs.LIFT, chosen.Choices())
    yield watch.over
    watch.stop()
    check("lifting nothing says so", "selected" in (watch.sorry or ""), watch.sorry)

    # the hole under a layer
    left, top, width, height = box
    patch = document.createNode("patch", "paintlayer")
    document.rootNode().addChildNode(patch, None)
    patch.setPixelData(QtCore.QByteArray(bytes([0, 0, 255, 255]) * (width * height)), left, top, width, height)
    document.setActiveNode(patch)
    document.refreshProjection()
    yield 0.5
    watch = do(jobs.FILL, chosen.Choices())
    yield watch.over
    watch.stop()
    yield 0.3
    result = tree(document.rootNode())
    check(
        "the hole is filled below the layer",
        watch.sorry is None and result[1:] == ["filled", "patch"],
        (watch.sorry, result),
    )
    patch.setVisible(False)
    painted = seen(document)
    at = 4 * ((top + height // 2) * document.width() + left + width // 2)
    check("what was there is painted over", painted[at : at + 3] != before[at : at + 3], painted[at : at + 4])
    away = 4 * (2 * document.width() + 2)
    check("and nothing else", painted[away : away + 4] == before[away : away + 4])
    undo()
    yield 0.5
    check(
        "filling is one step",
        tree(document.rootNode())[-1] == "patch" and len(tree(document.rootNode())) == 2,
        tree(document.rootNode()),
    )
    document.nodeByName("patch").remove()
    document.setActiveNode(document.rootNode().childNodes()[0])
    yield 0.3

    # larger: into documents of their own
    for kind, scale in ((jobs.ENLARGE, 2), (jobs.DECOMPOSE, 2)):
        Krita.instance().setActiveDocument(document)
        yield 0.3
        count = len(Krita.instance().documents())
        watch = do(kind, chosen.Choices(scale=scale))
        yield watch.over
        watch.stop()
        yield 0.5
        documents = Krita.instance().documents()
        fresh = Krita.instance().activeDocument()
        size = (fresh.width(), fresh.height())
        check(
            kind + " gives a new document",
            len(documents) == count + 1 and watch.sorry is None,
            (watch.sorry, count, [d.name() for d in documents]),
        )
        check(kind + " is twice as large", size == (2 * document.width(), 2 * document.height()), size)
        check(kind + " has no file yet and is not saved", fresh.fileName() == "" and fresh.modified(), fresh.fileName())
        close(fresh)
        yield 0.3

    # cancelling, closing, depths and colours
    Krita.instance().setActiveDocument(document)
    yield 0.3
    was = tree(document.rootNode())
    watch = do(jobs.DECOMPOSE, chosen.Choices())
    yield lambda: len(watch.stages) > 2
    start = time.monotonic()
    watch.control.cancel()
    yield watch.over
    watch.stop()
    check("it can be cancelled", watch.said == "" and time.monotonic() - start < 3.5, (watch.said, watch.sorry))
    check("a cancelled job changes nothing", tree(document.rootNode()) == was)
    Krita.instance().setActiveDocument(document)
    other = opened()
    yield 0.5
    count = len(Krita.instance().documents())
    watch = do(jobs.DECOMPOSE, chosen.Choices())
    yield lambda: len(watch.stages) > 2
    close(other)
    yield watch.over
    watch.stop()
    yield 0.5
    check(
        "a document closed meanwhile: the result is a new one",
        watch.sorry is None and "closed" in watch.said,
        (watch.said, watch.sorry),
    )
    check("and it is there", len(Krita.instance().documents()) == count, len(Krita.instance().documents()))
    check("choices are kept", store.load() == panel.choices(), (store.load(), panel.choices()))
    docker = [d for d in Krita.instance().dockers() if d.windowTitle() == "layersr"]
    check("there is a docker", len(docker) == 1)
    if docker:
        docker[0].setVisible(True)
        docker[0].raise_()
        yield 0.7
        shot("docker", docker[0])
        shot("krita")


def rgb(value):
    return (value >> 16) & 255, (value >> 8) & 255, value & 255


def differences(a, b):
    """Of two pictures, over the pixels: the median, and what 80, 90, 99 and all of 100 in a hundred are within."""
    off = sorted(
        max(abs(u - v) for u, v in zip(rgb(a.pixel(x, y)), rgb(b.pixel(x, y))))
        for x in range(0, a.width(), 3)
        for y in range(0, a.height(), 3)
    )
    return [off[min(len(off) - 1, int(share * len(off)))] for share in (0.5, 0.8, 0.9, 0.99, 1)]


def there_and_back(document, before):
    """The same for Krita's own conversion of what a document showed to sRGB and back."""
    space = (document.colorModel(), document.colorDepth(), document.colorProfile())
    plain = Krita.instance().createDocument(before.width(), before.height(), "x", "RGBA", "U8", "", 100.0)
    layer = plain.rootNode().childNodes()[0]
    bits = before.constBits()
    layer.setPixelData(bits.asstring(before.sizeInBytes()), 0, 0, before.width(), before.height())
    plain.setColorSpace(*space)
    plain.waitForDone()
    plain.refreshProjection()
    plain.waitForDone()
    after = plain.projection(0, 0, before.width(), before.height())
    close(plain)
    return differences(before, after)


def colours(check):
    """Documents of other depths and colour models."""
    for model, depth, profile in (
        ("RGBA", "U16", "sRGB-elle-V2-srgbtrc.icc"),
        ("RGBA", "F16", "sRGB-elle-V2-g10.icc"),
        ("CMYKA", "U8", ""),
        ("GRAYA", "U8", "Gray-D50-elle-V2-srgbtrc.icc"),
    ):
        other = opened()
        other.setColorSpace(model, depth, profile or Krita.instance().profiles(model, depth)[0])
        other.waitForDone()
        yield 0.5
        first = other.projection(0, 0, other.width(), other.height())
        watch = do(jobs.DECOMPOSE, chosen.Choices())
        yield watch.over
        watch.stop()
        yield 0.3
        result = tree(other.rootNode())
        name = model + " " + depth
        check(name + ": it decomposes", watch.sorry is None and len(result) == 2, (watch.sorry, result))
        spaces = {(n.colorModel(), n.colorDepth()) for n in other.rootNode().childNodes()[-1].childNodes()}
        check(name + ": layers have the document's colours", spaces == {(model, depth)}, spaces)
        other.refreshProjection()
        other.waitForDone()
        after = other.projection(0, 0, other.width(), other.height())
        # soft edges are blended in the document's own model, which only for encoded RGB is what the picture came from
        moved, exact = differences(first, after), (model, depth) == ("RGBA", "U16")
        allowed = [1] * 5 if exact else [v + 4 for v in there_and_back(other, first)[:3]]
        good = all(a <= b for a, b in zip(moved, allowed))
        check(name + ": it looks as before", good, (moved, allowed))
        close(other)
        yield 0.3


def failures(check):
    """A command that is missing, too old, fails, dies or hangs: a sentence, and nothing changed."""
    document = opened()
    yield 1.0
    was = tree(document.rootNode())
    for name, words in (
        ("missing", "pip install layersr"),
        ("old", "pip install --upgrade layersr"),
        ("fail", "the sea is too deep"),
        ("die", "ended unexpectedly"),
        ("nonsense", "ended unexpectedly"),
    ):
        store.save_program(os.environ["LAYERSR_STUBS"] + "/" + name if name != "missing" else "")
        watch = do(jobs.DECOMPOSE, chosen.Choices())
        yield watch.over
        watch.stop()
        check(name + " is told with the way out", words in (watch.sorry or ""), (watch.said, watch.sorry))
        check(name + " changes nothing", tree(document.rootNode()) == was)
    store.save_program(os.environ["LAYERSR_STUBS"] + "/hang")
    watch = do(jobs.DECOMPOSE, chosen.Choices())
    yield lambda: any(stage == "hanging" for stage, _ in watch.stages)
    start = time.monotonic()
    watch.control.cancel()
    yield watch.over
    watch.stop()
    check(
        "one that will not end is killed",
        watch.said == "" and time.monotonic() - start < 5,
        (time.monotonic() - start, watch.said),
    )
    check("the log tells", "the sea is too deep" in open(store.log_path(), encoding="utf-8").read())
    check("diagnostics tell", "Krita" in store.diagnostics("x"))


def large(check):
    """Six megapixels and nine layers: the interface never stands still for long."""
    store.save_program(os.environ["LAYERSR_STUBS"] + "/canned")
    document = opened()
    yield 2.0
    took = {}
    for name in ("picture", "open_hidden", "convert", "adopt"):
        setattr(kdoc, name, timed(took, name, getattr(kdoc, name)))
    check.longest = 0.0
    watch = do(jobs.DECOMPOSE, chosen.Choices())
    yield watch.over
    watch.stop()
    check("nine layers arrive", watch.sorry is None and len(tree(document.rootNode())[-1][1]) == 9, watch.sorry)
    check("every step was timed", set(took) == {"picture", "open_hidden", "convert", "adopt"}, took)


def timed(took, name, function):
    """The function, noting how long it took."""

    def call(*arguments, **named):
        start = time.monotonic()
        try:
            return function(*arguments, **named)
        finally:
            took[name] = round(time.monotonic() - start, 3)

    return call
