"""The tree that group paths mean: layers in order, with the groups opening and closing between them."""

from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from typing import Literal

from layersr.layers import PASS_THROUGH, Layer, LayerStack

Event = tuple[Literal["open", "close"], str] | tuple[Literal["layer"], Layer]


Run = tuple[Literal["open", "close"], str] | tuple[Literal["layers"], tuple[Layer, ...]]


def runs(layers: Sequence[Layer]) -> Iterator[Run]:
    """As `walk`, from below, each layer together with those clipped to it.

    Yields:
        ("open", name), ("close", name) and ("layers", (base, *clipped)). A clipped layer with no base in its group,
        lowest there or above another group, stands by itself.
    """
    run: list[Layer] = []
    for kind, what in walk(layers):
        if kind == "layer" and run and what.clipped:
            run.append(what)
            continue
        if run:
            yield "layers", tuple(run)
            run = []
        if kind == "layer":
            run = [what]
        else:
            yield kind, what
    if run:
        yield "layers", tuple(run)


def walk(layers: Sequence[Layer]) -> Iterator[Event]:
    """The layers in the given order, each after the opening of the groups around it.

    Law: neighbours with the same path share a group; every opening has its closing, innermost first. So the same
    function serves formats that list layers from below (PSD) and from above (OpenRaster).

    Yields:
        ("open", name), ("close", name) and ("layer", layer).
    """
    path: tuple[str, ...] = ()
    for layer in layers:
        common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(path, layer.group, strict=False)))
        yield from (("close", name) for name in reversed(path[common:]))
        yield from (("open", name) for name in layer.group[common:])
        path = layer.group
        yield "layer", layer
    yield from (("close", name) for name in reversed(path))


def blends_normally(stack: LayerStack, path: tuple[str, ...], stored: Callable[[str], str]) -> bool:
    """Whether all in a group blends normally, so that passing through or not it looks the same.

    Args:
        stack: any; what is clipped blends only with its base.
        path: of the group.
        stored: how a format keeps blend modes.
    """
    blends = [x.blend for x in stack.layers if x.group[: len(path)] == path and not x.clipped]
    blends += [one.blend for other, one in stack.groups.items() if other[: len(path)] == path and other != path]
    return all(blend == PASS_THROUGH or stored(blend) == "normal" for blend in blends)


def extent(stack: LayerStack, path: tuple[str, ...]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom around the canvas and all that lies in a group."""
    within = [x for x in stack.layers if x.group[: len(path)] == path]
    return (
        min([0, *(x.left for x in within)]),
        min([0, *(x.top for x in within)]),
        max([stack.width, *(x.left + x.width for x in within)]),
        max([stack.height, *(x.top + x.height for x in within)]),
    )
