"""How Krita documents spell what they hold: what writer and reader must agree on."""

import numpy as np

from layersr.documents import manifest
from layersr.documents.archive import stored_text
from layersr.layers import LOCKS, Locks

MIMETYPE = "application/x-krita"
NAMESPACE = "http://www.calligra.org/DTD/krita"

SPACES = {"RGBA": (np.uint8, 4), "RGBA16": (np.uint16, 4), "GRAYA": (np.uint8, 2), "GRAYAU16": (np.uint16, 2)}
"""Colour spaces by Krita's name: depth and channels."""

BLEND = {
    "normal": "normal",
    "multiply": "multiply",
    "screen": "screen",
    "overlay": "overlay",
    "darken": "darken",
    "lighten": "lighten",
    "color-dodge": "dodge",
    "color-burn": "burn",
    "hard-light": "hard_light",
    "soft-light": "soft_light_svg",
    "difference": "diff",
    "exclusion": "exclusion",
    "add": "add",
    "hue": "hue",
    "saturation": "saturation",
    "color": "color",
    "luminosity": "luminize",
    "dissolve": "dissolve",
    "linear-burn": "linear_burn",
    "darker-color": "darker color",
    "lighter-color": "lighter color",
    "vivid-light": "vivid_light",
    "linear-light": "linear light",
    "pin-light": "pin_light",
    "hard-mix": "hard mix",
    "subtract": "subtract",
    "divide": "divide",
}
"""Blend modes by name to Krita's; the first thirteen are those of `color.BLEND`."""

_OTHERS = (
    "erase|in|out|behind|greater|copy|copy_red|copy_green|copy_blue|destination-in|destination-atop|alphadarken|bumpmap|"
    "combine_normal|tangent_normalmap|xor|or|and|nand|nor|xnor|implication|not_implication|converse|not_converse|"
    "inverse_subtract|arc_tangent|geometric_mean|additive_subtractive|negation|modulo|modulo_continuous|modulo_shift|"
    "modulo_shift_continuous|divisive_modulo|divisive_modulo_continuous|equivalence|allanon|parallel|grain_merge|"
    "grain_extract|hard_mix_photoshop|hard_mix_softer_photoshop|hard overlay|interpolation|interpolation 2x|penumbra a|"
    "penumbra b|penumbra c|penumbra d|gamma_dark|shade_ifs_illusions|fog_darken_ifs_illusions|easy burn|linear_dodge|"
    "soft_light_ifs_illusions|soft_light_pegtop_delphi|gamma_light|gamma_illumination|flat_light|pnorm_a|pnorm_b|"
    "super_light|tint_ifs_illusions|fog_lighten_ifs_illusions|easy dodge|luminosity_sai|inc_saturation|dec_saturation|"
    "inc_luminosity|dec_luminosity|hue_hsv|color_hsv|saturation_hsv|inc_saturation_hsv|dec_saturation_hsv|value|inc_value|"
    "dec_value|hue_hsl|color_hsl|saturation_hsl|inc_saturation_hsl|dec_saturation_hsl|lightness|inc_lightness|"
    "dec_lightness|hue_hsi|color_hsi|saturation_hsi|inc_saturation_hsi|dec_saturation_hsi|intensity|inc_intensity|"
    "dec_intensity|reflect|glow|freeze|heat|glow_heat|heat_glow|reflect_freeze|freeze_reflect|"
    "heat_glow_freeze_reflect_hybrid"
)
"""Krita's modes that nobody else has: from one Krita document to the next they stay."""

KRITAS = BLEND | {mode.replace("_", "-"): mode for mode in _OTHERS.split("|")}
"""All that a Krita document can say, by the names in a stack."""

_NAMES = {krita: name for name, krita in BLEND.items()} | {"soft_light": "soft-light", "plus": "add"}

INHERITS_ALPHA = LOCKS_ALPHA = "1110"
"""The channel flags of a layer that shows only where what is below it in its group does, and, as another attribute, of
one whose transparency is locked."""

MANIFEST, MARKS = "layersr.manifest", "layersr.marks"
"""Annotations, which Krita keeps when it saves: the manifest, and `kra_marks`."""

EXACT = ".exact"
"""Beside the 8 bits of a mask, its 16: raw, little-endian."""


def blend_of(mode: str) -> str:
    """Our name of Krita's blend mode; one we have no name for keeps its own."""
    return _NAMES.get(mode, mode.replace("_", "-"))


def stored_blend(blend: str) -> str:
    """A blend mode as Krita keeps it; what it has no mode for becomes normal."""
    return blend if blend in KRITAS else "normal"


def stored_resolution(resolution: tuple[float, float] | None) -> tuple[float, float] | None:
    """Pixels per inch as they are kept: exactly."""
    return resolution


def stored_locks(locks: Locks, of_group: bool) -> Locks:
    """Locks as Krita keeps them: all, or only the transparency of a layer."""
    if "pixels" in locks:
        return LOCKS
    return frozenset() if of_group else locks & {"transparency"}


SPELLING = manifest.Spelling(stored_text, stored_blend, stored_resolution, stored_locks)
