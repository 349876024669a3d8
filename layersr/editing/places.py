"""Layers moved, scaled, turned and mirrored, with their masks.

An edit is an affine map of the canvas. Where it puts pixels upon pixels (whole steps, quarter turns, mirrors) they are
the same to the bit; elsewhere they are resampled premultiplied, bicubic, and blurred first where they shrink.
"""

from collections.abc import Callable
from dataclasses import replace
from math import ceil, cos, floor, radians, sin, sqrt

import cv2
import numpy as np

from layersr import color
from layersr.editing.edits import Flip, Move, Rotate, Scale
from layersr.editing.selecting import Unit
from layersr.errors import UsageError
from layersr.layers import Layer, LayerMask, LayerStack, Provenance

Affine = np.ndarray
"""(2, 3) float64: where a point of the canvas goes; pixel (0, 0) reaches from 0 to 1."""

LARGEST = 2**25
"""Pixels that a layer may get by being scaled or turned."""

STILL: Affine = np.eye(2, 3)


def affine(stack: LayerStack, unit: Unit, edit: Move | Scale | Rotate | Flip) -> Affine:
    """The map of an edit, about the middle of what a unit shows, shadows and glows aside."""
    if isinstance(edit, Move):
        return np.array([[1.0, 0, edit.right], [0, 1, edit.down]])
    if isinstance(edit, Scale):
        linear = np.eye(2) * edit.factor
    elif isinstance(edit, Flip):
        linear = np.diag([-1.0, 1.0] if edit.axis == "h" else [1.0, -1.0])
    else:
        t = radians(edit.degrees % 360)
        linear = np.array([[cos(t), -sin(t)], [sin(t), cos(t)]])
        if edit.degrees % 90 == 0:
            linear = np.rint(linear)
    middle = _middle([stack.layers[n] for n in unit.layers])
    return np.column_stack([linear, middle - linear @ middle])


def transformed(stack: LayerStack, unit: Unit, matrix: Affine) -> LayerStack:
    """The stack with a unit's layers, their masks, and those of the group it is, mapped.

    Law: the identity changes nothing; what is not in the unit stays the same object.

    Raises:
        UsageError: a layer would be too large to work with.
    """
    if np.array_equal(matrix, STILL):
        return stack
    layers = list(stack.layers)
    for n in unit.all:
        layers[n] = _mapped(layers[n], matrix)
    groups = stack.groups
    if unit.group is not None:
        depth = len(unit.group)
        groups = {
            path: replace(group, mask=_mask(group.mask, matrix)) if path[:depth] == unit.group else group
            for path, group in groups.items()
        }
    return replace(stack, layers=tuple(layers), groups=groups)


def _middle(layers: list[Layer]) -> np.ndarray:
    """X and y of the middle of the box around what shows of them."""
    boxes = []
    for layer in layers:
        shown = layer.pixels[..., 3] > 0
        rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
        if rows.size and not layer.is_cast:
            x, y = layer.left + columns[[0, -1]], layer.top + rows[[0, -1]]
            boxes.append((x[0], y[0], x[1] + 1, y[1] + 1))
    if not boxes:
        return np.array([layers[0].left + layers[0].width / 2, layers[0].top + layers[0].height / 2])
    box = np.array(boxes)
    return (box[:, :2].min(axis=0) + box[:, 2:].max(axis=0)) / 2


def _mapped(layer: Layer, matrix: Affine) -> Layer:
    layer = replace(layer, mask=_mask(layer.mask, matrix))
    codes = layer.provenance
    exact = _exactly(matrix, (layer.left, layer.top, layer.width, layer.height))
    if exact is not None:
        left, top, turn = exact
        return replace(
            layer, pixels=turn(layer.pixels), left=left, top=top, provenance=None if codes is None else turn(codes)
        )
    warp = _Warp(matrix, layer.left, layer.top, layer.pixels.shape[:2])
    values = color.to_float(layer.pixels)
    alpha = np.clip(warp(values[..., 3]), 0, 1)
    light = layer.light
    if light is not None:
        straight = np.broadcast_to(color.to_float(light), (*alpha.shape, 3))
    else:
        straight = _colours(values, warp)
    pixels = color.to_depth(np.dstack([straight, alpha]), layer.pixels.dtype)
    if codes is not None:
        near = warp.nearest(codes)
        near[near == Provenance.NONE] = Provenance.ESTIMATED  # what a filter carries beyond the edge
        codes = np.where(pixels[..., 3] > 0, near, np.uint8(Provenance.NONE))
    return cropped(replace(layer, pixels=pixels, left=warp.left, top=warp.top, provenance=codes))


def _colours(values: np.ndarray, warp: "_Warp") -> np.ndarray:
    """Straight colours: bicubic inside, at edges a mean of neighbours, weighted by their alpha, so no halo comes in."""
    premultiplied = color.premultiply(values[..., :3], values[..., 3])
    cover = warp(values[..., 3], cv2.INTER_LINEAR)
    mean = color.unpremultiply(warp(premultiplied, cv2.INTER_LINEAR), cover)
    whole = np.pad((values[..., 3] >= 1).astype(np.float32), 1)
    whole = cv2.erode(whole, np.ones((5, 5), np.uint8))[1:-1, 1:-1]  # so far a bicubic filter looks
    inside = warp(whole, cv2.INTER_LINEAR) > 1 - 1e-6
    return np.clip(np.where(inside[..., None], warp(premultiplied), mean), 0, 1)


def cropped(layer: Layer) -> Layer:
    """The layer without its transparent margins."""
    shown = layer.pixels[..., 3] > 0
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    if not rows.size:
        rows = columns = np.zeros(1, int)
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    codes = None if layer.provenance is None else np.ascontiguousarray(layer.provenance[window])
    pixels = np.ascontiguousarray(layer.pixels[window])
    at = layer.left + int(columns[0]), layer.top + int(rows[0])
    return replace(layer, pixels=pixels, left=at[0], top=at[1], provenance=codes)


def _mask(mask: LayerMask | None, matrix: Affine) -> LayerMask | None:
    if mask is None:
        return None
    height, width = mask.values.shape
    exact = _exactly(matrix, (mask.left, mask.top, width, height))
    if exact is not None:
        left, top, turn = exact
        return replace(mask, values=turn(mask.values), left=left, top=top)
    warp = _Warp(matrix, mask.left, mask.top, mask.values.shape)
    values = color.to_float(mask.values)
    values = 1 - warp(1 - values) if mask.beyond else warp(values)  # around it is what is said beyond it
    return replace(mask, values=color.to_depth(np.clip(values, 0, 1), mask.values.dtype), left=warp.left, top=warp.top)


def _exactly(matrix: Affine, box: tuple[int, int, int, int]) -> tuple[int, int, Callable] | None:
    """New left and top of an array and how it is turned, where pixels come upon pixels or half a pixel beside."""
    linear, shift = matrix[:, :2], np.floor(matrix[:, 2] + 0.5)
    left, top, width, height = box
    if not (np.array_equal(np.abs(linear), np.eye(2)) or np.array_equal(np.abs(linear), np.eye(2)[::-1])):
        return None if width and height else (round(matrix[0] @ [left, top, 1]), round(matrix[1] @ [left, top, 1]), _as)
    if np.array_equal(linear, np.eye(2)) and not np.array_equal(shift, matrix[:, 2]):
        return None  # a step of a part of a pixel
    corners = linear @ np.array([[left, left + width], [top, top + height]]) + shift[:, None]
    swapped, steps = linear[0, 0] == 0, [1 if row.sum() > 0 else -1 for row in linear]

    def turn(array: np.ndarray) -> np.ndarray:
        array = array.swapaxes(0, 1) if swapped else array
        return np.ascontiguousarray(array[:: steps[1], :: steps[0]])

    at = corners.min(axis=1).astype(int)
    return int(at[0]), int(at[1]), _as if np.array_equal(linear, np.eye(2)) else turn


def _as(array: np.ndarray) -> np.ndarray:
    return array


class _Warp:
    """An array of the canvas resampled; nothing is around it.

    Args:
        matrix: where points go.
        left: canvas column of its first column; afterwards of the result's.
        top: likewise.
        shape: height and width.
    """

    def __init__(self, matrix: Affine, left: int, top: int, shape: tuple[int, int]) -> None:
        height, width = shape
        linear, self._grain = matrix[:, :2], sqrt(abs(np.linalg.det(matrix[:, :2])))
        corners = np.array([[x, y] for x in (left, left + width) for y in (top, top + height)]).T
        ends = linear @ corners + matrix[:, 2:]
        self.left, self.top = (floor(v) - 2 for v in ends.min(axis=1))
        right, bottom = (ceil(v) + 2 for v in ends.max(axis=1))
        self._size = right - self.left, bottom - self.top
        if self._size[0] * self._size[1] > max(LARGEST, 4 * width * height):
            raise UsageError(f"A layer would get {self._size[0]} x {self._size[1]} pixels, too many; scale it less.")
        self._sigma = 0.5 * sqrt(max(0.0, 1 / self._grain**2 - 1)) if self._grain > 0 else 0.0
        self._room = 2 + ceil(3 * self._sigma)
        back = np.linalg.inv(linear)
        begin = back @ (np.array([self.left, self.top]) + 0.5 - matrix[:, 2]) - 0.5 - [left, top]
        self._back = np.column_stack([back, begin])

    def __call__(self, values: np.ndarray, how: int = cv2.INTER_CUBIC) -> np.ndarray:
        room = self._room
        values = cv2.copyMakeBorder(values, room, room, room, room, cv2.BORDER_CONSTANT)
        if self._sigma > 0:
            values = cv2.GaussianBlur(values, (0, 0), self._sigma)
        back = self._back + np.array([[0, 0, room], [0, 0, room]])
        return cv2.warpAffine(values, back, self._size, flags=how | cv2.WARP_INVERSE_MAP)

    def nearest(self, codes: np.ndarray) -> np.ndarray:
        """The same of small integers, each from the nearest place."""
        return cv2.warpAffine(codes, self._back, self._size, flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)
