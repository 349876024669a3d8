"""Detectors on composed scenes of held-apart pictures and cut-outs."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from layersr.backends import load
from layersr.roles import Detection, Detector
from layersr.training.scenes import Scene, compose
from layersr.training.things import gather

SIDE, SEED = 512, 2026
LEAST = 0.42
"""The score from which the program lifts what was detected, at the default granularity."""


@dataclass(frozen=True)
class Count:
    """What a detector did in one scene.

    Attributes:
        overlap: soft intersection over union of all it found with all that lies on top; None where nothing does.
        found: elements on top that one of its detections matches with a soft IoU above 0.5.
        elements: how many there are.
        false: detections that match no element of the scene so well, whether on top or covered.
        seconds: how long it took.
    """

    overlap: float | None
    found: int
    elements: int
    false: int
    seconds: float


def scenes(data: Path, count: int = 200, side: int = SIDE) -> list[Scene]:
    """Scenes of pictures and cut-outs that trained nothing; always the same."""
    material = gather(data, side, apart=True)
    rng = np.random.default_rng(SEED)
    shapes = ((1, 1), (0.75, 1), (1, 0.75))
    return [
        compose(material, rng, *(round(side * f) for f in shapes[k % len(shapes)])) for k in range(count)
    ]  # fmt: skip


def count(scene: Scene, detections: Sequence[Detection], seconds: float) -> Count:
    """Compare with the truth."""
    top = scene.top
    said = np.zeros_like(top)
    for detection in detections:
        said = np.maximum(said, detection.mask)
    table = np.array([[iou(d.mask, v) for v in scene.visible] for d in detections])
    table = table.reshape(len(detections), len(scene.visible))
    best = table.max(axis=0, initial=0)[np.array(scene.on_top, bool)] if scene.visible else np.zeros(0)
    overlap = iou(said, top) if top.any() else None
    return Count(overlap, int((best > 0.5).sum()), len(best), int((table.max(axis=1, initial=0) <= 0.5).sum()), seconds)


def iou(a: np.ndarray, b: np.ndarray) -> float:
    """Soft intersection over union."""
    return float(np.minimum(a, b).sum() / max(np.maximum(a, b).sum(), 1e-6))


def measure(detector: Detector, some: Sequence[Scene], least: float = LEAST) -> list[Count]:
    """Run a detector over scenes."""
    counts = []
    for scene in some:
        begun = time.perf_counter()
        found = [d for d in detector(scene.image) if d.score >= least]
        counts.append(count(scene, found, time.perf_counter() - begun))
    return counts


def row(name: str, counts: Sequence[Count]) -> str:
    """A row of the table."""
    overlaps = [c.overlap for c in counts if c.overlap is not None]
    empty = [c.false for c in counts if c.elements == 0]
    found = sum(c.found for c in counts) / max(1, sum(c.elements for c in counts))
    false = np.mean([c.false for c in counts])
    return (
        f"| {name} | {np.mean(overlaps):.3f} | {found:.0%} | {false:.2f} | "
        f"{np.mean(empty) if empty else float('nan'):.2f} | {np.mean([c.seconds for c in counts]):.2f} |"
    )


def rows(data: Path, say: Callable[[str], None] | None = None) -> list[str]:
    """A Markdown table: our detector and the classic one on 200 scenes."""
    some = scenes(data)
    head = f"| detector, {len(some)} scenes held apart | soft IoU | found | false/scene | false/empty scene | s |"
    table = [head, "|---|---|---|---|---|---|"]
    for name in ("classic", "layersr"):
        table.append(row(name, measure(load("detect", name), some)))
        if say:
            say(table[-1])
    return table
