"""How much better strokes make a picture: the drop of its squared error, for thousands of strokes at once.

What a stroke covers by c of a pixel, where canvas C lies below and D is missing, is wrong by D - v c (k - C) after it,
k being its colour and v how much of the pixel later strokes leave free (1 while there are none). Summed over pixels
with weights w the error drops by

    2 k.b - a k.k - g,   a = sum w v^2 c^2,   b = sum w (v c D + v^2 c^2 C),   g = sum w (2 v c D.C + v^2 c^2 C.C)

which is greatest for the colour k = b / a; of a palette's colours the greatest is taken. So nine sums say what a stroke
is worth: of four planes with its coverage, of five with its square. One code serves numpy and torch: only what differs
between the two stands in `_windows`.
"""

from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np
from jaxtyping import Float32
from numpy import ndarray
from numpy.lib.stride_tricks import sliding_window_view

Planes = Float32[ndarray, "_ _ 9"]
Curves = Float32[ndarray, "n 3 2"]
"""Three points (x, y) of each quadratic Bezier curve, in pixels of the planes."""

PIECES = 3
"""Straight pieces that a curve is measured as: for strokes no longer than seven widths they are off by 0.2 widths."""

BATCH = 1 << 16
"""Pixels measured at once: what fits a processor's nearest memory. A GPU takes as much as makes it busy."""
BATCH_CUDA = 1 << 24


def planes(
    missing: Float32[ndarray, "h w 3"],
    canvas: Float32[ndarray, "h w 3"],
    weight: Float32[ndarray, "h w"],
    free: Float32[ndarray, "h w"] | None = None,
) -> Float32[ndarray, "h w 9"]:
    """The nine planes, the numbers of each pixel side by side.

    Args:
        missing: what the picture has and the canvas, with all strokes but the one in question, has not.
        canvas: what lies below the stroke.
        weight: how much an error counts.
        free: how much later strokes leave free; all where None.
    """
    once = weight if free is None else weight * free
    twice = once if free is None else once * free
    out = np.empty((*weight.shape, 9), np.float32)
    np.multiply(missing, once[..., None], out=out[..., :3])
    np.multiply(2 * np.einsum("yxc,yxc->yx", missing, canvas), once, out=out[..., 3])
    out[..., 4] = twice
    np.multiply(canvas, twice[..., None], out=out[..., 5:8])
    np.multiply(np.einsum("yxc,yxc->yx", canvas, canvas), twice, out=out[..., 8])
    return out


def fitness(
    planes: Planes,
    curves: Curves,
    widths: Float32[ndarray, " n"],
    device: str | None = None,
    palette: Float32[ndarray, "colours 3"] | None = None,
) -> tuple[Float32[ndarray, " n"], Float32[ndarray, "n 3"]]:
    """What each stroke alone would lower the error by, and the colour with which it does.

    Args:
        planes: see above; beyond their edges nothing counts.
        curves: of the strokes.
        widths: of the strokes, in pixels of the planes, >= 1.
        device: where torch computes it; numpy does where None.
        palette: the colours there are; any where None.

    Returns:
        The drops, which are negative where nothing helps; and the colours, which without a palette may be a little out
        of range.
    """
    if not len(curves):
        return np.zeros(0, np.float32), np.zeros((0, 3), np.float32)
    library, given, batch = _on(planes, device)
    reach = widths / 2 + 1
    corner = np.floor(curves.min(axis=1) - reach[:, None]).astype(np.int64)
    span = (np.ceil(curves.max(axis=1) + reach[:, None]).astype(np.int64) - corner).max(axis=1)
    span = np.minimum((span + 3) // 4 * 4, 4 * (max(planes.shape[:2]) // 4 + 1))
    margin = int(span.max())
    given = _framed(library, given, margin)
    corner = np.clip(corner, -margin, np.int64([planes.shape[1], planes.shape[0]]))  # what is beside it sees nothing
    drops, colours = np.empty(len(curves), np.float32), np.empty((len(curves), 3), np.float32)
    for size in np.unique(span):
        alike = np.flatnonzero(span == size)
        for part in np.array_split(alike, -(-len(alike) * int(size) ** 2 // batch)):
            at = corner[part]
            local = curves[part] - at[:, None].astype(np.float32)
            numbers = (_as(library, device, v) for v in (at + margin, local, widths[part]))
            sums = _sums(library, given, int(size), *numbers)
            drop, colour = _best(library, sums, None if palette is None else _as(library, device, palette))
            drops[part], colours[part] = _back(drop), _back(colour)
    return drops, colours


def _sums(library: ModuleType, given: Any, size: int, at: Any, curves: Any, widths: Any) -> Any:
    """The nine sums of each stroke, (n, 9)."""
    cover = _coverage(library, size, curves, widths).reshape(len(at), 1, size * size)
    sums = library.concatenate([cover, cover * cover], 1) @ _windows(library, given, size, at)
    return library.concatenate([sums[:, 0, :4], sums[:, 1, 4:]], 1)


def _coverage(library: ModuleType, size: int, curves: Any, widths: Any) -> Any:
    """How much of each pixel of a square is covered, (n, size, size), as `stroke.coverage` has it."""
    middles = library.arange(size, dtype=curves.dtype, **_where(library, curves)) + 0.5
    far = None
    points = []
    for piece in range(PIECES + 1):
        t = piece / PIECES
        points.append((1 - t) ** 2 * curves[:, 0] + 2 * t * (1 - t) * curves[:, 1] + t * t * curves[:, 2])
    for a, b in pairwise(points):
        way = b - a
        length = library.clip((way * way).sum(1), 1e-9, None)[:, None]
        dx, dy = middles[None] - a[:, :1], middles[None] - a[:, 1:]
        t = (dx * (way[:, :1] / length))[:, None, :] + (dy * (way[:, 1:] / length))[:, :, None]
        t = library.clip(t, 0, 1)
        ex = dx[:, None, :] - t * way[:, :1, None]
        t *= way[:, 1:, None]
        ey = dy[:, :, None] - t
        ex *= ex
        ey *= ey
        ex += ey
        far = ex if far is None else library.minimum(far, ex)
    far = library.sqrt(far)
    return library.clip((widths / 2 + 0.5)[:, None, None] - far, 0, 1)


def _best(library: ModuleType, sums: Any, palette: Any) -> tuple[Any, Any]:
    b = sums[:, :3] + sums[:, 5:8]
    a = library.clip(sums[:, 4], 1e-9, None)
    g = sums[:, 3] + sums[:, 8]
    if palette is None:
        return (b * b).sum(1) / a - g, b / a[:, None]
    gains = 2 * b @ palette.T - a[:, None] * (palette * palette).sum(1)
    best = gains.argmax(1)
    return gains[library.arange(len(b), **_where(library, b)), best] - g, palette[best]


def _on(planes: ndarray, device: str | None) -> tuple[ModuleType, Any, int]:
    if device is None:
        return np, planes, BATCH
    import torch

    return torch, torch.from_numpy(planes).to(device), BATCH if device == "cpu" else BATCH_CUDA


def _as(library: ModuleType, device: str | None, values: ndarray) -> Any:
    return values if library is np else library.from_numpy(np.ascontiguousarray(values)).to(device)


def _back(values: Any) -> ndarray:
    return values if isinstance(values, ndarray) else values.cpu().numpy()


def _where(library: ModuleType, like: Any) -> dict[str, Any]:
    return {} if library is np else {"device": like.device}


def _framed(library: ModuleType, given: Any, margin: int) -> Any:
    """The planes with a frame of nothing around them."""
    if library is np:
        return np.pad(given, ((margin, margin), (margin, margin), (0, 0)))
    return library.nn.functional.pad(given, (0, 0, margin, margin, margin, margin))


def _windows(library: ModuleType, given: Any, size: int, at: Any) -> Any:
    """Squares of the planes by their left and upper edges, (n, size * size, 9)."""
    flat = given.reshape(len(given), -1)
    if library is np:
        seen = sliding_window_view(flat, (size, 9 * size))
    else:
        seen = flat.unfold(0, size, 1).unfold(1, 9 * size, 1)
    return seen[at[:, 1], 9 * at[:, 0]].reshape(len(at), size * size, 9)
