"""Groups as a foreign document has them, told apart by their names as a stack needs it."""

from collections.abc import Hashable, Sequence
from hashlib import sha256

import numpy as np

from layersr.documents.guard import MAX_LAYERS, check_depth
from layersr.layers import Group, LayerMask


class Groups:
    """Gives groups their paths, and keeps what those do that are more than folders.

    A stack knows groups by their path. Of two groups of one path that do different things the second gets another name,
    and a note says so.

    Args:
        settings: path to `Group`, filled as paths are asked for.
        notes: receives the sentences.
    """

    def __init__(self, settings: dict[tuple[str, ...], Group], notes: list[str]) -> None:
        self._settings, self._notes = settings, notes
        self._all: dict[tuple[str, ...], Group] = {}
        self._names: dict[Hashable, str] = {}
        self._free_names: dict[Hashable, str] = {}  # by path, name and what the group does
        self._numbers: dict[tuple[str, ...], int] = {}  # the last one given at a path
        self._layers = 0

    def path(self, around: Sequence[tuple[Hashable, str, Group]]) -> tuple[str, ...]:
        """The path of the groups around a layer.

        Args:
            around: outermost first: what identifies the group, its name, and what it does.

        Raises:
            ValueError: there are too many layers, or they lie too deep.
        """
        check_depth(len(around))
        self._layers += 1
        if self._layers > MAX_LAYERS:
            raise ValueError("it has too many layers")
        path: tuple[str, ...] = ()
        for key, name, group in around:
            if key not in self._names:
                self._names[key] = self._free(path, name, group)
            path = (*path, self._names[key])
            self._all.setdefault(path, group)
            if not group.usual:
                self._settings[path] = group
        return path

    def _free(self, path: tuple[str, ...], name: str, group: Group) -> str:
        wanted, given = (path, name, _does(group)), name
        if wanted in self._free_names:
            return self._free_names[wanted]
        number = self._numbers.get((*path, given), 1)
        while not same(self._all.get((*path, name), group), group):
            number += 1
            name = f"{given} ({number})"
        self._free_names[wanted], self._numbers[*path, given] = name, number
        if name != given:
            self._notes.append(f"Two groups are called “{given}” and do different things; one is “{name}” now.")
        return name


def _does(group: Group) -> Hashable:
    """What a group does, as a key: two that do the same have the same."""
    mask = group.mask
    if mask is not None:
        values = sha256(np.ascontiguousarray(mask.values)).digest()
        mask = (mask.left, mask.top, mask.beyond, mask.active, mask.values.shape, values)
    return group.opacity, group.visible, group.blend, group.locks, mask


def same(a: Group, b: Group) -> bool:
    """Whether two groups do the same."""
    if (a.opacity, a.visible, a.blend, a.locks) != (b.opacity, b.visible, b.blend, b.locks):
        return False
    return (a.mask is None) == (b.mask is None) and (a.mask is None or same_mask(a.mask, b.mask))


def same_mask(a: LayerMask, b: LayerMask) -> bool:
    """Whether two masks are the same, to the bit."""
    return (a.left, a.top, a.beyond, a.active) == (b.left, b.top, b.beyond, b.active) and np.array_equal(
        a.values, b.values
    )
