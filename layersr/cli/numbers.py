"""Numbers on the command line."""

import math
from typing import Any

import click


class Between(click.FloatRange):
    """A number in a range; "nan", which lies in every range as click compares, is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number."""
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number
