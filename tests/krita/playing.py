"""Krita with the plugin and a driver that plays scenarios in it, under Xvfb."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from layersr import documents
from layersr.images import write_image
from layersr.layers import Layer, LayerStack
from screens import screen

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PLUGIN = ROOT / "krita_plugin"

SYSTEM = "/usr/local/bin:/usr/bin:/bin"
"""PATH for Krita: its Python takes its home from the first python3 there, and a virtual environment's has no PyQt5."""


def missing() -> str:
    """Why Krita cannot be run with plugins, as a reason to skip; "" where it can."""
    wanted = {"krita": "krita", "Xvfb": "xvfb"}
    absent = [package for program, package in wanted.items() if shutil.which(program) is None]
    qt = Path("/usr/lib/python3/dist-packages/PyQt5")
    absent += [] if qt.is_dir() else ["python3-pyqt5"]
    return f"needs: apt-get install --no-install-recommends {' '.join(absent)}" if absent else ""


def made_profile() -> Path:
    """A home for Krita with the plugin and the driver switched on; whoever asks takes it away."""
    home = Path(tempfile.mkdtemp(prefix="layersr-krita-"))
    home.chmod(0o700)
    place = home / "data" / "krita" / "pykrita"
    shutil.copytree(PLUGIN, place, ignore=shutil.ignore_patterns("__pycache__", "build.py"))
    shutil.copytree(HERE / "layersr_driver", place / "layersr_driver", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HERE / "layersr_driver.desktop", place)
    (home / "config").mkdir()
    switches = "[python]\nenable_layersr_krita=true\nenable_layersr_driver=true\n"
    (home / "config" / "kritarc").write_text(switches)
    return home


def command(folder: Path) -> Path:
    """The real layersr, as a command in a folder."""
    script = folder / "layersr"
    path = os.environ.get("PYTHONPATH", "")
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{path}" exec "{sys.executable}" -m layersr "$@"\n')
    script.chmod(0o755)
    return script


def stubs(folder: Path) -> Path:
    """Commands that go wrong, each by its name."""
    for name in ("old", "fail", "die", "nonsense", "hang", "canned"):
        shutil.copy(HERE / "stub.py", folder / name)
        (folder / name).chmod(0o755)
    return folder


def play(profile: Path, part: str, picture: Path, folder: Path, **more: str) -> dict:
    """Run a part of the scenario in Krita; every check must be good. What the driver told besides."""
    own = {"PATH": SYSTEM, "HOME": str(profile), "XDG_RUNTIME_DIR": str(profile), "LANG": "C.UTF-8"}
    own |= {f"XDG_{kind}_HOME": str(profile / kind.lower()) for kind in ("CONFIG", "DATA", "CACHE")}
    own |= {"LAYERSR_SCENARIO": str(HERE / "scenario.py"), "LAYERSR_PART": part, "LAYERSR_PICTURE": str(picture)}
    results = folder / f"{part}.json"
    own |= {"LAYERSR_RESULTS": str(results), "LAYERSR_STUBS": str(folder), **more}
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "LC_", "QT_", "PYTHON"))}
    with screen("1600x1000x24") as display:
        run = subprocess.run(
            ["krita", "--nosplash"],
            env=kept | own | {"DISPLAY": display},
            capture_output=True,
            text=True,
            timeout=420,
            check=False,
        )
    assert results.exists(), f"Krita ended ({run.returncode}) before the scenario did:\n{run.stderr[-3000:]}"
    told = json.loads(results.read_text("utf-8"))
    assert not told["raised"], "\n".join(told["raised"])
    bad = [f"{check['name']}: {check['seen']}" for check in told["checks"] if not check["good"]]
    assert told["checks"]
    assert not bad, "\n".join(bad)
    assert run.returncode == 0, run.stderr[-3000:]
    return told


def large(folder: Path) -> dict[str, str]:
    """Six megapixels, and a result of nine layers that a stub hands out for them; the environment that says so."""
    rng = np.random.default_rng(0)
    ground, soft = (cv2.resize(rng.integers(0, 256, (20, 30, 4), np.uint8), (3000, 2000)) for _ in range(2))
    grain = rng.integers(-4, 5, ground.shape)
    ground, soft = (np.clip(x + grain, 0, 255).astype(np.uint8) for x in (ground, soft))
    ground[..., 3] = 255
    write_image(ground, folder / "large.png")
    layers = [Layer("background", ground)]
    for number in range(1, 9):
        left, top = 250 * number - 250, 120 * number - 120
        part = np.ascontiguousarray(soft[top : top + 900, left : left + 1000])
        layers.append(Layer(f"element {number}", part, left, top))
    documents.write(LayerStack(3000, 2000, tuple(layers)), folder / "canned.kra")
    return {"LAYERSR_CANNED": str(folder / "canned.kra")}
