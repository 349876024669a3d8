"""Recipe: every choice of one run, frozen; TOML in and out; stored in the document it made."""

import json
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path

from layersr import devices
from layersr.errors import UsageError
from layersr.presets import PRESETS, choices
from layersr.sizing import SCALES, check

KEEPS = ("flat", "original", "provenance", "depth")
"""What can be kept as a hidden layer."""

PEELING = "layersr"
"""The way of taking a picture apart that is no backend: what lies on top is lifted, again and again."""


@dataclass(frozen=True)
class Recipe:
    """All the choices of one run. The same image and recipe give the same bytes.

    In place of a backend may stand a preset (`layersr.presets`); the recipe in a document names what was taken.

    Attributes:
        scale: the document is this many times as large as the image: 1, 2, 3, 4 or 8.
        size: instead of a scale, "3000x2000" pixels or, with dpi, "30x20cm" of paper; the proportions are kept.
        dpi: pixels per inch of a print, 0 for what the picture says; without a size, its paper stays as large.
        max_layers: at most so many elements are lifted (what the artist asks for comes first and counts).
        granularity: 0 = main subjects only, 1 = everything liftable.
        texts: words for what to find ("eyes"), one element for each thing they fit, in a group of that name.
        masks: mask files (non-black or opaque = selected), one element each.
        boxes: left, top, width, height in image pixels, one element each.
        points: x, y in image pixels, one element each.
        decompose: "layersr" lifts what lies on top, again and again, by means of the next four; or a backend that takes
            the whole picture apart at once, whose edges `matte` finds again.
        detect: backend that finds elements; "none" lifts only what the artist asks for.
        understand: backend that finds what is named by `texts`.
        matte: backend that estimates mattes.
        infill: backend that paints what is hidden.
        upscale: backend that super-resolves colours.
        alpha: backend that enlarges mattes.
        depth: backend that estimates how far things are, which helps to tell their order; "none": nothing does.
        device: where models run (`layersr.devices`).
        seed: for every random choice, 0 or more; layersr's own networks make none.
        context: beside edges, colours are enlarged in the picture around them and unmixed, not by themselves.
        keep: hidden layers for reference: "flat" is the picture enlarged as a whole by the same models, "original" the
            picture as it came, "provenance" shows which pixels were estimated (yellow) or invented (red), "depth" what
            `depth` says, near white.
        layer_masks: an element's soft edge is a layer mask over whole colours, not transparency.
        keep_together: all that is asked for by words, masks, boxes and points is one element.
        order: a file of layer names, one a line, the top one first: those elements are put in that z-order.
        prompts: the order in which words, masks, boxes and points were given, as "text", "mask", "box", "point".
    """

    scale: int = 2
    size: str = ""
    dpi: float = 0.0
    max_layers: int = 24
    granularity: float = 0.5
    texts: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()
    boxes: tuple[tuple[int, int, int, int], ...] = ()
    points: tuple[tuple[int, int], ...] = ()
    decompose: str = "layersr"
    detect: str = "layersr"
    understand: str = "clipseg"
    matte: str = "layersr"
    infill: str = "layersr"
    upscale: str = "layersr"
    alpha: str = "layersr"
    depth: str = "none"
    device: str = "cpu"
    seed: int = 0
    context: bool = False
    keep: tuple[str, ...] = ()
    layer_masks: bool = False
    keep_together: bool = False
    order: str = ""
    prompts: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise UsageError(f"The scale must be 1, 2, 3, 4 or 8, not {self.scale}.")
        if not 0 <= self.dpi <= 10_000:
            raise UsageError(f"The dpi must lie between 1 and 10,000, not {self.dpi:g}.")
        for name in self.keep:
            if name not in KEEPS:
                raise UsageError(f"There is nothing named {name!r} to keep; there is {', '.join(KEEPS)}.")
        if "depth" in self.keep and self.depth == "none":
            raise UsageError("There is no depth to keep without a model that estimates it; name one: --depth NAME.")
        check(self.size)
        devices.check(self.device)
        if self.seed < 0:
            raise UsageError(f"The seed must be 0 or more, not {self.seed}.")
        if self.max_layers < 0:
            raise UsageError(f"--max-layers must be 0 or more, not {self.max_layers}.")
        if self.decompose != PEELING and (self.texts or self.masks or self.boxes or self.points or self.order):
            raise UsageError(
                f"--decompose {self.decompose} takes the whole picture apart by itself. "
                "Leave out --prompt, --mask, --box, --point and --order, or --decompose."
            )
        if not 0 <= self.granularity <= 1:
            raise UsageError(f"The granularity must lie between 0 and 1, not {self.granularity}.")


def dumps(recipe: Recipe) -> str:
    """The recipe as TOML, every field. `loads(dumps(recipe)) == recipe`."""
    # A JSON string, number, boolean or array of them is also a TOML value, but for DEL, which TOML wants escaped.
    lines = [f"{f.name} = {json.dumps(getattr(recipe, f.name), ensure_ascii=False)}" for f in fields(recipe)]
    return ("\n".join(lines) + "\n").replace("\x7f", "\\u007f")


def loads(text: str) -> Recipe:
    """A recipe from TOML; missing fields keep their defaults. `preset = "best"` chooses all backends not named.

    Raises:
        UsageError: it is not TOML, names an unknown choice, or a value is of the wrong kind.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"The recipe is not valid TOML: {error}.") from error
    if (preset := table.pop("preset", None)) is not None:
        if preset not in PRESETS:
            raise UsageError(f"There is no preset {preset!r}; there is {', '.join(PRESETS)}.")
        table = {**choices(preset), **table}
    known = {f.name: f for f in fields(Recipe)}
    values = {}
    for name, value in table.items():
        if name not in known:
            raise UsageError(f"The recipe names an unknown choice {name!r}; choices are {', '.join(known)}.")
        value = tuple(tuple(v) if isinstance(v, list) else v for v in value) if isinstance(value, list) else value
        expected = type(known[name].default)
        if isinstance(value, int) and not isinstance(value, bool) and expected is float:
            value = float(value)
        if type(value) is not expected:
            raise UsageError(f"The recipe's {name} must be of type {expected.__name__}, not {type(value).__name__}.")
        values[name] = value
    return Recipe(**values)


def load(path: str | Path) -> Recipe:
    """A recipe from a TOML file.

    Raises:
        UsageError: the file cannot be read or is not a recipe.
    """
    try:
        return loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The recipe {path} cannot be read: {error}.") from error


def order_names(path: str | Path) -> list[str]:
    """The layer names of an order file: one a line, the top one first; what follows # is a remark.

    Raises:
        UsageError: the file cannot be read.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The order {path} cannot be read: {error}.") from error
    return [name for line in lines if (name := line.partition("#")[0].strip())]
