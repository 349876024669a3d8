"""The peel loop: find the top-most elements, matte them, lift them off, fill what was beneath, repeat, stop."""

from collections.abc import Sequence
from dataclasses import dataclass

from layersr.arrays import RGB, Mask
from layersr.decomposing.choosing import Limits, small_things, worth_lifting
from layersr.decomposing.element import Element
from layersr.decomposing.lifting import lift, remove, whole
from layersr.decomposing.models import Models
from layersr.decomposing.parts import before, joined, owner, together
from layersr.decomposing.wishes import granted
from layersr.progress import Progress, Report, within
from layersr.roles import Layout, LayoutDetector, Prompt

ROUNDS = 4
"""Peels at most. What needs more is mostly a detector chasing its own fills."""


@dataclass(frozen=True, eq=False)
class Peeled:
    """What the peel loop found.

    Attributes:
        elements: in the order they came off: the first lies on top.
        left: where things were seen that were not lifted; no fill should repeat them. None if there are none.
        notes: a sentence for every prompt that nothing was found for.
        layout: how things lie, if the detector can tell.
    """

    elements: list[Element]
    left: Mask | None
    notes: tuple[str, ...]
    layout: Layout | None


def peel(image: RGB, models: Models, limits: Limits, prompts: Sequence[Prompt], report: Report) -> Peeled:
    """Lift all elements worth lifting.

    What the artist asks for comes first, each on its own, in the order given; it is taken whatever its size or score.

    Args:
        image: the picture.
        models: detector, matter and infiller.
        limits: when to stop.
        prompts: what the artist asks for.
        report: hears 0..1 over the whole loop.
    """
    current, filled, elements, notes = granted(image, models, limits, prompts, within(report, 0.0, 0.3))
    left: Mask | None = None
    # The artist's own order needs no telling.
    tells = isinstance(models.detect, LayoutDetector) and not limits.only_asked
    layout = models.detect.layout(image) if tells else None

    def owned(piece: Mask) -> int | None:
        return owner(piece, elements, layout, piece.shape) if layout is not None else None

    foreseen = None if layout is None else lambda piece: before(piece, layout)

    base = 0.3 if prompts else 0.0
    for round_ in range(ROUNDS):
        here = within(report, base + (1 - base) * round_ / ROUNDS, base + (1 - base) * (round_ + 1) / ROUNDS)
        room = limits.max_layers - len(elements)
        search = not limits.only_asked and room > 0
        if (not search and not elements) or (round_ and room <= 0):
            break
        here(Progress("find elements", 0.0))
        seen = models.detect(current)
        left = small_things(seen)
        worth = worth_lifting(seen, limits, round_, filled, lambda mask: owned(mask) is not None, foreseen)
        worth = worth[:room] if search else []
        lifted = []
        for number, detection in enumerate(worth):
            here(Progress("cut out elements", 0.2 + 0.4 * number / len(worth)))
            element = lift(current, detection, models.matte, round_)
            if element is not None:
                lifted.append(element)
        if not lifted:
            break
        here(Progress("fill beneath", 0.6))
        lifted = whole(current, lifted, models.matte, models.infill, seen)
        current, filled, kept = remove(current, filled, lifted, left, models.infill, limits.explained)
        new = []
        for element in kept:
            own = owned(element.on(image.shape[:2]) > 0.5) if round_ else None
            if own is None:
                new.append(element)
            else:
                elements[own] = joined(elements[own], element, image)
        elements += together(new, elements, image)
        if not kept:
            break
    report(Progress("find elements", 1.0))
    return Peeled(elements, left, tuple(notes), layout)
