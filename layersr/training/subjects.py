"""Real pictures whose subjects were outlined by hand: what no composed scene teaches.

A composed scene says of everything in the photograph below that it is no element, a bird or a face among it. In these
the bird is the element. `subjects.json`, here for the project's data folder and in any data folder for its own pictures
(`python -m layersr.training.outline` writes it), names pictures and, for each subject that nothing covers, one outline
for each of its parts: x, y, x, y, ..., in thousandths of the picture's width and height. Boxes were drawn by hand,
filled by the project's own box prompt, and looked at; what was not outlined well was left out. Pictures that have
subjects, but no good outlines, are named with an empty list: they are no backgrounds.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from layersr.errors import InputError
from layersr.training.pictures import Picture

FILE = "subjects.json"
NAMED = Path(__file__).with_name(FILE)
EDGE = 0.7
"""Pixels by which an outline is softened."""


@dataclass(frozen=True, eq=False)
class Subjects:
    """A picture and what an artist would lift from it.

    Attributes:
        image: RGB, uint8 (h, w, 3).
        alphas: of each subject, float32 (h, w) in [0, 1].
    """

    image: np.ndarray
    alphas: tuple[np.ndarray, ...]

    def cutouts(self) -> list[np.ndarray]:
        """Each subject alone, straight RGBA, uint8, trimmed."""
        out = []
        for alpha in self.alphas:
            rows, columns = (np.flatnonzero((alpha > 0.02).any(axis=axis)) for axis in (1, 0))
            window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
            # Its rim shows what was behind it: a pixel is taken off, and the rest is its own colour.
            inner = cv2.erode(np.pad(alpha, 1, mode="edge"), np.ones((3, 3), np.uint8))[1:-1, 1:-1]
            out.append(np.dstack([self.image[window], np.rint(inner[window] * 255).astype(np.uint8)]))
        return out


Outlines = dict[str, list[list[list[int]]]]
"""Outlines of each subject's parts, by the picture's path in the data folder."""


@cache
def named(data: Path) -> Outlines:
    """All that is outlined of a data folder's pictures."""
    return json.loads(NAMED.read_text(encoding="utf-8")) | own(data)


def own(data: Path) -> Outlines:
    """What the data folder itself says.

    Raises:
        InputError: its `subjects.json` cannot be read.
    """
    try:
        return json.loads((data / FILE).read_text(encoding="utf-8")) if (data / FILE).is_file() else {}
    except ValueError as error:
        raise InputError(f"{data / FILE} is no JSON ({error}); mend it or take it away.") from error


def outlined(picture: Picture, data: Path, image: np.ndarray) -> Subjects | None:
    """The picture's subjects; None if none are outlined.

    Args:
        picture: one of the data folder.
        data: the folder.
        image: what the picture shows, at any size.
    """
    outlines = named(data).get(path_in(picture, data), [])
    return Subjects(image, tuple(_filled(parts, image.shape[:2]) for parts in outlines)) if outlines else None


def path_in(picture: Picture, data: Path) -> str:
    """The picture's path in the data folder, as `subjects.json` writes it."""
    return picture.path.relative_to(data).as_posix()


def _filled(parts: list[list[int]], shape: tuple[int, int]) -> np.ndarray:
    sheet = np.zeros(shape, np.uint8)
    size = np.array(shape[::-1]) / 1000
    for part in parts:
        points = np.array(part, np.float64).reshape(-1, 2) * size - 0.5
        cv2.fillPoly(sheet, [np.int32(np.rint(points * 16))], 255, cv2.LINE_AA, 4)
    return cv2.GaussianBlur(sheet.astype(np.float32) / 255, (0, 0), EDGE)
