"""Make the README's pictures: `python docs/pictures.py`. They are the tool's contact sheets and page of the samples.

The page wants Chromium and Playwright (`pip install '.[browser]'`).
"""

import shutil
import tempfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import PIL.Image

from layersr import Recipe, Roadmap, color, draw_roadmap, flatten, read, read_image, run
from layersr.layers import Image, Layer, LayerStack
from layersr.pipeline import as_stack, upscale
from layersr.preview import contact_sheet
from layersr.viewing import write_page

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parent / "samples"
BOXES = (
    (305, 370, 48, 62),
    (293, 196, 204, 292),
    (575, 370, 185, 252),
    (725, 132, 150, 196),
    (598, 252, 84, 112),
    (140, 166, 128, 168),
)
BALLOONS = Recipe(scale=1, detect="none", boxes=BOXES, prompts=("box",) * len(BOXES))


def sheet(name: str, recipe: Recipe) -> np.ndarray:
    """The contact sheet of one sample."""
    image = read_image(SAMPLES / f"{name}.png")
    return contact_sheet(image, run(image, recipe))


def quarter(layer: Layer, stack: LayerStack) -> Layer:
    """Every 4 x 4 block of the canvas as one pixel."""
    canvas, own = layer.on_canvas(stack.width, stack.height)
    values = np.zeros((stack.height, stack.width, 4), np.float32)
    values[canvas] = color.to_float(layer.pixels[own])
    values[..., :3] *= values[..., 3:]
    values = cv2.resize(values, (stack.width // 4, stack.height // 4), interpolation=cv2.INTER_AREA)
    values[..., :3] = color.unpremultiply(values[..., :3], values[..., 3])
    return replace(layer, pixels=color.to_depth(values, np.uint8), left=0, top=0, provenance=None)


def strip(name: str, left: int, top: int, size: int) -> np.ndarray:
    """A detail of a sample shrunk to a quarter, enlarged flat, enlarged layer by layer, and as it was; true layers."""
    truth = read(SAMPLES / f"{name}.truth.ora")
    small = replace(
        truth, width=truth.width // 4, height=truth.height // 4, layers=tuple(quarter(x, truth) for x in truth.layers)
    )
    shrunk = Image(flatten(small))
    flat, layered = (upscale(s, Recipe(scale=4)) for s in (as_stack(shrunk, name), small))
    pictures = [shrunk.pixels.repeat(4, axis=0).repeat(4, axis=1), *map(flatten, (flat, layered, truth))]
    window = slice(top, top + size), slice(left, left + size)
    gap = np.full((size, 6, 3), 255, np.uint8)
    return np.hstack([part for p in pictures for part in (p[window][..., :3], gap)][:-1])


def page() -> np.ndarray:
    """The page that `layersr view` shows, on a desk with a layer dragged, and on a phone with all spread in depth."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "page.html"
        write_page(run(read_image(SAMPLES / "ocean_of_eyes.png"), Recipe(scale=1)), file, "ocean_of_eyes.png")
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )

        def window(width: int, height: int, **more: object) -> object:
            opened = browser.new_page(viewport={"width": width, "height": height}, color_scheme="dark", **more)
            opened.goto(file.as_uri())
            opened.wait_for_selector("html[data-ready]")
            return opened

        def shot(opened: object) -> np.ndarray:
            opened.wait_for_timeout(4000)  # what moves has come to rest, what was said is gone
            return np.asarray(PIL.Image.open(BytesIO(opened.screenshot())).convert("RGB"))

        desk = window(1440, 900)
        desk.mouse.move(912, 215)  # the violet eye
        desk.mouse.down()
        desk.mouse.move(830, 590, steps=4)
        desk.mouse.up()
        phone = window(416, 900, has_touch=True, is_mobile=True)
        phone.tap("[data-do=explode]")
        pictures = shot(desk), shot(phone)
        browser.close()
    gap = np.full((900, 24, 3), 255, np.uint8)
    return np.hstack([pictures[0], gap, pictures[1]])


def painted(drawn: Roadmap) -> np.ndarray:
    """Four canvases of a roadmap side by side, over its palette."""
    ends = [n for n, step in enumerate(drawn.steps) if step.name in ("big shapes", "details")]
    shown = [drawn.canvases[n + 1] for n in (0, ends[0], ends[len(ends) // 2])] + [drawn.canvases[-1]]
    gap = np.full((drawn.size[1], 12, 3), 255, np.uint8)
    row = np.hstack([part for picture in shown for part in (picture, gap)][:-1])
    edges = np.linspace(0, row.shape[1], len(drawn.palette) + 1).astype(int)
    swatches = np.full((drawn.size[1] // 8, row.shape[1], 3), 255, np.uint8)
    for swatch, left, right in zip(drawn.palette, edges, edges[1:], strict=False):
        swatches[drawn.size[1] // 40 :, left : right - 6] = swatch.colour
    return np.vstack([row, swatches])


def save(picture: np.ndarray, name: str) -> None:
    """As JPEG, 1400 pixels wide."""
    height = round(picture.shape[0] * 1400 / picture.shape[1])
    small = cv2.resize(picture, (1400, height), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(HERE / f"{name}.jpg"), small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 86])


if __name__ == "__main__":
    save(sheet("ocean_of_eyes", Recipe(scale=1)), "ocean_of_eyes")
    save(sheet("balloons", BALLOONS), "balloons")
    save(np.vstack([strip("poster", 30, 150, 220), strip("balloons", 575, 385, 220)]), "layerwise")
    save(page(), "view")
    save(np.vstack([sheet(name, Recipe(scale=1)) for name in ("still_life", "portrait", "poster")]), "more")
    ocean = run(read_image(SAMPLES / "ocean_of_eyes.png"), Recipe(scale=1))
    save(painted(draw_roadmap(ocean)), "roadmap")
