"""What can be said of a set of regions that tells a whole thing from a part, a heap or a piece of scenery."""

import cv2
import numpy as np

from layersr.backends.regions import Regions

NAMES = (
    "firm 6", "firm 12", "firm 20", "contrast", "compact", "log area", "log area squared", "at rim", "along rim",
    "salient", "rise", "salient around", "barrier around", "barrier inside", "unlike around", "unlike across",
    "unlike rim", "around unlike rim", "surround uniform", "unlike surround", "calm inside", "calm surround",
    "stands out of inside", "stands out of surround", "even",
)  # fmt: skip
"""*Around*: the regions that touch the contour from outside; *surround*: two rings of regions; *rim*: the picture's."""


def promising(graph: Regions, members: np.ndarray, count: int = 900) -> np.ndarray:
    """The sets worth measuring: those of most contrast along a compact contour."""
    i, j = graph.pair.T
    crossing = (members[:, i] != members[:, j]).astype(np.float32)
    sums = crossing @ np.stack([graph.length, graph.length * graph.edge], axis=1).astype(np.float32)
    area, rim = (members @ np.stack([graph.area, graph.rim], axis=1)).T
    perimeter = sums[:, 0] + rim
    compact = np.sqrt(np.clip(4 * np.pi * graph.labels.size * area / np.maximum(perimeter, 1) ** 2, 0, 1))
    quick = np.log1p(sums[:, 1] / np.maximum(sums[:, 0], 1) / 10) + 0.6 * compact
    return members[np.sort(np.argsort(-quick, kind="stable")[:count])]


def measure(graph: Regions, members: np.ndarray, salient: np.ndarray, barrier: np.ndarray) -> np.ndarray:
    """One row of numbers a set, in the order of `NAMES`; float32 (sets, measures)."""
    pixels = graph.labels.size
    side = pixels**0.5
    i, j = graph.pair.T
    edge, length = graph.edge.astype(np.float32), graph.length.astype(np.float32)
    noise = float(np.median(edge)) if len(edge) else 0.0
    inner, outer = members[:, i] & ~members[:, j], members[:, j] & ~members[:, i]
    m = members.astype(np.float32)
    crossing = (inner | outer).astype(np.float32)
    firm = [1 / (1 + np.exp(-(edge - (t + 0.6 * noise)) / (t / 3))) for t in (6, 12, 20)]
    sums = crossing @ np.stack([length, length * edge, length * edge**2, *(length * f for f in firm)], axis=1)
    around = np.maximum(sums[:, 0], 1)
    contrast = sums[:, 1] / around
    spread = np.sqrt(np.maximum(sums[:, 2] / around - contrast**2, 0))
    area_of = graph.area.astype(np.float32)
    rim_of = graph.rim.astype(np.float32)
    palette = _palette(graph)
    stuff = np.column_stack([salient, barrier, palette]).astype(np.float32)
    inside = m @ (area_of[:, None] * np.column_stack([np.ones(len(graph)), stuff]).astype(np.float32))
    area, inside = inside[:, 0], inside[:, 1:] / inside[:, :1]
    rim = m @ rim_of
    near = inner.astype(np.float32), outer.astype(np.float32)
    beyond = (near[0] @ (length[:, None] * stuff[j]) + near[1] @ (length[:, None] * stuff[i])) / around[:, None]
    within = (near[0] @ (length[:, None] * stuff[i]) + near[1] @ (length[:, None] * stuff[j])) / around[:, None]
    background = rim_of @ palette / max(rim_of.sum(), 1)
    touch = np.zeros((len(graph), len(graph)), np.float32)
    touch[i, j] = touch[j, i] = 1
    first = (m @ touch > 0) & ~members
    ring = first.astype(np.float32)
    both = ((m + ring) @ touch > 0) & ~members
    second = (both & ~first).astype(np.float32)
    ring_stuff = _mean(ring, area_of, palette)
    second_stuff = _mean(second, area_of, palette)
    whole_ring = _mean(both.astype(np.float32), area_of, palette)
    stats = np.stack([length, length * edge], axis=1)
    calm_in = (members[:, i] & members[:, j]).astype(np.float32) @ stats
    calm_out = (both[:, i] & both[:, j]).astype(np.float32) @ stats
    calm_in = calm_in[:, 1] / np.maximum(calm_in[:, 0], 10)
    calm_out = calm_out[:, 1] / np.maximum(calm_out[:, 0], 10)
    perimeter = around + rim
    log_area = np.log(np.maximum(area, 1e-6) / 0.01)
    columns = [
        sums[:, 3] / around, sums[:, 4] / around, sums[:, 5] / around,
        np.log1p(contrast / 10),
        np.sqrt(np.clip(4 * np.pi * pixels * area / perimeter**2, 0, 1)),
        log_area, log_area**2,
        rim / perimeter, np.minimum(rim / (side * np.sqrt(area)), 3),
        inside[:, 0], inside[:, 0] - beyond[:, 0], beyond[:, 0],
        beyond[:, 1] / np.maximum(contrast, 1), inside[:, 1] / np.maximum(contrast, 1),
        _unlike(inside[:, 2:], beyond[:, 2:]), _unlike(within[:, 2:], beyond[:, 2:]),
        _unlike(inside[:, 2:], background), _unlike(beyond[:, 2:], background),
        _unlike(ring_stuff, second_stuff), _unlike(inside[:, 2:], whole_ring),
        np.log1p(calm_in / 10), np.log1p(calm_out / 10),
        contrast / (contrast + calm_in + 1), contrast / (contrast + calm_out + 1),
        spread / (contrast + 1),
    ]  # fmt: skip
    return np.stack(columns, axis=1).astype(np.float32)


def _mean(weights: np.ndarray, area: np.ndarray, values: np.ndarray) -> np.ndarray:
    total = weights @ area
    return weights @ (area[:, None] * values) / np.maximum(total, 1e-9)[:, None]


def _unlike(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """One minus Bhattacharyya's coefficient of two histograms."""
    return 1 - np.sqrt(np.maximum(a * b, 0)).sum(axis=-1)


def _palette(graph: Regions, colours: int = 24) -> np.ndarray:
    """How much each region has of each of the picture's main colours, (n, colours), rows sum to one."""
    cv2.setRNGSeed(0)
    lab = graph.lab.astype(np.float32)
    colours = min(colours, len(graph))
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    _, _, centres = cv2.kmeans(lab, colours, None, stop, 1, cv2.KMEANS_PP_CENTERS)
    apart = ((lab[:, None] - centres[None]) ** 2).sum(axis=2)
    near = np.exp(-(apart - apart.min(axis=1, keepdims=True)) / (2 * 6.0**2))
    return (near / near.sum(axis=1, keepdims=True)).astype(np.float32)
