"""The readers under fire: `python tests/documents/fuzz.py [PLACE ...] [--minutes 60] [--seed 0] [--finds DIR]`.

Small documents of every format, our own and those at the places, are harmed (`mutations`) and read, flattened and
written again. A worker with little memory does it. What is no sentence for people (`LayersrError`), takes more than
`SECONDS` of the processor's time or `BYTES` of memory is a find: printed, with the fewest steps that lead there, and
its file kept. `test_finds.py` holds the finds of the past.
"""

import argparse
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import cv2
import numpy as np
from document_stacks import masked_scene, scene
from mutations import Parts, Step, harm, parts_of, put_together
from xcf_builder import RAW, RUNS, File, Thing

from layersr import documents
from layersr.documents import guard
from layersr.errors import LayersrError
from layersr.flattening import flatten
from layersr.layers import LOCKS, Layer, LayerStack

SECONDS, PATIENCE = 5.0, 60.0
BYTES = 2**30
CLAIMS = 2**28
"""Bytes of pixels a document may have here."""

LARGEST = 400_000
"""Bytes of a file that is harmed."""

FORMATS = ("x.psd", "x.psb", "x.ora", "x.kra", "x.xcf", "x")


def full(dtype: type) -> LayerStack:
    """All that documents hold, small."""
    stack = masked_scene(dtype)
    low, soft, *rest = stack.layers
    codes = np.full(soft.pixels.shape[:2], 2, np.uint8)
    soft = replace(soft, provenance=codes, facts={"label": "猫", "deep": [1, {"a": None}]})
    curve = Layer("curve", np.zeros((0, 0, 4), dtype), adjustment=b"8BIMcurv\0\0\0\0")
    layers = tuple(replace(x, locks=LOCKS) if n % 2 else x for n, x in enumerate((low, soft, *rest, curve)))
    return replace(stack, layers=layers, recipe="scale = 2\n", credits={"creator": "Åsa", "title": "<猫>"})


def seeds(folder: Path, places: list[Path]) -> list[Path]:
    """Sound files of every format."""
    found = []
    for name in FORMATS:
        for kind, stack in {"8": full(np.uint8), "16": full(np.uint16), "plain": scene(np.uint8, 1, 40, 30)}.items():
            path = folder / f"{kind}{Path(name).suffix}"
            documents.write(stack, path)
            found.append(path)
    pixels = full(np.uint8).layers[1].pixels
    for version, packing in ((0, RUNS), (3, RUNS), (10, RAW), (20, RUNS)):
        things = [Thing(pixels, mask=pixels[..., :1]), Thing(pixels)]
        size = (pixels.shape[1], pixels.shape[0])
        found.append(File(version, size, packing=packing, things=things).write(folder / f"v{version}.xcf"))
    files = sorted(file for place in places for file in ([place] if place.is_file() else place.rglob("*")))
    return found + [f for f in files if f.suffix in documents.SUFFIXES and f.stat().st_size <= LARGEST]


@dataclass(frozen=True)
class Outcome:
    """What became of a file.

    Attributes:
        find: what went wrong, and where; "" where nothing did.
        read: whether it was read.
        trace: more of it.
    """

    find: str = ""
    read: bool = False
    trace: str = ""


def judge(path: Path, again: Path) -> Outcome:
    """Read, flatten and write."""
    _forget_peak()
    before, begun = _peak(), time.process_time()
    read, find, trace = False, "", ""
    try:
        stack = documents.read(path)
        read = True
        pixels = stack.width * stack.height + sum(layer.width * layer.height for layer in stack.layers)
        if pixels < 300_000 and len(stack.layers) < 50:
            flatten(stack)
            documents.write(stack, again)
    except LayersrError as error:
        sentence, cause = str(error), error.__cause__
        if isinstance(cause, MemoryError) and cause.__traceback__ is not None and not _told(cause):
            find, trace = f"memory asked for: {_place(cause)}", traceback.format_exc()
        elif not sentence.endswith(".") or "\n" in sentence:
            find = f"no sentence: {sentence[:200]!r}"
    except Exception as error:
        find, trace = f"{type(error).__name__}: {_place(error)}", traceback.format_exc()
    seconds, grown = time.process_time() - begun, _peak() - before
    if not find and seconds > SECONDS:
        find = f"slow: {seconds:.1f} s"
    if not find and grown > BYTES // 2:
        find = f"large: {grown >> 20} MB"
    return Outcome(find, read, trace)


def _told(error: BaseException) -> bool:
    return _frames(error)[-1].filename.endswith("guard.py")


def _frames(error: BaseException) -> traceback.StackSummary:
    return traceback.extract_tb(error.__traceback__)


def _place(error: BaseException) -> str:
    frames = [frame for frame in _frames(error) if "/layersr/" in frame.filename]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno} {error}"[:200] if frames else str(error)[:200]


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def work(pipe: Connection) -> None:
    """Judge files until the pipe closes."""
    cv2.setNumThreads(0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libpng says of every picture what is wrong with it
    guard.memory = lambda: CLAIMS
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + BYTES, used + BYTES))
    while True:
        try:
            path, again = pipe.recv()
        except EOFError:
            return
        pipe.send(judge(path, again))


class Worker:
    """A process that judges; begun anew when it dies or takes too long."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("fork").Process(target=work, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def judge(self, path: Path, again: Path) -> Outcome:
        """What becomes of a file."""
        self._pipe.send((path, again))
        find = f"slow: more than {PATIENCE} s"
        try:
            if self._pipe.poll(PATIENCE):
                return self._pipe.recv()
        except EOFError:
            self._process.join()
            find = f"died: {self._process.exitcode}"
        self._process.kill()
        self._process.join()
        self._begin()
        return Outcome(find)


def fewest(worker: Worker, parts: Parts, steps: list[Step], path: Path, again: Path, find: str) -> list[Step]:
    """The steps without those that do not matter."""
    for step in list(steps):
        fewer = [other for other in steps if other is not step]
        put_together(parts, fewer, path)
        if fewer and worker.judge(path, again).find.split(":")[0] == find.split(":")[0]:
            steps = fewer
    put_together(parts, steps, path)
    return steps


def main() -> None:
    """Fire until the time is over; the exit status says whether anything was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("places", nargs="*", type=Path, help="files and folders of documents to harm beside our own")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--finds", type=Path, default=Path("finds"))
    options = parser.parse_args()
    rng, end, known = random.Random(options.seed), time.monotonic() + 60 * options.minutes, set()
    cases, read = Counter(), Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sound").mkdir()
        files = seeds(folder / "sound", options.places)
        by_kind = {kind: [f for f in files if f.suffix == kind] for kind in (Path(n).suffix for n in FORMATS)}
        everything = {file: parts_of(file) for file in files}
        donors = [data for parts in everything.values() for data in parts.values() if data]
        worker = Worker()
        while time.monotonic() < end:
            kind = rng.choice(list(by_kind))
            file = rng.choice(by_kind[kind])
            steps = harm(rng, everything[file], donors)
            path, again = folder / f"harmed{kind}", folder / f"again{Path(rng.choice(FORMATS)).suffix}"
            put_together(everything[file], steps, path)
            outcome = worker.judge(path, again)
            cases[kind] += 1
            read[kind] += outcome.read
            if cases.total() % 5000 == 0:
                print(f"{cases.total()} documents, {read.total()} of them still read", flush=True)
            if outcome.find and (file.suffix, outcome.find.split(" ")[0:2][-1]) not in known:
                known.add((file.suffix, outcome.find.split(" ")[0:2][-1]))
                steps = fewest(worker, everything[file], steps, path, again, outcome.find)
                options.finds.mkdir(parents=True, exist_ok=True)
                kept = options.finds / f"{len(known):03d}_{file.stem}{kind}"
                path.replace(kept)
                print(f"{kept.name}: {outcome.find}\n  {file.name} {steps}"[:1500], flush=True)
                if outcome.trace:
                    kept.with_suffix(f"{kind}.txt").write_text(f"{file.name}\n{steps!r}\n{outcome.trace}")
    for kind, count in cases.items():
        print(f"{kind or 'folder':7} {count:7} harmed, {read[kind]:6} of them still read")
    print(f"{sum(cases.values())} documents, {len(known)} finds")
    sys.exit(bool(known))


if __name__ == "__main__":
    main()
