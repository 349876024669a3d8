"""XCF of people who mean harm ends in one sentence, and asks for no more memory than it has bytes for."""

import resource
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from document_stacks import noise
from hypothesis import given
from hypothesis import strategies as st
from xcf_builder import RUNS, ZLIB, File, Thing, packed, parasite, prop, text

from layersr import documents
from layersr.documents.xcf_tiles import unpack_runs
from layersr.errors import InputError

PIXELS = noise(0, 10, 20, np.uint8)


def backward(file: File, path: Path) -> None:
    """The pixels of a layer are the layer."""
    file.things = [Thing(PIXELS)]
    file.write(path)
    data = path.read_bytes()
    at = data.index(text("layer")) + len(text("layer")) + 8
    path.write_bytes(data[:at] + file.link(at - 30) + data[at + 8 :])


def bomb(file: File, path: Path) -> None:
    """All tiles of a huge layer are the same few bytes."""
    file.size = (64, 64)
    file.things = [Thing(np.zeros((64, 64, 4), np.uint8))]
    file.write(path)
    data, side = path.read_bytes(), 64 * 150
    old, new = struct.pack(">2I", 64, 64), struct.pack(">2I", side, side)
    tile = data[-len(zlib.compress(bytes(64 * 64 * 4))) :]
    body = data[: -len(tile) - 16].replace(old, new)
    path.write_bytes(body + file.link(*[len(body) + 8 * 22501] * 22500, 0) + tile)


def long_tile(file: File, path: Path) -> None:
    """A tile that unpacks to more than a tile."""
    file.packing = ZLIB
    file.things = [Thing(np.zeros((10, 20, 4), np.uint8))]
    file.write(path)
    whole = path.read_bytes()
    tile = zlib.compress(bytes(10 * 20 * 4))
    path.write_bytes(whole[: -len(tile)] + zlib.compress(bytes(10**8)))


def empty_runs(file: File, path: Path) -> None:
    """Codes that stand for nothing."""
    file.packing = RUNS
    file.things = [Thing(np.zeros((10, 20, 4), np.uint8))]
    file.write(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: -len(packed(file.things[0].values, RUNS, ">"))] + b"\x80\0\0" * 10**6)


def things(*given: Thing, **change: object) -> Callable[[File, Path], None]:
    def write(file: File, path: Path) -> None:
        file.things = list(given)
        for name, value in change.items():
            setattr(file, name, value)
        file.write(path)

    return write


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (things(Thing(PIXELS), again=5000), "in one another"),
        (backward, "another size"),
        (bomb, "in one another"),
        (long_tile, "too long"),
        (empty_runs, "cut short"),
        (things(Thing(None, size=(2**31, 2**31))), "cannot be"),
        (things(Thing(None, size=(2**32 - 1, 1))), "cannot be"),
        (things(size=(0, 10)), "empty canvas"),
        (things(size=(10**6, 10)), "cannot be"),
        (things(base=3), "does not know"),
        (things(precision=151), "does not know"),
        (things(precision=900), "does not know"),
        (things(base=2, precision=250), "does not know"),
        (things(version=100), "CinePaint"),
        (things(Thing(PIXELS, kind=3)), "another kind"),
        (things(Thing(PIXELS), packing=3), "unknown way"),
        (things(Thing(PIXELS, kind=7)), "another kind"),
        (things(Thing(PIXELS, size=(21, 10))), "cut short"),
        (things(Thing(PIXELS, properties=prop(30, "2I", 7, 0))), "damaged"),
        (things(Thing(PIXELS), Thing(PIXELS, properties=prop(30, "2I", 0, 0))), "no group"),
        (things(Thing(PIXELS, properties=prop(30, "101I", *range(101)))), "too deep"),
        (things(Thing(PIXELS, properties=struct.pack(">II", 99, 2**32 - 1))), "cut short"),
        (things(Thing(PIXELS, properties=struct.pack(">III", 21, 4, 2**32 - 1))), "cut short"),
        (things(Thing(PIXELS, properties=prop(7, "H", 1))), "damaged"),
        (things(Thing(PIXELS, mask=PIXELS[..., :1], properties=parasite("layersr-mask", b"x"))), "damaged"),
        (things(properties=parasite("layersr-manifest", b"x")), "layersr block"),
        (things(properties=prop(1, "I", 2**32 - 1)), "cut short"),
    ],
)
def test_harm_is_refused_in_little_room(tmp_path: Path, harm: Callable[[File, Path], None], message: str):
    harm(File(), tmp_path / "x.xcf")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match=message):
        documents.read(tmp_path / "x.xcf")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@given(st.binary(max_size=200), st.integers(1, 300), st.integers(1, 4))
def test_unpacking_never_runs_away(data: bytes, pixels: int, depth: int):
    try:
        out, taken = unpack_runs(data, pixels, depth)
    except ValueError:
        return
    assert len(out) == pixels * depth
    assert taken <= len(data)
