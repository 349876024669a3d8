"""Layer by layer against flat, the same network in both: `python tests/benchmarks/layerwise.py`.

Scenes, whose layers are known: one to four held-apart Noto emoji over BSDS photographs, 320 x 320; or, with
`--pictures`, held-apart cut-outs over held-apart pictures, 576 x 576. Every layer is shrunk by the mean of its blocks,
and so is the picture. *Flat* enlarges the picture; *oracle* enlarges the true layers,
sealed to the picture; *estimated* those that layersr finds by itself. PSNR against the large picture, in a band of 6
pixels along the elements' edges and over all of it; how well the result shrinks back; and how far an element's colours
are from the truth where it is half transparent, against enlarging its straight RGBA. Not a test: run by hand.

`--speed`: the time for a picture of 1024 x 1024 with five elements, smaller ones and larger ones, against the same
network on the flat picture, in tiles of the same size; the least of three runs each, taking turns.
"""

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

import layersr
from layersr import backends, color, pipeline, upscaling
from layersr.blocks import means
from layersr.flattening import flatten
from layersr.layers import Image, Layer, LayerStack
from layersr.seal import seal
from layersr.training.pictures import find
from layersr.upscaling.back_projection import back_project
from layersr.upscaling.in_tiles import enlarge

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("LAYERSR_DATA", ROOT.parent / "shared" / "data"))
BAND, SEED = 6, 4


@dataclass(frozen=True, eq=False)
class Scene:
    """A large picture, its layers from the ground up (straight RGBA, float32), and where their edges show."""

    picture: np.ndarray
    layers: list[np.ndarray]
    edges: np.ndarray


def scenes(count: int, pictures: bool = False) -> list[Scene]:
    """Always the same."""
    rng = np.random.default_rng(SEED)
    if pictures:
        side, grounds = 576, [q.read() for q in find(DATA) if q.held_apart]
    else:
        files = sorted(p for p in (DATA / "saliency" / "bsds500").rglob("*") if p.suffix in (".jpg", ".png", ".webp"))
        side, grounds = 320, [cv2.cvtColor(cv2.imread(str(p)), cv2.COLOR_BGR2RGB) for p in files]
    grounds = [g for g in grounds if min(g.shape[:2]) >= side]
    cutouts = [c for c in find(DATA, ("cutouts",)) if c.held_apart and (pictures or "noto_emoji" in c.path.parts)]
    things = [t for t in (c.read_cutout() for c in cutouts) if t is not None and min(t.shape[:2]) > 100]
    return [_scene(grounds[rng.integers(len(grounds))], things, side, rng) for _ in range(count)]


def _scene(
    ground: np.ndarray,
    things: list[np.ndarray],
    side: int,
    rng: np.random.Generator,
    count: int | None = None,
    sizes: tuple[float, float] = (0.2, 0.55),
) -> Scene:
    top, left = (int(rng.integers(n - side + 1)) for n in ground.shape[:2])
    picture = ground[top : top + side, left : left + side].astype(np.float32) / 255
    layers, edges = [np.dstack([picture, np.ones((side, side), np.float32)])], np.zeros((side, side), bool)
    for _ in range(int(rng.integers(1, 5)) if count is None else count):
        thing = things[rng.integers(len(things))].astype(np.float32) / 255
        thing[..., :3] *= thing[..., 3:]
        size, middle = side * rng.uniform(*sizes), side * rng.uniform(0.18, 0.82, 2)
        factor = size / max(thing.shape[:2])
        if factor < 1:
            thing = cv2.resize(thing, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        move = cv2.getRotationMatrix2D((thing.shape[1] / 2, thing.shape[0] / 2), rng.normal(0, 15), 1)
        move[:, 2] += middle - np.array(thing.shape[1::-1]) / 2
        placed = np.clip(cv2.warpAffine(thing, move, (side, side), flags=cv2.INTER_LINEAR), 0, 1)
        alpha = placed[..., 3:]
        picture = placed[..., :3] + picture * (1 - alpha)
        around = cv2.dilate(alpha, np.ones((3, 3), np.uint8)) != cv2.erode(alpha, np.ones((3, 3), np.uint8))
        edges = (edges & (alpha[..., 0] < 1)) | around
        layers.append(np.dstack([placed[..., :3] / np.maximum(alpha, 1e-4), alpha]))
    near = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (BAND - 1, BAND - 1))
    return Scene(picture, layers, cv2.dilate(edges.astype(np.uint8), near) > 0)


def shrunk(scene: Scene, scale: int) -> tuple[Image, LayerStack]:
    """The small picture, and the true small layers sealed to it; 8 bit."""
    small = color.to_depth(
        np.dstack([means(scene.picture, scale), np.ones([n // scale for n in scene.edges.shape])]), np.uint8
    )
    layers = []
    for number, layer in enumerate(scene.layers):
        alpha = cv2.resize(layer[..., 3], None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA)
        colour = means(np.ascontiguousarray(layer[..., :3] * layer[..., 3:]), scale)
        rgba = color.to_depth(np.dstack([colour / np.maximum(alpha, 1e-4)[..., None], alpha]).clip(0, 1), np.uint8)
        rows, columns = (np.flatnonzero((rgba[..., 3] > 0).any(axis=a)) for a in (1, 0))
        box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        layers.append(Layer(str(number), rgba[box], left=int(columns[0]), top=int(rows[0])))
    stack = LayerStack(small.shape[1], small.shape[0], tuple(layers))
    return Image(small), seal(stack, small)


def decibels(a: np.ndarray, b: np.ndarray, where: np.ndarray | None = None) -> float:
    """PSNR over some pixels."""
    error = ((a - b) ** 2).mean(axis=2)
    return float(-10 * np.log10((error if where is None else error[where]).mean() + 1e-10))


def colour_error(scene: Scene, stack: LayerStack) -> tuple[float, float]:
    """Mean absolute error of the elements' colours where they are half transparent, weighted by alpha: sum, weight."""
    total = weight = 0.0
    for layer, truth in zip(stack.layers[1:], scene.layers[1:], strict=True):
        own = np.zeros(truth.shape, np.float32)
        own[layer.top : layer.top + layer.height, layer.left : layer.left + layer.width] = color.to_float(layer.pixels)
        soft = (truth[..., 3] > 0) & (truth[..., 3] < 1) & (own[..., 3] > 0)
        share = truth[..., 3][soft]
        total += float((np.abs(own[soft][:, :3] - truth[soft][:, :3]).mean(axis=1) * share).sum())
        weight += float(share.sum())
    return total, weight


def straight(stack: LayerStack, upscaler: layersr.roles.Upscaler, scale: int) -> LayerStack:
    """The usual way: every layer's straight colours, black where it is transparent, and its alpha by cubic."""
    layers = []
    for layer in stack.layers:
        values = color.to_float(layer.pixels)
        colour = upscaler(np.ascontiguousarray(values[..., :3] * (values[..., 3:] > 0)), scale)
        size = colour.shape[1::-1]
        alpha = cv2.resize(np.ascontiguousarray(values[..., 3]), size, interpolation=cv2.INTER_CUBIC)
        pixels = color.to_depth(np.dstack([colour, alpha]).clip(0, 1), np.uint8)
        layers.append(Layer(layer.name, pixels, layer.left * scale, layer.top * scale))
    return LayerStack(stack.width * scale, stack.height * scale, tuple(layers))


def speed(
    upscaler: layersr.roles.Upscaler, mattes: layersr.roles.AlphaUpscaler, scale: int, sizes: tuple[float, float]
) -> str:
    """A row that says how long layers take, and how long the flat picture."""
    side = 1024
    ground, rng = next(q.read() for q in find(DATA) if q.held_apart), np.random.default_rng(SEED)
    things = [c.read_cutout() for c in find(DATA, ("cutouts",)) if c.held_apart]
    ground = cv2.resize(ground, (side, side), interpolation=cv2.INTER_CUBIC)
    _, stack = shrunk(_scene(ground, [t for t in things if t is not None], side, rng, 5, sizes), 1)
    picture, whole = color.over_black(flatten(stack)), np.ones((side, side), bool)
    best = {"flat": np.inf, "layers": np.inf}
    for _ in range(3):
        begun = time.perf_counter()
        enlarge(lambda seen: upscaler(picture[seen], scale), np.empty((side * scale, side * scale, 3), np.float32),
                whole, scale)  # fmt: skip
        best["flat"] = min(best["flat"], time.perf_counter() - begun)
        begun = time.perf_counter()
        upscaling.upscale(stack, upscaler, mattes, scale)
        best["layers"] = min(best["layers"], time.perf_counter() - begun)
    covered = sum(layer.width * layer.height for layer in stack.layers[1:]) / side**2
    return (
        f"flat {best['flat']:.1f} s, layer by layer {best['layers']:.1f} s, {best['layers'] / best['flat']:.2f} times; "
        f"the elements' boxes are {covered:.0%} of the picture"
    )


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=int, default=4)
    parser.add_argument("--scenes", type=int, default=40)
    parser.add_argument("--upscale", default="layersr")
    parser.add_argument("--alpha", default="layersr")
    parser.add_argument("--pictures", action="store_true")
    parser.add_argument("--context", action="store_true")
    parser.add_argument("--skip-estimated", action="store_true")
    parser.add_argument("--speed", action="store_true")
    chosen = parser.parse_args()
    upscaler, mattes = (backends.load(r, n) for r, n in (("upscale", chosen.upscale), ("alpha", chosen.alpha)))
    if chosen.speed:
        for sizes in ((0.15, 0.35), (0.2, 0.55)):
            print(speed(upscaler, mattes, chosen.scale, sizes))
        return
    recipe = layersr.Recipe(scale=chosen.scale)
    rows: dict[str, list[tuple[float, float, float, float]]] = {}
    fringe = {"usual": np.zeros(2), "oracle": np.zeros(2)}
    for scene in scenes(chosen.scenes, chosen.pictures):
        image, oracle = shrunk(scene, chosen.scale)
        given = color.to_float(image.pixels)[..., :3]

        def note(name: str, large: np.ndarray, begun: float, scene: Scene = scene, given: np.ndarray = given) -> None:
            row = decibels(large, scene.picture, scene.edges), decibels(large, scene.picture)
            back = decibels(means(large, chosen.scale), given)
            rows.setdefault(name, []).append((*row, back, time.perf_counter() - begun))

        begun = time.perf_counter()
        flat = np.clip(upscaler(np.ascontiguousarray(given), chosen.scale), 0, 1)
        note("flat", flat, begun)
        note("flat, back-projected", back_project(flat, np.ascontiguousarray(given), chosen.scale), begun)
        begun = time.perf_counter()
        large = upscaling.upscale(oracle, upscaler, mattes, chosen.scale, context=chosen.context)
        note("oracle layers", color.to_float(flatten(large))[..., :3], begun)
        fringe["oracle"] += colour_error(scene, large)
        fringe["usual"] += colour_error(scene, straight(oracle, upscaler, chosen.scale))
        if not chosen.skip_estimated:
            found = pipeline.decompose(image, recipe)
            begun = time.perf_counter()
            large = upscaling.upscale(found, upscaler, mattes, chosen.scale, context=chosen.context)
            note("estimated layers", color.to_float(flatten(large))[..., :3], begun)
    print(
        "| way | edge band, dB | all, dB | shrinks back, dB | worst against flat, all, dB | s |"
        "\n|---|---|---|---|---|---|"
    )
    base = np.array(rows["flat"])[:, 1]
    for name, values in rows.items():
        edge, whole, back, seconds = np.array(values).T
        print(f"| {name} | {edge.mean():.2f} | {whole.mean():.2f} | {back.min():.1f} at least | "
              f"{(whole - base).min():+.2f} | {seconds.mean():.2f} |")  # fmt: skip
    for name, (total, weight) in fringe.items():
        print(f"colour error where an element is half transparent, {name}: {255 * total / weight:.2f} of 255")


if __name__ == "__main__":
    main()
