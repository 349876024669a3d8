"""Layers hidden, shown and taken out."""

from dataclasses import replace

from layersr.editing.selecting import Unit, paths, quoted
from layersr.errors import UsageError
from layersr.layers import Group, LayerStack


def seen(stack: LayerStack, unit: Unit, visible: bool) -> LayerStack:
    """The stack with a unit hidden or shown; of a group its own switch, so that what is hidden in it stays so."""
    groups, chosen = stack.groups, unit.all
    if unit.group is not None:
        chosen = unit.company
        group = replace(groups.get(unit.group, Group()), visible=visible)
        groups = {path: one for path, one in groups.items() if path != unit.group}
        groups |= {} if group.usual else {unit.group: group}
    layers = tuple(
        replace(layer, visible=visible) if n in chosen and layer.visible != visible else layer
        for n, layer in enumerate(stack.layers)
    )
    return replace(stack, layers=layers, groups=groups)


def still_hidden(stack: LayerStack, unit: Unit) -> list[str]:
    """A sentence where a hidden group keeps what was shown from being seen."""
    around = {stack.layers[n].group for n in unit.layers}
    depth = len(unit.group) if unit.group is not None else 10**6
    closed = {
        path[:k]
        for path in around
        for k in range(1, len(path) + 1)
        if k < depth and not stack.groups.get(path[:k], Group()).visible
    }
    return [f"The group “{'/'.join(path)}/” around it is hidden, so it is not seen: --show it too." for path in closed]


def without(stack: LayerStack, unit: Unit) -> LayerStack:
    """The stack without a unit.

    Raises:
        UsageError: nothing would be left.
    """
    layers = tuple(layer for n, layer in enumerate(stack.layers) if n not in unit.all)
    if not layers:
        raise UsageError(f"Without {quoted(layer.name for layer in stack.layers)} nothing would be left; hide it.")
    return pruned(stack.with_layers(layers))


def pruned(stack: LayerStack) -> LayerStack:
    """The stack without the settings of groups that are gone."""
    there = set(paths(stack))
    return replace(stack, groups={path: group for path, group in stack.groups.items() if path in there})
