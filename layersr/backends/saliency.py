"""The classic detector: closed, contrasting, salient regions of a picture, without any weights.

Candidates are sets of small regions (`regions.py`) from three sources: level sets of a saliency map (Zhu et al.,
*Saliency Optimization from Robust Background Detection*, CVPR 2014: what the picture's rim is made of is background);
level sets of the barrier that a path from the rim must cross (in the line of Strand et al., *The minimum barrier
distance*, CVIU 2013); and nodes of a tree of merges (Salembier and Garrido, *Binary partition tree*, IEEE TIP 2000).
A candidate is worth as much as its contour is closed and contrasting and its inside salient. Nested and overlapping
candidates compete; the winners are cut out at pixel precision by GrabCut (Rother et al., SIGGRAPH 2004).
"""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from layersr.arrays import RGB
from layersr.backends import backend
from layersr.backends.regions import Regions, regions
from layersr.errors import BackendError
from layersr.roles import Detection, Prompt

SMALL, MEDIUM = 320, 560
"""Longer side in pixels at which regions are reasoned about and cut out."""

LEAST, MOST = 0.0006, 0.5
"""Share of the picture an element may have."""


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
            found = _in_box(image, prompt.box)
            return [Detection(found, 1.0)] if found.max() > 0 else []
        graph = regions(_shrink(image, SMALL))
        candidates = list(_candidates(graph))
        if not candidates:
            return []
        members = np.array(candidates)
        scores = _scores(graph, members)
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
        found = [(_cut_out(image, graph, members[i]), float(np.clip(scores[i], 0, 1))) for i in winners]
        return [Detection(mask, score) for mask, score in found if mask.max() > 0.5]


def _shrink(image: np.ndarray, longer: int) -> np.ndarray:
    height, width = image.shape[:2]
    factor = min(1.0, longer / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA) if factor < 1 else image


def saliency(graph: Regions) -> np.ndarray:
    """Zhu et al. 2014: how little each region has to do with the picture's rim, in [0, 1]."""
    n = len(graph)
    difference = np.linalg.norm(graph.lab[:, None] - graph.lab[None], axis=2)
    path = np.full((n, n), np.inf)
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
    """Connected parts of a set of regions, with what they enclose."""
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
        part = chosen & (labels == label)
        yield _filled(graph, part)


def _filled(graph: Regions, part: np.ndarray) -> np.ndarray:
    """A set of regions without holes: what cannot be reached from the rim around it belongs to it."""
    outside = (graph.rim > 0) & ~part
    open_pairs = graph.pair[~part[graph.pair[:, 0]] & ~part[graph.pair[:, 1]]]
    while True:
        grown = outside.copy()
        grown[open_pairs[outside[open_pairs[:, 0]], 1]] = True
        grown[open_pairs[outside[open_pairs[:, 1]], 0]] = True
        if np.array_equal(grown, outside):
            return ~outside
        outside = grown


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

    import heapq

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
        yield _filled(graph, members[fresh])
        fresh += 1


def _candidates(graph: Regions) -> Iterator[np.ndarray]:
    seen: set[bytes] = set()

    def sources() -> Iterator[np.ndarray]:
        salient, barrier = saliency(graph), _barrier(graph)
        for level in np.linspace(0.15, 0.85, 15):
            yield from _components(graph, salient > level)
        for level in np.unique(np.round(barrier[barrier > 4]))[::1]:
            yield from _components(graph, barrier >= level)
        yield from _merges(graph)

    for candidate in sources():
        key = candidate.tobytes()
        if LEAST <= graph.area[candidate].sum() <= MOST and key not in seen:
            seen.add(key)
            yield candidate


def _scores(graph: Regions, members: np.ndarray) -> np.ndarray:
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
    salient = saliency(graph)
    step = (salient[i] - salient[j]) * np.where(members[:, i], 1, -1)
    rise = 1 - np.exp(-np.clip((length * step).sum(axis=1) / around, 0, 1) / 0.15)
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
    # Of a thing and its part with like scores the thing is wanted.
    worth = scores * area**0.12
    order = np.argsort(-worth, kind="stable")
    taken = np.zeros(len(graph), bool)
    winners = []
    for index in order:
        if scores[index] < 0.08:
            continue
        if (graph.area[taken & members[index]]).sum() > 0.05 * area[index]:
            continue
        winners.append(int(index))
        taken |= members[index]
    return sorted(winners, key=lambda k: -scores[k])


def _cut_out(image: np.ndarray, graph: Regions, member: np.ndarray) -> np.ndarray:
    """The candidate at the picture's size, its contour moved to the picture's edges by GrabCut."""
    medium = _shrink(image, MEDIUM)
    height, width = medium.shape[:2]
    rough = cv2.resize(member[graph.labels].astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    band = max(2, round(1.6 * MEDIUM / SMALL))
    mask = _grab(medium, rough, band)
    return _enlarge(mask, image.shape[:2])


def _grab(image: np.ndarray, rough: np.ndarray, band: int) -> np.ndarray:
    """GrabCut in a band around the contour of a rough mask (0/1); what lies off the band stays."""
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * band + 1, 2 * band + 1))
    sure, likely = cv2.erode(rough, ball, borderValue=1), cv2.dilate(rough, ball)
    ys, xs = np.nonzero(likely)
    margin = 6 * band
    y0, y1 = max(0, ys.min() - margin), min(image.shape[0], ys.max() + margin + 1)
    x0, x1 = max(0, xs.min() - margin), min(image.shape[1], xs.max() + margin + 1)
    window = (slice(y0, y1), slice(x0, x1))
    labels = np.where(rough[window] > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[sure[window] > 0] = cv2.GC_FGD
    labels[likely[window] == 0] = cv2.GC_BGD
    out = np.zeros(rough.shape, np.uint8)
    out[window] = _solve_grab(image[window], labels)
    overlap = (out & rough).sum() / max(1, (out | rough).sum())
    # Where inside and outside have one palette GrabCut eats things up: then the rough contour is the better one.
    return out if overlap > 0.6 else rough


def _solve_grab(image: np.ndarray, labels: np.ndarray) -> np.ndarray:
    inside = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    if inside.all() or not inside.any() or not (labels == cv2.GC_BGD).any():
        return inside.astype(np.uint8)
    cv2.setRNGSeed(0)
    pixels = np.rint(image[..., ::-1] * 255).astype(np.uint8)
    labels = labels.copy()
    cv2.grabCut(np.ascontiguousarray(pixels), labels, None, np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    return ((labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)).astype(np.uint8)


def _enlarge(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A 0/1 mask at the picture's size, its staircase smoothed over the width of its own pixels."""
    if mask.shape == shape:
        return mask.astype(np.float32)
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.8)
    return np.clip(cv2.resize(soft, shape[::-1], interpolation=cv2.INTER_CUBIC), 0, 1)


def _in_box(image: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """The thing in a box: GrabCut with everything outside the box as background."""
    left, top, width, height = box
    medium = _shrink(image, MEDIUM)
    factor = medium.shape[1] / image.shape[1]
    y0, y1 = (int(np.clip(round(v * factor), 0, medium.shape[0])) for v in (top, top + height))
    x0, x1 = (int(np.clip(round(v * factor), 0, medium.shape[1])) for v in (left, left + width))
    labels = np.full(medium.shape[:2], cv2.GC_BGD, np.uint8)
    labels[y0:y1, x0:x1] = cv2.GC_PR_FGD
    margin = max(8, (x1 - x0) // 2, (y1 - y0) // 2)
    window = (slice(max(0, y0 - margin), y1 + margin), slice(max(0, x0 - margin), x1 + margin))
    out = np.zeros(labels.shape, np.uint8)
    out[window] = _solve_grab(medium[window], labels[window])
    count, parts, stats, _ = cv2.connectedComponentsWithStats(out, connectivity=8)
    for part in range(1, count):  # crumbs of the same colours elsewhere in the box
        if stats[part, cv2.CC_STAT_AREA] < 0.1 * out.sum():
            out[parts == part] = 0
    return _enlarge(out, image.shape[:2])


@backend(
    "detect", "classic", summary="closed, contrasting, salient regions; needs no weights", source="Zhu et al., CVPR 2014"
)
def load_saliency(device: str) -> SaliencyDetector:
    """Loads nothing; every device is the CPU."""
    return SaliencyDetector()
