"""How well pictures are taken apart: `python tests/benchmarks/decompose.py [--scenes N] [--jobs N] [--ask box|point]`.

Scenes, seeded, of 512 pixels whose stack is known: one to eight cut-outs held apart from training, over grounds with no
subject of their own (flat, gradient, noise) or over pictures held apart. Each is taken apart at scale 1 by the default
backends, with nothing asked or with one box or point for every element. Visible alphas are matched for IoU, found and
false; whole ones for order, edges, hidden areas and LayerD's protocol. False elements are counted where the ground has
no subject, since what a photograph shows by itself has no truth; scenes without any element are among those.

`--pages`: the pages of Pepper&Carrot with their true layers: of the speech bubbles, how many are lifted with their
lettering at an IoU above 0.7. Needs the third-party pictures that `LAYERSR_DATA` names. Not a test: run by hand.
"""

import argparse
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np

import layersr
from layersr import color, documents, pipeline
from layersr.flattening import flatten
from layersr.layers import Image, Layer, LayerStack
from layersr.recipe import Recipe
from layersr.score import Score, score
from layersr.seal import seal
from layersr.training.pictures import find

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("LAYERSR_DATA", ROOT.parent / "shared" / "data"))
SIDE, SEED, EMPTY = 512, 11, 0.1
LIFTED = 0.7
"""IoU above which a bubble counts as lifted."""


@dataclass(frozen=True)
class Row:
    """One scene's figures; `plain` where the ground has no subject."""

    plain: bool
    visible: Score
    whole: Score


def scene(number: int) -> tuple[bool, LayerStack]:
    """Scene `number`, always the same: whether its ground has no subject, and its layers, sealed to their picture."""
    rng = np.random.default_rng([SEED, number])
    plain = bool(rng.random() < 0.5)
    ground = plain_ground(rng) if plain else photograph(rng)
    stack = [Layer("ground", np.dstack([ground, np.full((SIDE, SIDE), 255, np.uint8)]))]
    things = cutouts()
    for _ in range(0 if plain and rng.random() < 2 * EMPTY else int(rng.integers(1, 9))):
        thing = things[rng.integers(len(things))].read_cutout()
        if thing is None:
            continue
        premultiplied = thing.astype(np.float32) / 255
        premultiplied[..., :3] *= premultiplied[..., 3:]
        factor = SIDE * np.exp(rng.uniform(np.log(0.12), np.log(0.55))) / max(thing.shape[:2])
        kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        placed = cv2.resize(premultiplied, None, fx=factor, fy=factor, interpolation=kind)
        straight = color.unpremultiply(placed[..., :3], placed[..., 3])
        pixels = color.to_depth(np.dstack([straight, placed[..., 3]]).clip(0, 1), np.uint8)
        left, top = (int(rng.integers(-n // 4, SIDE - 3 * n // 4)) for n in pixels.shape[1::-1])
        stack.append(Layer(f"thing {len(stack)}", pixels, left, top))
    known = LayerStack(SIDE, SIDE, tuple(stack))
    known = known.with_layers(
        tuple(layer for n, layer in enumerate(known.layers) if n == 0 or shown(known, n).sum() > 50)
    )
    return plain, seal(known, flatten(known))


def plain_ground(rng: np.random.Generator) -> np.ndarray:
    """Flat, a gradient, or soft noise; with grain."""
    colours = rng.uniform(0.05, 0.95, (2, 3))
    share = np.zeros((SIDE, SIDE))
    kind = rng.integers(3)
    if kind == 1:
        turn = rng.uniform(0, 2 * np.pi)
        rows, columns = np.indices((SIDE, SIDE)) / SIDE
        share = 0.5 + (rows - 0.5) * np.sin(turn) + (columns - 0.5) * np.cos(turn)
    elif kind == 2:
        share = cv2.resize(rng.random((6, 6)), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    picture = colours[0] + share[..., None] * (colours[1] - colours[0]) + rng.normal(0, 0.01, (SIDE, SIDE, 1))
    return np.rint(picture.clip(0, 1) * 255).astype(np.uint8)


def photograph(rng: np.random.Generator) -> np.ndarray:
    """A square of a picture held apart."""
    pictures = [p for p in find(DATA) if p.held_apart]
    picture = pictures[rng.integers(len(pictures))].read()
    side = min(picture.shape[:2])
    top, left = (int(rng.integers(n - side + 1)) for n in picture.shape[:2])
    kind = cv2.INTER_AREA if side > SIDE else cv2.INTER_CUBIC
    return cv2.resize(picture[top : top + side, left : left + side], (SIDE, SIDE), interpolation=kind)


def cutouts() -> list:
    """Things held apart; glows, puffs and bare tiles are no things."""
    no_things = ("light-masks", "particle", "smoke", "splat", "foliage", "sketch")
    found = [c for c in find(DATA, ("cutouts",)) if c.held_apart]
    return [c for c in found if not any(word in str(c.path) for word in no_things)]


def shown(stack: LayerStack, index: int) -> np.ndarray:
    """What is seen of a layer's alpha, on the canvas."""
    clear = np.ones((stack.height, stack.width), np.float32)
    for n in range(len(stack.layers) - 1, index - 1, -1):
        if n != index and stack.layers[n].light is not None:
            continue
        canvas, own = stack.layers[n].on_canvas(stack.width, stack.height)
        alpha = np.zeros_like(clear)
        alpha[canvas] = color.to_float(stack.layers[n].pixels[own][..., 3])
        if n == index:
            return alpha * clear
        clear *= 1 - alpha
    raise AssertionError(index)


def as_shown(stack: LayerStack) -> LayerStack:
    """The same layers with what is seen of them only."""
    layers = list(stack.layers[:1])
    for n, layer in enumerate(stack.layers[1:], start=1):
        canvas, own = layer.on_canvas(stack.width, stack.height)
        pixels = layer.pixels.copy()
        pixels[..., 3] = 0
        pixels[own][..., 3] = color.to_depth(shown(stack, n), stack.dtype)[canvas]
        layers.append(replace(layer, pixels=pixels, provenance=None))
    return stack.with_layers(tuple(layers))


def wishes(stack: LayerStack, kind: str) -> dict:
    """A box or a point for every element, from the top down, as an artist would give them."""
    boxes, points = [], []
    for n in range(len(stack.layers) - 1, 0, -1):
        seen = shown(stack, n) > 0.5
        if not seen.any():
            continue
        rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
        boxes.append((int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1))
        depth = cv2.distanceTransform(np.pad(seen, 1).astype(np.uint8), cv2.DIST_L2, 5)
        row, column = np.unravel_index(depth.argmax(), depth.shape)
        points.append((int(column) - 1, int(row) - 1))
    asked = {"box": {"boxes": tuple(boxes)}, "point": {"points": tuple(points)}}[kind]
    return {**asked, "detect": "none", "max_layers": len(boxes)}


def run(ask: str | None, granularity: float, number: int) -> Row:
    """Take one scene apart and score it."""
    cv2.setNumThreads(1)
    plain, truth = scene(number)
    picture = flatten(truth)
    found = pipeline.decompose(
        Image(picture), Recipe(scale=1, granularity=granularity, **(wishes(truth, ask) if ask else {}))
    )
    return Row(plain, score(as_shown(found), as_shown(truth), picture), score(found, truth, picture))


def table(rows: list[Row]) -> Iterator[str]:
    """The figures."""
    some = [row for row in rows if row.visible.elements]
    count = sum(row.visible.elements for row in some)

    def mean(name: str) -> str:
        values = [value for row in some if (value := getattr(row.whole, name)) is not None]
        return f"{np.mean(values):.4f}" if values else "-"

    orders = [row.whole.order_accuracy for row in some if row.whole.order_accuracy is not None]
    pairs = [pair for row in some for pair in row.whole.pairs]
    both = [pair for pair in pairs if pair.found]
    plain = [row.visible.false_elements for row in rows if row.plain]
    yield f"{len(rows)} scenes, {count} elements"
    yield f"matched soft IoU      {sum(row.visible.alpha_iou * row.visible.elements for row in some) / count:.3f}"
    yield f"found (IoU > 0.5)     {sum(row.visible.found * row.visible.elements for row in some) / count:.1%}"
    yield f"false elements        {np.mean(plain):.2f} a scene, on {len(plain)} grounds without a subject"
    yield f"order accuracy        {np.mean(orders):.1%} (mean of {len(orders)} scenes where elements overlap)"
    yield f"pairs in order        {sum(p.right for p in pairs)} of {len(pairs)}"
    yield f"... both of them found {sum(p.right for p in both)} of {len(both)}"
    for some_pairs, name in ((pairs, "order by overlap"), (both, "... of those found")):
        weights = [pair.overlap for pair in some_pairs]
        yield f"{name:<21} {np.average([pair.right for pair in some_pairs], weights=weights):.1%}" if weights else name
    yield f"flattens exactly      {np.mean([row.whole.recomposition.identical for row in rows]):.1%} of the scenes"
    for name in ("edge", "gradient", "contamination", "hidden", "over_segmented", "under_segmented"):
        yield f"{name:<21} {mean(name)}"
    for merges in range(6):
        edited = [row.whole.layerd[merges] for row in rows if row.whole.layerd]
        rgb, iou = np.mean([e.rgb for e in edited]), np.mean([e.alpha_iou for e in edited])
        yield f"LayerD, {merges} merges      {rgb:.4f} / {iou:.4f} (RGB L1 / alpha IoU)"


def page(path: Path) -> tuple[str, int, int]:
    """A page: its name, how many bubbles it has, and how many were lifted with their lettering."""
    stack = documents.read(path)
    picture = flatten(stack)
    found = pipeline.decompose(Image(picture), Recipe(scale=1))
    mattes = [shown(found, n) for n in range(1, len(found.layers))]
    bubbles, text = (shown(stack.with_layers(stack.layers[:n]), n - 1) for n in (2, 3))
    _, parts, stats, _ = cv2.connectedComponentsWithStats((bubbles > 0.5).astype(np.uint8))
    total = lifted = 0
    for number in range(1, len(stats)):
        if stats[number, cv2.CC_STAT_AREA] < 0.001 * parts.size:
            continue
        # A bubble's own lettering lies within its outline; the layer of bubbles goes on below it.
        truth = np.where(
            cv2.dilate((parts == number).astype(np.uint8), np.ones((3, 3))) > 0, np.maximum(bubbles, text), 0
        )
        iou = [np.minimum(m, truth).sum() / np.maximum(m, truth).sum() for m in mattes]
        total += 1
        lifted += max(iou, default=0) > LIFTED
    return path.name, total, lifted


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--granularity", type=float, default=0.5)
    parser.add_argument("--ask", choices=["box", "point"])
    parser.add_argument("--pages", action="store_true")
    chosen = parser.parse_args()
    print(f"layersr {layersr.__version__}, default backends")
    with ProcessPoolExecutor(chosen.jobs) as pool:
        if chosen.pages:
            pages = sorted((DATA / "layered" / "peppercarrot").glob("*.ora"))
            found = list(pool.map(page, pages))
            for name, total, lifted in found:
                print(f"{name}: {lifted} of {total} bubbles")
            total, lifted = (sum(row[n] for row in found) for n in (1, 2))
            print(f"lifted {lifted / total:.1%} of {total} bubbles")
            return
        work = partial(run, chosen.ask, chosen.granularity)
        for line in table(list(pool.map(work, range(chosen.scenes)))):
            print(line)


if __name__ == "__main__":
    main()
