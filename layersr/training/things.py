"""Things to lift, each alone: cut-outs, pieces of pictures, painted shapes, glows, lettering.

Every function gives premultiplied RGBA, float32 in [0, 1], trimmed or nearly so, of some size up to the material's
side; `scenes.py` scales, turns and places them.
"""

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from layersr.errors import InputError
from layersr.training.pictures import CUTOUTS, find, is_page
from layersr.training.subjects import Subjects, named, outlined, path_in

Thing = np.ndarray
"""Premultiplied RGBA, float32 (h, w, 4)."""

WORDS = "open sale eyes moon zzz hello layer ink star wow cat 7 love fin ocean NEW night tea sky ROAR go! B & 42 why?"


@dataclass(frozen=True, eq=False)
class Material:
    """What scenes are made of, in memory.

    Attributes:
        side: longer side of the scenes it is for, in pixels.
        grounds: pictures, RGB uint8, shorter side about 1.5 sides.
        cutouts: RGBA uint8, longer side at most 0.8 sides; may be empty.
        subjects: real pictures with subjects of their own, as large as the grounds; may be empty.
    """

    side: int
    grounds: list[np.ndarray]
    cutouts: list[np.ndarray]
    subjects: list[Subjects] = field(default_factory=list)


def gather(data: Path, side: int, apart: bool) -> Material:
    """The pictures and cut-outs of a folder that are held apart, or those that are not.

    Raises:
        InputError: there is no picture of that part.
    """
    pictures = [p for p in find(data) if p.held_apart == apart]
    real = {
        p.path: outlined(p, data, shrunk(p.read(), 1.5 * side)) for p in pictures if path_in(p, data) in named(data)
    }
    subjects = [one for one in real.values() if one is not None]
    if not apart:  # what is held apart stays as it was, or its scores could not be compared
        pictures = [p for p in pictures if p.path not in real and not is_page(p, data)]
    grounds = [shrunk(p.read(), 1.5 * side) for p in pictures]
    if not grounds:
        raise InputError(f"There are too few pictures in {data}: some twenty are needed, so that some are held apart.")
    cutouts = [p.read_cutout() for p in find(data, CUTOUTS) if p.held_apart == apart]
    cutouts = [c for c in cutouts if c is not None]
    if not apart:
        cutouts += [c for one in subjects for c in one.cutouts()]
    return Material(side, grounds, [small(c, 0.8 * side) for c in cutouts], subjects)


def shrunk(image: np.ndarray, shorter: float) -> np.ndarray:
    """The image with its shorter side at most so long."""
    factor = shorter / min(image.shape[:2])
    return image if factor >= 1 else cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def small(rgba: np.ndarray, longer: float) -> np.ndarray:
    """A cut-out with its longer side at most so long, shrunk premultiplied, straight again, uint8."""
    factor = longer / max(rgba.shape[:2])
    if factor >= 1:
        return rgba
    values = rgba.astype(np.float32)
    values[..., :3] *= values[..., 3:] / 255
    values = cv2.resize(values, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    values[..., :3] /= np.maximum(values[..., 3:] / 255, 1e-3)
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def thing(material: Material, rng: np.random.Generator) -> Thing:
    """Any thing."""
    kind = rng.random()
    if material.cutouts and kind < 0.62:
        return cutout(material, rng)
    if kind < 0.80:
        return piece(material, rng)
    if kind < 0.92:
        return painted(material.side, rng)
    if kind < 0.96:
        return glow(material.side, rng)
    return lettering(material.side, rng)


def cutout(material: Material, rng: np.random.Generator) -> Thing:
    """One of the cut-outs, often with other colours."""
    rgba = material.cutouts[rng.integers(len(material.cutouts))].astype(np.float32) / 255
    colour, alpha = rgba[..., :3], rgba[..., 3:]
    if rng.random() < 0.5:
        colour = recoloured(colour, rng)
    if rng.random() < 0.08:  # glass, ghosts
        alpha = alpha * np.float32(rng.uniform(0.35, 0.8))
    return np.concatenate([colour * alpha, alpha], axis=2)


def piece(material: Material, rng: np.random.Generator) -> Thing:
    """A piece of a picture with a smooth outline: texture no cut-out has."""
    ground = material.grounds[rng.integers(len(material.grounds))]
    size = round(material.side * 0.6)
    factor = np.exp(rng.uniform(np.log(0.4), 0.0))
    span = [min(n, round(size / factor)) for n in ground.shape[:2]]
    top, left = (rng.integers(n - s + 1) for n, s in zip(ground.shape[:2], span, strict=True))
    crop = cv2.resize(ground[top : top + span[0], left : left + span[1]], (size, size), interpolation=cv2.INTER_AREA)
    colour = recoloured(crop.astype(np.float32) / 255, rng, much=0.6)
    alpha = outline(size, rng)[..., None]
    return np.concatenate([colour * alpha, alpha], axis=2)


def painted(side: int, rng: np.random.Generator) -> Thing:
    """A shape in one or two colours with shading, parts of other colours, and sometimes a contour line."""
    size = round(side * 0.6)
    alpha = outline(size, rng)
    colour = gradient(size, size, rng)
    for _ in range(rng.integers(0, 4)):
        part = outline(size, rng)[..., None]
        move = np.float32([[0.6, 0, rng.uniform(0, 0.4) * size], [0, 0.6, rng.uniform(0, 0.4) * size]])
        part = cv2.warpAffine(part, move, (size, size))[..., None]
        colour = colour * (1 - part) + rng.random(3).astype(np.float32) * part
    if rng.random() < 0.6:  # round: light from one side, dark at the rim
        depth = cv2.GaussianBlur(alpha, (0, 0), size * 0.12)
        slope = (
            cv2.Sobel(depth, cv2.CV_32F, 1, 0, ksize=5) * rng.normal()
            + cv2.Sobel(depth, cv2.CV_32F, 0, 1, ksize=5) * rng.normal()
        )
        colour = colour * (1 + np.clip(slope, -0.5, 0.5)[..., None])
    if rng.random() < 0.4:
        width = max(1, round(size * rng.uniform(0.01, 0.04)))
        inner = cv2.erode(alpha, np.ones((2 * width + 1, 2 * width + 1)))[..., None]
        colour = colour * inner + rng.random() * 0.3 * (1 - inner)
    texture = cv2.resize(rng.normal(0, 1, (size // 3, size // 3, 1)).astype(np.float32), (size, size))[..., None]
    colour = np.clip(colour + texture * rng.choice([0, 0.03, 0.08]), 0, 1).astype(np.float32)
    return np.concatenate([colour * alpha[..., None], alpha[..., None]], axis=2)


def glow(side: int, rng: np.random.Generator) -> Thing:
    """A puff of light, smoke or mist: soft all over."""
    size = round(side * 0.6)
    rows, columns = np.indices((size, size), np.float32) / size - 0.5
    ball = np.clip(1 - 2.1 * np.hypot(rows, columns * rng.uniform(1, 1.8)), 0, 1)
    cloud = smooth_noise(size, int(rng.integers(3, 9)), rng)
    alpha = np.clip(ball ** rng.uniform(0.4, 1.2) * (1 + rng.uniform(0, 1.2) * cloud), 0, 1) * rng.uniform(0.6, 1)
    colour = np.clip(rng.random(3) * 0.5 + rng.choice([0.1, 0.5]), 0, 1) * (1 + 0.15 * cloud[..., None])
    alpha = alpha[..., None].astype(np.float32)
    return np.concatenate([np.clip(colour, 0, 1).astype(np.float32) * alpha, alpha], axis=2)


def lettering(side: int, rng: np.random.Generator) -> Thing:
    """A word, filled, sometimes outlined."""
    words = WORDS.split()
    text = words[rng.integers(len(words))]
    size = round(side * 0.3)
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    stroke = int(rng.integers(0, max(1, size // 10) + 1))
    sheet = Image.new("L", (right - left + 2 * stroke + 4, bottom - top + 2 * stroke + 4))
    at = (2 + stroke - left, 2 + stroke - top)
    ImageDraw.Draw(sheet).text(at, text, 255, font, stroke_width=stroke)
    alpha = np.asarray(sheet, np.float32)[..., None] / 255
    ImageDraw.Draw(sheet).rectangle((0, 0, *sheet.size), 0)
    ImageDraw.Draw(sheet).text(at, text, 255, font)
    inner = np.asarray(sheet, np.float32)[..., None] / 255
    colour = rng.random(3).astype(np.float32) * inner + rng.random(3).astype(np.float32) * (1 - inner)
    return np.concatenate([colour * alpha, alpha], axis=2)


def outline(size: int, rng: np.random.Generator) -> np.ndarray:
    """A smooth closed shape, alpha (size, size): a wandering circle, a polygon, or several grown together."""
    sheet = np.zeros((size, size), np.uint8)
    for _ in range(1 + (rng.random() < 0.3) * rng.integers(1, 3)):
        count = 64
        angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
        if rng.random() < 0.2:
            corners = np.sort(rng.random(rng.integers(3, 7))) * 2 * np.pi
            points = np.stack([np.cos(corners), np.sin(corners)], 1) * 0.45
        else:
            waves = range(1, rng.integers(3, 8))
            wave = sum(rng.normal() * 0.5 / k * np.cos(k * angle + rng.random() * 2 * np.pi) for k in waves)
            radius = 0.42 * np.exp(0.5 * wave)
            points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle) * rng.uniform(0.4, 1)], 1)
        points = points / max(1.0, np.abs(points).max() / 0.48) + rng.normal(0, 0.06, 2)
        turn = rng.random() * 2 * np.pi
        points = points @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        cv2.fillPoly(sheet, [np.int32((points + 0.5) * size * 16)], 255, cv2.LINE_AA, 4)
    alpha = sheet.astype(np.float32) / 255
    soft = rng.choice([0, 0, 0, 0.008, 0.03])
    return cv2.GaussianBlur(alpha, (0, 0), soft * size) if soft else alpha


def gradient(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """One colour that may turn into another across the plane; float32 (height, width, 3)."""
    first = rng.random(3).astype(np.float32)
    second = np.clip(first + rng.normal(0, rng.choice([0, 0.1, 0.3]), 3), 0, 1).astype(np.float32)
    angle = rng.random() * 2 * np.pi
    rows, columns = np.indices((height, width), np.float32)
    t = 0.5 + (columns / width - 0.5) * np.cos(angle) + (rows / height - 0.5) * np.sin(angle)
    t = np.clip(t, 0, 1)[..., None].astype(np.float32)
    return first * (1 - t) + second * t


def smooth_noise(size: int, cells: int, rng: np.random.Generator) -> np.ndarray:
    """Noise with so many bumps a side, about -1..1, float32 (size, size)."""
    cell = rng.normal(0, 0.5, (cells, cells)).astype(np.float32)
    return cv2.resize(cell, (size, size), interpolation=cv2.INTER_CUBIC)


def recoloured(colour: np.ndarray, rng: np.random.Generator, much: float = 1.0) -> np.ndarray:
    """Other hue, lightness and contrast; float32 RGB."""
    turned = colour[..., rng.permutation(3)] if rng.random() < 0.4 * much else colour
    gain = np.exp(rng.normal(0, 0.25 * much, 3))
    return np.clip((turned - 0.5) * gain + 0.5 + rng.normal(0, 0.1 * much), 0, 1).astype(np.float32)
