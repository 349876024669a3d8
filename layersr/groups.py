"""The tree that group paths mean: layers in order, with the groups opening and closing between them."""

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Literal

from layersr.layers import Layer

Event = tuple[Literal["open", "close"], str] | tuple[Literal["layer"], Layer]


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
