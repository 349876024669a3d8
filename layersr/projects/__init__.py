"""Resumable projects: what a run makes is kept in a folder, so that a later run makes only what is another now.

`values` turns frozen values into bytes, `store` keeps results of steps by what they depend on, `models` remembers what
models said, `folder` is what a person sees of it: masks to repaint, an order to change, and what is where.
"""

from collections.abc import Mapping

from layersr.arrays import Alpha
from layersr.decomposing import Apart
from layersr.layers import Image, LayerStack
from layersr.recipe import Recipe
from layersr.remembering import Remember, anew


class Project:
    """What a run asks of a project. This one remembers nothing and changes nothing.

    Attributes:
        remember: keeps the results of steps.
    """

    remember: Remember = staticmethod(anew)

    def ordered(self, recipe: Recipe) -> Recipe:
        """The recipe, with the z-order that the artist wrote down by hand."""
        return recipe

    def painted(self, apart: Apart, image: Image) -> Mapping[str, Alpha]:
        """The mattes that the artist painted by hand, by the names of elements, as large as the image.

        Args:
            apart: what the picture was taken apart into by itself.
            image: the picture.
        """
        return {}

    def show(self, stack: LayerStack) -> None:
        """Let the artist see the stack, at the picture's own size."""


NONE = Project()
"""No project."""
