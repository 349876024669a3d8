"""Composed scenes whose stack is known: things over a ground, then what cameras, scanners and painters do to a picture.

A scene's truth is each thing's visible alpha and whether it lies on top, that is, whether nothing covers more than
`COVERED` of it. Shadows belong to the ground.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from layersr.training.things import Material, Thing, gradient, recoloured, smooth_noise, thing

WHOLE, TRIES = 0.8, 12
"""How much of one subject a part of a real picture should show, and how often another part is tried."""

COVERED = 0.04
"""A thing of which others hide less than this share counts as lying on top."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture and its truth.

    Attributes:
        image: RGB, float32 in [0, 1] (h, w, 3).
        visible: what is seen of each thing, bottom to top, float32 (h, w) each.
        on_top: whether nothing covers it.
    """

    image: np.ndarray
    visible: tuple[np.ndarray, ...]
    on_top: tuple[bool, ...]

    @property
    def top(self) -> np.ndarray:
        """The alpha of all that lies on top."""
        return self._joined([v for v, on_top in zip(self.visible, self.on_top, strict=True) if on_top])

    @property
    def all(self) -> np.ndarray:
        """The alpha of all things."""
        return self._joined(list(self.visible))

    def _joined(self, alphas: list[np.ndarray]) -> np.ndarray:
        empty = np.zeros(self.image.shape[:2], np.float32)
        return np.minimum(sum(alphas, empty), 1)


def compose_photograph(material: Material, rng: np.random.Generator, height: int, width: int) -> Scene:
    """A part of a real picture with its own subjects, now and then with other things over them."""
    real = material.subjects[rng.integers(len(material.subjects))]
    window, area = None, [alpha.sum() for alpha in real.alphas]
    for _ in range(TRIES):
        window = _window(real.image.shape[:2], rng, height, width)
        if max(alpha[window].sum() / a for alpha, a in zip(real.alphas, area, strict=True)) > WHOLE:
            break
    side = int(rng.choice([-1, 1]))
    fit = {"dsize": (width, height), "interpolation": cv2.INTER_AREA}
    image = cv2.resize(real.image[window], **fit)[:, ::side].astype(np.float32) / 255
    alphas = [np.clip(cv2.resize(alpha[window], **fit), 0, 1)[:, ::side] for alpha in real.alphas]
    if rng.random() < 0.4:
        image = recoloured(image, rng, 0.6)
    over = rng.choice([0, 0, 0, 0, 1])
    cast = [scaled(thing(material, rng), max(height, width) * rng.uniform(0.12, 0.4)) for _ in range(over)]
    return stacked(np.ascontiguousarray(image), cast, rng, [a for a in alphas if a.sum() > 0.0006 * height * width])


def compose(material: Material, rng: np.random.Generator, height: int, width: int) -> Scene:
    """A scene of the size; one in ten has nothing to lift."""
    image = ground(material, rng, height, width)
    return stacked(image, _cast(material, rng), rng)


def stacked(image: np.ndarray, cast: list[Thing], rng: np.random.Generator, there: Sequence[np.ndarray] = ()) -> Scene:
    """The things somewhere over the image, the first lowest, and all that happens to a picture afterwards.

    Args:
        image: RGB, float32 in [0, 1] (h, w, 3).
        cast: the things, scaled.
        rng: decides.
        there: alphas of things that the image itself shows, which nothing in it covers.
    """
    height, width = image.shape[:2]
    placed = list(there)
    for one in cast:
        layer = place(one, rng, height, width)
        alpha = layer[..., 3]
        if alpha.sum() < 0.0006 * height * width:
            continue
        if rng.random() < 0.3:
            image = shade(image, alpha, rng)
        image = layer[..., :3] + image * (1 - alpha[..., None])
        placed.append(alpha)
    clear = np.ones((height, width), np.float32)
    visible, on_top = [], []
    for alpha in reversed(placed):
        seen = alpha * clear
        visible.append(seen)
        on_top.append(bool(seen.sum() > (1 - COVERED) * alpha.sum()))
        clear = clear * (1 - alpha)
    keep = [k for k in range(len(visible))[::-1] if visible[k].sum() > 0.0004 * height * width]
    image = weathered(image, rng)
    return Scene(image, tuple(visible[k] for k in keep), tuple(on_top[k] for k in keep))


def _cast(material: Material, rng: np.random.Generator) -> list[Thing]:
    """The things of one scene: none, a few, or a flock of one kind; scaled already."""
    kind, side = rng.random(), material.side
    if kind < 0.1:
        return []
    if kind < 0.22:
        one, size = thing(material, rng), np.exp(rng.uniform(np.log(0.05), np.log(0.16)))
        flock = [scaled(one, side * size * rng.uniform(0.7, 1.3)) for _ in range(rng.integers(5, 22))]
        rest = [scaled(thing(material, rng), side * rng.uniform(0.15, 0.5)) for _ in range(rng.integers(0, 3))]
        return [*rest, *flock] if rng.random() < 0.7 else [*flock, *rest]
    count = 1 + min(rng.geometric(0.35), 8)
    sizes = np.exp(rng.uniform(np.log(0.1), np.log(0.75), count)) * side
    return [scaled(thing(material, rng), size) for size in sizes]


def scaled(one: Thing, longer: float) -> Thing:
    """The thing with its longer side so long, at least 3 pixels."""
    factor = max(longer, 4) / max(one.shape[:2])
    size = [max(3, round(n * factor)) for n in one.shape[1::-1]]
    return cv2.resize(one, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)


def place(one: Thing, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """The thing somewhere on the canvas, turned a little, sometimes mirrored, sometimes cut by a side."""
    h, w = one.shape[:2]
    if rng.random() < 0.5:
        one = one[:, ::-1]
    degrees = rng.normal(0, 12) if rng.random() < 0.8 else rng.uniform(0, 360)
    over = 0.25 if rng.random() < 0.3 else -0.45  # how far its middle may leave the canvas, in its own sizes
    x = rng.uniform(min(-over * w, width / 2 - 1), max(width + over * w, width / 2))
    y = rng.uniform(min(-over * h, height / 2 - 1), max(height + over * h, height / 2))
    move = cv2.getRotationMatrix2D((w / 2, h / 2), degrees, 1.0)
    move[:, 2] += (x - w / 2, y - h / 2)
    placed = cv2.warpAffine(np.ascontiguousarray(one), move, (width, height), flags=cv2.INTER_LINEAR)
    return np.clip(placed, 0, 1)


def shade(image: np.ndarray, alpha: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The soft shadow a thing casts on what is below."""
    reach = np.sqrt(alpha.sum()) * rng.uniform(0.02, 0.25)
    move = np.float32([[1, 0, rng.normal(0, reach)], [0, 1, abs(rng.normal(0, reach))]])
    shadow = cv2.warpAffine(alpha, move, alpha.shape[::-1])
    shadow = cv2.GaussianBlur(shadow, (0, 0), max(0.5, reach * rng.uniform(0.3, 1.2)))
    return image * (1 - shadow[..., None] * np.float32(rng.uniform(0.15, 0.6)))


def ground(material: Material, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A background: a crop of a picture, a plain colour or a gradient with grain, or strips of scenery."""
    kind = rng.random()
    if kind < 0.6:
        return _crop(material, rng, height, width)
    image = gradient(height, width, rng)
    if kind > 0.75:
        for _ in range(rng.integers(1, 4)):  # hills, tables, seas: they run from side to side
            rows, columns = np.indices((height, width), np.float32)
            wave = smooth_noise(12, int(rng.integers(2, 8)), rng)[:1]
            wave = cv2.resize(wave, (width, 1), interpolation=cv2.INTER_CUBIC)
            line = (rng.uniform(0.15, 0.95) + wave * rng.choice([0, 0.03, 0.12])) * height
            line = line + (columns - width / 2) * rng.normal(0, 0.08)
            below = np.clip((rows - line) / max(0.7, height * rng.choice([0, 0, 0.02, 0.2])) + 0.5, 0, 1)[..., None]
            strip = _crop(material, rng, height, width) if rng.random() < 0.3 else gradient(height, width, rng)
            image = image * (1 - below) + strip * below
    if rng.random() < 0.5:
        cells = int(np.exp(rng.uniform(np.log(4), np.log(material.side / 2))))
        noise = cv2.resize(smooth_noise(material.side, cells, rng), (width, height))[..., None]
        image = np.clip(image + noise * rng.choice([0.03, 0.08, 0.2]), 0, 1)
    return image.astype(np.float32)


def _crop(material: Material, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A part of a picture, mostly a close and calm one: fewer whole things are in it, and no truth tells of those."""
    crops = [any_crop(material, rng, height, width) for _ in range(rng.integers(1, 4))]
    image = min(crops, key=_busy).astype(np.float32) / 255
    if rng.random() < 0.25:  # out of focus
        image = cv2.GaussianBlur(image, (0, 0), height * rng.uniform(0.005, 0.03))
    return recoloured(image, rng, 0.5) if rng.random() < 0.3 else image


def _busy(image: np.ndarray) -> float:
    tiny = cv2.resize(image, (16, 16), interpolation=cv2.INTER_AREA).astype(np.float32)
    return float(np.abs(np.diff(tiny, axis=0)).mean() + np.abs(np.diff(tiny, axis=1)).mean())


def any_crop(material: Material, rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """A part of any picture, RGB uint8 (height, width, 3)."""
    picture = material.grounds[rng.integers(len(material.grounds))]
    crop = picture[_window(picture.shape[:2], rng, height, width)]
    enlarged = crop.shape[0] <= height
    crop = cv2.resize(crop, (width, height), interpolation=cv2.INTER_LINEAR if enlarged else cv2.INTER_AREA)
    return crop[:, :: rng.choice([-1, 1])]


def _window(shape: tuple[int, int], rng: np.random.Generator, height: int, width: int) -> tuple[slice, slice]:
    """A part of a picture of the shape, height to width as asked: from a third of it to as much as there is."""
    least = min(shape[0] / height, shape[1] / width)
    zoom = max(least * rng.uniform(0.35, 1) ** 0.7, min(0.5, least))
    span = round(height * zoom), round(width * zoom)
    top, left = (int(rng.integers(n - s + 1)) for n, s in zip(shape, span, strict=True))
    return slice(top, top + span[0]), slice(left, left + span[1])


def weathered(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Blur, brush strokes, colour casts, uneven light, noise, JPEG: things and ground go through it together."""
    height, width = image.shape[:2]
    unit = max(height, width) / 160
    if rng.random() < 0.2:
        image = brushed(image, rng, unit)
    if rng.random() < 0.1:
        image = cv2.bilateralFilter(image, 5, 0.15, 2 * unit)
    if rng.random() < 0.4:
        image = cv2.GaussianBlur(image, (0, 0), unit * rng.uniform(0.25, 0.9))
    if rng.random() < 0.4:
        image = image * np.exp(rng.normal(0, 0.12, 3)) + rng.normal(0, 0.04, 3)
    if rng.random() < 0.3:
        light = cv2.resize(smooth_noise(16, 3, rng), (width, height), interpolation=cv2.INTER_CUBIC)
        image = image * (1 + 0.35 * np.clip(light, -1, 1)[..., None])
    if rng.random() < 0.35:
        image = image + rng.normal(0, rng.uniform(0.005, 0.05), image.shape)
    image = np.clip(image, 0, 1)
    if rng.random() < 0.4:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 95))]
        coded = cv2.imencode(".jpg", (image * 255).astype(np.uint8), quality)
        image = cv2.imdecode(coded[1], cv2.IMREAD_COLOR) / 255
    return image.astype(np.float32)


def brushed(image: np.ndarray, rng: np.random.Generator, unit: float) -> np.ndarray:
    """As if painted: contours wander, tones draw together, strokes show."""
    height, width = image.shape[:2]
    rows, columns = np.indices((height, width), np.float32)
    cells = int(rng.integers(10, 40))
    wander = [cv2.resize(smooth_noise(cells, cells, rng), (width, height)) * unit * rng.uniform(0, 2) for _ in range(2)]
    image = cv2.remap(image, columns + wander[0], rows + wander[1], cv2.INTER_LINEAR, None, cv2.BORDER_REFLECT)
    mean = image.mean(axis=(0, 1))
    image = mean + (image - mean) * rng.uniform(0.6, 1)
    length = 2 * round(3 * unit) + 1
    stroke = np.zeros((length, length), np.float32)
    angle, middle = rng.random() * np.pi, length // 2
    along = middle * np.cos(angle), middle * np.sin(angle)
    ends = [(round(middle + s * along[0]), round(middle + s * along[1])) for s in (-1, 1)]
    cv2.line(stroke, *ends, 1)
    grain = rng.normal(0, 1, (height, width, 1)).astype(np.float32)
    strokes = cv2.filter2D(grain, -1, stroke / np.sqrt(stroke.sum()))[..., None]
    return np.clip(image + strokes * rng.uniform(0, 0.08), 0, 1).astype(np.float32)
