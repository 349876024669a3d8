"""The whole job: the only place that turns names into models and puts the steps in order."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from layersr import backends, color, decomposing, editing, filling, needs, references, upscaling
from layersr import recipe as recipes
from layersr.arrays import Alpha, Mask
from layersr.backends import torching
from layersr.errors import UsageError
from layersr.images import read_mask
from layersr.layers import LOCKS, Image, Layer, LayerStack
from layersr.masking import masked
from layersr.progress import Progress, Report, silent, within
from layersr.recipe import Recipe
from layersr.roles import Prompt
from layersr.sizing import Sizing, sizing
from layersr.upscaling.chain import Chain

PROMPTED = Recipe().detect
"""The detector that answers points and boxes where the recipe wants no search ("none")."""

ENLARGING = Recipe().upscale
"""What enlarges small pictures to be taken apart, whatever enlarges the result."""

FLAT = "flat (reference)"
"""Name of the hidden layer for comparison that `keep = ["flat"]` asks for."""


def run(image: Image, recipe: Recipe | None = None, report: Report = silent) -> LayerStack:
    """One flat picture in, the finished layer stack out: decomposed, then super-resolved.

    Laws: at scale 1 `flatten(run(image)) == image.pixels` bit for bit; at scale s the result shrinks back to the image.
    The same image and recipe give the same stack.

    Args:
        image: the picture.
        recipe: every choice; the defaults where None.
        report: hears how far it is.

    Raises:
        BackendError: the recipe names a backend that does not exist or is not installed.
        WeightsError: the weights of one are not here; nothing is fetched.
        UsageError: a mask does not fit the picture.
    """
    recipe = needs.resolved(recipe or Recipe())
    larger = sizes(image, recipe).scale > 1  # what cannot be is refused before the work
    depth = _depth(image, recipe, report)
    stack = decompose(image, recipe, within(report, 0.0, 0.6 if larger else 1.0), depth)
    flat = "flat" in recipe.keep
    stack = upscale(stack, recipe, within(report, 0.6, 0.8 if flat else 1.0))
    if recipe.layer_masks:
        stack = masked(stack)
    if flat:
        whole = upscale(as_stack(image, FLAT), recipe, within(report, 0.8, 1.0))
        compared = replace(whole.layers[0], visible=False, locks=LOCKS, provenance=None)
        stack = stack.with_layers((*stack.layers, compared))
    if "original" in recipe.keep:
        stack = stack.with_layers((*stack.layers, references.original(image, stack)))
    if "provenance" in recipe.keep:
        stack = stack.with_layers((*stack.layers, references.provenance(stack)))
    if depth is not None and "depth" in recipe.keep:
        stack = stack.with_layers((*stack.layers, references.depth(depth, stack)))
    return replace(stack, recipe=recipes.dumps(recipe))


def as_stack(image: Image, name: str) -> LayerStack:
    """A picture as the one layer of a stack; `flatten` gives it back."""
    layers = (Layer(name, image.pixels),)
    return LayerStack(image.width, image.height, layers, image.icc, image.resolution, credits=image.credits)


def sizes(image: Image | LayerStack, recipe: Recipe) -> Sizing:
    """How large the recipe makes a picture or a stack.

    Raises:
        UsageError: it cannot.
    """
    return sizing(image.width, image.height, image.resolution, recipe.scale, recipe.size, recipe.dpi)


def decompose(
    image: Image, recipe: Recipe | None = None, report: Report = silent, depth: Alpha | None = None
) -> LayerStack:
    """The first half of `run`: the exact stack at the picture's own size; the recipe's scale does not matter.

    Args:
        image: see `run`.
        recipe: likewise.
        report: likewise.
        depth: relative depth of the picture, 0 nearest; estimated as the recipe says where None.
    """
    recipe = needs.resolved(recipe or Recipe())
    if recipe.decompose != recipes.PEELING:
        return _at_once(image, recipe, report)
    if depth is None:
        depth = _depth(image, recipe, report)
    prompts, wanted = _prompts(recipe, image), names(recipe.order) if recipe.order else []
    report(Progress("load models", 0.0))
    models = decomposing.Models(
        backends.load("detect", PROMPTED if recipe.detect == "none" else recipe.detect, recipe.device, recipe.seed),
        backends.load("matte", recipe.matte, recipe.device, recipe.seed),
        backends.load("infill", recipe.infill, recipe.device, recipe.seed),
        Chain(backends.load("upscale", ENLARGING, recipe.device, recipe.seed)),
        backends.load("understand", recipe.understand, recipe.device, recipe.seed) if recipe.texts else None,
    )
    stack = decomposing.decompose(
        image,
        models,
        decomposing.Limits(recipe.max_layers, recipe.granularity, recipe.detect == "none", recipe.keep_together),
        prompts,
        report,
        wanted,
        depth,
    )
    del models  # enlarging has models of its own, and the memory for them
    torching.give_back()
    return stack


def _depth(image: Image, recipe: Recipe, report: Report) -> Alpha | None:
    """Relative depth of the picture, 0 nearest, where the recipe names a model and something wants to know."""
    if ("depth", recipe.depth) not in needs.chosen(recipe):
        return None
    report(Progress("estimate depth", 0.0))
    found = backends.load("depth", recipe.depth, recipe.device, recipe.seed)(color.over_grey(image.pixels))
    torching.give_back()
    return found


def _at_once(image: Image, recipe: Recipe, report: Report) -> LayerStack:
    """The same by a backend that gives the whole stack."""
    report(Progress("load models", 0.0))
    models = (
        backends.load(role, getattr(recipe, role), recipe.device, recipe.seed)
        for role in ("decompose", "matte", "infill")
    )
    limits = decomposing.Limits(recipe.max_layers, recipe.granularity)
    stack = decomposing.decompose_at_once(image, *models, limits, report)
    torching.give_back()
    return stack


def upscale(stack: LayerStack, recipe: Recipe | None = None, report: Report = silent) -> LayerStack:
    """The second half of `run`: a sealed stack, as many times as large as the recipe says."""
    recipe = needs.resolved(recipe or Recipe())
    wanted = sizes(stack, recipe)
    if wanted.scale == 1:
        return replace(stack, resolution=wanted.resolution)
    large = upscaling.upscale(
        stack,
        backends.load("upscale", recipe.upscale, recipe.device, recipe.seed),
        backends.load("alpha", recipe.alpha, recipe.device, recipe.seed),
        wanted.scale,
        report,
        context=recipe.context,
    )
    torching.give_back()
    return replace(upscaling.resize(large, wanted.width, wanted.height), resolution=wanted.resolution)


def fill(image: Image, hole: Mask, recipe: Recipe | None = None, report: Report = silent) -> Image:
    """A picture with a hole painted over by the recipe's `infill`; see `filling.filled`."""
    recipe = needs.resolved(recipe or Recipe())
    report(Progress("load models", 0.0))
    filled = filling.filled(image, hole, backends.load("infill", recipe.infill, recipe.device, recipe.seed), report)
    torching.give_back()
    return filled


def edit(
    stack: LayerStack,
    edits: Sequence[editing.Edit],
    recipe: Recipe | None = None,
    report: Report = silent,
    fill: bool = True,
    dry: bool = False,
) -> editing.Edited:
    """A stack edited, what is laid bare continued by the recipe's `infill`, what is split peeled as the recipe says.

    Args:
        stack: any document.
        edits: what to do, one after the other; see `editing.apply`.
        recipe: every choice.
        report: hears how far it is.
        fill: whether gaps are painted.
        dry: whether they are only told. (What is split is taken apart all the same: nobody knows the pieces before.)

    Raises:
        UsageError: a name matches nothing, or an edit asks for what cannot be.
    """
    recipe = needs.resolved(recipe or Recipe())
    bares = any(not isinstance(one, editing.Rename | editing.Merge | editing.Recolor | editing.Split) for one in edits)
    infill = backends.load("infill", recipe.infill, recipe.device) if fill and bares and not dry else None
    models = editing.Models(infill, lambda image: decompose(image, recipe, report))
    edited = editing.apply(stack, edits, models, report, fill)
    torching.give_back()
    return edited


def names(path: str) -> list[str]:
    """The layer names of an order file: one a line, the top one first; what follows # is a remark.

    Raises:
        UsageError: the file cannot be read.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The order {path} cannot be read: {error}.") from error
    return [name for line in lines if (name := line.partition("#")[0].strip())]


def _prompts(recipe: Recipe, image: Image) -> list[Prompt]:
    """What the artist asks for, in the order it was given."""
    given = {"text": recipe.texts, "mask": recipe.masks, "box": recipe.boxes, "point": recipe.points}
    texts, masks, boxes, points = map(iter, given.values())
    kinds = recipe.prompts or [kind for kind, some in given.items() for _ in some]
    made = {
        "text": lambda: Prompt(text=next(texts)),
        "mask": lambda: Prompt(mask=read_mask(next(masks), image.width, image.height)),
        "box": lambda: Prompt(box=next(boxes)),
        "point": lambda: Prompt(point=next(points)),
    }
    return [made[kind]() for kind in kinds]
