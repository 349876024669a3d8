"""Layers and groups called otherwise, and who refers to them by name."""

from collections.abc import Mapping
from dataclasses import replace

from layersr.editing.selecting import Path, Unit, paths, quoted
from layersr.errors import UsageError
from layersr.layers import GLOW, SHADOW, Layer, LayerStack

KINDS = ("shadow", "glow")


def renamed(stack: LayerStack, unit: Unit, name: str) -> LayerStack:
    """The stack with one layer or group called otherwise. What is shown stays the same.

    Its shadow or glow, and their group, are called after it again where they were; facts tell the new name.

    Raises:
        UsageError: something is so called already, or the name is empty.
    """
    if not name:
        raise UsageError("A new name is missing: --rename OLD=NEW.")
    if unit.group is not None:
        return _moved(stack, unit.group, _free(stack, (*unit.group[:-1], name), unit.group))
    (index,) = unit.layers
    old = stack.layers[index].name
    if name != old and any(layer.name == name for layer in stack.layers):
        raise UsageError(f"A layer is called “{name}” already; choose another name.")
    follows = {f"{old}, {kind}": f"{name}, {kind}" for kind in KINDS}
    layers = list(stack.layers)
    layers[index] = replace(layers[index], name=name)
    for n in unit.company:
        if layers[n].is_cast:
            facts = {key: name if key in (SHADOW, GLOW) else value for key, value in layers[n].facts.items()}
            layers[n] = replace(layers[n], name=follows.get(layers[n].name, layers[n].name), facts=facts)
    stack = stack.with_layers(tuple(referring(layer, {old: name}) for layer in layers))
    around = stack.layers[index].group
    after = {f"{old} and {kind}": f"{name} and {kind}" for kind in KINDS}
    if around and around[-1] in after and unit.company:
        wanted = (*around[:-1], after[around[-1]])
        return _moved(stack, around, wanted) if wanted not in paths(stack) else stack
    return stack


def referring(layer: Layer, names: Mapping[str, str]) -> Layer:
    """The layer, whose facts about others tell their new names; itself where it has none."""
    told = {}
    for key in ("covers", "nearer"):
        facts = layer.facts.get(key)
        if isinstance(facts, Mapping) and set(facts) & set(names):
            told[key] = {names.get(other, other): value for other, value in facts.items()}
    return replace(layer, facts={**layer.facts, **told}) if told else layer


def _free(stack: LayerStack, wanted: Path, old: Path) -> Path:
    if wanted != old and wanted in paths(stack):
        raise UsageError(f"A group is called {quoted(['/'.join(wanted) + '/'])} already; choose another name.")
    return wanted


def _moved(stack: LayerStack, old: Path, new: Path) -> LayerStack:
    """The stack with a group of another path."""
    depth = len(old)

    def path(own: Path) -> Path:
        return (*new, *own[depth:]) if own[:depth] == old else own

    layers = tuple(
        replace(layer, group=path(layer.group)) if layer.group[:depth] == old else layer for layer in stack.layers
    )
    return replace(stack, layers=layers, groups={path(own): group for own, group in stack.groups.items()})
