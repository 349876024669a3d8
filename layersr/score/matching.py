"""A stack against the true layers: which layer stands for which element, and how well."""

from dataclasses import dataclass, replace

import numpy as np

from layersr.arrays import Pixels
from layersr.flattening import flatten
from layersr.layers import LayerStack
from layersr.score.assigning import assign
from layersr.score.edges import edge_errors
from layersr.score.elements import Element, elements, scale_of, shrunk
from layersr.score.layerd import Edited, layerd
from layersr.score.recomposing import Recomposition, recomposition

FOUND = 0.5
"""Soft IoU above which a true element counts as found."""

INSIDE, CRUMB = 0.5, 0.05
"""A part lies mostly in a whole if more than this share of it does, and it is more than that share of the whole."""

TOUCHING = 20
"""Pixels of common coverage above which the order of two elements shows."""


@dataclass(frozen=True)
class Match:
    """A true element and the layer that stands for it.

    Attributes:
        truth: index of the true layer.
        pred: index of the matched layer.
        iou: soft intersection over union of the two alphas, in (0, 1].
        colour_error: mean absolute RGB difference where both are, in [0, 1].
        edge: mean absolute alpha difference in the soft band; see `edges.edge_errors`, as for the next two.
        gradient: mean squared difference of the alphas' gradients there.
        contamination: mean absolute RGB difference where the element is half transparent.
        hidden: mean absolute RGB difference of what is seen in the element's place when it is moved away.
    """

    truth: int
    pred: int
    iou: float
    colour_error: float
    edge: float | None
    gradient: float | None
    contamination: float | None
    hidden: float


@dataclass(frozen=True)
class Pair:
    """Two matched true elements that overlap.

    Attributes:
        below: index of the true layer that lies below.
        above: index of the other.
        right: whether the layers that stand for them lie so too.
        found: whether both are found (IoU above `FOUND`): else what stands for one is mostly a piece of it, or of
            something else, which no order could put right.
        overlap: coverage that both have, in pixels: as much is hidden or shows wrongly where the order is wrong.
    """

    below: int
    above: int
    right: bool
    found: bool
    overlap: float


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
        edge: mean over the matches, as for the next three; None without matches (with soft edges).
        gradient: likewise.
        contamination: likewise.
        hidden: likewise.
        over_segmented: share of true elements that come in pieces: two layers or more lie mostly in each of them.
        under_segmented: share of the elements' layers that hold two true elements or more, mostly.
        layerd: the field's own protocol, after 0, 1, ... 5 merges.
        matches: the best one-to-one assignment, in the order of the true layers.
        pairs: the overlapping pairs of them.
    """

    recomposition: Recomposition
    alpha_iou: float | None
    colour_error: float | None
    order_accuracy: float | None
    found: float | None
    false_elements: int
    elements: int
    edge: float | None
    gradient: float | None
    contamination: float | None
    hidden: float | None
    over_segmented: float | None
    under_segmented: float | None
    layerd: tuple[Edited, ...]
    matches: tuple[Match, ...]
    pairs: tuple[Pair, ...]


def score(pred: LayerStack, truth: LayerStack, picture: Pixels | None = None) -> Score:
    """Compare a stack with the true one.

    Args:
        pred: the stack to judge, of the truth's size or a whole multiple (it is shrunk by area first).
        truth: the known layers.
        picture: what `pred` was made from, where the flattened truth is not it.

    Raises:
        UsageError: the sizes do not agree.
    """
    scale = scale_of(pred, truth.width, truth.height)
    found = [Element.of(index, layer, scale) for index, layer in elements(pred)]
    wanted = [Element.of(index, layer, 1) for index, layer in elements(truth)]
    iou = np.array([[w.iou(f) for f in found] for w in wanted]).reshape(len(wanted), len(found))
    pairs = [(w, f) for w, f in assign(-iou) if iou[w, f] > 0]
    matches = tuple(_match(wanted[w], found[f], float(iou[w, f]), pred, truth, scale) for w, f in pairs)
    overlapping = tuple(
        Pair(wanted[w1].index, wanted[w2].index, f1 < f2, bool(min(iou[w1, f1], iou[w2, f2]) > FOUND), common)
        for i, (w1, f1) in enumerate(pairs)  # by w: the first lies below
        for w2, f2 in pairs[i + 1 :]
        if (common := wanted[w1].common(wanted[w2])) > TOUCHING
    )
    hits = sum(match.iou > FOUND for match in matches)
    return Score(
        recomposition(pred, flatten(truth) if picture is None else picture),
        alpha_iou=sum(match.iou for match in matches) / len(wanted) if wanted else None,
        colour_error=_mean([match.colour_error for match in matches]),
        order_accuracy=_mean([pair.right for pair in overlapping]),
        found=hits / len(wanted) if wanted else None,
        false_elements=len(found) - hits,
        elements=len(wanted),
        **{
            name: _mean([value for match in matches if (value := getattr(match, name)) is not None])
            for name in ("edge", "gradient", "contamination", "hidden")
        },
        over_segmented=_mean([_mostly_in(found, w) >= 2 for w in wanted]),
        under_segmented=_mean([_mostly_in(wanted, f) >= 2 for f in found]),
        layerd=layerd(
            [f.on(truth.height, truth.width) for f in _all(pred, scale)],
            [w.on(truth.height, truth.width) for w in _all(truth, 1)],
        ),
        matches=matches,
        pairs=overlapping,
    )


def _match(wanted: Element, found: Element, iou: float, pred: LayerStack, truth: LayerStack, scale: int) -> Match:
    canvas = truth.height, truth.width
    ours, theirs = found.on(*canvas), wanted.on(*canvas)
    edge, gradient, contamination = edge_errors(ours, theirs)
    place = theirs[..., 3] > 0.5
    beneath = [shrunk(_without(stack, e.index), canvas[::-1]) for stack, e in ((pred, found), (truth, wanted))]
    hidden = float(np.abs(beneath[0] - beneath[1])[..., :3][place].mean()) if place.any() else 0.0
    return Match(wanted.index, found.index, iou, wanted.colour_error(found), edge, gradient, contamination, hidden)


def _without(stack: LayerStack, index: int) -> Pixels:
    """What is seen when one layer is moved out of the picture."""
    layers = [replace(layer, visible=False) if n == index else layer for n, layer in enumerate(stack.layers)]
    return flatten(stack.with_layers(tuple(layers)))


def _mostly_in(parts: list[Element], whole: Element) -> int:
    """How many of them lie by more than half of their coverage inside the whole, and are no crumbs of it."""
    area = float(whole.rgba[..., 3].sum(dtype=np.float64))
    count = 0
    for part in parts:
        own, common = float(part.rgba[..., 3].sum(dtype=np.float64)), part.common(whole)
        count += common > INSIDE * own and common > CRUMB * area
    return count


def _all(stack: LayerStack, scale: int) -> list[Element]:
    """Every visible layer, the ground too."""
    ground = [(n, layer) for n, layer in enumerate(stack.layers[:1]) if layer.visible and layer.pixels.size]
    return [Element.of(index, layer, scale) for index, layer in [*ground, *elements(stack)]]


def _mean(values: list) -> float | None:
    return sum(values) / len(values) if values else None
