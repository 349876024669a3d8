"""The layersr worker as a process of its own: jobs in, events out, an end when it is told or when Krita is gone."""

import json
import os
import sys
from typing import List

from . import command, told
from .qt import QtCore

PATIENCE = 3000
"""Milliseconds a process gets to end by itself before it is killed."""

TAIL = 4000
"""Characters of the log that are kept at hand."""


class Worker(QtCore.QObject):
    """One `layersr worker`, started when it is first needed.

    Its stdin stays open: when Krita ends, however it ends, the worker reads the end of it and ends too.

    Signals:
        told: an event of the running job, as a dict.
        failed: the process could not be started, ended before its job did, or is too old; a sentence.
    """

    told = QtCore.pyqtSignal(dict)
    failed = QtCore.pyqtSignal(str)

    def __init__(self, parent=None):
        super().__init__(parent)
        self.log = ""
        self._process = None
        self._buffer = b""
        self._program = ""
        self._job = None
        self._next = 0
        self._cancelled = False

    @property
    def busy(self) -> bool:
        """Whether a job is running."""
        return self._job is not None

    def ask(self, program: str, arguments: List[str]) -> None:
        """Do a job; events follow.

        Args:
            program: path of the layersr command.
            arguments: the command and its options.
        """
        if self._process is None or self._program != program:
            self.close()
            self._start(program)
        self._next += 1
        self._job, self._cancelled = self._next, False
        line = json.dumps({"id": self._job, "arguments": arguments}) + "\n"
        self._process.write(line.encode("utf-8"))

    def cancel(self) -> None:
        """End the job, and the process with it: asked to at first, killed after three seconds."""
        if self._process is None:
            return
        self._cancelled = True
        if sys.platform == "win32":  # terminate() does nothing to a program without windows
            self._process.kill()
            return
        process = self._process
        process.terminate()
        QtCore.QTimer.singleShot(PATIENCE, lambda: self._kill(process))

    def close(self) -> None:
        """End the process now."""
        if self._process is None:
            return
        process, self._process, self._job = self._process, None, None
        process.blockSignals(True)
        process.closeWriteChannel()
        process.terminate()
        if not process.waitForFinished(200):
            process.kill()
            process.waitForFinished(1000)
        process.deleteLater()

    def _kill(self, process) -> None:
        if process is self._process and process.state() != QtCore.QProcess.ProcessState.NotRunning:
            process.kill()

    def _start(self, program: str) -> None:
        process = QtCore.QProcess(self)
        environment = QtCore.QProcessEnvironment()
        for name, value in command.environment(os.environ).items():
            environment.insert(name, value)
        process.setProcessEnvironment(environment)
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._overhear)
        process.finished.connect(self._ended)
        process.errorOccurred.connect(self._broken)
        self._process, self._program, self._buffer, self.log = process, program, b"", ""
        process.start(program, ["worker"])

    def _read(self) -> None:
        found, self._buffer = told.lines(self._buffer, bytes(self._process.readAllStandardOutput()))
        for line in found:
            event = told.event(line)
            if event is None:
                self._note(line)
            elif event["event"] == "ready":
                old = command.too_old(str(event.get("version", "")))
                if old:
                    self._give_up(old)
                    return
            elif self._job is not None and event.get("id") == self._job:
                if event["event"] == "end":
                    self._job = None
                self.told.emit(event)

    def _overhear(self) -> None:
        self._note(bytes(self._process.readAllStandardError()).decode("utf-8", "replace"))

    def _note(self, text: str) -> None:
        self.log = (self.log + text + ("" if text.endswith("\n") else "\n"))[-TAIL:]

    def _broken(self, error) -> None:
        if error == QtCore.QProcess.ProcessError.FailedToStart:
            self._give_up("The layersr command could not be started: {}. {}".format(self._program, command.INSTALL))

    def _ended(self, code: int, status) -> None:
        if self._process is not None:
            self._overhear()
        if self._job is None:
            self._forget()
        elif self._cancelled:
            self._give_up("")
        else:
            last = next((line for line in reversed(self.log.splitlines()) if line.strip()), "no word why")
            if "No such command" in self.log:
                last = command.too_old("")
            self._give_up("layersr ended unexpectedly ({}): {}".format(code, last))

    def _give_up(self, sentence: str) -> None:
        """Tell that the job came to nothing; an empty sentence where it was to."""
        self._job = None
        self._forget()
        self.failed.emit(sentence)

    def _forget(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            if process.state() != QtCore.QProcess.ProcessState.NotRunning:
                process.kill()
            process.deleteLater()
