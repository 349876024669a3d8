"""Group masks and clipping in OpenRaster, which has neither but can say both.

The uppermost layer of an isolated group that is composited as `svg:dst-in` leaves of the group only what it covers
itself: it is the group's mask. A base and what is clipped to it become such a group too (`clipping`), in which the base
is opaque and its transparency is the mask. A group that passes through is written as an isolated one where its mask or
opacity makes readers treat it so.

That much everybody reads. Where a mask lies, what it says beyond that, and what was otherwise before stands beside it,
and comes back as it was. Source: the OpenRaster specification, on composite operators and isolation.
"""

import json
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from layersr.documents import clipping
from layersr.documents.archive import stored_text
from layersr.flattening import multiply
from layersr.groups import extent, walk
from layersr.layers import PASS_THROUGH, Group, Layer, LayerMask, LayerStack

MARKS = "layersr.marks"
"""The part of the archive that says what OpenRaster does not."""

KEEPS = "dst-in"
"""The blend mode of a layer that is a mask."""

Path = tuple[str, ...]


@dataclass(frozen=True)
class Marks:
    """What was otherwise before it was written, by the paths of groups as they are written.

    Attributes:
        clips: groups that are a base and what is clipped to it.
        through: groups that pass through.
        masks: left, top, width, height of masks, and what they say beyond.
    """

    clips: tuple[Path, ...] = ()
    through: tuple[Path, ...] = ()
    masks: dict[Path, tuple[int, int, int, int, bool]] = field(default_factory=dict)

    def dumps(self) -> bytes:
        """As JSON."""
        masks = [[list(path), *place] for path, place in self.masks.items()]
        return json.dumps({"clips": self.clips, "through": self.through, "masks": masks}).encode("ascii")

    @classmethod
    def loads(cls, block: bytes) -> "Marks":
        """Undo `dumps`.

        Raises:
            Exception: the block is damaged (ValueError, KeyError, TypeError); readers say it as an `InputError`.
        """
        found = json.loads(block)
        masks = {_path(path): (*map(int, place[:4]), bool(place[4])) for path, *place in found["masks"]}
        return cls(tuple(map(_path, found["clips"])), tuple(map(_path, found["through"])), masks)


def _path(names: list[Any]) -> Path:
    return tuple(map(str, names))


def _stored(path: Path) -> Path:
    return tuple(map(stored_text, path))


def without_layer_masks(stack: LayerStack) -> LayerStack:
    """The stack with what masks of layers hide made transparent; OpenRaster cannot say those."""
    return stack.with_layers(tuple(replace(x, pixels=_hidden(x), mask=None) for x in stack.layers))


def _hidden(layer: Layer) -> np.ndarray:
    mask, pixels = layer.mask, layer.pixels
    if mask is None or not mask.active or not pixels.size:
        return pixels
    through = mask.over(layer.left, layer.top, layer.width, layer.height)
    return np.dstack([pixels[..., :3], multiply(pixels[..., 3], through)])


def spelled(stack: LayerStack) -> tuple[LayerStack, Marks]:
    """The stack in OpenRaster's own words.

    Law: `meant(*spelled(s)) == s`, but for layers that are clipped to nothing.

    Args:
        stack: whose layers have no masks.
    """
    grouped, clips = clipping.as_groups(stack, stored_text)
    layers: list[Layer] = []
    masks: dict[Path, LayerMask] = {
        path: group.mask for path, group in grouped.groups.items() if group.mask is not None
    }
    lowest = {layer.group: layer for layer in reversed(grouped.layers) if layer.group in clips}
    masks |= {path: LayerMask(base.pixels[..., 3], base.left, base.top) for path, base in lowest.items()}
    path: Path = ()
    for kind, what in walk(grouped.layers):
        if kind == "open":
            path = (*path, what)
        elif kind == "close":
            if path in masks:
                layers.append(_as_layer(masks[path], path, grouped))
            path = path[:-1]
        else:
            layers.append(clipping.uncut(what) if lowest.get(what.group) is what else what)
    isolated = sorted(path for path, group in grouped.groups.items() if _isolates(group))
    groups = {
        path: replace(group, mask=None, blend="normal" if path in isolated else group.blend)
        for path, group in grouped.groups.items()
    }
    places = {
        _stored(path): (mask.left, mask.top, *mask.values.shape[::-1], mask.beyond)
        for path, mask in sorted(masks.items(), key=lambda item: item[0])
        if path not in clips
    }
    marks = Marks(tuple(map(_stored, clips)), tuple(map(_stored, isolated)), places)
    return replace(grouped, layers=tuple(layers), groups=groups), marks


def _isolates(group: Group) -> bool:
    """Whether a group that passes through is written as one that does not.

    Half transparent ones are isolated by the specification; Krita would give the opacity to each of their layers.
    """
    masked = group.mask is not None and group.mask.active
    return group.blend == PASS_THROUGH and (group.opacity != 1 or masked)


def _as_layer(mask: LayerMask, path: Path, stack: LayerStack) -> Layer:
    """A layer that leaves what a mask lets through; where it lets all through beyond, it covers all of the group."""
    height, width = mask.values.shape
    left, top, right, bottom = mask.left, mask.top, mask.left + width, mask.top + height
    if mask.beyond:
        boxes = np.array([(left, top, right, bottom), extent(stack, path)])
        left, top, right, bottom = (*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist())
    alpha = mask.over(left, top, right - left, bottom - top)
    pixels = np.zeros((*alpha.shape, 4), stack.dtype)
    pixels[..., 3] = alpha
    return Layer("mask", pixels, left, top, visible=mask.active, blend=KEEPS, group=path)


def meant(stack: LayerStack, marks: Marks) -> LayerStack:
    """What a stack as read means: group masks, and where the marks say so what was otherwise before."""
    masks, kept = _masks(stack, marks)
    groups = {**{path: Group() for path in masks}, **stack.groups}
    layers = list(kept)
    for path in set(marks.clips) & set(masks):
        places = [n for n, layer in enumerate(layers) if layer.group == path]
        if places:
            layers[places[0]] = clipping.recut(layers[places[0]], masks.pop(path))
    for path, mask in masks.items():
        groups[path] = replace(groups[path], mask=_placed(mask, marks.masks.get(path)))
    for path in set(marks.through) & set(groups):
        if groups[path].blend == "normal":
            groups[path] = replace(groups[path], blend=PASS_THROUGH)
    groups = {path: group for path, group in groups.items() if not group.usual}
    return clipping.from_groups(replace(stack, layers=tuple(layers), groups=groups), marks.clips)


def _masks(stack: LayerStack, marks: Marks) -> tuple[dict[Path, LayerMask], list[Layer]]:
    """The masks of groups, and the layers that are none."""
    masks: dict[Path, LayerMask] = {}
    kept: list[Layer] = []
    for layer, above in pairwise((*stack.layers, None)):
        uppermost = above is None or above.group[: len(layer.group)] != layer.group
        isolated = stack.groups.get(layer.group, Group()).blend != PASS_THROUGH or layer.group in marks.masks
        if layer.blend == KEEPS and layer.group and uppermost and isolated and layer.opacity == 1:
            alpha = layer.pixels[..., 3].astype(stack.dtype, copy=False)
            masks[layer.group] = LayerMask(alpha, layer.left, layer.top, active=layer.visible)
        else:
            kept.append(layer)
    return masks, kept


def _placed(mask: LayerMask, place: tuple[int, int, int, int, bool] | None) -> LayerMask:
    """A mask where it lay before it was written, if the layer that stands for it still covers that."""
    if place is None:
        return mask
    left, top, width, height, beyond = place
    rows, columns = top - mask.top, left - mask.left
    covered = 0 <= rows <= mask.values.shape[0] - height and 0 <= columns <= mask.values.shape[1] - width
    if width * height and not covered:
        return mask
    values = mask.values[rows : rows + height, columns : columns + width] if width * height else mask.values[:0, :0]
    return LayerMask(values.reshape(height, width), left, top, beyond, mask.active)
