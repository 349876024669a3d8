"""Sets of regions that may be whole things: level sets of what stands out, and nodes of trees of merges."""

import heapq
from collections.abc import Callable, Iterator

import cv2
import numpy as np

from layersr.backends.regions import Regions

LEAST, MOST = 0.0002, 0.5
"""Share of the picture an element may have."""


def candidates(graph: Regions, salient: np.ndarray) -> np.ndarray:
    """Connected sets of regions without holes, each once; bool (sets, regions).

    Three sources: level sets of the saliency; level sets of the barrier that a path from the rim must cross; nodes of
    three binary partition trees (Salembier and Garrido, IEEE TIP 2000), which merge what is alike, what costs least
    by Mumford and Shah, and what no edge divides.

    Args:
        graph: the picture.
        salient: how much each region stands out, (n,) in [0, 1].
    """
    sources: list[np.ndarray] = []
    for level in np.linspace(0.1, 0.9, 17):
        sources += _components(graph, salient > level)
    barrier = rim_barrier(graph)
    for level in np.unique(np.round(barrier[barrier > 4])):
        sources += _components(graph, barrier >= level)
    for cost in (_unlike, _mumford_shah, _divided):
        sources += _merges(graph, cost)
    chosen = {}
    fill = _filler(graph)
    for part in sources:
        if LEAST <= graph.area[part].sum() <= MOST and part.tobytes() not in chosen:
            chosen[part.tobytes()] = None
            whole = fill(part)
            if graph.area[whole].sum() <= MOST:
                chosen[part.tobytes()] = whole
    unique = {whole.tobytes(): whole for whole in chosen.values() if whole is not None}
    return np.array(list(unique.values()), bool).reshape(len(unique), len(graph))


def rim_barrier(graph: Regions) -> np.ndarray:
    """The strongest edge that the easiest way from the rim to each region must cross (Strand et al., CVIU 2013)."""
    reach = np.where(graph.rim > 0, 0.0, np.inf)
    i, j = graph.pair.T
    for _ in range(len(graph)):
        through = np.maximum(graph.edge, np.minimum(reach[i], reach[j]))
        before = reach.copy()
        np.minimum.at(reach, i, through)
        np.minimum.at(reach, j, through)
        if np.array_equal(before, reach):
            break
    return np.where(np.isfinite(reach), reach, 0)


def _components(graph: Regions, chosen: np.ndarray) -> Iterator[np.ndarray]:
    """Connected parts of a set of regions."""
    labels = np.arange(len(graph))
    a, b = graph.pair[chosen[graph.pair[:, 0]] & chosen[graph.pair[:, 1]]].T
    while True:
        before = labels.copy()
        low = np.minimum(labels[a], labels[b])
        np.minimum.at(labels, a, low)
        np.minimum.at(labels, b, low)
        labels = labels[labels]
        if np.array_equal(before, labels):
            break
    for label in np.unique(labels[chosen]):
        yield chosen & (labels == label)


def _filler(graph: Regions) -> Callable[[np.ndarray], np.ndarray]:
    """A function that closes a set's holes: what cannot be reached from around it belongs to it."""
    height, width = graph.labels.shape
    rows, columns = np.indices((height, width))
    flat, n = graph.labels.ravel(), len(graph)
    top, left = np.full(n, height), np.full(n, width)
    bottom, right = np.zeros(n, int), np.zeros(n, int)
    np.minimum.at(top, flat, rows.ravel())
    np.minimum.at(left, flat, columns.ravel())
    np.maximum.at(bottom, flat, rows.ravel())
    np.maximum.at(right, flat, columns.ravel())

    def fill(part: np.ndarray) -> np.ndarray:
        own = np.flatnonzero(part)
        y0, y1 = top[own].min(), bottom[own].max() + 1
        x0, x1 = left[own].min(), right[own].max() + 1
        step = max(1, min(y1 - y0, x1 - x0) // 48)  # a large hole needs no fine look
        window = graph.labels[y0:y1:step, x0:x1:step]
        mask = np.zeros((window.shape[0] + 2, window.shape[1] + 2), np.uint8)
        np.take(part, window, out=mask[1:-1, 1:-1].view(bool))
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(mask, outlines, -1, 1, cv2.FILLED)
        whole = part.copy()
        whole[window[mask[1:-1, 1:-1] > 0]] = True
        return whole

    return fill


def _unlike(graph: Regions, gap: float, edge: float, a: float, b: float, length: float) -> float:
    small = min(a, b) * len(graph)
    return (0.5 * gap + 0.5 * edge) * min(1.0, small) ** 0.4 * max(1.0, small) ** 0.15


def _mumford_shah(graph: Regions, gap: float, edge: float, a: float, b: float, length: float) -> float:
    return gap * gap * a * b / (a + b) / length


def _divided(graph: Regions, gap: float, edge: float, a: float, b: float, length: float) -> float:
    return edge * min(a, b) ** 0.25


def _merges(graph: Regions, cost: Callable[..., float]) -> Iterator[np.ndarray]:
    """Nodes of a tree: merge the two cheapest neighbours until one region is left."""
    n = len(graph)
    members = {i: np.eye(1, n, i, dtype=bool)[0] for i in range(n)}
    colour = dict(enumerate(graph.lab.tolist()))
    area = dict(enumerate(graph.area.tolist()))
    borders: dict[int, dict[int, tuple[float, float]]] = {i: {} for i in range(n)}
    for (i, j), length, edge in zip(
        graph.pair.tolist(), graph.length.astype(float).tolist(), graph.edge.tolist(), strict=True
    ):
        borders[i][j] = borders[j][i] = (length, edge)

    def price(i: int, j: int) -> float:
        (l0, a0, b0), (l1, a1, b1) = colour[i], colour[j]
        gap = ((l0 - l1) ** 2 + (a0 - a1) ** 2 + (b0 - b1) ** 2) ** 0.5
        length, edge = borders[i][j]
        return cost(graph, gap, edge, area[i], area[j], length)

    heap = [(price(i, j), i, j) for i in borders for j in borders[i] if i < j]
    heapq.heapify(heap)
    yield from members.values()
    fresh = n
    while heap:
        _, i, j = heapq.heappop(heap)
        if i not in borders or j not in borders:
            continue
        members[fresh] = members.pop(i) | members.pop(j)
        area[fresh] = area[i] + area[j]
        colour[fresh] = [(p * area[i] + q * area[j]) / area[fresh] for p, q in zip(colour[i], colour[j], strict=True)]
        merged: dict[int, tuple[float, float]] = {}
        for old in (i, j):
            for other, (length, edge) in borders.pop(old).items():
                if other in (i, j):
                    continue
                seen_length, seen_edge = merged.get(other, (0.0, 0.0))
                total = seen_length + length
                merged[other] = (total, (seen_length * seen_edge + length * edge) / total)
                borders[other].pop(old, None)
        borders[fresh] = merged
        for other, border in merged.items():
            borders[other][fresh] = border
            heapq.heappush(heap, (price(fresh, other), fresh, other))
        yield members[fresh]
        fresh += 1
