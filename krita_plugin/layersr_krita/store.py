"""What is kept between sessions: choices in Krita's settings, a log in Krita's data folder; never in the plugin's."""

import os
import platform
from datetime import datetime

from krita import Krita

from . import choices
from .qt import QtCore

GROUP = "layersr"
LARGEST = 500_000
"""Bytes after which the log begins anew; the one before is kept."""


def load():
    """The choices of the last session."""
    return choices.loads(Krita.instance().readSetting(GROUP, "choices", ""))


def save(chosen):
    """Keep the choices."""
    Krita.instance().writeSetting(GROUP, "choices", choices.dumps(chosen))


def program():
    """The command that the artist located, or ""."""
    return Krita.instance().readSetting(GROUP, "command", "")


def save_program(path):
    """Keep where the command is."""
    Krita.instance().writeSetting(GROUP, "command", path)


def log_path():
    """The log file; its folder is there."""
    folder = Krita.getAppDataLocation() + "/layersr"
    QtCore.QDir().mkpath(folder)
    return folder + "/log.txt"


def _native(path):
    """A path for Python's own functions: Krita's Python may not know how to spell "ü" in one."""
    return path if os.name == "nt" else path.encode("utf-8")


def log(text):
    """Append to the log; a log that cannot be written is no reason to fail."""
    try:
        path = _native(log_path())
        if os.path.exists(path) and os.path.getsize(path) > LARGEST:
            os.replace(path, _native(log_path() + ".1"))
        with open(path, "a", encoding="utf-8") as file:
            file.write("{} {}\n".format(datetime.now().isoformat(timespec="seconds"), text.rstrip()))
    except OSError:
        pass


def diagnostics(command):
    """What somebody who helps wants to know."""
    lines = [
        "Krita {}, Qt {}, Python {}".format(Krita.instance().version(), QtCore.qVersion(), platform.python_version()),
        platform.platform(),
        "command: {}".format(command or "not found"),
    ]
    try:
        with open(_native(log_path()), encoding="utf-8", errors="replace") as file:
            lines += ["", *file.read().splitlines()[-60:]]
    except OSError:
        pass
    return "\n".join(lines)
