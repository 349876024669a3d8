"""The only door between stored pixels and algorithms: depth, premultiplication, blending, the default profile."""

from collections.abc import Callable
from functools import cache

import numpy as np

Array = np.ndarray


def levels(dtype: np.dtype | type) -> int:
    """The highest code value of a depth: 255 for uint8, 65535 for uint16."""
    return int(np.iinfo(dtype).max)


def to_float(pixels: Array) -> Array:
    """Code values to float32 in [0, 1]; the exact inverse of `to_depth`."""
    return pixels.astype(np.float32) / np.float32(levels(pixels.dtype))


def to_depth(values: Array, dtype: np.dtype | type) -> Array:
    """Values in [0, 1] to code values, rounded to the nearest (half to even) and clipped."""
    top = levels(dtype)
    codes = values * values.dtype.type(top)
    return np.clip(np.rint(codes, out=codes), 0, top, out=codes).astype(dtype)


def linear(encoded: Array) -> Array:
    """SRGB values to light, both 0 to 1 where they can be shown (IEC 61966-2-1)."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((np.maximum(encoded, 0) + 0.055) / 1.055) ** 2.4)


def encoded(light: Array) -> Array:
    """The inverse of `linear`; what cannot be shown stays beyond 0 and 1."""
    above = 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055
    return np.where(light <= 0.0031308, light * 12.92, above)


def to_8bit(pixels: Array) -> Array:
    """The same pixels at 8 bit, rounded; itself where it already is."""
    return pixels if pixels.dtype == np.uint8 else ((pixels.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


def premultiply(colour: Array, alpha: Array) -> Array:
    """Straight to premultiplied: `colour * alpha`."""
    return colour * alpha[..., None]


def unpremultiply(premultiplied: Array, alpha: Array) -> Array:
    """Premultiplied to straight; 0 where alpha is 0, since no colour is defined there."""
    return np.divide(premultiplied, alpha[..., None], out=np.zeros_like(premultiplied), where=alpha[..., None] > 0)


def over_black(pixels: Array) -> Array:
    """What is seen of straight RGBA code values where nothing is below them: float32 RGB in [0, 1]."""
    values = to_float(pixels)
    return np.ascontiguousarray(values[..., :3] * values[..., 3:])


def over_grey(pixels: Array) -> Array:
    """Straight RGBA code values as algorithms see them: over mid-grey, where colours under no alpha mean nothing.

    Returns:
        float32 RGB in [0, 1].
    """
    values = to_float(pixels)
    alpha = values[..., 3:]
    return np.ascontiguousarray(values[..., :3] * alpha + 0.5 * (1 - alpha))


def over(top: Array, top_alpha: Array, bottom: Array, bottom_alpha: Array) -> tuple[Array, Array]:
    """Porter and Duff's *over* on premultiplied colours (Compositing Digital Images, 1984).

    Laws: associative; an opaque top hides the bottom; a transparent top changes nothing.

    Returns:
        premultiplied colour and alpha of top over bottom.
    """
    rest = 1 - top_alpha
    return top + bottom * rest[..., None], top_alpha + bottom_alpha * rest


def _soft_light(b: Array, s: Array) -> Array:
    d = np.where(b <= 0.25, ((16 * b - 12) * b + 4) * b, np.sqrt(b))
    return np.where(s <= 0.5, b - (1 - 2 * s) * b * (1 - b), b + (2 * s - 1) * (d - b))


def _hard_light(b: Array, s: Array) -> Array:
    return np.where(s <= 0.5, 2 * b * s, 1 - 2 * (1 - b) * (1 - s))


def _dodge(b: Array, s: Array) -> Array:
    return np.where(b <= 0, 0, np.where(s >= 1, 1, np.minimum(1, b / np.maximum(1 - s, 1e-12))))


BLEND: dict[str, Callable[[Array, Array], Array]] = {
    # W3C Compositing and Blending Level 1, section 9.1: B(backdrop, source) on straight colours.
    "normal": lambda b, s: s,
    "multiply": lambda b, s: b * s,
    "screen": lambda b, s: b + s - b * s,
    "overlay": lambda b, s: _hard_light(s, b),
    "darken": np.minimum,
    "lighten": np.maximum,
    "color-dodge": _dodge,
    "color-burn": lambda b, s: 1 - _dodge(1 - b, 1 - s),
    "hard-light": _hard_light,
    "soft-light": _soft_light,
    "difference": lambda b, s: np.abs(b - s),
    "exclusion": lambda b, s: b + s - 2 * b * s,
    # Not in the W3C's list, but every painting application has it.
    "add": lambda b, s: np.minimum(1, b + s),
}
"""Separable blend modes by name. A document's other modes are shown as normal and said so."""


def composite(backdrop: Array, backdrop_alpha: Array, colour: Array, alpha: Array, blend: str) -> tuple[Array, Array]:
    """Lay straight `colour` with `alpha` onto a premultiplied backdrop in a blend mode.

    With as the backdrop's alpha and B the blend function (W3C, section 5.8):
    co = cs * as * (1 - ab) + as * ab * B(cb, cs) + (1 - as) * co_b, colours co and co_b premultiplied.
    For "normal" this is `over`.

    Returns:
        premultiplied colour and alpha.
    """
    if blend != "normal":
        ab = backdrop_alpha[..., None]
        mixed = BLEND[blend](np.clip(unpremultiply(backdrop, backdrop_alpha), 0, 1), colour)
        colour = (1 - ab) * colour + ab * mixed
    return over(premultiply(colour, alpha), alpha, backdrop, backdrop_alpha)


@cache
def srgb_profile() -> bytes:
    """The ICC profile written where the picture brought none: sRGB, the same bytes on every day and machine.

    Applications guess where a file carries no profile, and guess wrong at 16 bit (Krita takes linear light).
    """
    from PIL import ImageCms

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes.fromhex("07ea00010001000000000000")  # the creation date: 2026-01-01, not now
    profile[84:100] = bytes(16)  # the profile's own checksum, which the date is not part of but writers may fill in
    return bytes(profile)
