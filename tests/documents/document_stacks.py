"""Stacks to write: any that hypothesis can think of, and what it means that two are the same."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from layersr import color, documents
from layersr.documents.named_groups import same, same_mask
from layersr.flattening import flatten
from layersr.groups import runs
from layersr.layers import CREDITS, LOCKS, PASS_THROUGH, Group, Layer, LayerMask, LayerStack
from layersr.seal import seal

OTHER_PROFILE = color.srgb_profile()[:-1] + b"\x01"
"""A profile that is not the one layersr writes by itself."""

SPECIAL_NAMES = [
    "",
    "猫と海",
    "👁️ eye 😀",
    "quo\"te's <&> \\ / \t\n",
    "x" * 255,
    "é" * 300,
    "a\0b",
    "\x07",
    "\ud800",
    "CON",
    ".",
]

locks = st.frozensets(st.sampled_from(sorted(LOCKS)))
names = st.sampled_from(SPECIAL_NAMES) | st.text(max_size=12)
BLENDS = [*color.BLEND, "hue", "vivid-light", "mode of another world"]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(0, 1) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def noise(seed: int, height: int, width: int, dtype: type) -> np.ndarray:
    """Pixels with long runs, noise, transparent parts that keep their colours, and opaque parts."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, color.levels(dtype) + 1, (height, width, 4)).astype(dtype)
    if height and width:
        pixels[: rng.integers(height + 1), :, rng.integers(4)] = rng.integers(256)
        pixels[:, : rng.integers(width + 1), 3] = rng.choice([0, color.levels(dtype)])
    return pixels


@st.composite
def masks(draw: st.DrawFn, dtype: type) -> LayerMask:
    size, seed = (draw(st.integers(0, 20)), draw(st.integers(0, 20))), draw(st.integers(0, 2**16))
    return LayerMask(
        values=np.random.default_rng(seed).integers(0, color.levels(dtype) + 1, size).astype(dtype),
        left=draw(st.integers(-30, 50)),
        top=draw(st.integers(-30, 50)),
        beyond=draw(st.booleans()),
        active=draw(st.booleans()),
    )


@st.composite
def groups(draw: st.DrawFn, dtype: type, masked: bool) -> Group:
    return Group(
        opacity=draw(st.integers(0, 255)) / 255,
        visible=draw(st.booleans()),
        blend=draw(st.sampled_from([PASS_THROUGH, *color.BLEND])),
        mask=draw(st.none() | masks(dtype)) if masked else None,
        locks=draw(locks),
    )


@st.composite
def layers(draw: st.DrawFn, dtype: type, masked: bool = True) -> Layer:
    width, height = draw(st.integers(0, 20)), draw(st.integers(0, 20))
    seed = draw(st.integers(0, 2**16))
    codes = np.random.default_rng(seed).integers(0, 4, (height, width)).astype(np.uint8)
    return Layer(
        name=draw(names),
        pixels=noise(seed, height, width, dtype),
        left=draw(st.integers(-30, 50)),
        top=draw(st.integers(-30, 50)),
        opacity=draw(st.integers(0, 255)) / 255,
        visible=draw(st.booleans()),
        blend=draw(st.sampled_from(BLENDS)),
        group=tuple(draw(st.lists(st.sampled_from(["a", "b", "", "組\0", "👁"]), max_size=3))),
        mask=draw(st.none() | masks(dtype)) if masked else None,
        locks=draw(locks),
        provenance=codes if draw(st.booleans()) else None,
        facts=draw(st.dictionaries(st.text(max_size=3), json_values, max_size=3)),
    )


@st.composite
def stacks(draw: st.DrawFn, masked: bool = True) -> LayerStack:
    dtype = draw(st.sampled_from([np.uint8, np.uint16]))
    found = tuple(draw(st.lists(layers(dtype, masked), max_size=4)))
    if masked:
        same_group = [n > 0 and layer.group == found[n - 1].group for n, layer in enumerate(found)]
        found = tuple(
            replace(x, clipped=near and draw(st.booleans())) for x, near in zip(found, same_group, strict=True)
        )
    paths = sorted({layer.group[:k] for layer in found for k in range(1, len(layer.group) + 1)})
    settings = {path: draw(groups(dtype, masked)) for path in paths if draw(st.booleans())}
    return LayerStack(
        width=draw(st.integers(1, 40)),
        height=draw(st.integers(1, 40)),
        layers=found,
        groups={path: group for path, group in settings.items() if not group.usual},
        icc=draw(st.sampled_from([None, OTHER_PROFILE])),
        resolution=draw(st.none() | st.tuples(st.floats(1, 2400), st.floats(1, 2400))),
        credits=draw(st.dictionaries(st.sampled_from(CREDITS), names | st.text(max_size=30), max_size=4)),
        recipe=draw(st.sampled_from(["", "scale = 2\r\nseed = 7\n", "# 猫\n"])),
    )


def clipped_to_something(stack: LayerStack) -> LayerStack:
    """The stack without the mark of clipping on layers that have nothing to be clipped to."""
    runs_of_layers = [what for kind, what in runs(stack.layers) if kind == "layers"]
    return stack.with_layers(tuple(replace(x, clipped=n > 0) for run in runs_of_layers for n, x in enumerate(run)))


def scene(dtype: type, seed: int = 0, width: int = 96, height: int = 64) -> LayerStack:
    """An ordinary document: an opaque background and soft elements over it, some in groups."""
    rng = np.random.default_rng(seed)
    top = color.levels(dtype)

    def soft(h: int, w: int) -> np.ndarray:
        y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
        ramp = np.stack([x * 0.3 + 0.5, y * 0.4 + 0.5, (x * y + 1) / 2, np.clip(2 - 2 * np.hypot(x, y), 0, 1)], axis=2)
        ramp[..., :3] = np.clip(ramp[..., :3] * rng.uniform(0.5, 1.0, 3) + rng.uniform(-0.05, 0.05, (h, w, 3)), 0, 1)
        return np.rint(ramp * top).astype(dtype)

    background = soft(height, width)
    background[..., 3] = top
    return LayerStack(
        width,
        height,
        (
            Layer("background", background),
            Layer("soft 猫", soft(40, 50), 10, 5),
            Layer('in a "group" 😀', soft(30, 30), -8, 40, opacity=128 / 255, group=("outer",)),
            Layer("hidden", soft(20, 20), 60, 10, visible=False, group=("outer", "inner & more")),
            Layer("deep", soft(25, 35), 75, 45, group=("outer", "inner & more")),
            Layer("on top", soft(16, 16), 30, 30, opacity=200 / 255),
        ),
        resolution=(300.0, 300.0),
    )


def off(stack: LayerStack, picture: np.ndarray) -> float:
    """How far a picture is from the exact one, before that was rounded to 8 bits; premultiplied, in 1/255."""
    if stack.dtype == np.uint8:
        wide = tuple(replace(widened(layer), pixels=layer.pixels.astype(np.uint16) * 257) for layer in stack.layers)
        groups = {path: widened(group) for path, group in stack.groups.items()}
        stack = replace(stack, layers=wide, groups=groups)
    ours, theirs = (array / color.levels(array.dtype) for array in (flatten(stack), picture))
    ours, theirs = (np.dstack([array[..., :3] * array[..., 3:], array[..., 3]]) for array in (ours, theirs))
    return 255 * float(np.abs(ours - theirs).max())


def widened(owner: Layer | Group) -> Layer | Group:
    """A layer or group with its mask at 16 bit."""
    mask = owner.mask
    return owner if mask is None else replace(owner, mask=replace(mask, values=mask.values.astype(np.uint16) * 257))


def assert_same(one: LayerStack, other: LayerStack) -> None:
    assert (one.width, one.height, one.icc, one.resolution) == (other.width, other.height, other.icc, other.resolution)
    assert (one.recipe, one.dtype, len(one.layers)) == (other.recipe, other.dtype, len(other.layers))
    assert dict(one.credits) == dict(other.credits)
    assert set(one.groups) == set(other.groups)
    assert all(same(group, other.groups[path]) for path, group in one.groups.items())
    for a, b in zip(one.layers, other.layers, strict=True):
        assert np.array_equal(a.pixels, b.pixels)
        assert a.pixels.dtype == b.pixels.dtype
        for field in ("name", "left", "top", "opacity", "visible", "blend", "group", "clipped", "locks"):
            assert getattr(a, field) == getattr(b, field), field
        assert dict(a.facts) == dict(b.facts)
        assert (a.mask is None) == (b.mask is None)
        assert a.mask is None or same_mask(a.mask, b.mask)
        assert (a.provenance is None) == (b.provenance is None)
        if a.provenance is not None:
            assert np.array_equal(a.provenance, b.provenance)


def assert_comes_back(stack: LayerStack, path: Path) -> None:
    """`read(write(s)) == s`, twice with the same bytes."""
    documents.write(stack, path)
    again = documents.read(path)
    assert_same(stack, again)
    assert again.notes == ()
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    before = [(file.name, file.read_bytes()) for file in files]
    documents.write(again, path)
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    assert before == [(file.name, file.read_bytes()) for file in files]


def masked_scene(dtype: type, for_krita: bool = False) -> LayerStack:
    """`scene` with masks, one of them not in force, with a clipped layer, and with groups that are more than folders.

    Krita 5.1.5 takes every mask of a PSD for one in force.
    """
    stack, top = scene(dtype), color.levels(dtype)
    ramp = np.repeat(np.linspace(0, top, stack.width).astype(dtype)[None], stack.height, axis=0)
    lowest, soft, *rest = stack.layers
    lowest = lowest if for_krita else replace(lowest, mask=LayerMask(ramp, active=False))
    soft = replace(soft, mask=LayerMask(ramp[:40, :30], 20, 8, beyond=True))
    rest[-1] = replace(rest[-1], mask=LayerMask(ramp[:10, 50:60], 32, 34))
    rest.append(replace(soft, name="clipped", left=34, top=26, mask=None, clipped=True, blend="screen"))
    groups = {
        ("outer",): Group(153 / 255, True, "multiply", LayerMask(ramp)),
        ("outer", "inner & more"): Group(204 / 255, blend="normal"),
    }
    return replace(stack, layers=(lowest, soft, *rest), groups=groups)


def shadowed_scene(dtype: type) -> LayerStack:
    """A soft shadow between a ground and what casts it, as `decompose` makes them, sealed to a picture."""
    top = np.iinfo(dtype).max
    rows, columns = np.indices((64, 96))
    near = np.clip(1 - np.hypot(rows - 30, columns - 45) / 26, 0, 1)
    shadow = np.dstack([np.zeros((64, 96, 3)), 0.6 * near])
    disc = np.dstack([np.full((64, 96, 3), 0.8), np.clip(14.5 - np.hypot(rows - 26, columns - 40), 0, 1)])
    layers = (
        Layer("ground", noise(7, 64, 96, dtype)),
        Layer("disc, shadow", np.rint(shadow * top).astype(dtype), blend="multiply", group=("disc and shadow",)),
        Layer("disc", np.rint(disc * top).astype(dtype), group=("disc and shadow",)),
    )
    layers[0].pixels[..., 3] = top
    stack = LayerStack(96, 64, layers)
    return seal(stack, flatten(stack))


def glowing_scene(dtype: type) -> LayerStack:
    """A warm glow between a ground and what sheds it, in a group in a group, sealed to a picture."""
    scene = shadowed_scene(dtype)
    ground, light, disc = scene.layers
    pixels = light.pixels.copy()
    pixels[..., :3] = np.rint(np.array([1.0, 0.7, 0.2]) * np.iinfo(dtype).max)
    group = ("4 alike", "disc and glow")
    light = replace(light, name="disc, glow", pixels=pixels, blend="screen", group=group)
    stack = scene.with_layers((ground, light, replace(disc, group=group)))
    return seal(stack, flatten(stack))
