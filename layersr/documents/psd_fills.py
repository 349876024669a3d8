"""Fill and shape layers that store no pixels: painted from what the document says of them, by psd-tools.

Plain colours and patterns, in their shape. Gradients need SciPy, which psd-tools brings with its extra `composite`.
"""

import numpy as np
from psd_tools import PSDImage
from psd_tools.api.layers import Layer
from psd_tools.constants import Tag
from psd_tools.psd import PSD
from psd_tools.psd.layer_and_mask import LayerRecord

from layersr.documents.guard import check_size
from layersr.documents.psd_planes import Plane

FILLS = {Tag.SOLID_COLOR_SHEET_SETTING, Tag.PATTERN_FILL_SETTING, Tag.GRADIENT_FILL_SETTING}

MOST = 2**28
"""Pixels that are painted in all: a fill takes a few bytes, its picture as much as the canvas, in floating point."""


class Fills:
    """The fill layers of one document.

    Args:
        document: it.
    """

    def __init__(self, document: PSD) -> None:
        self._document = document
        self._layers: dict[int, Layer] | None = None
        self._painted = 0

    def outlined(self, record: LayerRecord) -> bool:
        """Whether a shape has an outline too, which is not painted."""
        layer = self._layer(record)
        return bool(layer.has_stroke() and layer.stroke.enabled)

    def painted(self, record: LayerRecord) -> tuple[dict[int, Plane], int, int]:
        """The planes of a fill layer as the document would store them (-1 is alpha), left and top.

        Raises:
            ImportError: a package is missing.
            ValueError: the document does not say enough.
        """
        from psd_tools.composite.paint import create_fill
        from psd_tools.composite.vector import draw_vector_mask

        header, layer = self._document.header, self._layer(record)
        self._painted += header.width * header.height
        if self._painted > MOST:
            raise ValueError("too much to paint")
        colour, alpha = create_fill(layer, (0, 0, header.width, header.height))
        if colour is None:
            raise ValueError("nothing to paint it with")
        shape = np.ones((header.height, header.width), np.float32) if alpha is None else alpha[..., 0]
        if layer.has_vector_mask() and not layer.vector_mask.disabled:
            shape = shape * draw_vector_mask(layer)[..., 0]
        rows, columns = (np.flatnonzero((shape > 0).any(axis=axis)) for axis in (1, 0))
        if not rows.size:
            raise ValueError("nothing of it lies on the canvas")
        here = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        top, dtype = (255, np.uint8) if header.depth == 8 else (65535, np.uint16)
        check_size(len(columns), len(rows), "fill layer", 4 * np.dtype(dtype).itemsize)
        planes = np.dstack([colour[here], shape[here]])
        codes = np.rint(planes.clip(0, 1) * top).astype(dtype)
        count = codes.shape[2] - 1
        return {**{n: codes[..., n] for n in range(count)}, -1: codes[..., -1]}, int(columns[0]), int(rows[0])

    def _layer(self, record: LayerRecord) -> Layer:
        if self._layers is None:
            self._layers = {id(layer._record): layer for layer in PSDImage(self._document).descendants()}
        return self._layers[id(record)]
