"""layersr: one flat picture in, an exact, ordered, infilled layer stack out.

    import layersr
    image = layersr.read_image("in.png")
    layersr.write(layersr.run(image, layersr.Recipe(scale=2)), "out.psd")

Names are looked up when they are first used, so that `import layersr` costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layersr.documents import read, write
    from layersr.flattening import flatten
    from layersr.images import read_image
    from layersr.layers import Group, Image, Layer, LayerMask, LayerStack
    from layersr.pipeline import decompose, edit, run, upscale
    from layersr.recipe import Recipe
    from layersr.roadmap import Roadmap, draw_roadmap

__version__ = "0.1.0"

__all__ = [
    "Group",
    "Image",
    "Layer",
    "LayerMask",
    "LayerStack",
    "Recipe",
    "Roadmap",
    "decompose",
    "draw_roadmap",
    "edit",
    "flatten",
    "read",
    "read_image",
    "run",
    "upscale",
    "write",
]

_HOME = {
    **dict.fromkeys(("Group", "Image", "Layer", "LayerMask", "LayerStack"), "layers"),
    "flatten": "flattening",
    **dict.fromkeys(("decompose", "edit", "run", "upscale"), "pipeline"),
    **dict.fromkeys(("read", "write"), "documents"),
    "read_image": "images",
    "Recipe": "recipe",
    **dict.fromkeys(("Roadmap", "draw_roadmap"), "roadmap"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'layersr' has no attribute {name!r}")
    return getattr(importlib.import_module(f"layersr.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
