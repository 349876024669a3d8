"""image -> LayerStack: the mission's steps, named, in order."""

from collections.abc import Sequence

from layersr import color
from layersr.arrays import Alpha
from layersr.blocks import means
from layersr.decomposing import small
from layersr.decomposing.alike import gathered
from layersr.decomposing.apart import Apart
from layersr.decomposing.background import background
from layersr.decomposing.cast import uncast
from layersr.decomposing.choosing import Limits
from layersr.decomposing.hidden import extend
from layersr.decomposing.lights import lights
from layersr.decomposing.models import Models, telling
from layersr.decomposing.names import named
from layersr.decomposing.order import order
from layersr.decomposing.peel import peel
from layersr.decomposing.repainting import repaint
from layersr.decomposing.sheets import decompose_at_once, take_apart_at_once
from layersr.decomposing.stacking import stacked
from layersr.layers import Image, LayerStack
from layersr.progress import Progress, Report, silent, within
from layersr.roles import Prompt

__all__ = [
    "Apart",
    "Limits",
    "Models",
    "decompose",
    "decompose_at_once",
    "repaint",
    "stacked",
    "take_apart",
    "take_apart_at_once",
]


def decompose(
    image: Image,
    models: Models,
    limits: Limits | None = None,
    prompts: Sequence[Prompt] = (),
    report: Report = silent,
    wanted_order: Sequence[str] = (),
    depth: Alpha | None = None,
) -> LayerStack:
    """The layer stack of a flat picture. Law: `flatten(decompose(image)) == image.pixels`, every pixel, every bit.

    Args:
        image: the picture; its own alpha is kept.
        models: detector, matter and infiller, and an upscaler for small pictures.
        limits: when to stop; the defaults where None.
        prompts: what the artist asks for, lifted first.
        report: hears how far it is.
        wanted_order: names of elements from the top down; they are placed so, where they are found.
        depth: relative depth of the picture, 0 nearest, where a model estimated it; it helps to tell the order.

    Returns:
        background and elements, back to front, at the picture's depth, each with its shadow (a black layer that
        multiplies) or its glow (one of one colour that screens) in a group with it, where one was found, with
        provenance and `facts` per layer: "confidence", "peel", "asked", "covers" (names of those it touches that it
        lies above, and how sure that is) and "travel" (`travel.Travel`, in pixels of the picture) of each element; with
        depth also "depth" (of what is seen of it) and "nearer" (how likely depth holds it nearer than those).
    """
    apart = take_apart(image, models, limits, prompts, within(report, 0.0, 0.9), wanted_order, depth)
    return stacked(image, apart, report)


def take_apart(
    image: Image,
    models: Models,
    limits: Limits | None = None,
    prompts: Sequence[Prompt] = (),
    report: Report = silent,
    wanted_order: Sequence[str] = (),
    depth: Alpha | None = None,
) -> Apart:
    """All of `decompose` but the seal; arguments as there."""
    picture = color.over_grey(image.pixels)
    times = 1 if models.enlarge is None else small.factor(image.height, image.width)
    if times > 1:
        picture = small.picture(picture, times, models.enlarge)
        prompts = [small.enlarged(prompt, times) for prompt in prompts]
    canvas = picture.shape[:2]
    peeled = peel(picture, models, limits or Limits(), prompts, within(report, 0.0, 0.67))
    report(Progress("order", 0.67))
    opened = peeled.layout.opened if peeled.layout else None
    bare = gathered(order(named(peeled.elements, canvas), canvas, wanted_order, opened, depth), canvas)
    elements = extend(bare, canvas)
    report(Progress("infill background", 0.69))
    cast = lights(picture, elements)
    infill = telling(models.infill, within(report, 0.69, 1.0))
    ground = background(uncast(picture, cast), elements, infill, peeled.left)
    if times > 1:
        ground = means(ground, times)
        bare, elements = ([small.shrunk(element, times) for element in some] for some in (bare, elements))
        cast = [None if one is None else small.shrunk_cast(one, times) for one in cast]
    return Apart(ground, elements, bare, cast, peeled.notes)
