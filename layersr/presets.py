"""Presets: what does each step, from a quick look to the best there is. Data, and how to choose from it.

In place of a backend's name a recipe may say a preset: then the first of the preset's backends that can be used is
taken, and the recipe that is stored names it.

- `draft` is the fastest that comes with layersr.
- `standard` is the best of what is here: packages installed, weights on this machine. Only where none is, and a step
  cannot do without, the last that is named is fetched, as if it had been chosen (words want some model).
- `best` is the best whose packages are installed; its weights are fetched by the command line, which says so first.
"""

from collections.abc import Callable

PRESETS: dict[str, dict[str, tuple[str, ...]]] = {
    "draft": {
        "detect": ("classic",),
        "understand": ("clipseg",),
        "matte": ("classic",),
        "infill": ("classic",),
        "upscale": ("classic",),
        "alpha": ("classic",),
        "depth": ("none",),
    },
    "standard": {
        # It was taught what lies on top. Models of subjects see one, panoptic ones know 80 things of photographs, and
        # what finds everything with a contour does not know what is a thing: those are for whoever asks for them.
        "detect": ("layersr",),
        "understand": ("grounding-dino", "clipseg"),
        "matte": ("layersr",),
        "infill": ("lama", "layersr"),
        "upscale": ("layersr",),
        "alpha": ("layersr",),
        "depth": ("depth-anything", "none"),
    },
    "best": {
        "detect": ("layersr",),
        "understand": ("grounding-dino", "clipseg"),
        "matte": ("layersr",),
        "infill": ("lama-refined", "lama", "layersr"),
        # Faithful ones; those that invent, in holes or in texture, are for whoever asks for them.
        "upscale": ("swin2sr", "layersr-careful"),
        "alpha": ("layersr",),
        "depth": ("depth-anything", "none"),
    },
}
"""Preset, role, and the backends that do it, the best first; the last one comes with layersr where any does.

"none" is the way of doing without.
"""

SLOW: frozenset[tuple[str, str]] = frozenset({("infill", "lama-refined"), ("upscale", "swin2sr")})
"""(Role, backend) that takes many minutes a picture on a CPU: presets take those on an accelerator only."""


def choices(preset: str) -> dict[str, str]:
    """What a preset says of every role it knows: its own name, for `chosen` to replace.

    Args:
        preset: a key of `PRESETS`.
    """
    return dict.fromkeys(PRESETS[preset], preset)


def candidates(preset: str, role: str, accelerated: Callable[[], bool]) -> list[str]:
    """The backends of a preset's role, the best first, without those that would take too long here.

    Args:
        preset: a key of `PRESETS`.
        role: a key of `roles.ROLES`.
        accelerated: whether models run on more than a CPU; asked only where it matters.
    """
    names = PRESETS[preset][role]
    return [name for name in names if (role, name) not in SLOW or accelerated()]


def chosen(names: list[str], usable: Callable[[str], bool]) -> str:
    """The first that can be used; where none can, the last, whose error says what it needs."""
    return next((name for name in names if usable(name)), names[-1])
