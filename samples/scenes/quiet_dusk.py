"""Dusk over low hills and still water, one bird: nearly nothing to lift."""

import numpy as np

from scenes.brushes import Brush, paint
from scenes.forms import mix, noise, polygon, ramp, rgb, smooth, spline
from scenes.studio import Picture

SIZE = (960, 704)


def draw(picture: Picture) -> None:
    """Background, bird."""
    rng = picture.rng("background")
    frame = picture.frame()
    x, y = frame.grid()
    horizon = 520
    drift = noise(rng, x / 300, y / 70, 4)
    t = y / horizon + 0.05 * drift
    sky = ramp(t, "#2b3a5e", "#4f5f8a", "#8c84a8", "#c99aa0", "#eebb92", "#f6d7a0", stops=[0, 0.3, 0.55, 0.74, 0.9, 1])
    band = smooth(0.1, 0.7, noise(rng, x / 240 + y / 500, y / 30, 4)) * smooth(0.25, 0.6, t) * smooth(1.02, 0.8, t)
    sky = mix(sky, ramp(t, "#6b6790", "#a97f9b", "#e79a86", "#f4b184"), 0.55 * band)
    sun = np.exp(-(((x - 655) / 300) ** 2 + ((y - horizon) / 110) ** 2))
    sky = mix(sky, rgb("#ffe9b8"), 0.75 * sun)
    target = sky
    angle = 0.05 * drift + 0.25 * noise(rng, x / 200, y / 120, 2)
    hills = (
        (horizon - 60, 34, 260, ("#8d7f9c", "#a98d9f")),
        (horizon - 22, 30, 190, ("#6a6486", "#86738d")),
        (horizon + 22, 26, 230, ("#474a6a", "#635a76")),
    )
    for base, tall, period, codes in hills:
        line = base + tall * noise(rng, x / period, np.zeros_like(x) + base, 4, 0.42)
        low = np.clip((y - line) / 90, 0, 1)
        target = np.where((y > line)[..., None], mix(ramp(low, *codes), rgb("#e2ac90"), 0.35 * sun), target)
        slope = np.arctan2(np.gradient(line, axis=1) * frame.unit, 1)
        angle = np.where(y > line, slope + 0.5 * noise(rng, x / 40, y / 40, 2), angle)
    shore = horizon + 62 + 5 * noise(rng, x / 120, x * 0, 3)
    z = np.clip((y - shore) / (704 - shore), 0, 1)
    ripple = noise(rng, 40 + (x - 480) / (60 + 160 * z), (y - shore) / (2.5 + 9 * z), 3)
    water = ramp(z + 0.06 * ripple, "#d9a592", "#b38a9c", "#77749a", "#454f78")
    glint = noise(rng, 40 + (x - 655) / (26 + 60 * z), (y - shore) / (1.8 + 4 * z), 2)
    glow = np.exp(-(((x - 655 - 14 * ripple) / (48 + 66 * z)) ** 2)) * smooth(-0.15, 0.35, glint + 0.15 - 0.3 * z)
    water = mix(water, ramp(z, "#ffeebf", "#ffcf94", "#e8a386"), (0.95 - 0.3 * z) * glow)
    target = np.where((y > shore)[..., None], water, target)
    angle = np.where(y > shore, 0.03 * ripple, angle)
    colour = paint(
        frame, target, angle, rng,
        [Brush(70, 17, 2.0, 0.014), Brush(44, 9, 1.6, 0.013, 0.1, 0.02), Brush(22, 4, 1.8, 0.012, 0.08, 0.06),
         Brush(12, 2, 1.8, 0.01, 0.07, 0.12)],
        relief=0.45,
    )  # fmt: skip
    picture.add("dusk", frame, colour)

    rng = picture.rng("bird")
    cx, cy, s = 318, 236, 0.62
    wing = [
        (-62, -21), (-44, -28), (-24, -18), (-7, -3), (0, -7), (8, -3), (26, -26), (48, -38), (72, -33), (50, -27),
        (32, -12), (16, 5), (28, 12), (17, 13), (4, 12), (-12, 10), (-21, 4), (-34, -14), (-48, -21),
    ]  # fmt: skip
    outline = np.array([cx, cy]) + s * spline(wing, closed=True)
    frame = picture.frame(cx - 70, cy - 50, cx + 70, cy + 40)
    x, y = frame.grid()
    turn = np.linspace(0, 2 * np.pi, 40)
    body = np.stack([cx - 3 + 15 * np.cos(turn), cy + 3.5 + (3.4 + 0.2 * np.cos(turn)) * np.sin(turn)], 1)
    head = spline(
        [(cx - 16, cy - 0.5), (cx - 21, cy + 1.2), (cx - 26, cy + 4), (cx - 20, cy + 5.5), (cx - 14, cy + 5)],
        closed=True,
    )
    alpha = np.maximum(polygon(frame, outline), np.maximum(polygon(frame, body), polygon(frame, head)))
    target = ramp((y - cy + 22) / 36, "#3c3a55", "#2a2b44", "#4b3d50")
    colour = paint(frame, target, 0.4 * np.sign(x - cx) * -1, rng, [Brush(10, 3, 3, 0.03)], alpha)
    picture.add("bird", frame, colour, alpha)
