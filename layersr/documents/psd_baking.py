"""Clipping and the opacity of groups in a PSD, said so that every application shows them.

Krita 5.1 ignores both in a PSD, and the mask of a group that passes through; a mask of an isolated group everybody
shows. So a base and what is clipped to it become an isolated group (`clipping`), in which the base is opaque and its
transparency is the group's mask; opacity becomes a mask of one grey; and a group that passes through is isolated where
that looks the same. A group has one mask: where there is more to say, a group inside it says the rest.

What was otherwise before stands beside it, and comes back as it was.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from layersr import color
from layersr.documents import clipping
from layersr.documents.psd_spelling import stored_blend, stored_text
from layersr.groups import blends_normally, extent
from layersr.layers import PASS_THROUGH, Group, Layer, LayerMask, LayerStack

Path = tuple[str, ...]

OPACITY, MASK = "opacity", "mask"
"""What a group that was put inside another says for that one."""


@dataclass(frozen=True)
class Marks:
    """What was otherwise before it was written, by the paths of groups as they are written.

    Attributes:
        clips: groups that are a base and what is clipped to it.
        through: groups that pass through.
        opacities: groups whose mask is an opacity, and that in 256 steps.
        inner: groups that only say more of the group around them: its opacity, or the mask of the base in it.
    """

    clips: tuple[Path, ...] = ()
    through: tuple[Path, ...] = ()
    opacities: tuple[tuple[Path, int], ...] = ()
    inner: tuple[Path, ...] = ()

    def dumps(self) -> bytes:
        """As JSON; nothing where there is nothing to say."""
        told = {name: value for name, value in vars(self).items() if value}
        return json.dumps(told).encode("ascii") if told else b""

    @classmethod
    def loads(cls, block: bytes) -> "Marks":
        """Undo `dumps`.

        Raises:
            Exception: the block is damaged (ValueError, AttributeError, TypeError); readers say it as an `InputError`.
        """
        told: dict[str, Any] = json.loads(block)
        clips, through, inner = (tuple(map(_path, told.get(name, ()))) for name in ("clips", "through", "inner"))
        return cls(clips, through, tuple((_path(path), int(step)) for path, step in told.get("opacities", ())), inner)


def _path(names: Iterable[Any]) -> Path:
    return tuple(map(str, names))


def _stored(path: Path) -> Path:
    return tuple(map(stored_text, path))


def kept(stack: LayerStack) -> tuple[Path, ...]:
    """The groups that Krita will not show as they are: they pass through to blend modes, and no mask can say it."""
    return tuple(path for path, group in stack.groups.items() if _says(group) and not _isolable(stack, path, group))


def baked(stack: LayerStack) -> tuple[LayerStack, Marks]:
    """The stack in words that all applications understand.

    Laws: it looks the same, but for rounding; `unbaked(*baked(s)) == s`, but for layers that are clipped to nothing.
    """
    grouped, clips = clipping.as_groups(stack, stored_text)
    layers, groups = list(grouped.layers), dict(grouped.groups)
    more: dict[Path, list[tuple[str, Group]]] = {}  # groups to put inside others, outermost first
    for path in clips:
        base = next(n for n, layer in enumerate(layers) if layer.group == path)
        layers[base], groups[path], inner = _uncut(layers[base], groups[path])
        more[path] = inner
    layers = [replace(layer, clipped=False) if layer.group in clips else layer for layer in layers]
    through, greys = [], {}
    for path, group in sorted(groups.items(), key=lambda item: item[0]):  # the same stack, the same bytes
        if not _says(group) or not _isolable(grouped, path, group):
            continue
        if group.blend == PASS_THROUGH:
            through.append(path)
            group = replace(group, blend="normal")
        if group.opacity != 1:
            grey = _grey(group.opacity, path, grouped)
            if group.mask is None:
                greys[path] = round(group.opacity * 255)
                group = replace(group, mask=grey)
            else:
                more[path] = [*more.get(path, []), (OPACITY, Group(blend="normal", mask=grey))]
        groups[path] = replace(group, opacity=1.0)
    return _nested(replace(grouped, layers=tuple(layers), groups=groups), more, Marks(clips, tuple(through)), greys)


def _says(group: Group) -> bool:
    """Whether a group says what Krita does not hear."""
    masked = group.mask is not None and group.mask.active
    return group.opacity != 1 or (masked and group.blend == PASS_THROUGH)


def _isolable(stack: LayerStack, path: Path, group: Group) -> bool:
    return group.blend != PASS_THROUGH or blends_normally(stack, path, stored_blend)


def _uncut(base: Layer, group: Group) -> tuple[Layer, Group, list[tuple[str, Group]]]:
    """A base made opaque, the group that hides what it hid, and what has to lie inside that for the base's mask."""
    group = replace(group, mask=LayerMask(base.pixels[..., 3], base.left, base.top))
    whole = clipping.uncut(base)
    if base.mask is None or not base.mask.active:
        return whole, group, []
    return replace(whole, mask=None), group, [(MASK, Group(blend="normal", mask=base.mask))]


def _grey(opacity: float, path: Path, stack: LayerStack) -> LayerMask:
    """A mask of one value over all that a group may show."""
    left, top, right, bottom = extent(stack, path)
    value = np.array(round(opacity * 255) * (color.levels(stack.dtype) // 255), stack.dtype)
    return LayerMask(np.broadcast_to(value, (bottom - top, right - left)), left, top)


def _nested(
    stack: LayerStack, more: dict[Path, list[tuple[str, Group]]], marks: Marks, greys: dict[Path, int]
) -> tuple[LayerStack, Marks]:
    """The stack with groups put inside others, and the marks with paths as they are written."""
    paths = {layer.group[:depth] for layer in stack.layers for depth in range(1, len(layer.group) + 1)}
    taken: dict[Path, set[str]] = {}
    for path in paths:
        taken.setdefault(path[:-1], set()).add(stored_text(path[-1]))
    names = {path: [_free(kind, taken.get(path, set())) for kind, _ in inner] for path, inner in more.items()}

    def inside(path: Path) -> Path:
        out: Path = ()
        for depth, name in enumerate(path, 1):
            out = (*out, name, *names.get(path[:depth], ()))
        return out

    def itself(path: Path) -> Path:
        return (*inside(path[:-1]), path[-1])

    groups = {itself(path): group for path, group in stack.groups.items()}
    opacities, added = [(_stored(itself(path)), step) for path, step in greys.items()], []
    for path, inner in more.items():
        place = itself(path)
        for name, (kind, group) in zip(names[path], inner, strict=True):
            place = (*place, name)
            groups[place] = group
            added.append(_stored(place))
            if kind == OPACITY:
                opacities.append((_stored(place), int(group.mask.values.flat[0]) * 255 // color.levels(stack.dtype)))
    layers = tuple(replace(layer, group=inside(layer.group)) for layer in stack.layers)
    clips, through = (tuple(_stored(itself(path)) for path in some) for some in (marks.clips, marks.through))
    return replace(stack, layers=layers, groups=groups), Marks(clips, through, tuple(opacities), tuple(added))


def _free(name: str, taken: set[str]) -> str:
    given, number = name, 2
    while name in taken:
        name, number = f"{given} ({number})", number + 1
    taken.add(name)
    return name


def unbaked(stack: LayerStack, marks: Marks) -> LayerStack:
    """What a stack as read means. A group that another application changed stays what it is now."""
    groups = dict(stack.groups)
    for path, step in marks.opacities:
        group = groups.get(path)
        if group is not None and group.opacity == 1 and _is_grey(group.mask, step):
            groups[path] = replace(group, mask=None, opacity=step / 255)
    stack = replace(stack, groups=groups)
    clips, through = list(marks.clips), list(marks.through)
    for path in sorted(marks.inner, key=len, reverse=True):  # the innermost first: others lie where the marks say then
        lifted = _lifted(stack, path)
        if lifted is not stack:
            clips, through = ([_without(path, other) for other in some] for some in (clips, through))
        stack = lifted
    layers, groups = list(stack.layers), dict(stack.groups)
    for path in clips:
        group, base = groups.get(path), next((n for n, layer in enumerate(layers) if layer.group == path), None)
        if base is not None and group is not None and group.mask is not None and group.mask.active:
            layers[base] = clipping.recut(layers[base], group.mask)
            groups[path] = replace(group, mask=None)
    for path in through:
        if path in groups and groups[path].blend == "normal":
            groups[path] = replace(groups[path], blend=PASS_THROUGH)
    groups = {path: group for path, group in groups.items() if not group.usual}
    return clipping.from_groups(replace(stack, layers=tuple(layers), groups=groups), clips)


def _is_grey(mask: LayerMask | None, step: int) -> bool:
    if mask is None or not mask.active or mask.beyond:
        return False
    if not mask.values.size:
        return step == 0  # a mask that hides all, as readers keep it
    return bool((mask.values == step * (color.levels(mask.values.dtype) // 255)).all())


def _lifted(stack: LayerStack, path: Path) -> LayerStack:
    """The stack without a group that only says more of the one around it, which says it itself."""
    group, outer = stack.groups.get(path), stack.groups.get(path[:-1], Group())
    within = [n for n, layer in enumerate(stack.layers) if layer.group[: len(path) - 1] == path[:-1]]
    alone = bool(within) and all(stack.layers[n].group[: len(path)] == path for n in within)
    if group is None or not alone or group.blend != "normal" or not group.visible or group.locks:
        return stack
    layers = list(stack.layers)
    if group.mask is not None:
        if layers[within[0]].mask is not None:
            return stack
        layers[within[0]] = replace(layers[within[0]], mask=group.mask)
    outer = replace(outer, opacity=outer.opacity * group.opacity)
    layers = [replace(layer, group=_without(path, layer.group)) for layer in layers]
    groups = {_without(path, other): one for other, one in stack.groups.items() if other != path}
    return replace(stack, layers=tuple(layers), groups=groups | {path[:-1]: outer})


def _without(path: Path, other: Path) -> Path:
    """Another path, where it leads through a group, when that is gone and what was in it stayed."""
    return (*path[:-1], *other[len(path) :]) if other[: len(path)] == path else other
