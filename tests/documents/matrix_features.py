"""The features of documents, each as a small stack with one idea in it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from document_stacks import glowing_scene, noise, shadowed_scene
from readers.profiles import wide_profile

from layersr import color
from layersr.layers import LOCKS, PASS_THROUGH, Group, Layer, LayerMask, LayerStack

WIDTH, HEIGHT = 48, 36

Make = Callable[[type], LayerStack]


@dataclass(frozen=True)
class Feature:
    """One idea of what documents can hold.

    Attributes:
        name: as the documentation's rows are called.
        about: the aspects (`matrix.ASPECTS`) a reader must tell for it to say that the feature is kept.
        make: the stack, for a depth.
    """

    name: str
    about: frozenset[str]
    make: Make


FEATURES: list[Feature] = []


def feature(name: str, *about: str) -> Callable[[Make], Make]:
    """Mark what makes the stack of a feature."""

    def mark(make: Make) -> Make:
        FEATURES.append(Feature(name, frozenset(about), make))
        return make

    return mark


def stack_of(feature: Feature, bits: int) -> LayerStack:
    """The stack of a feature at a depth."""
    return feature.make({8: np.uint8, 16: np.uint16}[bits])


def ground(dtype: type, width: int = WIDTH, height: int = HEIGHT) -> Layer:
    """Opaque, of every value."""
    pixels = noise(3, height, width, dtype)
    pixels[..., 3] = color.levels(dtype)
    return Layer("ground", pixels)


def soft(dtype: type, seed: int, height: int = 20, width: int = 24) -> np.ndarray:
    """A smooth colour with an edge that ends softly, and some grain."""
    rng, (y, x) = np.random.default_rng(seed), np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    colours = rng.uniform(0.1, 0.9, 3) + 0.1 * np.dstack([x, y, x * y]) + rng.uniform(-0.05, 0.05, (height, width, 3))
    alpha = np.clip(2 - 2 * np.hypot(x, y), 0, 1)
    return np.rint(np.clip(np.dstack([colours, alpha]), 0, 1) * color.levels(dtype)).astype(dtype)


def ramp(dtype: type, height: int, width: int) -> np.ndarray:
    """Mask values from nothing to all, finer than 8 bits where the depth is."""
    return np.repeat(np.linspace(0, color.levels(dtype), width).astype(dtype)[None], height, axis=0)


def document(dtype: type, *layers: Layer, **more: object) -> LayerStack:
    """A canvas with the layers on an opaque ground."""
    return LayerStack(WIDTH, HEIGHT, (ground(dtype), *layers), **{"resolution": (300.0, 300.0), **more})


def pair(dtype: type, *group: str, blend: str = "normal") -> tuple[Layer, Layer]:
    """Two layers that overlap."""
    return (
        Layer("lower", soft(dtype, 1), 6, 5, group=group),
        Layer("upper", soft(dtype, 2), 16, 11, blend=blend, group=group),
    )


@feature("positions, off the canvas too", "offsets", "pixels")
def _(dtype: type) -> LayerStack:
    corners = [(-9, -7), (37, -7), (-9, 25), (37, 25)]
    layers = (Layer(f"corner {n}", soft(dtype, n), x, y) for n, (x, y) in enumerate(corners))
    return document(dtype, *layers, Layer("grain", noise(5, 9, 11, dtype), 20, 14))


@feature("names: any writing, emoji, 255 letters", "names")
def _(dtype: type) -> LayerStack:
    names = ["猫と海 é", "👁️ eye 😀", "quo\"te's <&> \\ /", "x" * 255]
    layers = (Layer(name, soft(dtype, n, 9, 9), 4 * n, 3 * n) for n, name in enumerate(names))
    return document(dtype, *layers, Layer("inside", soft(dtype, 7), 20, 9, group=("組 😀",)))


@feature("layer opacity", "opacity")
def _(dtype: type) -> LayerStack:
    lower, upper = pair(dtype)
    return document(dtype, replace(lower, opacity=51 / 255), replace(upper, opacity=200 / 255))


@feature("blend mode: multiply", "blend")
def _(dtype: type) -> LayerStack:
    return document(dtype, *pair(dtype, blend="multiply"))


@feature("blend mode: screen", "blend")
def _(dtype: type) -> LayerStack:
    return document(dtype, *pair(dtype, blend="screen"))


@feature("hidden layer", "visibility")
def _(dtype: type) -> LayerStack:
    lower, upper = pair(dtype)
    return document(dtype, replace(lower, visible=False), upper)


@feature("hidden group", "tree", "visibility")
def _(dtype: type) -> LayerStack:
    return document(dtype, *pair(dtype, "group"), groups={("group",): Group(visible=False)})


@feature("groups in groups", "tree")
def _(dtype: type) -> LayerStack:
    lower, upper = pair(dtype, "outer", "inner")
    return document(dtype, lower, upper, Layer("outside", soft(dtype, 6), 22, 2, group=("outer",)))


@feature("group that passes through", "tree", "blend")
def _(dtype: type) -> LayerStack:
    lower, upper = pair(dtype, "group")
    return document(dtype, replace(lower, blend="multiply"), upper)


@feature("isolated group", "tree", "blend")
def _(dtype: type) -> LayerStack:
    return document(dtype, *pair(dtype, "group", blend="multiply"), groups={("group",): Group(blend="normal")})


@feature("blend mode of a group", "tree", "blend")
def _(dtype: type) -> LayerStack:
    return document(dtype, *pair(dtype, "group"), groups={("group",): Group(blend="multiply")})


@feature("opacity of an isolated group", "tree", "opacity")
def _(dtype: type) -> LayerStack:
    return document(dtype, *pair(dtype, "group"), groups={("group",): Group(102 / 255, blend="normal")})


@feature("opacity of a group that passes through", "tree", "opacity")
def _(dtype: type) -> LayerStack:
    return document(dtype, *pair(dtype, "group"), groups={("group",): Group(102 / 255)})


@feature("layer mask, hiding what is beyond it", "masks")
def _(dtype: type) -> LayerStack:
    lower, upper = pair(dtype)
    return document(dtype, replace(lower, mask=LayerMask(ramp(dtype, 14, 15), 10, 8)), upper)


@feature("layer mask, showing what is beyond it", "masks")
def _(dtype: type) -> LayerStack:
    lower, upper = pair(dtype)
    return document(dtype, replace(lower, mask=LayerMask(ramp(dtype, 14, 15), 10, 8, beyond=True)), upper)


@feature("layer mask that is switched off", "masks")
def _(dtype: type) -> LayerStack:
    lower, upper = pair(dtype)
    return document(dtype, replace(lower, mask=LayerMask(ramp(dtype, 20, 24), 6, 5, active=False)), upper)


@feature("group mask", "tree", "masks")
def _(dtype: type) -> LayerStack:
    group = Group(blend="normal", mask=LayerMask(ramp(dtype, HEIGHT, WIDTH)))
    return document(dtype, *pair(dtype, "group"), groups={("group",): group})


@feature("mask of a group that passes through", "tree", "masks")
def _(dtype: type) -> LayerStack:
    group = Group(blend=PASS_THROUGH, mask=LayerMask(ramp(dtype, HEIGHT, WIDTH)))
    return document(dtype, *pair(dtype, "group"), groups={("group",): group})


@feature("clipping", "clipping")
def _(dtype: type) -> LayerStack:
    lower, upper = pair(dtype)
    return document(dtype, replace(lower, opacity=204 / 255), replace(upper, clipped=True))


@feature("locks", "locks")
def _(dtype: type) -> LayerStack:
    """Each by itself, since readers know some of them; all at once on a layer and on a group."""
    sets = [LOCKS, *(frozenset({lock}) for lock in sorted(LOCKS))]
    layers = (Layer(f"locked {n}", soft(dtype, n), 7 * n, 5 * n, locks=locks) for n, locks in enumerate(sets))
    inside = Layer("inside", soft(dtype, 7), 20, 9, group=("group",))
    return document(dtype, *layers, inside, groups={("group",): Group(locks=LOCKS)})


@feature("shadow", "blend")
def _(dtype: type) -> LayerStack:
    return replace(shadowed_scene(dtype), resolution=(300.0, 300.0))


@feature("coloured glow, in groups", "blend")
def _(dtype: type) -> LayerStack:
    return replace(glowing_scene(dtype), resolution=(300.0, 300.0))


@feature("no opaque ground", "pixels")
def _(dtype: type) -> LayerStack:
    return LayerStack(WIDTH, HEIGHT, pair(dtype), resolution=(300.0, 300.0))


@feature("layer without pixels", "names")
def _(dtype: type) -> LayerStack:
    return document(dtype, Layer("nothing", np.zeros((0, 0, 4), dtype), 4, 5), *pair(dtype))


@feature("colour profile", "profile")
def _(dtype: type) -> LayerStack:
    return document(dtype, *pair(dtype), icc=wide_profile())


@feature("resolution", "resolution")
def _(dtype: type) -> LayerStack:
    return document(dtype, *pair(dtype), resolution=(240.0, 240.0))


@feature("preview picture", "thumbnail")
def _(dtype: type) -> LayerStack:
    wide = ground(dtype, 400, 240)
    wide = replace(wide, pixels=np.repeat(np.repeat(wide.pixels[::40, ::40], 40, axis=0), 40, axis=1))
    return LayerStack(400, 240, (wide, *pair(dtype)), resolution=(300.0, 300.0))


@feature("31,000 pixels wide", "offsets", "pixels")
def _(dtype: type) -> LayerStack:
    far = Layer("far", soft(dtype, 4, 4, 20), 30_975, 0)
    return LayerStack(31_000, 4, (ground(dtype, 31_000, 4), far), resolution=(300.0, 300.0))
