"""The plugin outside Krita: what needs only Qt, under PyQt5 and PyQt6; what the command line makes of its arguments."""

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from layersr.cli import cli

HERE = Path(__file__).resolve().parent
PLUGIN = HERE.parent.parent / "krita_plugin"


@pytest.mark.parametrize("version", ["5", "6"])
def test_qt_parts(version: str, tmp_path: Path):
    if importlib.util.find_spec(f"PyQt{version}") is None:
        pytest.skip(f"needs PyQt{version}: pip install 'layersr[plugin]'")
    checks = str(HERE / "checks_outside.py")
    command = [sys.executable, "-m", "pytest", "-o", "addopts=", "-p", "no:cacheprovider", checks]
    own = {"LAYERSR_QT": version, "LAYERSR_MOCK_HOME": str(tmp_path)}
    run = subprocess.run(command, env=os.environ | own, capture_output=True, text=True, timeout=240, check=False)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-2000:]
    assert " passed" in run.stdout
    assert "skipped" not in run.stdout


def _choices():
    spec = importlib.util.spec_from_file_location("layersr_choices", PLUGIN / "layersr_krita" / "choices.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_command_line_understands_every_option():
    chosen = _choices()
    some = chosen.Choices(prompt="eyes", scale=2, masks=True)
    lines = [
        chosen.decompose(some, "a.png", "b.kra", chosen.Aim(mask="m.png")),
        chosen.decompose(chosen.Choices(), "a.png", "b.kra", chosen.Aim(box=(1, 2, 3, 4))),
        chosen.lift(some, "a.png", "b.kra", chosen.Aim(point=(3, 4))),
        chosen.enlarge(some, "a.png", "b.kra"),
        chosen.fill("a.png", "b.png", "m.png"),
        *(chosen.decompose(chosen.Choices(preset=p), "a.png", "b.kra", chosen.Aim()) for p in chosen.PRESETS),
        *(chosen.enlarge(chosen.Choices(preset=p), "a.png", "b.kra") for p in chosen.PRESETS),
    ]
    for line in lines:
        command = cli.commands[line[0]]
        command.make_context(line[0], [*line[1:], "--json"])  # raises where an option is unknown


def test_every_file_speaks_python_3_8():
    for path in sorted(PLUGIN.rglob("*.py")):
        ast.parse(path.read_text("utf-8"), feature_version=(3, 8))
