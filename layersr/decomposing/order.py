"""z-order: which element lies above which, from peel order, who owns the border between two, and what lies open."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from layersr.arrays import Alpha, Mask
from layersr.decomposing.element import Element

SIDE = 512
"""Pixels of the canvas's longer side at which shapes are compared."""

ALONE, BESIDES = np.array([0.82, 2.36]), np.array([0.63, 1.55, 1.21])
"""Logits for a convex hull that the other invades and for a contour that goes on, alone, and beside a detector's word.

The third: for each logit by which the detector holds one more likely to lie open than the other, where they are near
each other. Fitted on 84 pairs of composed scenes, training material, their shapes as found with a box for each; with
the word of today's detector, on 33.
"""

BORDER = 12
"""Pixels from the other within which it counts whether a thing lies open."""

SURE = 0.02
"""No word of a detector is surer than 1 less this."""

BESIDE, STEP, RIM = 3, 8, 4
"""Pixels: how near a contour is to another thing where it is their common border, over how far its direction is taken,
and how near to the canvas's end nothing is told."""

EVIDENCE = 0.03
"""Evidence below this counts for none; then the order of peeling decides."""

ASKED, PEELED = 10.0, 0.05
"""Weight of the artist's own order, and of the order of peeling, beside evidence from shape."""


def order(
    elements: list[Element], canvas: tuple[int, int], wanted: Sequence[str] = (), opened: Alpha | None = None
) -> list[Element]:
    """The elements back to front, each told what it covers and how sure that is.

    Peel order is the first guess: what came off first lies on top. Between two neighbours the shape decides (`above`),
    together with what the detector says of either. Every pair's verdict is an arrow; elements are placed from the
    back, at each step the one with the least weight of arrows still pointing below it, so a contradiction in a ring
    costs its weakest arrow.
    What the artist asked for lies on top in the order given; what the artist orders by name is placed so.

    Args:
        elements: named, in the order they came off.
        canvas: height and width of the picture.
        wanted: names from the top down; those that are not there count for nothing.
        opened: see `roles.Layout`; None if nobody knows.
    """
    masks = [_seen(e, canvas) for e in elements]
    n = len(elements)
    over = np.zeros((n, n))  # over[i, j]: how sure it is that i lies above j
    near = np.zeros((n, n), bool)
    for i in range(n):
        for j in range(i + 1, n):
            near[i, j] = near[j, i] = _touch(masks[i], masks[j])
            if elements[i].asked:
                over[i, j] = ASKED
                continue
            more_open = None
            if opened is not None:
                beside = [_near(masks[k]) if near[i, j] else np.ones_like(masks[k]) for k in (i, j)]
                more_open = _open(masks[i] & beside[1], opened) - _open(masks[j] & beside[0], opened)
            verdict = _verdict(masks[i], masks[j], more_open) if near[i, j] else 0.0
            if verdict == 0:
                verdict = PEELED * np.sign(elements[j].peel - elements[i].peel or more_open or 0)
            over[i, j], over[j, i] = max(verdict, 0), max(-verdict, 0)
    left, placed = list(range(n)), []
    while left:
        # ties: what came off later lies further back, and the larger behind the smaller
        back = min(left, key=lambda k: (sum(over[k, o] for o in left), -elements[k].peel, -masks[k].sum(), k))
        placed.append(back)
        left.remove(back)
    rank = {name: -place for place, name in enumerate(wanted)}
    placed = _arranged(placed, [rank.get(element.name) for element in elements])
    return [
        replace(
            elements[k],
            covers={
                elements[o].name: _sure(over[k, o], elements[k].name in rank and elements[o].name in rank)
                for o in placed[:place]
                if near[k, o]
            },
        )
        for place, k in enumerate(placed)
    ]


def _seen(element: Element, canvas: tuple[int, int]) -> Mask:
    """Its mask on a canvas whose longer side is `SIDE` at most."""
    alpha, factor = element.on(canvas), min(1.0, SIDE / max(canvas))
    size = tuple(max(1, round(n * factor)) for n in canvas[::-1])
    return cv2.resize(alpha, size, interpolation=cv2.INTER_AREA).reshape(size[::-1]) > 0.5


def _arranged(placed: list[int], rank: list[int | None]) -> list[int]:
    """Those that have a rank in its order, in the places they hold; the others stay."""
    ranked = iter(sorted((k for k in placed if rank[k] is not None), key=lambda k: rank[k]))
    return [k if rank[k] is None else next(ranked) for k in placed]


def _sure(weight: float, told: bool) -> float:
    return 1.0 if told else round(float(min(weight, 1.0)), 2)


def _touch(a: Mask, b: Mask) -> bool:
    near = np.ones((7, 7), np.uint8)
    return bool((cv2.dilate(a.astype(np.uint8), near) & cv2.dilate(b.astype(np.uint8), near)).any())


def above(a: Mask, b: Mask) -> float:
    """Occlusion evidence from shape alone: positive if a covers b, in [-1, 1]; 0 if they do not touch.

    Two cues for who owns the border between two things. Things are mostly convex where they end by themselves; where
    one is bitten by another, its convex hull reaches into the other, so the one whose hull the other invades lies
    below (Kanizsa and Gerbino 1976; Fowlkes, Martin and Malik, *Local figure-ground cues are valid for natural images*,
    J. Vision 2007). And the contour of the one above goes on smoothly where the border ends, that of the one below
    turns there: a T-junction. Their logits are added; 0 is undecided, 1 certain.
    """
    return _verdict(a, b, None) if _touch(a, b) else 0.0


def _verdict(a: Mask, b: Mask, more_open: float | None) -> float:
    """`above` for two that touch; `more_open`: by how many logits a is likelier to lie open than b, if known."""
    shape = np.array([_bitten(b, a), _turn(b, a) - _turn(a, b)])
    logit = shape @ ALONE if more_open is None else np.append(shape, more_open) @ BESIDES
    verdict = float(np.tanh(logit / 2))
    return 0.0 if abs(verdict) < EVIDENCE else verdict


def _near(mask: Mask) -> Mask:
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * BORDER + 1, 2 * BORDER + 1), np.uint8)) > 0


def _open(mask: Mask, opened: np.ndarray) -> float:
    """The logit that pixels of an element lie open: of their mean."""
    size = opened.shape[::-1]
    within = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA).reshape(size[::-1])
    mean = float((within * opened).sum() / max(float(within.sum()), 1e-6))
    mean = float(np.clip(mean, SURE, 1 - SURE))
    return float(np.log(mean / (1 - mean)))


def _bitten(a: Mask, b: Mask) -> float:
    """How much more b reaches into a's convex hull than a into b's, in [-1, 1]."""
    into_a, into_b = float((_hull(a) & b).sum()), float((_hull(b) & a).sum())
    if max(into_a, into_b) < 0.01 * min(a.sum(), b.sum()):
        return 0.0
    return (into_a - into_b) / (into_a + into_b)


def _turn(a: Mask, b: Mask) -> float:
    """How much a's contour turns where its border with b begins and ends, in right angles.

    Half of one where it has no such place.
    """
    away = cv2.distanceTransform((~b).astype(np.uint8), cv2.DIST_L2, 5)
    contours, _ = cv2.findContours(a.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    angles = []
    for points in (contour[:, 0].astype(np.float64) for contour in contours if len(contour) >= 12):
        beside = away[points[:, 1].astype(int), points[:, 0].astype(int)] <= BESIDE
        if beside.all() or not beside.any():
            continue
        around = np.concatenate([beside[-3:], beside, beside[:3]]).astype(np.float64)
        beside = np.convolve(around, np.ones(7), "valid") > 3.5  # no flicker
        length = min(STEP, max(4, len(points) // 6))
        for at in np.flatnonzero(beside != np.roll(beside, 1)):
            p = [points[(at + n) % len(points)] for n in (-1 - length, -1, 1, 1 + length)]
            if (p[1] < RIM).any() or (p[1] > np.array(a.shape[::-1]) - 1 - RIM).any():
                continue  # the canvas cuts it there
            before, after = p[1] - p[0], p[3] - p[2]
            lengths = np.linalg.norm(before) * np.linalg.norm(after)
            if lengths > 0:
                angles.append(np.arccos(np.clip(before @ after / lengths, -1, 1)) / (np.pi / 2))
    return float(np.mean(angles)) if angles else 0.5


def _hull(mask: Mask) -> Mask:
    points = cv2.findNonZero(mask.astype(np.uint8))
    out = np.zeros(mask.shape, np.uint8)
    cv2.fillConvexPoly(out, cv2.convexHull(points), 1)
    return out > 0
