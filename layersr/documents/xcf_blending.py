"""Where GIMP shows a document otherwise than layersr does: avoided on the way out, told on the way in.

GIMP can blend in linear light and show a layer only where something is below it. Layersr blends encoded values over
whatever there is (`flattening`). Where GIMP's modes go beyond black and white before a half transparent layer is mixed
in (add, dodge, burn), those it had before 2.10 do not; but they show nothing where nothing is below, so they serve
where an opaque ground is. Its soft light is another function than the W3C's.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from layersr import color
from layersr.documents.xcf_spelling import LEGACY, MODES, NAMES, PERCEPTUAL, UNION, Property, stored_blend
from layersr.layers import PASS_THROUGH, Group, Layer, LayerStack

CLAMPED = {name: LEGACY.index(name) for name in ("add", "color-dodge", "color-burn")}
"""Modes of before 2.10 that stay between black and white, by name to GIMP's numbers."""

_SHOWN = ("normal", "dissolve")
"""Modes of before 2.10 that show a layer also where nothing is below it."""


def mode_number(blend: str, over_ground: bool) -> int:
    """GIMP's number of the mode that looks like ours.

    Args:
        blend: a blend mode.
        over_ground: whether what is below is opaque wherever the canvas shows it.
    """
    blend = stored_blend(blend)
    return CLAMPED[blend] if over_ground and blend in CLAMPED else MODES[blend]


def has_ground(layers: Sequence[Layer], width: int, height: int) -> bool:
    """Whether the lowest layer, in no group that could change it, is opaque all over the canvas."""
    if not layers:
        return False
    lowest, right, bottom = layers[0], layers[0].left + layers[0].width, layers[0].top + layers[0].height
    if lowest.left > 0 or lowest.top > 0 or right < width or bottom < height or lowest.group or lowest.mask:
        return False
    opaque = lowest.visible and lowest.opacity == 1 and lowest.blend == "normal"
    return opaque and bool(lowest.pixels[..., 3].min() == color.levels(lowest.pixels.dtype))


def is_through(path: tuple[str, ...], groups: Mapping[tuple[str, ...], Group]) -> bool:
    """Whether the groups of a path all pass through, so that what is in them is laid on what is below them."""
    return all(groups.get(path[:depth], Group()).blend == PASS_THROUGH for depth in range(1, len(path) + 1))


def different(stack: LayerStack) -> list[str]:
    """Names of the layers and groups that GIMP shows otherwise than we do."""
    ground = has_ground(stack.layers, stack.width, stack.height)
    owners = [(layer.name, layer.blend, layer.group) for layer in stack.layers]
    owners += [(path[-1], group.blend, path[:-1]) for path, group in stack.groups.items()]
    return [
        name
        for name, blend, around in owners
        if blend == "soft-light" or (blend in CLAMPED and not (ground and is_through(around, stack.groups)))
    ]


@dataclass(frozen=True)
class Blending:
    """How GIMP lays a layer.

    Attributes:
        linear: it mixes light where the layer is half transparent.
        mode_linear: its mode is computed on light.
        clips: it shows only where something is below it.
    """

    linear: bool
    mode_linear: bool
    clips: bool

    @classmethod
    def of(cls, properties: Mapping[int, bytes], mode: int) -> "Blending":
        """What the properties of a layer say; GIMP stores its own choices as negative numbers."""
        if mode < len(LEGACY) or mode not in NAMES:
            return cls(False, False, mode in NAMES and LEGACY[mode] not in _SHOWN)
        composite, blend, way = (
            abs(struct.unpack(">i", properties.get(kind, bytes(4)))[0])
            for kind in (Property.COMPOSITE_SPACE, Property.BLEND_SPACE, Property.COMPOSITE_MODE)
        )
        return cls(composite != PERCEPTUAL, mode != MODES["normal"] and blend != PERCEPTUAL, way not in (0, UNION))


def told(stack: LayerStack, blending: Sequence[Blending]) -> tuple[list[str], list[str]]:
    """Names of the layers that look different in GIMP than they are shown here.

    Args:
        stack: as read.
        blending: of each layer.

    Returns:
        those that GIMP blends in linear light, and those that it shows only where something is below them.
    """
    ground = has_ground(stack.layers, stack.width, stack.height)
    linear, clipped = [], []
    for layer, how in zip(stack.layers, blending, strict=True):
        if how.mode_linear or (how.linear and _is_soft(layer)):
            linear.append(layer.name)
        first = layer is stack.layers[0]
        if how.clips and not layer.clipped and not first and not (ground and is_through(layer.group, stack.groups)):
            clipped.append(layer.name)
    return linear, clipped


def _is_soft(layer: Layer) -> bool:
    """Whether it is half transparent anywhere."""
    alpha = layer.pixels[..., 3]
    masked = layer.mask is not None and layer.mask.active
    return layer.opacity < 1 or masked or bool(np.any((alpha > 0) & (alpha < color.levels(alpha.dtype))))
