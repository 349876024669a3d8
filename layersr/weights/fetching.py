"""Fetching weights: what is missing is downloaded, checked, and only then put where loaders look.

One process at a time fetches a model; others wait and find it there.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from layersr import weights as kept
from layersr.errors import OutputError, WeightsError
from layersr.progress import Progress, Report, silent, within
from layersr.weights import File, Weights, downloading, records


def fetch(weights: Weights, report: Report = silent, *, accept: bool = False, offline: bool = False) -> Path:
    """Make weights usable: accepted where their licence wants that, here and undamaged. Returns their path.

    What is here already, in our own cache or another program's, is not fetched again.

    Args:
        weights: which.
        report: hears how far it is.
        accept: whoever asks accepts the licence.
        offline: never touch the network; `LAYERSR_OFFLINE=1` says the same.

    Raises:
        WeightsError: the licence is not accepted, the network is forbidden or fails, or what comes is not what it
            should be. What has come so far is kept, and the next call goes on from there.
        OutputError: the cache cannot be written, or the disk is full.
    """
    if accept and not kept.accepted(weights):
        with _writing():
            records.accept(kept.record(weights), weights.licence)
    if not kept.accepted(weights):
        raise WeightsError(kept.way_to_accept(weights))
    if not whole(weights):
        if offline or kept.offline():
            raise WeightsError(kept.way_to_get(weights))
        with _alone(weights, report):
            _fetch(weights, _rising(report))
    report(Progress(f"fetch {weights.name}", 1.0))
    return kept.path(weights)


def whole(weights: Weights) -> bool:
    """Whether the weights are here and undamaged, in our own cache or another program's."""
    place = kept.find(weights)
    return place is not None and not kept.damaged(weights, place)


def _fetch(weights: Weights, report: Report) -> None:
    """Download what our own cache lacks: the small files first, so that a model whose network is there is complete."""
    there = kept.own(weights)
    bad = kept.damaged(weights, kept.Place(kept.folder(weights), there, True))
    lacking = [file for file in weights.files if file.path not in there or file in bad]
    total, done = sum(max(1, file.size) for file in lacking), 0
    for file in sorted(lacking, key=lambda file: (not file.optional, file.size)):
        share = max(1, file.size)
        part = within(report, done / total, (done + share) / total)
        _fetch_file(weights, file, lambda event, part=part: part(_called(event, weights)))
        done += share


def _rising(report: Report) -> Report:
    """A report that never falls: a file that changed on the way begins anew."""
    highest = 0.0

    def heard(event: Progress) -> None:
        nonlocal highest
        highest = max(highest, event.done)
        report(replace(event, done=highest))

    return heard


def _called(event: Progress, weights: Weights) -> Progress:
    return replace(event, stage=f"fetch {weights.name}")


def _fetch_file(weights: Weights, file: File, report: Report) -> None:
    """One file, whole and checked, under its name; where it is optional and nowhere, nothing."""
    place = kept.folder(weights) / file.path
    part = place.with_name(f"{place.name}.part")
    with _writing():
        place.parent.mkdir(parents=True, exist_ok=True)
        told = downloading.download(file.url, part, report)
    if told is None:
        if file.optional:
            return
        raise WeightsError(f"The publisher of {weights.name} has no {file.url} any more. Place {file.path} at {place}.")
    with _writing():
        found = records.sha256_of(part)
        first = "" if file.sha256 else records.expected(kept.record(weights), place)
        for wanted, whose in ((file.sha256, "layersr knows"), (told, "its publisher tells"), (first, "came first")):
            if wanted not in ("", found):
                part.unlink()
                raise WeightsError(_not_the_one(weights, file, whose))
        if file.md5 and downloading.md5_of(part) != file.md5:
            part.unlink()
            raise WeightsError(_not_the_one(weights, file, "its publisher tells"))
        descriptor = os.open(part, os.O_RDWR)
        try:
            os.fsync(descriptor)  # the rename must not overtake the bytes
        finally:
            os.close(descriptor)
        os.replace(part, place)
        records.note(kept.record(weights), place, found)


def _not_the_one(weights: Weights, file: File, whose: str) -> str:
    way = f"Run again: {kept.fetch_command(weights)}"
    if whose == "came first":  # nobody vouches for the file, and it changed
        way = f"If you trust the new one, run: layersr models remove {weights.name}"
    return f"What came from {file.url} is not the file that {whose}, and was thrown away. {way}"


def remove(weights: Weights) -> int:
    """Take weights, and what is known of them, out of our own cache; how many bytes that freed.

    Raises:
        OutputError: they cannot be removed.
    """
    base = kept.folder(weights)
    freed = sum(place.stat().st_size for place in base.rglob("*") if place.is_file())
    with _writing():
        if base.exists():
            shutil.rmtree(base)
        kept.record(weights).unlink(missing_ok=True)
    return freed


@contextmanager
def _alone(weights: Weights, report: Report) -> Iterator[None]:
    """Nobody else fetches these weights meanwhile; whoever comes second waits, and can be interrupted."""
    from filelock import FileLock, Timeout

    locks = kept.home() / ".locks"
    with _writing():
        locks.mkdir(parents=True, exist_ok=True)
        lock = FileLock(locks / f"{weights.name}.lock")
        held = False
        while not held:
            with suppress(Timeout):
                lock.acquire(timeout=0.2)
                held = True
            if not held:
                report(Progress(f"wait for another process that fetches {weights.name}", 0.0))
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _writing() -> Iterator[None]:
    """What goes wrong in our cache, as a sentence."""
    try:
        yield
    except OSError as error:
        way = f"Name a folder that can be written: {kept.HOME}=FOLDER"
        raise OutputError(f"The weights cannot be kept in {kept.home()} ({error.strerror or error}). {way}") from error
