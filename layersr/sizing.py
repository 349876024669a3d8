"""How large a result becomes: `--scale`, or `--size` and `--dpi` for a given screen or sheet of paper."""

import re
from dataclasses import dataclass

from layersr.errors import UsageError

SCALES = (1, 2, 3, 4, 8)
"""The whole factors; what lies between is made by the next larger one and a resampler."""

INCHES = {"mm": 1 / 25.4, "cm": 1 / 2.54, "in": 1.0}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*[x×]\s*(\d+(?:\.\d+)?)\s*(px|mm|cm|in)?", re.IGNORECASE)


@dataclass(frozen=True)
class Sizing:
    """What becomes of a picture's size.

    Attributes:
        scale: the whole factor of `SCALES` by which models enlarge.
        width: pixels in the end.
        height: likewise.
        resolution: pixels per inch in the end, or None where nothing is known.
    """

    scale: int
    width: int
    height: int
    resolution: tuple[float, float] | None


def sizing(
    width: int, height: int, resolution: tuple[float, float] | None, scale: int = 2, size: str = "", dpi: float = 0.0
) -> Sizing:
    """How large a picture becomes. Its proportions never change.

    Args:
        width: of the picture, in pixels.
        height: likewise.
        resolution: its pixels per inch, or None.
        scale: so many times as large, where neither size nor dpi is given.
        size: "3000x2000" pixels, or "30x20cm" (mm, in) of paper at `dpi`; the picture fills as much of it as it can.
        dpi: pixels per inch of the print; without a size, the paper stays as large as the picture says it is.

    Raises:
        UsageError: the size is none, smaller than the picture or more than 8 times as large, or the paper's is unknown.
    """
    if not size and not dpi:
        paper = None if resolution is None else (resolution[0] * scale, resolution[1] * scale)
        return Sizing(scale, width * scale, height * scale, paper)
    if size:
        box = _pixels(size, dpi)
    elif resolution is None:
        raise UsageError(
            f"The picture does not say how large it is on paper, so --dpi {dpi:g} alone tells nothing; add --size, for "
            "instance --size 30x20cm."
        )
    else:
        box = width * dpi / resolution[0], height * dpi / resolution[1]
    factor = min(box[0] / width, box[1] / height)
    large = max(1, round(width * factor)), max(1, round(height * factor))
    if large[0] < width or large[1] < height:
        raise UsageError(
            f"The result would be {large[0]} x {large[1]} pixels, smaller than the picture ({width} x {height}); "
            "layersr only enlarges. Ask for more pixels."
        )
    if factor > SCALES[-1]:
        raise UsageError(
            f"The result would be {large[0]} x {large[1]} pixels, {factor:.1f} times as large as the picture; "
            f"{SCALES[-1]} times is the most. Ask for less."
        )
    exact = next(s for s in SCALES if s >= factor - 1e-9)
    paper = (float(dpi),) * 2 if dpi else None if resolution is None else tuple(r * factor for r in resolution)
    return Sizing(exact, *large, paper)


def check(size: str) -> None:
    """Refuse what is no size.

    Raises:
        UsageError: just so.
    """
    if size and not _SIZE.fullmatch(size.strip()):
        raise UsageError(f"The size {size!r} should look like 3000x2000, or 30x20cm together with --dpi.")


def _pixels(size: str, dpi: float) -> tuple[float, float]:
    check(size)
    width, height, unit = _SIZE.fullmatch(size.strip()).groups()
    unit = (unit or "px").lower()
    if unit == "px":
        return float(width), float(height)
    if not dpi:
        raise UsageError(f"A size on paper ({size}) needs --dpi, for instance --dpi 300.")
    return float(width) * INCHES[unit] * dpi, float(height) * INCHES[unit] * dpi
