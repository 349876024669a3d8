"""Which of the things a detector sees are worth a layer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from layersr.arrays import Mask
from layersr.decomposing.parts import Before
from layersr.roles import Detection

LATE_WEIGHTS, LATE_BIAS = np.array([0.66, 3.39, -2.36]), -2.25
"""How likely that is a thing which was seen only when others were gone: a logistic regression of `seen_late`.

Saliency is relative, fills show what never was, and of what was cut out some is left over: taken at the detector's
word, 49 of 113 elements lifted late were none. Fitted on 203 things seen late in scenes of training material: 74 in
scenes as `python -m layersr.training.confidence` makes them, the others in scenes as those of
`tests/benchmarks/decompose.py`, of fewer and larger things. The bias is 0.3 above the fit, for the small ones of a
crowd.
"""

LATER = 0.25
"""By so much surer it must be where no detector tells how likely some thing lay there from the first."""

FORESEEN = 0.7
"""From this likelihood on some thing lay there when nothing was lifted yet: covered, then."""

FILLED = 0.4
"""Of a thing at most this share may be a fill: more, and it is of our own making."""

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
    foreseen: Callable[[Mask], Before] | None = None,
) -> list[Detection]:
    """Detections that are confident, large enough and not of our own making, best first, none over another.

    Args:
        found: what the detector sees.
        limits: what the artist wants.
        round_: of the peel loop.
        filled: where the picture is a fill.
        belongs: whether a mask is a part of something that was lifted before.
        foreseen: what was seen there when nothing was lifted yet; None if nobody knows.

    Returns:
        what is worth it; the score of what is seen late is how likely it is a thing, all told.
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
        if (mask & filled).sum() > FILLED * area or (mask & taken).sum() > 0.1 * area:
            continue
        before = foreseen(mask) if round_ and foreseen is not None else None
        known = round_ == 0 or (before is not None and before.likely > FORESEEN)
        if _is_scenery(mask, detection.score, known):
            continue
        late = round_ > 0 and not belongs(mask)
        if late and before is not None:
            detection = Detection(detection.mask, _likely_late(detection.score, before), detection.label)
        if detection.score < limits.confidence + (LATER if late and before is None else 0.0):
            continue
        taken |= mask
        worth.append(detection)
    return worth


def seen_late(score: float, before: Before) -> np.ndarray:
    """What tells a thing that was covered from a fancy or a left-over: three numbers.

    The detector's score as a logit, which it may overdo when most is gone; how likely some thing lay there from the
    first; and how far it looked like a part of some other thing.
    """
    score = min(max(score, 0.01), 0.99)
    return np.array([np.log(score / (1 - score)), before.likely, before.part])


def _likely_late(score: float, before: Before) -> float:
    return float(1 / (1 + np.exp(-(seen_late(score, before) @ LATE_WEIGHTS + LATE_BIAS))))


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
