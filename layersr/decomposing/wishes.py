"""What the artist asks for, lifted before anything is looked for."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from layersr.arrays import RGB, Mask
from layersr.decomposing.choosing import Limits
from layersr.decomposing.element import Element
from layersr.decomposing.lifting import lift, remove
from layersr.decomposing.models import Models
from layersr.progress import Progress, Report
from layersr.roles import Detection, Prompt


def granted(
    image: RGB, models: Models, limits: Limits, prompts: Sequence[Prompt], report: Report
) -> tuple[RGB, Mask, list[Element], list[str]]:
    """Lift what is asked for, each wish on its own, in the order given, whatever its size or score.

    Words may fit several things: each is an element, in a group that is called by the words.

    Args:
        image: the picture.
        models: detector, understander, matter and infiller.
        limits: how many elements there may be, and whether all that is asked for is one.
        prompts: the wishes.
        report: hears 0..1.

    Returns:
        The picture with what was beneath, where that is a fill, the elements, and a sentence for each wish that was
        not granted.
    """
    current, filled = image, np.zeros(image.shape[:2], bool)
    elements: list[Element] = []
    notes: list[str] = []
    wishes = [list(prompts)] if limits.together and prompts else [[prompt] for prompt in prompts]
    for number, wish in enumerate(wishes[: limits.max_layers]):
        report(Progress("lift what you asked for", number / len(wishes)))
        seen = [(prompt, _asked(current, models, replace(prompt, filled=filled))) for prompt in wish]
        found = [detection for _, detections in seen for detection in detections]
        found = [_united(found)] if limits.together and len(found) > 1 else found
        lifted = [lift(current, detection, models.matte, 0, asked=True) for detection in found]
        group = next((prompt.text for prompt in wish if prompt.text), "") if len(wish) == 1 else ""
        lifted = [replace(element, group=group) for element in lifted if element is not None]
        room = limits.max_layers - len(elements)
        if len(lifted) > room:
            notes.append(f"{len(lifted) - room} more were found by {group!r}: at most {limits.max_layers} are allowed.")
        if lifted[:room]:
            current, filled, kept = remove(current, filled, lifted[:room], None, models.infill, 0.0)
            elements += kept
        for prompt, detections in seen:
            if not (detections and lifted):
                where = f"by {_place(prompt)}" if prompt.text else f"at {_place(prompt)}"
                notes.append(f"Nothing was found {where}; draw the element as a mask and give it with --mask.")
    for prompt in [prompt for wish in wishes[limits.max_layers :] for prompt in wish]:
        place = _place(prompt)
        notes.append(f"{place[0].upper() + place[1:]} was left out: at most {limits.max_layers} elements were allowed.")
    return current, filled, elements, notes


def _asked(image: RGB, models: Models, prompt: Prompt) -> Sequence[Detection]:
    if prompt.mask is not None:  # no model knows better than the artist's own mask
        return [Detection(prompt.mask.astype(np.float32), 1.0)]
    if prompt.text is not None and models.understand is not None:
        return models.understand(image, prompt.text, prompt.filled)
    return models.detect(image, prompt)


def _united(found: Sequence[Detection]) -> Detection:
    """Several detections as one thing, as sure as the least sure of them."""
    return Detection(np.maximum.reduce([d.mask for d in found]), min(d.score for d in found))


def _place(prompt: Prompt) -> str:
    if prompt.point is not None:
        return f"the point {prompt.point[0]}, {prompt.point[1]}"
    if prompt.box is not None:
        return f"the box {', '.join(map(str, prompt.box))}"
    return f"the words {prompt.text!r}" if prompt.text else "the mask"
