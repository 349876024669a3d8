"""How PSD spells names, blend modes and resolutions: what writer and reader must agree on."""

from layersr.documents import manifest
from layersr.documents.xmp import stored_credits

BLEND_KEYS = {
    "normal": b"norm",
    "multiply": b"mul ",
    "screen": b"scrn",
    "overlay": b"over",
    "darken": b"dark",
    "lighten": b"lite",
    "color-dodge": b"div ",
    "color-burn": b"idiv",
    "hard-light": b"hLit",
    "soft-light": b"sLit",
    "difference": b"diff",
    "exclusion": b"smud",
    "add": b"lddg",
    "hue": b"hue ",
    "saturation": b"sat ",
    "color": b"colr",
    "luminosity": b"lum ",
    "dissolve": b"diss",
    "linear-burn": b"lbrn",
    "darker-color": b"dkCl",
    "lighter-color": b"lgCl",
    "vivid-light": b"vLit",
    "linear-light": b"lLit",
    "pin-light": b"pLit",
    "hard-mix": b"hMix",
    "subtract": b"fsub",
    "divide": b"fdiv",
}
"""Blend modes by name to PSD's keys; the first thirteen are those of `color.BLEND`."""

LOCK_BITS = {"transparency": 1, "pixels": 2, "position": 4}
"""What the block "lspf" says, by lock."""

LOCKED_WHOLLY = 1 << 31

XMP_ID = 1060

MANIFEST_ID = 4747
"""The plug-in resource (4000 to 4999 are theirs) that holds the manifest, under the name "layersr"."""

MARKS_ID = 4748
"""The one that says what was written otherwise than it is meant (`psd_baking.Marks`)."""

FALLBACK_RESOLUTION = (72.0, 72.0)
"""What is written where nothing is known, as every application assumes it."""


def stored_text(name: str) -> str:
    """A name as PSD keeps it: at most 255 UTF-16 units and no NUL."""
    units = name.replace("\0", "").encode("utf-16-be", "replace")[:510]
    return units.decode("utf-16-be", "ignore")


def stored_blend(blend: str) -> str:
    """A blend mode as PSD keeps it; what it has no key for becomes normal."""
    return blend if blend in BLEND_KEYS else "normal"


def stored_resolution(resolution: tuple[float, float] | None) -> tuple[float, float]:
    """Pixels per inch as PSD keeps them: 16.16 fixed point, 72 where nothing is known."""
    fixed = [min(2**32 - 1, max(0, round(value * 65536))) for value in resolution or FALLBACK_RESOLUTION]
    return fixed[0] / 65536, fixed[1] / 65536


SPELLING = manifest.Spelling(stored_text, stored_blend, stored_resolution, lambda locks, _: locks, stored_credits)
