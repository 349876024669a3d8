"""Frozen values as bytes, and what identifies them: arrays, numbers, text, and layersr's own dataclasses of those.

The bytes are a zip of arrays in numpy's own format beside one JSON text that says what stands where; nothing in them
is ever executed. Law: `loads(dumps(value))` equals the value in every bit, the arrays' order in memory included, on
which sums of floats depend.
"""

import hashlib
import importlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from layersr.roles import Detection

Tree = Any
"""What JSON can say; whatever is more than a number or a text is an object of one entry, named by its kind."""


def digest(value: Any) -> str:
    """What identifies a value, in hex: equal for equal values only.

    Raises:
        TypeError: it holds something that is no frozen value.
    """
    arrays: list[np.ndarray] = []
    found = hashlib.blake2b(json.dumps(_tree(value, arrays)).encode(), digest_size=20)
    for array in arrays:
        found.update(f"{array.dtype.str}{array.shape}".encode())
        found.update(np.asarray(array, order="C").data if array.size else b"")
    return found.hexdigest()


def dumps(value: Any) -> bytes:
    """The value as bytes; an array that occurs again is kept once.

    Raises:
        TypeError: it holds something that is no frozen value.
    """
    arrays: list[np.ndarray] = []
    tree = _tree(value, arrays)
    places: dict[str, int] = {}
    at = [places.setdefault(digest(array), len(places)) for array in arrays]
    orders = [_order(array) for array in arrays]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("value.json", json.dumps({"value": tree, "at": at, "orders": orders}))
        for place in range(len(places)):
            array = arrays[at.index(place)]
            with archive.open(f"{place}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array, order="C"), allow_pickle=False)
    return out.getvalue()


def loads(data: bytes) -> Any:
    """The value again.

    Raises:
        ValueError: the bytes are not what `dumps` gives.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            document = json.loads(archive.read("value.json"))
            arrays = [
                _ordered(np.lib.format.read_array(io.BytesIO(archive.read(f"{place}.npy")), allow_pickle=False), order)
                for place, order in zip(document["at"], document["orders"], strict=True)
            ]
        return _value(document["value"], arrays)
    except (zipfile.BadZipFile, KeyError, TypeError, AttributeError, ImportError, EOFError, OSError) as error:
        raise ValueError(f"not a value that was kept: {error}") from error


def _tree(value: Any, arrays: list[np.ndarray]) -> Tree:
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.hasobject:
            raise TypeError("an array of objects is no frozen value")
        arrays.append(np.asarray(value))
        return {"array": [len(arrays) - 1, isinstance(value, np.generic)]}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [_tree(item, arrays) for item in value]}
    if isinstance(value, Mapping):
        return {"dict": [[_tree(key, arrays), _tree(item, arrays)] for key, item in value.items()]}
    if isinstance(value, frozenset):
        return {"frozenset": sorted(value)}
    if isinstance(value, slice):
        return {"slice": [_tree(end, arrays) for end in (value.start, value.stop, value.step)]}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, Detection):
        window, inner = value.box
        shape = list(value.shape)
        return {"Detection": [_tree(item, arrays) for item in (shape, window, inner, value.score, value.label)]}
    if is_dataclass(value) and type(value).__module__.split(".")[0] == "layersr":
        inside = {field.name: _tree(getattr(value, field.name), arrays) for field in fields(value)}
        return {"of": [type(value).__module__, type(value).__name__, inside]}
    raise TypeError(f"{type(value).__name__} is no frozen value")


def _value(tree: Tree, arrays: list[np.ndarray]) -> Any:
    if not isinstance(tree, dict):
        return tree
    ((kind, inner),) = tree.items()
    if kind == "array":
        array = arrays[inner[0]]
        return array[()] if inner[1] else array
    if kind in ("list", "tuple"):
        items = [_value(item, arrays) for item in inner]
        return items if kind == "list" else tuple(items)
    if kind == "dict":
        return {_value(key, arrays): _value(item, arrays) for key, item in inner}
    if kind == "frozenset":
        return frozenset(inner)
    if kind == "slice":
        return slice(*(_value(end, arrays) for end in inner))
    if kind == "bytes":
        return bytes.fromhex(inner)
    if kind == "Detection":
        shape, window, selected, score, label = (_value(item, arrays) for item in inner)
        mask = np.zeros(shape, np.float32)
        mask[window] = selected
        return Detection(mask, score, label)
    module, name, inside = inner
    made = getattr(importlib.import_module(module), name) if module.split(".")[0] == "layersr" else None
    if not (isinstance(made, type) and is_dataclass(made)):
        raise ValueError(f"{module}.{name} is no frozen value")
    return made(**{field: _value(item, arrays) for field, item in inside.items()})


def _order(array: np.ndarray) -> list[int] | None:
    """Its axes from the slowest to the fastest in memory; None where that is as written."""
    if array.flags.c_contiguous:
        return None
    return [int(axis) for axis in np.argsort([-abs(step) for step in array.strides], kind="stable")]


def _ordered(array: np.ndarray, order: list[int] | None) -> np.ndarray:
    """The array with its axes in memory as they were."""
    if order is None:
        return array
    return np.ascontiguousarray(array.transpose(order)).transpose(np.argsort(order))
