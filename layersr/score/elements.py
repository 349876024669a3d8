"""A layer as the score sees it."""

from dataclasses import dataclass

import cv2
import numpy as np

from layersr import color
from layersr.arrays import Pixels
from layersr.errors import UsageError
from layersr.flattening import settled
from layersr.layers import Layer, LayerStack


@dataclass(frozen=True, eq=False)
class Element:
    """A layer as the score sees it: premultiplied RGBA, float32 in [0, 1], at the truth's size."""

    index: int
    left: int
    top: int
    rgba: np.ndarray

    @staticmethod
    def of(index: int, layer: Layer, scale: int) -> "Element":
        """A layer of a stack `scale` times as large as the truth."""
        before = ((layer.top % scale, 0), (layer.left % scale, 0), (0, 0))
        padded = np.pad(layer.pixels, before)
        after = ((0, -padded.shape[0] % scale), (0, -padded.shape[1] % scale), (0, 0))
        padded = np.pad(padded, after)
        size = padded.shape[1] // scale, padded.shape[0] // scale
        rgba = shrunk(padded, size) * np.float32(layer.opacity)
        return Element(index, layer.left // scale, layer.top // scale, rgba)

    def shared(self, other: "Element") -> tuple[np.ndarray, np.ndarray]:
        """Both elements where their boxes meet."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        right = min(self.left + self.rgba.shape[1], other.left + other.rgba.shape[1])
        bottom = min(self.top + self.rgba.shape[0], other.top + other.rgba.shape[0])
        if right <= left or bottom <= top:
            return self.rgba[:0, :0], other.rgba[:0, :0]
        mine, theirs = (e.rgba[top - e.top : bottom - e.top, left - e.left : right - e.left] for e in (self, other))
        return mine, theirs

    def common(self, other: "Element") -> float:
        """The coverage both have, in pixels."""
        mine, theirs = self.shared(other)
        return float(np.minimum(mine[..., 3], theirs[..., 3]).sum(dtype=np.float64))

    def iou(self, other: "Element") -> float:
        """Soft intersection over union: sum of the lesser alpha over sum of the greater."""
        both = self.common(other)
        either = self.rgba[..., 3].sum(dtype=np.float64) + other.rgba[..., 3].sum(dtype=np.float64) - both
        return float(both / either) if either > 0 else 0.0

    def on(self, height: int, width: int) -> np.ndarray:
        """Premultiplied RGBA on the whole canvas."""
        out = np.zeros((height, width, 4), np.float32)
        left, top = max(0, self.left), max(0, self.top)
        bottom, right = (
            min(height, self.top + self.rgba.shape[0]),
            min(width, self.left + self.rgba.shape[1]),
        )
        if bottom > top and right > left:
            out[top:bottom, left:right] = self.rgba[
                top - self.top : bottom - self.top, left - self.left : right - self.left
            ]
        return out

    def colour_error(self, other: "Element") -> float:
        """Mean absolute difference of the straight colours, weighted by the lesser alpha."""
        mine, theirs = self.shared(other)
        weight = np.minimum(mine[..., 3], theirs[..., 3])
        straight = [color.unpremultiply(e[..., :3], e[..., 3]) for e in (mine, theirs)]
        error = np.abs(straight[0] - straight[1]).mean(axis=2) * weight
        return float(error.sum(dtype=np.float64) / max(weight.sum(dtype=np.float64), 1e-9))


def elements(stack: LayerStack) -> list[tuple[int, Layer]]:
    """The visible layers above the bottom one, with their indices; groups and masks count, lights do not."""
    layers = enumerate(settled(stack).layers)
    return [(i, layer) for i, layer in layers if i > 0 and layer.visible and not layer.is_cast]


def premultiplied(pixels: Pixels) -> np.ndarray:
    """Code values as premultiplied RGBA, float32 in [0, 1]."""
    rgba = color.to_float(pixels)
    rgba[..., :3] *= rgba[..., 3:]
    return rgba


def shrunk(pixels: Pixels, size: tuple[int, int]) -> np.ndarray:
    """Premultiplied, at another size (width, height), every pixel the mean of what it covers."""
    rgba = premultiplied(pixels)
    if rgba.shape[1::-1] == size or not rgba.size:
        return rgba
    return cv2.resize(rgba, size, interpolation=cv2.INTER_AREA)


def scale_of(stack: LayerStack, width: int, height: int) -> int:
    """How many times as large as width x height the stack is.

    Raises:
        UsageError: no whole number of times.
    """
    scale = max(1, round(stack.width / width))
    if (stack.width, stack.height) != (width * scale, height * scale):
        raise UsageError(
            f"The stack is {stack.width} x {stack.height} pixels and what it is compared with {width} x {height}: "
            "only equal sizes or whole multiples can be compared."
        )
    return scale
