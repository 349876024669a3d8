"""What a running job shows: a bar on a terminal, one JSON object a line for programs, nothing otherwise."""

import json
import shutil
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from layersr.cli import interrupts
from layersr.errors import Notice
from layersr.progress import Progress

_tags: dict[str, Any] = {}


def event(name: str, /, **values: Any) -> None:
    """One line for the program that listens, at once."""
    click.echo(json.dumps({"event": name, **_tags, **values}))
    sys.stdout.flush()


@contextmanager
def notices(as_json: bool) -> Iterator[list[str]]:
    """While open, every `Notice` is told once, as a line or an event, and kept in the list."""
    told: list[str] = []

    def show(message: Warning | str, category: type[Warning], *where: Any) -> None:
        if not issubclass(category, Notice):
            usual(message, category, *where)
        elif str(message) not in told:
            told.append(str(message))
            if as_json:
                event("note", message=str(message))
            else:
                clear()
                click.echo(f"note: {message}", err=True)

    with warnings.catch_warnings():
        usual = warnings.showwarning
        warnings.simplefilter("always", Notice)
        warnings.showwarning = show
        yield told


def clear() -> None:
    """Take a bar away that a terminal may show, so that words can follow."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
        sys.stderr.flush()


@contextmanager
def tagged(**values: Any) -> Iterator[None]:
    """Events told in the block carry these values too."""
    _tags.update(values)
    try:
        yield
    finally:
        _tags.clear()


class Display:
    """The report of one job; call it with every event, close it at the end, or use it in a `with`.

    Args:
        as_json: events as JSON lines on stdout instead of a bar on stderr.
        title: what is worked on, shown before the bar.
    """

    def __init__(self, as_json: bool, title: str = "") -> None:
        self.as_json, self.title = as_json, title
        self.bar = not as_json and sys.stderr.isatty()
        self.last = ("", -1)

    def __call__(self, progress: Progress) -> None:
        """Show an event; what would look like the one before is left out.

        Raises:
            KeyboardInterrupt: somebody asked for an end.
        """
        interrupts.check()
        now = (progress.stage, int(progress.done * 100))
        if now == self.last:
            return
        self.last = now
        if self.as_json:
            event("progress", stage=progress.stage, done=round(progress.done, 4))
        elif self.bar:
            width = shutil.get_terminal_size().columns
            full = round(24 * progress.done)
            line = f"{self.title}  {'━' * full}{'─' * (24 - full)} {now[1]:3d} %  {progress.stage}  {progress.message}"
            sys.stderr.write("\r\033[K" + line[: width - 1])
            sys.stderr.flush()

    def __enter__(self) -> "Display":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Take the bar away, so that words can follow."""
        if self.bar:
            clear()


def table(rows: list[list[str]], right: frozenset[int] = frozenset()) -> list[str]:
    """Lines with aligned columns, those in `right` flush right; wide (East Asian) characters count double."""
    widths = [max(map(_columns, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = []
        for index, (text, width) in enumerate(zip(row, widths, strict=True)):
            gap = " " * (width - _columns(text))
            cells.append(gap + text if index in right else text + gap)
        lines.append("  ".join(cells).rstrip())
    return lines


def _columns(text: str) -> int:
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)
