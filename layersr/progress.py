"""How a long job tells the world where it is: one event type, one callable."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """One event of a running job.

    Attributes:
        stage: what is being done, in a word or two ("detect", "infill background").
        done: the share of the whole job that is done, in [0, 1]; never falls.
        message: a sentence for the person, or "".
    """

    stage: str
    done: float
    message: str = ""


Report = Callable[[Progress], None]
"""Receives every event. It may raise (KeyboardInterrupt, say) to stop the job; nothing half-written stays behind."""


def silent(event: Progress) -> None:
    """The report of a job nobody watches."""


def within(report: Report, start: float, stop: float) -> Report:
    """A report for one part of a job: its 0..1 becomes `start`..`stop` of the whole.

    Args:
        report: receives the events of the whole job.
        start: the share of the whole that is done when the part begins, in [0, 1].
        stop: the share that is done when it ends, >= start.
    """
    return lambda event: report(Progress(event.stage, start + (stop - start) * event.done, event.message))
