"""Clipping as a group, for formats that do not know it.

A base and what is clipped to it lie in a group of their own, isolated, which has the base's opacity, visibility and
blend mode. In it the base is opaque or not as it was, and what is clipped shows only where the base does: how that is
said is the format's own matter. So flattened it looks the same, and every layer can still be edited.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from layersr import color
from layersr.documents.guard import check_size
from layersr.flattening import multiply
from layersr.groups import runs
from layersr.layers import PASS_THROUGH, Group, Layer, LayerMask, LayerStack

Path = tuple[str, ...]


def as_groups(stack: LayerStack, text: Callable[[str], str]) -> tuple[LayerStack, tuple[Path, ...]]:
    """The stack with a group around every base and what is clipped to it, which is still marked so.

    Law: `from_groups(*as_groups(s, text)) == s`, but for layers that are marked as clipped with nothing to be clipped
    to: they are no longer.

    Args:
        stack: any.
        text: how the format spells names; by that the new groups' paths differ from all others.

    Returns:
        the stack and the paths of the new groups.
    """
    layers: list[Layer] = []
    groups, paths = dict(stack.groups), []
    used = {tuple(map(text, x.group[:depth])) for x in stack.layers for depth in range(1, len(x.group) + 1)}
    for kind, what in runs(stack.layers):
        if kind != "layers":
            continue
        base, *clipped = what
        if not clipped or base.adjustment is not None:  # one without pixels gives no shape to a group
            layers += [replace(base, clipped=False), *clipped]
            continue
        path = _free(base, used, text)
        groups[path] = Group(base.opacity, base.visible, base.blend)
        bare = replace(base, opacity=1.0, visible=True, blend="normal", clipped=False)
        layers += [replace(layer, group=path) for layer in (bare, *clipped)]
        paths.append(path)
    return replace(stack, layers=tuple(layers), groups=groups), tuple(paths)


def _free(base: Layer, used: set[Path], text: Callable[[str], str]) -> Path:
    """A path no other group has. No group is called as a layer is: GIMP would rename it."""
    given = text(f"{base.name} with clipped")
    name, number = given, 2
    while (*map(text, base.group), name) in used:
        name, number = f"{given} ({number})", number + 1
    used.add((*map(text, base.group), name))
    return (*base.group, name)


def uncut(base: Layer) -> Layer:
    """A base as its group wants it where the group's mask hides what its transparency did: opaque."""
    pixels = base.pixels.copy()
    pixels[..., 3] = color.levels(pixels.dtype)
    return replace(base, pixels=pixels)


def recut(base: Layer, mask: LayerMask) -> Layer:
    """Undo `uncut`: a base with its own transparency again, which the mask of its group was."""
    check_size(base.width, base.height, "layer", 4 * base.pixels.itemsize)  # before, several may have shared it
    pixels = base.pixels.copy()
    if pixels.size:
        pixels[..., 3] = multiply(pixels[..., 3], mask.over(base.left, base.top, base.width, base.height))
    return replace(base, pixels=pixels)


def dumps(paths: Sequence[Path], text: Callable[[str], str]) -> bytes:
    """The paths of the new groups as the format spells them, as JSON."""
    return json.dumps([list(map(text, path)) for path in paths]).encode("ascii")


def loads(block: bytes) -> tuple[Path, ...]:
    """Undo `dumps`.

    Raises:
        Exception: the block is damaged (ValueError, TypeError); readers say it as an `InputError`.
    """
    return tuple(tuple(map(str, path)) for path in json.loads(block))


def from_groups(stack: LayerStack, paths: Iterable[Path]) -> LayerStack:
    """Undo `as_groups`. A group that another application changed so that it is none of those stays a group."""
    layers, groups = list(stack.layers), dict(stack.groups)
    within: dict[Path, list[int]] = {}
    for n, layer in enumerate(layers):
        for depth in range(1, len(layer.group) + 1):
            within.setdefault(layer.group[:depth], []).append(n)
    for path in paths:
        group, places = groups.get(path, Group()), within.get(path, [])
        members = [layers[n] for n in places]
        if not _clips(group, path, members) or places != list(range(places[0], places[-1] + 1)):
            continue
        base, *clipped = (replace(layer, group=path[:-1]) for layer in members)
        layers[places[0]] = replace(base, opacity=group.opacity, visible=group.visible, blend=group.blend)
        layers[places[1] : places[-1] + 1] = [replace(layer, clipped=True) for layer in clipped]
        del groups[path]
    return replace(stack, layers=tuple(layers), groups=groups)


def _clips(group: Group, path: Path, members: list[Layer]) -> bool:
    """Whether a group says no more than a base and what is clipped to it could."""
    if len(members) < 2 or any(layer.group != path for layer in members):
        return False
    base = members[0]
    plain = base.opacity == 1 and base.visible and base.blend == "normal"
    return plain and group.blend != PASS_THROUGH and group.mask is None and not group.locks
