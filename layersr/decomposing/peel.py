"""The peel loop: find the top-most elements, matte them, lift them off, fill what was beneath, repeat, stop."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from layersr.arrays import RGB, Alpha, Mask
from layersr.decomposing.element import Element, clipped, window_of
from layersr.decomposing.leftovers import leftovers
from layersr.decomposing.matting import continued, fringe, trimap
from layersr.progress import Progress, Report, within
from layersr.roles import Detection, Detector, Infiller, Matter, Prompt, Upscaler

ROUNDS = 4
"""Peels at most. What needs more is mostly a detector chasing its own fills."""


ROUGH = 512
"""Longer side in pixels at which the fills between two peels are painted."""


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
    """

    elements: list[Element]
    left: Mask | None
    notes: tuple[str, ...]


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
        lifted = [_lift(current, detection, models, 0, asked=True) for detection in found]
        lifted = [element for element in lifted if element is not None]
        if lifted:
            current, filled, kept = _remove(current, filled, lifted, left, models.infill, 0.0)
            elements += kept
        for prompt, detections in seen:
            if not (detections and lifted):
                place = _place(prompt)
                notes.append(f"Nothing was found at {place}; draw the element as a mask and give it with --mask.")
    for prompt in [prompt for wish in wishes[limits.max_layers :] for prompt in wish]:
        notes.append(f"{_place(prompt).capitalize()} was left out: at most {limits.max_layers} elements were allowed.")
    base = 0.3 if prompts else 0.0
    for round_ in range(ROUNDS):
        here = within(report, base + (1 - base) * round_ / ROUNDS, base + (1 - base) * (round_ + 1) / ROUNDS)
        room = limits.max_layers - len(elements)
        search = not limits.only_asked and room > 0
        if not search and not elements:
            break
        here(Progress("find elements", 0.0))
        seen = models.detect(current)
        left = _small_things(seen)
        worth = _worth_lifting(seen, limits, round_, filled)[:room] if search else []
        lifted = []
        for number, detection in enumerate(worth):
            here(Progress("cut out elements", 0.2 + 0.4 * number / len(worth)))
            element = _lift(current, detection, models, round_)
            if element is not None:
                lifted.append(element)
        if not lifted:
            break
        here(Progress("fill beneath", 0.6))
        lifted = _whole(current, lifted, models)
        current, filled, kept = _remove(current, filled, lifted, left, models.infill, limits.explained)
        elements += kept
        if not kept:
            break
    report(Progress("find elements", 1.0))
    return Peeled(elements, left, tuple(notes))


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


def _worth_lifting(found: Sequence[Detection], limits: Limits, round_: int, filled: Mask) -> list[Detection]:
    """Detections that are confident, large enough and not of our own making, best first, none over another."""
    taken = np.zeros(filled.shape, bool)
    worth = []
    for detection in sorted(found, key=lambda d: -d.score):
        # Saliency is relative: what stands out after the subjects are gone must stand out more to count.
        if detection.score < limits.confidence + 0.06 * round_:
            continue
        mask = detection.mask > 0.5
        area = int(mask.sum())
        if area < limits.area * mask.size:
            continue
        if (mask & filled).sum() > 0.4 * area or (mask & taken).sum() > 0.1 * area:
            continue
        if _is_scenery(mask, detection.score, round_):
            continue
        taken |= mask
        worth.append(detection)
    return worth


def _is_scenery(mask: Mask, score: float, round_: int) -> bool:
    """Whether a large region is rather a piece of sky, wall or table than a thing.

    Scenery runs along the sides and the top of the picture (Zhu et al. 2014, boundary connectivity; subjects stand on
    the bottom), or comes off only when the things before it are gone.
    """
    area = int(mask.sum())
    if area < 0.04 * mask.size or score > 0.85:
        return False
    near = max(1, round(RIM * max(mask.shape)))
    sides = mask[:near].any(axis=0), mask[:, :near].any(axis=1), mask[:, -near:].any(axis=1)
    along = int(sum(side.sum() for side in sides))
    return along > 0.6 * area**0.5 or (round_ > 0 and area > 0.08 * mask.size)


def _small_things(seen: Sequence[Detection]) -> Mask | None:
    """Where anything was seen that a fill might repeat; large doubtful regions are scenery to copy from."""
    union: Mask | None = None
    for detection in seen:
        mask = detection.mask > 0.5
        if mask.mean() < 0.08:
            union = mask if union is None else union | mask
    return union


def _lift(current: RGB, detection: Detection, models: Models, round_: int, asked: bool = False) -> Element | None:
    """Matte one detection and unmix its colours; None if nothing is left of it."""
    canvas, mask = current.shape[:2], detection.mask
    if not (mask > 0.5).any():
        return None
    # A detector sees a small picture: its contour is off by about one of its pixels.
    band = max(2, round(max(canvas) / 220))
    window = clipped(window_of(mask > 0.5, 4 * band + 8), canvas)
    crop = np.ascontiguousarray(current[window])
    alpha = _without_specks(models.matte(crop, trimap(np.ascontiguousarray(mask[window]), band)))
    if alpha.max() < 0.5:
        return None
    tight = window_of(alpha > 0, 2 * band)
    window = clipped(
        (
            slice(window[0].start + tight[0].start, window[0].start + tight[0].stop),
            slice(window[1].start + tight[1].start, window[1].start + tight[1].stop),
        ),
        canvas,
    )
    inner = clipped(tight, alpha.shape)
    alpha = np.ascontiguousarray(alpha[inner])
    return Element(
        window,
        alpha,
        continued(np.ascontiguousarray(crop[inner]), alpha),
        detection.score,
        round_,
        detection.label,
        asked,
    )


def _whole(current: RGB, lifted: list[Element], models: Models) -> list[Element]:
    """The lifted elements, together with what hangs on them and was not seen as part of them."""
    if not lifted:
        return lifted
    canvas = current.shape[:2]
    holes = [hole_of(element, canvas) for element in lifted]
    hanging = leftovers(current, np.logical_or.reduce(holes), models.infill)
    count, parts = cv2.connectedComponents(hanging.astype(np.uint8))
    near = np.ones((5, 5), np.uint8)
    contact = [np.bincount(parts[cv2.dilate(h.astype(np.uint8), near) > 0], minlength=count) for h in holes]
    owner = np.argmax(contact, axis=0)
    out = []
    for n, element in enumerate(lifted):
        own = (owner == n) & (contact[n] > 0)
        own[0] = False
        mask = np.where(own[parts], np.float32(1), element.on(canvas))
        found = Detection(mask, element.score, element.label)
        grown = _lift(current, found, models, element.peel, element.asked) if own.any() else None
        out.append(grown or element)
    return out


def _without_specks(alpha: Alpha) -> Alpha:
    """The matte without islands that are a small part of the whole: crumbs of the same colour, grain."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats((alpha > 0.02).astype(np.uint8), connectivity=8)
    if count <= 2:
        return alpha
    area = stats[1:, cv2.CC_STAT_AREA]
    crumbs = np.flatnonzero(area < 0.005 * area.max()) + 1
    return np.where(np.isin(parts, crumbs), np.float32(0), alpha)


def _remove(
    current: RGB, filled: Mask, lifted: list[Element], left: Mask | None, infill: Infiller, least: float
) -> tuple[RGB, Mask, list[Element]]:
    """Fill what was under the lifted elements; those whose going changes (almost) nothing stay where they were."""
    canvas = current.shape[:2]
    hole = np.zeros(canvas, bool)
    for element in lifted:
        hole |= hole_of(element, canvas)
    painted = _roughly(infill, current, hole, left)
    kept, gone = [], np.zeros(canvas, bool)
    for element in lifted:
        core = element.alpha > 0.5
        change = np.abs(painted[element.window] - current[element.window]).max(axis=-1)
        if not core.any() or change[core].mean() < least:
            continue
        ring = hole_of(element, canvas)[element.window] & (element.alpha <= 0)
        alpha = fringe(current[element.window], painted[element.window], element.colour, element.alpha, ring)
        kept.append(replace(element, alpha=alpha))
        # The ring without the element's colour is the neighbours' own: only what was lifted is replaced.
        gone[element.window] |= alpha > 0
    return np.where(gone[..., None], painted, current), filled | gone, kept


def _roughly(infill: Infiller, image: RGB, hole: Mask, avoid: Mask | None) -> RGB:
    """A fill good enough to peel on: painted at `ROUGH` pixels, enlarged.

    The background's fill is made anew at full size when all is peeled; what stays of this one are the parts of lower
    elements that upper ones hide.
    """
    height, width = hole.shape
    factor = ROUGH / max(height, width)
    if factor >= 0.8:
        return infill(image, hole, avoid)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    known = cv2.resize((~hole).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    # Only known pixels are averaged: nothing of what stood in the hole gets into the small picture.
    small = (
        cv2.resize(image * ~hole[..., None], size, interpolation=cv2.INTER_AREA) / np.maximum(known, 1e-3)[..., None]
    )
    if avoid is not None:
        avoid = cv2.resize(avoid.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    painted = infill(np.clip(small, 0, 1), known < 0.5, avoid)
    large = cv2.resize(painted, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.where(hole[..., None], np.clip(large, 0, 1), image)


def hole_of(element: Element, canvas: tuple[int, int]) -> Mask:
    """What must be painted when the element goes: its matte and a little around, which its edge may have coloured."""
    reach = max(2, round(max(canvas) / 400))
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    return cv2.dilate((element.on(canvas) > 0).astype(np.uint8), ball) > 0
