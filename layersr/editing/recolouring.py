"""Other colours with the same light and shade, in OKLab, where equal steps look equal.

Pixels count as sRGB, whatever the profile. What leaves sRGB loses chroma, not its lightness.
"""

from dataclasses import replace

import numpy as np

from layersr import color
from layersr.editing.edits import Recolor
from layersr.errors import UsageError
from layersr.layers import Layer, Provenance
from layersr.oklab import light, oklab

GREY = 0.02
"""Chroma below which a thing has no colour of its own."""

STEPS = 10
"""Halvings in the search for the chroma that sRGB can show."""


def recoloured(layer: Layer, how: Recolor) -> Layer:
    """The layer in other colours; its alpha stays, and a pixel whose colour changes is no longer the artist's own.

    Towards a colour: the lightness of the thing as a whole becomes that colour's along a curve that keeps black black
    and white white; hues turn and chroma grows by what the thing's own colour needs to become it, so a white highlight
    stays white. What has no colour of its own is tinted.

    Raises:
        UsageError: the colour is none.
    """
    pixels = layer.pixels
    if how == Recolor(how.target) or not pixels.size:
        return layer
    lab = to_oklab(color.to_float(pixels[..., :3]))
    shown = pixels[..., 3] > 0
    if how.colour:
        lab = _towards(lab, to_oklab(parsed(how.colour)[None, None])[0, 0], pixels[..., 3] / color.levels(pixels.dtype))
    turn = np.exp(1j * np.radians(how.hue)) * max(0.0, how.saturation)
    hued = (lab[..., 1] + 1j * lab[..., 2]) * turn
    lightness = lab[..., 0]
    end = 1.0 if how.lightness > 0 else 0.0
    lightness = lightness + (end - lightness) * min(1.0, abs(how.lightness))
    values = fitting(np.stack([lightness, hued.real, hued.imag], axis=-1))
    out = pixels.copy()
    out[..., :3] = color.to_depth(values, pixels.dtype)
    out[~shown, :3] = pixels[~shown, :3] if layer.light is None else out[~shown, :3]
    codes = layer.provenance
    if codes is not None:
        changed = (out != pixels).any(axis=-1)
        codes = np.where(changed & (codes == Provenance.ORIGINAL), np.uint8(Provenance.ESTIMATED), codes)
    return replace(layer, pixels=out, provenance=codes)


def parsed(colour: str) -> np.ndarray:
    """Red, green and blue in [0, 1] of "#rrggbb" or "#rgb".

    Raises:
        UsageError: it is neither.
    """
    digits = colour.removeprefix("#")
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    try:
        return np.frombuffer(bytes.fromhex(digits), np.uint8, 3).astype(np.float32) / 255
    except ValueError:
        raise UsageError(f"{colour!r} is no colour; write it as #rrggbb.") from None


def to_oklab(values: np.ndarray) -> np.ndarray:
    """Encoded sRGB to lightness (0..1) and the two opponent colours, float64."""
    return oklab(color.linear(values.astype(np.float64)))


def from_oklab(lab: np.ndarray) -> np.ndarray:
    """Back again, unclipped."""
    return color.encoded(light(lab))


def fitting(lab: np.ndarray) -> np.ndarray:
    """Encoded sRGB in [0, 1] of the same lightness and hue, as colourful as it can be shown; float32."""
    values = from_oklab(lab)
    out = (values < -1e-4).any(axis=-1) | (values > 1 + 1e-4).any(axis=-1)
    if out.any():
        far = lab[out]
        low, high = np.zeros(len(far)), np.ones(len(far))
        for _ in range(STEPS):
            middle = (low + high) / 2
            tried = from_oklab(far * np.stack([np.ones_like(middle), middle, middle], axis=-1))
            fits = ((tried >= -1e-4) & (tried <= 1 + 1e-4)).all(axis=-1)
            low, high = np.where(fits, middle, low), np.where(fits, high, middle)
        values[out] = from_oklab(far * np.stack([np.ones_like(low), low, low], axis=-1))
    return np.clip(values, 0, 1).astype(np.float32)


def _towards(lab: np.ndarray, wanted: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    weight = alpha / max(float(alpha.sum()), 1e-9)
    own = (lab * weight[..., None]).sum(axis=(0, 1))
    light = np.clip(lab[..., 0], 0, 1)
    middle, aim = (float(np.clip(value, 0.02, 0.98)) for value in (own[0], wanted[0]))
    power = np.log(aim) / np.log(middle)
    lightness = light**power
    hues, mine, goal = lab[..., 1] + 1j * lab[..., 2], complex(own[1], own[2]), complex(wanted[1], wanted[2])
    # How much of one colour it is: then its colour is turned; else it is tinted, less towards black and white.
    chroma = float((np.abs(hues) * weight).sum())
    coherent = abs(mine) / max(chroma, 1e-9) if abs(mine) > GREY else 0.0
    share = np.clip((coherent - 0.5) / 0.4, 0, 1)
    taper = np.clip(np.minimum(lightness / aim, (1 - lightness) / (1 - aim)), 0, 1)
    turned = hues * (goal / mine) if share > 0 else 0 * hues
    limit = 1.5 * abs(goal) + 0.02
    turned = turned * np.minimum(1, limit / np.maximum(np.abs(turned), 1e-9))
    new = share * turned + (1 - share) * goal * taper
    return np.stack([lightness, new.real, new.imag], axis=-1)
