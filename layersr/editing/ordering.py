"""The z-order: a tree of groups, whose branches change places among their own siblings, so groups stay in one piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from layersr.editing.selecting import Path, Unit, quoted, selected
from layersr.groups import runs
from layersr.layers import Layer, LayerStack


@dataclass(frozen=True, eq=False)
class Node:
    """A group, or a layer with what is clipped to it.

    Attributes:
        path: of the group; None for a layer.
        layers: of a layer, itself and what is clipped to it.
        inside: of a group, back to front.
    """

    path: Path | None
    layers: tuple[Layer, ...] = ()
    inside: tuple[Node, ...] = ()

    def all(self) -> Iterator[Layer]:
        """Its layers, back to front."""
        yield from self.layers
        for node in self.inside:
            yield from node.all()


def tree(stack: LayerStack) -> Node:
    """The stack as the group of everything; `all` of it are the stack's layers again."""
    open_groups: list[tuple[Path, list[Node]]] = [((), [])]
    for kind, what in runs(stack.layers):
        path, siblings = open_groups[-1]
        if kind == "open":
            open_groups.append(((*path, what), []))
        elif kind == "close":
            open_groups.pop()
            open_groups[-1][1].append(Node(path, inside=tuple(siblings)))
        else:
            siblings.append(Node(None, what))
    return Node((), inside=tuple(open_groups[0][1]))


_Found = tuple[Node | Layer, Sequence[Node | Layer], Callable[[tuple], Node]]
"""What changes places, its siblings, and what makes the whole tree of them in another order."""


def raised(stack: LayerStack, units: Sequence[Unit], steps: int) -> tuple[LayerStack, list[str]]:
    """The stack with units moved past so many siblings, upwards or (negative) downwards, not below the ground.

    A layer whose group holds nothing but it and its shadow takes the group along. Units keep their order.

    Returns:
        the stack, and a sentence about each that had less room.
    """
    up, told = steps > 0, []
    chosen = {stack.layers[n] for unit in units for n in unit.all}
    blocked: list[Layer] = []  # those that got as far as they can; the next ones stay behind them
    layers = stack.layers
    for unit in reversed(units) if up else units:
        first = stack.layers[unit.layers[0]]
        root = tree(replace(stack, layers=layers))
        node, siblings, rebuild = _find(root, first, unit.group, {stack.layers[n] for n in unit.all})
        at, order = siblings.index(node), list(siblings)
        order.pop(at)
        # A base stays below what is clipped to it, and nothing goes below the ground, where it could not be seen.
        lowest = 1 if isinstance(node, Layer) or _grounded(stack, siblings[0]) else 0
        lowest = min(lowest, at)
        to = max(lowest, min(len(order), at + steps))
        while to != at and _passes(siblings, at, to, chosen, blocked):
            to -= 1 if up else -1
        order.insert(to, node)
        blocked += [first]
        layers = tuple(rebuild(tuple(order)).all())
        if abs(to - at) < abs(steps):
            end = "top" if up else "bottom" if lowest == 0 or first.group else "bottom, on the ground"
            inside = f" of its group; --raise “{'/'.join(first.group)}/” moves all of it" if first.group else ""
            told.append(f"{quoted([first.name])} is at the {end}{inside}, after {abs(to - at)} of {abs(steps)} steps.")
    return stack.with_layers(layers), told


def _grounded(stack: LayerStack, one: Node | Layer) -> bool:
    """Whether it is the ground: the lowest layer, which covers the canvas."""
    ground = stack.layers[0]
    if one is ground or not isinstance(one, Node) or one.layers[:1] != (ground,):
        return False
    whole = (ground.left, ground.top, ground.width, ground.height) == (0, 0, stack.width, stack.height)
    return whole and ground.blend == "normal"


def _passes(siblings: Sequence[Node | Layer], at: int, to: int, chosen: set[Layer], blocked: list[Layer]) -> bool:
    passed = siblings[min(at + 1, to) : max(at, to + 1)] if to > at else siblings[to:at]
    return any(layer in chosen and layer in blocked for one in passed for layer in _layers(one))


def _layers(one: Node | Layer) -> Sequence[Layer]:
    return (one,) if isinstance(one, Layer) else tuple(one.all())


def _find(node: Node, layer: Layer, group: Path | None, company: set[Layer]) -> _Found:
    """Where in a tree a layer, or the group it is named by, can change places."""
    n = next(n for n, child in enumerate(node.inside) if layer in set(child.all()))
    child = node.inside[n]

    def among(inside: tuple[Node, ...]) -> Node:
        return replace(node, inside=inside)

    def instead(other: Node) -> Node:
        return among((*node.inside[:n], other, *node.inside[n + 1 :]))

    if child.path is None and layer is not child.layers[0]:  # clipped: among the others that are
        return layer, child.layers, lambda some: instead(Node(None, some))
    if child.path is None or child.path == group or (group is None and set(child.all()) <= company):
        return child, node.inside, among
    found, siblings, inner = _find(child, layer, group, company)
    return found, siblings, lambda some: instead(inner(some))


def ordered(stack: LayerStack, names: Sequence[str]) -> tuple[LayerStack, list[str]]:
    """The stack with the named ones in this order, the top one first, in the places that they hold.

    A group goes where the first of its layers is named. Law: no names change nothing.

    Returns:
        the stack, and a sentence where groups, which stay in one piece, allow less.

    Raises:
        UsageError: nothing is called by one of the names.
    """
    rank: dict[Layer, int] = {}
    for place, name in enumerate(names):
        for unit in selected(stack, name):
            for n in unit.layers:
                rank.setdefault(stack.layers[n], place)

    def arranged(node: Node) -> Node:
        inside = [arranged(child) for child in node.inside]
        places = [min((rank[x] for x in child.all() if x in rank), default=None) for child in inside]
        ranked = sorted((n for n, place in enumerate(places) if place is not None), key=lambda n: -places[n])
        named = iter(ranked)
        return replace(node, inside=tuple(inside[n if places[n] is None else next(named)] for n in range(len(inside))))

    layers = tuple(arranged(tree(stack)).all())
    wanted = [rank[layer] for layer in layers if layer in rank and not layer.clipped]
    short = any(low < high for low, high in pairwise(wanted))
    told = ["Groups stay in one piece, so not all layers lie in the order asked for."] if short else []
    return stack.with_layers(layers), told
