"""Patches: finding for each one its best match elsewhere, and painting from the matches.

A field gives every target patch (one that touches the hole) a source patch (wholly known). Both are named by the flat
index of their centre in the picture. C. Barnes et al., PatchMatch, 2009; Y. Wexler, E. Shechtman and M. Irani,
Space-time completion of video, 2007.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Float32
from numpy import ndarray

from layersr.arrays import Mask
from layersr.infill.likeness import (
    DISCOUNT,
    RADIUS,
    SIZE,
    Channels,
    Costs,
    Indices,
    leeway,
    means,
    measure,
    shift,
    windows,
)

WINDOW = [(dy, dx) for dy in range(-RADIUS, RADIUS + 1) for dx in range(-RADIUS, RADIUS + 1)]


@dataclass(frozen=True, eq=False)
class Field:
    """Where each target patch is copied from.

    Attributes:
        target: centres of the patches that touch the hole, ascending.
        source: centres of the patches they are copied from.
        cost: squared distance between the two.
        mean: the mean colour that each target should have, (n, 3); a source is shifted towards it a little (`shift`).
    """

    target: Indices
    source: Indices
    cost: Costs
    mean: Float32[ndarray, "n 3"]


def targets(hole: Mask) -> Mask:
    """Centres of the patches that touch the hole."""
    return cv2.dilate(hole.astype(np.uint8), np.ones((SIZE, SIZE), np.uint8)) > 0


def sources(usable: Mask) -> Mask:
    """Centres of the patches that lie wholly in what may be copied, and wholly in the picture."""
    return (
        cv2.erode(np.pad(usable, RADIUS).astype(np.uint8), np.ones((SIZE, SIZE), np.uint8))[
            RADIUS:-RADIUS, RADIUS:-RADIUS
        ]
        > 0
    )


def peel_in(image: Channels, hole: Mask, source: Mask) -> Channels:
    """Fill a small hole from its rim inwards, ring by ring, each pixel from the patch that fits best what is there."""
    image, filled = np.where(hole[..., None], np.float32(0), image), ~hole
    middle = np.flatnonzero(source)
    library = windows(image)[middle]
    squares = library**2
    colours = image.reshape(-1, image.shape[2])[middle]
    channels = image.shape[2]
    area = SIZE * SIZE
    limit = leeway(image)[middle]
    ring_shape = np.ones((3, 3), np.uint8)
    while not filled.all():
        ring = np.flatnonzero(~filled & (cv2.dilate(filled.astype(np.uint8), ring_shape) > 0))
        known = np.tile(windows(filled.astype(np.float32))[ring], image.shape[2])
        have = windows(image)[ring] * known
        distance = known @ squares.T - 2 * have @ library.T
        count = known[:, :area].sum(axis=1, keepdims=True)
        gaps = []
        for c in range(3):
            part = slice(c * area, (c + 1) * area)
            gaps.append((have[:, part].sum(axis=1, keepdims=True) - known[:, part] @ library[:, part].T) / count)
        distance -= DISCOUNT * count * np.minimum(sum(gap * gap for gap in gaps), limit**2)
        best = distance.argmin(axis=1)
        gap = np.stack([gap[np.arange(len(ring)), best] for gap in gaps], axis=1)
        image.reshape(-1, channels)[ring] = colours[best]
        image.reshape(-1, channels)[ring, :3] += shift(gap, np.zeros_like(gap), limit[best])
        filled.reshape(-1)[ring] = True
    return image


def match_all(
    image: Channels,
    target: Indices,
    source: Mask,
    weight: Float32[ndarray, "h w"],
    price: Float32[ndarray, " p"] | None = None,
) -> Field:
    """The best source for every target by trying them all; for small pictures.

    Args:
        image: colours, painted.
        target: centres of patches.
        source: centres that may be copied.
        weight: how far each pixel of a target can be trusted.
        price: what each pixel costs as a source besides (`repeats.worn`), or None.
    """
    middle = np.flatnonzero(source)
    rows = windows(image)
    library = rows[middle]
    squares = (library**2).reshape(len(middle), image.shape[2], -1).sum(axis=1)
    trust = windows(weight)[target]
    trust /= trust.mean(axis=1, keepdims=True)
    have = rows[target]
    mean = means(image)
    wanted, given = mean[target], mean[middle]
    limit = leeway(image)[middle] ** 2
    lengths = (given**2).sum(axis=1)
    best, cost = np.empty(len(target), np.intp), np.empty(len(target), np.float32)
    step = max(1, 8_000_000 // len(middle))
    for start in range(0, len(target), step):
        part = slice(start, start + step)
        w, t = trust[part], have[part]
        wt = np.tile(w, image.shape[2]) * t
        distance = w @ squares.T - 2 * wt @ library.T
        gap = (wanted[part] ** 2).sum(axis=1, keepdims=True) + lengths - 2 * wanted[part] @ given.T
        np.minimum(gap, limit, out=gap)
        gap *= DISCOUNT * SIZE**2
        distance -= gap
        priced = distance if price is None else distance + price[middle]
        best[part] = priced.argmin(axis=1)
        chosen = np.take_along_axis(distance, best[part, None], axis=1)[:, 0]
        cost[part] = np.maximum(chosen + (wt * t).sum(axis=1), 0)
    return Field(target, middle[best], cost, wanted)


def improve(
    vectors: Float32[ndarray, "p d"],
    field: Field,
    source: Mask,
    radii: tuple[int, ...],
    rng: np.random.Generator,
    price: Float32[ndarray, " p"] | None = None,
) -> Field:
    """One round of PatchMatch: ask the neighbours, then look around at random.

    Args:
        vectors: `describe` of the picture.
        field: the best matches so far.
        source: centres that may be copied.
        radii: how far from the present match to look at random, one try each.
        rng: where chance comes from.
        price: what each pixel costs as a source besides (`repeats.worn`), or None.
    """
    height, width = source.shape
    allowed = source.reshape(-1)
    target, best, cost = field.target, field.source.copy(), field.cost.copy()
    if price is not None:
        cost += price[best]
    place = np.full(height * width, -1, np.int32)
    place[target] = np.arange(len(target))

    def attempt(who: ndarray, candidate: ndarray) -> None:
        fresh = (candidate >= 0) & (candidate < height * width)
        who, candidate = who[fresh], candidate[fresh]
        fresh = allowed[candidate] & (candidate != best[who])
        who, candidate = who[fresh], candidate[fresh]
        new = measure(vectors, target[who], candidate)
        if price is not None:
            new += price[candidate]
        better = new < cost[who]
        best[who[better]], cost[who[better]] = candidate[better], new[better]

    for reach in (4, 1, 1):
        for step in (reach, -reach, reach * width, -reach * width):
            beside = np.clip(target + step, 0, height * width - 1)
            who = np.flatnonzero(place[beside] >= 0)
            attempt(who, best[place[beside[who]]] - step)
    everyone = np.arange(len(target))
    for radius in radii:
        y, x = np.divmod(best, width)
        y = y + rng.integers(-radius, radius + 1, len(best))
        x = np.clip(x + rng.integers(-radius, radius + 1, len(best)), 0, width - 1)
        attempt(everyone, y * width + x)
    if price is not None:
        cost -= price[best]
    return Field(target, best, cost, field.mean)


def remeasure(image: Channels, vectors: Float32[ndarray, "p d"], field: Field) -> Field:
    """The same field, its costs and means taken anew after the picture changed."""
    return replace(field, cost=measure(vectors, field.target, field.source), mean=means(image)[field.target])


def vote(image: Channels, hole: Mask, field: Field, trust: Float32[ndarray, "h w"]) -> Channels:
    """Paint each pixel of the hole with the mean of what the patches over it propose, good matches counting more."""
    height, width = hole.shape
    pixels = image.reshape(-1, image.shape[2])
    inner = np.flatnonzero(hole)
    y, x = np.divmod(inner, width)
    place = np.full(height * width, -1, np.int32)
    place[field.target] = np.arange(len(field.target))
    # A broad mean of patches that disagree would wash texture out: only matches nearly as good as the best have a say.
    spread = max(float(np.quantile(field.cost, 0.75)) * 0.08, 1e-6)
    say = np.exp(-field.cost / (2 * spread)) * trust.reshape(-1)[field.target] + np.float32(1e-9)
    moved = np.zeros((len(field.target), image.shape[2]), np.float32)
    moved[:, :3] = shift(field.mean, means(image)[field.source], leeway(image)[field.source])
    total, weights = np.zeros((len(inner), image.shape[2]), np.float32), np.zeros(len(inner), np.float32)
    for dy, dx in WINDOW:
        inside = (y + dy >= 0) & (y + dy < height) & (x + dx >= 0) & (x + dx < width)
        who = place[np.where(inside, inner + dy * width + dx, 0)]
        w = np.where(inside, say[who], np.float32(0))
        total += w[:, None] * (pixels[field.source[who] - (dy * width + dx)] + moved[who])
        weights += w
    painted = image.copy()
    painted.reshape(-1, image.shape[2])[inner] = total / weights[:, None]
    return painted


def refine(field: Field, hole: Mask) -> Field:
    """The field at the next finer level of the pyramid.

    Args:
        field: the coarser level's.
        hole: the finer level's, twice as wide and high; the coarser one is at least as large.
    """
    height, width = hole.shape
    target = np.flatnonzero(targets(hole))
    y, x = np.divmod(target, width)
    place = np.zeros((height // 2) * (width // 2), np.int32)
    place[field.target] = np.arange(len(field.target))
    parent = place[(y // 2) * (width // 2) + x // 2]
    sy, sx = np.divmod(field.source[parent], width // 2)
    return Field(target, (2 * sy + y % 2) * width + 2 * sx + x % 2, field.cost[parent], field.mean[parent])
