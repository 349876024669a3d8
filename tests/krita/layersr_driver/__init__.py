"""A plugin for tests: runs a scenario inside Krita, a step at a time, writes what came of it, and quits."""

import importlib.util
import json
import os
import sys
import time
import traceback

from PyQt5 import QtCore

from krita import Extension, Krita


class Checks:
    """What a scenario finds, by name."""

    def __init__(self):
        self.found = []
        self.longest = 0.0

    def __call__(self, name, good, seen=None):
        print("good" if good else "BAD", name, seen, file=sys.stderr, flush=True)  # for whoever watches
        self.found.append({"name": name, "good": bool(good), "seen": repr(seen)})


class Driver(Extension):
    """Runs the generator of $LAYERSR_SCENARIO: it yields seconds to wait, or conditions to wait for."""

    def setup(self):
        if "LAYERSR_SCENARIO" in os.environ:
            QtCore.QTimer.singleShot(1000, self.begin)

    def createActions(self, window):
        pass

    def begin(self):
        if Krita.instance().activeWindow() is None:
            QtCore.QTimer.singleShot(300, self.begin)
            return
        self.checks, self.wait, self.until = Checks(), None, 0.0
        self.raised = []
        sys.excepthook = lambda kind, error, trace: self.raised.append(
            "".join(traceback.format_exception(kind, error, trace))
        )
        self.timer = QtCore.QTimer()
        try:
            spec = importlib.util.spec_from_file_location("scenario", os.environ["LAYERSR_SCENARIO"])
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            self.steps = getattr(module, os.environ["LAYERSR_PART"])(self.checks)
        except Exception:
            self.raised.append(traceback.format_exc())
            self.end()
            return
        self.last = time.monotonic()
        self.timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self.beat)
        self.timer.start(10)

    def beat(self):
        """Note how long the interface stood still, and go on when what is waited for is there."""
        now = time.monotonic()
        if os.environ.get("LAYERSR_TALK"):
            print("beat", self.wait, file=sys.stderr, flush=True)
        self.checks.longest = max(self.checks.longest, now - self.last)
        try:
            if self.ready(now):
                self.wait = next(self.steps)
                self.until = now + (self.wait if isinstance(self.wait, (int, float)) else 120)
        except StopIteration:
            self.end()
        except Exception:
            self.raised.append(traceback.format_exc())
            self.end()
        self.last = time.monotonic()

    def ready(self, now):
        if callable(self.wait):
            if self.wait():
                return True
            if now > self.until:
                raise TimeoutError("waited in vain for " + getattr(self.wait, "__name__", "something"))
            return False
        return now >= self.until

    def end(self):
        self.timer.stop()
        with open(os.environ["LAYERSR_RESULTS"], "w", encoding="utf-8") as file:
            told = {"checks": self.checks.found, "raised": self.raised, "longest": self.checks.longest}
            json.dump(told, file)
        for document in Krita.instance().documents():
            document.setModified(False)
        QtCore.QTimer.singleShot(100, lambda: Krita.instance().action("file_quit").trigger())


Krita.instance().addExtension(Driver(Krita.instance()))
