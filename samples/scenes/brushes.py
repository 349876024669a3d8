"""Oil paint: strokes of many bristles that follow a direction field, with relief, after a target colour.

The order of work is Hertzmann's (Painterly Rendering with Curved Brush Strokes of Multiple Sizes, 1998): broad strokes
first, finer ones only where the picture is still far from the target; a stroke ends where the target leaves its colour.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from scenes.studio import Frame

SHIFT = 4
"""Fractional bits of the coordinates given to OpenCV."""


@dataclass(frozen=True)
class Brush:
    """One size of brush and the way it is used.

    Attributes:
        length: of a stroke, design units.
        width: of a stroke, design units.
        cover: how many times the strokes would cover the area.
        jitter: standard deviation of a stroke's brightness.
        tolerance: colour distance at which a stroke ends.
        error: strokes are only laid where paint and target differ by more.
    """

    length: float
    width: float
    cover: float = 1.5
    jitter: float = 0.02
    tolerance: float = 0.16
    error: float = 0.0


class Canvas:
    """Wet paint on a frame: colour and height, 8 bit each, on the fine grid."""

    def __init__(self, frame: Frame, ground: np.ndarray) -> None:
        self.frame = frame
        self.paint = np.full((*frame.shape, 4), 128, np.uint8)
        self.paint[..., :3] = np.clip(ground, 0, 1) * 255

    def colour(self, relief: float = 0.5) -> np.ndarray:
        """The paint in slanting light from the upper left, RGB in [0, 1]."""
        height = cv2.GaussianBlur(self.paint[..., 3].astype(np.float32) / 255, (0, 0), 0.5 + 0.35 * self.frame.scale)
        slope = cv2.Sobel(height, cv2.CV_32F, 1, 0) + cv2.Sobel(height, cv2.CV_32F, 0, 1)
        light = 1 + relief * np.clip(-slope * 0.12, -0.12, 0.12)
        return np.clip(self.paint[..., :3].astype(np.float32) / 255 * light[..., None], 0, 1)


def stroke_seeds(
    canvas: Canvas, target: np.ndarray, brush: Brush, rng: np.random.Generator, where: np.ndarray | None
) -> np.ndarray:
    """Where strokes begin: a jittered grid, in random order, thinned where nothing needs paint; fine pixels (n, 2)."""
    rows, columns = canvas.frame.shape
    gap = max(1.5, np.sqrt(brush.length * brush.width / brush.cover) * canvas.frame.unit)
    x, y = np.meshgrid(np.arange(0, columns + gap, gap), np.arange(0, rows + gap, gap))
    seeds = np.stack([x.ravel(), y.ravel()], 1) + rng.uniform(-0.5, 0.5, (x.size, 2)) * gap
    seeds = seeds[rng.permutation(len(seeds))]
    c, r = np.clip(np.rint(seeds), 0, [columns - 1, rows - 1]).astype(int).T
    keep = np.ones(len(seeds), bool) if where is None else where[r, c]
    if brush.error > 0:
        size = max(1.0, brush.width * canvas.frame.unit * 0.5)
        painted = cv2.GaussianBlur(canvas.paint[..., :3], (0, 0), size).astype(np.float32) / 255
        keep = keep & (np.abs(painted - target).sum(2)[r, c] > brush.error)
    return seeds[keep]


def lay(
    canvas: Canvas,
    target: np.ndarray,
    angle: np.ndarray,
    brush: Brush,
    rng: np.random.Generator,
    where: np.ndarray | None = None,
) -> None:
    """Lay strokes of one brush.

    Args:
        canvas: the wet paint, changed in place.
        target: RGB in [0, 1] on the fine grid.
        angle: direction of the strokes, radians, on the fine grid.
        brush: their size.
        rng: random numbers.
        where: only there strokes begin.
    """
    rows, columns = canvas.frame.shape
    unit = canvas.frame.unit
    seeds = stroke_seeds(canvas, target, brush, rng, where)
    if not len(seeds):
        return
    step = max(1.5, brush.width * unit * 0.6)
    steps = int(np.clip(round(brush.length * unit / step), 2, 14))
    step = brush.length * unit / steps

    def at(field: np.ndarray, points: np.ndarray) -> np.ndarray:
        c, r = np.clip(np.rint(points), 0, [columns - 1, rows - 1]).astype(int).T
        return field[r, c]

    colours = at(target, seeds)
    sign = rng.choice([-1.0, 1.0], len(seeds))
    reach = rng.uniform(0.7, 1.3, len(seeds)) * step
    points, directions = [seeds], []
    here, alive = seeds, np.ones(len(seeds), bool)
    for _ in range(steps):
        theta = at(angle, here)
        direction = np.stack([np.cos(theta), np.sin(theta)], 1) * sign[:, None]
        there = here + direction * (reach * alive)[:, None]
        alive = alive & (np.abs(at(target, there) - colours).sum(1) < brush.tolerance * 3)
        here = np.where(alive[:, None], there, here)
        points.append(here)
        directions.append(direction)
    path = np.stack(points, 1)
    normal = np.stack([directions[0], *directions], 1)[..., ::-1] * [-1.0, 1.0]
    draw_bristles(canvas, path, normal, colours, brush, rng)


def draw_bristles(
    canvas: Canvas, path: np.ndarray, normal: np.ndarray, colours: np.ndarray, brush: Brush, rng: np.random.Generator
) -> None:
    """Draw strokes along `path` (n, k, 2), each as a flat bundle of bristles in three tones and heights."""
    wide = brush.width * canvas.frame.unit
    bristles = int(np.clip(round(wide / 1.7), 2, 12))
    thick = max(1, round(wide / bristles * 1.35))
    k = path.shape[1]
    profile = 0.7 + 0.3 * np.sin(np.linspace(0.25, np.pi * 0.95, k))
    offset = np.linspace(-0.5, 0.5, bristles)
    base = colours + rng.normal(0, brush.jitter, (len(path), 1)) + rng.normal(0, brush.jitter * 0.45, (len(path), 3))
    tones = rng.normal(0, brush.jitter * 0.7, (len(path), 3))
    heights = rng.integers(70, 190, (len(path), 3))
    groups = np.sort(rng.integers(0, 3, (len(path), bristles)), 1)
    first = rng.integers(0, 2, (len(path), bristles))
    last = k - rng.integers(0, 2 if k < 5 else 3, (len(path), bristles))
    order = rng.permutation(3)
    for i in range(len(path)):
        lines = path[i][None] + normal[i][None] * (offset[:, None] * profile)[..., None] * wide
        lines = np.rint(lines * (1 << SHIFT)).astype(np.int32)
        for g in order:
            chosen = [lines[b, first[i, b] : last[i, b]] for b in np.flatnonzero(groups[i] == g)]
            if chosen:
                tone = np.clip((base[i] + tones[i, g]) * 255, 0, 255)
                cv2.polylines(
                    canvas.paint, chosen, False, (*map(float, tone), float(heights[i, g])), thick, cv2.LINE_AA, SHIFT
                )


def paint(
    frame: Frame,
    target: np.ndarray,
    angle: np.ndarray | float,
    rng: np.random.Generator,
    brushes: list[Brush],
    where: np.ndarray | None = None,
    relief: float = 0.5,
) -> np.ndarray:
    """The whole of it: ground, then brush after brush; RGB in [0, 1] on the fine grid, everywhere in the frame.

    `where` (coverage or boolean) limits the work to a shape and a little beyond its edge.
    """
    angle = np.broadcast_to(np.float32(angle), frame.shape)
    target = np.clip(target, 0, 1).astype(np.float32)
    if where is not None:
        margin = 2 * int(3 + max(b.width for b in brushes) * frame.unit * 0.5) + 1
        where = cv2.dilate((where > 0).astype(np.uint8), np.ones((margin, margin), np.uint8)) > 0
    canvas = Canvas(frame, target)
    for brush in brushes:
        lay(canvas, target, angle, brush, rng, where)
    return canvas.colour(relief)
