"""A picture as strokes of a brush: painted, drawn as SVG, and found, fast or by evolution."""

from layersr.strokes.covering import cover
from layersr.strokes.stroke import Stroke, paint, svg

__all__ = ["Stroke", "cover", "paint", "svg"]
