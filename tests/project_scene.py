"""Four discs on a smooth ground, fast backends that find them and count what they are asked, and runs in a project."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from layersr import backends, pipeline
from layersr.backends import Backend
from layersr.bleed import bleed
from layersr.layers import Image, LayerStack
from layersr.progress import silent
from layersr.projects import values
from layersr.projects.folder import Folder, opened
from layersr.recipe import Recipe
from layersr.roles import Detection, Prompt, Sheet

HEIGHT, WIDTH = 110, 176
COLOURS = np.float32([[0.9, 0.1, 0.1], [0.1, 0.2, 0.9], [0.9, 0.8, 0.1], [0.6, 0.1, 0.7]])
DISCS = ((38, 38, 18), (47, 57, 18), (33, 137, 16), (82, 126, 14))
"""Row, column and radius; the first lies on the second, the others alone."""

NAMES = ("red", "blue", "yellow", "violet")

MADE = {"detect": "discs", "matte": "soft", "infill": "smooth", "upscale": "cubic", "alpha": "cubic"}
"""Backends of this file: fast, and they count what they are asked."""

asked: Counter[str] = Counter()


def discs() -> list[np.ndarray]:
    rows, columns = np.indices((HEIGHT, WIDTH), np.float32)
    return [np.clip(r + 0.5 - np.hypot(rows - y, columns - x), 0, 1) for y, x, r in DISCS]


def picture(dtype: type = np.uint8, shade: float = 0.0) -> Image:
    rows, columns = np.indices((HEIGHT, WIDTH), np.float32)
    image = np.dstack([columns / WIDTH * 0.5, rows / HEIGHT * 0.5 + shade, np.full(rows.shape, 0.4, np.float32)])
    for disc, colour in reversed([*zip(discs(), COLOURS, strict=True)]):
        image += disc[..., None] * (colour - image)
    return Image(np.rint(np.dstack([image, np.ones_like(rows)]) * np.iinfo(dtype).max).astype(dtype))


def detect(image: np.ndarray, prompt: Prompt | None = None) -> Sequence[Detection]:
    """Discs by their colours; the one that another covers when that is gone."""
    asked["detect"] += 1
    found = []
    for name, disc, colour in zip(NAMES, discs(), COLOURS, strict=True):
        seen = disc * (np.abs(image - colour).max(axis=-1) < 0.2)
        if seen.sum() > 0.4 * disc.sum() and not (name == "blue" and found and found[0].label == "red"):
            found.append(Detection(seen, 0.9, name))
    return found


def matte(image: np.ndarray, trimap: np.ndarray) -> np.ndarray:
    asked["matte"] += 1
    return np.where(trimap == 0.5, cv2.GaussianBlur(trimap, (0, 0), 1.5), trimap)


def infill(image: np.ndarray, hole: np.ndarray, avoid: np.ndarray | None = None) -> np.ndarray:
    asked["infill"] += 1
    return bleed(image, ~hole)


class Cubic:
    scales = (2,)

    def __call__(self, image: np.ndarray, scale: int) -> np.ndarray:
        asked["upscale"] += 1
        large = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        return np.clip(large, 0, 1)


class Linear(Cubic):
    def __call__(self, image: np.ndarray, scale: int) -> np.ndarray:
        asked["upscale"] += 1
        return cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)


def alpha(image: np.ndarray, small: np.ndarray, scale: int) -> np.ndarray:
    asked["alpha"] += 1
    return cv2.resize(small, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)


def depth(image: np.ndarray) -> np.ndarray:
    asked["depth"] += 1
    return np.ascontiguousarray(np.linspace(1, 0, HEIGHT, dtype=np.float32)[:, None].repeat(WIDTH, axis=1))


def take_apart(image: np.ndarray, most: int, granularity: float) -> Sequence[Sheet]:
    """The ground and the discs, all at once."""
    asked["decompose"] += 1
    ones = np.ones(image.shape[:2], np.float32)
    found = [
        Sheet(colour * ones[..., None], disc, name) for name, disc, colour in zip(NAMES, discs(), COLOURS, strict=True)
    ]
    return [Sheet(infill(image, np.maximum.reduce(discs()) > 0), ones), *found[::-1]]


LOADERS: dict[tuple[str, str], Callable[[str], object]] = {
    ("detect", "discs"): lambda device: detect,
    ("matte", "soft"): lambda device: matte,
    ("infill", "smooth"): lambda device: infill,
    ("infill", "smoother"): lambda device: lambda image, hole, avoid=None: cv2.blur(infill(image, hole), (3, 3)),
    ("upscale", "cubic"): lambda device: Cubic(),
    ("upscale", "linear"): lambda device: Linear(),
    ("alpha", "cubic"): lambda device: alpha,
    ("depth", "slope"): lambda device: depth,
    ("decompose", "sheets"): lambda device: take_apart,
}


def known() -> dict[tuple[str, str], Backend]:
    from_file = Backend("matte", "from-file", lambda device, path: matte, suffixes=(".bin",))
    own = [*(Backend(*key, load) for key, load in LOADERS.items()), from_file]
    return {(one.role, one.name): one for one in own} | backends.find()


@pytest.fixture(autouse=True)
def own_backends(monkeypatch: pytest.MonkeyPatch) -> None:
    found = known()
    monkeypatch.setattr(backends, "find", lambda: found)
    asked.clear()


def run(place: Path, image: Image, report: Callable = silent, **choices: object) -> tuple[LayerStack, dict, Folder]:
    """A run in a project as the command line does it, the result, what was told of it and the project."""
    recipe = Recipe(**MADE | choices)
    asked.clear()
    with opened(place, image, "in.png") as project:
        stack = pipeline.run(image, recipe, report, project)
        return stack, project.finish(stack, {}, []), project


def same(stack: LayerStack, other: LayerStack) -> bool:
    """Whether two stacks are the same in every bit of everything."""
    return values.digest(stack) == values.digest(other)


def alike(stack: LayerStack, other: LayerStack) -> set[str]:
    """Names of the layers whose pixels and places are the same in both."""
    known = {layer.name: layer for layer in other.layers}
    return {
        x.name
        for x in stack.layers
        if (y := known.get(x.name)) and (x.left, x.top) == (y.left, y.top) and np.array_equal(x.pixels, y.pixels)
    }


def paint(place: Path, name: str, draw: Callable[[np.ndarray], None]) -> None:
    path = place / "masks" / f"{name}.png"
    values_ = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    draw(values_)
    cv2.imwrite(str(path), values_)


def color_of(image: Image) -> np.ndarray:
    return image.pixels[..., :3].astype(np.float32) / 255
