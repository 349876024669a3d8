"""Fruit, a bottle, a jug and a linen cloth on a table by a window: many overlaps, soft shadows."""

import numpy as np

from scenes.brushes import Brush, paint
from scenes.forms import blur, depth, hairs, inside, mix, noise, polygon, ramp, rgb, smooth, spline, tangent
from scenes.lathe import Solid, cast_shadow, turn
from scenes.studio import Picture

SIZE = (960, 768)
EDGE = 452
FRONT = 690

APPLE = ((88, 14), (96, 30), (94, 48), (78, 62), (52, 66), (24, 56), (6, 36), (0, 20))
PEAR = ((158, 4), (154, 15), (136, 25), (112, 32), (84, 50), (56, 64), (28, 60), (8, 40), (0, 18))
ORANGE = ((104, 8), (100, 26), (82, 46), (54, 55), (26, 47), (7, 27), (0, 10))
LEMON = ((112, 3), (107, 9), (98, 18), (80, 34), (54, 40), (28, 33), (12, 17), (4, 8), (0, 3))
JUG = ((230, 46), (224, 43), (206, 37), (180, 36), (150, 56), (112, 80), (72, 86), (36, 72), (10, 50), (4, 50), (0, 50))
BOTTLE = ((350, 17), (340, 19), (326, 17), (320, 15), (250, 16), (226, 22), (204, 46), (176, 56), (100, 57), (10, 56), (0, 52))


def strokes(size: float) -> list[Brush]:
    """The brushes for a thing about `size` across."""
    s = size / 60
    return [
        Brush(26 * s, 8 * s, 2.2, 0.03),
        Brush(15 * s, 4.2 * s, 1.8, 0.024, 0.11, 0.05),
        Brush(8 * s, 2.2 * s, 1.8, 0.02, 0.09, 0.1),
    ]


def draw(picture: Picture) -> None:
    """Back to front."""
    add_room(picture)
    add_cloth(picture)
    cast_shadow(picture, "shadow of the bottle", 372, 548, 62, 150, group=("shadows",))
    add_bottle(picture)
    cast_shadow(picture, "shadow of the jug", 540, 572, 66, 150, group=("shadows",))
    add_jug(picture)
    cast_shadow(picture, "shadow of the pear", 676, 604, 42, 88, group=("shadows",))
    add_pear(picture)
    cast_shadow(picture, "shadow of the grapes", 270, 626, 76, 40, group=("shadows",))
    add_grapes(picture)
    cast_shadow(picture, "shadow of the orange", 586, 634, 38, 72, group=("shadows",))
    add_orange(picture)
    cast_shadow(picture, "shadow of the apple", 450, 648, 42, 84, group=("shadows",))
    add_apple(picture)
    cast_shadow(picture, "shadow of the lemon", 724, 648, 44, 54, group=("shadows",))
    add_lemon(picture)


def add_room(picture: Picture) -> None:
    """Wall and table."""
    rng = picture.rng("room")
    frame = picture.frame()
    x, y = frame.grid()
    patch = noise(rng, x / 190, y / 170, 4)
    light = 0.72 - 0.62 * np.hypot((x - 210) / 900, (y - 180) / 720) + 0.09 * patch
    wall = ramp(light, "#191a1c", "#33352f", "#5f5f4b", "#949070", "#c6bd94")
    grain = noise(rng, x / 260, (y - 0.04 * x) / 5.5, 4)
    z = (y - EDGE) / (FRONT - EDGE)
    lit_table = 0.72 - 0.5 * np.hypot((x - 330) / 760, (y - 600) / 420) + 0.1 * grain + 0.04 * patch
    table = ramp(lit_table, "#24110c", "#4e2717", "#8a4d28", "#bd7c45", "#e6b477")
    plank = np.exp(-(((y - (EDGE + 96 + 0.012 * x)) / 1.6) ** 2)) + np.exp(-(((y - (EDGE + 30 + 0.006 * x)) / 1.1) ** 2))
    table = mix(table, rgb("#1d0d0a"), 0.6 * plank)
    board = ramp(0.42 - 0.3 * np.abs(x - 330) / 600 + 0.12 * grain - 0.35 * (y - FRONT) / 80,
                 "#160a08", "#341a10", "#6b3a1f", "#935a31")  # fmt: skip
    table = np.where((y > FRONT)[..., None], board, table)
    table = mix(table, rgb("#f0c48c"), 0.6 * np.exp(-(((y - FRONT + 2) / 2.6) ** 2)) * smooth(1000, 250, x))
    target = np.where((y > EDGE)[..., None], table, wall)
    target = mix(target, rgb("#160d0d"), 0.5 * np.exp(-np.abs(y - EDGE) / 7) * (y > EDGE - 8) + 0.0 * z)
    angle = np.where(y > EDGE, 0.02 + 0.05 * grain, 0.9 + 1.1 * patch)
    colour = paint(
        frame, target, angle, rng,
        [Brush(44, 15, 2.2, 0.02), Brush(26, 7, 1.5, 0.018, 0.1, 0.04), Brush(14, 3.2, 1.6, 0.015, 0.09, 0.09)],
        relief=0.55,
    )  # fmt: skip
    picture.add("wall and table", frame, colour)


def add_cloth(picture: Picture) -> None:
    """A linen cloth that lies on the table and hangs over its edge."""
    rng = picture.rng("cloth")
    frame = picture.frame(330, 540, 920)
    x, y = frame.grid()
    outline = spline(
        [(392, 590), (450, 566), (560, 572), (668, 560), (770, 575), (846, 600), (850, 650), (838, 690), (846, 740),
         (832, 764), (780, 752), (738, 764), (690, 746), (640, 760), (592, 742), (556, 752), (520, 726), (470, 714),
         (440, 694), (410, 660), (384, 620)], closed=True,
    )  # fmt: skip
    alpha = polygon(frame, outline)
    hang = smooth(-10, 24, y - FRONT)
    folds = np.sin((x + 16 * noise(rng, x / 90, y / 120, 2)) / 21) * hang
    rumple = noise(rng, (x + 0.8 * y) / 110, (y - 0.3 * x) / 60, 3) * 2.0
    height = folds * 14 + rumple * 16 * (1 - 0.6 * hang)
    height = blur(frame, height, 2.5)
    gy, gx = np.gradient(height, 1 / frame.unit)
    level = 0.64 - 0.5 * gx - 0.55 * gy - 0.22 * hang - 0.2 * smooth(500, 900, x)
    level = level - 0.1 * smooth(8, 0, depth(frame, alpha))
    target = ramp(level, "#3a3d50", "#77788a", "#b8b2aa", "#e6dcc6", "#fff8e4")
    stripe = inside(5.5 - np.abs(depth(frame, alpha) - 17)) * 0.75 + 0.6 * inside(1.5 - np.abs(depth(frame, alpha) - 28))
    target = mix(target, target * rgb("#6e86b8") * 1.05, stripe)
    angle = np.where(hang > 0.5, 1.45, 0.3) + 0.4 * rumple
    colour = paint(frame, target, angle, rng, strokes(66), alpha, relief=0.6)
    picture.add("cloth", frame, colour, alpha, ("things",))


def add_bottle(picture: Picture) -> None:
    """A dark green bottle with a window's reflection and a paper label."""
    rng = picture.rng("bottle")
    s = turn(picture, 372, 548, BOTTLE)
    x, y = s.frame.grid()
    edge = 1 - np.abs(s.across)
    level = 0.16 + 0.26 * np.exp(-(((s.across - 0.55) / 0.26) ** 2)) + 0.12 * s.light() + 0.05 * noise(rng, x / 20, y / 60, 3)
    level = level - 0.1 * smooth(0.14, 0.0, edge) + 0.18 * smooth(0.55, 1, s.along) * np.exp(-(((s.across - 0.3) / 0.5) ** 2))
    target = ramp(level * 1.5, "#070d0b", "#10241a", "#22492c", "#4f7f3e", "#a9bf62")
    window = inside(0.09 - np.abs(s.across + 0.52)) * smooth(0.46, 0.5, s.along) * smooth(0.8, 0.74, s.along)
    window = window + 0.85 * inside(0.14 - np.abs(s.across + 0.45)) * smooth(0.07, 0.1, s.along) * smooth(0.36, 0.3, s.along)
    label = inside(0.13 - np.abs(s.along - 0.74))
    paper = ramp(0.15 + 0.8 * s.light() + 0.05 * noise(rng, x / 7, y / 7, 3), "#4c3a2b", "#8d7350", "#d3bd8d", "#f3e7c2")
    ring = inside(0.006 - np.abs(np.abs(s.along - 0.74) - 0.105))
    sun = inside(0.3 - np.hypot(s.across * 1.0, (s.along - 0.74) * 6.2)) * (np.abs(s.across) < 0.6)
    paper = mix(mix(paper, rgb("#7a2e25"), 0.8 * ring), rgb("#9b3b28"), 0.75 * sun)
    target = mix(target, rgb("#d8e4c8"), 0.85 * np.clip(window, 0, 1))
    target = mix(target, paper, label)
    seal = inside(0.14 - s.along)
    wax = ramp(0.1 + 0.9 * s.light(), "#2b0a10", "#6e1820", "#b23a35", "#e98c70")
    target = mix(target, wax, seal)
    target = mix(target, rgb("#ffd9c4"), 0.8 * seal * s.gloss(90))
    angle = np.where((label > 0.5) | (seal > 0.5), s.flow, np.pi / 2)
    colour = paint(s.frame, target, angle, rng, strokes(52), s.alpha, relief=0.5)
    picture.add("bottle", s.frame, colour, s.alpha, ("things",))


def add_jug(picture: Picture) -> None:
    """A white glazed jug with a blue band, its handle on the right."""
    rng = picture.rng("jug")
    s = turn(picture, 540, 572, JUG)
    x, y = s.frame.grid()
    handle = spline([(584, 372), (622, 356), (654, 380), (652, 430), (630, 468), (604, 486)])
    t = np.linspace(0, 1, len(handle))
    strand = [(handle, 17.0, 15.0, rgb("#ffffff"))]
    _, bar = hairs(s.frame, strand, rgb("#ffffff"))
    inner = blur(s.frame, bar, 5)
    gy, gx = np.gradient(inner)
    size = np.maximum(np.hypot(gx, gy), 1e-6)
    shade = np.clip(0.5 + 0.5 * (gx / size * 0.6 + gy / size * 0.75) * np.clip(size * 28, 0, 1), 0, 1)
    level = 0.1 + 0.95 * s.light() + 0.05 * noise(rng, x / 22, y / 22, 3)
    glaze = ("#2d2f45", "#666a86", "#a9a8ae", "#dcd5c6", "#fdf6e6")
    body = ramp(level, *glaze)
    wave = 0.016 * np.sin(np.arcsin(s.across) * 9)
    band = inside(0.05 - np.abs(s.along - 0.66 + wave)) + inside(0.008 - np.abs(s.along - 0.575))
    band = band + inside(0.008 - np.abs(s.along - 0.745)) + inside(0.016 - np.abs(s.along - 0.22))
    dots = inside(0.028 - np.hypot(np.mod(np.arcsin(s.across) * 9 / 6.2832 + 0.25, 1) / 9 * 3.2 - 0.18, s.along - 0.46))
    blue = ramp(level, "#0b1230", "#172a66", "#2f55a4", "#6f97d2", "#c4d6ee")
    body = mix(body, blue, np.clip(band + dots, 0, 1))
    body = mix(body, rgb("#ffffff"), 0.95 * smooth(0.35, 0.8, s.gloss(70)))
    mouth = inside(1 - np.hypot((x - 540) / 40, (y - 342) / 5.6))
    body = mix(body, ramp(0.5 + (x - 540) / 90, "#2a2433", "#6b6470", "#b5aaa0"), mouth)
    alpha = np.maximum(s.alpha, bar)
    only = bar * (1 - s.alpha)
    target = mix(body, ramp(0.2 + 0.6 * shade, *glaze), only)
    angle = np.where(only > 0.3, tangent(inner), s.flow) + 0 * t.mean()
    colour = paint(s.frame, target, angle, rng, strokes(58), alpha, relief=0.6)
    picture.add("jug", s.frame, colour, alpha, ("things",))


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
    streak = noise(rng, around * 9 + 30, s.along * 1.7, 3)
    level = s.light() + 0.04 * noise(rng, x / 14, y / 14, 3)
    red = ramp(level, "#2a0610", "#6d0f1c", "#b81f26", "#e2553c", "#ffb68a")
    gold = ramp(level, "#3c1c0c", "#8c5a18", "#d29a33", "#f2cc62", "#fff0b0")
    target = mix(red, gold, smooth(0.15, 0.8, streak * 0.7 + smooth(0.3, 0.0, s.along) * 1.1 - 0.1))
    hollow = np.hypot((x - 444) / 24, (y - 562) / 8)
    target = mix(target, rgb("#59330f"), 0.75 * smooth(1.1, 0.2, hollow))
    target = mix(target, rgb("#fff6ea"), 0.85 * smooth(0.4, 0.9, s.gloss(60)))
    flow = np.pi / 2 - around * 0.5 * (0.5 - s.along)
    colour = paint(s.frame, target, flow, rng, strokes(42), s.alpha, relief=0.65)
    ink, bar = stem(picture, s, [(444, 566), (446, 548), (456, 528)], 4.0, "#3b2210")
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
        level = np.clip((-0.55 * u - 0.6 * v + 0.58 * nz + 0.25) / 1.25, 0, 1) + 0.22 * smooth(0.3, 1.0, 0.7 * u + 0.7 * v)
        hue = rng.uniform(0, 1)
        skin = mix(
            ramp(level, "#0d0a20", "#2a1f55", "#574a94", "#a4a0d0"), ramp(level, "#1a0718", "#4a1744", "#8a4078", "#cf9cbc"),
            np.full(frame.shape, hue),
        )  # fmt: skip
        glint = np.exp(-(((u + 0.36) / 0.17) ** 2) - ((v + 0.42) / 0.15) ** 2)
        skin = mix(skin, rgb("#f4f0ff"), 0.9 * glint)
        ball = inside(1 - np.sqrt(q))
        shade = smooth(1.5, 0.95, np.hypot((x - cx - 3) / r, (y - cy - 4) / r)) * 0.5
        target = mix(target, rgb("#0b0716"), shade * alpha)
        target, alpha = mix(target, skin, ball), np.maximum(alpha, ball)
        angle = np.where(ball > 0.5, np.arctan2(u, -v), angle)
    colour = paint(frame, target, angle, rng, [Brush(9, 3.2, 2.0, 0.03), Brush(5, 1.8, 2, 0.02, 0.08, 0.08)], alpha, 0.6)
    picture.add("grapes", frame, colour, alpha, ("things",))
