"""Results that need not be made again: what a step asks of whoever keeps results, and doing without.

A step is a pure function of frozen values, so its result may be kept and looked up by all that it depends on. Who keeps
it is nobody's business but the pipeline's (`projects.store`); algorithms take a `Remember` and call it.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, runtime_checkable

Result = TypeVar("Result")


@runtime_checkable
class Remember(Protocol):
    """Gives a step's result, made now or made before."""

    def __call__(self, step: str, inputs: Any, make: Callable[[], Result]) -> Result:
        """The result of `make`, or an equal one of the same bytes that was made before from the same inputs.

        Args:
            step: what is done, in a word or two; part of what the result is looked up by.
            inputs: all that the result depends on: numbers, text, arrays, frozen values, and tuples of those.
            make: makes it.
        """
        ...


def anew(step: str, inputs: Any, make: Callable[[], Result]) -> Result:
    """The `Remember` that remembers nothing."""
    return make()


def about(remember: Remember, *more: Any) -> Remember:
    """The same, for steps that depend on this besides (models, say)."""
    return lambda step, inputs, make: remember(step, (more, inputs), make)
