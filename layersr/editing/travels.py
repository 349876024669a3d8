"""How far layers can be moved now: what a document says of that is measured anew when it was edited."""

import tomllib
from dataclasses import asdict, replace

from layersr.layers import LayerStack
from layersr.travel import rough_travel

FACT = "travel"


def measured(stack: LayerStack) -> LayerStack:
    """The stack with the safe travel of its elements as it now is, in a document that tells it.

    Facts tell it in pixels of the picture, so it is left out where a document's scale is not known; and of what is
    hidden, since nobody sees what it would bare. Layers of which the same is true as before are the same objects.
    """
    if not any(FACT in layer.facts for layer in stack.layers):
        return stack
    scale = _scale(stack)
    ways = rough_travel(stack)
    layers = []
    for n, layer in enumerate(stack.layers):
        others = {key: value for key, value in layer.facts.items() if key != FACT}
        if n and scale and layer.visible and (layer.provenance is not None or FACT in layer.facts):
            facts = {**others, FACT: asdict(ways[n].within(scale))}
        else:
            facts = others
        layers.append(layer if facts == layer.facts else replace(layer, facts=facts))
    return stack.with_layers(tuple(layers))


def _scale(stack: LayerStack) -> int:
    """How many times as large as its picture a document is; 0 where nobody knows."""
    try:
        recipe = tomllib.loads(stack.recipe)
    except tomllib.TOMLDecodeError:
        return 0
    return 0 if recipe.get("size") or recipe.get("dpi") else recipe.get("scale", 1)
