"""Models that need not be asked the same twice, nor be loaded where all they are asked is known."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from layersr.progress import Report
from layersr.remembering import Remember

MORE = ("layout", "roughly", "broadly", "telling")
"""What a model may do besides being called, by which roles tell one kind from another."""


def remembered(role: str, identity: Any, load: Callable[[], Any], remember: Remember) -> Any:
    """A model of a role whose answers are remembered; it is loaded when it is first asked something new.

    Laws: it answers as the model does, and is of the same kinds.

    Args:
        role: a key of `roles.ROLES`, of models that are called with frozen values and answer with some.
        identity: what its answers depend on besides the question: its name, the hashes of its files, the device.
        load: loads it.
        remember: keeps its answers.
    """
    asked = _Asked(role, identity, load, remember)
    more, scales = remember("kind of model", (role, identity), lambda: _kind(asked.model))
    if scales is not None:
        return _Scaling(asked, scales)
    if {"roughly", "broadly"} <= {*more}:
        return _Slow(asked) if "telling" in more else _Broad(asked)
    return _Seeing(asked) if "layout" in more else _Called(asked)


def _kind(model: Any) -> tuple[list[str], tuple[int, ...] | None]:
    """What a model can do besides being called, and the factors of one that enlarges."""
    return [name for name in MORE if hasattr(model, name)], getattr(model, "scales", None)


class _Asked:
    """Asks a model, or remembers what it said."""

    def __init__(self, role: str, identity: Any, load: Callable[[], Any], remember: Remember) -> None:
        self._role, self._identity, self._load, self._remember = role, identity, load, remember

    @cached_property
    def model(self) -> Any:
        return self._load()

    def __call__(self, way: str, arguments: tuple, model: Callable[[], Any] | None = None) -> Any:
        def make() -> Any:
            return getattr(self.model if model is None else model(), way)(*arguments)

        step = self._role if way == "__call__" else f"{self._role}: {way}"
        return self._remember(step, (self._identity, arguments), make)


class _Called:
    def __init__(self, asked: _Asked) -> None:
        self._asked = asked

    def __call__(self, *arguments: Any) -> Any:
        return self._asked("__call__", arguments)


class _Scaling(_Called):
    def __init__(self, asked: _Asked, scales: tuple[int, ...]) -> None:
        super().__init__(asked)
        self.scales = scales


class _Seeing(_Called):
    def layout(self, *arguments: Any) -> Any:
        return self._asked("layout", arguments)


class _Broad(_Called):
    def roughly(self, *arguments: Any) -> Any:
        return self._asked("roughly", arguments)

    def broadly(self, *arguments: Any) -> Any:
        return self._asked("broadly", arguments)


class _Slow(_Broad):
    def telling(self, report: Report) -> _Broad:
        return _Telling(self._asked, report)


class _Telling(_Broad):
    """Tells how far it is where it must be made."""

    def __init__(self, asked: _Asked, report: Report) -> None:
        super().__init__(asked)
        self._report = report

    def __call__(self, *arguments: Any) -> Any:
        return self._asked("__call__", arguments, lambda: self._asked.model.telling(self._report))
