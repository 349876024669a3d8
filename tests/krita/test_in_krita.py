"""The plugin in real Krita, under Xvfb, with the real layersr command."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from layersr import documents
from layersr.images import read_image, write_image
from layersr.layers import Layer, LayerStack

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PLUGIN = ROOT / "krita_plugin"

pytestmark = pytest.mark.apps


def missing() -> str:
    """Why Krita cannot be run with plugins, as a reason to skip; "" where it can."""
    wanted = {"krita": "krita", "Xvfb": "xvfb"}
    absent = [package for program, package in wanted.items() if shutil.which(program) is None]
    qt = Path("/usr/lib/python3/dist-packages/PyQt5")
    absent += [] if qt.is_dir() else ["python3-pyqt5"]
    return f"needs: apt-get install --no-install-recommends {' '.join(absent)}" if absent else ""


pytestmark = [pytest.mark.apps, pytest.mark.skipif(bool(missing()), reason=missing())]


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home for Krita with the plugin and the driver switched on."""
    home = Path(tempfile.mkdtemp(prefix="layersr-krita-"))
    home.chmod(0o700)
    place = home / "data" / "krita" / "pykrita"
    shutil.copytree(PLUGIN, place, ignore=shutil.ignore_patterns("__pycache__", "*.py.zip"))
    shutil.copytree(HERE / "layersr_driver", place / "layersr_driver")
    shutil.copy(HERE / "layersr_driver.desktop", place)
    (home / "config").mkdir()
    switches = "[python]\nenable_layersr_krita=true\nenable_layersr_driver=true\n"
    (home / "config" / "kritarc").write_text(switches)
    yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def picture(tmp_path: Path, samples: Path) -> Path:
    """A small picture with things in it."""
    image = read_image(samples / "still_life.png").pixels
    small = cv2.resize(image, (320, 320 * image.shape[0] // image.shape[1]), interpolation=cv2.INTER_AREA)
    write_image(small, tmp_path / "bild mit ü.png")
    return tmp_path / "bild mit ü.png"


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


def play(profile: Path, part: str, picture: Path, folder: Path, **more: str) -> None:
    """Run a part of the scenario in Krita; every check must be good."""
    own = {"HOME": str(profile), "XDG_RUNTIME_DIR": str(profile), "LANG": "C.UTF-8"}
    own |= {f"XDG_{kind}_HOME": str(profile / kind.lower()) for kind in ("CONFIG", "DATA", "CACHE")}
    own |= {"LAYERSR_SCENARIO": str(HERE / "scenario.py"), "LAYERSR_PART": part, "LAYERSR_PICTURE": str(picture)}
    results = folder / f"{part}.json"
    own |= {"LAYERSR_RESULTS": str(results), "LAYERSR_STUBS": str(folder), **more}
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "LC_", "QT_", "PYTHON"))}
    with subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp", "-ac"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            display = f":{int(server.stdout.readline())}"
            run = subprocess.run(
                ["krita", "--nosplash"],
                env=kept | own | {"DISPLAY": display},
                capture_output=True,
                text=True,
                timeout=150,
                check=False,
            )
        finally:
            server.terminate()
    assert results.exists(), f"Krita ended ({run.returncode}) before the scenario did:\n{run.stderr[-3000:]}"
    told = json.loads(results.read_text("utf-8"))
    assert not told["raised"], "\n".join(told["raised"])
    bad = [f"{check['name']}: {check['seen']}" for check in told["checks"] if not check["good"]]
    assert told["checks"]
    assert not bad, "\n".join(bad)
    assert run.returncode == 0, run.stderr[-3000:]


def test_everything_with_the_real_command(profile: Path, picture: Path, tmp_path: Path):
    shots = os.environ.get("LAYERSR_SHOTS", "")
    extra = {"LAYERSR_SHOTS": shots} if shots else {}
    play(
        profile,
        "everything",
        picture,
        tmp_path,
        LAYERSR_COMMAND=str(command(tmp_path)),
        LAYERSR_BOX="170,120,60,60",
        **extra,
    )


def test_documents_of_other_colours_and_depths(profile: Path, picture: Path, tmp_path: Path):
    play(profile, "colours", picture, tmp_path, LAYERSR_COMMAND=str(command(tmp_path)))


def test_what_goes_wrong_is_told(profile: Path, picture: Path, tmp_path: Path):
    play(profile, "failures", picture, stubs(tmp_path))


def test_six_megapixels_do_not_freeze_the_interface(profile: Path, tmp_path: Path):
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (200, 300, 4), np.uint8)
    large = cv2.resize(small, (3000, 2000), interpolation=cv2.INTER_CUBIC)
    large[..., 3] = 255
    write_image(large, tmp_path / "large.png")
    soft = large.copy()
    soft[..., 3] = cv2.resize(small[..., 3], (3000, 2000), interpolation=cv2.INTER_CUBIC)
    layers = [Layer("background", large), *(Layer(f"element {n}", soft) for n in range(1, 9))]
    documents.write(LayerStack(3000, 2000, tuple(layers)), tmp_path / "canned.kra")
    play(profile, "large", tmp_path / "large.png", stubs(tmp_path), LAYERSR_CANNED=str(tmp_path / "canned.kra"))
