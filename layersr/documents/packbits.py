"""PackBits, the run-length code of PSD: psd-tools' compiled encoder where it is there, else a slower one of our own."""

from itertools import pairwise

import numpy as np

try:
    from psd_tools.compression import rle_impl

    _encode = rle_impl.encode
except (ImportError, AttributeError):
    _encode = None


def encode(row: bytes) -> bytes:
    """One row, packed on its own as PSD asks. Any PackBits decoder gives the row back."""
    return encode_slowly(row) if _encode is None else _encode(row)


def encode_slowly(row: bytes) -> bytes:
    """The same in plain Python: three or more equal bytes make a run, the rest is copied, in parts of at most 128."""
    if not row:
        return b""
    values = np.frombuffer(row, np.uint8)
    starts = np.append(np.flatnonzero(np.append(True, values[1:] != values[:-1])), len(row)).tolist()
    out, literal = bytearray(), 0
    for start, stop in pairwise(starts):
        if stop - start < 3:
            continue
        _copy(out, row[literal:start])
        for first in range(start, stop, 128):
            # A run of one is written as a copy: header 0.
            out += bytes([(257 - min(128, stop - first)) & 255, row[start]])
        literal = stop
    _copy(out, row[literal:])
    return bytes(out)


def _copy(out: bytearray, part: bytes) -> None:
    for first in range(0, len(part), 128):
        piece = part[first : first + 128]
        out.append(len(piece) - 1)
        out += piece
