"""One painted eye: lids, eyeball, iris and lashes, complete, on a layer of its own."""

from dataclasses import dataclass

import numpy as np

from scenes.brushes import Brush, paint
from scenes.forms import hairs, inside, mix, noise, ramp, rgb, smooth
from scenes.studio import Frame, Picture

IRISES = {
    "amber": ("#5a2a0c", "#b8701c", "#f3c458"),
    "sea": ("#0b3b46", "#1f8a8c", "#9fe0c4"),
    "violet": ("#2a1c58", "#6f52b5", "#d0b3f0"),
    "blue": ("#10305f", "#3178bd", "#b9e2f5"),
    "moss": ("#24360f", "#6c8a2c", "#d8d77a"),
    "rose": ("#571a33", "#b54f68", "#f5b9a5"),
}
LIDS = {
    "dusk": ("#2b2147", "#6a4a7c", "#c98a96", "#f4cfb0"),
    "night": ("#151b3d", "#33457e", "#6d86b8", "#b9cfe2"),
    "clay": ("#4a1f2c", "#9a4a44", "#d98a63", "#f8d09a"),
    "jade": ("#0e2b3a", "#22605f", "#63a08a", "#cfe0b4"),
}


@dataclass(frozen=True)
class Eye:
    """Where an eye is and how it looks.

    Attributes:
        x: centre, design units.
        y: centre, design units.
        half: half the width between its corners, design units.
        open: height of the upper lid's arch as a share of `half`.
        tilt: radians.
        gaze: where the iris sits, shares of `half`.
        iris: a key of `IRISES`.
        lid: a key of `LIDS`.
    """

    x: float
    y: float
    half: float
    open: float
    tilt: float
    gaze: tuple[float, float]
    iris: str
    lid: str


def local(eye: Eye, frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates of the frame's points in the eye: corners at (-1, 0) and (1, 0), y down."""
    x, y = frame.grid()
    c, s = np.cos(eye.tilt), np.sin(eye.tilt)
    return ((x - eye.x) * c + (y - eye.y) * s) / eye.half, (-(x - eye.x) * s + (y - eye.y) * c) / eye.half


def arch(u: np.ndarray, height: float, lean: float = 0.18) -> np.ndarray:
    """A lid's curve over [-1, 1]: `height` at the middle, leaning to the inner corner; falls on beyond the corners."""
    return height * (1 - u * u) * (1 + lean * u)


def add_eye(picture: Picture, name: str, eye: Eye) -> None:
    """Paint an eye and put it on top."""
    rng = picture.rng(name)
    reach = 1.62 * eye.half
    frame = picture.frame(eye.x - reach, eye.y - reach, eye.x + reach, eye.y + reach)
    u, v = local(eye, frame)
    upper, lower = eye.open, 0.62 * eye.open
    above = v + arch(u, upper)
    below = arch(u, lower, -0.2) - v
    aperture = inside(np.minimum(above, below) * 2)
    w = u / 1.26
    lid_above = v + arch(w, upper * 1.5 + 0.17) - 0.02
    lid_below = arch(w, lower * 1.36 + 0.15, -0.2) - v - 0.02
    rough = 0.02 * noise(rng, u * 5, v * 5, 3)
    skin_f = np.minimum(lid_above, lid_below) + rough * 0.6
    skin = inside(skin_f)

    # Lids: light from above, a crease, shade towards the rim of the eyeball.
    codes = LIDS[eye.lid]
    t = 0.5 - 0.42 * v / (upper * 1.5 + 0.2) - 0.16 * u + 0.12 * noise(rng, u * 3, v * 3, 3)
    t = np.where(v < -arch(u, upper) * 0.2, t, 0.55 - 0.5 * (v / (lower * 1.4 + 0.15)) + 0.12 * rough / 0.02)
    crease = np.exp(-(((v + arch(u * 0.92, upper * 1.26 + 0.07)) / 0.035) ** 2))
    t = t - 0.33 * crease + 0.2 * np.exp(-(((v + arch(u * 0.92, upper * 1.26 + 0.14)) / 0.05) ** 2))
    t = t - 0.35 * np.exp(-np.maximum(-np.minimum(above, below), 0) / 0.05)
    target = ramp(t * 0.9 + 0.1, *codes)
    rim = np.exp(-((below / 0.028) ** 2)) * (np.abs(u) < 1)
    target = mix(target, rgb("#eab3a4"), 0.75 * rim)
    slope = np.arctan2(-2 * u * np.where(v < 0, -upper, lower), 1)

    # Eyeball.
    gx, gy = eye.gaze
    ball = 1 - 0.42 * u * u - 0.5 * smooth(0.3, 0.0, above) - 0.22 * smooth(0.1, 0.0, below) - 0.1 * v
    white = ramp(ball + 0.06 * noise(rng, u * 4, v * 4, 3), "#3d3a5e", "#8d86a4", "#d9cfd2", "#fbf6ea")
    white = mix(white, rgb("#d98f8a"), 0.5 * smooth(0.72, 1.0, np.abs(u)))
    ri = 0.3 + 0.32 * eye.open
    r = np.hypot(u - gx, v - gy) / ri
    phi = np.arctan2(v - gy, u - gx)
    turn = phi / (2 * np.pi) * 64
    fibre = noise(rng, turn % 64, r * 1.6, 3) * smooth(0.2, 0.5, r)
    level = 0.32 + 0.3 * smooth(0.4, 0.7, r) - 0.12 * smooth(0.7, 1.0, r) + 0.2 * fibre
    level = level + 0.36 * np.exp(-(((r - 0.66) / 0.2) ** 2)) * smooth(-0.6, 1, np.cos(phi - 1.1))
    iris = ramp(level, *IRISES[eye.iris])
    iris = mix(iris, rgb("#0b0d1c"), 0.85 * smooth(0.8, 1.02, r))
    iris = mix(iris, rgb("#07070f"), smooth(0.46, 0.36, r))
    iris = mix(iris, rgb("#120f22"), 0.6 * smooth(0.22, 0.02, above))
    eyeball = mix(white, iris, inside(1 - r))
    target = mix(target, eyeball, aperture)
    ring = (r < 0.42) | (r > 0.88)
    direction = np.where(r < 1.08, phi + np.where(ring, np.pi / 2, 0), slope * 0.8)
    angle = np.where(aperture > 0.5, direction, slope) + eye.tilt

    size = eye.half / 60
    brushes = [
        Brush(17 * size, 5.5 * size, 2.0, 0.035, 0.12),
        Brush(10 * size, 2.6 * size, 2.0, 0.03, 0.08, 0.06),
        Brush(5 * size, 1.3 * size, 2.2, 0.018, 0.07, 0.08),
        Brush(3.2 * size, 0.7 * size, 2.4, 0.012, 0.06, 0.13),
    ]
    colour = paint(frame, target, angle, rng, [b for b in brushes if b.width > 0.75], skin, relief=0.7)
    glint = inside(0.2 - np.hypot((u - gx + 0.36 * ri) / ri, (v - gy + 0.34 * ri) / ri * 0.85)) * aperture
    glint = glint + 0.6 * inside(0.09 - np.hypot(u - gx - 0.4 * ri, v - gy - 0.36 * ri) / ri) * aperture
    colour = mix(colour, rgb("#fffdf2"), 0.96 * glint)

    strands = lashes(eye, rng, upper, lower)
    line = [(edge(eye, lambda a: -arch(a, upper)), 0.05 * eye.half, 0.035 * eye.half, rgb("#120d20"))]
    ink, lash = hairs(frame, line + strands, rgb("#171126"))
    alpha = np.maximum(skin, lash)
    picture.add(name, frame, mix(colour, ink, lash), alpha, ("eyes",))


def edge(eye: Eye, curve) -> np.ndarray:
    """A lid's edge as points in design units."""
    u = np.linspace(-1.0, 1.0, 40)
    return place(eye, u, curve(u))


def place(eye: Eye, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Points of the eye in design units, (n, 2)."""
    c, s = np.cos(eye.tilt), np.sin(eye.tilt)
    return np.stack([eye.x + eye.half * (u * c - v * s), eye.y + eye.half * (u * s + v * c)], -1)


def lashes(eye: Eye, rng: np.random.Generator, upper: float, lower: float) -> list:
    """Curved lashes on both lids, longer towards the outer corner, some of them in pairs."""
    strands = []
    t = np.linspace(0, 1, 12)
    dark = rgb("#171126")
    for u0 in np.linspace(-0.86, 0.98, int(24 + eye.half / 4)):
        u0 = u0 + rng.normal(0, 0.012)
        long = (0.25 + 0.13 * u0) * rng.uniform(0.72, 1.12) * (0.55 + 0.9 * upper)
        lean = 0.75 * u0 + 0.06 + rng.normal(0, 0.1)
        u = u0 + long * (lean * t + (0.12 + 0.3 * u0) * t * t)
        v = -arch(np.array(u0), upper) - long * (0.45 * t + 0.62 * t * t)
        width = max(0.026 * eye.half, 0.9) * rng.uniform(0.75, 1.1)
        strands.append((place(eye, u, v), width, 0.12 * width, dark))
    for u0 in np.linspace(-0.45, 0.92, int(12 + eye.half / 6)):
        u0 = u0 + rng.normal(0, 0.015)
        long = 0.105 * rng.uniform(0.6, 1.2) * (0.6 + upper)
        u = u0 + long * (0.35 * u0 * t + 0.5 * (u0 + 0.15) * t * t)
        v = arch(np.array(u0), lower, -0.2) + 0.035 + long * (0.9 * t - 0.2 * t * t)
        width = max(0.011 * eye.half, 0.6)
        strands.append((place(eye, u, v), width, 0.15 * width, rgb("#34203a")))
    return strands
