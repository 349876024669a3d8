"""The plugin's zip, taken by Krita's own importer; and its document part in Krita without a window."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from playing import SYSTEM, made_profile, missing

from layersr import documents
from layersr.images import write_image
from layersr.layers import Layer, LayerStack

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
IMPORTER = Path("/usr/share/krita/pykrita/plugin_importer/plugin_importer.py")

needs_krita = pytest.mark.skipif(bool(missing()), reason=missing())


def build(out: Path) -> None:
    subprocess.run([sys.executable, str(ROOT / "krita_plugin" / "build.py"), str(out)], check=True, capture_output=True)


def test_the_zip_is_the_same_every_time_and_names_its_folders(tmp_path: Path):
    build(tmp_path / "a.zip")
    build(tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    names = zipfile.ZipFile(tmp_path / "a.zip").namelist()
    assert "layersr_krita/" in names
    assert {"layersr_krita.desktop", "layersr_krita/__init__.py", "layersr_krita/Manual.html"} <= set(names)
    assert not any("__pycache__" in name or name.endswith("build.py") for name in names)


def test_the_manual_shows_pictures_that_are_there():
    folder = ROOT / "krita_plugin" / "layersr_krita"
    text = (folder / "Manual.html").read_text("utf-8")
    shown = [part.split('"')[0] for part in text.split('src="')[1:]]
    assert shown
    assert all((folder / name).is_file() for name in shown)


@pytest.mark.apps
@needs_krita
def test_kritas_own_importer_takes_the_zip(tmp_path: Path):
    build(tmp_path / "layersr_krita.zip")
    (tmp_path / "resources").mkdir()
    command = [sys.executable, str(IMPORTER), str(tmp_path / "layersr_krita.zip"), str(tmp_path / "resources")]
    run = subprocess.run(command, capture_output=True, text=True, input="", check=False)
    place = tmp_path / "resources" / "pykrita"
    assert (place / "layersr_krita.desktop").is_file(), run.stdout + run.stderr
    ours = {p.relative_to(ROOT / "krita_plugin") for p in (ROOT / "krita_plugin" / "layersr_krita").rglob("*.py")}
    assert {p.relative_to(place) for p in place.rglob("*.py")} == ours


@pytest.mark.apps
@needs_krita
def test_documents_without_a_window(tmp_path: Path):
    profile = made_profile()
    rng = np.random.default_rng(0)
    ground, soft = (rng.integers(0, 256, (30, 40, 4), np.uint8) for _ in range(2))
    ground[..., 3] = 255
    layers = (Layer("background", ground), Layer("element", soft[5:20, 5:25], 5, 5, blend="multiply"))
    documents.write(LayerStack(40, 30, layers), tmp_path / "two.kra")
    write_image(soft, tmp_path / "one.png")
    own = {
        "PATH": SYSTEM,
        "HOME": str(profile),
        "XDG_RUNTIME_DIR": str(profile),
        "QT_QPA_PLATFORM": "offscreen",
        "LANG": "C.UTF-8",
    }
    own |= {f"XDG_{kind}_HOME": str(profile / kind.lower()) for kind in ("CONFIG", "DATA", "CACHE")}
    own |= {"LAYERSR_CHECKS": str(tmp_path), "LAYERSR_PLUGIN": str(ROOT / "krita_plugin"), "PYTHONPATH": str(HERE)}
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "LC_", "QT_", "PYTHON"))}
    command = ["kritarunner", "-s", "runner_checks", "-f", "__main__"]
    run = subprocess.run(command, env=kept | own, capture_output=True, text=True, timeout=150, check=False)
    assert (tmp_path / "told.txt").is_file(), run.stdout[-2000:] + run.stderr[-3000:]
    told = (tmp_path / "told.txt").read_text("utf-8")
    assert "BAD" not in told, told
    assert told.count("good") == 6
    shutil.rmtree(profile, ignore_errors=True)
