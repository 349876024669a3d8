"""LayerD's protocol: the layer edit distance (T. Suzuki et al., *LayerD*, ICCV 2025; the code of its evaluation).

Both stacks are merged into levels of occlusion and aligned by dynamic time warping; then neighbours are merged, in
either, as long as that helps, and the score is told after every merge. We depart in one thing: a stack of one layer is
scored, where the original leaves such cases out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from layersr import color

MERGES = 5
SHORTER = 512
"""Pixels of the shorter side at which stacks are compared."""

Layers = list[np.ndarray]
"""Premultiplied RGBA of the canvas's size, float32 in [0, 1], back to front."""


@dataclass(frozen=True)
class Edited:
    """The score after some merges.

    Attributes:
        rgb: mean absolute difference of the straight colours where the true layer is, over the aligned pairs.
        alpha_iou: mean soft IoU over them.
    """

    rgb: float
    alpha_iou: float

    @property
    def cost(self) -> float:
        """What merging makes smaller."""
        return (self.rgb + 1 - self.alpha_iou) / 2


def layerd(pred: Sequence[np.ndarray], truth: Sequence[np.ndarray]) -> tuple[Edited, ...]:
    """The scores after 0, 1, ... 5 merges; a stack that cannot be bettered keeps its last.

    Args:
        pred: layers back to front, premultiplied RGBA on one canvas; wholly transparent ones are left out.
        truth: likewise.

    Returns:
        six scores; none where either stack is empty.
    """
    ours, theirs = levels([_small(x) for x in pred]), levels([_small(x) for x in truth])
    if not ours or not theirs:
        return ()
    known: dict[tuple[int, int], Edited] = {}  # by identity: merging makes few new layers
    kept: Layers = [*ours, *theirs]  # or an identity might come again
    scores = [_aligned(ours, theirs, known)]
    for _ in range(MERGES):
        tries = []
        for which, layers in enumerate((ours, theirs)):
            for at in range(len(layers) - 1 if len(layers) > 2 else 0):
                merged = [*layers[:at], over(layers[at], layers[at + 1]), *layers[at + 2 :]]
                kept.append(merged[at])
                both = (merged, theirs) if which == 0 else (ours, merged)
                tries.append((_aligned(*both, known), both))
        better = min(tries, key=lambda one: one[0].cost, default=None)
        if better is None or better[0].cost >= scores[-1].cost:
            break
        scores.append(better[0])
        ours, theirs = better[1]
    return tuple(scores + scores[-1:] * (MERGES + 1 - len(scores)))


def levels(layers: Layers) -> Layers:
    """Layers merged by occlusion: all that nothing lies over, then all that nothing else lies over, ...; back to front.

    Two lie over each other where both have any alpha.
    """
    left = [x for x in layers if (x[..., 3] > 0).any()]
    found: Layers = []
    while left:
        tops = [x for n, x in enumerate(left) if not any(_meet(x, later) for later in left[n + 1 :])]
        level = tops[0]
        for x in tops[1:]:
            level = over(level, x)
        found.append(level)
        left = [x for x in left if not any(x is top for top in tops)]
    return found[::-1]


def over(below: np.ndarray, above: np.ndarray) -> np.ndarray:
    """One layer over another, as one."""
    colour, alpha = color.over(above[..., :3], above[..., 3], below[..., :3], below[..., 3])
    return np.dstack([colour, alpha])


def _meet(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(((a[..., 3] > 0) & (b[..., 3] > 0)).any())


def _small(layer: np.ndarray) -> np.ndarray:
    factor = SHORTER / min(layer.shape[:2])
    if factor >= 1:
        return layer
    size = round(layer.shape[1] * factor), round(layer.shape[0] * factor)
    return cv2.resize(layer, size, interpolation=cv2.INTER_AREA)


def _pair(ours: np.ndarray, theirs: np.ndarray) -> Edited:
    where = theirs[..., 3] > 0
    straight = [color.unpremultiply(x[where][:, :3], x[where][:, 3]) for x in (ours, theirs)]
    rgb = float(np.abs(straight[0] - straight[1]).mean()) if where.any() else 0.0
    both = float(np.minimum(ours[..., 3], theirs[..., 3]).sum(dtype=np.float64))
    either = float(np.maximum(ours[..., 3], theirs[..., 3]).sum(dtype=np.float64))
    return Edited(rgb, both / either if either else 0.0)


def _aligned(ours: Layers, theirs: Layers, known: dict[tuple[int, int], Edited]) -> Edited:
    """Dynamic time warping: the cheapest path through all pairs, and the means along it."""
    rows, columns = len(ours), len(theirs)
    pairs = {}
    for i in range(rows):
        for j in range(columns):
            key = id(ours[i]), id(theirs[j])
            if key not in known:
                known[key] = _pair(ours[i], theirs[j])
            pairs[i, j] = known[key]
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0
    for i in range(rows):
        for j in range(columns):
            before = min(total[i, j + 1], total[i + 1, j], total[i, j])
            total[i + 1, j + 1] = pairs[i, j].cost + before
    path, i, j = [], rows, columns
    while i and j:
        path.append(pairs[i - 1, j - 1])
        i, j = min(((i - 1, j - 1), (i - 1, j), (i, j - 1)), key=lambda at: total[at])
    return Edited(sum(p.rgb for p in path) / len(path), sum(p.alpha_iou for p in path) / len(path))
