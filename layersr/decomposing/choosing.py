"""Which of the things a detector sees are worth a layer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from layersr.arrays import Mask
from layersr.roles import Detection

LATER = 0.25
"""By so much surer a thing must be that was seen only when others were gone.

Saliency is relative, and fills show what never was: of what scenes showed late with a score of 0.42 to 0.67, one in
fourteen was a thing.
"""

AGAIN, FORESEEN = 0.05, 0.7
"""By so much surer, if it was this likely that some thing lies there when nothing was lifted yet: covered, then."""

RIM = 0.015
"""What is so near to a side, in longer sides of the picture, runs along it: photographed paintings show some frame."""


@dataclass(frozen=True)
class Limits:
    """When to stop.

    Attributes:
        max_layers: elements at most.
        granularity: 0 = main subjects, 1 = everything liftable.
        only_asked: lift what the artist asks for and nothing else.
        together: all that the artist asks for is one element.
    """

    max_layers: int = 24
    granularity: float = 0.5
    only_asked: bool = False
    together: bool = False

    @property
    def confidence(self) -> float:
        """The least score an element may have."""
        return 0.6 - 0.36 * self.granularity

    @property
    def area(self) -> float:
        """The least share of the picture an element may have: less is a speck."""
        return 0.004 * 0.06**self.granularity

    @property
    def explained(self) -> float:
        """The least mean change of a pixel when the element goes: less, and the fill painted the same thing again."""
        return 0.06 - 0.03 * self.granularity


def worth_lifting(
    found: Sequence[Detection],
    limits: Limits,
    round_: int,
    filled: Mask,
    belongs: Callable[[Mask], bool] = lambda mask: False,
    foreseen: Callable[[Mask], float] = lambda mask: 0.0,
) -> list[Detection]:
    """Detections that are confident, large enough and not of our own making, best first, none over another.

    Args:
        found: what the detector sees.
        limits: what the artist wants.
        round_: of the peel loop.
        filled: where the picture is a fill.
        belongs: whether a mask is a part of something that was lifted before.
        foreseen: how likely some thing lay there when nothing was lifted yet, covered or not.
    """
    taken = np.zeros(filled.shape, bool)
    worth = []
    for detection in sorted(found, key=lambda d: -d.score):
        if detection.score < limits.confidence:
            break
        mask = detection.mask > 0.5
        area = int(mask.sum())
        if area < limits.area * mask.size:
            continue
        if (mask & filled).sum() > 0.4 * area or (mask & taken).sum() > 0.1 * area:
            continue
        known = round_ == 0 or foreseen(mask) > FORESEEN
        if _is_scenery(mask, detection.score, known):
            continue
        more = 0.0 if round_ == 0 or belongs(mask) else AGAIN if known else LATER
        if detection.score < limits.confidence + more:
            continue
        taken |= mask
        worth.append(detection)
    return worth


def _is_scenery(mask: Mask, score: float, known: bool) -> bool:
    """Whether a large region is rather a piece of sky, wall or table than a thing.

    Scenery runs along the sides and the top of the picture (Zhu et al. 2014, boundary connectivity; subjects stand on
    the bottom), or is not seen before the things in front of it are gone.
    """
    area = int(mask.sum())
    if area < 0.04 * mask.size or score > 0.85:
        return False
    near = max(1, round(RIM * max(mask.shape)))
    sides = mask[:near].any(axis=0), mask[:, :near].any(axis=1), mask[:, -near:].any(axis=1)
    along = int(sum(side.sum() for side in sides))
    return along > 0.6 * area**0.5 or (not known and area > 0.08 * mask.size)


def small_things(seen: Sequence[Detection]) -> Mask | None:
    """Where anything was seen that a fill might repeat; large doubtful regions are scenery to copy from."""
    union: Mask | None = None
    for detection in seen:
        mask = detection.mask > 0.5
        if mask.mean() < 0.08:
            union = mask if union is None else union | mask
    return union
