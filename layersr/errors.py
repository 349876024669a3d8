"""Errors for people: one sentence that names the way out, and an exit code that is part of the interface.

| code | class | meaning |
|---|---|---|
| 0 | - | done |
| 1 | - | a bug of ours (any other exception) |
| 2 | `UsageError` | the command line asks for something impossible |
| 3 | `InputError` | the input cannot be read |
| 4 | `OutputError` | the output cannot be written |
| 5 | `BackendError` | a backend or package is missing |
| 6 | `WeightsError` | weights are missing or damaged |
| 7 | `MemoryLimitError` | not enough memory |
| 130 | - | interrupted |
"""


class LayersrError(Exception):
    """Anything layersr expects to go wrong. `str(error)` is the sentence shown to the person."""

    exit_code = 1


class UsageError(LayersrError):
    """The request contradicts itself or names what does not exist."""

    exit_code = 2


class InputError(LayersrError):
    """A file cannot be read as what it should be."""

    exit_code = 3


class OutputError(LayersrError):
    """A file cannot be written where it should go."""

    exit_code = 4


class BackendError(LayersrError):
    """A backend does not exist or the package it needs is not installed."""

    exit_code = 5


class WeightsError(LayersrError):
    """A network's weights are missing, damaged or not allowed to be fetched."""

    exit_code = 6


class MemoryLimitError(LayersrError):
    """The job needs more memory than there is."""

    exit_code = 7


def first_line(error: BaseException) -> str:
    """The first line of what another library's error says, to stand within a sentence; its class where it is mute."""
    said = str(error).strip().splitlines()
    return said[0].rstrip(".") if said else type(error).__name__


class Notice(UserWarning):
    """What a person should know although nothing failed; the command line shows it as a note."""
