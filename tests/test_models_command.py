"""`layersr models`, `layersr doctor`, and what export does before the work: fetching, refusing, telling."""

import hashlib
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner, Result

import layersr
from layersr import backends, pipeline
from layersr import weights as kept
from layersr.backends.patchmatch import load_patchmatch
from layersr.cli import cli, health
from layersr.errors import Notice, WeightsError
from layersr.images import write_image
from layersr.recipe import Recipe
from layersr.weights import File, Weights, downloading, records
from weights_server import Publisher, publishing

NET = b"numbers" * 1000


@pytest.fixture
def publisher(weights_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A publisher of two models of an infill backend each; a picture lies in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(downloading, "PAUSE", 0.0)
    write_image(np.full((20, 24, 4), (90, 120, 60, 255), np.uint8), "in.png")
    with publishing() as publisher:
        publisher.files = {"/net.bin": NET, "/bound.bin": NET}
        found = dict(backends.find())
        for name, terms in (("net", "MIT"), ("bound", "CC-BY-NC-4.0")):
            file = File(f"{name}.bin", f"{publisher.url}/{name}.bin", len(NET), hashlib.sha256(NET).hexdigest())
            weights = Weights(f"{name}-weights", (file,), terms, "nobody, 2026", terms == "MIT", (f"torch:{name}.bin",))
            made = backends.Backend("infill", name, lambda device, path: load_patchmatch(device), weights=(weights,))
            found["infill", name] = made
        monkeypatch.setattr(backends, "find", lambda: found)
        yield publisher


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def refused(*arguments: str) -> str:
    """The sentence of a WeightsError, which `run` turns into exit code 6."""
    result = call(*arguments)
    assert isinstance(result.exception, WeightsError), result.output
    return str(result.exception)


EXPORT = ["export", "in.png", "out.psd", "--scale", "1", "--detect", "none", "--matte", "classic", "--infill"]


def test_export_fetches_what_it_needs_after_saying_what(publisher: Publisher, weights_home: Path):
    result = call(*EXPORT, "net")
    assert result.exit_code == 0, result.output
    assert result.stderr.splitlines()[0] == f"fetching net-weights, 7.0 kB, from {publisher.url}/net.bin (MIT)"
    assert (weights_home / "net-weights" / "net.bin").read_bytes() == NET
    again = call(*EXPORT, "net", "--force", "--offline")
    assert again.exit_code == 0, again.output
    assert "fetching" not in again.stderr
    assert len(publisher.asked) == 1


def test_export_tells_programs_what_it_fetches(publisher: Publisher, weights_home: Path):
    result = call(*EXPORT, "net", "--json")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert events[0] == {
        **{"event": "fetch", "name": "net-weights", "url": f"{publisher.url}/net.bin", "size": 7000, "licence": "MIT"},
        "into": str(weights_home / "net-weights"),
    }
    assert any(e["event"] == "progress" and e["stage"] == "fetch net-weights" for e in events)
    assert events[-1]["event"] == "done"
    assert result.stderr == ""


def test_offline_and_licences_refuse_before_the_work(publisher: Publisher, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pipeline, "run", lambda *_: pytest.fail("the work began"))
    assert "Run: layersr models fetch net-weights" in refused(*EXPORT, "net", "--offline")
    assert "layersr models fetch bound-weights --accept-licence" in refused(*EXPORT, "bound")
    event = json.loads(call(*EXPORT, "net", "--offline", "--json").stdout)
    assert (event["event"], event["code"]) == ("error", 6)
    assert not publisher.asked


def test_a_licence_is_accepted_once_on_the_command_line(publisher: Publisher):
    result = call(*EXPORT, "bound", "--accept-licence")
    assert result.exit_code == 0, result.output
    assert "CC-BY-NC-4.0: no commercial use" in result.stderr
    assert call(*EXPORT, "bound", "--force").exit_code == 0


def test_upscale_needs_no_infill(publisher: Publisher):
    result = call(*["upscale", "in.png", "out.png", "--preset", "draft", "--offline"])
    assert result.exit_code == 0, result.output


def test_a_preset_chooses_all_that_is_not_chosen(publisher: Publisher, monkeypatch: pytest.MonkeyPatch):
    asked: list[Recipe] = []
    monkeypatch.setattr(pipeline, "run", lambda image, recipe, report: asked.append(recipe) or 1 / 0)
    call("export", "in.png", "a.psd", "--preset", "draft", "--matte", "layersr")
    assert asked[-1] == Recipe(detect="classic", infill="classic", upscale="classic", alpha="classic")
    Path("r.toml").write_text('preset = "draft"\ninfill = "layersr"\ndetect = "none"\n')
    call("export", "in.png", "a.psd", "--recipe", "r.toml")
    assert asked[-1] == Recipe(detect="none", matte="classic", upscale="classic", alpha="classic")
    call("export", "in.png", "a.psd", "--recipe", "r.toml", "--preset", "standard")
    assert asked[-1] == Recipe(detect="none")
    call("export", "in.png", "a.psd", "--infill", "draft")
    assert asked[-1] == Recipe(infill="classic")


def test_notices_are_told_once_as_notes_and_stand_in_the_report(publisher: Publisher, monkeypatch: pytest.MonkeyPatch):
    real = pipeline.run

    def tells(image, recipe, report):
        for _ in range(3):
            warnings.warn("The memory does not suffice; going on, slower, on the CPU.", Notice, stacklevel=1)
        return real(image, recipe, report)

    monkeypatch.setattr(pipeline, "run", tells)
    result = call(*EXPORT, "classic", "--report", "r.json")
    assert result.stderr.count("note: The memory does not suffice") == 1
    assert any("on the CPU" in note for note in json.loads(Path("r.json").read_text())["notes"])
    result = call(*EXPORT, "classic", "--force", "--json")
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [e["message"] for e in events if e["event"] == "note"] == [
        "The memory does not suffice; going on, slower, on the CPU."
    ]


# models


def test_list(publisher: Publisher, weights_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    theirs = tmp_path / "torch" / "hub" / "checkpoints" / "bound.bin"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(NET)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    call("models", "fetch", "net")
    listed = json.loads(call("models", "list", "--json").stdout)
    assert listed["home"] == str(weights_home)
    rows = {row["name"]: row for row in listed["models"]}
    assert rows["net-weights"] == {
        **{"name": "net-weights", "backends": [["infill", "net"]], "size": 7000, "licence": "MIT", "commercial": True},
        **{"accepted": True, "source": "nobody, 2026", "url": f"{publisher.url}/net.bin", "own": True},
        "path": str(weights_home / "net-weights" / "net.bin"),
    }
    assert (rows["bound-weights"]["path"], rows["bound-weights"]["own"]) == (str(theirs), False)
    assert not rows["bound-weights"]["accepted"]
    assert rows["clipseg"]["path"] is None
    words = call("models", "list").stdout
    assert "CC-BY-NC-4.0, no commercial use" in words
    assert "603 MB" in words


def test_fetch_path_verify_and_remove(publisher: Publisher, weights_home: Path):
    place = weights_home / "net-weights" / "net.bin"
    result = call("models", "fetch", "net", "net-weights")  # the backend's name and the weights'
    assert (result.exit_code, result.stdout) == (0, "")
    assert len(publisher.asked) == 1
    assert call("models", "path", "net").stdout == f"{place}\n"
    assert call("models", "verify").stdout == f"net-weights: whole, {place}\n"
    status = place.stat()
    place.write_bytes(NET[::-1])
    os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))  # only hashing again can tell
    assert call("models", "path", "net").exit_code == 0
    assert str(place) in refused("models", "verify")
    assert call("models", "remove", "net").stdout == "net-weights: 7.0 kB freed\n"
    assert "net-weights (7.0 kB) are not on this machine" in refused("models", "verify", "net")
    assert not place.exists()
    assert call("models", "remove", "net").stdout == "net-weights: not here\n"


def test_fetch_all_of_a_preset(publisher: Publisher, monkeypatch: pytest.MonkeyPatch):
    from layersr.presets import PRESETS

    monkeypatch.setitem(PRESETS, "best", {"infill": ("net", "layersr"), "upscale": ("layersr",)})
    result = call("models", "fetch", "--preset", "best", "--json")
    assert result.exit_code == 0, result.output
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert (events[0]["event"], events[-1]["event"], events[-1]["name"]) == ("fetch", "done", "net-weights")
    monkeypatch.setitem(PRESETS, "draft", {"infill": ("classic",)})
    assert "needs no files" in call("models", "fetch", "--preset", "draft").stderr


@pytest.mark.parametrize("line", ["fetch", "fetch nonsense", "path nonsense", "verify nonsense", "remove nonsense"])
def test_names_that_do_not_exist_are_refused(publisher: Publisher, line: str):
    result = call("models", *line.split())
    assert result.exit_code != 0
    assert "layersr models list" in result.output + str(result.exception)


# in a process of its own: nothing may touch the network, or load what is large before it is needed

GUARDED = """
import socket, sys
def nobody(*a, **k): raise AssertionError("it touched the network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = nobody
from layersr import backends, cli
{prelude}
code = cli.run({arguments!r})
heavy = {{"torch", "transformers", "onnxruntime"}} & {{n for n, m in sys.modules.items() if m}}
assert not heavy, heavy
sys.exit(code)
"""


def guarded(*arguments: str, prelude: str = "") -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(Path(layersr.__file__).parent.parent)}
    code = GUARDED.format(prelude=prelude, arguments=list(arguments))
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", env=environment, timeout=60
    )


PROMPT = ("export", "in.png", "out.psd", "--prompt", "eyes")
INSTALLED = "backends.missing = lambda extra: []"


def test_without_an_extra_the_code_is_5_and_the_command_exact(publisher: Publisher):
    done = guarded(*PROMPT, prelude="sys.modules['torch'] = None")
    assert done.returncode == 5, done.stderr
    assert "Run: pip install 'layersr[transformers]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("forbidden", ["option", "environment"])
def test_offline_without_weights_the_code_is_6_and_the_way_told(
    publisher: Publisher, weights_home: Path, monkeypatch: pytest.MonkeyPatch, forbidden: str
):
    if forbidden == "environment":
        monkeypatch.setenv("LAYERSR_OFFLINE", "1")
    for arguments in (PROMPT, ("models", "fetch", "clipseg")):
        done = guarded(*arguments, *(["--offline"] if forbidden == "option" else []), prelude=INSTALLED)
        assert done.returncode == 6, done.stderr
        assert "Run: layersr models fetch clipseg" in done.stderr
        assert f"in {weights_home / 'clipseg'}: config.json, model.safetensors" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert sorted(path.name for path in Path().iterdir()) == ["in.png"]


def test_damaged_weights_are_code_6_and_never_loaded(publisher: Publisher, weights_home: Path):
    (clipseg,) = backends.find()["understand", "clipseg"].weights
    for file in clipseg.files:
        place = kept.folder(clipseg) / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(NET)
        records.note(kept.record(clipseg), place, hashlib.sha256(NET).hexdigest())
    assert kept.path(clipseg) == weights_home / "clipseg"
    (weights_home / "clipseg" / "model.safetensors").write_bytes(NET[::-1])
    done = guarded("models", "path", "clipseg")
    assert (done.returncode, done.stdout) == (6, "")
    assert "model.safetensors is damaged. Run: layersr models fetch clipseg" in done.stderr
    done = guarded(*PROMPT, "--offline", prelude=INSTALLED)
    assert done.returncode == 6, done.stderr


# doctor


def test_doctor_in_a_process(weights_home: Path):
    """The core alone, really imported; what extras bring is looked at in the other tests."""
    done = guarded("doctor", "--json", prelude="backends.EXTRAS.clear()")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["version"] == layersr.__version__
    assert found["home"] == str(weights_home)
    assert {p["module"] for p in found["packages"]} == set(health.CORE)
    assert all(p["version"] and not p["error"] for p in found["packages"])
    assert found["devices"]["onnxruntime"][0] == "cpu"
    assert found["presets"]["draft"]["upscale"] == "classic"
    assert found["presets"]["standard"]["understand"] == "clipseg (not here)"
    assert found["system"]["memory"] > 2**28
    assert {m["name"] for m in found["models"]} >= {"clipseg"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ""),
        ("raise ImportError('libGL.so.1: cannot open shared object file')", "libGL.so.1"),
        ("import sys; sys.exit('No onnxruntime backend found')", "No onnxruntime backend"),
        ("import os; os.abort()", "ends Python with -"),
    ],
)
def test_a_module_that_breaks_python_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str
):
    (tmp_path / "breaks.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    said, error = health.probe("breaks")
    assert said == []
    assert says in error
    assert bool(says) == bool(error)


@pytest.fixture
def healthy(weights_home: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A machine where all is well; say in `errors` which modules fail, and in `installed` which packages there are."""
    state = SimpleNamespace(errors={}, installed={"torch": "2.13.0+cpu", "torchvision": "0.28.0"}, absent=set())
    monkeypatch.setattr(health, "probe", lambda module: (["cuda"], state.errors.get(module, "")))
    monkeypatch.setattr(health, "_installed", lambda name: name in state.installed)
    monkeypatch.setattr(health.importlib.metadata, "version", lambda name: state.installed.get(name, "1.0"))
    monkeypatch.setattr(health.importlib.util, "find_spec", lambda name: None if name in state.absent else True)
    return state


def test_doctor_finds_nothing_where_all_is_well(healthy: SimpleNamespace):
    result = call("doctor")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "nothing is broken"
    assert "devices of torch: cpu, cuda" in result.stdout
    assert "clipseg (not here)" in result.stdout
    healthy.absent |= {"torch", "transformers"}
    words = call("doctor").stdout
    assert (
        "grounding-dino would be better than clipseg; it needs torch and transformers: pip install 'layersr[" in words
    )


@pytest.mark.parametrize(
    ("module", "error", "command"),
    [
        (
            "torchvision",
            "operator torchvision::nms does not exist",
            "pip install --force-reinstall --no-deps 'torchvision==0.28.*' "
            "--index-url https://download.pytorch.org/whl/cpu",
        ),
        ("spandrel", "RuntimeError: operator torchvision::nms does not exist", "'torchvision==0.28.*'"),
        ("rembg", "No onnxruntime backend found", "pip install --force-reinstall rembg"),
    ],
)
def test_what_is_broken_besides_the_core_is_told_with_what_mends_it(
    healthy: SimpleNamespace, module: str, error: str, command: str
):
    healthy.errors[module] = error
    result = call("doctor")
    assert result.exit_code == 0, result.output
    assert error in result.stdout
    assert command in result.stdout
    assert "nothing is broken" not in result.stdout


def test_a_broken_core_is_code_5(healthy: SimpleNamespace):
    healthy.installed |= {"opencv-python": "5", "opencv-python-headless": "5"}
    healthy.errors["cv2"] = "ImportError: libGL.so.1: cannot open shared object file"
    result = call("doctor")
    assert result.exit_code == 5
    mend = "pip uninstall -y opencv-python-headless opencv-python && pip install opencv-python-headless"
    assert mend in result.stdout
    healthy.errors.clear()
    healthy.absent.add("psutil")
    result = call("doctor", "--json")
    assert result.exit_code == 5
    assert any("psutil is missing" in broken["what"] for broken in json.loads(result.stdout)["broken"])


def test_two_runtimes_side_by_side_are_told(healthy: SimpleNamespace):
    healthy.installed |= {"onnxruntime": "1", "onnxruntime-gpu": "1"}
    result = call("doctor")
    assert "pip uninstall -y onnxruntime onnxruntime-gpu && pip install onnxruntime-gpu" in result.stdout


def test_networks_that_did_not_come_along_are_code_6(
    healthy: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "upscale_x2.md").touch()
    monkeypatch.setattr(health.layersr, "__file__", str(tmp_path / "__init__.py"))
    result = call("doctor")
    assert result.exit_code == 6
    assert "missing: upscale_x2" in result.stdout


def test_a_cache_that_cannot_be_written_is_told(healthy: SimpleNamespace, weights_home: Path):
    weights_home.write_text("a file is in the way")
    result = call("doctor")
    assert result.exit_code == 0
    assert "export LAYERSR_HOME=FOLDER" in result.stdout


@pytest.mark.parametrize(
    ("torch", "command"),
    [
        ("2.6.0+cu124", "'torchvision==0.21.*' --index-url https://download.pytorch.org/whl/cu124"),
        ("2.15.0", "'torchvision>=0.29'"),
        ("3.0", "pip uninstall -y torchvision"),
    ],
)
def test_the_torchvision_of_a_torch(torch: str, command: str):
    assert health.torchvision_command(torch).endswith(command)
