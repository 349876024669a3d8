"""z-order: which element lies above which, pair by pair, made into one order."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from layersr.arrays import Alpha, Mask
from layersr.decomposing.element import Element
from layersr.decomposing.nearness import nearer, seen_at
from layersr.decomposing.occlusion import above, likelier_open, touching

SIDE = 512
"""Pixels of the canvas's longer side at which shapes are compared."""

ASKED, PEELED = 10.0, 0.05
"""Weight of the artist's own order, and of the order of peeling, beside evidence."""


def order(
    elements: list[Element],
    canvas: tuple[int, int],
    wanted: Sequence[str] = (),
    opened: Alpha | None = None,
    depth: np.ndarray | None = None,
) -> list[Element]:
    """The elements back to front, each told what it covers and how sure that is.

    Peel order is the first guess: what came off first lies on top. Between two neighbours the shape decides together
    with what the detector says of either and which one depth holds nearer (`occlusion.above`). Every pair's verdict is
    an arrow; elements are placed from the back, at each step the one with the least weight of arrows still pointing
    below it, so a contradiction in a ring costs its weakest arrow.
    What the artist asked for lies on top in the order given; what the artist orders by name is placed so.

    Args:
        elements: named, in the order they came off.
        canvas: height and width of the picture.
        wanted: names from the top down; those that are not there count for nothing.
        opened: see `roles.Layout`; None if nobody knows.
        depth: relative depth of the picture, float32 in [0, 1], 0 nearest, of any size; likewise.
    """
    masks = [_seen(e, canvas) for e in elements]
    n = len(elements)
    over = np.zeros((n, n))  # over[i, j]: how sure it is that i lies above j
    near = np.zeros((n, n), bool)
    closer = np.zeros((n, n))  # by how many logits i is nearer than j
    far = None if depth is None else _shrunk(depth, _size(canvas))
    for i in range(n):
        for j in range(i + 1, n):
            near[i, j] = near[j, i] = touching(masks[i], masks[j])
            if elements[i].asked:
                over[i, j] = ASKED
                continue
            rounds = elements[i].peel, elements[j].peel
            word = None if opened is None else likelier_open(masks[i], masks[j], opened)
            if far is not None and near[i, j]:
                closer[i, j] = nearer(masks[i], masks[j], far, rounds)
                closer[j, i] = -closer[i, j]
            verdict = above(masks[i], masks[j], rounds, word, closer[i, j]) if near[i, j] else 0.0
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
            nearer={elements[o].name: _likely(closer[k, o]) for o in placed[:place] if closer[k, o]},
            depth=None if far is None else seen_at(_open_part(k, masks, elements), far),
        )
        for place, k in enumerate(placed)
    ]


def _seen(element: Element, canvas: tuple[int, int]) -> Mask:
    """Its mask on a canvas whose longer side is `SIDE` at most."""
    return _shrunk(element.on(canvas), _size(canvas)) > 0.5


def _size(canvas: tuple[int, int]) -> tuple[int, int]:
    """Width and height of the canvas at which shapes are compared."""
    factor = min(1.0, SIDE / max(canvas))
    return max(1, round(canvas[1] * factor)), max(1, round(canvas[0] * factor))


def _shrunk(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(values, size, interpolation=cv2.INTER_AREA).reshape(size[::-1])


def _open_part(k: int, masks: list[Mask], elements: list[Element]) -> Mask:
    """What is seen of an element: without those that came off before it."""
    hiding = [mask for mask, other in zip(masks, elements, strict=True) if other.peel < elements[k].peel]
    return masks[k] & ~np.logical_or.reduce([np.zeros_like(masks[k]), *hiding])


def _arranged(placed: list[int], rank: list[int | None]) -> list[int]:
    """Those that have a rank in its order, in the places they hold; the others stay."""
    ranked = iter(sorted((k for k in placed if rank[k] is not None), key=lambda k: rank[k]))
    return [k if rank[k] is None else next(ranked) for k in placed]


def _likely(logit: float) -> float:
    return round(float(1 / (1 + np.exp(-logit))), 2)


def _sure(weight: float, told: bool) -> float:
    return 1.0 if told else round(float(min(weight, 1.0)), 2)
