"""Infill that continues texture and structure without any network: multi-scale patch match (see `layersr.infill`)."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from layersr.arrays import RGB, Mask
from layersr.backends import backend

GAP = 16
"""Holes nearer to each other than twice this many pixels are painted together."""

MARGIN, LEAST = 0.6, 64
"""How far around a hole its material is sought: this many times its size, at least so many pixels."""

NEAR, ENOUGH = 2.5, 1.5
"""Material is sought within this many times the hole's depth, as long as that leaves so many times the hole's area.

What is near is of the hole's own kind: sky beside sky, though the sea may be the better match."""

HANDS = 4
"""Holes painted at a time, where the machine has so many cores."""

MUD = 0.1
"""Broad strokes of which a larger share has none of the picture's colours are only followed, not taken."""


class PatchMatch:
    """Paints each hole with copies of what is around it."""

    def __call__(self, image: RGB, hole: Mask, avoid: Mask | None = None) -> RGB:
        """See `roles.Infiller`."""
        return paint_all(image, hole, avoid)


def paint_all(
    image: RGB, hole: Mask, avoid: Mask | None, guide: Callable[[RGB, Mask, Mask | None], RGB] | None = None
) -> RGB:
    """Paint every hole, near ones together, from what is around it.

    Holes know nothing of what is painted in others, so they are painted side by side.

    Args:
        image: colours; in the hole they are ignored.
        hole: what to paint.
        avoid: what should not be copied, nor go on in the hole.
        guide: given image, hole and `avoid`, paints a hole's surroundings in broad strokes, which the copies follow
            and lend their texture to; where the strokes have colours that the picture has not, the copies stay as they
            are.
    """
    import cv2

    from layersr.bleed import bleed
    from layersr.infill.patchmatch import paint

    seen = bleed(image, ~hole)  # what a hole sees of its far neighbours
    if hole.all():
        return seen
    near = cv2.dilate(hole.astype(np.uint8), np.ones((2 * GAP + 1, 2 * GAP + 1), np.uint8))
    count, group, boxes, _ = cv2.connectedComponentsWithStats(near)

    def one(number: int) -> tuple[tuple[slice, slice], Mask, RGB]:
        left, top, width, height = (int(v) for v in boxes[number][:4])
        reach = max(LEAST, int(MARGIN * (max(width, height) - 2 * GAP)))
        crop = (
            slice(max(0, top - reach), top + height + reach),
            slice(max(0, left - reach), left + width + reach),
        )
        own = hole[crop] & (group[crop] == number)
        unwanted = None if avoid is None else avoid[crop]
        if guide is None:
            return crop, own, paint(seen[crop], own, _usable(hole[crop], unwanted, own))
        broad = guide(seen[crop], hole[crop], unwanted)
        return crop, own, detailed(seen[crop], hole[crop], own, unwanted, broad)

    painted = seen.copy()
    with ThreadPoolExecutor(min(HANDS, os.cpu_count() or 1)) as pool:
        for crop, own, filled in pool.map(one, range(1, count)):
            painted[crop][own] = filled[own]
    return painted


def detailed(seen: RGB, hole: Mask, own: Mask, avoid: Mask | None, broad: RGB) -> RGB:
    """Broad strokes with the texture of what is around them, copied.

    Args:
        seen: the picture, its holes closed by any means.
        hole: every hole; nothing is copied from there.
        own: the hole to paint.
        avoid: what should not be copied.
        broad: the picture with the hole painted in broad strokes.
    """
    from layersr.infill.palette import strange
    from layersr.infill.patchmatch import paint
    from layersr.infill.texture import textured

    mud = strange(broad, own) > MUD
    copied = paint(seen, own, _usable(hole, avoid, own), broad, 3 if mud else 1, priced=not mud)
    return copied if mud else textured(broad, copied, own)


def _usable(hole: Mask, avoid: Mask | None, own: Mask) -> Mask:
    """What may be copied into `own`: what is known, near, and not to be avoided, as long as that leaves enough."""
    import cv2

    known = ~hole
    depth = cv2.distanceTransform(np.pad(own, 1).astype(np.uint8), cv2.DIST_L2, 5).max()
    near = cv2.distanceTransform((~own).astype(np.uint8), cv2.DIST_L2, 5) <= max(LEAST, NEAR * depth)
    wanted = [known & near, known] if avoid is None else [known & near & ~avoid, known & ~avoid, known & near, known]
    return next((usable for usable in wanted if usable.sum() > ENOUGH * own.sum()), known)


@backend(
    "infill",
    "classic",
    summary="multi-scale patch match: continues texture and structure; needs no weights",
    source="C. Barnes et al., PatchMatch, 2009; Y. Wexler et al., Space-time completion of video, 2007",
)
def load_patchmatch(device: str) -> PatchMatch:
    """Loads nothing; every device is the CPU."""
    return PatchMatch()
