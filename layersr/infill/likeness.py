"""Which patches look alike: what is known of each, and how far one is from another.

All patches are squares of `SIZE` pixels around a pixel, named by that pixel's flat index. Means may differ a little
where the picture is smooth (S. Darabi et al., Image melding, 2012).
"""

import cv2
import numpy as np
from jaxtyping import Float32, Integer
from numpy import ndarray

from layersr.arrays import RGB, Mask

Channels = Float32[ndarray, "h w 5"]
"""Colours and activity across and along (`with_activity`)."""

RADIUS = 3
SIZE = 2 * RADIUS + 1

BUSY = np.float32(8)
"""What activity weighs against colour."""

FREE, CALM, DISCOUNT = np.float32(0.08), np.float32(0.012), np.float32(0.7)
"""A patch's mean colour may be shifted so far; where its mean gradient is below this; for the rest of its price."""

Indices = Integer[ndarray, " n"]
"""Flat indices of pixels."""

Costs = Float32[ndarray, " n"]
"""One number a target patch: the squared distance to its source."""


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
