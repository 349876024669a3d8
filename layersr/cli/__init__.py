"""The command line: thin commands, exit codes that are part of the interface, words on stderr, results on stdout.

Nothing heavy is imported here or at the top of a command's file: `layersr --help` answers at once.
"""

import os
import sys
import warnings
from collections.abc import Sequence

import click

import layersr
from layersr.cli import (
    doctor,
    edit,
    export,
    fill,
    flatten,
    inspect,
    interrupts,
    models,
    roadmap,
    score,
    upscale,
    view,
    worker,
)
from layersr.cli.failures import explain

EPILOG = """
Exit codes: 0 done, 1 a bug of ours, 2 usage, 3 input unreadable, 4 output not writable, 5 backend or package missing,
6 weights missing or damaged, 7 out of memory, 130 interrupted.
"""


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(layersr.__version__, prog_name="layersr")
def cli() -> None:
    """One flat picture in, the layered file an artist would have painted out.

    \b
    layersr export in.png out.psd     the main job: .psd, .psb, .ora, .kra, .xcf or a folder of PNGs
    layersr upscale in.psd out.psd    enlarge a document layer by layer, or a flat picture
    layersr fill in.png out.png --mask hole.png
    layersr edit in.psd out.psd --move "eye 1=40,0"
    layersr view in.psd               its layers in the browser: show, hide, drag, reorder, compare
    layersr roadmap in.png out.pdf    how a person might paint it, step by step
    layersr models                    other models' files: fetch, check, remove them
    layersr doctor                    what is installed, what is missing, and what mends it
    layersr COMMAND --help            what a command can do
    """  # noqa: D301  # click wants the backspace itself


COMMANDS = (
    *(export.export, upscale.upscale, edit.edit, fill.fill, roadmap.roadmap, view.view),
    *(flatten.flatten, inspect.inspect, score.score),
    *(models.models, doctor.doctor, worker.worker),
)
for command in COMMANDS:
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    # numpy's BLAS spins on every core between our many small products, which cost more that way: an export was 13 %
    # slower. It reads this when it is imported, which no command has done yet.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # what is fetched is fetched by us, before the work
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")  # what Apple's GPUs cannot do is done by the CPU
    if os.environ.get("LAYERSR_DEBUG", "0") in ("", "0"):
        warnings.simplefilter("ignore")  # other libraries' words to programmers; our own `Notice`s are shown
    sys.exit(run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        return cli.main(args=arguments, prog_name="layersr", standalone_mode=False) or 0
    except Exception:
        interrupts.check()  # what failed may have failed because of it
        raise


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; every failure becomes one sentence on stderr and its exit code."""
    interrupts.listen()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a layer's name must not fail on a terminal that cannot show it
            stream.reconfigure(errors="backslashreplace")
    try:
        return _run(arguments)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.UsageError as error:
        error.show()
        return 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("layersr: interrupted; nothing half-written was left behind.", err=True)
        return 130
    except BrokenPipeError:  # `layersr inspect x | head`: whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        sentence, code = explain(error)
        click.echo(f"layersr: error: {sentence}", err=True)
        return code
