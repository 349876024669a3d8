"""psd-tools: reads, and composites by itself."""

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
from psd_tools import PSDImage
from psd_tools.api.layers import Group as PSDGroup
from psd_tools.api.layers import Layer as PSDLayer
from psd_tools.composite import composite
from psd_tools.constants import BlendMode, Resource

from layersr import color
from layersr.layers import PASS_THROUGH, Group, Layer, LayerMask, LayerStack, Locks
from readers import TREE, Reader, Seen
from readers.blending import blend_of_key
from readers.profiles import described


def _open(paths: Sequence[Path]) -> dict[Path, Seen | None]:
    return {path: _seen(path) for path in paths}


def _seen(path: Path) -> Seen | None:
    try:
        return _read(path)
    except ValueError:  # how it refuses what it holds for impossible
        return None


def _read(path: Path) -> Seen:
    document = PSDImage.open(path)
    dtype = {8: np.uint8, 16: np.uint16}[document.depth]
    layers: list[Layer] = []
    groups: dict[tuple[str, ...], Group] = {}
    _collect(document, (), layers, groups, dtype)
    resolution = document.image_resources.get_data(Resource.RESOLUTION_INFO)
    stack = LayerStack(
        document.width,
        document.height,
        tuple(layers),
        groups=groups,
        resolution=(resolution.horizontal / 65536, resolution.vertical / 65536),
    )
    shown, _, alpha = composite(document, force=True)
    # Its values are not rounded yet: 16 bits show what it computed.
    picture = np.rint(np.dstack([shown, alpha]) * 65535).astype(np.uint16)
    profile = document.image_resources.get_data(Resource.ICC_PROFILE)
    thumbnail = document.thumbnail()
    return Seen(stack, picture, described(profile), thumbnail and np.asarray(thumbnail.convert("RGB")))


def _collect(
    parent: PSDImage | PSDGroup,
    path: tuple[str, ...],
    layers: list[Layer],
    groups: dict[tuple[str, ...], Group],
    dtype: type,
) -> None:
    for item in parent:
        opacity, visible, mask, locks = item.opacity / 255, item.visible, _mask(item, dtype), _locks(item)
        if isinstance(item, PSDGroup):
            through = item.blend_mode == BlendMode.PASS_THROUGH
            blend = PASS_THROUGH if through else blend_of_key(item.blend_mode.value)
            groups[*path, item.name] = Group(opacity, visible, blend, mask, locks)
            _collect(item, (*path, item.name), layers, groups, dtype)
        else:
            blend = blend_of_key(item.blend_mode.value)
            pixels = _pixels(item, dtype)
            found = Layer(item.name, pixels, item.left, item.top, opacity, visible, blend, path, mask, item.clipping)
            layers.append(replace(found, locks=locks))


def _pixels(layer: PSDLayer, dtype: type) -> np.ndarray:
    values = layer.numpy()
    if values is None:
        return np.zeros((0, 0, 4), dtype)
    return np.rint(values * color.levels(dtype)).astype(dtype)


def _mask(layer: PSDLayer, dtype: type) -> LayerMask | None:
    mask = layer.mask
    if mask is None:
        return None
    values = np.rint(layer.numpy("mask")[..., 0] * color.levels(dtype)).astype(dtype)
    return LayerMask(values, mask.left, mask.top, mask.background_color == 255, not mask.disabled)


def _locks(layer: PSDLayer) -> Locks:
    said = layer.locks
    if said is None:
        return frozenset()
    found = {"transparency": said.transparency, "pixels": said.composite, "position": said.position}
    return frozenset(lock for lock, on in found.items() if on)


READER = Reader(
    name="psd-tools",
    formats=("psd", "psb"),
    tells=TREE | {"offsets", "pixels", "picture", "masks", "clipping", "locks", "profile", "resolution", "thumbnail"},
    missing=lambda: "",
    version=lambda: version("psd-tools"),
    open=_open,
)
