"""`layersr worker`: jobs on stdin, events on stdout, models kept, and an end when whoever asked is gone."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from layersr import backends, documents
from layersr.images import write_image


class Worker:
    def __init__(self) -> None:
        command = [sys.executable, "-m", "layersr", "worker"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(command, text=True, **pipes)
        assert self.told()["event"] == "ready"

    def told(self) -> dict:
        return json.loads(self.process.stdout.readline())

    def ask(self, line: object) -> None:
        self.process.stdin.write((line if isinstance(line, str) else json.dumps(line)) + "\n")
        self.process.stdin.flush()

    def until_end(self) -> list[dict]:
        events = [self.told()]
        while events[-1]["event"] != "end":
            events.append(self.told())
        return events


@pytest.fixture
def worker():
    worker = Worker()
    yield worker
    worker.process.kill()
    with contextlib.suppress(BrokenPipeError, ValueError):  # closed by the test
        worker.process.stdin.close()
    for stream in (worker.process.stdout, worker.process.stderr):
        stream.close()
    worker.process.wait()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    pixels = np.full((48, 64, 4), 255, np.uint8)
    pixels[10:30, 20:50] = (200, 30, 20, 255)
    write_image(pixels, tmp_path / "in.png")
    return tmp_path / "in.png"


def job(picture: Path, out: str, *more: str) -> list[str]:
    """What is done at once: nothing is looked for."""
    return ["export", str(picture), str(picture.with_name(out)), "--scale", "1", "--detect", "none", *more]


def test_job_after_job_with_failures_in_between(worker: Worker, picture: Path):
    worker.ask({"id": 1, "arguments": job(picture, "a.kra")})
    events = worker.until_end()
    assert {e["id"] for e in events} == {1}
    assert [e["event"] for e in events if e["event"] != "progress"] == ["start", "done", "end"]
    assert events[-1]["code"] == 0
    assert documents.read(picture.with_name("a.kra")).width == 64
    wrong = [
        ({"id": 2, "arguments": job(picture, "a.kra")}, 4, 2),  # it exists
        ({"id": 3, "arguments": job(picture, "b.kra", "--nonsense")}, 2, 3),
        ({"id": 4, "arguments": ["inspect", "a.kra"]}, 2, 4),
        ({"id": 5}, 2, 5),
        ("no json", 2, None),
        ("[1]", 2, None),
        ({"id": 6, "arguments": job(picture.with_name("nowhere.png"), "c.kra")}, 3, 6),
    ]
    for line, code, number in wrong:
        worker.ask(line)
        events = worker.until_end()
        assert [e["code"] for e in events if e["event"] in ("error", "end")] == [code, code], events
        assert events[-1]["id"] == number
    worker.ask({"id": 7, "arguments": job(picture, "d.kra")})
    assert worker.until_end()[-1] == {"event": "end", "id": 7, "code": 0}


def test_it_ends_when_whoever_asked_is_gone(worker: Worker):
    worker.process.stdin.close()
    assert worker.process.wait(20) == 0


def test_what_runs_is_interrupted_when_whoever_asked_is_gone(worker: Worker, tmp_path: Path):
    rng = np.random.default_rng(0)
    write_image(rng.integers(0, 256, (1500, 1500, 4)).astype(np.uint8), tmp_path / "large.png")
    worker.ask({"id": 1, "arguments": ["export", str(tmp_path / "large.png"), str(tmp_path / "out.kra")]})
    while worker.told()["event"] != "progress":
        pass
    start = time.monotonic()
    worker.process.stdin.close()
    assert worker.process.wait(60) == 130
    assert time.monotonic() - start < 50
    assert [p.name for p in tmp_path.iterdir()] == ["large.png"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends programs without asking them")
def test_it_can_be_terminated(worker: Worker):
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(20) == 130


def test_models_are_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(backends, "_kept", None)
    assert backends.load("infill", "classic") is not backends.load("infill", "classic")
    backends.keep_loaded()
    assert backends.load("infill", "classic") is backends.load("infill", "classic")
