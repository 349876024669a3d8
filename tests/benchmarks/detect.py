"""How well the classic detector finds whole things: `python tests/benchmarks/detect.py [--pictures DIR] [--fit]`.

Scene sets, all seeded: the project's own samples with their true layers, composites of 1 to 8 cut-outs over plain
grounds (flat, gradient) and over photographs and paintings (needs the third-party pictures that `LAYERSR_DATA` names),
and grounds alone, in which nothing must be found. What a photograph shows by itself has no truth: detections that keep
clear of every true element count as *own*, not as false, there. Not a test: run by hand.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from layersr.backends import saliency
from layersr.documents import read

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("LAYERSR_DATA", ROOT.parent / "shared" / "data"))
SIDE = 640
THRESHOLD = 0.42
"""`decomposing.choosing.Limits.confidence` at the default granularity."""

NO_THINGS = ("light-masks", "particle", "smoke", "splat", "foliage", "sketch")
"""Folders of cut-outs that are glows, puffs, bare silhouettes or tiles."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A picture, its elements' visible alphas, and unions of them that are no mistake (groups)."""

    kind: str
    name: str
    image: np.ndarray
    elements: list[np.ndarray]
    unions: list[np.ndarray] = field(default_factory=list)


def samples() -> Iterator[Scene]:
    """The project's own pictures; shadows are no things and have no say."""
    for path in sorted((ROOT / "samples").glob("*.truth.ora")):
        stack = read(path)
        factor = SIDE / max(stack.width, stack.height)
        size = (round(stack.width * factor), round(stack.height * factor))
        image = cv2.cvtColor(cv2.imread(str(path).replace(".truth.ora", ".png")), cv2.COLOR_BGR2RGB)
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        clear = np.ones((stack.height, stack.width), np.float32)
        elements, groups = [], {}
        for layer in reversed(stack.layers[1:]):
            canvas, own = layer.on_canvas(stack.width, stack.height)
            alpha = np.zeros(clear.shape, np.float32)
            alpha[canvas] = layer.pixels[own][..., 3] / np.float32(np.iinfo(stack.dtype).max) * layer.opacity
            seen = cv2.resize(alpha * clear, size, interpolation=cv2.INTER_AREA)
            clear *= 1 - alpha
            if "shadow" in layer.name or seen.sum() < 20:
                continue
            elements.append(seen)
            groups.setdefault(layer.group, []).append(seen)
        yield Scene("samples", path.name.split(".")[0], image, elements, [sum(g) for g in groups.values()])


def pictures(*folders: str) -> list[Path]:
    """Third-party pictures below some folders whose licence lets networks learn from them, in a stable order."""
    closed = set()
    for top in {folder.split("/")[0] for folder in folders if (DATA / folder).is_dir()}:
        rows = (DATA / top / "SOURCES.md").read_text(encoding="utf-8").splitlines()
        closed |= {DATA / top / row.split("|")[1].strip() for row in rows if row.startswith("| ") and "Pexels" in row}
    found = (p for folder in folders for p in (DATA / folder).rglob("*"))
    return sorted(p for p in found if p.suffix in (".webp", ".jpg", ".png") and p not in closed)


def ground(rng: np.random.Generator, kind: str, paths: list[Path]) -> np.ndarray:
    """A background, (h, w, 3)."""
    height, width = (SIDE, 512) if rng.random() < 0.3 else (512, SIDE)
    colour = rng.random((2, 3)).astype(np.float32)
    if kind == "flat":
        picture = np.broadcast_to(colour[0], (height, width, 3)).copy()
    elif kind == "gradient":
        angle = rng.random() * 2 * np.pi
        rows, columns = np.indices((height, width), np.float32) / SIDE
        t = np.clip(0.5 + (rows - 0.4) * np.sin(angle) + (columns - 0.5) * np.cos(angle), 0, 1)[..., None]
        picture = (colour[0] * (1 - t) + (0.6 * colour[0] + 0.4 * colour[1]) * t).astype(np.float32)
    else:
        found = cv2.imread(str(paths[rng.integers(len(paths))]))
        found = cv2.cvtColor(found, cv2.COLOR_BGR2RGB).astype(np.float32) / 255
        factor = max(width / found.shape[1], height / found.shape[0])
        found = cv2.resize(found, None, fx=factor * 1.001, fy=factor * 1.001, interpolation=cv2.INTER_AREA)
        return found[:height, :width]
    grain = rng.normal(0, 1, (height, width, 1)).astype(np.float32)
    brush = cv2.blur(grain, (9, 3))[..., None] * rng.choice([0, 0.03, 0.1]) + grain * rng.choice([0, 0.01, 0.03])
    return np.clip(picture + brush, 0, 1).astype(np.float32)


def painted(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """The picture as if painted: contours wander, brush strokes show, tones draw together."""
    height, width = image.shape[:2]
    wander = [cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 2) * 5 for _ in range(2)]
    rows, columns = np.indices((height, width), np.float32)
    much = rng.uniform(0, 2)
    columns, rows = columns + much * wander[0], rows + much * wander[1]
    image = cv2.remap(image, columns, rows, cv2.INTER_LINEAR, None, cv2.BORDER_REFLECT)
    angle = rng.random() * np.pi
    stroke = np.zeros((15, 15), np.float32)
    along = 7 * np.cos(angle), 7 * np.sin(angle)
    cv2.line(stroke, (round(7 - along[0]), round(7 - along[1])), (round(7 + along[0]), round(7 + along[1])), 1)
    strokes = cv2.filter2D(rng.normal(0, 1, (height, width, 3)).astype(np.float32), -1, stroke / stroke.sum())
    strokes = 0.7 * strokes.mean(axis=2, keepdims=True) * 1.7 + 0.3 * strokes
    mean = image.mean(axis=(0, 1))
    image = mean + (image - mean) * rng.uniform(0.6, 1)
    return np.clip(image + strokes * rng.uniform(0, 0.2), 0, 1).astype(np.float32)


def composite(seed: int, kind: str, cutouts: list[Path], paths: list[Path], paint: bool = False) -> Scene:
    """1 to 8 cut-outs over a ground, overlapping by chance; `paint`: up to 20, small, coloured like the ground."""
    rng = np.random.default_rng(seed)
    image = ground(rng, kind, paths)
    mean, near = image.mean(axis=(0, 1)), rng.uniform(0, 0.5) if paint else 0.0
    height, width = image.shape[:2]
    alphas: list[np.ndarray] = []
    most, least = (21, 14) if paint else (9, 24)
    for _ in range(rng.integers(1, most)):
        rgba = cv2.imread(str(cutouts[rng.integers(len(cutouts))]), cv2.IMREAD_UNCHANGED)
        if rgba.ndim != 3 or rgba.shape[2] != 4:
            continue
        rgba = cv2.cvtColor(rgba, cv2.COLOR_BGRA2RGBA).astype(np.float32) / 255
        rows, columns = np.nonzero(rgba[..., 3] > 0.02)
        if rows.size < 30:
            continue
        rgba = rgba[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        rgba[..., :3] = ((1 - near) * rgba[..., :3] + near * mean) * rgba[..., 3:]
        factor = np.exp(rng.uniform(np.log(least), np.log(260))) / max(rgba.shape[:2])
        rgba = cv2.resize(
            rgba, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        )
        h, w = rgba.shape[:2]
        left, top = rng.integers(-w // 6, width - w + w // 6 + 1), rng.integers(-h // 6, height - h + h // 6 + 1)
        move = np.float32([[1, 0, left], [0, 1, top]])
        placed = np.clip(cv2.warpAffine(rgba, move, (width, height)), 0, 1)
        image = placed[..., :3] + image * (1 - placed[..., 3:])
        alphas = [a * (1 - placed[..., 3]) for a in alphas] + [placed[..., 3]]
    if paint:
        image = painted(rng, image)
    return Scene("plain" if kind in ("flat", "gradient") else "busy", f"{kind} {seed}", image.astype(np.float32),
                 [a for a in alphas if a.sum() >= (70 if paint else 150)])  # fmt: skip


def composites(first: int, count: int, paint: bool = False) -> Iterator[Scene]:
    """Half over plain grounds, half over photographs and paintings."""
    cutouts = [p for p in pictures("cutouts") if any(k in str(p) for k in ("noto_emoji", "kenney"))]
    cutouts = [p for p in cutouts if not any(k in str(p) for k in NO_THINGS)
               and not p.name.startswith(("noise", "light"))]  # fmt: skip
    kinds = {"flat": [], "photo": pictures("photos"), "gradient": [], "painting": pictures("paintings")}
    if not cutouts:
        print(f"no third-party pictures at {DATA}: set LAYERSR_DATA", file=sys.stderr)
        return
    for seed in range(first, first + count):
        kind = list(kinds)[seed % len(kinds)]
        yield composite(seed, kind, cutouts, kinds[kind], paint)


def grounds(first: int = 0, count: int = 24) -> Iterator[Scene]:
    """Nothing but background: flat, gradients with grain, and the calmest of twelve crops of photographs, if calm."""
    photos = pictures("photos/budgie", "photos/elementary", "photos/unsplash", "photos/pop-os")
    for seed in range(first, first + count):
        rng = np.random.default_rng(seed)
        kind = ("flat", "gradient", "photo")[seed % 3]
        if kind == "photo" and not photos:
            continue
        image = ground(rng, kind, photos)
        if kind == "photo":
            corners = [
                (rng.integers(0, image.shape[0] - 256), rng.integers(0, image.shape[1] - 256)) for _ in range(12)
            ]
            crops = [image[y : y + 256, x : x + 256] for y, x in corners]
            busy = [float(cv2.absdiff(cv2.blur(c, (9, 9)), cv2.blur(c, (65, 65))).max()) for c in crops]
            if min(busy) > 0.25:
                continue  # things on it
            image = cv2.resize(crops[int(np.argmin(busy))], (512, 512), interpolation=cv2.INTER_CUBIC)
        yield Scene("nothing", f"{kind} {seed}", np.clip(image, 0, 1), [])


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Soft intersection over union."""
    return float(np.minimum(a, b).sum() / max(np.maximum(a, b).sum(), 1e-6))


def judge(scene: Scene, detections: list) -> dict[str, float]:
    """What was found, and what was made up."""
    table = np.array([[overlap(d.mask, e) for e in scene.elements] for d in detections])
    table = table.reshape(len(detections), len(scene.elements))
    best = table.max(axis=0, initial=0)
    false = own = 0
    everything = np.clip(sum(scene.elements), 0, 1) if scene.elements else np.zeros(scene.image.shape[:2])
    for row, d in zip(table, detections, strict=True):
        if row.max(initial=0) >= 0.3 or any(overlap(d.mask, u) >= 0.5 for u in scene.unions):
            continue
        if scene.kind == "busy" and (d.mask * everything).sum() < 0.1 * d.mask.sum():
            own += 1
        else:
            false += 1
    return {"things": len(best), "iou": float(best.sum()), "found": int((best > 0.5).sum()), "false": false, "own": own}


def overlay(image: np.ndarray, detections: list) -> np.ndarray:
    """The picture beside itself with every detection in its own colour, best first in hue."""
    shown = image * 0.45
    for k, d in enumerate(detections):
        hue = np.uint8([[[(k * 47) % 180, 255, 255]]])
        colour = cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)[0, 0] / 255
        shown = shown + d.mask[..., None] * (0.3 * colour + 0.35 * image)
        line = cv2.morphologyEx((d.mask > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
        shown = np.where(line[..., None], colour, shown)
    shown = np.ascontiguousarray(np.clip(shown, 0, 1) * 255).astype(np.uint8)
    for d in detections:
        ys, xs = np.nonzero(d.mask > 0.5)
        if len(ys):
            at = (int(xs.mean()) - 12, int(ys.mean()))
            cv2.putText(shown, f"{d.score:.2f}", at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1)
    return np.hstack([image, shown.astype(np.float32) / 255]).astype(np.float32)


def save(path: Path, picture: np.ndarray) -> None:
    """Write an RGB float picture."""
    cv2.imwrite(str(path), cv2.cvtColor(np.rint(picture * 255).astype(np.uint8), cv2.COLOR_RGB2BGR))


def main() -> None:
    """Run the sets and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fit", action="store_true", help="print weights fitted on other scenes, and leave")
    parser.add_argument("--pictures", type=Path, help="write overlays here")
    parser.add_argument("--only", help="one of samples, plain, busy, nothing")
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    if options.fit:
        clean = [*composites(1000, 100), *grounds(1000, 20)]
        fit([*clean, *composites(2000, 120, paint=True), *grounds(2000, 24)])
        return
    detect = saliency.SaliencyDetector()
    sums: dict[str, dict[str, float]] = {}
    for scene in [*samples(), *composites(0, 40), *grounds()]:
        if options.only not in (None, scene.kind):
            continue
        start = time.perf_counter()
        detections = detect(scene.image)
        seconds = time.perf_counter() - start
        detections = [d for d in detections if d.score >= THRESHOLD]
        one = {"scenes": 1, **judge(scene, detections), "seconds": seconds}
        if options.verbose or scene.kind == "samples":
            print(scene.kind, scene.name, {k: round(v, 2) for k, v in one.items()})
        total = sums.setdefault(scene.kind, dict.fromkeys(one, 0))
        for key, value in one.items():
            total[key] += value
        if options.pictures:
            options.pictures.mkdir(parents=True, exist_ok=True)
            save(
                options.pictures / f"{scene.kind} {scene.name}.png".replace(" ", "_"), overlay(scene.image, detections)
            )
    print(f"{'set':8} {'scenes':>6} {'things':>6} {'IoU':>6} {'found':>6} {'false/sc':>8} {'own/sc':>7} {'s':>6}")
    for kind, t in sums.items():
        n, things = t["scenes"], max(1, t["things"])
        print(f"{kind:8} {n:6.0f} {things:6.0f} {t['iou'] / things:6.3f} {t['found'] / things:6.1%}", end=" ")
        print(f"{t['false'] / n:8.2f} {t['own'] / n:7.2f} {t['seconds'] / n:6.2f}")


def fit(scenes: list[Scene], steps: int = 12, epochs: int = 40) -> None:
    """Fit the model of `wholeness.py` and print it.

    Each candidate should score how well it covers the visible part of one true element: 0 up to IoU 0.4, 1 from 0.75.
    """
    rows, wanted, weights = [], [], []
    for scene in scenes:
        graph, members, measures = saliency.considered(scene.image)
        flat, n = graph.labels.ravel(), len(graph)
        cover = [np.bincount(flat, e.ravel(), minlength=n) for e in scene.elements]
        cover = np.array(cover, np.float64).reshape(len(cover), n).T
        common, area = members @ cover, members @ graph.area * flat.size
        iou = common / (area[:, None] + cover.sum(axis=0) - common)
        rows.append(measures)
        wanted.append(np.clip((iou.max(axis=1, initial=0) - 0.4) / 0.35, 0, 1))
        # What a photograph shows by itself may well be a thing.
        weight = 1.5 if scene.kind == "nothing" else 1.0
        weights.append(np.where((scene.kind == "busy") & (common.sum(axis=1) < 0.2 * area), 0.25, weight))
    x, y, w = np.concatenate(rows).astype(np.float64), np.concatenate(wanted), np.concatenate(weights)
    middle, spread = x.mean(axis=0), x.std(axis=0) + 1e-6
    inner, inner_bias, outer, outer_bias = _adam((x - middle) / spread, y, w, steps, epochs)
    inner = inner / spread[:, None]
    inner_bias = inner_bias - middle @ inner
    with np.printoptions(precision=3, suppress=True, linewidth=116, threshold=10**6, floatmode="fixed"):
        for name, table in (("STEPS", np.vstack([inner, inner_bias]).T), ("SUM", np.append(outer, outer_bias))):
            print(f"{name} = np.array(\n    {np.array2string(table, separator=', ', prefix='    ')}\n)")


def _adam(
    x: np.ndarray, y: np.ndarray, w: np.ndarray, steps: int, epochs: int, decay: float = 3e-4, seed: int = 2
) -> list[np.ndarray]:
    """Weights of a perceptron with one hidden layer (tanh) under weighted cross entropy (Kingma and Ba, 2015)."""
    rng = np.random.default_rng(seed)
    p = [rng.normal(0, 0.3, (x.shape[1], steps)), np.zeros(steps), rng.normal(0, 0.3, steps), np.zeros(1)]
    first, second = [np.zeros_like(v) for v in p], [np.zeros_like(v) for v in p]
    t = 0
    for epoch in range(epochs):
        rate = 0.01 * (1 - epoch / epochs) + 1e-4
        for batch in np.array_split(rng.permutation(len(x)), max(1, len(x) // 2048)):
            hidden = np.tanh(x[batch] @ p[0] + p[1])
            error = w[batch] * (1 / (1 + np.exp(-(hidden @ p[2] + p[3]))) - y[batch]) / len(batch)
            back = error[:, None] * p[2] * (1 - hidden**2)
            t += 1
            for k, g in enumerate((x[batch].T @ back, back.sum(axis=0), hidden.T @ error, error.sum(keepdims=True))):
                g = g + decay * p[k]
                first[k] = 0.9 * first[k] + 0.1 * g
                second[k] = 0.999 * second[k] + 0.001 * g * g
                p[k] = p[k] - rate * (first[k] / (1 - 0.9**t)) / (np.sqrt(second[k] / (1 - 0.999**t)) + 1e-8)
    return p


if __name__ == "__main__":
    main()
