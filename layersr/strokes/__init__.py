"""A picture as strokes of a brush: painted, drawn as SVG, and found, fast or by evolution."""

from layersr.strokes.covering import cover, rework
from layersr.strokes.stroke import Stroke, moved, paint, svg

__all__ = ["Stroke", "cover", "moved", "paint", "rework", "svg"]
