"""What a running job shows: a bar on a terminal, one JSON object a line for programs, nothing otherwise."""

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from layersr.cli import interrupts
from layersr.progress import Progress

_tags: dict[str, Any] = {}


def event(name: str, **values: Any) -> None:
    """One line for the program that listens, at once."""
    click.echo(json.dumps({"event": name, **_tags, **values}))
    sys.stdout.flush()


@contextmanager
def tagged(**values: Any) -> Iterator[None]:
    """Events told in the block carry these values too."""
    _tags.update(values)
    try:
        yield
    finally:
        _tags.clear()


class Display:
    """The report of one job; call it with every event, close it at the end.

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
            line = f"{self.title}  {'━' * full}{'─' * (24 - full)} {now[1]:3d} %  {progress.stage}"
            sys.stderr.write("\r\033[K" + line[: width - 1])
            sys.stderr.flush()

    def close(self) -> None:
        """Take the bar away, so that words can follow."""
        if self.bar:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()


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
