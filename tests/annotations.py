"""Every annotation of layersr is checked while tests run: arguments, results and fields, and arrays' sizes together.

The import hook of jaxtyping decorates each function and class. What it decorates with binds arguments by `inspect` and
asks the type checker twice, at every call; here beartype is asked once, and names of sizes are kept only where there
are arrays. That says the same in a seventh of the time.
"""

import dataclasses
import functools
import inspect
import types
import typing
from collections.abc import Callable
from typing import Any

import jaxtyping
from beartype import beartype

_jaxtyped = jaxtyping.jaxtyped


def check(package: str) -> None:
    """Check what is imported of a package from now on."""
    jaxtyping.jaxtyped = checked  # the name that the hook writes above functions and classes
    jaxtyping.install_import_hook(package, "beartype.beartype")


def checked(what: Any = None, *, typechecker: Callable = beartype) -> Any:
    """A function or dataclass with its annotations checked; called as `jaxtyping.jaxtyped` is."""
    if what is None:
        return functools.partial(checked, typechecker=typechecker)
    if inspect.isclass(what):
        if dataclasses.is_dataclass(what) and "__init__" in vars(what):
            what.__init__ = _typed(what.__init__)
        return what
    return _typed(what)


def _typed(function: Callable) -> Callable:
    hints = {name: _meant(hint, function.__globals__) for name, hint in function.__annotations__.items()}
    function.__annotations__ = hints
    if not any(map(_sized, hints.values())):
        return beartype(function)
    if inspect.isgeneratorfunction(function):  # its body runs later, among other sizes
        return _jaxtyped(function, typechecker=beartype)
    typed = beartype(function)

    @functools.wraps(function)
    def together(*arguments: Any, **named: Any) -> Any:
        with _jaxtyped("context"):  # in which a name of a size means one size
            return typed(*arguments, **named)

    return together


def _meant(hint: object, names: dict[str, Any]) -> object:
    """An annotation with what is quoted in it; anything where that is known to type checkers alone."""
    holder = types.SimpleNamespace(__annotations__={"it": hint})
    try:
        return typing.get_type_hints(holder, names, include_extras=True)["it"]
    except NameError:
        return Any


def _sized(hint: object) -> bool:
    """Whether an annotation speaks of arrays."""
    own = inspect.isclass(hint) and issubclass(hint, jaxtyping.AbstractArray)
    return own or any(map(_sized, typing.get_args(hint)))
