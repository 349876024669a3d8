"""Which layers a name means, and what goes along with them: shadows, glows, and what is clipped to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from layersr.errors import UsageError
from layersr.groups import runs
from layersr.layers import GLOW, SHADOW, LayerStack

Path = tuple[str, ...]


@dataclass(frozen=True)
class Unit:
    """What is moved, turned or taken out as one thing.

    Attributes:
        layers: indices of what was named, back to front.
        company: indices of the shadows, glows and clipped layers that go with them.
        group: the path of the group that was named, or None.
    """

    layers: tuple[int, ...]
    company: tuple[int, ...] = ()
    group: Path | None = None

    @property
    def all(self) -> tuple[int, ...]:
        """Both, back to front."""
        return tuple(sorted((*self.layers, *self.company)))


def paths(stack: LayerStack) -> list[Path]:
    """The groups of a stack, each once, outer ones first."""
    return list(dict.fromkeys(layer.group[:k] for layer in stack.layers for k in range(1, len(layer.group) + 1)))


def selected(stack: LayerStack, target: str) -> list[Unit]:
    """What a target means, back to front; nothing is in two units.

    An exact name counts before a pattern, a layer before a group. With a "/" it is a path ("eyes/eye 1"); with one at
    the end, a group. Layers named by a pattern are units of their own; a group is one.

    Raises:
        UsageError: nothing is so called; the sentence lists what is nearly.
    """
    bare = target.rstrip("/")
    layers = [("/".join((*layer.group, layer.name)), layer.name) for layer in stack.layers]
    groups = {path: ("/".join(path), path[-1]) for path in paths(stack)}

    def glob(called: tuple[str, str], pattern: str) -> bool:
        return fnmatchcase(called[1], pattern) or ("/" in pattern and fnmatchcase(called[0], pattern))

    is_group = target.endswith("/") and len(target) > 1
    tests = (lambda called, wanted: wanted in called, glob)
    for test in tests:
        found = [n for n, called in enumerate(layers) if test(called, target) and not (is_group and test is glob)]
        if found:
            return _apart(stack, found)
        if inside := [path for path, called in groups.items() if test(called, bare)]:
            outer = [path for path in inside if not any(path[:k] in inside for k in range(1, len(path)))]
            return [_group(stack, path) for path in outer]
    raise UsageError(_nothing(stack, target))


def _apart(stack: LayerStack, found: list[int]) -> list[Unit]:
    going = {n: company(stack, n) for n in found}
    led = {k for n, others in going.items() for k in others}
    return [Unit((n,), tuple(others)) for n, others in going.items() if n not in led]


def _group(stack: LayerStack, path: Path) -> Unit:
    inside = [n for n, layer in enumerate(stack.layers) if layer.group[: len(path)] == path]
    going = {k for n in inside for k in company(stack, n)}
    # What was split is a group now; its shadow still knows the layer's name.
    going |= {n for n in range(len(stack.layers)) if _casts_name(stack, n) == path[-1] and caster(stack, n) is None}
    return Unit(tuple(inside), tuple(sorted(going - set(inside))), path)


def _nothing(stack: LayerStack, target: str) -> str:
    known = [layer.name for layer in stack.layers] + [path[-1] + "/" for path in paths(stack)]
    near = list(dict.fromkeys(get_close_matches(target, known, 4, 0.5)))
    # The words of a name in another case or as a part of it are what people mistype most.
    part = [name for name in dict.fromkeys(known) if target.strip("*/").lower() in name.lower() and name not in near]
    offered = (near + (part if target.strip("*/") else []))[:4]
    if offered:
        return f"No layer or group is called “{target}”; near it are {quoted(offered)}."
    return f"No layer or group is called “{target}”; `layersr inspect` lists those there are."


def quoted(names: Iterable[str]) -> str:
    """Names in a sentence, each once."""
    return ", ".join(f"“{name}”" for name in dict.fromkeys(names))


def named(stack: LayerStack, unit: Unit) -> str:
    """A unit in a sentence."""
    return f"“{'/'.join(unit.group)}/”" if unit.group else quoted(stack.layers[n].name for n in unit.layers)


def company(stack: LayerStack, index: int) -> list[int]:
    """The shadows and glows of a layer, and what is clipped to it."""
    going = [n for n, layer in enumerate(stack.layers) if layer.is_cast and caster(stack, n) == index]
    return sorted({*going, *clipped_to(stack, index)} - {index})


def clipped_to(stack: LayerStack, index: int) -> list[int]:
    """What is clipped to a layer, back to front."""
    at = 0
    for kind, what in runs(stack.layers):
        if kind != "layers":
            continue
        if at == index:
            return list(range(at + 1, at + len(what)))
        at += len(what)
    return []


def caster(stack: LayerStack, index: int) -> int | None:
    """Whose shadow or glow a layer is: who is so called, nearest; renamed elsewhere, the only other one beside it."""
    name, own = _casts_name(stack, index), stack.layers[index]
    if name is None:
        return None
    things = [n for n, layer in enumerate(stack.layers) if not layer.is_cast]
    found = [n for n in things if stack.layers[n].name == name]
    if found:
        return min(found, key=lambda n: (stack.layers[n].group != own.group, n < index, abs(n - index)))
    beside = [n for n in things if own.group and stack.layers[n].group == own.group]
    return beside[0] if len(beside) == 1 else None


def _casts_name(stack: LayerStack, index: int) -> str | None:
    facts = stack.layers[index].facts
    return facts.get(SHADOW, facts.get(GLOW))
