"""A roadmap as a layer stack: the toned ground, and a layer for each stage, in a group for each thing."""

from collections.abc import Iterable

import cv2
import numpy as np
from jaxtyping import Float64, UInt8
from numpy import ndarray

from layersr.layers import Layer, LayerStack
from layersr.roadmap.painting import Roadmap, Step
from layersr.roadmap.stages import GROUND, Picture
from layersr.strokes import Stroke
from layersr.strokes.stroke import coverage

GROUND_LAYER = "ground"


def as_document(roadmap: Roadmap) -> LayerStack:
    """Every stage as a layer of its strokes alone, at the picture's size.

    Law: with the layers up to any stage shown, the stack flattens to the canvas painted so far, within 1/255; the
    strokes are painted at full size, not enlarged.
    """
    height, width = roadmap.height, roadmap.width
    canvas = np.full((height, width, 3), roadmap.ground.colour, np.uint8)
    first = _group(roadmap.steps[0]) if roadmap.steps and roadmap.steps[0].thing == GROUND else ""
    tone = np.dstack([canvas, np.full((height, width), 255, np.uint8)])
    layers = [Layer(GROUND_LAYER, tone, group=(first,) * bool(first), facts={"colour": _hex(roadmap.ground.colour)})]
    below = canvas.astype(np.float64)
    for step in roadmap.steps:
        alpha = laid(canvas, step.strokes, roadmap.scale)
        left, top, w, h = cv2.boundingRect(alpha)
        window = slice(top, top + h), slice(left, left + w)
        pixels = between(below[window], canvas[window], alpha[window])
        facts = {"strokes": len(step.strokes), "brushes": [round(v * roadmap.scale, 1) for v in step.widths]}
        layers.append(Layer(step.name, pixels, left, top, group=(_group(step),), facts=facts))
    return LayerStack(width, height, tuple(layers), roadmap.icc, roadmap.resolution)


def laid(canvas: Picture, strokes: Iterable[Stroke], scale: float) -> UInt8[ndarray, "h w"]:
    """Paint strokes into a canvas, in place and bit for bit as `paint` does; how much of each pixel they cover."""
    height, width = canvas.shape[:2]
    bare = np.ones((height, width), np.float32)
    for stroke in strokes:
        top, left, patch = coverage(stroke, height, width, scale)
        window = slice(top, top + patch.shape[0]), slice(left, left + patch.shape[1])
        there = canvas[window]
        there[:] = np.rint(there + patch[..., None] * (np.float32(stroke.colour) - there))
        bare[window] *= 1 - patch
    return np.ceil(255 * (1 - bare) - 1e-3).astype(np.uint8)


def between(
    below: Float64[ndarray, "h w 3"], wanted: UInt8[ndarray, "h w 3"], alpha: UInt8[ndarray, "h w"]
) -> UInt8[ndarray, "h w 4"]:
    """The layer that makes one picture of another, with this alpha or, where that cannot be, the least that can.

    `below` becomes, in place, what is seen through the layer; it is off by no more than half a code, whatever is below.
    """
    wish = wanted.astype(np.float64)
    room = np.where(wish > below, 255 - below, below)
    least = np.ceil(255 * (np.abs(wish - below) / np.maximum(room, 1e-9)).max(axis=2) - 1e-6)
    alpha = np.where(alpha > 0, np.clip(np.maximum(alpha, least), 1, 255), 0).astype(np.uint8)
    share = alpha[..., None] / 255
    colour = np.where(alpha[..., None] > 0, below + (wish - below) / np.where(share > 0, share, 1), 0)
    colour = np.clip(np.rint(colour), 0, 255)
    below += share * (colour - below)
    return np.dstack([colour.astype(np.uint8), alpha])


def _group(step: Step) -> str:
    return f"{step.part}. {step.thing}"


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
