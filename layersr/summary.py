"""What a run found, in figures and sentences: the content of `--report`."""

import tomllib
from dataclasses import asdict
from typing import Any

import numpy as np

import layersr
from layersr import color
from layersr.layers import Image, Layer, LayerStack, Provenance
from layersr.score import recomposition

UNSURE = 0.5
"""Confidence below which an element is worth a look."""

INVENTED = 0.5
"""Share of invented pixels above which a layer is worth a look."""

FARTHER = 0.3
"""How likely depth holds a layer nearer than one it lies above, below which the two are worth a look."""

TIGHT = 0.01
"""Travel, in widths of the canvas, below which a layer is worth a look before it is moved."""

FAINT = 0.25
"""Opacity that a faint layer nowhere exceeds."""


def summarise(image: Image, stack: LayerStack, written: LayerStack | None = None) -> dict[str, Any]:
    """What was found, how exact it is and what to check by hand, as JSON values.

    Args:
        image: the flat picture.
        stack: what was made of it.
        written: the same read back from the document, where one was written; the figures are then the document's.

    Returns:
        version, recipe, canvas, layers (bottom to top), recomposition, notes, check.
    """
    final = written or stack
    figures = asdict(recomposition(final, image.pixels))
    layers = [_layer(layer, stack, stack.width / image.width) for layer in stack.layers]
    return {
        "version": layersr.__version__,
        "recipe": tomllib.loads(stack.recipe),
        "image": {"width": image.width, "height": image.height, "depth": 8 * image.pixels.itemsize},
        "canvas": {"width": stack.width, "height": stack.height, "resolution": stack.resolution},
        "layers": layers,
        "recomposition": figures,
        "notes": list(dict.fromkeys((*stack.notes, *final.notes))),
        "check": _check(layers, figures, stack.width),
    }


def _layer(layer: Layer, stack: LayerStack, scale: float) -> dict[str, Any]:
    alpha = layer.pixels[..., 3]
    top = color.levels(alpha.dtype)
    coverage = float(alpha.sum(dtype=np.uint64)) / top
    return {
        "name": layer.name,
        **{name: getattr(layer, name) for name in ("left", "top", "width", "height")},
        "group": list(layer.group),
        "area": round(coverage / (stack.width * stack.height), 6),
        "strongest": round(float(alpha.max(initial=0)) / top * layer.opacity, 4),
        "provenance": provenance(layer),
        "facts": _facts(layer, scale),
    }


def _facts(layer: Layer, scale: float) -> dict[str, Any]:
    """What is known of a layer; how far it may be moved in pixels of the document."""
    facts = dict(layer.facts)
    if "travel" in facts:
        facts["travel"] = {way: n if n is None else int(n * scale) for way, n in facts["travel"].items()}
    return facts


def provenance(layer: Layer) -> dict[str, float] | None:
    """The shares of original, estimated and invented pixels among those that are there; None where nobody knows."""
    if layer.provenance is None:
        return None
    counts = np.bincount(layer.provenance.ravel(), minlength=len(Provenance))
    known = {kind.name.lower(): int(counts[kind]) for kind in Provenance if kind is not Provenance.NONE}
    total = max(1, sum(known.values()))
    return {name: round(count / total, 4) for name, count in known.items()}


def _check(layers: list[dict[str, Any]], figures: dict[str, Any], width: int) -> list[str]:
    """Sentences on what a person should look at, the gravest first."""
    sentences = []
    if figures["scale"] == 1 and not figures["identical"]:
        sentences.append(
            f"The flattened document differs from the picture (by up to {figures['max_error']:.2f} of 255); "
            "that should not happen: please report it."
        )
    if len(layers) < 2:
        sentences.append("Nothing was found worth lifting; point at it with --point, --box or --mask.")
    unsure = {layer["name"]: layer["facts"].get("confidence") for layer in layers}
    unsure = {name: c for name, c in unsure.items() if isinstance(c, int | float) and c < UNSURE}
    if unsure:
        sentences.append(f"Found with little confidence, so may be no thing or several: {_list(unsure)}.")
    invented = {layer["name"]: (layer["provenance"] or {}).get("invented", 0) for layer in layers}
    invented = {name: share for name, share in invented.items() if share > INVENTED}
    if invented:
        sentences.append(f"Mostly invented, since hidden in the picture: {_list(invented)}; look at these alone.")
    turned = [
        f"“{layer['name']}” above “{other}”"
        for layer in layers
        for other, likely in layer["facts"].get("nearer", {}).items()
        if likely < FARTHER
    ]
    if turned:
        sentences.append(f"Shape and depth do not agree which lies above (--order turns it): {', '.join(turned)}.")
    held = [layer["name"] for layer in layers if _least(layer["facts"].get("travel")) < TIGHT * width]
    if held:
        names = ", ".join(f"“{name}”" for name in held)
        sentences.append(f"Moved, these soon show where they end under others or at the edge of the picture: {names}.")
    faint = {layer["name"]: layer["strongest"] for layer in layers if layer["strongest"] <= FAINT}
    if faint:
        sentences.append(f"Faint everywhere, so maybe a trace to be merged down: {_list(faint)}.")
    return sentences


def _list(shares: dict[str, float]) -> str:
    return ", ".join(f"“{name}” ({share:.0%})" for name, share in sorted(shares.items(), key=lambda item: item[1]))


def _least(travel: dict[str, int | None] | None) -> float:
    return float(min((n for n in (travel or {}).values() if n is not None), default=float("inf")))
