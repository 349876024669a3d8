"""z-order: which element lies above which, from peel order and from who owns the border between two."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from layersr.arrays import Mask
from layersr.decomposing.element import Element

EVIDENCE = 0.15
"""How much of the smaller convex excess must speak for one side before it outweighs the order of peeling."""

ASKED, PEELED = 10.0, 0.05
"""Weight of the artist's own order, and of the order of peeling, beside evidence from shape in [0.15, 1]."""


def order(elements: list[Element], canvas: tuple[int, int], wanted: Sequence[str] = ()) -> list[Element]:
    """The elements back to front, each told what it covers and how sure that is.

    Peel order is the first guess: what came off first lies on top. Between two neighbours that came off in one round
    the shape decides (`above`). Every pair's verdict is an arrow; elements are placed from the back, at each step the
    one with the least weight of arrows still pointing below it, so a contradiction in a ring costs its weakest arrow.
    What the artist asked for lies on top in the order given; what the artist orders by name is placed so.

    Args:
        elements: named, in the order they came off.
        canvas: height and width of the picture.
        wanted: names from the top down; those that are not there count for nothing.
    """
    masks = [e.on(canvas) > 0.5 for e in elements]
    n = len(elements)
    over = np.zeros((n, n))  # over[i, j]: how sure it is that i lies above j
    near = np.zeros((n, n), bool)
    for i in range(n):
        for j in range(i + 1, n):
            near[i, j] = near[j, i] = _touch(masks[i], masks[j])
            if elements[i].asked:
                over[i, j] = ASKED
                continue
            verdict = above(masks[i], masks[j]) if near[i, j] else 0.0
            if verdict == 0:
                verdict = PEELED * np.sign(elements[j].peel - elements[i].peel)
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

    Things are mostly convex where they end by themselves; where one is bitten by another, its convex hull reaches into
    the other. So the one whose hull the other invades lies below (convexity as a border-ownership cue: Kanizsa and
    Gerbino 1976; Fowlkes, Martin and Malik, *Local figure-ground cues are valid for natural images*, J. Vision 2007).
    """
    if not _touch(a, b):
        return 0.0
    into_a, into_b = float((_hull(b) & a).sum()), float((_hull(a) & b).sum())
    most = max(into_a, into_b)
    if most < 0.01 * min(a.sum(), b.sum()) or abs(into_a - into_b) < EVIDENCE * most:
        return 0.0
    return (into_a - into_b) / (into_a + into_b)


def _hull(mask: Mask) -> Mask:
    points = cv2.findNonZero(mask.astype(np.uint8))
    out = np.zeros(mask.shape, np.uint8)
    cv2.fillConvexPoly(out, cv2.convexHull(points), 1)
    return out > 0
