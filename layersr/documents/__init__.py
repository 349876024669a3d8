"""Layered documents: a `LayerStack` to a file and back, by the file's suffix."""

import math
import os
from dataclasses import replace
from pathlib import Path

from layersr.arrays import Pixels
from layersr.documents import (
    clipping,
    folder,
    kra,
    kra_groups,
    kra_spelling,
    kra_writing,
    ora,
    psd,
    psd_baking,
    psd_reading,
    xcf,
    xcf_blending,
    xcf_reading,
    xcf_spelling,
)
from layersr.documents.guard import MAX_PLACE
from layersr.documents.guard import listed as _listed
from layersr.errors import InputError, OutputError
from layersr.layers import PASS_THROUGH, LayerStack

SUFFIXES = (".psd", ".psb", ".ora", ".kra", ".xcf")
"""The files layersr reads and writes; a path without suffix is a folder of PNGs."""

_KNOWN = "known are .psd, .psb, .ora, .kra, .xcf, and a folder (no suffix)"


def write(stack: LayerStack, path: str | os.PathLike[str], merged: Pixels | None = None, native: bool = False) -> Path:
    """Write a document, whole or not at all.

    What is too large for a PSD (30,000 pixels a side, 2 GB) becomes a `.psb` of that name, if none is there.

    Law: `read(path)` is the stack again: canvas, layers with names, offsets, opacity (in 256 steps), visibility, blend
    mode, masks (but see `losses`), pixels (also the colours where alpha is 0), provenance and facts, groups and what
    they do, ICC profile, resolution, recipe.
    The same stack gives the same bytes.

    Args:
        stack: what to write; its `notes` are not kept.
        path: `.psd`, `.psb`, `.ora`, `.kra`, `.xcf`; an existing folder, a path without suffix or ending in a slash
            becomes a folder of PNGs. A file that is there is replaced.
        merged: `flatten(stack)`, where the caller has it already; saves the time of flattening.
        native: a PSD keeps what Photoshop has and Krita ignores, clipping and the opacity of groups; else it says them
            by masks, which all applications show. Either way they come back as they were.

    Returns:
        where it was written.

    Raises:
        OutputError: the suffix is unknown, the place cannot be written, or the format cannot hold so large a document.
    """
    kind = _kind(path)
    if kind not in (*SUFFIXES, ""):
        raise OutputError(f"Cannot write {path}: layersr does not know {kind} documents; {_KNOWN}.")
    writers = {"": folder.write, ".ora": ora.write, ".kra": kra_writing.write, ".xcf": xcf.write}
    path = Path(path)
    if kind in writers:
        writers[kind](stack, path, merged)
        return path
    try:
        psd.write(stack, path, merged, native)
    except psd.TooLargeForPSD:
        larger = path.with_suffix(".psb")
        if larger.exists():  # nobody was asked whether that may go
            raise
        psd.write(stack, larger, merged, native)
        return larger
    return path


def losses(stack: LayerStack, path: str | os.PathLike[str], native: bool = False) -> tuple[str, ...]:
    """Sentences about what a document written there cannot keep as it is, or says otherwise.

    Args:
        stack: any.
        path: as for `write`.
        native: likewise.
    """
    masked = [layer.name for layer in stack.layers if layer.mask is not None]
    adjusting = [layer.name for layer in stack.layers if layer.adjustment is not None]
    if _kind(path) == ".kra":
        return (*_krita_losses(stack, adjusting), *_locks_told(stack, ".kra"))
    if _kind(path) in (".psd", ".psb"):
        return _photoshop_losses(stack, native)
    name = {".ora": "OpenRaster", ".xcf": "XCF"}.get(_kind(path))
    if name is None:
        return ()
    told = []
    if masked and name == "OpenRaster":
        told.append(f"OpenRaster has no layer masks; these became transparency: {_listed(masked)}. A PSD keeps them.")
    if adjusting:
        told.append(f"{name} has no adjustment layers; left out: {_listed(adjusting)}. A PSD keeps them.")
    if name == "XCF" and (odd := xcf_blending.different(clipping.as_groups(stack, str)[0])):
        told.append(f"GIMP computes the blend modes of these otherwise, so it shows them differently: {_listed(odd)}.")
    return (*told, *_locks_told(stack, _kind(path)))


def _photoshop_losses(stack: LayerStack, native: bool) -> tuple[str, ...]:
    """All is kept and comes back; but Krita 5 shows less of it than Photoshop, so what masks can say they say."""
    owners = [(layer.name, layer.mask) for layer in stack.layers]
    owners += [(path[-1], group.mask) for path, group in stack.groups.items()]
    through = {path for path, group in stack.groups.items() if group.blend == PASS_THROUGH}
    masked = {path for path, group in stack.groups.items() if group.mask is not None and group.mask.active}
    found = {
        "clipping": {(layer.name,) for layer in stack.layers if layer.clipped},
        "the opacity of groups": {path for path, group in stack.groups.items() if group.opacity != 1},
        "masks of groups that pass through": through & masked,
    }
    as_it_is = set(stack.groups) | {(layer.name,) for layer in stack.layers} if native else set(psd_baking.kept(stack))
    told = []
    for what, places in found.items():
        if baked := sorted(path[-1] for path in places - as_it_is):
            told.append(f"Krita ignores {what} in a PSD, so masks of groups say it: {_listed(baked)}.")
        if left := sorted(path[-1] for path in places & as_it_is):
            told.append(f"Krita ignores {what} in a PSD; kept, but seen differently there: {_listed(left)}.")
    if off := [name for name, mask in owners if mask is not None and not mask.active]:
        told.append(f"Krita takes masks that are switched off for ones in force: {_listed(off)}. A .kra is right.")
    return tuple(told)


def _krita_losses(stack: LayerStack, adjusting: list[str]) -> tuple[str, ...]:
    told = []
    if adjusting:
        told.append(f"Krita has no adjustment layers of this kind; left out: {_listed(adjusting)}. A PSD keeps them.")
    if groups := [path[-1] for path in stack.groups if kra_groups.differs(stack, path)]:
        told.append(
            "Krita shows the opacity and mask of groups that pass through in its own way; kept, but seen differently "
            f"there: {_listed(groups)}."
        )
    named = [(layer.name, layer.mask) for layer in stack.layers]
    named += [(path[-1], group.mask) for path, group in stack.groups.items()]
    if finer := [name for name, mask in named if mask is not None and kra_writing.finer(mask)]:
        told.append(f"Krita has masks of 8 bits; all 16 are kept, but it does not use them: {_listed(finer)}.")
    return tuple(told)


_LOCKING = {
    ".ora": ("OpenRaster locks all or nothing", ora.stored_locks),
    ".kra": ("Krita locks all, or the transparency of a layer", kra_spelling.stored_locks),
    ".xcf": ("GIMP locks of a group only the pixels in it", xcf_spelling.stored_locks),
}


def _locks_told(stack: LayerStack, kind: str) -> list[str]:
    """A sentence about the layers and groups that are locked otherwise there; layersr itself reads them exactly."""
    how, stored = _LOCKING[kind]
    found = [layer.name for layer in stack.layers if stored(layer.locks, False) != layer.locks]
    found += [path[-1] for path, group in stack.groups.items() if stored(group.locks, True) != group.locks]
    return [f"{how}; kept, but locked otherwise there: {_listed(found)}."] if found else []


def read(path: str | os.PathLike[str]) -> LayerStack:
    """Read a document. Layersr's own come back exactly, others as far as they go, with what was lost in `notes`.

    Raises:
        InputError: the file does not exist, is damaged, or is none of the known formats.
    """
    kind = _kind(path)
    if kind not in (*SUFFIXES, ""):
        raise InputError(f"Cannot read {path}: layersr does not know {kind} documents; {_KNOWN}.")
    readers = {"": folder.read, ".ora": ora.read, ".kra": kra.read, ".xcf": xcf_reading.read}
    reader = readers.get(kind, psd_reading.read)
    return _sound(reader(Path(path)), path)


def _sound(stack: LayerStack, path: str | os.PathLike[str]) -> LayerStack:
    """The stack, if it can be worked with: a resolution that is none is left out, a place nobody can mean refused."""
    masks = [owner.mask for owner in (*stack.layers, *stack.groups.values()) if owner.mask is not None]
    for what in (*stack.layers, *masks):
        if max(abs(what.left), abs(what.top)) > MAX_PLACE:
            raise InputError(f"{path} is damaged: a layer or mask lies {what.left}, {what.top} pixels off.")
    known = stack.resolution is None or all(0 < value < math.inf for value in stack.resolution)
    return stack if known else replace(stack, resolution=None)


def _kind(path: str | os.PathLike[str]) -> str:
    """The suffix in small letters, or "" for a folder."""
    if Path(path).is_dir() or os.fspath(path).endswith(("/", os.sep)):
        return ""
    return Path(path).suffix.lower()
