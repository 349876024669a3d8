"""Groups as a foreign document has them, told apart by their names as a stack needs it."""

from collections.abc import Hashable, Sequence

import numpy as np

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

    def path(self, around: Sequence[tuple[Hashable, str, Group]]) -> tuple[str, ...]:
        """The path of the groups around a layer.

        Args:
            around: outermost first: what identifies the group, its name, and what it does.
        """
        path: tuple[str, ...] = ()
        for key, name, group in around:
            if key not in self._names:
                self._names[key] = self._free(path, name, group)
            path = (*path, self._names[key])
            self._all.setdefault(path, group)
            if not group.plain or group.mask is not None:
                self._settings[path] = group
        return path

    def _free(self, path: tuple[str, ...], name: str, group: Group) -> str:
        number, given = 2, name
        while not same(self._all.get((*path, name), group), group):
            name = f"{given} ({number})"
            number += 1
        if name != given:
            self._notes.append(f"Two groups are called “{given}” and do different things; one is “{name}” now.")
        return name


def same(a: Group, b: Group) -> bool:
    """Whether two groups do the same."""
    if (a.opacity, a.visible, a.blend) != (b.opacity, b.visible, b.blend):
        return False
    return (a.mask is None) == (b.mask is None) and (a.mask is None or same_mask(a.mask, b.mask))


def same_mask(a: LayerMask, b: LayerMask) -> bool:
    """Whether two masks are the same, to the bit."""
    return (a.left, a.top, a.beyond, a.active) == (b.left, b.top, b.beyond, b.active) and np.array_equal(
        a.values, b.values
    )
