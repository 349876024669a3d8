"""`--prompt`, `--mask`, `--box` and `--point`: what an artist asks for, in the order it was given."""

from typing import TYPE_CHECKING, Any, ClassVar

import click

from layersr.errors import UsageError

if TYPE_CHECKING:
    from layersr.layers import Image
    from layersr.recipe import Recipe

PROMPTS = {"--prompt": "text", "--mask": "mask", "--box": "box", "--point": "point"}


class Numbers(click.ParamType):
    """Whole numbers between commas, as many as there are names."""

    def __init__(self, *names: str) -> None:
        self.names = names
        self.name = ",".join(names)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """The numbers, or click's usage error."""
        try:
            numbers = tuple(int(part) for part in value.split(","))
        except ValueError:
            numbers = ()
        if len(numbers) != len(self.names):
            self.fail(f"{value!r} should be whole numbers: {self.name}, in pixels of the picture.", param, ctx)
        return numbers


class InOrder(click.Command):
    """Remembers in what order some options were given, which click tells within one option only.

    Attributes:
        noted: those options, each with what it is called in `ctx.meta["given"]`.
    """

    noted: ClassVar[dict[str, str]] = PROMPTS

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Note the kinds in passing."""
        given = args[: args.index("--")] if "--" in args else args
        kinds = [self.noted.get(argument.partition("=")[0]) for argument in given]
        ctx.meta["given"] = tuple(kind for kind in kinds if kind)
        return super().parse_args(ctx, args)


def check_prompts(recipe: "Recipe", image: "Image") -> None:
    """Refuse points and boxes that lie beside the picture.

    Raises:
        UsageError: just so.
    """
    size = f"the picture is {image.width} x {image.height}"
    for x, y in recipe.points:
        if not (0 <= x < image.width and 0 <= y < image.height):
            raise UsageError(f"The point {x},{y} lies outside: {size}.")
    for left, top, width, height in recipe.boxes:
        meets = left < image.width and top < image.height and left + width > 0 and top + height > 0
        if width <= 0 or height <= 0 or not meets:
            raise UsageError(f"The box {left},{top},{width},{height} (left,top,width,height) holds nothing: {size}.")
