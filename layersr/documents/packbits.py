"""PackBits, the run-length code of PSD, by the encoder inside OpenCV: libtiff's, for TIFF has the same code.

A plane is encoded as a TIFF of one row a strip, whose strips are just what a PSD wants. It is done outside of the
interpreter's lock, so all cores can pack; psd-tools' own encoder holds it. Source: TIFF 6.0, sections 2 and 9.
"""

import struct

import cv2
import numpy as np

from layersr.arrays import Plane

PACKBITS = 32773
_COUNT, _FIELD = struct.Struct("<H"), struct.Struct("<HHII")
_OFFSETS, _LENGTHS = 273, 279
_FORMS = {3: "<u2", 4: "<u4"}


def encode(plane: Plane) -> tuple[bytes, np.ndarray]:
    """The rows of a plane, big-endian, each packed on its own: one after the other, and the length of each.

    Any PackBits decoder gives the rows back.
    """
    if not plane.size:
        return b"", np.zeros(len(plane), np.uint32)
    rows = np.ascontiguousarray(plane).astype(plane.dtype.newbyteorder(">"), copy=False).view(np.uint8)
    settings = [cv2.IMWRITE_TIFF_COMPRESSION, PACKBITS, cv2.IMWRITE_TIFF_ROWSPERSTRIP, 1]
    file = cv2.imencode(".tiff", rows, settings)[1].tobytes()
    fields = _fields(file)
    offsets, lengths = fields[_OFFSETS], fields[_LENGTHS]
    packed = b"".join([file[at : at + length] for at, length in zip(offsets.tolist(), lengths.tolist(), strict=True)])
    return packed, lengths


def _fields(file: bytes) -> dict[int, np.ndarray]:
    """The numbers of a TIFF's first directory by their tags."""
    (directory,) = struct.unpack_from("<I", file, 4)
    (count,) = _COUNT.unpack_from(file, directory)
    found = {}
    for entry in range(directory + _COUNT.size, directory + _COUNT.size + count * _FIELD.size, _FIELD.size):
        tag, kind, values, place = _FIELD.unpack_from(file, entry)
        if tag in (_OFFSETS, _LENGTHS):
            form = np.dtype(_FORMS[kind])
            # What fits into the entry stands there.
            at = entry + 8 if values * form.itemsize <= 4 else place
            found[tag] = np.frombuffer(file, form, values, at)
    return found
