"""What a hole hides, in broad strokes: a network looks at the hole's surroundings, shrunk, and paints the mean picture.

The network is an argument: planes (4, h, w), RGB with the hole closed by `harmonic` and the hole (1 = hole), to
planes (3, h, w). It was trained so (`layersr.training.structure`).
"""

from collections.abc import Callable

import cv2
import numpy as np

from layersr.arrays import RGB, Mask, Scaled
from layersr.infill.harmonic import harmonic

Network = Callable[[np.ndarray], np.ndarray]

LONGER = 256
"""Pixels of the longer side that the network looks at: larger pictures are shrunk to it, smaller ones are not."""


def structure(
    image: RGB, hole: Mask, network: Network, longer: int = LONGER, avoid: Mask | None = None, ways: int = 8
) -> RGB:
    """The image with the hole painted in broad strokes; what stood in the hole has no influence.

    The network's word is what it adds to the small closed picture; this is enlarged and added to the large closed one,
    so that colours go on from the rim without a step.

    Args:
        image: a picture, or the surroundings of a hole cut out of one.
        hole: what to paint.
        network: see above.
        longer: pixels of the longer side that it gets.
        avoid: things that should not go on in the hole: those that touch it are as unknown as the hole itself.
        ways: in how many of the eight ways, mirrored and turned, the network is asked.
    """
    unknown = hole if avoid is None else hole | touching(avoid, hole)
    closed = harmonic(image, unknown)
    if not hole.any() or unknown.all():
        return closed
    height, width = hole.shape
    factor = min(1, longer / max(height, width))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    small, gap = shrunk(image, unknown, size)
    if gap.all() or not gap.any():
        return closed
    begun = harmonic(small, gap)
    more = _turned(network, begun, gap, ways) - begun
    large = cv2.resize(more, (width, height), interpolation=cv2.INTER_CUBIC).reshape(image.shape)
    return np.where(hole[..., None], np.clip(closed + large, 0, 1), image).astype(np.float32)


def touching(things: Mask, hole: Mask) -> Mask:
    """Those of the things that touch the hole, without what lies in it."""
    count, parts = cv2.connectedComponents((things & ~hole).astype(np.uint8))
    if count == 1:
        return np.zeros_like(hole)
    beside = cv2.dilate(hole.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    touched = np.zeros(count, bool)
    touched[parts[beside]] = True
    touched[0] = False
    return touched[parts]


def shrunk(image: RGB, hole: Mask, size: tuple[int, int]) -> tuple[Scaled, np.ndarray]:
    """Image and hole at a smaller size (width, height).

    A pixel is known if half of what it covers is, and its colour is the mean of that; in the hole it is black.
    """
    known = cv2.resize((~hole).astype(np.float32), size, interpolation=cv2.INTER_AREA).reshape(size[::-1])
    given = cv2.resize(np.where(hole[..., None], np.float32(0), image), size, interpolation=cv2.INTER_AREA)
    given = given.reshape(*size[::-1], 3) / np.maximum(known, 0.5)[..., None]
    gap = known < 0.5
    return np.where(gap[..., None], np.float32(0), given), gap


def _turned(network: Network, begun: RGB, gap: Mask, ways: int) -> RGB:
    """The mean of what the network says of the picture, mirrored and turned: all eight ways are 0.07 dB at no risk."""
    planes = np.concatenate([begun.transpose(2, 0, 1), gap[None].astype(np.float32)])
    total = np.zeros((3, *gap.shape), np.float32)
    for way in range(ways):
        flip = [axis for bit, axis in ((1, 2), (2, 1)) if way & bit]
        view = np.flip(planes, flip)
        said = network(view.swapaxes(1, 2)).swapaxes(1, 2) if way & 4 else network(view)
        total += np.flip(said, flip)
    return np.ascontiguousarray((total / ways).transpose(1, 2, 0))
