"""Patches: telling which look alike, finding for each one its best match elsewhere, and painting from the matches.

A field gives every target patch (one that touches the hole) a source patch (wholly known). Both are named by the flat
index of their centre in the picture. C. Barnes et al., PatchMatch, 2009; Y. Wexler, E. Shechtman and M. Irani,
Space-time completion of video, 2007.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Float32, Integer
from numpy import ndarray

from layersr.arrays import RGB, Mask

Channels = Float32[ndarray, "h w 5"]
"""Colours and activity across and along (`with_activity`)."""

RADIUS = 3
SIZE = 2 * RADIUS + 1
WINDOW = [(dy, dx) for dy in range(-RADIUS, RADIUS + 1) for dx in range(-RADIUS, RADIUS + 1)]

BUSY = np.float32(8)
"""What activity weighs against colour."""

FREE, CALM, DISCOUNT = np.float32(0.08), np.float32(0.012), np.float32(0.7)
"""A patch's mean colour may be shifted so far; where its mean gradient is below this; for the rest of its price."""

Indices = Integer[ndarray, " n"]
"""Flat indices of pixels."""

Costs = Float32[ndarray, " n"]
"""One number a target patch: the squared distance to its source."""


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


def means(image: Channels) -> Float32[ndarray, "p 3"]:
    """The mean colour of the patch around every pixel."""
    return cv2.blur(np.ascontiguousarray(image[..., :3]), (SIZE, SIZE), borderType=cv2.BORDER_REFLECT_101).reshape(
        -1, 3
    )


def leeway(image: Channels) -> Float32[ndarray, " p"]:
    """How far the mean colour of each patch may be shifted: some where the picture is smooth, nothing where it is busy.

    So a painted sky keeps its gradient, while texture is copied as it is.
    """
    busy = (image[..., 3] + image[..., 4]).reshape(-1) / BUSY
    return FREE * np.exp(-((busy / CALM) ** 2))


def shift(
    wanted: Float32[ndarray, "n 3"], have: Float32[ndarray, "n 3"], limit: Float32[ndarray, " n"]
) -> Float32[ndarray, "n 3"]:
    """What is added to a source so that its mean becomes the wanted one, as far as it may (Darabi et al. 2012)."""
    gap = wanted - have
    size = np.sqrt((gap * gap).sum(axis=1))
    return gap * np.minimum(1, limit / np.maximum(size, 1e-6))[:, None]


def _basis() -> list[tuple[int, ndarray, ndarray]]:
    """Separable filters (colour channel, along y, along x): low frequencies of the windowed cosine transform."""
    at = np.arange(SIZE)
    window = np.exp(-0.5 * ((at - RADIUS) / 2.5) ** 2)
    waves = [window * np.cos(np.pi * (at + 0.5) * k / SIZE) for k in range(SIZE)]
    waves = [(wave / np.linalg.norm(wave)).astype(np.float32) for wave in waves]
    chosen = [(0, 0, 0), (1, 0, 0), (2, 0, 0)]  # the mean colour first
    chosen += [(0, v, u) for v in range(5) for u in range(5 - v) if u + v]
    chosen += [(c, v, 1 - v) for c in (1, 2) for v in range(2)] + [(3, 0, 0), (4, 0, 0)]
    return [(channel, waves[v], waves[u]) for channel, v, u in chosen]


BASIS = _basis()
UNIT = np.float32(BASIS[0][1].sum() ** 2)
"""The first number of a vector where the picture is 1 all over (times a length)."""
OPPONENT = np.array([[0.577, 0.577, 0.577], [0.707, 0, -0.707], [-0.408, 0.816, -0.408]], np.float32)


def describe(image: Channels) -> Float32[ndarray, "n d"]:
    """A short vector for the patch around every pixel; the last number is its leeway, the others are for `measure`."""
    height, width = image.shape[:2]
    planes = [*cv2.split(cv2.transform(image[..., :3], OPPONENT)), *cv2.split(image[..., 3:])]
    vectors = np.empty((height, width, len(BASIS) + 1), np.float32)
    for i, (channel, along_y, along_x) in enumerate(BASIS):
        vectors[..., i] = cv2.sepFilter2D(planes[channel], -1, along_x, along_y, borderType=cv2.BORDER_REFLECT_101)
    vectors[..., -1] = leeway(image).reshape(height, width) * UNIT
    return vectors.reshape(height * width, -1)


def windows(image: ndarray) -> ndarray:
    """The patch around every pixel as one row; beyond the edge it is zero."""
    channels = image[..., None] if image.ndim == 2 else image
    padded = np.pad(channels, ((RADIUS, RADIUS), (RADIUS, RADIUS), (0, 0)))
    view = np.lib.stride_tricks.sliding_window_view(padded, (SIZE, SIZE), axis=(0, 1))
    return view.reshape(image.shape[0] * image.shape[1], -1)


def with_activity(image: RGB, hole: Mask) -> Channels:
    """The picture and, as two more channels, how busy it is across and along around each pixel (Newson et al. 2014)."""
    known = (~hole).astype(np.float32)
    luma = image.mean(axis=2)
    busy = np.zeros((*hole.shape, 2), np.float32)
    sure = np.zeros((*hole.shape, 2), np.float32)
    sure[:, 1:, 0], sure[1:, :, 1] = known[:, 1:] * known[:, :-1], known[1:] * known[:-1]
    busy[:, 1:, 0], busy[1:, :, 1] = np.abs(luma[:, 1:] - luma[:, :-1]), np.abs(luma[1:] - luma[:-1])
    mean = cv2.blur(busy * sure, (9, 9)) / np.maximum(cv2.blur(sure, (9, 9)), 1e-6)
    return np.dstack([image, BUSY * mean])


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


def measure(vectors: Float32[ndarray, "p d"], target: Indices, source: Indices) -> Costs:
    """Squared distance of each target to its source."""
    cost = np.empty(len(target), np.float32)
    for start in range(0, len(target), 8192):  # so that the gathered rows stay in the processor's cache
        part = slice(start, start + 8192)
        gap = vectors[target[part]]
        given = vectors[source[part]]
        gap -= given
        gap[:, -1] = 0
        np.einsum("nd,nd->n", gap, gap, out=cost[part])
        free = np.einsum("nd,nd->n", gap[:, :3], gap[:, :3])
        cost[part] -= DISCOUNT * np.minimum(free, given[:, -1] ** 2)
    return cost


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
