"""Everything in a picture, or what is pointed at, by a network that answers points and boxes with masks.

The network is asked at a grid of points, as A. Kirillov et al. do it (*Segment Anything*, ICCV 2023): masks that are
believed and whose contour does not depend on the threshold are kept, each once. It knows where things end, not which of
them are things: large pieces of ground are left out, and what is a part of something else comes after it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from layersr.arrays import RGB, Mask
from layersr.backends.views import Seen
from layersr.errors import BackendError
from layersr.roles import Detection, Prompt

GRID = 32
"""Points along each side of the picture."""

BATCH = 64
"""Points asked at once."""

BELIEVED = 0.7
"""Least overlap with the true mask that the network itself must expect."""

STABLE, WIDTH = 0.85, 1.0
"""Least overlap of the masks at thresholds this far, in logits, above and below."""

ALIKE = 0.7
"""Intersection over union from which two masks are of one thing."""

LEAST, MOST = 0.0004, 0.5
"""Share of the picture an element may have."""

RIM = 0.3
"""Share of the picture's rim from which a mask is a piece of ground: a subject stands on one side at most."""

INSIDE, AFTER = 0.9, 0.9
"""Share of a mask in a larger one from which it is a part of that; and how sure it is at most, in the larger one's."""

SMALL = 8
"""Pictures with a shorter side than this show nothing."""


@runtime_checkable
class Segmenter(Protocol):
    """A network that answers points and boxes."""

    def see(self, image: RGB) -> tuple[Seen, Any]:
        """The picture as it sees it, and what it makes of that; to be asked about many times."""
        ...

    def at_points(self, sight: Any, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What lies at each point: a part, a thing, a heap of things.

        Args:
            sight: what `see` made of the picture.
            points: x, y in pixels of the view, float32 (n, 2).

        Returns:
            Logits (n, masks, h, w) of the view, and how far each mask is believed to be right (n, masks).
        """
        ...

    def in_boxes(self, sight: Any, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What fills each box: left, top, right, bottom, float32 (n, 4); one mask each."""
        ...


@dataclass(frozen=True, eq=False)
class Found:
    """Masks of one view.

    Attributes:
        logits: float16 (n, h, w).
        scores: (n,) in [0, 1].
    """

    logits: np.ndarray
    scores: np.ndarray

    def __getitem__(self, chosen: np.ndarray) -> "Found":
        return Found(self.logits[chosen], self.scores[chosen])


class AnythingDetector:
    """See the module's text.

    Args:
        name: how it is chosen.
        model: the network.
    """

    def __init__(self, name: str, model: Segmenter) -> None:
        self._name, self._model = name, model
        self._last: tuple[bytes, tuple[Seen, Any]] | None = None

    def __call__(self, image: RGB, prompt: Prompt | None = None) -> Sequence[Detection]:
        """See `roles.Detector`; understands points, boxes and masks."""
        if prompt is not None and prompt.text is not None:
            raise BackendError(
                f"The detector {self._name} does not understand words; choose a model that does with --understand, "
                "or point at the element with --point, --box or --mask."
            )
        if prompt is not None and prompt.mask is not None:
            return [Detection(prompt.mask.astype(np.float32), 1.0)]
        if min(image.shape[:2]) < SMALL:
            return []
        seen, sight = self._see(image)
        if prompt is not None:
            return list(self._asked(seen, sight, prompt))
        found = everything(seen, self._model, sight)
        masks = (seen.mask(logits.astype(np.float32)) for logits in found.logits)
        named = zip(masks, found.scores.tolist(), strict=True)
        return [Detection(mask, score) for mask, score in named if mask.max() > 0.5]

    def _see(self, image: RGB) -> tuple[Seen, Any]:
        """What the network makes of a picture, which is asked about again and again."""
        told = hashlib.blake2b(repr(image.shape).encode())
        told.update(np.ascontiguousarray(image))
        key = told.digest()
        if self._last is None or self._last[0] != key:
            self._last = None  # not two of them at a time
            self._last = (key, self._model.see(image))
        return self._last[1]

    def _asked(self, seen: Seen, sight: Any, prompt: Prompt) -> Iterator[Detection]:
        across, down = seen.factors
        if prompt.point is not None:
            x, y = prompt.point
            point = np.float32([[(x + 0.5) * across, (y + 0.5) * down]])
            logits, beliefs = self._model.at_points(sight, point)
        else:
            left, top, width, height = prompt.box
            box = np.float32([left * across, top * down, (left + width) * across, (top + height) * down])
            logits, beliefs = self._model.in_boxes(sight, box[None])
        best = int(beliefs[0].argmax())
        mask = seen.mask(np.asarray(logits[0, best], np.float32))
        solid = mask > 0.5
        if solid.any() and not _mostly(prompt.filled, solid):
            yield Detection(mask, float(np.clip(beliefs[0, best], 0, 1)))


def _mostly(filled: Mask | None, solid: np.ndarray) -> bool:
    """Whether what is selected is mostly a fill, which nobody asks for."""
    return filled is not None and float(filled[solid].mean()) > 0.5


def everything(seen: Seen, model: Segmenter, sight: Any) -> Found:
    """The masks of a picture's elements, best first, a part after its whole."""
    height, width = seen.inner
    steps = (np.arange(GRID, dtype=np.float32) + 0.5) / GRID
    points = np.stack([np.tile(steps * width, GRID), np.repeat(steps * height, GRID)], axis=1)
    batches = [
        once(sturdy(*model.at_points(sight, points[start : start + BATCH])), seen)
        for start in range(0, len(points), BATCH)
    ]
    found = Found(np.concatenate([b.logits for b in batches]), np.concatenate([b.scores for b in batches]))
    return arranged(once(found, seen), seen)


def sturdy(logits: np.ndarray, beliefs: np.ndarray) -> Found:
    """The masks that the network believes in and whose contours are sharp.

    Args:
        logits: (n, masks, h, w).
        beliefs: how right the network holds each, (n, masks).
    """
    logits = logits.reshape(-1, *logits.shape[-2:])
    beliefs = np.clip(beliefs.reshape(-1), 0, 1)
    kept = np.flatnonzero(beliefs >= BELIEVED)
    logits, beliefs = logits[kept], beliefs[kept]
    less, more = ((logits > shift).sum(axis=(1, 2)) for shift in (WIDTH, -WIDTH))
    stable = less / np.maximum(more, 1)
    kept = np.flatnonzero((stable >= STABLE) & (less > 0))
    return Found(logits[kept].astype(np.float16), beliefs[kept] * stable[kept])


def once(found: Found, seen: Seen) -> Found:
    """Of masks that are much the same the best, in order of score: non-maximum suppression by the masks themselves."""
    found = found[np.argsort(-found.scores, kind="stable")]
    both, areas = _common(found, seen)
    alike = both / np.maximum(areas[:, None] + areas[None] - both, 1) > ALIKE
    kept: list[int] = []
    for index in range(len(areas)):
        if not alike[index, kept].any():
            kept.append(index)
    return found[np.array(kept, int)]


def arranged(found: Found, seen: Seen) -> Found:
    """The masks that may be elements, best first; what lies in another comes after that."""
    solid = seen.inside(found.logits) > 0
    rim = np.ones(solid.shape[1:], bool)
    rim[1:-1, 1:-1] = False
    share = solid.mean(axis=(1, 2))
    along = (solid & rim).sum(axis=(1, 2)) / rim.sum()
    found = found[np.flatnonzero((share > LEAST) & (share < MOST) & (along < RIM))]
    both, areas = _common(found, seen)
    scores = found.scores.copy()
    for index in np.argsort(-areas, kind="stable"):
        wholes = (both[index] > INSIDE * areas[index]) & (areas > areas[index])
        if wholes.any():
            scores[index] = min(scores[index], AFTER * scores[wholes].min())
    return Found(found.logits, scores)[np.argsort(-scores, kind="stable")]


def _common(found: Found, seen: Seen) -> tuple[np.ndarray, np.ndarray]:
    """Pixels that each two masks have in common (n, n), and pixels of each (n,)."""
    solid = seen.inside(found.logits) > 0
    flat = solid.reshape(len(solid), solid.shape[1] * solid.shape[2]).astype(np.float32)
    both = flat @ flat.T
    return both, both.diagonal().copy()
