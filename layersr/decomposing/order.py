"""z-order: which element lies above which, pair by pair, made into one order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from layersr.arrays import Alpha, Mask
from layersr.decomposing.element import Element
from layersr.decomposing.nearness import nearer, seen_at
from layersr.decomposing.occlusion import above, openly, touching

SIDE = 512
"""Pixels of the canvas's longer side at which shapes are compared."""

ASKED, PEELED = 20.0, 0.05
"""Logits of the artist's own order, and of the order of peeling where nothing else tells."""


def order(
    elements: list[Element],
    canvas: tuple[int, int],
    wanted: Sequence[str] = (),
    opened: Alpha | None = None,
    depth: np.ndarray | None = None,
) -> list[Element]:
    """The elements back to front, each told what it covers and how sure that is.

    Peel order is the first guess: what came off first lies on top, and the smaller of two. Between two neighbours the
    shape decides together with what the detector says of either where they meet and which one depth holds nearer
    (`occlusion.above`); whether a thing lies open at all is one word on that thing, whoever covers it
    (`occlusion.openly`). The order is the one that is likeliest as a whole (`likeliest`).
    What the artist asked for lies on top in the order given; what the artist orders by name is placed so.

    Args:
        elements: named, in the order they came off.
        canvas: height and width of the picture.
        wanted: names from the top down; those that are not there count for nothing.
        opened: see `roles.Layout`; None if nobody knows.
        depth: relative depth of the picture, float32 in [0, 1], 0 nearest, of any size; likewise.
    """
    masks = [_seen(e, canvas) for e in elements]
    far = None if depth is None else _shrunk(depth, _size(canvas))
    evidence = _told(elements, masks, opened, far)
    placed = likeliest(evidence.over, evidence.bare, evidence.near)
    rank = {name: -place for place, name in enumerate(wanted)}
    placed = _arranged(placed, [rank.get(element.name) for element in elements])
    out = []
    for place, k in enumerate(placed):
        below = [o for o in placed[:place] if evidence.near[k, o]]
        sure = {o: 1.0 if {elements[k].name, elements[o].name} <= rank.keys() else evidence.sure(k, o) for o in below}
        out.append(
            replace(
                elements[k],
                covers={elements[o].name: sure[o] for o in below},
                nearer={elements[o].name: _likely(evidence.closer[k, o]) for o in below if evidence.closer[k, o]},
                depth=None if far is None else seen_at(_open_part(k, masks, elements), far),
            )
        )
    return out


def likeliest(over: np.ndarray, bare: np.ndarray, near: np.ndarray) -> list[int]:
    """The order of n things that is likeliest as a whole, back to front: a local maximum, from the first guess.

    Of an order speaks the sum of `over[i, j]` where i lies above j, and of `bare[i]`, positive where nothing near
    lies above i, negative where something does. Thing by thing is moved to where most speaks for it, the others left in
    their order, until none moves (insertion neighbourhood, as for linear ordering problems; Martí and Reinelt 2011).

    Args:
        over: (n, n), the logit that i lies above j, antisymmetric.
        bare: (n,), the logit that nothing lies above i.
        near: (n, n), whether two things touch, symmetric; only such can cover each other.
    """
    order = list(range(len(over)))[::-1]
    moved = True
    while moved:
        moved = False
        for k in sorted(order):
            rest = [o for o in order if o != k]
            beside = near[k, rest]
            exposed = beside & ~np.triu(near[np.ix_(rest, rest)], 1).any(axis=1)  # these k alone would cover
            step = 2 * over[k, rest] - 2 * np.where(exposed, bare[rest], 0)
            covered = np.append(np.cumsum(beside[::-1])[::-1] > 0, False)
            value = np.append(0, np.cumsum(step)) + np.where(covered, -1, 1) * bare[k]
            best, now = int(value.argmax()), order.index(k)
            if value[best] > value[now] + 1e-9:
                order, moved = [*rest[:best], k, *rest[best:]], True
    return order


@dataclass(frozen=True, eq=False)
class _Evidence:
    """What tells the order of n things, in logits.

    Attributes:
        over: (n, n), that i lies above j, antisymmetric.
        near: (n, n), whether i and j touch.
        bare: (n,), that nothing lies above i.
        closer: (n, n), how much of `over` is depth's word.
    """

    over: np.ndarray
    near: np.ndarray
    bare: np.ndarray
    closer: np.ndarray

    def sure(self, i: int, j: int) -> float:
        """How sure it is that i lies above j were there nothing else: 0 undecided, 1 certain."""
        logit = self.over[i, j] + self.bare[i] - self.bare[j]
        return round(float(np.tanh(max(logit, 0) / 2)), 2)


def _told(elements: list[Element], masks: list[Mask], opened: np.ndarray | None, far: np.ndarray | None) -> _Evidence:
    """All that tells; `opened` as in `order`, `far` the depth, as large as the masks."""
    areas, n = [int(mask.sum()) for mask in masks], len(elements)
    over, closer, near, bare = np.zeros((n, n)), np.zeros((n, n)), np.zeros((n, n), bool), np.zeros(n)
    if opened is not None:
        seen = (_open_part(k, masks, elements) for k in range(n))
        bare[:] = [openly(part if part.any() else mask, opened) for part, mask in zip(seen, masks, strict=True)]
    for i in range(n):
        for j in range(i + 1, n):
            near[i, j] = near[j, i] = touching(masks[i], masks[j])
            rounds = elements[i].peel, elements[j].peel
            if elements[i].asked:
                over[i, j] = ASKED
            elif near[i, j]:
                closer[i, j] = 0.0 if far is None else nearer(masks[i], masks[j], far, rounds)
                over[i, j] = above(masks[i], masks[j], rounds, opened, closer[i, j])
            first_guess = rounds[1] - rounds[0] or bare[i] - bare[j] or areas[j] - areas[i]
            over[i, j] = over[i, j] or PEELED * np.sign(first_guess)
    return _Evidence(over - over.T, near, bare, closer - closer.T)


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
