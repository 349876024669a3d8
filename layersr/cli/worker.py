"""`layersr worker`: one job after another, asked for on stdin and told on stdout, with models kept in memory.

For programs that call layersr often, as the Krita plugin does. Each line on stdin is a job in JSON:

    {"id": 7, "arguments": ["export", "in.png", "out.kra", "--scale", "1"]}

The command's events follow on stdout, each with the job's `id`, and `{"event": "end", "id": 7, "code": 0}` closes it;
words for people go to stderr. `{"event": "ready"}` is told once at the start. When stdin ends, whoever asked is gone:
what runs is interrupted, and the worker ends.
"""

import json
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

import click

from layersr.cli import interrupts, show
from layersr.cli.failures import explain

COMMANDS = ("export", "upscale", "fill")
"""What a job may be: the commands that tell events."""


@click.command()
@click.pass_context
def worker(ctx: click.Context) -> None:
    """Do jobs asked for on stdin, one JSON object a line, and keep the models loaded in between.

    \b
    {"id": 1, "arguments": ["export", "in.png", "out.kra", "--scale", "1"]}

    Jobs are export, upscale and fill; their --json events come on stdout, each with the job's "id", then an "end" event
    with the exit code. The worker ends when stdin does, and interrupts what it is doing then.
    """  # noqa: D301  # click wants the backspace itself
    import layersr
    from layersr import backends

    backends.keep_loaded()
    group = ctx.parent.command if ctx.parent else ctx.command
    show.event("ready", version=layersr.__version__)
    for line in _lines():
        job, sentence = _job(line)
        with show.tagged(id=job.get("id")):
            if sentence:
                show.event("error", message=sentence, code=2)
                show.event("end", code=2)
            else:
                show.event("end", code=_do(group, job["arguments"]))


def _job(line: str) -> tuple[dict[str, Any], str]:
    """A job, and what is wrong with it."""
    try:
        job = json.loads(line)
    except ValueError:
        return {}, "A job must be one JSON object a line."
    if not isinstance(job, dict):
        return {}, "A job must be a JSON object."
    given = job.get("arguments")
    if not isinstance(given, list) or not given or not all(isinstance(part, str) for part in given):
        return job, 'A job needs "arguments", a list of words as on the command line.'
    if given[0] not in COMMANDS:
        return job, f"A job is one of {', '.join(COMMANDS)}, not {given[0]!r}."
    return job, ""


def _do(group: click.Command, arguments: list[str]) -> int:
    """Run a command as the command line would; failures are told as events."""
    try:
        return group.main([*arguments, "--json"], prog_name="layersr", standalone_mode=False) or 0
    except click.UsageError as error:
        show.event("error", message=error.format_message(), code=2)
        return 2
    except click.exceptions.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, click.Abort):
        raise
    except Exception as error:
        interrupts.check()
        sentence, code = explain(error)
        click.echo(f"layersr: error: {sentence}", err=True)
        return code


def _lines() -> Iterator[str]:
    """Lines of stdin, read beside the work, so that its end is noticed at once."""
    waiting: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    busy = threading.Event()

    def listen() -> None:
        for line in sys.stdin:
            if line.strip():
                waiting.put(line)
        waiting.put(None)
        if busy.is_set():
            signal.raise_signal(signal.SIGINT)  # the main thread gets it, wherever it is

    threading.Thread(target=listen, daemon=True).start()
    while (line := waiting.get()) is not None:
        busy.set()
        yield line
        busy.clear()
