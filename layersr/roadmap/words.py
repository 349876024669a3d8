"""What a step sheet says of a step: brushes, colours, in words that a painter uses."""

from collections import Counter
from dataclasses import dataclass

from layersr.roadmap.painting import Roadmap, Step
from layersr.roadmap.palette import Swatch

CANVAS = 40.0
"""Centimetres of the longer side of the painter's canvas, if nobody says otherwise."""


@dataclass(frozen=True)
class Chapter:
    """The steps of one thing.

    Attributes:
        title: its name.
        steps: each with its number among all steps, from 1.
    """

    title: str
    steps: tuple[tuple[int, Step], ...]


def chapters(roadmap: Roadmap) -> list[Chapter]:
    """The steps by what they paint, in order."""
    found: list[Chapter] = []
    for number, step in enumerate(roadmap.steps, start=1):
        if number == 1 or step.part != roadmap.steps[number - 2].part:
            found.append(Chapter(step.thing, ()))
        found[-1] = Chapter(step.thing, (*found[-1].steps, (number, step)))
    return found


def brushes(roadmap: Roadmap, step: Step, canvas: float = CANVAS) -> str:
    """The brushes of a step, as "brushes of 36 and 18 mm"."""
    unit = 10 * canvas / max(roadmap.size)
    sizes = list(dict.fromkeys(_millimetres(width * unit) for width in step.widths))
    return f"brush{'es' * (len(sizes) > 1)} of {listed(sizes)} mm"


def span(chapter: Chapter) -> str:
    """The numbers of a chapter's steps, as "step 4-6"."""
    numbers = [str(number) for number, _ in chapter.steps]
    return f"step {numbers[0]}" if len(numbers) == 1 else f"steps {numbers[0]}-{numbers[-1]}"


def overview(roadmap: Roadmap, chapter: Chapter, canvas: float = CANVAS) -> str:
    """How many strokes a chapter takes, and from which brush down to which."""
    count = sum(len(step.strokes) for _, step in chapter.steps)
    unit = 10 * canvas / max(roadmap.size)
    widths = [width for _, step in chapter.steps for width in step.widths]
    ends = list(dict.fromkeys(_millimetres(width * unit) for width in (max(widths), min(widths))))
    return f"{count} stroke{'s' * (count != 1)}, brush{'es' * (len(ends) > 1)} of {' to '.join(ends)} mm"


def strokes(step: Step) -> str:
    """How many strokes."""
    count = len(step.strokes)
    return f"{count} stroke{'s' * (count != 1)}"


def colours(roadmap: Roadmap, step: Step) -> list[tuple[Swatch, int]]:
    """The swatches of a step and how many strokes use each, the most used first."""
    by_colour = {swatch.colour: swatch for swatch in roadmap.palette}
    counts = Counter(stroke.colour for stroke in step.strokes)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], by_colour[item[0]].number))
    return [(by_colour[colour], count) for colour, count in ordered]


def used(roadmap: Roadmap, swatch: Swatch, most: int = 3) -> str:
    """How many strokes use a swatch and where most of them are."""
    groups = roadmap.uses().get(swatch.number, {})
    if not groups:
        return "no strokes"
    places = sorted(groups, key=lambda group: -groups[group])
    more = f" and {len(places) - most} more" if len(places) > most else ""
    count = sum(groups.values())
    return f"{count} stroke{'s' * (count != 1)}: {', '.join(places[:most])}{more}"


def mixing(swatch: Swatch) -> str:
    """Where to begin mixing a swatch, and whether these tubes get there."""
    mixture = swatch.mixture
    return f"{mixture}" if mixture.near else f"{mixture} (the nearest; no mixture of these tubes is this colour)"


def toning(roadmap: Roadmap) -> str:
    """What to do before the first stroke."""
    ground = roadmap.ground
    return f"Tone the whole canvas thinly in a {ground.name}: {mixing(ground)}. Let it dry."


def listed(words: list[str]) -> str:
    """As "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _millimetres(length: float) -> str:
    return f"{length:.0f}" if length >= 3 else f"{length:.1f}".removesuffix(".0")
