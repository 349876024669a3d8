"""How XCF spells properties, blend modes, names and resolutions: what writer and reader must agree on.

Source: GIMP's devel-docs/xcf.txt, and app/xcf where that is silent.
"""

from enum import IntEnum

import numpy as np

from layersr.documents import manifest
from layersr.layers import PASS_THROUGH, Locks

MAGIC = b"gimp xcf "
TILE = 64
"""Pixels a side of a tile."""


class Property(IntEnum):
    """The numbers of the properties that are written or read; all others are skipped."""

    END = 0
    COLORMAP = 1
    SELECTION = 4
    FLOATING_SELECTION = 5
    OPACITY = 6
    MODE = 7
    VISIBLE = 8
    LOCK_ALPHA = 10
    APPLY_MASK = 11
    OFFSETS = 15
    COMPRESSION = 17
    RESOLUTION = 19
    PARASITES = 21
    PATHS = 23
    VECTORS = 25
    LOCK_CONTENT = 28
    GROUP_ITEM = 29
    ITEM_PATH = 30
    LOCK_POSITION = 32
    FLOAT_OPACITY = 33
    COMPOSITE_MODE = 35
    COMPOSITE_SPACE = 36
    BLEND_SPACE = 37
    VECTOR_LAYER = 47
    LINK_LAYER = 48


ICC, MANIFEST, MASK, TEXT = "icc-profile", "layersr-manifest", "layersr-mask", "gimp-text-layer"
"""Names of parasites: of the image, of the image, of a layer or group, of a layer."""

CLIPS = "layersr-clips"
"""The parasite of an image that names the groups which stand for clipping."""

CREDITS = "gimp-image-metadata"
"""The parasite of an image in which GIMP keeps what its Image > Metadata shows."""

PERCEPTUAL = 2
"""A space: encoded values. GIMP's own default is linear light, in which soft edges come out up to 65/255 different."""

CLIP = 2
"""A way to composite: a layer shows only where something is below it in its group."""

UNION = 1
"""A way to composite: the W3C's *source over*. GIMP's own default for most modes shows a layer only where something is
below it."""

MODES = {
    "dissolve": 1,
    "overlay": 23,
    "hue": 24,
    "saturation": 25,
    "color": 26,
    "luminosity": 27,
    "normal": 28,
    "behind": 29,
    "multiply": 30,
    "screen": 31,
    "difference": 32,
    "add": 33,
    "subtract": 34,
    "darken": 35,
    "lighten": 36,
    "hsv-hue": 37,
    "hsv-saturation": 38,
    "hsl-color": 39,
    "hsv-value": 40,
    "divide": 41,
    "color-dodge": 42,
    "color-burn": 43,
    "hard-light": 44,
    "soft-light": 45,
    "grain-extract": 46,
    "grain-merge": 47,
    "vivid-light": 48,
    "pin-light": 49,
    "linear-light": 50,
    "hard-mix": 51,
    "exclusion": 52,
    "linear-burn": 53,
    "darker-color": 54,
    "lighter-color": 55,
    "luminance": 56,
    "color-erase": 57,
    "erase": 58,
    "merge": 59,
    "split": 60,
}
"""Blend modes by name to GIMP's numbers (app/operations/operations-enums.h)."""

THROUGH = 61
"""The mode of a group that passes through."""

LEGACY = (
    *("normal", "dissolve", "behind", "multiply", "screen", "soft-light", "difference", "add", "subtract", "darken"),
    *("lighten", "hsv-hue", "hsv-saturation", "hsl-color", "hsv-value", "divide", "color-dodge", "color-burn"),
    *("hard-light", "soft-light", "grain-extract", "grain-merge", "color-erase"),
)
"""The modes GIMP had before 2.10, by number. They blend encoded values; its old "overlay" was a soft light."""

NAMES = dict(enumerate(LEGACY)) | {number: name for name, number in MODES.items()} | {THROUGH: PASS_THROUGH}

LOCKED_BY = {
    "transparency": Property.LOCK_ALPHA,
    "pixels": Property.LOCK_CONTENT,
    "position": Property.LOCK_POSITION,
}

RESOLUTIONS = (0.005, 1048576.0)
"""Pixels per inch that GIMP takes for true."""


def stored_text(name: str) -> str:
    """A name as XCF keeps it: UTF-8 that ends with a NUL, so there is none within."""
    return name.replace("\0", "").encode("utf-8", "replace").decode()


def stored_blend(blend: str) -> str:
    """A blend mode as XCF keeps it; what it has no number for becomes normal."""
    return blend if blend in MODES else "normal"


def stored_resolution(resolution: tuple[float, float] | None) -> tuple[float, float] | None:
    """Pixels per inch as XCF keeps them: single precision."""
    if resolution is None:
        return None
    x, y = (float(np.float32(min(RESOLUTIONS[1], max(RESOLUTIONS[0], value)))) for value in resolution)
    return x, y


def stored_locks(locks: Locks, of_group: bool) -> Locks:
    """Locks as GIMP keeps them: all of a layer's, of a group only that of the pixels in it."""
    return locks & {"pixels"} if of_group else locks


SPELLING = manifest.Spelling(stored_text, stored_blend, stored_resolution, stored_locks)
