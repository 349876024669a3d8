"""Large models that paint holes: what they are shown of a picture, and how their painting comes back into it.

Such a model takes pictures up to a size. A picture that is larger is shown hole by hole, each with its surroundings;
where these are too large as well, they are shrunk, and what is painted small gets the texture of copies.
"""

from collections.abc import Callable
from copy import copy

import cv2
import numpy as np

from layersr.arrays import RGB, Mask
from layersr.backends.patchmatch import GAP, LEAST, detailed
from layersr.backends.structure import StructureInfill
from layersr.infill.harmonic import harmonic
from layersr.infill.structure import shrunk, touching
from layersr.progress import Report, silent, within

Paint = Callable[[RGB, Mask, Report], RGB]
"""A picture that is black in the hole, the hole, and who hears 0..1, to the picture with the hole painted."""

REACH = 1.0
"""How far around a hole its surroundings go: this many times its size."""

SMALL = 0.8
"""What is shrunk by more than this wants texture."""


class SlowInfill(StructureInfill):
    """A large model's infill: what is asked in passing the project's own network answers, so it must be here too.

    Args:
        device: where networks run.
        most: pixels of the largest picture that is painted as it is.
    """

    def __init__(self, device: str, most: int) -> None:
        super().__init__(device)
        self._most, self._report = most, silent

    def __call__(self, image: RGB, hole: Mask, avoid: Mask | None = None) -> RGB:
        """See `roles.Infiller`."""
        return around(self.paint, image, hole, avoid, self._most, self._report)

    def paint(self, image: RGB, hole: Mask, report: Report) -> RGB:
        """What the model paints: see `Paint`."""
        raise NotImplementedError

    def telling(self, report: Report) -> "SlowInfill":
        """See `roles.SlowInfiller`."""
        told = copy(self)
        told._report = report
        return told


def around(paint: Paint, image: RGB, hole: Mask, avoid: Mask | None, most: int, report: Report = silent) -> RGB:
    """The image with every hole painted; see `roles.Infiller`.

    Args:
        paint: asks the model.
        image: the picture; what stands in the hole is never shown.
        hole: what to paint.
        avoid: things that should not go on in the hole: those that touch it are as unknown as the hole itself.
        most: pixels of the largest picture that the model is shown.
        report: hears 0..1.
    """
    if not hole.any():
        return image.copy()
    if hole.all():
        return np.full_like(image, 0.5)
    unknown = hole if avoid is None else hole | touching(avoid, hole)
    unknown = hole if unknown.all() else unknown
    shown = np.where(unknown[..., None], np.float32(0), image)
    if hole.size <= most:
        return _kept(image, hole, paint(shown, unknown, report))
    painted = image.copy()
    crops = surroundings(hole)
    for number, (crop, own) in enumerate(crops):
        part = within(report, number / len(crops), (number + 1) / len(crops))
        view = (shown[crop], hole[crop] if unknown[crop].all() else unknown[crop])
        factor = min(1.0, float(np.sqrt(most / own.size)))
        filled = paint(*view, part) if factor == 1 else _shrunk(paint, *view, factor, part)
        if factor < SMALL:
            closed = np.where(own[..., None], filled, harmonic(*view))
            filled = detailed(closed, view[1], own, None if avoid is None else avoid[crop], filled)
        painted[crop][own] = filled[own]
    return _kept(image, hole, painted)


def surroundings(hole: Mask) -> list[tuple[tuple[slice, slice], np.ndarray]]:
    """The windows of holes, near ones together, with what is around them; and the window's own hole."""
    near = cv2.dilate(hole.astype(np.uint8), np.ones((2 * GAP + 1, 2 * GAP + 1), np.uint8))
    count, group, boxes, _ = cv2.connectedComponentsWithStats(near)
    out = []
    for number in range(1, count):
        left, top, width, height = (int(v) for v in boxes[number][:4])
        reach = max(LEAST, int(REACH * (max(width, height) - 2 * GAP)))
        rows = slice(max(0, top - reach), top + height + reach)
        columns = slice(max(0, left - reach), left + width + reach)
        out.append(((rows, columns), hole[rows, columns] & (group[rows, columns] == number)))
    return out


def seamless(painted: RGB, image: RGB, hole: Mask) -> RGB:
    """A painting that differs from the picture at the hole's rim too, moved so that it does not: no seam shows."""
    return np.clip(painted + harmonic(image - painted, hole), 0, 1)


def _shrunk(paint: Paint, image: RGB, hole: Mask, factor: float, report: Report) -> RGB:
    """Painted small; what this adds to the hole closed smoothly is enlarged, so that it ends where the hole ends."""
    height, width = hole.shape
    small, gap = shrunk(image, hole, (max(1, int(width * factor)), max(1, int(height * factor))))
    closed = harmonic(image, hole)
    if gap.all() or not gap.any():
        return closed
    more = paint(small, gap, report) - harmonic(small, gap)
    return closed + cv2.resize(more, (width, height), interpolation=cv2.INTER_CUBIC).reshape(image.shape)


def _kept(image: RGB, hole: Mask, painted: RGB) -> RGB:
    return np.where(hole[..., None], np.clip(painted, 0, 1), image).astype(np.float32)
