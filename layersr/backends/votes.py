"""What one of the detector's networks says of a picture, gathered into elements, and how far each is believed.

Every pixel votes for the middle of its element, as in Panoptic-DeepLab (B. Cheng et al., CVPR 2020). How far an element
is believed is a logistic regression over what the network says there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from layersr.arrays import Mask

PART = 0.35
"""Probability from which a pixel takes part in the vote."""

MIDDLE, APART = 0.12, 0.025
"""Least height of a middle, and how near two may be, in longer sides."""

FAR = 0.12
"""A vote farther than this from every middle, in longer sides, counts for none."""

LEVELS, MOST = (0.2, 0.35, 0.5), 0.5
"""Probabilities above which patches are taken for whole things, and the largest share of the picture of one."""

DOUBT = 0.42
"""Belief below which an element of the votes does not count, nor such a patch."""

OVERLAP = 0.3
"""Of two elements that share more than this share of the less believed one, that one is dropped."""

LEAST, SMALLEST = 0.0004, 4
"""Least share of the picture, and of pixels that the network sees."""


@dataclass(frozen=True, eq=False)
class Belief:
    """How `features` make a network's elements believed: a logistic regression."""

    weights: np.ndarray
    bias: float


COMPOSED = Belief(np.array([7.85, -0.53, 3.58, -22.99, 0.68, -2.83, -19.56]), -3.67)
SUBJECTS = Belief(np.array([-3.51, 4.2, 3.09, 3.28, 0.83, -5.73, -6.19]), 3.37)
"""Of the network for what was put together of layers, and of that for the subjects of photographs and paintings."""

CLASSIC_WEIGHTS, CLASSIC_BIAS = np.array([3.55, 0.09, 2.31, -27.42, 0.67, -2.58, -12.81, 1.36]), -0.39
"""How `features` and the classic detector's own score make its elements believed."""

CAUTION = 1.0
"""Taken from every fitted belief but that of lettering (in logits).

Lifting what is no element costs an artist more than missing one.
"""


@dataclass(frozen=True, eq=False)
class Votes:
    """What the network says of a picture, float32, small (h, w) maps.

    Attributes:
        top: probability that an element lies here which nothing covers.
        anything: probability that any element does.
        middle: how much a pixel is the middle of one.
        x: where this pixel's element has its middle, in small pixels.
        y: likewise.
        judge: how what they name is believed.
    """

    top: np.ndarray
    anything: np.ndarray
    middle: np.ndarray
    x: np.ndarray
    y: np.ndarray
    judge: Belief = COMPOSED


def gathered(votes: Votes) -> tuple[list[np.ndarray], list[float]]:
    """The elements the votes name: boolean masks that do not overlap, and their scores in [0, 1]."""
    side = max(votes.top.shape)
    part = votes.top > PART
    reach = 2 * round(APART * side) + 1
    soft = cv2.GaussianBlur(votes.middle, (0, 0), 1.0)
    peak = (soft == cv2.dilate(soft, np.ones((reach, reach), np.uint8))) & (soft > MIDDLE)
    ys, xs = np.nonzero(peak)
    group = np.full(votes.top.shape, -1, np.int32)
    if len(ys):
        rows, columns = np.nonzero(part)
        way = np.hypot(votes.x[rows, columns, None] - xs, votes.y[rows, columns, None] - ys)
        nearest = way.argmin(axis=1)
        group[rows, columns] = np.where(way.min(axis=1) < FAR * side, nearest, -1)
    masks = [group == k for k in range(len(ys))]
    _, rest = cv2.connectedComponents((part & (group < 0)).astype(np.uint8))  # elements without a middle
    masks += [rest == k for k in range(1, rest.max() + 1)]
    masks = [mask for mask in masks if mask.sum() >= max(SMALLEST, LEAST * mask.size)]
    scores = [_believed(votes, mask) for mask in masks]
    wholes = _wholes(votes, [mask for mask, score in zip(masks, scores, strict=True) if score > DOUBT])
    kept = [
        (mask, score)
        for mask, score in zip(masks, scores, strict=True)
        if not any((mask & whole).sum() > OVERLAP * mask.sum() for whole, _ in wholes)
    ]
    taken = np.logical_or.reduce([np.zeros(part.shape, bool), *(whole for whole, _ in wholes)])
    both = [*wholes, *((mask & ~taken, score) for mask, score in kept)]
    return [mask for mask, _ in both], [score for _, score in both]


def _wholes(votes: Votes, known: Sequence[np.ndarray]) -> list[tuple[np.ndarray, float]]:
    """Connected patches that may be one thing each, though its pixels do not agree where its middle is; best first.

    Real pictures have such: the network sees a bird, and votes for its breast, its head and its wing. Only where the
    votes name nothing that is believed, so that neighbours are not thrown together.
    """
    found = []
    for level in LEVELS:
        count, parts, stats, _ = cv2.connectedComponentsWithStats((votes.top > level).astype(np.uint8))
        areas = stats[:, cv2.CC_STAT_AREA]
        for number in range(1, count):
            if max(SMALLEST, LEAST * parts.size) <= areas[number] < MOST * parts.size:
                mask = parts == number
                if not any((mask & other).sum() > OVERLAP * other.sum() for other in known):
                    found.append((mask, _believed(votes, mask)))
    apart: list[tuple[np.ndarray, float]] = []
    for mask, score in sorted(found, key=lambda one: -one[1]):
        if score > DOUBT and not any((mask & other).any() for other, _ in apart):
            apart.append((mask, score))
    return apart


def _believed(votes: Votes, mask: np.ndarray) -> float:
    return belief(features(votes, mask) @ votes.judge.weights + votes.judge.bias)


def belief(logit: float) -> float:
    """How far an element of this fitted logit is believed, in [0, 1]."""
    return certain(logit - CAUTION)


def features(votes: Votes, mask: np.ndarray) -> np.ndarray:
    """What tells a whole element from a part, a heap or a fancy: seven numbers.

    How sure the pixels are, and how many are very sure; how sure the middle is; how far the votes scatter; the size;
    how sure the network is of what is just outside; how far from the mask's own middle the votes lie.
    """
    side = max(mask.shape)
    inside, ys, xs = votes.top[mask], *np.nonzero(mask)
    outside = (cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0) & ~mask
    x, y = votes.x[mask], votes.y[mask]
    return np.array(
        [
            inside.mean(),
            (inside > 0.8).mean(),
            votes.middle[mask].max(),
            np.sqrt(x.var() + y.var()) / side,
            np.log(mask.mean()),
            votes.top[outside].mean() if outside.any() else 0,
            (abs(x.mean() - xs.mean()) + abs(y.mean() - ys.mean())) / side,
        ]
    )


def features_of_classic(votes: Votes, named: Mask, score: float) -> np.ndarray | None:
    """`features` of what the classic detector named, and its own score; None where the votes are too small for it."""
    size = votes.top.shape[::-1]
    mask = cv2.resize(named.astype(np.float32), size, interpolation=cv2.INTER_AREA).reshape(size[::-1]) > 0.5
    return np.append(features(votes, mask), score) if mask.sum() >= SMALLEST else None


def certain(logit: float) -> float:
    """The logistic function."""
    return float(1 / (1 + np.exp(-logit)))
