"""Weights: where they are found, how they are fetched from a real (local) web server, and what is refused."""

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

import layersr
from layersr import weights as kept
from layersr.errors import OutputError, WeightsError
from layersr.progress import Progress
from layersr.weights import File, Weights, downloading, fetching, records
from weights_server import Publisher, publishing

NET = bytes(range(256)) * 5000
"""1.28 MB: two chunks."""


@pytest.fixture(autouse=True)
def home(weights_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(downloading, "PAUSE", 0.0)
    return weights_home


@pytest.fixture
def publisher():
    with publishing() as publisher:
        publisher.files = {"/net.bin": NET, "/config.json": b"{}"}
        yield publisher


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def one(publisher: Publisher, **named) -> Weights:
    """A model of one file, whose hash is known unless told otherwise."""
    file = File("net.bin", f"{publisher.url}/net.bin", named.pop("size", 0), named.pop("sha256", sha256(NET)))
    return Weights("net", (file,), named.pop("licence", "MIT"), "nobody, 2026", **named)


def several(publisher: Publisher) -> Weights:
    files = [File(name, f"{publisher.url}/{name}") for name in ("config.json", "net.bin")]
    return Weights("net", (*files, File("vocab.json", f"{publisher.url}/vocab.json", optional=True)), "MIT", "nobody")


# fetching


def test_one_file_is_its_path_and_is_fetched_once(publisher: Publisher, home: Path):
    heard: list[Progress] = []
    assert fetching.fetch(one(publisher), heard.append) == home / "net" / "net.bin"
    assert kept.path(one(publisher)).read_bytes() == NET
    assert [event.done for event in heard] == sorted(event.done for event in heard)
    assert heard[-1].done == 1
    assert any("1.3 MB of 1.3 MB" in event.message for event in heard)
    fetching.fetch(one(publisher))
    assert publisher.asked == [("/net.bin", "")]
    assert sorted(path.name for path in (home / "net").iterdir()) == ["net.bin"]


def test_several_files_are_their_folder_and_those_the_publisher_lacks_may_be_optional(publisher: Publisher, home: Path):
    assert fetching.fetch(several(publisher)) == home / "net"
    assert sorted(path.name for path in (home / "net").iterdir()) == ["config.json", "net.bin"]
    assert publisher.asked[0][0] == "/vocab.json"  # small ones first: where the network is, all is
    del publisher.files["/config.json"]
    fetching.remove(several(publisher))
    with pytest.raises(WeightsError, match=r"has no http.*config.json any more"):
        fetching.fetch(several(publisher))


@pytest.mark.parametrize("known", [True, False])
def test_a_cut_connection_is_taken_up_where_it_broke(publisher: Publisher, known: bool):
    publisher.cut = [300_000, 300_000, None]
    fetching.fetch(one(publisher, sha256=sha256(NET) if known else ""))
    assert kept.path(one(publisher)).read_bytes() == NET
    assert [asked for _, asked in publisher.asked] == ["", "bytes=300000-", "bytes=600000-"]


def test_a_connection_that_stays_broken_is_told_and_the_next_run_goes_on(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
):
    publisher.cut = [700_000] + [0] * downloading.TRIES
    with pytest.raises(WeightsError, match=r"the connection broke .* 700 kB are here; the next try goes on"):
        fetching.fetch(one(publisher))
    with pytest.raises(WeightsError, match="models fetch net"):
        kept.path(one(publisher))
    publisher.cut, publisher.asked = [], []
    fetching.fetch(one(publisher))
    assert publisher.asked == [("/net.bin", "bytes=700000-")]
    assert kept.path(one(publisher)).read_bytes() == NET


@pytest.mark.parametrize("tags", [True, False])
def test_a_file_that_changed_meanwhile_is_fetched_anew(publisher: Publisher, tags: bool):
    publisher.cut, publisher.tags = [700_000] + [0] * downloading.TRIES, tags
    with pytest.raises(WeightsError):
        fetching.fetch(one(publisher, sha256=""))
    publisher.cut, publisher.files["/net.bin"] = [], NET[::-1]
    heard: list[Progress] = []
    fetching.fetch(one(publisher, sha256=""), heard.append)
    assert kept.path(one(publisher, sha256="")).read_bytes() == NET[::-1]
    assert [event.done for event in heard] == sorted(event.done for event in heard)


def test_what_was_whole_before_it_could_be_checked_is_not_fetched_again(publisher: Publisher, home: Path):
    publisher.cut = [len(NET) - 1] + [0] * downloading.TRIES
    with pytest.raises(WeightsError):
        fetching.fetch(one(publisher))
    with (home / "net" / "net.bin.part").open("ab") as part:
        part.write(NET[-1:])
    publisher.cut = []
    fetching.fetch(one(publisher))
    assert kept.path(one(publisher)).read_bytes() == NET
    (home / "net" / "net.bin").rename(home / "net" / "net.bin.part")
    with (home / "net" / "net.bin.part").open("ab") as part:
        part.write(b"more than there is")
    (home / "net" / "net.bin.part.tag").write_text(f'"{hashlib.md5(NET).hexdigest()}"')
    fetching.fetch(one(publisher))
    assert kept.path(one(publisher)).read_bytes() == NET


@pytest.mark.parametrize("by", ["sha256", "md5", "header"])
def test_what_is_not_the_file_is_thrown_away(publisher: Publisher, home: Path, by: str):
    file = File("net.bin", f"{publisher.url}/net.bin", sha256="0" * 64 if by == "sha256" else "")
    if by == "md5":
        file = replace(file, md5="0" * 32)
    if by == "header":
        publisher.redirects["/hub"] = ("/net.bin", {"X-Linked-ETag": f'"{"0" * 64}"'})
        file = replace(file, url=f"{publisher.url}/hub")
    bad = Weights("net", (file,), "MIT", "nobody")
    with pytest.raises(WeightsError, match=r"is not the file that .* Run again: layersr models fetch net"):
        fetching.fetch(bad)
    assert not list((home / "net").iterdir())
    right = {"sha256": {"sha256": sha256(NET)}, "md5": {"md5": hashlib.md5(NET).hexdigest()}, "header": {}}[by]
    publisher.redirects["/hub"] = ("/net.bin", {"X-Linked-ETag": f'"{sha256(NET)}"'})
    assert fetching.fetch(Weights("net", (replace(file, **right),), "MIT", "nobody")).read_bytes() == NET


@pytest.mark.parametrize(("code", "tries"), [(403, 1), (503, downloading.TRIES)])
def test_a_server_that_refuses_is_told_and_one_that_is_down_asked_again(publisher: Publisher, code: int, tries: int):
    del publisher.files["/net.bin"]
    publisher.fails["/net.bin"] = code
    with pytest.raises(WeightsError, match=f"net.bin cannot be fetched .HTTP {code}"):
        fetching.fetch(one(publisher))
    assert len(publisher.asked) == tries


def test_nobody_is_led_from_https_to_http(publisher: Publisher):
    redirects = downloading.Redirects()
    request = SimpleNamespace(full_url="https://hub.example/net.bin")
    with pytest.raises(OSError, match="from https"):
        redirects.redirect_request(request, None, 302, "", {}, "http://hub.example/net.bin")


def test_a_full_disk_is_told_before_anything_is_fetched(publisher: Publisher, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000_000))
    with pytest.raises(OutputError, match=r"room for 1.0 MB, and 1.3 MB are to come.*LAYERSR_HOME"):
        fetching.fetch(one(publisher))
    assert not list(kept.home().rglob("*.part"))


def test_a_cache_that_cannot_be_written_is_told(publisher: Publisher, home: Path):
    home.write_text("a file is in the way")
    with pytest.raises(OutputError, match="LAYERSR_HOME=FOLDER"):
        fetching.fetch(one(publisher))


# what is here


def test_damage_is_never_loaded_and_fetched_anew(publisher: Publisher):
    place = fetching.fetch(one(publisher))
    place.write_bytes(NET[:-1] + b"x")
    with pytest.raises(WeightsError, match=r"net.bin is damaged. Run: layersr models fetch net"):
        kept.path(one(publisher))
    fetching.fetch(one(publisher))
    assert kept.path(one(publisher)).read_bytes() == NET


def test_the_first_fetch_decides_where_nobody_tells_a_hash(publisher: Publisher):
    unknown = one(publisher, sha256="")
    place = fetching.fetch(unknown)
    place.write_bytes(NET[::-1])
    with pytest.raises(WeightsError, match="damaged"):
        kept.path(unknown)
    publisher.files["/net.bin"] = NET[::-1] + b"another"
    with pytest.raises(WeightsError, match=r"is not the file that came first.*layersr models remove net"):
        fetching.fetch(unknown)
    fetching.remove(unknown)
    assert fetching.fetch(unknown).read_bytes() == NET[::-1] + b"another"


def test_a_file_is_hashed_once_and_again_when_it_changed(publisher: Publisher, monkeypatch: pytest.MonkeyPatch):
    place, hashed = fetching.fetch(one(publisher)), []
    real = records.sha256_of
    monkeypatch.setattr(records, "sha256_of", lambda path: hashed.append(path) or real(path))
    kept.path(one(publisher))
    kept.path(one(publisher))
    assert not hashed
    os.utime(place, ns=(1, 1))
    kept.path(one(publisher))
    kept.path(one(publisher))
    assert hashed == [place]
    assert not kept.damaged(one(publisher), kept.find(one(publisher)), again=True)
    assert hashed == [place, place]


def test_what_is_placed_by_hand_is_used_and_remembered(publisher: Publisher, home: Path):
    unknown = one(publisher, sha256="")
    (home / "net").mkdir(parents=True)
    (home / "net" / "net.bin").write_bytes(b"mine")
    assert kept.path(unknown).read_bytes() == b"mine"
    (home / "net" / "net.bin").write_bytes(b"thine")
    with pytest.raises(WeightsError, match="damaged"):
        kept.path(unknown)
    with pytest.raises(WeightsError, match="damaged"):  # it is not what the publisher says
        kept.path(one(publisher))


def test_a_damaged_record_only_costs_a_hash(publisher: Publisher):
    fetching.fetch(one(publisher))
    for nonsense in ("", "[]", '{"accepted": 1}', '{"accepted": "", "stamps": {"x": {"size": 1}}}'):
        kept.record(one(publisher)).write_text(nonsense)
        assert kept.path(one(publisher)).read_bytes() == NET


def test_removing_leaves_nothing(publisher: Publisher, home: Path):
    fetching.fetch(one(publisher))
    assert fetching.remove(one(publisher)) == len(NET)
    assert fetching.remove(one(publisher)) == 0
    assert [path.name for path in home.iterdir()] == [".locks"]


# other programs' caches


@pytest.mark.parametrize(
    ("also", "variable", "below"),
    [
        ("rembg:net.bin", "U2NET_HOME", "net.bin"),
        ("rembg:net.bin", "REMBG_HOME", "models/net/net.bin"),
        ("rembg:net.bin", "XDG_DATA_HOME", "rembg/models/net/net.bin"),
        ("rembg:net.bin", "HOME", ".u2net/net.bin"),
        ("rembg:net.bin", "HOME", ".rembg/models/net/net.bin"),
        ("torch:net.bin", "TORCH_HOME", "hub/checkpoints/net.bin"),
        ("torch:net.bin", "XDG_CACHE_HOME", "torch/hub/checkpoints/net.bin"),
        ("torch:net.bin", "HOME", ".cache/torch/hub/checkpoints/net.bin"),
    ],
)
def test_what_other_programs_keep_is_used_where_it_lies(
    publisher: Publisher,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    also: str,
    variable: str,
    below: str,
):
    place = tmp_path / "theirs" / below
    place.parent.mkdir(parents=True)
    place.write_bytes(NET)
    monkeypatch.setenv(variable, str(tmp_path / "theirs"))
    theirs = one(publisher, also=(also,))
    assert kept.path(theirs) == fetching.fetch(theirs) == place
    assert not publisher.asked
    assert fetching.remove(theirs) == 0
    assert place.read_bytes() == NET
    place.write_bytes(b"damaged")
    with pytest.raises(WeightsError, match=r"another program keeps, is damaged. Run: layersr models fetch net"):
        kept.path(theirs)
    assert fetching.fetch(theirs) == kept.path(theirs) == home / "net" / "net.bin"
    assert place.read_bytes() == b"damaged"  # what is theirs is left alone


@pytest.mark.parametrize("variable", ["HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "HOME"])
@pytest.mark.parametrize("revision", ["main", "c" * 40])
def test_a_snapshot_of_the_hub_is_used_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, revision: str
):
    below = {
        "HF_HUB_CACHE": "",
        "HF_HOME": "hub",
        "XDG_CACHE_HOME": "huggingface/hub",
        "HOME": ".cache/huggingface/hub",
    }
    base = tmp_path / "theirs" / below[variable] / "models--org--model"
    snapshot = base / "snapshots" / ("c" * 40)
    blob = base / "blobs" / sha256(NET)
    for folder in (snapshot, blob.parent, base / "refs"):
        folder.mkdir(parents=True)
    blob.write_bytes(NET)
    (base / "refs" / "main").write_text("c" * 40)
    (snapshot / "model.safetensors").symlink_to(os.path.relpath(blob, snapshot))
    (snapshot / "config.json").write_text("{}")
    monkeypatch.setenv(variable, str(tmp_path / "theirs"))
    files = {"config.json": 0, "model.safetensors": 0, "vocab.json": 0}
    model = kept.hub("model", "org/model", files, licence="MIT", source="nobody", revision=revision)
    assert kept.find(model) is None  # who knows what became of its vocabulary
    (base / ".no_exist" / ("c" * 40)).mkdir(parents=True)
    (base / ".no_exist" / ("c" * 40) / "vocab.json").touch()
    assert kept.path(model) == snapshot
    blob.write_bytes(NET[::-1])  # the name of the blob says that it is damaged
    with pytest.raises(WeightsError, match="damaged"):
        kept.path(model)
    other = kept.hub("model", "org/model", files, licence="MIT", source="nobody", revision="d" * 40)
    assert kept.find(other) is None


# what is refused


def test_offline_answers_without_touching_the_network(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch, home: Path
):
    for how in ({"offline": True}, {}):
        with pytest.raises(WeightsError) as refused:
            fetching.fetch(one(publisher, size=len(NET)), **how)
        assert "Run: layersr models fetch net" in str(refused.value)
        assert f"place {publisher.url}/net.bin at {home / 'net' / 'net.bin'}" in str(refused.value)
        assert "1.3 MB" in str(refused.value)
        monkeypatch.setenv("LAYERSR_OFFLINE", "1")
    with pytest.raises(WeightsError, match=rf"place the files of {publisher.url}/ in .*: config.json, net.bin"):
        fetching.fetch(several(publisher))
    assert not publisher.asked


def test_a_licence_that_forbids_commercial_use_is_accepted_once(publisher: Publisher, home: Path):
    theirs = one(publisher, commercial=False, licence="CC-BY-NC-4.0")
    with pytest.raises(WeightsError, match=r"CC-BY-NC-4.0, which does not allow .*fetch net --accept-licence"):
        fetching.fetch(theirs)
    (home / "net").mkdir(parents=True)
    (home / "net" / "net.bin").write_bytes(NET)
    with pytest.raises(WeightsError, match="--accept-licence"):  # however it came here
        kept.path(theirs)
    assert not publisher.asked
    fetching.fetch(theirs, accept=True)
    assert fetching.fetch(theirs) == kept.path(theirs)
    with pytest.raises(WeightsError, match="--accept-licence"):  # other terms are another question
        kept.path(replace(theirs, licence="another"))
    fetching.remove(theirs)
    with pytest.raises(WeightsError, match="--accept-licence"):
        fetching.fetch(theirs)


# two processes

FETCH = """
import sys
from layersr.weights import File, Weights, fetching
told = lambda event: print(event.stage, flush=True)
fetching.fetch(Weights("net", (File("net.bin", sys.argv[1]),), "MIT", "nobody"), told)
"""


def test_of_two_processes_one_fetches_and_the_other_waits(publisher: Publisher, home: Path):
    publisher.slow = threading.Event()
    environment = {**os.environ, "PYTHONPATH": str(Path(layersr.__file__).parent.parent)}
    command = [sys.executable, "-c", FETCH, f"{publisher.url}/net.bin"]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
    while not publisher.asked:
        assert first.poll() is None
        time.sleep(0.01)
    second = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
    assert "wait for another process that fetches net" in second.stdout.readline()
    publisher.slow.set()
    first.communicate(timeout=60)
    second.communicate(timeout=60)
    assert (first.returncode, second.returncode) == (0, 0)
    assert publisher.asked == [("/net.bin", "")]
    assert (home / "net" / "net.bin").read_bytes() == NET
