"""Striped balloons over a small town in the morning: many things of one kind at many sizes."""

import numpy as np

from scenes.brushes import Brush, paint
from scenes.forms import hairs, mix, noise, polygon, ramp, rgb, smooth
from scenes.lathe import turn
from scenes.studio import Picture
from scenes.town import add_town

SIZE = (960, 768)
SHAPE = ((236, 12), (232, 36), (216, 68), (184, 96), (146, 104), (104, 92), (60, 60), (24, 34), (4, 22), (0, 20))
PALETTES = (
    (("#5a1018", "#a3202a", "#dc4a38", "#ff9a72"), ("#6e5a48", "#b8a184", "#f0dfbb", "#fffbea")),
    (("#0d2a4a", "#1c5a86", "#3f97b8", "#a5dbe0"), ("#6a4a1c", "#bd8a2c", "#f2c552", "#fff0b0")),
    (("#3a1848", "#6f3480", "#a86ab0", "#e2b5dc"), ("#6c4040", "#c07a68", "#f0b496", "#ffe8cf")),
    (("#103a2c", "#1f7050", "#58a878", "#bce0ae"), ("#6e5a48", "#b8a184", "#f0dfbb", "#fffbea")),
    (("#6a2c08", "#b85a12", "#f0922c", "#ffd48a"), ("#42202a", "#8a3a40", "#c86a58", "#f5b592")),
)
FLIGHT = (
    (640, 300, 0.34, 3), (118, 352, 0.3, 1), (872, 330, 0.27, 0), (452, 372, 0.22, 4), (765, 402, 0.18, 2),
    (330, 398, 0.17, 3), (205, 236, 0.52, 4), (800, 214, 0.6, 2), (545, 180, 0.48, 1), (92, 150, 0.46, 2),
    (395, 318, 0.92, 0), (668, 478, 0.78, 1), (275, 512, 0.5, 2), (893, 540, 0.44, 4),
)  # fmt: skip
"""Middle of the envelope (x, y), scale and palette, far ones first."""


def draw(picture: Picture) -> None:
    """Sky and town, then the balloons from far to near."""
    add_morning(picture)
    for number, (x, y, scale, palette) in enumerate(FLIGHT, 1):
        add_balloon(picture, f"balloon {number}", x, y, scale, palette)


def add_morning(picture: Picture) -> None:
    """Sky, hills and roofs."""
    rng = picture.rng("morning")
    frame = picture.frame()
    x, y = frame.grid()
    drift = noise(rng, x / 260, y / 90, 4)
    t = y / 560 + 0.05 * drift
    sky = ramp(t, "#5f93c4", "#8fb9d6", "#c4d8d8", "#f2dcb9", "#fbc99a")
    cloud = smooth(0.12, 0.62, noise(rng, x / 210, y / 62 + 9, 5)) * smooth(0.05, 0.3, t) * smooth(1.05, 0.75, t)
    lightness = 0.6 + 0.5 * noise(rng, x / 150, y / 44, 3)
    sky = mix(sky, ramp(lightness, "#c9a9b0", "#f0d4c4", "#fff6e4"), 0.85 * cloud)
    sky = mix(sky, rgb("#fff0c0"), 0.6 * np.exp(-(((x - 130) / 330) ** 2 + ((y - 520) / 170) ** 2)))
    target, angle = sky, 0.08 * drift + 0.9 * cloud * noise(rng, x / 60, y / 40, 2)
    for base, tall, period, codes in (
        (505, 40, 230, ("#9fb0c0", "#c7c3bb")),
        (560, 44, 180, ("#6f92a0", "#9fb4a4")),
        (618, 30, 210, ("#4c7a6a", "#7fa274")),
    ):
        line = base + tall * noise(rng, x / period, np.zeros_like(x) + base, 4, 0.42)
        over = y > line
        field = ramp(np.clip((y - line) / 90, 0, 1) + 0.12 * noise(rng, x / 44, y / 12, 3), *codes)
        target = np.where(over[..., None], field, target)
        angle = np.where(over, 0.35 * noise(rng, x / 50, y / 30, 2), angle)
    add_town(picture, rng, target, angle)
    colour = paint(
        frame, target, angle, rng,
        [Brush(50, 13, 2.2, 0.016), Brush(26, 6, 1.6, 0.016, 0.09, 0.03), Brush(12, 2.8, 2.0, 0.014, 0.08, 0.07),
         Brush(7, 1.7, 2.0, 0.012, 0.08, 0.12)],
        relief=0.5,
    )  # fmt: skip
    picture.add("morning over the town", frame, colour)


def add_balloon(picture: Picture, name: str, x: float, y: float, scale: float, palette: int) -> None:
    """A balloon with its ropes and basket, hazier the smaller it is."""
    rng = picture.rng(name)
    mouth = y + 118 * scale
    s = turn(picture, x, mouth, SHAPE, scale, 0.0, 0.1)
    gx, gy = s.frame.grid()
    gores = int(rng.integers(5, 8))
    around = np.arcsin(np.clip(s.across, -1, 1)) / np.pi + rng.uniform(0, 1)
    stripe = smooth(-0.06, 0.06, np.sin(around * 2 * np.pi * gores / 2 * 1.0) * np.sqrt(np.maximum(s.nz, 0) + 0.02))
    level = s.light() * 0.92 + 0.05 * noise(rng, gx / (16 * scale), gy / (16 * scale), 3)
    seam = np.abs(((around * gores * 2) % 1) - 0.5)
    level = level - 0.09 * smooth(0.4, 0.5, seam)
    a, b = PALETTES[palette]
    if palette % 2:
        stripe = np.where(
            np.abs(s.along - 0.42) < 0.1,
            smooth(-0.1, 0.1, np.sin((s.along - 0.42) * 31 + np.sign(stripe - 0.5))),
            stripe,
        )
    target = mix(ramp(level, *b), ramp(level, *a), stripe)
    target = mix(target, ramp(level, *a), smooth(0.1, 0.085, s.along) + smooth(0.9, 0.93, s.along))
    target = mix(target, rgb("#fff6dc"), 0.5 * smooth(0.45, 1.0, s.gloss(16)))
    # Basket and ropes.
    bw, top, low = 15 * scale, mouth + 34 * scale, mouth + 58 * scale
    basket = polygon(s.frame, np.array([(x - bw, top), (x + bw, top), (x + bw * 0.84, low), (x - bw * 0.84, low)]))
    weave = 0.5 + 0.2 * np.sin(gx / scale * 1.5) * np.sin(gy / scale * 1.3) - 0.4 * (gx - x) / bw / 2
    wicker = ramp(weave, "#2e1a10", "#704522", "#b98548", "#e8c285")
    wicker = mix(wicker, rgb("#3b2012"), smooth(top + 4 * scale, top, gy))
    hemp, thick = rgb("#3d2a20"), 1.5 * max(scale, 0.4)
    sides = (-0.98, -0.4, 0.4, 0.98)
    lines = [np.array([(x + u * 20 * scale, mouth - 2 * scale), (x + u * bw * 0.95, top + 1)]) for u in sides]
    ropes = [(line, thick, thick, hemp) for line in lines]
    ink, rope = hairs(s.frame, ropes, hemp)
    target = mix(mix(target, ink, rope * (1 - s.alpha)), wicker, basket)
    alpha = np.maximum(np.maximum(s.alpha, rope), basket)
    haze = float(np.clip(0.5 - scale * 0.75, 0, 0.38))
    target = mix(target, rgb("#e6dccb"), np.full(s.frame.shape, haze))
    angle = np.where(basket > 0.5, 0.0, np.arctan2(1.0, s.across * (0.5 - s.along) * 2.2))
    width = max(2.0, 7 * scale)
    brushes = [Brush(3.4 * width, width, 2.2, 0.022, 0.12), Brush(2.2 * width, 0.5 * width, 2.0, 0.02, 0.08, 0.06)]
    if scale > 0.4:
        brushes.append(Brush(5, 1.5, 2.0, 0.015, 0.08, 0.1))
    colour = paint(s.frame, target, angle, rng, brushes, alpha, relief=0.55)
    picture.add(name, s.frame, colour, alpha, ("balloons",))
