"""A picture as a graph of small regions: what the classic detector reasons about instead of pixels.

Regions are waterpixels (Machairas et al., *Waterpixels*, IEEE TIP 2015): a watershed of the gradient grown from the
flattest pixel of every cell of a grid, so that region borders lie on the picture's edges.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from layersr.arrays import RGB


@dataclass(frozen=True, eq=False)
class Regions:
    """n regions and the m borders between neighbours.

    Attributes:
        labels: region index of every pixel, int32 (height, width).
        lab: mean CIELAB colour, (n, 3), L in 0..100.
        area: share of the picture, (n,).
        centre: x, y of the centroid in units of the larger side, (n, 2).
        rim: pixels on the picture's rim, (n,).
        pair: region indices at both sides of each border, (m, 2).
        length: pixels along each border, (m,).
        edge: mean colour difference across each border, in CIELAB units, (m,).
    """

    labels: np.ndarray
    lab: np.ndarray
    area: np.ndarray
    centre: np.ndarray
    rim: np.ndarray
    pair: np.ndarray
    length: np.ndarray
    edge: np.ndarray

    def __len__(self) -> int:
        return len(self.area)

    def mean(self, values: np.ndarray) -> np.ndarray:
        """The mean of a map (height, width) over each region, (n,)."""
        size = np.bincount(self.labels.ravel(), minlength=len(self))
        return np.bincount(self.labels.ravel(), values.ravel(), minlength=len(self)) / np.maximum(size, 1)


def regions(image: RGB, count: int) -> Regions:
    """Cut a (small) picture into about `count` regions of about one size.

    Args:
        image: (height, width, 3) in [0, 1]; its size decides the time, some 300 pixels a side are plenty.
        count: wanted number of regions.
    """
    height, width = image.shape[:2]
    lab = _calm(image)
    return _described(_waterpixels(lab, max(2, round((height * width / count) ** 0.5))), lab)


def uneven_regions(image: RGB, count: int, cell: int = 6, most: float = 1 / 250) -> Regions:
    """Cut a picture into about `count` regions, small where much happens, large where little does.

    Waterpixels of `cell` pixels, merged where that costs least by the functional of Mumford and Shah (Koepfler, Lopez
    and Morel, SIAM J. Numer. Anal. 1994): a bird in the sky stays a region of its own while the sky grows together.

    Args:
        image: (height, width, 3) in [0, 1].
        count: wanted number of regions.
        cell: side of the first waterpixels.
        most: share of the picture above which a region does not grow further.
    """
    lab = _calm(image)
    graph = _described(_waterpixels(lab, cell), lab)
    while len(graph) > count:
        i, j = graph.pair.T
        a, b = graph.area[i], graph.area[j]
        gap = ((graph.lab[i] - graph.lab[j]) ** 2).sum(axis=1) + 0.5 * graph.edge**2
        cost = gap * a * b / (a + b) / graph.length * (1 + ((a + b) / most) ** 4)
        # Merge the pairs that are each other's cheapest neighbour, the cheaper half of them at a time.
        least = np.full(len(graph), np.inf)
        np.minimum.at(least, i, cost)
        np.minimum.at(least, j, cost)
        mutual = np.flatnonzero((cost <= least[i]) & (cost <= least[j]))
        mutual = mutual[np.argsort(cost[mutual], kind="stable")][: max(1, len(mutual) // 2)][: len(graph) - count]
        into = np.arange(len(graph))
        into[j[mutual]] = i[mutual]
        # Equal costs may chain three regions: follow to the first.
        into = into[into]
        into = np.unique(into, return_inverse=True)[1]
        graph = _merged(graph, into)
    return _described(graph.labels, lab)


def _merged(graph: Regions, into: np.ndarray) -> Regions:
    """The graph with region k become part of region `into[k]`."""
    n = int(into.max()) + 1
    area = np.bincount(into, graph.area, minlength=n)

    def mean(values: np.ndarray) -> np.ndarray:
        columns = [np.bincount(into, v * graph.area, minlength=n) / area for v in values.T]
        return np.stack(columns, axis=1)

    ends = np.sort(into[graph.pair], axis=1)
    apart = ends[:, 0] != ends[:, 1]
    key, index = np.unique(ends[apart, 0] * n + ends[apart, 1], return_inverse=True)
    length = np.bincount(index, graph.length[apart])
    edge = np.bincount(index, (graph.length * graph.edge)[apart]) / np.maximum(length, 1)
    return Regions(
        into[graph.labels].astype(np.int32),
        mean(graph.lab),
        area,
        mean(graph.centre),
        np.bincount(into, graph.rim, minlength=n),
        np.stack([key // n, key % n], axis=1),
        length,
        edge,
    )


def _calm(image: RGB) -> np.ndarray:
    """CIELAB without brush texture and grain, which are no edges between things."""
    calm = cv2.bilateralFilter(image, 7, 0.12, 4)
    return cv2.cvtColor(cv2.bilateralFilter(calm, 7, 0.08, 4), cv2.COLOR_RGB2Lab)


def _described(labels: np.ndarray, lab: np.ndarray) -> Regions:
    n = int(labels.max()) + 1
    flat = labels.ravel()
    size = np.maximum(np.bincount(flat, minlength=n), 1)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(flat, values.ravel(), minlength=n) / size

    rows, columns = np.indices(labels.shape, np.float32) / max(labels.shape)
    rim = np.zeros(labels.shape, bool)
    rim[[0, -1]] = rim[:, [0, -1]] = True
    pair, length, edge = _borders(labels, lab, n)
    return Regions(
        labels,
        np.stack([mean(lab[..., i]) for i in range(3)], axis=1),
        size / labels.size,
        np.stack([mean(columns), mean(rows)], axis=1),
        np.bincount(flat, rim.ravel(), minlength=n),
        pair,
        length,
        edge,
    )


def _waterpixels(lab: np.ndarray, cell: int) -> np.ndarray:
    height, width = lab.shape[:2]
    gradient = sum(cv2.morphologyEx(lab[..., i], cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) for i in range(3))
    gradient = gradient + np.random.default_rng(0).random(gradient.shape, np.float32) * 1e-3  # ties: no seed on a line
    markers = np.zeros((height, width), np.int32)
    seed = 0
    for top in range(0, height, cell):
        for left in range(0, width, cell):
            block = gradient[top : top + cell, left : left + cell]
            row, column = divmod(int(block.argmin()), block.shape[1])
            seed += 1
            markers[top + row, left + column] = seed
    strength = np.clip(gradient * 4, 0, 255).astype(np.uint8)
    labels = cv2.watershed(np.dstack([strength] * 3), markers)
    # OpenCV leaves lines (-1) between basins and around the picture; their pixels join a neighbour.
    labels = np.where(labels < 1, 0, labels).astype(np.float32)
    while (labels == 0).any():
        grown = cv2.dilate(labels, np.ones((3, 3), np.uint8))
        if not grown.any():
            return np.zeros(labels.shape, np.int32)
        labels = np.where(labels == 0, grown, labels)
    return np.unique(labels.astype(np.int32), return_inverse=True)[1].reshape(labels.shape).astype(np.int32)


def _borders(labels: np.ndarray, lab: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    ends, steps = [], []
    reach = 2  # the difference across an anti-aliased edge shows a pixel to each side of it
    for axis in (0, 1):
        a = np.take(labels, range(labels.shape[axis] - 1), axis)
        b = np.take(labels, range(1, labels.shape[axis]), axis)
        size = labels.shape[axis]
        low = np.clip(np.arange(size - 1) - reach + 1, 0, None)
        high = np.clip(np.arange(1, size) + reach - 1, None, size - 1)
        step = np.linalg.norm(np.take(lab, high, axis) - np.take(lab, low, axis), axis=-1)
        differ = a != b
        ends.append(np.sort(np.stack([a[differ], b[differ]], axis=1), axis=1))
        steps.append(step[differ])
    both, step = np.concatenate(ends), np.concatenate(steps)
    key, index = np.unique(both[:, 0].astype(np.int64) * n + both[:, 1], return_inverse=True)
    length = np.bincount(index, minlength=len(key))
    edge = np.bincount(index, step, minlength=len(key)) / np.maximum(length, 1)
    return np.stack([key // n, key % n], axis=1), length, edge
