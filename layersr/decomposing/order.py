"""z-order: which element lies above which, pair by pair, made into one order."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from layersr.arrays import Alpha, Mask
from layersr.decomposing.element import Element
from layersr.decomposing.occlusion import above, likelier_open, touching

SIDE = 512
"""Pixels of the canvas's longer side at which shapes are compared."""

ASKED, PEELED = 10.0, 0.05
"""Weight of the artist's own order, and of the order of peeling, beside evidence."""


def order(
    elements: list[Element], canvas: tuple[int, int], wanted: Sequence[str] = (), opened: Alpha | None = None
) -> list[Element]:
    """The elements back to front, each told what it covers and how sure that is.

    Peel order is the first guess: what came off first lies on top. Between two neighbours the shape decides together
    with what the detector says of either (`occlusion.above`). Every pair's verdict is an arrow; elements are placed
    from the back, at each step the one with the least weight of arrows still pointing below it, so a contradiction in a
    ring costs its weakest arrow.
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
            near[i, j] = near[j, i] = touching(masks[i], masks[j])
            if elements[i].asked:
                over[i, j] = ASKED
                continue
            rounds = elements[i].peel, elements[j].peel
            word = None if opened is None else likelier_open(masks[i], masks[j], opened)
            verdict = above(masks[i], masks[j], rounds, word) if near[i, j] else 0.0
            if verdict == 0:
                verdict = PEELED * np.sign(rounds[1] - rounds[0] or word or 0)
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
