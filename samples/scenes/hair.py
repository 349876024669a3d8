"""The sitter's hair: combed into a knot, with loose wisps in the light."""

import cv2
import numpy as np

from scenes.brushes import Brush, paint
from scenes.forms import depth, hairs, inside, mix, noise, polygon, ramp, rgb, smooth, spline
from scenes.studio import Picture

HAIR = ("#1f0d0a", "#4a2114", "#8a4624", "#c98546", "#f6cf8e")
CROWN = (
    (322, 236), (318, 216), (330, 186), (368, 152), (420, 134), (478, 138), (530, 162), (568, 204), (590, 256),
    (592, 312), (578, 370), (556, 424), (528, 470), (508, 500), (492, 494), (484, 466), (485, 430), (476, 398),
    (454, 384), (434, 383), (422, 390), (412, 397), (404, 392), (396, 356), (378, 322), (352, 290), (334, 262),
)  # fmt: skip


def combed(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The way the hair is combed: in arcs over the head, below them straight to the knot."""
    over = np.stack([520 - y, x - 455])
    knot = np.stack([612 - x, 336 - y])
    way = toward(over / np.maximum(np.hypot(*over), 1), knot / np.maximum(np.hypot(*knot), 1), smooth(330, 440, y))
    return way[0], way[1]


def toward(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """From field a to field b by t."""
    return a + (b - a) * t


def comb(rng: np.random.Generator, start: np.ndarray, steps: int) -> np.ndarray:
    """A strand of the combed hair from `start`, a little out of line."""
    path, bend = [start], rng.normal(0, 0.05)
    for _ in range(steps):
        dx, dy = combed(np.float64(path[-1][0]), np.float64(path[-1][1]))
        path.append(path[-1] + 6 * np.array([dx - bend * dy, dy + bend * dx]))
    return np.stack(path)


def tone(rng: np.random.Generator, low: float, high: float) -> np.ndarray:
    """The colour of one strand."""
    return ramp(np.array(rng.uniform(low, high)), *HAIR)


def add_hair(picture: Picture) -> None:
    """Hair combed back from the brow into a knot."""
    rng = picture.rng("hair")
    frame = picture.frame(280, 90, 720, 560)
    x, y = frame.grid()
    crown = polygon(frame, spline(CROWN, closed=True))
    bun_f = 1 - np.hypot((x - 612) / 66, (y - 336) / 74)
    bun = inside(bun_f * 66 + 2 * noise(rng, x / 14, y / 14, 2))
    flow = np.arctan2(*combed(x, y)[::-1])
    around = np.arctan2(y - 520, x - 455)
    low = smooth(330, 440, y)
    sweep = toward(np.hypot(x - 455, y - 520), 560 + 190 * np.arctan2(336 - y, 612 - x), low)
    coil = np.arctan2((y - 336) / 74, (x - 612) / 66)
    spiral = np.hypot((x - 612) / 66, (y - 336) / 74) * 2.6 + coil / (2 * np.pi)
    band = noise(rng, sweep / 8, around * 1.6 + 5, 3)
    sheen = np.exp(-(((around + 2.0 + 0.05 * band) / 0.17) ** 2)) + 0.45 * np.exp(
        -(((around + 1.25 + 0.06 * band) / 0.16) ** 2)
    )
    sheen = sheen * (1 - low)
    level = (
        0.34
        + 0.22 * band
        + 0.36 * sheen
        + 0.16 * np.exp(-depth(frame, crown) / 10) * smooth(330, 180, y)
        - 0.2 * smooth(330, 500, y)
    )
    coils = (
        0.34
        + 0.24 * np.sin(spiral * 2 * np.pi + 1.5 * noise(rng, x / 26, y / 26, 2))
        + 0.16 * noise(rng, spiral * 9, coil * 2 + 9, 2)
        - 0.22 * (y - 336) / 74
        - 0.1 * (x - 612) / 66
    )
    level = np.where(bun > 0.5, coils - 0.2 * smooth(0.2, 0, bun_f), level - 0.3 * np.exp(-np.maximum(-bun_f, 0) * 9))
    target = ramp(level, *HAIR)
    alpha = np.maximum(crown, bun)
    angle = np.where(bun > 0.5, coil + np.pi / 2 + 0.35, flow)
    colour = paint(
        frame, target, angle, rng,
        [Brush(46, 6.5, 2.4, 0.03, 0.2), Brush(34, 3.4, 2.4, 0.03, 0.16, 0.02), Brush(24, 1.7, 2.2, 0.03, 0.14, 0.06)],
        alpha, relief=0.6,
    )  # fmt: skip
    strands = []
    outline = spline(CROWN, closed=True)
    while len(strands) < 620:
        flyaway = len(strands) < 170
        root = outline[rng.integers(0, len(outline))] + rng.normal(0, 1.2 if flyaway else 40, 2)
        if not flyaway and cv2.pointPolygonTest(outline.astype(np.float32), root.tolist(), True) < 5:
            continue
        strand = comb(rng, root, int(rng.integers(4, 13) if flyaway else rng.integers(8, 22)))
        column, row = np.clip(frame.fine(strand[len(strand) // 2]), 0, np.array(frame.shape[::-1]) - 1).astype(int)
        shade = level[row, column] + rng.normal(0.1, 0.15)
        strands.append((strand, rng.uniform(0.5, 1.1), 0.25, tone(rng, shade, shade)))
    for _ in range(150):
        turn, size = rng.uniform(0, 2 * np.pi), rng.uniform(0.25, 1.02)
        phi = turn + np.linspace(0, rng.uniform(0.6, 1.6), 14)
        ring = np.stack([612 + 66 * size * np.cos(phi), 336 + 74 * size * np.sin(phi)], 1)
        strands.append((ring, rng.uniform(0.5, 1.0), 0.3, tone(rng, 0.3, 0.95)))
    ink, lines = hairs(frame, strands, rgb(HAIR[2]))
    over = lines * (0.4 + 0.6 * (1 - alpha))
    colour = mix(colour, ink, over)
    picture.add("hair", frame, colour, np.maximum(alpha, 0.85 * lines), ("woman",))


def curl(p0: np.ndarray, way: np.ndarray, p3: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A loose strand: leaves p0 along `way`, drifts to p3 with a last turn."""
    t = np.linspace(0, 1, 26)[:, None]
    long = np.linalg.norm(p3 - p0)
    p1 = p0 + way / np.linalg.norm(way) * long * rng.uniform(0.35, 0.6)
    p2 = p3 - np.array([rng.normal(0, 0.3), 0.25]) * long * rng.uniform(0.3, 0.6)
    path = (1 - t) ** 3 * p0 + 3 * (1 - t) ** 2 * t * p1 + 3 * (1 - t) * t * t * p2 + t**3 * p3
    side = np.array([-(p3 - p0)[1], (p3 - p0)[0]])
    return path + side * rng.normal(0, 0.035) * np.sin(2 * np.pi * rng.uniform(0.8, 1.6) * t) * t


WISPS = (
    ((330, 196), (356, 168), (-0.5, -1.0), (-66, 34), 9, 16, 0.5),
    ((392, 330), (404, 412), (-0.35, 1.0), (-16, 138), 15, 12, 0.35),
    ((486, 490), (520, 486), (0.25, 1.0), (22, 112), 30, 24, 0.2),
    ((530, 466), (560, 424), (0.7, 0.8), (84, 116), 20, 30, 0.4),
    ((660, 290), (676, 350), (0.9, -0.5), (64, -66), 15, 26, 0.6),
    ((662, 370), (640, 404), (0.9, 0.5), (76, 58), 17, 28, 0.5),
    ((420, 138), (520, 158), (1.0, -0.35), (96, -28), 20, 22, 0.6),
    ((540, 172), (590, 246), (0.9, -0.2), (100, -34), 20, 28, 0.6),
)
"""Where wisps leave the hair (from, to), which way, how far they get, how many, how far apart they end, how light."""


def add_wisps(picture: Picture) -> None:
    """Loose strands at the brow, the temple, the nape and round the knot, in the light."""
    rng = picture.rng("wisps")
    frame = picture.frame(180, 60, 768, 760)
    strands = []
    for first, last, way, far, count, apart, light in WISPS:
        for _ in range(count):
            root = np.array(first) + (np.array(last) - first) * rng.uniform() + rng.normal(0, 2.5, 2)
            root = root - np.array(way) * rng.uniform(4, 16)
            tip = root + np.array(far) * rng.uniform(0.35, 1.25) + rng.normal(0, apart, 2) * 0.8
            strand = curl(root, np.array(way) + rng.normal(0, 0.22, 2), tip, rng)
            strands.append((strand, rng.uniform(0.5, 1.15), 0.12, tone(rng, light, min(1.0, light + 0.5))))
    ink, lines = hairs(frame, strands, rgb(HAIR[3]))
    picture.add("wisps", frame, ink, np.clip(lines * 0.95, 0, 1), ("woman",))
