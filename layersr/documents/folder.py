"""A folder of PNGs: one file a layer, layers.json that says how they lie, and the merged picture."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from layersr import color
from layersr.arrays import Pixels
from layersr.atomic import replacing_folder
from layersr.documents import png, xmp
from layersr.documents.guard import check_size, reading
from layersr.documents.merged import encoded
from layersr.errors import InputError, OutputError
from layersr.layers import LOCKS, Group, Layer, LayerMask, LayerStack, Provenance

LIST, MERGED, PROFILE, RECIPE = "layers.json", "merged.png", "profile.icc", "recipe.toml"
VERSION = 1


def write(stack: LayerStack, path: Path, merged: Pixels | None = None) -> None:
    """Write a folder; one that layersr wrote before is replaced.

    Laws: `read(write(s)) == s`; the same stack gives the same bytes; a failed or interrupted write leaves nothing.

    Args:
        stack: what to write.
        path: the folder.
        merged: `flatten(stack)`, where the caller has it already.

    Raises:
        OutputError: the place cannot be written, or a folder is there that holds other things.
    """
    _check_free(path)
    with replacing_folder(path) as folder:
        pixels = png.packed([layer.pixels for layer in stack.layers])
        entries = [
            _write_layer(folder, index, layer, packed, stack)
            for index, (layer, packed) in enumerate(zip(stack.layers, pixels, strict=True))
        ]
        groups = [
            {
                "path": list(path),
                **{name: getattr(group, name) for name in ("opacity", "visible", "blend")},
                "locks": sorted(group.locks),
                "mask": _write_mask(folder, f"group{index:02d}.mask.png", group.mask),
            }
            for index, (path, group) in enumerate(sorted(stack.groups.items()))
        ]
        said = xmp.packet(stack.credits, stack.recipe, "image/png")
        _write_png(folder / MERGED, encoded(stack, merged, png.pack), stack.width, stack.height, stack, said)
        (folder / PROFILE).write_bytes(stack.icc or color.srgb_profile())
        if stack.recipe:
            (folder / RECIPE).write_bytes(stack.recipe.encode("utf-8", "surrogatepass"))
        document = {
            "format": "layersr",
            "version": VERSION,
            "width": stack.width,
            "height": stack.height,
            "depth": stack.dtype.itemsize * 8,
            "resolution": stack.resolution,
            "icc": PROFILE,
            "recipe": RECIPE if stack.recipe else None,
            "merged": MERGED,
            "credits": dict(stack.credits),
            "layers": entries,
            "groups": groups,
        }
        (folder / LIST).write_text(json.dumps(document, indent=1) + "\n", "ascii", newline="\n")


def _check_free(path: Path) -> None:
    """Replacing a folder deletes it, so nothing but our own may be in it."""
    if not path.exists():
        return
    if not path.is_dir():
        raise OutputError(f"Cannot write the folder {path}: a file of that name is in the way.")
    try:
        present = {item.name for item in path.iterdir()}
        ours = _files(json.loads((path / LIST).read_bytes())) if LIST in present else set()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"its {LIST} is not from layersr; name another folder"
        raise OutputError(f"Cannot write the folder {path}: {reason}.") from error
    if present - ours:
        other = min(present - ours)
        raise OutputError(f"Cannot write the folder {path}: it holds other things ({other}); name another folder.")


def _files(document: dict[str, Any]) -> set[str]:
    """The names of all files a layers.json tells of."""
    layers = [layer[key] for layer in document["layers"] for key in ("file", "provenance")]
    masks = [owner.get("mask") for owner in (*document["layers"], *document.get("groups", ()))]
    layers += [mask["file"] for mask in masks if mask]
    return {LIST, *filter(None, [*layers, document["icc"], document["recipe"], document["merged"]])}


def _safe(name: str) -> str:
    """Letters, digits and a few signs every file system takes, and never too long."""
    return re.sub(r"[^\w\-]+", "_", name).strip("_").encode()[:80].decode("utf-8", "ignore")


def _write_png(
    path: Path, packed: Iterator[png.Strip], width: int, height: int, stack: LayerStack, said: bytes | None = None
) -> None:
    icc = stack.icc or color.srgb_profile()
    with path.open("wb") as file:
        png.assemble(file, packed, width, height, stack.dtype, icc, stack.resolution, said)


def _write_layer(
    folder: Path, index: int, layer: Layer, packed: Iterator[png.Strip], stack: LayerStack
) -> dict[str, Any]:
    stem = f"{index:02d}_{_safe(layer.name)}".rstrip("_")
    file = f"{stem}.png" if layer.pixels.size else None
    if file:
        _write_png(folder / file, packed, layer.width, layer.height, stack)
    codes = layer.provenance
    provenance = f"{stem}.provenance.png" if codes is not None and codes.size else None
    if provenance:
        with (folder / provenance).open("wb") as out:
            png.write(out, png.bands_of(codes), layer.width, layer.height, np.dtype(np.uint8))
    return {
        "name": layer.name,
        "file": file,
        "left": layer.left,
        "top": layer.top,
        "width": layer.width,
        "height": layer.height,
        "opacity": layer.opacity,
        "visible": layer.visible,
        "blend": layer.blend,
        "group": list(layer.group),
        "mask": _write_mask(folder, f"{stem}.mask.png", layer.mask),
        "clipped": layer.clipped,
        "locks": sorted(layer.locks),
        "adjustment": None if layer.adjustment is None else layer.adjustment.hex(),
        "provenance": "" if codes is not None and not codes.size else provenance,
        "facts": dict(layer.facts),
    }


def _write_mask(folder: Path, file: str, mask: LayerMask | None) -> dict[str, Any] | None:
    if mask is None:
        return None
    height, width = mask.values.shape
    if mask.values.size:
        with (folder / file).open("wb") as out:
            png.write(out, png.bands_of(mask.values), width, height, mask.values.dtype)
    place = {name: getattr(mask, name) for name in ("left", "top", "beyond", "active")}
    return {"file": file if mask.values.size else None, "width": width, "height": height, **place}


def read(path: Path) -> LayerStack:
    """Read a folder that layersr wrote (or anybody, by the same layers.json).

    Raises:
        InputError: there is no layers.json, or it or a picture is damaged.
    """
    with reading(path, "folder of layers"):
        if not path.is_dir():
            raise InputError(f"Cannot read {path}: there is no such folder.")
        if not (path / LIST).is_file():
            raise InputError(f"Cannot read {path}: the folder has no {LIST}.")
        document = json.loads(_bytes(path, LIST))
        width, height = int(document["width"]), int(document["height"])
        check_size(width, height, "canvas")
        if width == 0 or height == 0:
            raise InputError(f"{path} has an empty canvas.")
        dtype = {8: np.uint8, 16: np.uint16}[document["depth"]]
        layers = tuple(_read_layer(path, entry, dtype) for entry in document["layers"])
        resolution = document["resolution"]
        icc = _bytes(path, document["icc"]) if document["icc"] else None
        return LayerStack(
            width,
            height,
            layers,
            icc=None if icc == color.srgb_profile() else icc,
            resolution=None if resolution is None else (float(resolution[0]), float(resolution[1])),
            groups=dict(_read_group(path, entry, dtype) for entry in document.get("groups", ())),
            credits={str(name): str(text) for name, text in document.get("credits", {}).items()},
            recipe=_bytes(path, document["recipe"]).decode("utf-8", "surrogatepass") if document["recipe"] else "",
        )


def _bytes(folder: Path, name: str) -> bytes:
    if Path(name).name != name or "\\" in name or name in ("", ".", ".."):
        raise InputError(f"The {LIST} of {folder} points outside of it ({name}).")
    file = folder / name
    if not file.is_file() or file.resolve().parent != folder.resolve():  # a link may lead anywhere, a pipe has no end
        raise InputError(f"The {name} of {folder} is no file in it.")
    return file.read_bytes()


def _read_layer(folder: Path, entry: dict[str, Any], dtype: type) -> Layer:
    if entry["file"]:
        pixels = png.decode(_bytes(folder, entry["file"]))
        pixels = pixels if pixels.dtype == dtype else _to(pixels, dtype)
    else:
        check_size(int(entry["width"]), int(entry["height"]), "layer")
        if entry["width"] * entry["height"]:
            raise InputError(f"The layer “{entry['name']}” of {folder} has no file.")
        pixels = np.zeros((int(entry["height"]), int(entry["width"]), 4), dtype)
    provenance = None
    if entry["provenance"]:
        provenance = png.decode_grey(_bytes(folder, entry["provenance"]))
        if provenance.dtype != np.uint8 or provenance.max() > max(Provenance):
            raise InputError(f"The provenance map of “{entry['name']}” in {folder} holds unknown codes.")
    elif entry["provenance"] == "":
        provenance = np.zeros(pixels.shape[:2], np.uint8)
    return Layer(
        name=str(entry["name"]),
        pixels=pixels,
        left=int(entry["left"]),
        top=int(entry["top"]),
        opacity=min(1.0, max(0.0, float(entry["opacity"]))),
        visible=bool(entry["visible"]),
        blend=str(entry["blend"]),
        group=tuple(str(name) for name in entry["group"]),
        mask=_read_mask(folder, entry.get("mask"), dtype),
        clipped=bool(entry.get("clipped", False)),
        locks=LOCKS & set(entry.get("locks", ())),
        adjustment=bytes.fromhex(entry["adjustment"]) if entry.get("adjustment") else None,
        provenance=provenance,
        facts=dict(entry["facts"]),
    )


def _read_group(folder: Path, entry: dict[str, Any], dtype: type) -> tuple[tuple[str, ...], Group]:
    opacity = min(1.0, max(0.0, float(entry["opacity"])))
    mask = _read_mask(folder, entry["mask"], dtype)
    locks = LOCKS & set(entry.get("locks", ()))
    return tuple(map(str, entry["path"])), Group(opacity, bool(entry["visible"]), str(entry["blend"]), mask, locks)


def _read_mask(folder: Path, entry: dict[str, Any] | None, dtype: type) -> LayerMask | None:
    if entry is None:
        return None
    if entry["file"]:
        values = png.decode_grey(_bytes(folder, entry["file"]))
        if values.dtype != dtype:
            raise InputError(f"The mask {entry['file']} in {folder} has another depth than the layers.")
    else:
        check_size(int(entry["width"]), int(entry["height"]), "mask")
        if entry["width"] * entry["height"]:
            raise InputError(f"A mask of {folder} has no file.")
        values = np.zeros((int(entry["height"]), int(entry["width"])), dtype)
    return LayerMask(values, int(entry["left"]), int(entry["top"]), bool(entry["beyond"]), bool(entry["active"]))


def _to(pixels: Pixels, dtype: type) -> Pixels:
    """A picture somebody saved at the other depth."""
    return color.to_8bit(pixels) if dtype == np.uint8 else pixels.astype(np.uint16) * np.uint16(257)
