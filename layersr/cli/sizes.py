"""`--scale`, `--size` and `--dpi`, for every command that enlarges."""

from collections.abc import Callable
from typing import Any

import click

from layersr.errors import UsageError


def sized(command: Callable) -> Callable:
    """Add the three options."""
    for option in (
        click.option("--dpi", type=float, metavar="N", help="Pixels per inch of a print, with or without --size."),
        click.option("--size", metavar="WxH", help='Instead of a scale: "3000x2000" pixels, or "30x20cm" with --dpi.'),
        click.option("--scale", type=click.Choice([1, 2, 3, 4, 8]), help="So many times as large [2]."),
    ):
        command = option(command)
    return command


def sized_by(choices: dict[str, Any]) -> dict[str, Any]:
    """What the options say of the recipe: a scale sets aside another recipe's size, and a size its scale.

    Raises:
        UsageError: scale and size are both given.
    """
    if choices["scale"] is None:
        return {}
    if choices["size"] or choices["dpi"]:
        raise UsageError("--scale is one way to say how large, --size and --dpi the other; give one of them.")
    return {"size": "", "dpi": 0.0}
