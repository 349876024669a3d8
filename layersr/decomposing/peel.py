"""The peel loop: find the top-most elements, matte them, lift them off, fill what was beneath, repeat, stop."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from layersr.arrays import RGB, Mask
from layersr.decomposing.choosing import Limits, small_things, worth_lifting
from layersr.decomposing.element import Element
from layersr.decomposing.lifting import lift, remove, whole
from layersr.decomposing.parts import joined, owner, together
from layersr.progress import Progress, Report, within
from layersr.roles import Detection, Detector, Infiller, Layout, LayoutDetector, Matter, Prompt, Upscaler

ROUNDS = 4
"""Peels at most. What needs more is mostly a detector chasing its own fills."""


@dataclass(frozen=True, eq=False)
class Models:
    """What decomposing needs, already loaded."""

    detect: Detector
    matte: Matter
    infill: Infiller
    enlarge: Upscaler | None = None  # for small pictures, which are taken apart as they are without it


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
    current = image
    filled = np.zeros(image.shape[:2], bool)
    elements: list[Element] = []
    notes: list[str] = []
    left: Mask | None = None
    wishes = [list(prompts)] if limits.together and prompts else [[prompt] for prompt in prompts]
    for number, wish in enumerate(wishes[: limits.max_layers]):
        report(Progress("lift what you asked for", 0.3 * number / len(wishes)))
        seen = [(prompt, _asked(current, models.detect, replace(prompt, filled=filled))) for prompt in wish]
        found = [detection for _, detections in seen for detection in detections]
        found = [_united(found)] if limits.together and len(found) > 1 else found
        lifted = [lift(current, detection, models.matte, 0, asked=True) for detection in found]
        lifted = [element for element in lifted if element is not None]
        if lifted:
            current, filled, kept = remove(current, filled, lifted, left, models.infill, 0.0)
            elements += kept
        for prompt, detections in seen:
            if not (detections and lifted):
                place = _place(prompt)
                notes.append(f"Nothing was found at {place}; draw the element as a mask and give it with --mask.")
    for prompt in [prompt for wish in wishes[limits.max_layers :] for prompt in wish]:
        notes.append(f"{_place(prompt).capitalize()} was left out: at most {limits.max_layers} elements were allowed.")
    tells = (
        isinstance(models.detect, LayoutDetector) and not limits.only_asked
    )  # the artist's own order needs no telling
    layout = models.detect.layout(image) if tells else None

    def owned(piece: Mask) -> int | None:
        return owner(piece, elements, layout, piece.shape) if layout is not None else None

    base, first = 0.3 if prompts else 0.0, ()
    for round_ in range(ROUNDS):
        here = within(report, base + (1 - base) * round_ / ROUNDS, base + (1 - base) * (round_ + 1) / ROUNDS)
        room = limits.max_layers - len(elements)
        search = not limits.only_asked and room > 0
        if not search and not elements:
            break
        here(Progress("find elements", 0.0))
        seen = models.detect(current)
        left = small_things(seen)
        first = first or seen
        worth = worth_lifting(seen, limits, round_, filled, lambda mask: owned(mask) is not None, first)
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


def _asked(image: RGB, detector: Detector, prompt: Prompt) -> Sequence[Detection]:
    if prompt.mask is not None:  # no model knows better than the artist's own mask
        return [Detection(prompt.mask.astype(np.float32), 1.0)]
    return detector(image, prompt)


def _united(found: Sequence[Detection]) -> Detection:
    """Several detections as one thing, as sure as the least sure of them."""
    return Detection(np.maximum.reduce([d.mask for d in found]), min(d.score for d in found))


def _place(prompt: Prompt) -> str:
    if prompt.point is not None:
        return f"the point {prompt.point[0]}, {prompt.point[1]}"
    if prompt.box is not None:
        return f"the box {', '.join(map(str, prompt.box))}"
    return f"the words {prompt.text!r}" if prompt.text else "the mask"
