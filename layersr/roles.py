"""What a model is asked to do: one Protocol per role, and the values that pass.

A backend knows its role and nothing else: no layers, no tiling, no padding, no command line. All colours are float32
straight sRGB in [0, 1]; a model returns new arrays and leaves its arguments alone; the same arguments give the same
result.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from layersr.arrays import RGB, Alpha, Mask, Scaled, ScaledAlpha, Trimap
from layersr.progress import Report


@dataclass(frozen=True, eq=False)
class Prompt:
    """What the artist asks to be lifted: exactly one of the four is given.

    Attributes:
        text: words ("eyes").
        point: x, y in pixels of the image.
        box: left, top, width, height in pixels of the image.
        mask: the element itself, True = selected.
        filled: where the picture is a fill, which nobody asks for; goes with any of the four. None if nowhere.
    """

    text: str | None = None
    point: tuple[int, int] | None = None
    box: tuple[int, int, int, int] | None = None
    mask: Mask | None = None
    filled: Mask | None = None


class Detection:
    """One thing found in an image.

    Kept as the box of what it selects: a detector may name dozens of things in a picture of 16 megapixels.

    Args:
        mask: how much each pixel belongs to it, float32 in [0, 1], the image's size.
        score: confidence in [0, 1].
        label: what it is ("eye"), or "" where the model cannot say.
    """

    __slots__ = ("_inner", "_shape", "_window", "label", "score")

    def __init__(self, mask: Alpha, score: float, label: str = "") -> None:
        ends = [np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0)]
        self._window = tuple(slice(n[0], n[-1] + 1) if n.size else slice(0, 0) for n in ends)
        self._inner, self._shape = mask[self._window].copy(), mask.shape
        self.score, self.label = score, label

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the image."""
        return self._shape

    @property
    def box(self) -> tuple[tuple[slice, slice], np.ndarray]:
        """Rows and columns outside of which the mask is 0, and the mask there, not to be changed."""
        return self._window, self._inner

    @property
    def mask(self) -> Alpha:
        """How much each pixel belongs to it, float32 in [0, 1], the image's size; a new array every time."""
        full = np.zeros(self._shape, np.float32)
        full[self._window] = self._inner
        return full


@runtime_checkable
class Detector(Protocol):
    """Finds the elements that nothing covers, or what a prompt asks for."""

    def __call__(self, image: RGB, prompt: Prompt | None = None) -> Sequence[Detection]:
        """The things found, best first, one detection each; an empty scene gives none.

        With a prompt, the thing it points at: at most one for a point, box or mask, one an instance for text.

        Raises:
            BackendError: the detector does not understand this kind of prompt.
        """
        ...


@dataclass(frozen=True, eq=False)
class Layout:
    """What a detector saw of how things lie in a picture; maps of one size, mostly smaller than the picture.

    Attributes:
        opened: how likely nothing covers what is seen at a pixel, float32 in [0, 1].
        x: column of the map where the thing seen at a pixel has its middle, float32.
        y: row of the map, likewise.
        anything: how likely any thing lies at a pixel, covered or not, float32 in [0, 1].
    """

    opened: Alpha
    x: np.ndarray
    y: np.ndarray
    anything: Alpha


@runtime_checkable
class LayoutDetector(Detector, Protocol):
    """A detector that can also tell how things lie: what is open, what is covered, which pixels belong together."""

    def layout(self, image: RGB) -> Layout:
        """What is seen of the picture."""
        ...


@runtime_checkable
class Understander(Protocol):
    """Finds what is named."""

    def __call__(self, image: RGB, text: str, filled: Mask | None = None) -> Sequence[Detection]:
        """One detection for each thing that the words fit, best first; labels are the words.

        Args:
            image: the picture.
            text: words ("eyes").
            filled: where the picture is a fill, which nobody asks for. None if nowhere.
        """
        ...


@runtime_checkable
class Matter(Protocol):
    """Estimates a matte."""

    def __call__(self, image: RGB, trimap: Trimap) -> Alpha:
        """Alpha in [0, 1], exactly 0 and 1 where the trimap is."""
        ...


@runtime_checkable
class Infiller(Protocol):
    """Paints what a hole hides."""

    def __call__(self, image: RGB, hole: Mask, avoid: Mask | None = None) -> RGB:
        """The image with the hole painted, unchanged elsewhere. What stood in the hole has no influence.

        A hole that leaves nothing to go by (the whole image) is painted mid-grey.

        Args:
            image: the picture.
            hole: True = to be painted.
            avoid: things that should not be repeated in the hole, nor go on in it; a model that copies from the picture
                does not copy from here if it has enough else, other models may ignore it.
        """
        ...


@runtime_checkable
class BroadInfiller(Infiller, Protocol):
    """An infiller that can also say fast what goes on behind a hole."""

    def roughly(self, image: RGB, hole: Mask, avoid: Mask | None = None) -> RGB:
        """The same with less care: to look for more things on, and for what is hidden."""
        ...

    def broadly(self, image: RGB, hole: Mask, avoid: Mask | None = None) -> RGB:
        """The same without texture and fast: to compare with, not to be shown."""
        ...


@runtime_checkable
class SlowInfiller(BroadInfiller, Protocol):
    """An infiller that takes minutes: it can tell how far it is, and answers fast, with less care, what is asked so."""

    def telling(self, report: Report) -> BroadInfiller:
        """The same infiller, whose calls tell `report` how far they are, 0..1; what that raises stops the call."""
        ...


@runtime_checkable
class Upscaler(Protocol):
    """Super-resolves colours.

    Attributes:
        scales: the factors it does by itself, ascending.
    """

    scales: tuple[int, ...]

    def __call__(self, image: RGB, scale: int) -> Scaled:
        """The image, `scale` times as wide and high. The pixel grid's corners stay where they are."""
        ...


@runtime_checkable
class PlacedUpscaler(Upscaler, Protocol):
    """An upscaler that invents, and invents the same for a place whatever part of the picture it is shown."""

    def placed(self, image: RGB, scale: int, at: tuple[int, int]) -> Scaled:
        """As `__call__`, which takes the image to be a whole.

        Args:
            image: a part of a picture.
            scale: how many times as large.
            at: row and column of the picture where the part begins; below 0 off its canvas.
        """
        ...


@runtime_checkable
class AlphaUpscaler(Protocol):
    """Enlarges a matte."""

    def __call__(self, image: Scaled, alpha: Alpha, scale: int) -> ScaledAlpha:
        """The matte, `scale` times as large; exactly 0 and 1 where it is so all around.

        Args:
            image: the enlarged picture in which the matte's element lies on top, not premultiplied, `scale` times the
                matte's size. It is good near the matte's edges and may be rough elsewhere.
            alpha: the small matte.
            scale: 2, 3, 4, ...
        """
        ...


@runtime_checkable
class DepthEstimator(Protocol):
    """Guesses how far things are."""

    def __call__(self, image: RGB) -> Alpha:
        """Relative depth in [0, 1], 0 nearest."""
        ...


@dataclass(frozen=True, eq=False)
class Sheet:
    """One of the sheets that a picture is taken apart into, at whatever size the model works.

    Attributes:
        colour: straight colours.
        alpha: how much of what is below it hides, the same size.
        label: what it is, or "" where the model cannot say.
    """

    colour: Scaled
    alpha: ScaledAlpha
    label: str = ""


@runtime_checkable
class Decomposer(Protocol):
    """Takes a whole picture apart at once, hidden parts and all."""

    def __call__(self, image: RGB, most: int, granularity: float) -> Sequence[Sheet]:
        """Sheets that show the picture, laid over each other, back to front; the first is the ground.

        Args:
            image: the picture.
            most: at most so many sheets above the ground.
            granularity: 0 = main subjects only, 1 = everything.
        """
        ...


ROLES: dict[str, type] = {
    "detect": Detector,
    "understand": Understander,
    "matte": Matter,
    "infill": Infiller,
    "upscale": Upscaler,
    "alpha": AlphaUpscaler,
    "depth": DepthEstimator,
    "decompose": Decomposer,
}
"""Role name (as on the command line) to its Protocol."""
