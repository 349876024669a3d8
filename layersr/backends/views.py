"""How a network sees a picture, and what it says of it brought back to the picture's own pixels.

Transformers' own image processors want torchvision or SciPy for some models and differ by what is installed; the few
numbers that stand in a checkpoint's `preprocessor_config.json` are all that is needed.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from layersr.arrays import RGB, Alpha
from layersr.errors import WeightsError

IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and deviation of colours, which most networks are given pictures relative to."""

FAINT = 1 / 64
"""A mask that is less is nothing: far from a thing a network is never quite sure."""


@dataclass(frozen=True)
class View:
    """What a network wants to be shown.

    Attributes:
        exact: height and width it is stretched to; None: it keeps its shape.
        shortest: its shorter side, in pixels, as long as the other allows it; 0: only the other counts.
        longest: what its longer side may have; 0: anything.
        divisor: height and width are stretched to multiples of it.
        padded: height and width to which it is padded at the right and bottom; None: not at all.
        padding: the grey of that, as a colour in [0, 1]; None: the mean colour.
        mean: taken from the colours, channel by channel.
        deviation: what they are divided by then.
    """

    exact: tuple[int, int] | None = None
    shortest: int = 0
    longest: int = 0
    divisor: int = 1
    padded: tuple[int, int] | None = None
    padding: float | None = None
    mean: tuple[float, ...] = IMAGENET[0]
    deviation: tuple[float, ...] = IMAGENET[1]

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of a picture as it is shown, without padding."""
        if self.exact is not None:
            return self.exact
        factor = self.shortest / min(height, width) if self.shortest else math.inf
        if self.longest:
            factor = min(factor, self.longest / max(height, width))
        sides = (max(1, round(side * factor)) if math.isfinite(factor) else side for side in (height, width))
        tall, wide = (-(-side // self.divisor) * self.divisor for side in sides)
        return tall, wide

    def __call__(self, image: RGB) -> "Seen":
        """The picture as the network sees it."""
        height, width = self.size(*image.shape[:2])
        picture = Image.fromarray(np.rint(image * 255).astype(np.uint8))
        colours = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR), np.float32) / 255
        mean, deviation = np.float32(self.mean), np.float32(self.deviation)
        frame = self.padded or (height, width)
        planes = np.empty((*frame, 3), np.float32)
        planes[:] = 0 if self.padding is None else (self.padding - mean) / deviation
        planes[:height, :width] = (colours - mean) / deviation
        return Seen(np.ascontiguousarray(planes.transpose(2, 0, 1)), (height, width), image.shape[:2])


@dataclass(frozen=True, eq=False)
class Seen:
    """A picture as a network sees it.

    Attributes:
        planes: colours, float32 (3, h, w).
        inner: height and width of the picture in there; the rest is padding.
        shape: height and width of the picture itself.
    """

    planes: np.ndarray
    inner: tuple[int, int]
    shape: tuple[int, int]

    @property
    def factors(self) -> tuple[float, float]:
        """Pixels of the view for a pixel of the picture: across, down."""
        return self.inner[1] / self.shape[1], self.inner[0] / self.shape[0]

    def inside(self, maps: np.ndarray) -> np.ndarray:
        """Maps (..., h, w) of the whole view without the part that shows padding only."""
        rows, columns = (
            math.ceil(side * inner / frame)
            for side, inner, frame in zip(maps.shape[-2:], self.inner, self.planes.shape[1:], strict=True)
        )
        return maps[..., :rows, :columns]

    def mask(self, logits: np.ndarray) -> Alpha:
        """What a network says of every place of the view, as a mask of the picture; float32 in [0, 1].

        Interpolated linearly, as logits, and only where there is anything.

        Args:
            logits: float32 (h, w), of the whole view.
        """
        out = np.zeros(self.shape, np.float32)
        least = math.log(FAINT / (1 - FAINT))
        near = self.inside(logits) > least
        if not near.any():
            return out
        box, window = [], []
        for axis in (1, 0):
            step = logits.shape[axis] * self.inner[axis] / (self.planes.shape[1 + axis] * self.shape[axis])
            there = np.flatnonzero(near.any(axis=1 - axis))
            start = max(0, math.floor((there[0] - 1) / step))
            stop = min(self.shape[axis], math.ceil((there[-1] + 2) / step))
            box.append((start * step, stop * step))
            window.append(slice(start, stop))
        columns, rows = window
        source = Image.fromarray(np.ascontiguousarray(logits, np.float32))
        size = (columns.stop - columns.start, rows.stop - rows.start)
        large = np.asarray(source.resize(size, Image.Resampling.BILINEAR, (box[0][0], box[1][0], box[0][1], box[1][1])))
        likely = 1 / (1 + np.exp(-np.clip(large, -30, 30)))
        out[rows, columns] = np.where(likely < FAINT, np.float32(0), likely)
        return out


def settings(folder: Path) -> dict[str, Any]:
    """What a checkpoint tells of the pictures it wants: `preprocessor_config.json`, or its newer place.

    Raises:
        WeightsError: it tells nothing.
    """
    for name, inner in (("preprocessor_config.json", None), ("processor_config.json", "image_processor")):
        place = folder / name
        if place.is_file():
            try:
                told = json.loads(place.read_text(encoding="utf-8"))
                return told[inner] if inner else told
            except (ValueError, KeyError, TypeError) as error:
                raise WeightsError(f"{place} does not tell how pictures are prepared ({error}).") from error
    raise WeightsError(f"{folder} does not hold a model's weights (preprocessor_config.json is missing).")


def view(told: dict[str, Any], **known: Any) -> View:
    """The view that a checkpoint's settings describe.

    Args:
        told: `settings`.
        known: attributes of `View` that the model's family decides.
    """
    size = told.get("size") or {}
    size = {"shortest_edge": size} if isinstance(size, int) else size
    given: dict[str, Any] = {
        "exact": (size["height"], size["width"]) if "height" in size else None,
        "shortest": size.get("shortest_edge") or 0,
        "longest": size.get("longest_edge") or told.get("max_size") or 0,
        "mean": tuple(told.get("image_mean") or IMAGENET[0]),
        "deviation": tuple(told.get("image_std") or IMAGENET[1]),
    }
    return View(**{**given, **known})
