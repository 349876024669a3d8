"""Shared fixtures, and shape checks on every array that passes a public signature."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

import annotations

# xdist's processes, which start after this, have a core each: threads of matrix products would fight for it, and half
# of the time went into their waiting for each other. Numba, which rembg and pymatting bring, sets OpenMP's anew.
for threads in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(threads, "1")

annotations.check("layersr")  # before anything of layersr is imported

settings.register_profile("layersr", deadline=None, print_blob=True, max_examples=40)
settings.load_profile("layersr")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-skips", action="store_true", help="a skipped test is a failure: everything is installed here"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and item.config.getoption("--no-skips"):
        report.outcome, report.longrepr = "failed", f"skipped although nothing may skip here: {report.longrepr}"
    return report


@pytest.fixture(autouse=True, scope="session")
def no_waiting_for_disks() -> Generator[None, None, None]:
    """No test cuts the power; `test_the_disk_has_the_bytes_before_the_name` sees that a disk is waited for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """From noise to a picture in two steps: what random weights paint is no better after thirty."""
    from layersr.backends import diffusion_upscale, qwen_layered

    for module, name in ((diffusion_upscale, "STEPS"), (diffusion_upscale, "LATENT_STEPS"), (qwen_layered, "STEPS")):
        monkeypatch.setattr(module, name, 2)


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--infill smooth` and `--detect flood` are those of `standins.py`."""
    from layersr import backends
    from standins import flood, smooth

    made = {("infill", "smooth"): smooth, ("detect", "flood"): flood}
    known = {key: backends.Backend(*key, lambda device, model=model: model) for key, model in made.items()}
    known |= backends.find()
    monkeypatch.setattr(backends, "find", lambda: known)


ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of third-party pictures, never part of the project."""
    folder = Path(os.environ.get("LAYERSR_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no third-party pictures at {folder}; set LAYERSR_DATA to a folder that has them")
    return folder


@pytest.fixture(scope="session")
def samples() -> Path:
    """The pictures the project draws itself."""
    return ROOT / "samples"


CACHES = ("U2NET_HOME", "REMBG_HOME", "XDG_DATA_HOME", "TORCH_HOME", "XDG_CACHE_HOME", "HF_HOME", "HF_HUB_CACHE")
"""Environment variables that say where other programs keep weights."""


@pytest.fixture
def weights_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache for weights, no other program's, and a network without proxies."""
    for name in (*CACHES, "LAYERSR_OFFLINE", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    monkeypatch.setenv("LAYERSR_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"
