"""Several layers as one that shows the same, or a sentence why no single layer can.

*Over* is associative (Porter and Duff, 1984), so layers that blend normally are one layer whatever lies below them. One
that blends otherwise is part of it only where what lies below it among them is opaque: there the rest has no say. Black
that multiplies and white that screens are the same as black and white laid over.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from layersr import color
from layersr.arrays import Codes
from layersr.editing.naming import referring
from layersr.editing.places import cropped
from layersr.editing.selecting import caster, clipped_to, quoted, selected
from layersr.editing.showing import pruned
from layersr.errors import UsageError
from layersr.flattening import flatten, with_shapes
from layersr.layers import GLOW, SHADOW, Group, Layer, LayerStack, Provenance


def among(stack: LayerStack, target: str) -> list[int]:
    """The layers that a list of names means, the first named one first; commas in names are no matter.

    Raises:
        UsageError: a name matches nothing.
    """
    parts, found = target.split(","), []
    while parts:
        for many in range(len(parts), 0, -1):  # "element 1, top" is one name
            try:
                units = selected(stack, ",".join(parts[:many]).strip())
            except UsageError:
                if many == 1:
                    raise
                continue
            found += [n for unit in reversed(units) for n in reversed(unit.layers)]
            parts = parts[many:]
            break
    return list(dict.fromkeys(found))


def merged(stack: LayerStack, target: str) -> tuple[LayerStack, list[str]]:
    """The stack with several layers as one, called as the first, in the place of the upper or the lower one.

    Law: the picture stays within one code value (soft edges are rounded once more), unless a sentence says otherwise.

    Returns:
        the stack, and a sentence where layers lie between that are now covered otherwise.

    Raises:
        UsageError: there is but one layer, or no single layer can show the same.
    """
    asked = among(stack, target)
    first = stack.layers[asked[0]]
    chosen = sorted({k for n in asked for k in (n, *clipped_to(stack, n))})
    layers = [stack.layers[n] for n in chosen]
    if len(chosen) < 2:
        raise UsageError(f"Only {quoted([first.name])} is so called; a merge needs two layers: --merge A,B.")
    clipped = _check(stack, chosen)
    place, over = _place(stack, chosen)
    if clipped:
        one = _one(stack.with_layers(tuple(replace(x, clipped=False) for x in layers)))
        one = replace(one, clipped=True)
    else:
        one = _one(stack.with_layers(tuple(layers)))
    facts = {"merged": [layer.name for layer in layers]}
    where = stack.layers[place]
    if all(layer.light is not None and layer.blend == "multiply" for layer in layers):
        facts |= {key: value for key, value in first.facts.items() if key in (SHADOW, GLOW)}
        one = replace(one, blend="multiply")
    one = replace(one, name=first.name, group=where.group, facts=facts, locks=frozenset())
    names = {layer.name: first.name for layer in layers}
    rest = [
        one if n == place else _cast_of(stack, n, chosen, referring(layer, names), first.name)
        for n, layer in enumerate(stack.layers)
        if n == place or n not in chosen
    ]
    told = [f"{quoted([first.name])} covers {quoted(over)} now, which lay between."] if over else []
    return pruned(stack.with_layers(tuple(rest))), told


def _cast_of(stack: LayerStack, index: int, chosen: Sequence[int], layer: Layer, name: str) -> Layer:
    """The layer; a shadow or glow of what is merged is that of the one layer."""
    if not layer.is_cast or caster(stack, index) not in chosen:
        return layer
    return replace(layer, facts={key: name if key in (SHADOW, GLOW) else v for key, v in layer.facts.items()})


def _check(stack: LayerStack, chosen: Sequence[int]) -> bool:
    """Refuse what no layer can show; whether all are clipped to the same base."""
    layers = [stack.layers[n] for n in chosen]
    if hidden := [x.name for x in layers if not x.visible or not all(g.visible for g in stack.around(x))]:
        raise UsageError(f"{quoted(hidden)} is hidden: --show it before it is merged, or leave it out.")
    if adjusting := [x.name for x in layers if x.adjustment is not None]:
        raise UsageError(f"{quoted(adjusting)} is an adjustment, which shows nothing by itself; leave it out.")
    shared = 0
    while all(len(x.group) > shared for x in layers) and len({x.group[: shared + 1] for x in layers}) == 1:
        shared += 1
    for layer in layers:
        for depth in range(shared + 1, len(layer.group) + 1):
            if not stack.groups.get(layer.group[:depth], Group()).plain:
                inside = "/".join(layer.group[:depth])
                raise UsageError(
                    f"The group “{inside}/” does more than hold layers; merge all that is in it by itself."
                )
    bases = {n: base for base in range(len(stack.layers)) for n in clipped_to(stack, base)}
    loose = {bases[n] for n in chosen if n in bases} - set(chosen)
    if not loose:
        return False
    if len(loose) == 1 and all(bases.get(n) in loose for n in chosen):
        if odd := [x.name for x in layers if x.blend != "normal"]:
            raise UsageError(f"{quoted(odd)} is clipped and blends with its base; merge the base as well.")
        return True
    names = quoted(stack.layers[base].name for base in loose)
    raise UsageError(f"Some of them are clipped to {names}; merge that as well, or only what is clipped to it.")


def _place(stack: LayerStack, chosen: Sequence[int]) -> tuple[int, list[str]]:
    """Where the one layer goes, and the names of what lies between and cannot be passed."""
    shapes = with_shapes(stack).layers
    between = [n for n in range(chosen[0], chosen[-1]) if n not in chosen and shapes[n].visible]
    for place, moved in ((chosen[-1], lambda k, m: k < m), (chosen[0], lambda k, m: k > m)):
        if not any(moved(k, m) and _overlap(shapes[k], shapes[m]) for k in chosen for m in between):
            return place, []
    return chosen[-1], [
        stack.layers[m].name for m in between if any(k < m and _overlap(shapes[k], shapes[m]) for k in chosen)
    ]


def _overlap(a: Layer, b: Layer) -> bool:
    left, top = max(a.left, b.left), max(a.top, b.top)
    right, bottom = min(a.left + a.width, b.left + b.width), min(a.top + a.height, b.top + b.height)
    if left >= right or top >= bottom:
        return False
    one, other = (x.pixels[top - x.top : bottom - x.top, left - x.left : right - x.left, 3] for x in (a, b))
    return bool(((one > 0) & (other > 0)).any())


def _one(stack: LayerStack) -> Layer:
    """The layers of a stack as one, flattened by themselves."""
    left, top = (min(getattr(x, side) for x in stack.layers) for side in ("left", "top"))
    right = max(x.left + x.width for x in stack.layers)
    bottom = max(x.top + x.height for x in stack.layers)
    layers = []
    for layer in stack.layers:
        mask = layer.mask
        mask = mask if mask is None else replace(mask, left=mask.left - left, top=mask.top - top)
        plain = layer.blend if not _laid_over(layer) else "normal"
        layers.append(replace(layer, left=layer.left - left, top=layer.top - top, group=(), mask=mask, blend=plain))
    alone = LayerStack(max(1, right - left), max(1, bottom - top), tuple(layers))
    for n, layer in enumerate(layers):
        if layer.blend != "normal" and not layer.clipped:
            _check_blending(alone, n)
    pixels = flatten(alone)
    return cropped(Layer("", pixels, left, top, provenance=_codes(alone, pixels)))


def _laid_over(layer: Layer) -> bool:
    light = layer.light
    return light is not None and (layer.blend == "multiply" or light.min() == color.levels(light.dtype))


def _check_blending(alone: LayerStack, index: int) -> None:
    shapes = with_shapes(alone).layers
    canvas, own = shapes[index].on_canvas(alone.width, alone.height)
    shown = shapes[index].pixels[own][..., 3] > 0
    below = flatten(replace(alone, layers=alone.layers[:index]))[canvas][..., 3] if index else np.zeros_like(shown)
    if (shown & (below < color.levels(alone.dtype))).any():
        layer = alone.layers[index]
        raise UsageError(
            f"“{layer.name}” blends by {layer.blend} with what lies below them, which no single layer can; "
            "merge that as well."
        )


def _codes(alone: LayerStack, pixels: np.ndarray) -> Codes | None:
    """Provenance from the top down: of what is seen wholly, or of the only one; estimated where several mix."""
    shapes = with_shapes(alone).layers
    if any(layer.provenance is None for layer in shapes):
        return None
    codes = np.zeros(pixels.shape[:2], np.uint8)
    hidden = np.zeros(pixels.shape[:2], bool)
    for layer in reversed(shapes):
        canvas, own = layer.on_canvas(alone.width, alone.height)
        alpha = layer.pixels[own][..., 3]
        here, shown = codes[canvas], (alpha > 0) & ~hidden[canvas]
        mixed = np.where(here == Provenance.NONE, layer.provenance[own], np.uint8(Provenance.ESTIMATED))
        here[shown] = mixed[shown]
        hidden[canvas] |= (alpha == color.levels(alpha.dtype)) & (layer.opacity == 1) & (layer.blend == "normal")
    return np.where(pixels[..., 3] > 0, codes, np.uint8(Provenance.NONE))
