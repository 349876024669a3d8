"""Pixels of every kind GIMP has, to straight RGBA at 8 or 16 bit.

Exact where GIMP has 8 or 16 bit, encoded. More bits, floating point and linear light become 16 bit, encoded.
"""

from dataclasses import dataclass

import numpy as np

from layersr import color
from layersr.arrays import Pixels, Plane

RGB, GREY, INDEXED = 0, 1, 2

SAMPLES = {1: "u1", 2: "u2", 3: "u4", 5: "f2", 6: "f4", 7: "f8"}
"""Hundreds of GIMP's number of a precision to how a channel is stored; the other 50 say that it is encoded."""

WORDS = {
    "u1": "8 bits in linear light",
    "u2": "16 bits in linear light",
    "u4": "32 bits",
    "f2": "16-bit floating point",
    "f4": "32-bit floating point",
    "f8": "64-bit floating point",
}

_EARLY = {0: 150, 1: 250, 2: 300, 3: 500, 4: 600}
"""The precisions of version 4, which no release of GIMP wrote."""


@dataclass(frozen=True, eq=False)
class Kind:
    """How an image stores its pixels.

    Attributes:
        base: `RGB`, `GREY` or `INDEXED`.
        sample: of a channel in the file.
        linear: whether colours are stored as light.
        palette: (256, 3), of an indexed image.
    """

    base: int
    sample: np.dtype
    linear: bool
    palette: np.ndarray | None = None

    @property
    def depth(self) -> np.dtype:
        """What its pixels become."""
        return np.dtype(np.uint8 if self.sample == np.uint8 and not self.linear else np.uint16)

    @property
    def exact(self) -> bool:
        """Whether they stay what they are."""
        return self.sample.kind == "u" and self.sample.itemsize <= 2 and not self.linear

    @property
    def colours(self) -> int:
        """Channels without alpha."""
        return 3 if self.base == RGB else 1

    def pixels(self, values: np.ndarray) -> Pixels:
        """Straight RGBA from channels as stored, (height, width, `colours` or one more for alpha)."""
        out = np.empty((*values.shape[:2], 4), self.depth)
        colours = values[..., : self.colours]
        if self.palette is not None:
            out[..., :3] = self.palette[colours[..., 0]]
        else:
            out[..., :3] = self._whole(colours, self.linear)
        alpha = values[..., self.colours :]
        out[..., 3:] = self._whole(alpha) if alpha.shape[2] else color.levels(self.depth)
        return out

    def plane(self, values: np.ndarray) -> Plane:
        """One channel that is no colour, from (height, width, 1)."""
        return self._whole(values[..., 0])

    def _whole(self, values: np.ndarray, light: bool = False) -> np.ndarray:
        """Whole numbers of the depth, of colours stored as light too."""
        if not light and values.dtype == self.depth:
            return values
        wide = values.astype(np.float64)
        wide = wide / color.levels(values.dtype) if values.dtype.kind == "u" else np.nan_to_num(wide)
        wide = np.clip(wide, 0, 1)
        return color.to_depth(color.encoded(wide) if light else wide, self.depth)


def kind(version: int, base: int, precision: int | None, colormap: bytes) -> Kind | None:
    """What an image says of its pixels.

    Args:
        version: of the file.
        base: as it stands there.
        precision: as it stands there; None before version 4.
        colormap: of an indexed image, three bytes a colour.

    Returns:
        None where GIMP has no such kind.
    """
    precision = 150 if precision is None else precision
    if version == 4:
        precision = _EARLY.get(precision, 0)
    elif version in (5, 6) and precision >= 400:  # before 16-bit floating point got its place
        precision += 100
    stored = SAMPLES.get(precision // 100)
    if base not in (RGB, GREY, INDEXED) or stored is None or precision % 100 not in (0, 50):
        return None
    if base == INDEXED and precision != 150:
        return None
    palette = None
    if base == INDEXED:
        palette = np.zeros((256, 3), np.uint8)
        if version == 0:  # it stored no colours with them
            palette[:] = np.arange(256)[:, None]
        else:
            colours = np.frombuffer(colormap, np.uint8)[: 3 * 256].reshape(-1, 3)
            palette[: len(colours)] = colours
    # Before version 12 the machine's own order of bytes was written, which no release did with more than 8 bits
    order = ">" if version >= 12 else "<"
    return Kind(base, np.dtype(order + stored), precision % 100 == 0, palette)
