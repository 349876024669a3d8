"""The classic detector: closed, contrasting, salient regions of a picture, without any weights.

Candidates are sets of small regions (`regions.py`) from three sources: level sets of a saliency map (Zhu et al.,
*Saliency Optimization from Robust Background Detection*, CVPR 2014: what the picture's rim is made of is background);
level sets of the barrier that a path from the rim must cross (in the line of Strand et al., *The minimum barrier
distance*, CVIU 2013); and nodes of a tree of merges (Salembier and Garrido, *Binary partition tree*, IEEE TIP 2000).
A candidate is worth as much as its contour is closed and contrasting and its inside salient. Nested and overlapping
candidates compete; the winners are cut out at pixel precision by GrabCut (Rother et al., SIGGRAPH 2004).
"""

import heapq
from collections.abc import Iterator, Sequence

import numpy as np

from layersr.arrays import RGB
from layersr.backends import backend
from layersr.backends.contours import cut_out, in_box, shrink
from layersr.backends.regions import Regions, regions
from layersr.errors import BackendError
from layersr.roles import Detection, Prompt

SMALL = 480
"""Longer side in pixels at which regions are reasoned about."""

COARSE, FINE = 450, 1600
"""Regions for saliency, whose cost grows with the cube of their number, and for contours."""

LEAST, MOST = 0.0006, 0.5
"""Share of the picture an element may have."""


GOOD, LEAST_SCORE = 0.42, 0.24
"""Score above which a candidate is taken for a thing, and below which it is not even mentioned."""


class SaliencyDetector:
    """See the module's text."""

    def __call__(self, image: RGB, prompt: Prompt | None = None) -> Sequence[Detection]:
        """See `roles.Detector`; understands points, boxes and masks."""
        if prompt is not None and prompt.text is not None:
            raise BackendError(
                "The classic detector does not understand words; point at the element with --point, --box or --mask."
            )
        if prompt is not None and prompt.mask is not None:
            return [Detection(prompt.mask.astype(np.float32), 1.0)]
        if min(image.shape[:2]) < 8:
            return []
        if prompt is not None and prompt.box is not None:
            found = in_box(image, prompt.box)
            return [Detection(found, 1.0)] if found.max() > 0 else []
        small = shrink(image, SMALL)
        coarse, graph = regions(small, COARSE), regions(small, FINE)
        salient = graph.mean(saliency(coarse)[coarse.labels])
        candidates = list(_candidates(graph, salient))
        if not candidates:
            return []
        members = np.array(candidates)
        scores = _scores(graph, members, salient)
        if prompt is not None and prompt.point is not None:
            x, y = prompt.point
            height, width = graph.labels.shape
            row = min(height - 1, y * height // image.shape[0])
            column = min(width - 1, x * width // image.shape[1])
            here = members[:, graph.labels[row, column]]
            if not here.any():
                return []
            winners = [int(np.where(here, scores, -1).argmax())]
        else:
            winners = _winners(graph, members, scores)
        masks = cut_out(image, [members[i][graph.labels] for i in winners])
        found = zip(masks, np.clip(scores[winners], 0, 1).tolist(), strict=True)
        return [Detection(mask, score) for mask, score in found if mask.max() > 0.5]


def saliency(graph: Regions) -> np.ndarray:
    """Zhu et al. 2014: how little each region has to do with the picture's rim, in [0, 1]."""
    n = len(graph)
    difference = np.linalg.norm(graph.lab[:, None] - graph.lab[None], axis=2).astype(np.float32)
    path = np.full((n, n), np.inf, np.float32)
    i, j = graph.pair.T
    # Steps below what brush texture makes cost nothing.
    step = np.maximum(0, difference[i, j] - 3)
    path[i, j] = path[j, i] = step
    rim = np.flatnonzero(graph.rim)
    path[np.ix_(rim, rim)] = np.minimum(path[np.ix_(rim, rim)], np.maximum(0, difference[np.ix_(rim, rim)] - 3))
    np.fill_diagonal(path, 0)
    for k in range(n):  # Floyd and Warshall
        np.minimum(path, path[:, k, None] + path[None, k], out=path)
    near = np.exp(-(path**2) / (2 * 10**2))
    boundary = near[:, rim].sum(axis=1) / np.sqrt(near.sum(axis=1))
    background = 1 - np.exp(-(boundary**2) / 2)
    apart = np.linalg.norm(graph.centre[:, None] - graph.centre[None], axis=2)
    contrast = (difference * np.exp(-(apart**2) / (2 * 0.25**2)) * background[None]).sum(axis=1)
    foreground = contrast / max(float(contrast.max()), 1e-6)
    smooth = np.zeros((n, n))
    smooth[i, j] = smooth[j, i] = np.exp(-(difference[i, j] ** 2) / (2 * 10**2)) + 0.1
    system = np.diag(background + foreground + smooth.sum(axis=1) + 1e-6) - smooth
    return np.clip(np.linalg.solve(system, foreground), 0, 1)


def _barrier(graph: Regions) -> np.ndarray:
    """The strongest edge that the easiest way from the rim to each region must cross."""
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
    inside = graph.pair[(chosen[graph.pair[:, 0]]) & (chosen[graph.pair[:, 1]])]
    while True:
        before = labels.copy()
        low = np.minimum(labels[inside[:, 0]], labels[inside[:, 1]])
        np.minimum.at(labels, inside[:, 0], low)
        np.minimum.at(labels, inside[:, 1], low)
        if np.array_equal(before, labels):
            break
    for label in np.unique(labels[chosen]):
        yield chosen & (labels == label)


def _filled(graph: Regions, part: np.ndarray) -> np.ndarray:
    """A set of regions without holes: what cannot be reached from the rim around it belongs to it."""
    outside = (graph.rim > 0) & ~part
    a, b = graph.pair[~part[graph.pair[:, 0]] & ~part[graph.pair[:, 1]]].T
    count = -1
    while count != (count := int(outside.sum())):
        outside[b[outside[a]]] = True
        outside[a[outside[b]]] = True
    return part if count + int(part.sum()) == len(part) else ~outside


def _merges(graph: Regions) -> Iterator[np.ndarray]:
    """Nodes of the binary partition tree: merge the two most alike neighbours until one region is left."""
    n = len(graph)
    members = {i: np.eye(1, n, i, dtype=bool)[0] for i in range(n)}
    colour = {i: graph.lab[i] for i in range(n)}
    area = {i: graph.area[i] for i in range(n)}
    borders: dict[int, dict[int, tuple[float, float]]] = {i: {} for i in range(n)}
    for (i, j), length, edge in zip(graph.pair.tolist(), graph.length.tolist(), graph.edge.tolist(), strict=True):
        borders[i][j] = borders[j][i] = (length, edge)

    def cost(i: int, j: int) -> float:
        small = min(area[i], area[j]) * n
        likeness = 0.5 * float(np.linalg.norm(colour[i] - colour[j])) + 0.5 * borders[i][j][1]
        return likeness * min(1.0, small) ** 0.4 * max(1.0, small) ** 0.15

    heap = [(cost(i, j), i, j) for i in borders for j in borders[i] if i < j]
    heapq.heapify(heap)
    fresh = n
    while heap:
        _, i, j = heapq.heappop(heap)
        if i not in borders or j not in borders:
            continue
        members[fresh] = members.pop(i) | members.pop(j)
        area[fresh] = area[i] + area[j]
        colour[fresh] = (colour[i] * area[i] + colour[j] * area[j]) / area[fresh]
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
            heapq.heappush(heap, (cost(fresh, other), fresh, other))
        yield members[fresh]
        fresh += 1


def _candidates(graph: Regions, salient: np.ndarray) -> Iterator[np.ndarray]:
    seen: set[bytes] = set()

    def sources() -> Iterator[np.ndarray]:
        barrier = _barrier(graph)
        for level in np.linspace(0.15, 0.85, 15):
            yield from _components(graph, salient > level)
        for level in np.unique(np.round(barrier[barrier > 4])):
            yield from _components(graph, barrier >= level)
        yield from _merges(graph)

    for candidate in sources():
        if candidate.tobytes() in seen or not LEAST <= graph.area[candidate].sum() <= MOST:
            continue
        seen.add(candidate.tobytes())
        whole = _filled(graph, candidate)
        if whole is candidate or (whole.tobytes() not in seen and graph.area[whole].sum() <= MOST):
            seen.add(whole.tobytes())
            yield whole


def _scores(graph: Regions, members: np.ndarray, salient: np.ndarray) -> np.ndarray:
    """What each candidate is worth, in [0, 1]."""
    i, j = graph.pair.T
    crossing = members[:, i] != members[:, j]
    length = crossing * graph.length
    around = np.maximum(length.sum(axis=1), 1)
    rim = (members * graph.rim).sum(axis=1)
    # An edge is as good as it stands out of the picture's own texture, in CIELAB units.
    noise = np.median(graph.edge)
    firm = 1 / (1 + np.exp(-(graph.edge - (10 + 0.8 * noise)) / 4))
    closed = (length * firm).sum(axis=1) / around
    contrast = 1 - np.exp(-(length * graph.edge).sum(axis=1) / around / 22)
    # Of a part of a thing the neighbours are as salient as itself: only whole things stand out all around.
    step = (salient[i] - salient[j]) * np.where(members[:, i], 1, -1)
    rise = 0.5 + 0.5 * np.tanh((length * step).sum(axis=1) / around / 0.15)
    area = (members * graph.area).sum(axis=1)
    inside = (members * graph.area * salient).sum(axis=1) / area
    # Zhu's boundary connectivity: scenery runs along the rim, elements at most touch it.
    side = np.sqrt(graph.labels.size * area)
    touching = np.exp(-((rim / side / 1.2) ** 2))
    compact = np.clip(4 * np.pi * graph.labels.size * area / (around + rim) ** 2 / 0.25, 0.3, 1) ** 0.5
    return (closed * contrast * rise * inside**0.5 * touching * compact) ** 0.5


def _winners(graph: Regions, members: np.ndarray, scores: np.ndarray) -> list[int]:
    """Indices of candidates that do not overlap, best first."""
    area = (members * graph.area).sum(axis=1)
    # Of a thing and its parts, all of them good, the thing is wanted; what is doubtful comes after all that is good.
    worth = np.where(scores > GOOD, 10 * scores * area**0.4, scores)
    order = np.argsort(-worth, kind="stable")
    taken = np.zeros(len(graph), bool)
    winners = []
    for index in order:
        if scores[index] < LEAST_SCORE:
            break
        if (graph.area[taken & members[index]]).sum() > 0.05 * area[index]:
            continue
        winners.append(int(index))
        taken |= members[index]
    return sorted(winners, key=lambda k: -scores[k])


@backend(
    "detect",
    "classic",
    summary="closed, contrasting, salient regions; needs no weights",
    source="Zhu et al., CVPR 2014",
)
def load_saliency(device: str) -> SaliencyDetector:
    """Loads nothing; every device is the CPU."""
    return SaliencyDetector()
