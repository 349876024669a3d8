"""What the page is told of a stack, as JSON values: the tree of its layers, their pictures, the report."""

import base64
import io
import tomllib
from collections.abc import Mapping
from dataclasses import astuple, replace
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pillow

from layersr import color, references
from layersr.arrays import Codes, Pixels
from layersr.flattening import flatten
from layersr.groups import walk
from layersr.layers import Group, Image, Layer, LayerStack, Provenance
from layersr.summary import provenance, summarise
from layersr.travel import rough_travel
from layersr.viewing.shrinking import shrunk

SAME = 1
"""Code values that an original may differ from what is shown and need no picture of its own."""


def told(stack: LayerStack, longest: int, original: Image | None, title: str) -> dict[str, Any]:
    """All that the page knows.

    Args:
        stack: any document.
        longest: pixels, of the longest side of the pictures in the page.
        original: what it is compared with; None for the stack's own reference, else for what it flattens to.
        title: of the page.
    """
    kept = next((layer for layer in stack.layers if layer.name == references.ORIGINAL and not layer.visible), None)
    looked_up = (references.ORIGINAL, references.PROVENANCE)
    stack = stack.with_layers(tuple(x for x in stack.layers if x.visible or x.name not in looked_up))
    small = shrunk(stack, longest)
    source = original if original is not None else _source(kept, stack)
    reference = source.pixels if source is not None else kept.pixels if kept is not None else None
    return {
        "title": title,
        "width": small.width,
        "height": small.height,
        "document": {"width": stack.width, "height": stack.height, "bits": 8 * stack.dtype.itemsize},
        "tree": _tree(stack, small),
        "original": None if reference is None else _reference(reference, stack, small),
        "compared": "the original" if reference is not None else "the picture as it was opened",
        "colours": {kind.name.lower(): colour for kind, colour in references.COLOURS.items()},
        "report": _report(stack, source),
    }


def _source(kept: Layer | None, stack: LayerStack) -> Image | None:
    """The picture that a stack was made from, a pixel of every block of the reference; None where that is not known."""
    if kept is None or not stack.recipe:
        return None
    recipe = tomllib.loads(stack.recipe)
    scale = recipe.get("scale", 1)
    if recipe.get("size") or recipe.get("dpi") or kept.height % scale or kept.width % scale:
        return None
    return Image(np.ascontiguousarray(kept.pixels[::scale, ::scale]))


def _reference(pixels: Pixels, stack: LayerStack, small: LayerStack) -> str | None:
    """The picture to compare with, as large as the page's; None where it is what the layers show anyway."""
    alone = LayerStack(pixels.shape[1], pixels.shape[0], (Layer("original", pixels),), stack.icc)
    shown = flatten(shrunk(alone, max(small.width, small.height)))
    if shown.shape != (small.height, small.width, 4):  # it is smaller: every pixel a block
        shown = cv2.resize(shown, (small.width, small.height), interpolation=cv2.INTER_NEAREST)
    seen = np.abs(flatten(small).astype(np.int16) - shown)
    return None if seen.max(initial=0) <= SAME else webp(shown)


def _tree(stack: LayerStack, small: LayerStack) -> list[dict[str, Any]]:
    """Layers and groups, back to front; a group has `children`."""
    travels = [list(astuple(way)) for way in rough_travel(stack)]
    index = {id(layer): n for n, layer in enumerate(small.layers)}
    root: list[dict[str, Any]] = []
    open_lists, path = [root], ()
    for kind, what in walk(small.layers):
        if kind == "open":
            path = (*path, what)
            children: list[dict[str, Any]] = []
            group = _group(what, small.groups.get(path, Group()), small)
            open_lists[-1].append({**group, "children": children})
            open_lists.append(children)
        elif kind == "close":
            path = path[:-1]
            open_lists.pop()
        else:
            n = index[id(what)]
            open_lists[-1].append(_layer(stack.layers[n], what, travels[n]))
    return root


def _group(name: str, group: Group, small: LayerStack) -> dict[str, Any]:
    mask = None
    if group.mask is not None and group.mask.active:
        through = group.mask.over(0, 0, small.width, small.height)
        mask = webp(np.dstack([np.zeros((*through.shape, 3), np.uint8), through]))
    shown = {key: getattr(group, key) for key in ("opacity", "visible", "blend")}
    return {"name": name, "mask": mask, "locks": sorted(group.locks), **shown}


def _layer(layer: Layer, small: Layer, travel: list[int | None]) -> dict[str, Any]:
    keys = ("name", "opacity", "visible", "blend", "clipped")
    place = ("left", "top", "width", "height")
    confidence = layer.facts.get("confidence")
    return {
        **{key: getattr(layer, key) for key in keys},
        **{key: getattr(small, key) for key in place},
        "place": [getattr(layer, key) for key in place],
        "image": webp(small.pixels) if small.pixels.size else None,
        "known": layer.blend in color.BLEND,
        "locks": sorted(layer.locks),
        "masked": layer.mask is not None and layer.mask.active,
        "adjustment": layer.adjustment is not None,
        "provenance": _codes(small.provenance),
        "shares": provenance(layer),
        "confidence": confidence if isinstance(confidence, int | float) else None,
        "travel": travel,
    }


def _codes(codes: Codes | None) -> str | None:
    """Provenance as a picture of few colours; None where all is the artist's own, or nobody knows."""
    if codes is None or not (codes >= Provenance.ESTIMATED).any():
        return None
    table = np.zeros((len(Provenance), 4), np.uint8)
    for kind, colour in references.COLOURS.items():
        table[kind] = (*colour, 255)
    return webp(table[codes])


def webp(pixels: Pixels) -> str:
    """A picture as base64, every visible pixel kept."""
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, "WEBP", lossless=True, method=0)
    return base64.b64encode(file.getvalue()).decode("ascii")


def _report(stack: LayerStack, source: Image | None) -> dict[str, Any]:
    """What a run found and what to check; of documents that layersr did not make, what its reader could not keep."""
    if not stack.recipe:
        return {"made": None, "recomposition": None, "check": [], "notes": list(stack.notes)}
    compared = source if source is not None else Image(flatten(stack))
    found: Mapping[str, Any] = summarise(compared, replace(stack, icc=None))
    figures = found["recomposition"] if source is not None else None
    choices = {key: value for key, value in found["recipe"].items() if value not in ("", 0.0, [], False)}
    return {"made": choices, "recomposition": figures, "check": found["check"], "notes": found["notes"]}
