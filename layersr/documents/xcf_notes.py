"""Where GIMP shows a document otherwise than layersr does, and who must be told.

GIMP can blend in linear light and show a layer only where something is below it. Layersr blends encoded values over
whatever there is (`flattening`), so it says which layers look different.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from layersr import color
from layersr.documents.xcf_spelling import LEGACY, PERCEPTUAL, UNION, Property
from layersr.layers import PASS_THROUGH, Group, Layer

NAMED = 8
"""Names listed in a sentence."""

_PLAIN = ("normal", "dissolve")


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
        if mode < len(LEGACY):
            return cls(False, False, LEGACY[mode] not in _PLAIN)
        composite, blend, way = (
            abs(struct.unpack(">i", properties.get(kind, bytes(4)))[0])
            for kind in (Property.COMPOSITE_SPACE, Property.BLEND_SPACE, Property.COMPOSITE_MODE)
        )
        return cls(composite != PERCEPTUAL, blend != PERCEPTUAL, way not in (0, UNION))


def looks(
    layers: Sequence[Layer],
    blending: Sequence[Blending],
    canvas: tuple[int, int],
    groups: Mapping[tuple[str, ...], Group],
) -> list[str]:
    """Sentences about what looks different in GIMP.

    Args:
        layers: back to front.
        blending: of each.
        canvas: width and height.
        groups: of the stack.
    """
    ground = bool(layers) and _fills(layers[0], canvas)
    linear, clipped = [], []
    for layer, how in zip(layers, blending, strict=True):
        mixes = layer.blend not in color.BLEND or layer.blend == "normal"
        if (how.linear and _is_soft(layer)) or (how.mode_linear and not mixes):
            linear.append(layer.name)
        around = [groups.get(layer.group[:k], Group()) for k in range(1, len(layer.group) + 1)]
        over_ground = ground and all(group.blend == PASS_THROUGH for group in around)
        if how.clips and layer is not layers[0] and not over_ground:
            clipped.append(layer.name)
    told = []
    if linear:
        told.append(f"GIMP blends in linear light, layersr encoded values, so these look different: {_listed(linear)}.")
    if clipped:
        told.append(f"In GIMP these show only where something is below them: {_listed(clipped)}.")
    return told


def _listed(names: list[str]) -> str:
    return ", ".join(f"“{name}”" for name in names[:NAMED]) + ("" if len(names) <= NAMED else ", ...")


def _fills(layer: Layer, canvas: tuple[int, int]) -> bool:
    """Whether a layer hides whatever is behind the canvas."""
    covers = layer.left <= 0 and layer.top <= 0 and layer.left + layer.width >= canvas[0]
    covers = covers and layer.top + layer.height >= canvas[1] and layer.visible and layer.mask is None
    return covers and layer.opacity == 1 and bool(layer.pixels[..., 3].min() == color.levels(layer.pixels.dtype))


def _is_soft(layer: Layer) -> bool:
    """Whether it is half transparent anywhere."""
    alpha = layer.pixels[..., 3]
    soft = np.any((alpha > 0) & (alpha < color.levels(alpha.dtype)))
    return layer.opacity < 1 or (layer.mask is not None and layer.mask.active) or bool(soft)
