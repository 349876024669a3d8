"""Fruit, a bottle, a jug and a linen cloth on a table by a window: many overlaps, soft shadows."""

import numpy as np

from scenes.brushes import Brush, paint
from scenes.forms import blur, depth, hairs, inside, mix, noise, polygon, ramp, rgb, smooth, spline, tangent
from scenes.fruit import add_apple, add_grapes, add_lemon, add_orange, add_pear, strokes
from scenes.lathe import cast_shadow, turn
from scenes.studio import Picture

SIZE = (960, 768)
EDGE = 452
FRONT = 690

JUG = ((230, 46), (224, 43), (206, 37), (180, 36), (150, 56), (112, 80), (72, 86), (36, 72), (10, 50), (4, 50), (0, 50))
BOTTLE = (
    (350, 17),
    (340, 19),
    (326, 17),
    (320, 15),
    (250, 16),
    (226, 22),
    (204, 46),
    (176, 56),
    (100, 57),
    (10, 56),
    (0, 52),
)


def draw(picture: Picture) -> None:
    """Back to front."""
    add_room(picture)
    add_cloth(picture)
    cast_shadow(picture, "shadow of the bottle", 372, 548, 60, 330, 0.7, group=("shadows",))
    add_bottle(picture)
    cast_shadow(picture, "shadow of the jug", 540, 572, 58, 300, 0.7, group=("shadows",))
    add_jug(picture)
    cast_shadow(picture, "shadow of the pear", 676, 602, 44, 170, 0.66, group=("shadows",))
    add_pear(picture)
    cast_shadow(picture, "shadow of the grapes", 270, 630, 80, 80, 0.66, group=("shadows",))
    add_grapes(picture)
    cast_shadow(picture, "shadow of the orange", 586, 632, 40, 110, 0.66, group=("shadows",))
    add_orange(picture)
    cast_shadow(picture, "shadow of the apple", 450, 646, 44, 120, 0.66, group=("shadows",))
    add_apple(picture)
    cast_shadow(picture, "shadow of the lemon", 740, 650, 46, 74, 0.62, group=("shadows",))
    add_lemon(picture)


def add_room(picture: Picture) -> None:
    """Wall and table."""
    rng = picture.rng("room")
    frame = picture.frame()
    x, y = frame.grid()
    patch = noise(rng, x / 190, y / 170, 4)
    light = 0.6 - 0.56 * np.hypot((x - 230) / 900, (y - 200) / 720) + 0.08 * patch
    # Sun through a window of six panes falls on the wall, sheared by its slant.
    wx, wy = x - 0.34 * (y - 200), y - 0.1 * x
    pane = smooth(-5, 5, 232 - np.abs(wx - 560)) * smooth(-5, 5, 132 - np.abs(wy - 150))
    bars = smooth(4, 9, np.abs(wx - 483)) * smooth(4, 9, np.abs(wx - 637)) * smooth(4, 9, np.abs(wy - 150))
    sun = pane * bars * (0.9 + 0.12 * patch) * smooth(900, 300, x)
    wall = ramp(light, "#191a1c", "#33352f", "#5f5f4b", "#949070", "#c6bd94")
    wall = mix(wall, ramp(0.5 + 0.4 * patch - (x - 400) / 1100, "#8d7a4e", "#d3b676", "#f7e3a8"), 0.62 * sun)
    grain = noise(rng, x / 260, (y - 0.04 * x) / 5.5, 4)
    lit_table = 0.72 - 0.5 * np.hypot((x - 330) / 760, (y - 600) / 420) + 0.1 * grain + 0.04 * patch
    table = ramp(lit_table, "#24110c", "#4e2717", "#8a4d28", "#bd7c45", "#e6b477")
    plank = np.exp(-(((y - (EDGE + 96 + 0.012 * x)) / 1.6) ** 2)) + np.exp(
        -(((y - (EDGE + 30 + 0.006 * x)) / 1.1) ** 2)
    )
    table = mix(table, rgb("#1d0d0a"), 0.6 * plank)
    board = ramp(0.42 - 0.3 * np.abs(x - 330) / 600 + 0.12 * grain - 0.35 * (y - FRONT) / 80,
                 "#160a08", "#341a10", "#6b3a1f", "#935a31")  # fmt: skip
    table = np.where((y > FRONT)[..., None], board, table)
    table = mix(table, rgb("#f0c48c"), 0.6 * np.exp(-(((y - FRONT + 2) / 2.6) ** 2)) * smooth(1000, 250, x))
    target = np.where((y > EDGE)[..., None], table, wall)
    target = mix(target, rgb("#160d0d"), 0.5 * np.exp(-np.abs(y - EDGE) / 7) * (y > EDGE - 8))
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
    rumple = 1 - 2.2 * np.abs(noise(rng, (x + 0.9 * y) / 210, (y - 0.25 * x) / 105, 2, 0.35))
    height = folds * 14 + rumple * 24 * (1 - 0.7 * hang)
    height = blur(frame, height, 4)
    gy, gx = np.gradient(height, 1 / frame.unit)
    level = 0.7 - 0.36 * gx - 0.4 * gy - 0.24 * hang - 0.2 * smooth(500, 900, x)
    level = level - 0.1 * smooth(8, 0, depth(frame, alpha))
    target = ramp(level, "#3a3d50", "#77788a", "#b8b2aa", "#e6dcc6", "#fff8e4")
    stripe = inside(5.5 - np.abs(depth(frame, alpha) - 17)) * 0.75 + 0.6 * inside(
        1.5 - np.abs(depth(frame, alpha) - 28)
    )
    target = mix(target, target * rgb("#6e86b8") * 1.05, stripe)
    angle = np.where(hang > 0.5, 1.45, 0.3) + 0.4 * rumple
    colour = paint(frame, target, angle, rng, strokes(66), alpha, relief=0.6)
    picture.add("cloth", frame, colour, alpha, ("things",))


def add_bottle(picture: Picture) -> None:
    """A dark green bottle with a window's reflection and a paper label."""
    rng = picture.rng("bottle")
    s = turn(picture, 372, 548, BOTTLE, lift=0.19)
    x, y = s.frame.grid()
    edge = 1 - np.abs(s.across)
    level = (
        0.16
        + 0.26 * np.exp(-(((s.across - 0.55) / 0.26) ** 2))
        + 0.12 * s.light()
        + 0.05 * noise(rng, x / 20, y / 60, 3)
    )
    level = (
        level
        - 0.1 * smooth(0.14, 0.0, edge)
        + 0.18 * smooth(0.55, 1, s.along) * np.exp(-(((s.across - 0.3) / 0.5) ** 2))
    )
    target = ramp(level * 1.5, "#070d0b", "#10241a", "#22492c", "#4f7f3e", "#a9bf62")
    window = inside(0.09 - np.abs(s.across + 0.52)) * smooth(0.46, 0.5, s.along) * smooth(0.8, 0.74, s.along)
    window = window + 0.85 * inside(0.14 - np.abs(s.across + 0.45)) * smooth(0.07, 0.1, s.along) * smooth(
        0.36, 0.3, s.along
    )
    label = inside(0.13 - np.abs(s.along - 0.74))
    paper = ramp(
        0.15 + 0.8 * s.light() + 0.05 * noise(rng, x / 7, y / 7, 3), "#4c3a2b", "#8d7350", "#d3bd8d", "#f3e7c2"
    )
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
    s = turn(picture, 540, 572, JUG, lift=0.19)
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
    mouth = inside(1 - np.hypot((x - 540) / 41, (y - 342) / 7.4))
    body = mix(body, ramp(0.5 + (x - 540) / 90, "#2a2433", "#6b6470", "#b5aaa0"), mouth)
    alpha = np.maximum(s.alpha, bar)
    only = bar * (1 - s.alpha)
    target = mix(body, ramp(0.2 + 0.6 * shade, *glaze), only)
    angle = np.where(only > 0.3, tangent(inner), s.flow) + 0 * t.mean()
    colour = paint(s.frame, target, angle, rng, strokes(58), alpha, relief=0.6)
    picture.add("jug", s.frame, colour, alpha, ("things",))
