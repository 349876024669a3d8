"""Opens files in real Krita and real GIMP, without a screen, and tells what they see.

Debian: `apt-get install --no-install-recommends krita gimp xvfb`.
"""

import atexit
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np

from screens import screen

TIMEOUT = 180
"""Seconds for one start; Krita builds a resource database on the first."""


@dataclass(frozen=True)
class AppLayer:
    """A layer as an application sees it.

    Attributes:
        name: of the layer.
        group: names of the groups around it, outermost first.
        visible: its own switch.
        opacity: in [0, 1].
        offset: left, top; None where the application does not tell.
    """

    name: str
    group: tuple[str, ...]
    visible: bool
    opacity: float
    offset: tuple[int, int] | None


def missing(*programs: str) -> str:
    """Why the programs cannot be run, as a reason to skip; "" where they can."""
    absent = [program for program in programs if shutil.which(program) is None]
    install = {"Xvfb": "xvfb", "kritarunner": "krita", "identify": "imagemagick"}
    packages = " ".join(install.get(program, program) for program in absent)
    return f"{', '.join(absent)} not found: apt-get install --no-install-recommends {packages}" if absent else ""


@cache
def environment() -> dict[str, str]:
    """What programs are started in: a profile of its own, so that nobody's settings matter and nobody's are touched."""
    home = tempfile.mkdtemp(prefix="layersr-apps-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.chmod(home, 0o700)
    # Krita's Python takes its home from the first python3 on PATH: that of a virtual environment has no PyQt5 for it
    own = {"HOME": home, "XDG_RUNTIME_DIR": home, "LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin"}
    own |= {f"XDG_{kind}_HOME": f"{home}/{kind.lower()}" for kind in ("CONFIG", "DATA", "CACHE")}
    return {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "LC_", "QT_"))} | own


@cache
def _display() -> str:
    """A screen in memory, for as long as this process lives."""
    kept = ExitStack()
    atexit.register(kept.close)
    return kept.enter_context(screen())


def _run(command: list[str], result: Path) -> None:
    own = environment() | ({"DISPLAY": _display()} if command[0] == "krita" else {})
    run = subprocess.run(command, env=own, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    if run.returncode or not result.exists():
        raise RuntimeError(f"{command[0]} failed ({run.returncode}):\n{run.stdout[-2000:]}\n{run.stderr[-2000:]}")


def rgba(data: bytes) -> np.ndarray:
    array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if array.ndim == 2:
        return cv2.cvtColor(array, cv2.COLOR_GRAY2RGBA)
    return cv2.cvtColor(array, cv2.COLOR_BGR2RGBA if array.shape[2] == 3 else cv2.COLOR_BGRA2RGBA)


def krita_open(path: Path) -> tuple[list[AppLayer], np.ndarray]:
    """Open a file in Krita.

    Returns:
        the layers bottom to top, and the flattened picture as straight RGBA at the document's depth.
    """
    with tempfile.TemporaryDirectory() as folder:
        kra = Path(folder) / "out.kra"
        _run(_krita(path, kra), kra)
        with zipfile.ZipFile(kra) as archive:
            image = ElementTree.fromstring(archive.read("maindoc.xml")).find("{*}IMAGE")
            merged = archive.read("mergedimage.png")
        if image.get("colorspacename") == "RGBA16":  # the picture in a .kra is 8-bit sRGB
            png = Path(folder) / "out.png"
            _run(_krita(path, png), png)
            merged = png.read_bytes()
    return list(_krita_layers(image.find("{*}layers"), ()))[::-1], rgba(merged)


def krita_save(path: Path, out: Path) -> None:
    """Open a file in Krita and save it as another; the suffix says what."""
    _run(_krita(path, out), out)


def _krita(path: Path, out: Path) -> list[str]:
    return ["krita", "--nosplash", "--export", "--export-filename", str(out), str(path)]


def _krita_layers(element: ElementTree.Element | None, group: tuple[str, ...]):
    for layer in element if element is not None else ():
        name = layer.get("name", "")
        if layer.tag.endswith("}mask"):
            continue
        if layer.get("nodetype") == "grouplayer":
            yield from _krita_layers(layer.find("{*}layers"), (*group, name))
        else:
            yield AppLayer(name, group, layer.get("visible") == "1", int(layer.get("opacity")) / 255, None)


_SCRIPT = """
(define (tell item path port)
  (let ((name (car (gimp-item-get-name item))) (offsets (gimp-drawable-offsets item)))
    (if (= TRUE (car (gimp-item-is-group item)))
        (each (gimp-item-get-children item) (cons name path) port)
        (begin
          (write (list (car (gimp-item-get-visible item)) (car (gimp-layer-get-opacity item))
                       (car offsets) (cadr offsets)) port)
          (for-each (lambda (text) (newline port) (display "  " port) (write text port)) (cons name path))
          (newline port)))))
(define (each items path port)
  (let ((count (car items)) (ids (cadr items)))
    (do ((i 0 (+ i 1))) ((= i count)) (tell (aref ids i) path port))))
(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "{source}" "{source}")))
       (port (open-output-file "{report}")))
  (each (gimp-image-get-layers image) '() port)
  (close-output-port port)
  (let ((layer (car (gimp-image-merge-visible-layers image CLIP-TO-IMAGE))))
    (gimp-layer-resize-to-image-size layer)
    (file-png-save RUN-NONINTERACTIVE image layer "{out}" "{out}" 0 1 0 0 0 0 0)))
(gimp-quit 0)
"""


def gimp_open(path: Path) -> tuple[list[AppLayer], np.ndarray]:
    """Open a file in GIMP 2.10.

    Returns:
        the layers bottom to top, and the flattened picture as straight RGBA at the document's depth.
    """
    with tempfile.TemporaryDirectory() as folder:
        report, out = Path(folder) / "report.txt", Path(folder) / "out.png"
        quoted = str(path).replace("\\", "\\\\").replace('"', '\\"')
        script = _SCRIPT.replace("{source}", quoted).replace("{report}", str(report)).replace("{out}", str(out))
        gimp_run(script, out)
        return list(_gimp_layers(report.read_text("utf-8")))[::-1], rgba(out.read_bytes())


def gimp_run(script: str, out: Path) -> None:
    """Run Script-Fu in GIMP 2.10; it must write `out` and end with (gimp-quit 0)."""
    _run(["gimp", "-n", "-i", "-d", "-f", "-s", "-b", f"(begin {script})"], out)


def _gimp_layers(report: str):
    for block in re.split(r"\n(?=\()", report.strip()):
        head, *texts = block.split("\n  ")
        visible, opacity, left, top = (float(value) for value in head.strip("()").split())
        name, *path = (re.sub(r"\\(.)", r"\1", text.strip()[1:-1]) for text in texts)
        yield AppLayer(name, tuple(path[::-1]), bool(visible), opacity / 100, (int(left), int(top)))
