"""Patches whose matte is known: something hard, soft or hairy over a ground, and a trimap as a rough mask gives it.

A patch is C = alpha F + (1 - alpha) B in encoded values, then what cameras and files do to C. Where truth is drawn or
cut, alpha is softened, frayed or thinned first: most cut-outs are vector drawings with hard edges, hair and smoke are
not.
"""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from layersr.blocks import means
from layersr.decomposing import matting
from layersr.decomposing import small as small_pictures
from layersr.errors import InputError
from layersr.roles import Upscaler
from layersr.training.fraying import frayed, furry, hairy
from layersr.training.pictures import CUTOUTS, find
from layersr.training.scenes import shade
from layersr.training.things import (
    Material,
    glow,
    gradient,
    lettering,
    outline,
    recoloured,
    shrunk,
    small,
    smooth_noise,
)
from layersr.training.trimaps import trimap

SHORTER, LONGER = 400.0, 512.0
"""Pixels: pictures are kept with their shorter side at most so long, cut-outs with their longer."""

ENLARGED, TIMES = 0.35, (2, 4)
"""Share of patches that were small and are enlarged, as small pictures are to be taken apart, and how many times."""

KEPT = 200
"""Points of a cut-out's edge that are remembered, to aim at."""


@dataclass(frozen=True, eq=False)
class Matted:
    """A patch and its truth, all float32 in [0, 1].

    Attributes:
        image: RGB (n, n, 3).
        trimap: 0, 0.5 or 1 (n, n).
        alpha: the matte (n, n).
        contrast: how far foreground and ground differ, mean of the channels (n, n).
    """

    image: np.ndarray
    trimap: np.ndarray
    alpha: np.ndarray
    contrast: np.ndarray


@dataclass(frozen=True, eq=False)
class Stock:
    """Pictures and cut-outs in memory.

    Attributes:
        material: for the functions of `things.py`; side = the patches' side.
        edges: per cut-out up to `KEPT` points (row, column) where its alpha changes.
        chances: per cut-out, sums to 1; soft ones come more often.
    """

    material: Material
    edges: list[np.ndarray]
    chances: np.ndarray


def stock(data: Path, side: int, rng: np.random.Generator, apart: bool) -> Stock:
    """What is held apart, or what is not, of the pictures and cut-outs of a folder; cut-outs may be missing.

    Raises:
        InputError: there is no picture of that part.
    """
    grounds = [shrunk(p.read(), SHORTER) for p in find(data) if p.held_apart == apart]
    if not grounds:
        raise InputError(f"There are too few pictures in {data}: some twenty are needed, so that some are held apart.")
    cutouts = [p.read_cutout() for p in find(data, CUTOUTS) if p.held_apart == apart]
    return _indexed(Material(side, grounds, [small(c, LONGER) for c in cutouts if c is not None]), rng)


def _indexed(material: Material, rng: np.random.Generator) -> Stock:
    edges, chances = [], []
    for rgba in material.cutouts:
        alpha = rgba[..., 3]
        edges.append(_edge(alpha, rng))
        chances.append(0.3 + min(2.0, 8 * float(((alpha > 20) & (alpha < 235)).mean())))
    return Stock(material, edges, np.array(chances) / max(sum(chances), 1e-9))


def _edge(alpha: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Up to `KEPT` points where a uint8 matte is soft or steps; its middle if it is flat."""
    changing = cv2.morphologyEx(alpha, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 12
    points = np.argwhere(changing)
    if not len(points):
        return np.array([[alpha.shape[0] // 2, alpha.shape[1] // 2]])
    return points[rng.integers(len(points), size=min(KEPT, len(points)))]


def matted(stock: Stock, rng: np.random.Generator, side: int, enlarge: Upscaler | None = None) -> Matted:
    """A patch with something unknown in it; where an upscaler is given, some are of small pictures, enlarged."""
    while True:
        times = int(rng.choice(TIMES)) if enlarge is not None and rng.random() < ENLARGED else 1
        layer = layer_of(stock, rng, side)
        if times == 1 or rng.random() < 0.3:
            layer = frayed(layer, rng)
        alpha = layer[..., 3]
        known = trimap(alpha, rng) if times == 1 else _found(alpha, rng)
        if not 0.01 < (known == 0.5).mean() < 0.95:
            continue
        if not (known == 1).any() and rng.random() < 0.7:  # nobody can tell; it must only not go wild
            continue
        colour, below = sides(stock, layer, rng)
        image = colour * alpha[..., None] + below * (1 - alpha[..., None])
        contrast = np.abs(colour - below).mean(axis=2)
        if times > 1:
            image = small_pictures.picture(filed(means(image, times), rng), times, enlarge)
            return Matted(image, known, np.ascontiguousarray(alpha), contrast.astype(np.float32))
        if rng.random() < 0.3:  # out of focus a little, both alike
            sigma = rng.uniform(0.3, 0.9)
            image, alpha = cv2.GaussianBlur(image, (0, 0), sigma), cv2.GaussianBlur(alpha, (0, 0), sigma)
        return Matted(filed(image, rng), known, np.ascontiguousarray(alpha), contrast.astype(np.float32))


def _found(alpha: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The trimap of a mask that was cut out of the enlarged picture: nearly right, its band narrow."""
    shift = np.float32([[1, 0, rng.normal(0, 0.6)], [0, 1, rng.normal(0, 0.6)]])
    moved = cv2.warpAffine(alpha, shift, alpha.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    return matting.trimap(moved, int(rng.integers(2, 5)))


def layer_of(stock: Stock, rng: np.random.Generator, side: int, zoom: float = 2.2) -> np.ndarray:
    """Part of a thing, its edge somewhere in the patch: premultiplied RGBA, float32 (side, side, 4).

    Args:
        stock: where cut-outs and colours come from.
        rng: of everything.
        side: of the patch.
        zoom: patch pixels per pixel of a cut-out at most; above 1 its edges are blurred.
    """
    kind = rng.random()
    if stock.edges and kind < 0.45:
        chosen = rng.choice(len(stock.edges), p=stock.chances)
        points = stock.edges[chosen]
        times = float(np.exp(rng.uniform(np.log(0.35), np.log(zoom))))
        return placed(stock.material.cutouts[chosen], points[rng.integers(len(points))], times, rng, side)
    if kind < 0.60:
        alpha = outline(round(1.5 * side), rng)
        alpha = alpha if rng.random() < 0.7 else furry(alpha, rng)
    elif kind < 0.82:
        alpha = hairy(round(1.25 * side), rng)
    elif kind < 0.93:
        rgba = glow(2 * side, rng)
        return _aimed(rgba, rng, side)
    else:
        rgba = lettering(2 * side, rng)
        return _aimed(rgba, rng, side)
    colour = texture(stock, rng, alpha.shape[0])
    return _aimed(np.concatenate([colour * alpha[..., None], alpha[..., None]], axis=2), rng, side)


def _aimed(premultiplied: np.ndarray, rng: np.random.Generator, side: int) -> np.ndarray:
    points = _edge((premultiplied[..., 3] * 255).astype(np.uint8), rng)
    return placed(premultiplied, points[rng.integers(len(points))], rng.uniform(0.8, 1.3), rng, side)


def placed(rgba: np.ndarray, point: np.ndarray, zoom: float, rng: np.random.Generator, side: int) -> np.ndarray:
    """A thing turned and zoomed so that a point of it falls near the patch's middle; premultiplied (side, side, 4).

    Args:
        rgba: uint8 straight, or float32 premultiplied.
        point: row and column in it.
        zoom: patch pixels per pixel of it.
        rng: of the turn and the place.
        side: of the patch.
    """
    reach = int(side / zoom) + 4  # of the source, to each side of the point: more than the patch can show
    top, left = (max(0, int(p) - reach) for p in point)
    window = rgba[top : int(point[0]) + reach, left : int(point[1]) + reach]
    if window.dtype == np.uint8:
        window = window.astype(np.float32) * np.float32(1 / 255)
        window[..., :3] *= window[..., 3:]
    if zoom < 0.75:
        window = cv2.GaussianBlur(window, (0, 0), 0.4 / zoom)
    y, x = point[0] - top, point[1] - left
    turn = rng.uniform(0, 360) if rng.random() < 0.5 else rng.choice([0, 90, 180, 270])
    move = cv2.getRotationMatrix2D((float(x), float(y)), float(turn), zoom)
    aim = rng.uniform(0.25, 0.75, 2) * side
    move[:, 2] += aim - (x, y)
    return np.clip(cv2.warpAffine(window, move, (side, side), flags=cv2.INTER_LINEAR), 0, 1)


def sides(stock: Stock, layer: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Straight foreground and ground for a layer, both complete: float32 (side, side, 3)."""
    below = ground(stock, rng, layer.shape[0])
    colour = coloured(stock, layer, below, rng)
    return colour, shade(below, layer[..., 3], rng) if rng.random() < 0.1 else below


def texture(stock: Stock, rng: np.random.Generator, side: int) -> np.ndarray:
    """Something to fill a square with: a crop of a picture, one colour or a gradient; float32 (side, side, 3)."""
    if rng.random() < 0.3:
        colour = gradient(side, side, rng)
        if rng.random() < 0.5:
            colour = colour + smooth_noise(side, int(rng.integers(3, side)), rng)[..., None] * rng.choice([0.03, 0.1])
        return np.clip(colour, 0, 1).astype(np.float32)
    crops = [_crop(stock.material.grounds, rng, side) for _ in range(rng.integers(1, 3))]
    crop = min(crops, key=_busy).astype(np.float32) * np.float32(1 / 255)
    return recoloured(crop, rng, 0.6) if rng.random() < 0.3 else crop


def _crop(grounds: list[np.ndarray], rng: np.random.Generator, side: int) -> np.ndarray:
    image = grounds[rng.integers(len(grounds))]
    span = max(24, min(round(side * np.exp(rng.uniform(np.log(0.35), np.log(1.8)))), min(image.shape[:2])))
    top, left = (int(rng.integers(max(1, n - span + 1))) for n in image.shape[:2])
    crop = image[top : top + span, left : left + span]
    crop = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA if span > side else cv2.INTER_LINEAR)
    return crop[:, :: rng.choice([-1, 1])]


def _busy(image: np.ndarray) -> float:
    """Mean step between pixels of a thumbnail: edges of whole things in it."""
    tiny = cv2.resize(np.ascontiguousarray(image), (12, 12), interpolation=cv2.INTER_AREA).astype(np.float32)
    return float(np.abs(np.diff(tiny, axis=0)).mean() + np.abs(np.diff(tiny, axis=1)).mean())


def ground(stock: Stock, rng: np.random.Generator, side: int) -> np.ndarray:
    """What lies below: a texture, sometimes out of focus, sometimes with another cut-out on it."""
    image = np.ascontiguousarray(texture(stock, rng, side))
    if rng.random() < 0.3:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(1, 8))
    if stock.edges and rng.random() < 0.15:
        chosen = rng.integers(len(stock.edges))
        points = stock.edges[chosen]
        other = placed(stock.material.cutouts[chosen], points[0], rng.uniform(0.3, 1), rng, side)
        image = image * (1 - other[..., 3:]) + other[..., :3]
    return image


def coloured(stock: Stock, layer: np.ndarray, below: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The straight foreground: its own, another picture's, or drawn towards the ground's own colours."""
    alpha = layer[..., 3:]
    if rng.random() < 0.35:
        colour = texture(stock, rng, layer.shape[0])
    else:
        weight = alpha + 1e-3
        mean = layer[..., :3].mean(axis=(0, 1)) / weight.mean()
        colour = np.clip((layer[..., :3] + 1e-3 * mean) / weight, 0, 1)
    if rng.random() < 0.25:
        inner = (colour * alpha).mean(axis=(0, 1)) / max(float(alpha.mean()), 1e-3)
        colour = colour + rng.uniform(0.2, 0.9) * (below.mean(axis=(0, 1)) - inner)
    return np.clip(colour, 0, 1).astype(np.float32)


def filed(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The image after sensor noise, JPEG and rounding to 8 bits."""
    if rng.random() < 0.3:
        image = image + rng.normal(0, rng.uniform(0.003, 0.04), image.shape).astype(np.float32)
    codes = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.3:
        coded = cv2.imencode(".jpg", codes, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(45, 97))])[1]
        codes = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    return codes.astype(np.float32) * np.float32(1 / 255)
