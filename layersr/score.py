"""How good a layer stack is: against the picture it came from, and against the true layers where they are known."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float, Int

from layersr import color
from layersr.arrays import Pixels
from layersr.errors import UsageError
from layersr.flattening import BAND, bands, flatten, flatten_band, settled
from layersr.layers import Layer, LayerStack

FOUND = 0.5
"""Soft IoU above which a true element counts as found."""

TOUCHING = 20
"""Pixels of common coverage above which the order of two elements shows."""


@dataclass(frozen=True)
class Recomposition:
    """How a flattened stack compares with a picture.

    Attributes:
        scale: the stack is this many times as wide; it is shrunk by area first.
        exact: share of pixels that look the same to the bit (colours of wholly transparent pixels do not show).
        max_error: the largest error of any channel, in 255ths.
        psnr: in dB, over premultiplied colours (and alpha where the picture has any); None where there is no error.
        identical: every bit is the same, hidden colours included.
    """

    scale: float
    exact: float
    max_error: float
    psnr: float | None
    identical: bool


@dataclass(frozen=True)
class Match:
    """A true element and the layer that stands for it.

    Attributes:
        truth: index of the true layer.
        pred: index of the matched layer.
        iou: soft intersection over union of the two alphas, in (0, 1].
        colour_error: mean absolute RGB difference where both are, in [0, 1].
    """

    truth: int
    pred: int
    iou: float
    colour_error: float


@dataclass(frozen=True)
class Score:
    """A stack against the true one. Elements are the visible layers above the bottom one.

    Attributes:
        recomposition: of the stack, against the picture or the flattened truth.
        alpha_iou: mean soft IoU over the true elements, unmatched ones 0; None where the truth has none.
        colour_error: mean over the matches; None without matches.
        order_accuracy: share of overlapping pairs of matched true elements that lie in the true order; None without.
        found: share of true elements with an IoU above `FOUND`; None where the truth has none.
        false_elements: how many layers stand for no true element (IoU at most `FOUND`).
        elements: how many there are in truth.
        matches: the best one-to-one assignment, in the order of the true layers.
    """

    recomposition: Recomposition
    alpha_iou: float | None
    colour_error: float | None
    order_accuracy: float | None
    found: float | None
    false_elements: int
    elements: int
    matches: tuple[Match, ...]


def recomposition(stack: LayerStack, picture: Pixels) -> Recomposition:
    """Flatten a stack band by band (at once where it is no whole multiple of the picture) and compare them.

    Raises:
        UsageError: the stack does not have the picture's proportions, or is smaller.
    """
    height, width = picture.shape[:2]
    scale = _ratio(stack, width, height)
    top = color.levels(picture.dtype)
    same = scale == 1 and stack.dtype == picture.dtype
    has_alpha = bool((picture[..., 3] < top).any())
    exact, worst, squares, identical = 0, 0.0, 0.0, same
    whole = (stack.width, stack.height) == (width * round(scale), height * round(scale))
    for rows in bands(height, max(1, BAND // round(scale)) if whole else height):
        part = slice(rows.start * round(scale), rows.stop * round(scale)) if whole else slice(0, stack.height)
        flat, wanted = flatten_band(stack, part), picture[rows]
        identical = identical and bool(np.array_equal(flat, wanted))
        got, want = _shrunk(flat, (width, rows.stop - rows.start)), _premultiplied(wanted)
        error = np.abs(got - want)
        if same:
            shown = (flat == wanted).all(axis=2) | ((flat[..., 3] == 0) & (wanted[..., 3] == 0))
        else:
            shown = (np.rint(got * top) == np.rint(want * top)).all(axis=2)
        exact += int(shown.sum())
        worst = max(worst, float(error.max(initial=0)))
        squares += float(np.square(error if has_alpha else error[..., :3], dtype=np.float64).sum())
    mean = squares / (height * width * (4 if has_alpha else 3))
    psnr = None if mean == 0 else -10 * math.log10(mean)
    return Recomposition(scale, exact / (height * width), worst * 255, psnr, identical)


def score(pred: LayerStack, truth: LayerStack, picture: Pixels | None = None) -> Score:
    """Compare a stack with the true one.

    Args:
        pred: the stack to judge, of the truth's size or a whole multiple (it is shrunk by area first).
        truth: the known layers.
        picture: what `pred` was made from, where the flattened truth is not it.

    Raises:
        UsageError: the sizes do not agree.
    """
    scale = _scale(pred, truth.width, truth.height)
    found = [_Element.of(index, layer, scale) for index, layer in _elements(pred)]
    wanted = [_Element.of(index, layer, 1) for index, layer in _elements(truth)]
    iou = np.array([[w.iou(f) for f in found] for w in wanted]).reshape(len(wanted), len(found))
    pairs = [(w, f) for w, f in assign(-iou) if iou[w, f] > 0]
    matches = tuple(
        Match(wanted[w].index, found[f].index, float(iou[w, f]), wanted[w].colour_error(found[f])) for w, f in pairs
    )
    orders = [
        (w1 < w2) == (f1 < f2)
        for i, (w1, f1) in enumerate(pairs)
        for w2, f2 in pairs[i + 1 :]
        if wanted[w1].common(wanted[w2]) > TOUCHING
    ]
    hits = sum(match.iou > FOUND for match in matches)
    return Score(
        recomposition(pred, flatten(truth) if picture is None else picture),
        alpha_iou=sum(match.iou for match in matches) / len(wanted) if wanted else None,
        colour_error=_mean([match.colour_error for match in matches]),
        order_accuracy=_mean(orders),
        found=hits / len(wanted) if wanted else None,
        false_elements=len(found) - hits,
        elements=len(wanted),
        matches=matches,
    )


def assign(cost: Float[np.ndarray, "rows columns"]) -> list[tuple[int, int]]:
    """The one-to-one assignment of rows to columns with the least total cost; the shorter side is used up.

    Shortest augmenting paths with potentials, O(n^3): Jonker and Volgenant, "A shortest augmenting path algorithm for
    dense and sparse linear assignment problems" (1987).

    Returns:
        (row, column) pairs, by row.
    """
    if cost.shape[0] > cost.shape[1]:
        return sorted((row, column) for column, row in assign(cost.T))
    rows, columns = cost.shape
    potential = np.zeros(rows), np.zeros(columns)
    owner = np.full(columns, -1)
    for row in range(rows):
        distance, before = np.full(columns, np.inf), np.full(columns, -1)
        done = np.zeros(columns, bool)
        column, reached, at = -1, 0.0, row
        while at >= 0:  # Dijkstra over columns until a free one is nearest
            through = reached + cost[at] - potential[0][at] - potential[1]
            better = ~done & (through < distance)
            distance[better], before[better] = through[better], column
            column = int(np.where(done, np.inf, distance).argmin())
            done[column], reached, at = True, distance[column], owner[column]
        _shift(potential, owner, done, distance, reached, row)
        while column >= 0:  # hand every column along the path to the row that reached it
            earlier = int(before[column])
            owner[column] = row if earlier < 0 else owner[earlier]
            column = earlier
    return sorted((int(owner[column]), column) for column in range(columns) if owner[column] >= 0)


def _shift(
    potential: tuple[np.ndarray, np.ndarray],
    owner: Int[np.ndarray, " columns"],
    done: np.ndarray,
    distance: np.ndarray,
    reached: float,
    row: int,
) -> None:
    """Keep every reduced cost non-negative after a search that reached so far."""
    passed = np.flatnonzero(done & (owner >= 0))
    slack = reached - distance[passed]
    potential[0][owner[passed]] += slack
    potential[1][passed] -= slack
    potential[0][row] += reached


@dataclass(frozen=True, eq=False)
class _Element:
    """A layer as the score sees it: premultiplied RGBA, float32 in [0, 1], at the truth's size."""

    index: int
    left: int
    top: int
    rgba: np.ndarray

    @staticmethod
    def of(index: int, layer: Layer, scale: int) -> "_Element":
        before = ((layer.top % scale, 0), (layer.left % scale, 0), (0, 0))
        padded = np.pad(layer.pixels, before)
        after = ((0, -padded.shape[0] % scale), (0, -padded.shape[1] % scale), (0, 0))
        padded = np.pad(padded, after)
        size = padded.shape[1] // scale, padded.shape[0] // scale
        rgba = _shrunk(padded, size) * np.float32(layer.opacity)
        return _Element(index, layer.left // scale, layer.top // scale, rgba)

    def shared(self, other: "_Element") -> tuple[np.ndarray, np.ndarray]:
        """Both elements where their boxes meet."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        right = min(self.left + self.rgba.shape[1], other.left + other.rgba.shape[1])
        bottom = min(self.top + self.rgba.shape[0], other.top + other.rgba.shape[0])
        if right <= left or bottom <= top:
            return self.rgba[:0, :0], other.rgba[:0, :0]
        mine, theirs = (e.rgba[top - e.top : bottom - e.top, left - e.left : right - e.left] for e in (self, other))
        return mine, theirs

    def common(self, other: "_Element") -> float:
        """The coverage both have, in pixels."""
        mine, theirs = self.shared(other)
        return float(np.minimum(mine[..., 3], theirs[..., 3]).sum(dtype=np.float64))

    def iou(self, other: "_Element") -> float:
        """Soft intersection over union: sum of the lesser alpha over sum of the greater."""
        both = self.common(other)
        either = self.rgba[..., 3].sum(dtype=np.float64) + other.rgba[..., 3].sum(dtype=np.float64) - both
        return float(both / either) if either > 0 else 0.0

    def colour_error(self, other: "_Element") -> float:
        """Mean absolute difference of the straight colours, weighted by the lesser alpha."""
        mine, theirs = self.shared(other)
        weight = np.minimum(mine[..., 3], theirs[..., 3])
        straight = [color.unpremultiply(e[..., :3], e[..., 3]) for e in (mine, theirs)]
        error = np.abs(straight[0] - straight[1]).mean(axis=2) * weight
        return float(error.sum(dtype=np.float64) / max(weight.sum(dtype=np.float64), 1e-9))


def _elements(stack: LayerStack) -> list[tuple[int, Layer]]:
    return [(i, layer) for i, layer in enumerate(settled(stack).layers) if i > 0 and layer.visible]


def _mean(values: list) -> float | None:
    return sum(values) / len(values) if values else None


def _premultiplied(pixels: Pixels) -> np.ndarray:
    rgba = color.to_float(pixels)
    rgba[..., :3] *= rgba[..., 3:]
    return rgba


def _shrunk(pixels: Pixels, size: tuple[int, int]) -> np.ndarray:
    """Premultiplied, at another size (width, height), every pixel the mean of what it covers."""
    rgba = _premultiplied(pixels)
    if rgba.shape[1::-1] == size or not rgba.size:
        return rgba
    return cv2.resize(rgba, size, interpolation=cv2.INTER_AREA)


def _ratio(stack: LayerStack, width: int, height: int) -> float:
    """How many times as wide as width x height the stack is."""
    scale = stack.width / width
    if scale < 1 or abs(stack.height - height * scale) > 1 + scale / 2:
        raise UsageError(
            f"The stack is {stack.width} x {stack.height} pixels and what it is compared with {width} x {height}: "
            "only pictures of the same proportions can be compared, and only smaller ones."
        )
    return scale


def _scale(stack: LayerStack, width: int, height: int) -> int:
    """How many times as large as width x height the stack is."""
    scale = max(1, round(stack.width / width))
    if (stack.width, stack.height) != (width * scale, height * scale):
        raise UsageError(
            f"The stack is {stack.width} x {stack.height} pixels and what it is compared with {width} x {height}: "
            "only equal sizes or whole multiples can be compared."
        )
    return scale
