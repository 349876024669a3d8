"""Safe travel: how far a layer can be moved before a gap shows.

A layer ends somewhere under what covers it: nobody knows how it goes on there, and what was painted for it reaches so
far and no farther. That end is a *gap* once it is seen. It is seen when the layer is moved and its end comes out from
under what covers it, or when what covers it is moved away. A layer that runs off the canvas has its end there, and
shows it when it is moved inward. The ground lies under everything, and it is complete; no gap is seen in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, sqrt

import cv2
import numpy as np

from layersr.arrays import Alpha, Mask
from layersr.layers import Layer, LayerStack

AHEAD = 0.5
"""An end is where the way from what is shown grows by more than this from one pixel to the next: straight ahead it
grows by one, along a contour by nothing."""

WORK = 6e8
"""Pixels times layers times layers: more, about a second, and `rough_travel` looks at fewer pixels."""


@dataclass(frozen=True)
class Travel:
    """Pixels that a layer may be moved each way; None where no gap would ever show."""

    left: int | None = None
    right: int | None = None
    up: int | None = None
    down: int | None = None

    def times(self, scale: int) -> "Travel":
        """The same on a canvas so many times as large."""
        return Travel(*(None if way is None else way * scale for way in (self.left, self.right, self.up, self.down)))

    def within(self, scale: int) -> "Travel":
        """The same on a canvas that many times as small, in whole pixels."""
        return Travel(*(None if way is None else way // scale for way in (self.left, self.right, self.up, self.down)))


def safe_travel(stack: LayerStack) -> list[Travel]:
    """How far every layer can be moved, one at a time, before a gap shows.

    Law: moved by no more than that in one of the four directions, no end of any layer is seen that was not before.

    Args:
        stack: any; hidden layers, shadows and glows cover nothing. Other blend modes and masks are not looked at.
    """
    mattes = [_matte(stack, index) for index in range(len(stack.layers))]
    ends = [_ends(mattes, index) for index in range(len(mattes))]
    found = []
    for index, matte in enumerate(mattes):
        if index == 0 or not stack.layers[index].visible:
            found.append(Travel())
            continue
        above = _opaque(mattes[index + 1 :], matte.shape)
        own = matte >= 1
        bared = np.zeros_like(own)  # ends below it that nothing else hides
        for low in range(1, index):
            hidden_by_it = ends[low] & own
            if hidden_by_it.any():
                others = [mattes[n] for n in range(low + 1, len(mattes)) if n != index]
                bared |= hidden_by_it & ~_opaque(others, own.shape)
        ways = [_first(ends[index], above, off=True, way=way) for way in range(4)]
        # Moved one way, it bares them from the other side: 0 and 1, 2 and 3 are opposite.
        ways = [_least(way, _first(bared, own, off=False, way=n ^ 1)) for n, way in enumerate(ways)]
        sides = matte[:, -1], matte[:, 0], matte[-1], matte[0]  # cut off at the right, it must not move to the left
        cut = [bool((side >= 0.5).any()) for side in sides]
        found.append(Travel(*(0 if n else way for n, way in zip(cut, ways, strict=True))))
    return found


def rough_travel(stack: LayerStack) -> list[Travel]:
    """`safe_travel` in about a second: where there is much to look at it may be a little less than would be safe.

    Only one pixel in so many is looked at then, and a step is taken off for those between.
    """
    step = max(1, ceil(sqrt(stack.width * stack.height / WORK) * len(stack.layers)))
    if step == 1:
        return safe_travel(stack)
    every = stack.with_layers(tuple(_every(layer, step) for layer in stack.layers))
    ways = safe_travel(replace(every, width=-(-stack.width // step), height=-(-stack.height // step)))
    counts = ((way.left, way.right, way.up, way.down) for way in ways)
    return [Travel(*(None if n is None else max(0, n - 1) * step for n in way)) for way in counts]


def _every(layer: Layer, step: int) -> Layer:
    """A layer by one pixel of the canvas in so many each way: sharp, so that what is opaque stays so."""
    pixels = layer.pixels[-layer.top % step :: step, -layer.left % step :: step]
    left, top = -(-layer.left // step), -(-layer.top // step)
    return replace(layer, pixels=pixels, left=left, top=top, provenance=None, mask=None)


def _matte(stack: LayerStack, index: int) -> Alpha:
    """What a layer covers of the canvas."""
    layer = stack.layers[index]
    if not layer.visible or layer.is_cast:
        return np.zeros((stack.height, stack.width), np.float32)
    return layer.matte(stack.width, stack.height) * np.float32(layer.opacity)


def _opaque(mattes: Sequence[Alpha], shape: tuple[int, int]) -> Mask:
    """What some of them hide wholly."""
    out = np.zeros(shape, bool)
    for matte in mattes:
        out |= matte >= 1
    return out


def _ends(mattes: Sequence[Alpha], index: int) -> Mask:
    """The hidden pixels in which a layer ends, straight ahead of what is shown of it."""
    own, hidden = mattes[index] >= 0.5, _opaque(mattes[index + 1 :], mattes[index].shape)
    shown = own & ~hidden
    out = np.zeros_like(own)
    if index == 0 or not shown.any() or not (own & hidden).any():
        return out
    way = cv2.distanceTransform((~shown).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    for axis in (0, 1):
        for here, there in ((slice(1, None), slice(None, -1)), (slice(None, -1), slice(1, None))):
            p, q = (np.s_[s, :] if axis == 0 else np.s_[:, s] for s in (here, there))
            out[p] |= (own & hidden)[p] & (~own & hidden)[q] & (way[q] - way[p] > AHEAD)
    return out


def _first(points: Mask, cover: Mask, *, off: bool, way: int) -> int | None:
    """The least number of steps that every point can go one way without leaving the cover.

    Args:
        points: from where.
        cover: what hides.
        off: whether beyond the canvas is hidden too.
        way: 0 left, 1 right, 2 up, 3 down.
    """
    if not points.any():
        return None
    turned = (lambda a: a.T) if way >= 2 else (lambda a: a)
    flipped = (lambda a: a[:, ::-1]) if way in (0, 2) else (lambda a: a)
    points, cover = flipped(turned(points)), flipped(turned(cover))
    width = cover.shape[1]
    far = 2 * width if off else width
    at = np.where(cover, far, np.arange(width))
    nearest = np.minimum.accumulate(at[:, ::-1], axis=1)[:, ::-1]  # the next uncovered column, from each on
    beyond = np.concatenate([nearest[:, 1:], np.full((len(cover), 1), far)], axis=1)
    steps = int((beyond - np.arange(width) - 1)[points].min())
    return None if steps >= width else steps


def _least(a: int | None, b: int | None) -> int | None:
    found = [way for way in (a, b) if way is not None]
    return min(found) if found else None
