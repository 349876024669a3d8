"""The classic detector: closed, contrasting, salient regions of a picture, with nothing to download.

The picture is cut into small regions (`regions.py`) and a saliency map drawn (Zhu et al., *Saliency Optimization from
Robust Background Detection*, CVPR 2014: what the picture's rim is made of is background). Some thousands of sets of
regions are considered (`candidates.py`), what tells a thing from a part or a heap is measured on each (`measures.py`),
and a small fitted model makes a score of it (`wholeness.py`). Nested and overlapping candidates compete; the winners
are cut out at pixel precision by GrabCut (Rother et al., SIGGRAPH 2004; `contours.py`).
"""

from collections.abc import Sequence

import cv2
import numpy as np

from layersr.arrays import RGB
from layersr.backends import backend
from layersr.backends.candidates import candidates, rim_barrier
from layersr.backends.contours import cut_out, in_box, shrink
from layersr.backends.measures import measure, promising
from layersr.backends.regions import Regions, regions, uneven_regions
from layersr.backends.wholeness import wholeness
from layersr.errors import BackendError
from layersr.roles import Detection, Prompt

SMALL, MEDIUM = 480, 640
"""Longer side in pixels at which saliency and at which contours are reasoned about."""

COARSE, FINE = 450, 1200
"""Regions for saliency, whose cost grows with the cube of their number, and for contours."""

LEAST_SCORE = 0.24
"""Score below which a candidate is not even mentioned."""

WHOLE = 0.1
"""Exponent of the area in the competition of candidates."""


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
        if prompt is not None and prompt.point is not None:
            named = self._at(image, *prompt.point)
        else:
            named = self.named(image)
        masks = cut_out(image, (mask for mask, _ in named))
        found = zip(masks, (score for _, score in named), strict=True)
        return [Detection(mask, score) for mask, score in found if mask.max() > 0.5]

    def named(self, image: RGB) -> list[tuple[np.ndarray, float]]:
        """Rough masks of the elements, at most `MEDIUM` pixels long, and their scores, best first."""
        graph, members, measures = considered(image)
        if not len(members):
            return []
        scores = wholeness(measures)
        return [_named(graph, members[i], scores[i]) for i in _winners(graph, members, scores)]

    def _at(self, image: RGB, x: int, y: int) -> list[tuple[np.ndarray, float]]:
        graph, members, measures = considered(image)
        if not len(members):
            return []
        height, width = graph.labels.shape
        row = min(height - 1, y * height // image.shape[0])
        column = min(width - 1, x * width // image.shape[1])
        here = members[:, graph.labels[row, column]]
        if not here.any():
            return []
        scores = wholeness(measures)
        best = int(np.where(here, scores, -1).argmax())
        return [_named(graph, members[best], scores[best])]


def _named(graph: Regions, member: np.ndarray, score: float) -> tuple[np.ndarray, float]:
    return member[graph.labels], float(np.clip(score, 0, 1))


def considered(image: RGB) -> tuple[Regions, np.ndarray, np.ndarray]:
    """The picture's regions, the sets of them worth a look (sets, regions), and their measures (sets, measures)."""
    coarse = regions(shrink(image, SMALL), COARSE)
    graph = uneven_regions(shrink(image, MEDIUM), FINE)
    height, width = graph.labels.shape
    salience = cv2.resize(saliency(coarse)[coarse.labels].astype(np.float32), (width, height))
    salient = graph.mean(salience)
    members = promising(graph, candidates(graph, salient))
    return graph, members, measure(graph, members, salient, rim_barrier(graph))


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


def _winners(graph: Regions, members: np.ndarray, scores: np.ndarray) -> list[int]:
    """Indices of candidates that do not overlap, best first."""
    area = members @ graph.area
    # Of a thing and its parts, all of them good, the thing is wanted.
    order = np.argsort(-scores * area**WHOLE, kind="stable")
    taken = np.zeros(len(graph), bool)
    winners: list[int] = []
    for index in order.tolist():
        if scores[index] < LEAST_SCORE or graph.area[taken & members[index]].sum() > 0.05 * area[index]:
            continue
        winners += _side_by_side(graph, members, scores, index) or [index]
        taken |= members[index]
    return sorted(winners, key=lambda k: -scores[k])


def _side_by_side(graph: Regions, members: np.ndarray, scores: np.ndarray, heap: int) -> list[int]:
    """The things that a candidate is a heap of, if it is one.

    Parts of one thing are enclosed by it (an iris); things in a heap have much of their contour in common with it.
    """
    area = members @ graph.area
    inside = (members & members[heap]) @ graph.area > 0.97 * area
    fair = inside & (area > 0.1 * area[heap]) & (area < 0.85 * area[heap]) & (scores > 0.85 * scores[heap])
    i, j = graph.pair.T
    outline = members[heap, i] != members[heap, j]
    things: list[int] = []
    taken = np.zeros(len(graph), bool)
    for index in np.flatnonzero(fair)[np.argsort(-scores[fair] * area[fair] ** WHOLE, kind="stable")]:
        own = members[index, i] != members[index, j]
        shared = graph.length[own & outline].sum() / max(1, graph.length[own].sum())
        if shared > 1 / 3 and graph.area[taken & members[index]].sum() < 0.05 * area[index]:
            things.append(int(index))
            taken |= members[index]
    return things if len(things) > 1 and graph.area[taken].sum() > 0.6 * area[heap] else []


@backend(
    "detect",
    "classic",
    summary="closed, contrasting, salient regions; needs no weights",
    source="Zhu et al., CVPR 2014",
)
def load_saliency(device: str) -> SaliencyDetector:
    """Loads nothing; every device is the CPU."""
    return SaliencyDetector()
