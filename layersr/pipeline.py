"""The whole job: the only place that turns names into models and puts the steps in order."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from layersr import backends, color, decomposing, editing, filling, needs, references, upscaling
from layersr import recipe as recipes
from layersr.arrays import Alpha, Mask
from layersr.backends import torching
from layersr.decomposing import Apart
from layersr.images import read_mask
from layersr.layers import LOCKS, Image, Layer, LayerStack
from layersr.masking import masked
from layersr.progress import Progress, Report, silent, within
from layersr.projects import NONE, Project
from layersr.projects.models import remembered
from layersr.recipe import Recipe
from layersr.remembering import Remember, about, anew
from layersr.roles import Prompt
from layersr.sizing import Sizing, sizing
from layersr.upscaling.chain import Chain

PROMPTED = Recipe().detect
"""The detector that answers points and boxes where the recipe wants no search ("none")."""

ENLARGING = Recipe().upscale
"""What enlarges small pictures to be taken apart, whatever enlarges the result."""

FLAT = "flat (reference)"
"""Name of the hidden layer for comparison that `keep = ["flat"]` asks for."""


def run(image: Image, recipe: Recipe | None = None, report: Report = silent, project: Project = NONE) -> LayerStack:
    """One flat picture in, the finished layer stack out: decomposed, then super-resolved.

    Laws: at scale 1 `flatten(run(image)) == image.pixels` bit for bit; at scale s the result shrinks back to the image.
    The same image and recipe give the same stack.

    Args:
        image: the picture.
        recipe: every choice; the defaults where None.
        report: hears how far it is.
        project: remembers what was made, and knows what the artist changed by hand; by default nothing.

    Raises:
        BackendError: the recipe names a backend that does not exist or is not installed.
        WeightsError: the weights of one are not here; nothing is fetched.
        UsageError: a mask does not fit the picture.
    """
    recipe = project.ordered(needs.resolved(recipe or Recipe()))
    larger = sizes(image, recipe).scale > 1  # what cannot be is refused before the work
    depth = _depth(image, recipe, report, project.remember)
    stack = decompose(image, recipe, within(report, 0.0, 0.6 if larger else 1.0), depth, project)
    flat = "flat" in recipe.keep
    stack = upscale(stack, recipe, within(report, 0.6, 0.8 if flat else 1.0), project.remember)
    if recipe.layer_masks:
        stack = masked(stack)
    if flat:
        whole = upscale(as_stack(image, FLAT), recipe, within(report, 0.8, 1.0), project.remember)
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
    image: Image,
    recipe: Recipe | None = None,
    report: Report = silent,
    depth: Alpha | None = None,
    project: Project = NONE,
) -> LayerStack:
    """The first half of `run`: the exact stack at the picture's own size; the recipe's scale does not matter.

    Args:
        image: see `run`.
        recipe: likewise.
        report: likewise.
        depth: relative depth of the picture, 0 nearest; estimated as the recipe says where None.
        project: see `run`.
    """
    recipe, remember = needs.resolved(recipe or Recipe()), project.remember
    take_apart = _at_once if recipe.decompose != recipes.PEELING else _peeled
    apart = take_apart(image, recipe, within(report, 0.0, 0.9), depth, remember)
    painted = project.painted(apart, image)
    if painted:
        models = [_model(role, getattr(recipe, role), recipe, remember) for role in ("matte", "infill")]
        apart = remember(
            "cut out by hand",
            (image.pixels, apart, painted, _identities(recipe, remember, "matte", "infill")),
            lambda: decomposing.repaint(color.over_grey(image.pixels), apart, painted, *models),
        )
    stack = remember("seal", (image, apart), lambda: decomposing.stacked(image, apart, report))
    project.show(stack)
    torching.give_back()  # enlarging has models of its own
    report(Progress("seal", 1.0))
    return stack


def _peeled(image: Image, recipe: Recipe, report: Report, depth: Alpha | None, remember: Remember) -> Apart:
    """The picture taken apart: what lies on top is lifted, again and again."""
    if depth is None:
        depth = _depth(image, recipe, report, remember)
    prompts, wanted = _prompts(recipe, image), recipes.order_names(recipe.order) if recipe.order else []
    limits = decomposing.Limits(recipe.max_layers, recipe.granularity, recipe.detect == "none", recipe.keep_together)
    finding = replace(recipe, detect=PROMPTED if recipe.detect == "none" else recipe.detect, upscale=ENLARGING)
    roles = ("detect", "matte", "infill", "upscale", *(("understand",) if recipe.texts else ()))

    def make() -> Apart:
        report(Progress("load models", 0.0))
        models = decomposing.Models(*(_model(role, getattr(finding, role), recipe, remember) for role in roles))
        return decomposing.take_apart(image, models, limits, prompts, report, wanted, depth)

    inputs = (image.pixels, limits, prompts, wanted, depth, recipe.seed, _identities(finding, remember, *roles))
    return remember("take apart", inputs, make)


def _at_once(image: Image, recipe: Recipe, report: Report, depth: Alpha | None, remember: Remember) -> Apart:
    """The same by a backend that gives the whole stack."""
    roles, limits = ("decompose", "matte", "infill"), decomposing.Limits(recipe.max_layers, recipe.granularity)

    def make() -> Apart:
        report(Progress("load models", 0.0))
        models = (_model(role, getattr(recipe, role), recipe, remember) for role in roles)
        return decomposing.take_apart_at_once(image, *models, limits, report)

    return remember("take apart", (image.pixels, limits, recipe.seed, _identities(recipe, remember, *roles)), make)


def _model(role: str, choice: str, recipe: Recipe, remember: Remember) -> Any:
    """A model, ready to be asked; one of a project's answers from memory what it was asked before."""

    def load() -> Any:
        model = backends.load(role, choice, recipe.device, recipe.seed)
        return Chain(model) if role == "upscale" else model

    if remember is anew:
        return load()
    return remembered(role, (recipe.seed, needs.identity(role, choice, recipe.device)), load, remember)


def _identities(recipe: Recipe, remember: Remember, *roles: str) -> list[dict[str, Any]]:
    """What the answers of a recipe's models depend on; nobody wants to know where nothing is remembered."""
    if remember is anew:
        return []
    return [needs.identity(role, getattr(recipe, role), recipe.device) for role in roles]


def _depth(image: Image, recipe: Recipe, report: Report, remember: Remember) -> Alpha | None:
    """Relative depth of the picture, 0 nearest, where the recipe names a model and something wants to know."""
    if ("depth", recipe.depth) not in needs.chosen(recipe):
        return None
    report(Progress("estimate depth", 0.0))
    found = _model("depth", recipe.depth, recipe, remember)(color.over_grey(image.pixels))
    torching.give_back()
    return found


def upscale(
    stack: LayerStack, recipe: Recipe | None = None, report: Report = silent, remember: Remember = anew
) -> LayerStack:
    """The second half of `run`: a sealed stack, as many times as large as the recipe says.

    Args:
        stack: any.
        recipe: see `run`.
        report: likewise.
        remember: keeps every layer, enlarged, and the whole.
    """
    recipe = needs.resolved(recipe or Recipe())
    wanted = sizes(stack, recipe)
    if wanted.scale == 1:
        return replace(stack, resolution=wanted.resolution)
    models = (_identities(recipe, remember, "upscale", "alpha"), recipe.seed)

    def make() -> LayerStack:
        large = upscaling.upscale(
            stack,
            backends.load("upscale", recipe.upscale, recipe.device, recipe.seed),
            backends.load("alpha", recipe.alpha, recipe.device, recipe.seed),
            wanted.scale,
            report,
            context=recipe.context,
            remember=about(remember, models),
        )
        torching.give_back()
        return upscaling.resize(large, wanted.width, wanted.height)

    size = (wanted.scale, wanted.width, wanted.height, recipe.context)
    return replace(remember("enlarge", (stack, size, models), make), resolution=wanted.resolution)


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
    infill = backends.load("infill", recipe.infill, recipe.device, recipe.seed) if fill and bares and not dry else None
    models = editing.Models(infill, lambda image: decompose(image, recipe, report))
    edited = editing.apply(stack, edits, models, report, fill)
    torching.give_back()
    return edited


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
