"""One job from the artist's click to the layers: take the picture out, have it worked on, bring the result in.

Nothing here knows a widget. Every step returns to Krita soon; pictures are written beside the interface.
"""

import os
import threading
import time

from . import choices as chosen
from . import command, kdoc, pictures, store, told
from .process import Worker
from .qt import QtCore

DECOMPOSE, LIFT, FILL, ENLARGE = "decompose", "lift", "fill", "enlarge"

TITLES = {DECOMPOSE: "layers", LIFT: "lifted", FILL: "filled", ENLARGE: "super-resolved"}


class Sorry(Exception):
    """Why a job cannot be done, in one sentence with the way out."""


class Controller(QtCore.QObject):
    """Does one job at a time.

    Signals:
        started: a job has begun.
        progressed: stage in words, share done (0 to 1), time left in words.
        finished: a sentence about what was done, "" after a cancel.
        failed: a sentence about what went wrong.
    """

    started = QtCore.pyqtSignal()
    progressed = QtCore.pyqtSignal(str, float, str)
    finished = QtCore.pyqtSignal(str)
    failed = QtCore.pyqtSignal(str)

    def __init__(self, parent=None):
        super().__init__(parent)
        self.running = False
        self._worker = Worker(self)
        self._worker.told.connect(self._hear)
        self._worker.failed.connect(self._give_up)
        self._folder = None
        self._error = ""

    def program(self):
        """The layersr command, or ""."""

        def search(folders):
            return QtCore.QStandardPaths.findExecutable("layersr", folders)

        home = QtCore.QDir.homePath()
        return command.find(store.program(), os.environ, home, lambda path: QtCore.QFileInfo(path).isFile(), search)

    def start(self, kind, choices, point=None):
        """Begin a job; what cannot be done is told by `failed`.

        Args:
            kind: DECOMPOSE, LIFT, FILL or ENLARGE.
            choices: the panel's state.
            point: x, y in the document, where one was clicked.
        """
        if self.running:
            return
        self.running, self._error = True, ""
        self._kind, self._choices, self._began = kind, choices, time.monotonic()
        self.started.emit()
        self.progressed.emit("reading the picture", 0.0, "")
        QtCore.QTimer.singleShot(0, lambda: self._step(lambda: self._take_out(point)))

    def cancel(self):
        """End the job; nothing of it stays."""
        if not self.running:
            return
        if self._worker.busy:
            self._worker.cancel()
        else:
            self._give_up("")

    def close(self):
        """Krita is closing."""
        self._worker.close()
        self._clean()

    def _step(self, work):
        """Do a part of the job; whatever goes wrong is told, not raised: Krita would show a window for it."""
        if not self.running:  # cancelled in between
            return
        try:
            work()
        except Sorry as sorry:
            self._give_up(str(sorry))
        except Exception as error:
            import traceback

            store.log(traceback.format_exc())
            self._give_up(
                "Something went wrong in the plugin ({}: {}); the log says where.".format(type(error).__name__, error)
            )

    def _take_out(self, point):
        place = kdoc.active()
        if place is None:
            raise Sorry("There is no document open; open the picture first.")
        self._place = place
        program = self.program()
        if not program:
            raise Sorry("The layersr command was not found. " + command.INSTALL)
        layer_only = self._choices.scope == chosen.LAYER or self._kind == ENLARGE
        if place.node is None and (layer_only or self._kind == FILL):
            raise Sorry("No layer is active; choose one in the Layers docker.")
        aim, files = self._aim(place, point)
        if self._kind == FILL:
            picture, mask = kdoc.below(place)
            if pictures.is_empty(mask):
                raise Sorry("The active layer is empty, so there is no hole under it; choose the layer you lifted.")
            if pictures.is_empty(pictures.alpha_of(picture)):
                raise Sorry("There is nothing below the active layer to go on with; move a picture under it.")
            files = [(mask, "mask.png")]
        else:
            picture = kdoc.picture(place, layer_only)
        self._folder = QtCore.QTemporaryDir()  # for the artist's eyes only, and gone with its last reference
        self._save([(picture, "picture.png"), *files], lambda: self._ask(program, aim))

    def _aim(self, place, point):
        """What in the picture is meant, and the files that say so."""
        if self._kind not in (DECOMPOSE, LIFT):
            return chosen.Aim(), []
        if point is not None:
            return chosen.Aim(point=point), []
        found = kdoc.selection(place)
        if found is None:
            if self._kind == LIFT:
                raise Sorry("Nothing is selected: select an element, or click it in the small picture.")
            return chosen.Aim(), []
        mask, box = found
        if self._choices.selection == chosen.AROUND:
            return chosen.Aim(box=box), []
        return chosen.Aim(mask="mask.png"), [(mask, "mask.png")]

    def _save(self, files, then):
        """Write pictures in a thread of their own, and go on when they are there."""
        failures = []

        named = [(picture, self._folder.filePath(name)) for picture, name in files]

        def write():
            try:
                for picture, path in named:
                    pictures.save(picture, path)
            except OSError as error:
                failures.append(str(error))

        thread = threading.Thread(target=write, daemon=True)
        thread.start()

        def look():
            if thread.is_alive():
                QtCore.QTimer.singleShot(15, look)
            elif failures:
                self._give_up(failures[0])
            else:
                self._step(then)

        look()

    def _ask(self, program, aim):
        names = {name: self._folder.filePath(name) for name in ("picture.png", "mask.png", "out.kra", "out.png")}
        if aim.mask is not None:
            aim = chosen.Aim(mask=names["mask.png"])
        picture, out = names["picture.png"], names["out.kra"]
        if self._kind == DECOMPOSE:
            arguments = chosen.decompose(self._choices, picture, out, aim)
        elif self._kind == LIFT:
            arguments = chosen.lift(self._choices, picture, out, aim)
        elif self._kind == ENLARGE:
            arguments = chosen.enlarge(self._choices, picture, out)
        else:
            out = names["out.png"]
            arguments = chosen.fill(picture, out, names["mask.png"])
        self._out = out
        store.log("{} {}".format(program, " ".join(arguments)))
        self._worker.ask(program, arguments)

    def _hear(self, event):
        if event["event"] == "progress":
            done = float(event.get("done", 0))
            left = told.time_left(time.monotonic() - self._began, done)
            self.progressed.emit(str(event.get("stage", "")), 0.95 * done, left)
        elif event["event"] == "error":
            self._error = str(event.get("message", ""))
        elif event["event"] == "end" and event.get("code"):
            self._give_up(self._error or "layersr failed ({}); the log says more.".format(event.get("code")))
        elif event["event"] == "end":
            self.progressed.emit("bringing it in", 0.95, "")
            QtCore.QTimer.singleShot(0, lambda: self._step(self._bring_in))

    def _bring_in(self):
        place, larger = self._place, self._kind == ENLARGE
        apart = larger or (self._kind == DECOMPOSE and self._choices.lands_in == chosen.NEW)
        closed = not place.open()
        if apart or closed:
            if kdoc.show(self._out, TITLES[self._kind]) is None:
                raise Sorry("Krita cannot open the result {}.".format(self._out))
            self._done("Done, in a new document." if apart else "The document was closed: the result is a new one.")
            return
        if (place.document.width(), place.document.height()) != (place.width, place.height):
            kdoc.show(self._out, TITLES[self._kind])
            self._done("The document has another size now: the result is a new one.")
            return
        hidden = kdoc.open_hidden(self._out)
        if hidden is None:
            raise Sorry("Krita cannot open the result {}.".format(self._out))
        QtCore.QTimer.singleShot(0, lambda: self._step(lambda: self._convert(hidden)))

    def _convert(self, hidden):
        kdoc.convert(hidden, self._place)
        QtCore.QTimer.singleShot(0, lambda: self._step(lambda: self._adopt(hidden)))

    def _adopt(self, hidden):
        try:
            if not self._place.open():
                raise Sorry("The document was closed before the result was there.")
            count = len(hidden.rootNode().childNodes())
            kdoc.adopt(hidden, self._place, TITLES[self._kind], under=self._kind == FILL)
        finally:
            hidden.setModified(False)
            hidden.close()
        what = {DECOMPOSE: "{} layers in a group.".format(count), LIFT: "Lifted.", FILL: "Filled."}
        self._done("Done: " + what.get(self._kind, "there it is."))

    def _done(self, sentence):
        self.running = False
        self._clean()
        store.log(sentence)
        self.finished.emit(sentence)

    def _give_up(self, sentence):
        if not self.running:
            return
        self.running = False
        self._clean()
        store.log(sentence or "cancelled")
        if self._worker.log:
            store.log(self._worker.log)
        if sentence:
            self.failed.emit(sentence)
        else:
            self.finished.emit("")

    def _clean(self):
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.remove()
