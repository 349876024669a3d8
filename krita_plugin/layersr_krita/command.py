"""Finding the layersr command and starting it cleanly. Nothing of Krita in here."""

import os
import re
import sys
from typing import Callable, Dict, List, Mapping, Optional, Tuple

OLDEST = (0, 1, 0)
"""The first layersr that this plugin understands."""

VARIABLE = "LAYERSR_COMMAND"

INSTALL = "In a terminal: pip install layersr   (or: pipx install layersr), then press Locate or start again."


def version(text: str) -> Optional[Tuple[int, ...]]:
    """The numbers in a version ("0.1.0", "layersr, version 0.1.0"), or None."""
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(number or 0) for number in found.groups()) if found else None


def too_old(text: str) -> str:
    """Why a layersr of this version will not do, with the way out; "" where it will."""
    numbers = version(text)
    if numbers is not None and numbers >= OLDEST:
        return ""
    wanted = ".".join(map(str, OLDEST))
    way = "In a terminal: pip install --upgrade layersr"
    return "This layersr is version {}; the plugin needs {} or newer. {}".format(text.strip() or "unknown", wanted, way)


def folders(home: str, platform: str = sys.platform, environ: Mapping[str, str] = os.environ) -> List[str]:
    """Where pip, pipx and uv put commands, besides PATH."""
    if platform == "win32":
        roaming = environ.get("APPDATA", os.path.join(home, "AppData", "Roaming"))
        return [os.path.join(home, ".local", "bin"), os.path.join(roaming, "Python", "Scripts")]
    more = ["/opt/homebrew/bin", "/usr/local/bin"] if platform == "darwin" else ["/usr/local/bin", "/usr/bin"]
    return [os.path.join(home, ".local", "bin"), os.path.join(home, "bin"), *more]


def find(
    setting: str,
    environ: Mapping[str, str],
    home: str,
    exists: Callable[[str], bool],
    search: Callable[[List[str]], str],
) -> str:
    """The command: the artist's own choice, else $LAYERSR_COMMAND, else what lies on PATH or in usual folders; or "".

    Files are looked at through Qt by whoever calls: Krita's Python may not know how to spell "ü" in a path.

    Args:
        setting: from Krita's settings, "" where nobody chose.
        environ: the environment.
        home: the artist's folder.
        exists: whether there is such a file.
        search: finds the program in PATH (for an empty list), or in these folders; "" where it is not.
    """
    for chosen in (setting, environ.get(VARIABLE, "")):
        if chosen and exists(chosen):
            return chosen
    return search([]) or search(folders(home, sys.platform, environ))


def environment(environ: Mapping[str, str]) -> Dict[str, str]:
    """The environment for the command: without what Krita set for itself, and speaking UTF-8.

    Krita exports its own PYTHONPATH and Qt platform, AppImages their libraries, and Krita takes ".UTF-8" off LANG.
    """
    mine = ("PYTHONPATH", "PYTHONHOME", "QT_QPA_PLATFORM", "QT_PLUGIN_PATH", "LD_LIBRARY_PATH", "LD_PRELOAD")
    kept = {name: value for name, value in environ.items() if name not in mine}
    kept.update(PYTHONUTF8="1", PYTHONIOENCODING="utf-8", PYTHONUNBUFFERED="1")
    return kept
