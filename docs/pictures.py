"""Make the README's pictures: `python docs/pictures.py`. They are the tool's own contact sheets of the samples."""

from pathlib import Path

import cv2
import numpy as np

from layersr import Recipe, read_image, run
from layersr.preview import contact_sheet

HERE = Path(__file__).resolve().parent
SAMPLES = HERE.parent / "samples"
BOXES = (
    (293, 196, 204, 292),
    (575, 370, 185, 252),
    (725, 132, 150, 196),
    (598, 252, 84, 112),
    (305, 370, 48, 62),
    (140, 166, 128, 168),
)
BALLOONS = Recipe(scale=1, detect="none", boxes=BOXES, prompts=("box",) * len(BOXES))


def sheet(name: str, recipe: Recipe) -> np.ndarray:
    """The contact sheet of one sample."""
    image = read_image(SAMPLES / f"{name}.png")
    return contact_sheet(image, run(image, recipe))


def save(picture: np.ndarray, name: str) -> None:
    """As JPEG, 1400 pixels wide."""
    height = round(picture.shape[0] * 1400 / picture.shape[1])
    small = cv2.resize(picture, (1400, height), interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(HERE / f"{name}.jpg"), small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 86])


if __name__ == "__main__":
    save(sheet("ocean_of_eyes", Recipe(scale=1)), "ocean_of_eyes")
    save(sheet("balloons", BALLOONS), "balloons")
    save(np.vstack([sheet(name, Recipe(scale=1)) for name in ("still_life", "portrait", "poster")]), "more")
