"""Painted fruit, each a layer of its own."""

import numpy as np

from scenes.brushes import Brush, paint
from scenes.forms import hairs, inside, mix, noise, ramp, rgb, smooth, spline
from scenes.lathe import Solid, turn
from scenes.studio import Picture

APPLE = ((90, 12), (97, 28), (95, 46), (78, 62), (52, 66), (24, 56), (6, 36), (0, 20))
PEAR = ((158, 4), (154, 15), (136, 25), (112, 32), (84, 50), (56, 64), (28, 60), (8, 40), (0, 18))
ORANGE = ((104, 8), (100, 26), (82, 46), (54, 55), (26, 47), (7, 27), (0, 10))
LEMON = ((112, 3), (107, 9), (98, 18), (80, 34), (54, 40), (28, 33), (12, 17), (4, 8), (0, 3))


def strokes(size: float) -> list[Brush]:
    """The brushes for a thing about `size` across."""
    s = size / 60
    return [
        Brush(26 * s, 8 * s, 2.2, 0.03),
        Brush(15 * s, 4.2 * s, 1.8, 0.024, 0.11, 0.05),
        Brush(8 * s, 2.2 * s, 1.8, 0.02, 0.09, 0.1),
        Brush(6.5 * s, 1.25 * s, 2.2, 0.012, 0.07, 0.14),
    ]


def stem(picture: Picture, s: Solid, path: list[tuple[float, float]], width: float, tint: str):
    """A stalk as (colour, coverage)."""
    return hairs(s.frame, [(spline(path), width, width * 1.3, rgb(tint))], rgb(tint))


def add_pear(picture: Picture) -> None:
    """A green-gold pear with a russet blush."""
    rng = picture.rng("pear")
    s = turn(picture, 676, 604, PEAR, 1.04, 0.13)
    x, y = s.frame.grid()
    mottle = noise(rng, x / 16, y / 16, 4)
    level = s.light() + 0.05 * mottle
    target = ramp(level, "#2a2c14", "#5f641d", "#a5a02f", "#dccb58", "#fff0a8")
    blush = smooth(0.1, 0.9, s.nx * 0.9 + 0.3 * mottle + 0.2) * smooth(0.1, 0.5, level)
    target = mix(target, ramp(level, "#3b1710", "#8a3b1d", "#cf7a3a", "#f2b873"), 0.6 * blush)
    freckle = smooth(0.55, 0.75, noise(rng, x / 4.5, y / 4.5, 2))
    target = mix(target, target * 0.72, 0.5 * freckle)
    target = mix(target, rgb("#fffbe0"), 0.7 * smooth(0.4, 0.9, s.gloss(46)))
    colour = paint(s.frame, target, s.flow + 0.3 * mottle, rng, strokes(46), s.alpha, relief=0.65)
    ink, bar = stem(picture, s, [(697, 444), (699, 430), (706, 412)], 4.6, "#3a2414")
    picture.add("pear", s.frame, mix(colour, ink, bar), np.maximum(s.alpha, bar), ("things",))


def add_orange(picture: Picture) -> None:
    """An orange with a dimpled skin."""
    rng = picture.rng("orange")
    s = turn(picture, 586, 634, ORANGE)
    x, y = s.frame.grid()
    pores = noise(rng, x / 3.4, y / 3.4, 2)
    level = s.light() + 0.05 * pores + 0.03 * noise(rng, x / 20, y / 20, 3)
    target = ramp(level, "#471408", "#9c3a0c", "#e2761a", "#fba737", "#ffe09a")
    target = mix(target, rgb("#fff4d8"), 0.75 * smooth(0.35, 0.95, s.gloss(40) * (1 + 0.25 * pores)))
    navel = np.hypot(x - 577, (y - 540) * 1.8)
    target = mix(target, rgb("#5c4a16"), 0.8 * smooth(7, 2, navel))
    colour = paint(s.frame, target, s.flow + 0.4 * pores, rng, strokes(40), s.alpha, relief=0.7)
    picture.add("orange", s.frame, colour, s.alpha, ("things",))


def add_apple(picture: Picture) -> None:
    """A red apple with a yellow hollow and a stalk."""
    rng = picture.rng("apple")
    s = turn(picture, 450, 648, APPLE, 1.0, -0.06)
    x, y = s.frame.grid()
    around = np.arctan2(s.across, s.nz + 0.2)
    streak = noise(rng, around * 9 + 30, s.along * 1.7, 3) + 0.4 * s.nx
    level = s.light() + 0.04 * noise(rng, x / 14, y / 14, 3)
    red = ramp(level, "#2a0610", "#6d0f1c", "#b81f26", "#e2553c", "#ffb68a")
    gold = ramp(level, "#3c1c0c", "#8c5a18", "#d29a33", "#f2cc62", "#fff0b0")
    target = mix(red, gold, smooth(0.15, 0.8, streak * 0.7 + smooth(0.3, 0.0, s.along) * 1.1 - 0.1))
    target = mix(target, rgb("#fff6ea"), 0.85 * smooth(0.4, 0.9, s.gloss(60)))
    flow = np.pi / 2 - around * 0.5 * (0.5 - s.along)
    colour = paint(s.frame, target, flow, rng, strokes(42), s.alpha, relief=0.65)
    hollow = np.hypot((x - 445) / 27, (y - 560) / 7.5) + 0.16 * streak
    colour = mix(colour, ramp(0.5 + (y - 560) / 14, "#4a2c0c", "#96701f", "#dcc058"), 0.9 * smooth(1.15, 0.6, hollow))
    ink, bar = stem(picture, s, [(444, 563), (446, 548), (456, 528)], 4.0, "#3b2210")
    picture.add("apple", s.frame, mix(colour, ink, bar), np.maximum(s.alpha, bar), ("things",))


def add_lemon(picture: Picture) -> None:
    """A lemon on its side."""
    rng = picture.rng("lemon")
    s = turn(picture, 690, 622, LEMON, 1.06, 1.42, 0.0)
    x, y = s.frame.grid()
    pores = noise(rng, x / 3.2, y / 3.2, 2)
    level = s.light() + 0.05 * pores
    target = ramp(level, "#4a3406", "#9a7a10", "#e0b822", "#f9dd4e", "#fff7b0")
    target = mix(target, rgb("#8fae3a"), 0.4 * smooth(0.22, 0.0, s.along))
    target = mix(target, rgb("#fffdea"), 0.7 * smooth(0.35, 0.95, s.gloss(36)))
    colour = paint(s.frame, target, 0.1 + 0.4 * pores + 0.5 * s.ny, rng, strokes(34), s.alpha, relief=0.7)
    picture.add("lemon", s.frame, colour, s.alpha, ("things",))


def add_grapes(picture: Picture) -> None:
    """A bunch of blue grapes: one thing of many spheres."""
    rng = picture.rng("grapes")
    frame = picture.frame(150, 480, 400, 680)
    x, y = frame.grid()
    target = np.zeros((*frame.shape, 3), np.float32) + rgb("#1a1430")
    alpha, angle = np.zeros(frame.shape, np.float32), np.zeros(frame.shape, np.float32)
    rows = [(612, 7), (594, 7), (575, 6), (556, 5), (538, 3)]
    spots = []
    for row, (cy, count) in enumerate(rows):
        for i in range(count):
            cx = 270 + (i - (count - 1) / 2) * 26 + rng.normal(0, 3) + (row % 2) * 4 - row * 3
            spots.append((cx, cy + rng.normal(0, 3), rng.uniform(14.5, 18)))
    spots += [(196, 634, 15.5), (232, 632, 17), (268, 636, 16.5), (306, 632, 16.5), (338, 628, 15)]
    spots = [spots[i] for i in rng.permutation(len(spots))]
    stalk = [(spline([(262, 536), (258, 512), (270, 494), (292, 486)]), 5.0, 4.0, rgb("#5c4326"))]
    ink, bar = hairs(frame, stalk, rgb("#5c4326"))
    target, alpha = mix(target, ink, bar), np.maximum(alpha, bar)
    for cx, cy, r in spots:
        u, v = (x - cx) / r, (y - cy) / r
        q = u * u + v * v
        nz = np.sqrt(np.maximum(1 - q, 0))
        level = np.clip((-0.55 * u - 0.6 * v + 0.58 * nz + 0.25) / 1.25, 0, 1) + 0.22 * smooth(
            0.3, 1.0, 0.7 * u + 0.7 * v
        )
        hue = rng.uniform(0, 1)
        skin = mix(
            ramp(level, "#0d0a20", "#2a1f55", "#574a94", "#a4a0d0"),
            ramp(level, "#1a0718", "#4a1744", "#8a4078", "#cf9cbc"),
            np.full(frame.shape, hue),
        )  # fmt: skip
        glint = np.exp(-(((u + 0.36) / 0.17) ** 2) - ((v + 0.42) / 0.15) ** 2)
        skin = mix(skin, rgb("#f4f0ff"), 0.9 * glint)
        ball = inside(1 - np.sqrt(q))
        shade = smooth(1.5, 0.95, np.hypot((x - cx - 3) / r, (y - cy - 4) / r)) * 0.5
        target = mix(target, rgb("#0b0716"), shade * alpha)
        target, alpha = mix(target, skin, ball), np.maximum(alpha, ball)
        angle = np.where(ball > 0.5, np.arctan2(u, -v), angle)
    colour = paint(
        frame, target, angle, rng, [Brush(9, 3.2, 2.0, 0.03), Brush(5, 1.8, 2, 0.02, 0.08, 0.08)], alpha, 0.6
    )
    picture.add("grapes", frame, colour, alpha, ("things",))
