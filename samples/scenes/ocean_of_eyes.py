"""An ocean under a sky full of eyes, small eyes over large ones: the picture layersr was begun for."""

import numpy as np

from scenes.brushes import Brush, paint
from scenes.eyes import Eye, add_eye
from scenes.forms import inside, mix, noise, ramp, rgb, smooth, tangent
from scenes.studio import Picture

SIZE = (960, 768)
HORIZON = 470
MOON = 560

LARGE = (
    Eye(545, 208, 150, 0.56, -0.05, (0.03, -0.02), "amber", "dusk"),
    Eye(205, 168, 112, 0.5, 0.16, (0.12, 0.02), "sea", "night"),
    Eye(838, 148, 92, 0.5, -0.2, (-0.14, 0.03), "violet", "clay"),
    Eye(322, 352, 82, 0.52, -0.1, (0.08, -0.05), "blue", "jade"),
    Eye(772, 344, 76, 0.48, 0.12, (-0.1, -0.04), "moss", "dusk"),
    Eye(92, 352, 66, 0.5, -0.06, (0.16, -0.03), "rose", "night"),
)
SMALL = (
    (420, 108, 46, 0.5, 0.25, "rose", "jade"),
    (684, 112, 44, 0.55, -0.3, "sea", "clay"),
    (430, 282, 40, 0.5, 0.35, "violet", "dusk"),
    (655, 300, 42, 0.52, -0.28, "blue", "night"),
    (305, 92, 36, 0.55, -0.2, "amber", "night"),
    (112, 240, 38, 0.5, 0.3, "moss", "clay"),
    (285, 238, 34, 0.55, 0.1, "amber", "dusk"),
    (760, 225, 36, 0.52, 0.15, "amber", "jade"),
    (905, 262, 38, 0.5, -0.3, "blue", "dusk"),
    (560, 402, 34, 0.5, 0.05, "sea", "dusk"),
    (200, 402, 30, 0.5, 0.15, "violet", "clay"),
    (868, 398, 32, 0.5, -0.1, "rose", "night"),
    (60, 70, 40, 0.5, 0.1, "blue", "dusk"),
    (565, 40, 32, 0.5, 0.02, "moss", "night"),
    (910, 45, 28, 0.5, -0.15, "sea", "dusk"),
    (480, 372, 20, 0.55, 0.3, "amber", "clay"),
    (700, 420, 20, 0.55, -0.2, "amber", "jade"),
    (378, 196, 22, 0.55, 0.2, "sea", "clay"),
    (30, 290, 22, 0.5, 0.3, "amber", "jade"),
)


def sea(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Colour and swell of the water below the horizon."""
    z = np.clip((y - HORIZON) / (SIZE[1] - HORIZON), 1e-3, 1)
    far = 1 / (z + 0.09)
    swell = noise(rng, (x - 480) * far / 260 + 40, 9 * np.log(z + 0.09), 4, 0.55)
    swell = 1 - np.abs(swell) * 1.6
    chop = noise(rng, (x - 480) * far / 70 + 90, 24 * np.log(z + 0.09), 3)
    calm = smooth(0.0, 0.16, z)  # far waves are too small to be told apart
    swell, chop = 0.25 + (swell - 0.25) * (0.35 + 0.65 * calm), chop * (0.25 + 0.75 * calm)
    level = 0.42 + 0.34 * swell + 0.14 * chop - 0.26 * z
    water = ramp(level, "#071b3a", "#0f3d63", "#1f6f8b", "#5fb0ad", "#c4e3cb")
    mirrored = ramp(0.5 + 0.5 * chop, "#6a5a86", "#c98a8a", "#f6c193")
    water = mix(water, mirrored, 0.8 * np.exp(-z * 11) + 0.22 * smooth(0.3, 0.8, swell) * np.exp(-z * 3))
    away = (x - MOON + 26 * noise(rng, y / 60, y * 0, 2)) / (34 + 190 * z)
    path = np.exp(-(away**2)) * smooth(0.35, 0.85, 0.5 + 0.45 * swell + 0.4 * chop + 0.25 * np.exp(-(away**2)))
    water = mix(water, ramp(0.2 + 0.62 * path + 0.2 * chop, "#f09a5c", "#ffd385", "#fff3cf"), 0.92 * path)
    crest = smooth(0.80, 0.97, swell + 0.12 * chop) * smooth(0.1, 0.4, z) * (0.5 + 0.5 * chop)
    return mix(water, rgb("#e8f2e6"), 0.85 * crest), swell


def draw(picture: Picture) -> None:
    """Background, large eyes, small eyes over them, the wave in front."""
    rng = picture.rng("background")
    frame = picture.frame()
    x, y = frame.grid()
    flow = noise(rng, x / 230, y / 170, 3, 0.45)
    t = y / HORIZON
    sky = ramp(t + 0.13 * flow, "#10163f", "#252a68", "#51408a", "#9a5a93", "#dd8583", "#f9c68b",
               stops=[0, 0.25, 0.48, 0.7, 0.88, 1])  # fmt: skip
    ribbon = smooth(0.25, 0.75, np.sin(flow * 9 + y / 60) * 0.5 + 0.5)
    sky = mix(sky, ramp(t, "#2f5f9a", "#5d86b8", "#c38bb0", "#ffc39a"), 0.34 * ribbon)
    glow = np.exp(-(((x - MOON) / 330) ** 2 + ((y - HORIZON) / 150) ** 2))
    sky = mix(sky, rgb("#ffe0a0"), 0.7 * glow)
    sun = np.hypot(x - LARGE[0].x, (y - LARGE[0].y) * 1.15)
    rings = 0.5 + 0.5 * np.sin(sun / 11 + 3 * flow)
    sky = mix(sky, ramp(t, "#c77a9c", "#f0a48c", "#ffd093"), (0.5 + 0.25 * rings) * np.exp(-((sun / 250) ** 2)))
    water, swell = sea(x, y, rng)
    below = y > HORIZON
    target = np.where(below[..., None], water, sky)
    round_sun = flow + y / 700 + 2.2 * np.exp(-((sun / 230) ** 2))
    angle = np.where(below, 0.5 * np.arctan(np.gradient(swell, axis=1) * 30), tangent(round_sun))
    colour = paint(
        frame, target, angle, rng,
        [Brush(46, 12, 2.2, 0.022), Brush(30, 6.5, 1.6, 0.02, 0.11, 0.03), Brush(16, 3.2, 1.8, 0.016, 0.09, 0.09),
         Brush(11, 1.7, 1.8, 0.014, 0.08, 0.2)],
        relief=0.6,
    )  # fmt: skip
    picture.add("sea and sky", frame, colour)

    for number, eye in enumerate(LARGE, 1):
        add_eye(picture, f"large eye {number}", eye)
    for number, (ex, ey, half, gap, tilt, iris, lid) in enumerate(SMALL, 1):
        gaze = (0.16 * np.tanh((MOON - ex) / 300), 0.06)
        add_eye(picture, f"small eye {number}", Eye(ex, ey, half, gap, tilt, gaze, iris, lid))
    add_eye(picture, "sea eye", Eye(285, 560, 96, 0.5, 0.08, (0.16, -0.1), "sea", "jade"))
    add_wave(picture)


def add_wave(picture: Picture) -> None:
    """The breaking wave in front, with foam on its crest."""
    rng = picture.rng("wave")
    frame = picture.frame(0, 520)
    x, y = frame.grid()
    crest = 664 - 92 * np.exp(-(((x - 150) / 190) ** 2)) - 36 * np.exp(-(((x - 620) / 210) ** 2))
    crest = crest + 12 * noise(rng, x / 70, x * 0, 3) + 40 * smooth(720, 960, x)
    down = y - crest
    ragged = 5 * noise(rng, x / 9, y / 9, 3) + 2.5 * noise(rng, x / 3.5, y / 3.5, 2)
    body = inside(down + ragged)
    lean = down + 40 * noise(rng, x / 150, y / 100, 3)
    level = 0.66 - down / 230 + 0.2 * noise(rng, (x + 0.7 * y) / 110, lean / 26, 4)
    target = ramp(level, "#04122c", "#0a3050", "#136a80", "#3fa7a2", "#b6e6c6")
    lace = 1 - np.abs(noise(rng, (x + 0.4 * y) / 34, lean / 17, 4)) * 2.6
    lace = smooth(0.55, 0.95, lace) * smooth(120, 20, down)
    froth = smooth(24, 3, down + 9 * noise(rng, x / 16, y / 16, 3))
    foam = np.clip(lace * 0.8 + froth, 0, 1)
    shade = ramp(0.75 + 0.35 * noise(rng, x / 14, y / 10, 3) - down / 160, "#5f9fae", "#bcdcd6", "#f6fbee")
    target = mix(target, shade, foam)
    warm = np.exp(-(((x - MOON) / 190) ** 2)) * smooth(80, 0, down)
    target = mix(target, rgb("#ffdf9f"), 0.5 * warm)
    angle = tangent(lean) + 0.25
    colour = paint(
        frame, target, angle, rng,
        [Brush(34, 8, 2.2, 0.025), Brush(18, 4, 1.8, 0.02, 0.1, 0.05), Brush(8, 2.2, 1.8, 0.02, 0.09, 0.1)],
        body, relief=0.7,
    )  # fmt: skip
    picture.add("breaking wave", frame, colour, body, ("sea",))
