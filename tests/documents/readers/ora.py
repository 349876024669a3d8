"""pyora: reads OpenRaster at 8 bit, and composites by itself."""

import io
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from layersr.documents.ora import OPERATORS
from layersr.layers import PASS_THROUGH, Group, Layer, LayerStack
from readers import TREE, Reader, Seen

_BLENDS = {operator: name for name, operator in OPERATORS.items()}


def _missing() -> str:
    return "" if find_spec("pyora") else "pyora not found: pip install 'layersr[readers]'"


def _open(paths: Sequence[Path]) -> dict[Path, Seen | None]:
    return {path: _seen(path) for path in paths}


def _seen(path: Path) -> Seen:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyora import Project

        project = Project.load(str(path))
        layers: list[Layer] = []
        groups: dict[tuple[str, ...], Group] = {}
        _collect(list(project.children), (), layers, groups)
        picture = np.asarray(project.get_image_data().convert("RGBA"))
        thumbnail = np.asarray(Image.open(io.BytesIO(project.extract_thumbnail(str(path)))).convert("RGB"))
    resolution = project.ppi
    width, height = project.dimensions
    stack = LayerStack(
        width, height, tuple(layers), groups=groups, resolution=resolution and tuple(map(float, resolution))
    )
    return Seen(stack, picture, None, thumbnail)


def _collect(items: Sequence, path: tuple[str, ...], layers: list[Layer], groups: dict[tuple[str, ...], Group]) -> None:
    for item in reversed(items):  # uppermost first
        blend = _BLENDS.get(item.composite_op or "svg:src-over", str(item.composite_op))
        if item.is_group:
            within = (*path, item.name)
            through = blend == "normal" and not item.isolated
            groups[within] = Group(item.opacity, item.visible, PASS_THROUGH if through else blend)
            _collect(list(item.children), within, layers, groups)
        else:
            pixels = np.array(item.get_image_data(raw=True).convert("RGBA"))
            layers.append(Layer(item.name, pixels, *item.offsets, item.opacity, item.visible, blend, path))


READER = Reader(
    name="pyora",
    formats=("ora",),
    tells=TREE | {"offsets", "pixels", "picture", "resolution", "thumbnail"},
    missing=_missing,
    version=lambda: version("pyora"),
    open=_open,
)
