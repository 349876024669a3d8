"""What the artist chose, and the command line that says the same. Nothing of Krita or Qt in here."""

import json
from dataclasses import asdict, dataclass, fields
from typing import List, Optional, Tuple

DOCUMENT, LAYER = "document", "layer"
GROUP, NEW = "group", "new"
EXACT, AROUND = "exact", "around"

SCALES = (1, 2, 3, 4, 8)
PRESETS = ("", "draft", "standard", "best")


@dataclass(frozen=True)
class Choices:
    """The panel's state.

    Attributes:
        scope: what is decomposed: the document as it is seen, or the active layer alone.
        prompt: words for what to lift, parted by commas; "" for what layersr finds itself.
        granularity: 0 main subjects, 1 everything.
        max_layers: at most so many elements.
        scale: the result is so many times as large; more than 1 needs a document of its own.
        preset: "" for layersr's own default.
        destination: where the result goes: a group in this document, or a new one.
        selection: a selection is the element exactly, or lies around it.
        masks: soft edges as transparency masks, to paint on.
    """

    scope: str = DOCUMENT
    prompt: str = ""
    granularity: float = 0.5
    max_layers: int = 24
    scale: int = 1
    preset: str = ""
    destination: str = GROUP
    selection: str = EXACT
    masks: bool = False

    @property
    def lands_in(self) -> str:
        """Where the result goes in fact: what is larger than the document has no place in it."""
        return NEW if self.scale > 1 else self.destination


def dumps(choices: Choices) -> str:
    """As one line, for Krita's settings."""
    return json.dumps(asdict(choices))


def loads(text: str) -> Choices:
    """From Krita's settings; what is missing, unknown or of the wrong kind falls back to the default."""
    try:
        stored = json.loads(text)
    except ValueError:
        return Choices()
    if not isinstance(stored, dict):
        return Choices()
    kept = {}
    for field in fields(Choices):
        value = stored.get(field.name, field.default)
        if isinstance(field.default, float) and type(value) is int:
            value = float(value)
        kept[field.name] = value if type(value) is type(field.default) else field.default
    return Choices(**kept)


@dataclass(frozen=True)
class Aim:
    """What in the picture is meant: a mask file, a box or a point; nothing for all of it."""

    mask: Optional[str] = None
    box: Optional[Tuple[int, int, int, int]] = None
    point: Optional[Tuple[int, int]] = None

    def options(self) -> List[str]:
        """The command line's options for it."""
        if self.mask is not None:
            return ["--mask", self.mask]
        if self.box is not None:
            return ["--box", ",".join(map(str, self.box))]
        if self.point is not None:
            return ["--point", ",".join(map(str, self.point))]
        return []


def decompose(choices: Choices, picture: str, out: str, aim: Aim) -> List[str]:
    """Every element to its layer; what the aim names first."""
    words = [word.strip() for word in choices.prompt.split(",") if word.strip()]
    arguments = ["export", picture, out, "--scale", str(choices.scale)]
    arguments += ["--granularity", "{:g}".format(choices.granularity), "--max-layers", str(choices.max_layers)]
    for word in words:
        arguments += ["--prompt", word]
    if words and not aim.options():
        arguments += ["--detect", "none"]
    return arguments + aim.options() + _common(choices)


def lift(choices: Choices, picture: str, out: str, aim: Aim) -> List[str]:
    """The one element that the aim names, and the picture without it, as large as they are."""
    return ["export", picture, out, "--scale", "1", "--detect", "none", *aim.options(), *_common(choices)]


def fill(picture: str, out: str, mask: str) -> List[str]:
    """What lies under the mask, painted over; the painted part alone is written."""
    return ["fill", picture, out, "--mask", mask, "--grow", "2", "--only"]


def enlarge(choices: Choices, picture: str, out: str) -> List[str]:
    """The picture super-resolved."""
    scale = choices.scale if choices.scale > 1 else 2
    return ["upscale", picture, out, "--scale", str(scale), *_preset(choices)]


def _common(choices: Choices) -> List[str]:
    return _preset(choices) + (["--masks"] if choices.masks else [])


def _preset(choices: Choices) -> List[str]:
    return ["--preset", choices.preset] if choices.preset else []
