"""A candle, glass and incense smoke by an evening window: layers one sees through."""

import numpy as np

from scenes.brushes import Brush, paint
from scenes.forms import blur, hairs, inside, lit, mix, noise, polygon, ramp, rgb, smooth, spline, tangent
from scenes.lathe import cast_shadow, turn
from scenes.studio import Picture

SIZE = (896, 768)
EDGE = 560
BURNER = ((62, 50), (58, 56), (44, 66), (24, 60), (10, 38), (5, 30), (2, 40), (0, 40))
FLASK = (
    (250, 30),
    (246, 26),
    (236, 24),
    (190, 23),
    (168, 30),
    (146, 52),
    (112, 82),
    (72, 92),
    (34, 82),
    (8, 56),
    (0, 48),
)
CANDLE = ((150, 25), (146, 27), (80, 27), (0, 27))


def draw(picture: Picture) -> None:
    """Room, candle, burner, flask, glass ball, and the smoke in front of all."""
    add_room(picture)
    cast_shadow(picture, "shadow of the candle", 196, 640, 46, 60, 0.5, "#0a0b16", ("shadows",))
    add_candle(picture)
    cast_shadow(picture, "shadow of the burner", 452, 676, 54, 70, 0.55, "#0a0b16", ("shadows",))
    add_burner(picture)
    cast_shadow(picture, "shadow of the flask", 668, 640, 60, 90, 0.36, "#0a0b16", ("shadows",))
    add_flask(picture)
    cast_shadow(picture, "shadow of the ball", 296, 716, 44, 60, 0.4, "#0a0b16", ("shadows",))
    add_ball(picture, 296, 652, 68)
    add_smoke(picture, "smoke", 452, 622, 600, 92, 0.88)
    add_smoke(picture, "thin smoke", 462, 622, 440, 60, 0.5)


def add_room(picture: Picture) -> None:
    """Wall with an arched window on an evening sky, and a table."""
    rng = picture.rng("room")
    frame = picture.frame()
    x, y = frame.grid()
    patch = noise(rng, x / 150, y / 150, 4)
    warm = np.exp(-(((x - 196) / 250) ** 2 + ((y - 430) / 230) ** 2))
    wall = ramp(
        0.2 + 0.55 * warm + 0.1 * patch + 0.1 * smooth(500, 0, y), "#10131f", "#252a3d", "#4d4150", "#8f6650", "#d99a5c"
    )
    arch = np.where(y < 220, 190 - np.hypot(x - 560, (y - 220)), 190 - np.abs(x - 560))
    opening = inside(np.minimum(arch, 500 - y))
    reveal = inside(np.minimum(arch + 26, 520 - y))
    t = y / 500 + 0.07 * noise(rng, x / 170, y / 50, 4)
    sky = ramp(t, "#142450", "#2c4a7e", "#5f7fa5", "#c3a7a4", "#f3b68a", "#f9d9a0")
    cloud = smooth(0.15, 0.7, noise(rng, x / 130, y / 32 + 7, 4)) * smooth(0.2, 0.5, t)
    sky = mix(sky, ramp(t, "#3a4a7c", "#8a6f96", "#e08f80", "#ffcb95"), 0.6 * cloud)
    moon = inside(27 - np.hypot(x - 640, y - 128))
    sky = mix(sky, rgb("#fbe9c4"), 0.28 * np.exp(-np.hypot(x - 640, y - 128) / 46))
    sky = mix(sky, ramp(0.75 + 0.3 * noise(rng, x / 16, y / 16, 3), "#d8c8a4", "#fff6dd"), moon)
    star_x, star_y = rng.uniform(380, 740, 26), rng.uniform(40, 300, 26)
    for sx, sy in zip(star_x, star_y, strict=True):
        sky = mix(sky, rgb("#fff4dc"), 0.9 * np.exp(-(((x - sx) ** 2 + (y - sy) ** 2) / 2.4)) * (1 - moon))
    for base, tall, period, code in ((432, 34, 120, "#6f6a8c"), (470, 26, 80, "#3c4464")):
        line = base + tall * noise(rng, x / period, np.zeros_like(x) + base, 4, 0.45)
        sky = np.where((y > line)[..., None], rgb(code) * (1 + 0.1 * noise(rng, x / 30, y / 20, 2))[..., None], sky)
    stone = ramp(
        0.35 + 0.3 * smooth(700, 370, x) + 0.12 * patch + 0.2 * smooth(480, 510, y),
        "#191c2c",
        "#3d3c50",
        "#7d6a6a",
        "#c79b78",
    )
    target = mix(mix(wall, stone, reveal), sky, opening)
    fan = np.hypot(x - 560, y - 230) - 96
    bars = inside(3.6 - np.abs(x - 560)) + inside(3.2 - np.abs(y - 232)) + inside(2.6 - np.abs(fan)) * (y < 228)
    target = mix(target, rgb("#171a29"), np.clip(bars, 0, 1) * opening)
    grain = noise(rng, x / 240, (y - 0.03 * x) / 6, 4)
    near = np.exp(-(((x - 230) / 280) ** 2 + ((y - 640) / 90) ** 2))
    sheen = np.exp(-(((x - 560) / 170) ** 2)) * smooth(EDGE + 130, EDGE, y)
    table = ramp(
        0.18 + 0.62 * near + 0.28 * sheen + 0.09 * grain, "#0d0a12", "#2c1a1c", "#6a3a28", "#b5713f", "#f0b876"
    )
    target = np.where((y > EDGE)[..., None], table, target)
    target = mix(target, rgb("#0a0810"), 0.55 * np.exp(-np.abs(y - EDGE) / 5) * (y > EDGE - 6))
    angle = np.where(opening > 0.5, 0.06 + 0.5 * cloud * patch, 1.2 + 0.8 * patch)
    angle = np.where((np.abs(arch) < 8) | ((arch > -40) & (arch < 0)), tangent(arch), angle)
    angle = np.where((opening > 0.5) & (np.abs(x - 560) < 7), np.pi / 2, angle)
    angle = np.where((opening > 0.5) & (y < 214) & (np.abs(fan) < 6), tangent(fan), angle)
    angle = np.where(y > EDGE, 0.02 + 0.05 * grain, angle)
    colour = paint(
        frame, target, angle, rng,
        [Brush(40, 12, 2.2, 0.016), Brush(22, 5.5, 1.6, 0.016, 0.09, 0.04), Brush(11, 2.6, 1.8, 0.012, 0.08, 0.08),
         Brush(8, 1.5, 2.2, 0.01, 0.07, 0.14)],
        relief=0.5,
    )  # fmt: skip
    picture.add("room", frame, colour)


def add_candle(picture: Picture) -> None:
    """A wax candle on a brass dish; its light is a layer of its own."""
    rng = picture.rng("candle")
    s = turn(picture, 196, 632, CANDLE, 1.0, 0.0, 0.2)
    frame = s.frame
    x, y = frame.grid()
    down = smooth(0, 1, s.along)
    level = 0.95 - 0.55 * down - 0.3 * s.across**2 + 0.05 * noise(rng, x / 9, y / 20, 3)
    wax = ramp(level, "#4a2a1c", "#a4683c", "#e3b274", "#fbe4b4", "#fffbe8")
    top = inside(1 - np.hypot((x - 196) / 25, (y - 482) / 5))
    wax = mix(wax, ramp(0.6 + (y - 482) / 14, "#d98f3e", "#ffd98a", "#fff6cf"), top)
    drip = spline([(176, 486), (174, 508), (178, 530), (175, 548)])
    ink, drop = hairs(frame, [(drip, 7, 9, rgb("#f7dca4"))], rgb("#f7dca4"))
    wax = mix(wax, ink, drop)
    dish_f = 1 - np.hypot((x - 196) / 62, (y - 636) / 15)
    dish = inside(dish_f * 15)
    metal = ramp(
        0.5 + 0.45 * np.cos((x - 186) / 21) * 0.6 - (y - 636) / 40 + 0.3 * smooth(0.16, 0.02, dish_f),
        "#2a1609",
        "#6e431a",
        "#c28b3c",
        "#f8d98c",
    )
    target = mix(metal, wax, (np.abs(x - 196) < 30) * (y < 634 + 5 * np.sqrt(np.maximum(1 - s.across**2, 0))))
    wick = np.array([(196, 482), (195, 474), (198, 466)])
    ink, thread = hairs(frame, [(wick, 2.6, 2.2, rgb("#2b1a14"))], rgb("#2b1a14"))
    target = mix(target, ink, thread)
    alpha = np.maximum(np.maximum(s.alpha, dish), np.maximum(thread, drop))
    colour = paint(frame, target, np.where(dish > s.alpha, 0.0, np.pi / 2), rng,
                   [Brush(16, 5, 2.0, 0.025), Brush(8, 2.4, 1.8, 0.02, 0.09, 0.06)], alpha, 0.5)  # fmt: skip
    picture.add("candle", frame, colour, alpha, ("things",))

    rng = picture.rng("flame")
    frame = picture.frame(40, 300, 352, 610)
    x, y = frame.grid()
    outline = spline(
        [(198, 418), (206, 440), (209, 458), (204, 472), (197, 477), (189, 472), (186, 458), (191, 438)], closed=True
    )
    body = blur(frame, polygon(frame, outline), 1.0)
    heart = np.exp(-(((x - 197) / 7) ** 2 + ((y - 460) / 15) ** 2))
    fire = ramp(0.25 + 0.85 * heart, "#f0752a", "#ffb347", "#ffe28a", "#fffbe6")
    fire = mix(fire, rgb("#5a7ad8"), 0.6 * np.exp(-(((x - 197) / 8) ** 2 + ((y - 475) / 4) ** 2)))
    halo = 0.5 * np.exp(-np.hypot(x - 197, (y - 455) * 0.95) / 40) * smooth(154, 60, np.hypot(x - 197, y - 455))
    alpha = body + (1 - body) * halo
    picture.add(
        "candle flame",
        frame,
        mix(np.broadcast_to(rgb("#ffb463"), fire.shape), fire, body),
        alpha * (alpha > 0.008),
        ("light",),
    )


def add_burner(picture: Picture) -> None:
    """A brass incense burner with a pierced rim."""
    rng = picture.rng("burner")
    s = turn(picture, 452, 672, BURNER, 1.0, 0.0, 0.22)
    x, y = s.frame.grid()
    level = (
        0.12
        + 0.6 * lit(-s.nx, s.ny, s.nz, (0.75, -0.3, 0.5))
        + 0.25 * np.exp(-(((s.across - 0.35) / 0.2) ** 2))
        + 0.03 * noise(rng, x / 14, y / 6, 3)
    )
    metal = ramp(level, "#160c0a", "#4a2a14", "#9a642a", "#dba850", "#ffedb0")
    holes = inside(0.16 - np.hypot(np.mod(np.arcsin(s.across) * 2.6, 1) - 0.5, (s.along - 0.36) * 2.6))
    metal = mix(metal, rgb("#1a0d0a"), 0.9 * holes)
    mouth = inside(1 - np.hypot((x - 452) / 45, (y - 610) / 9))
    ash = ramp(0.4 + 0.3 * noise(rng, x / 5, y / 3, 2) + (y - 610) / 30, "#241a1c", "#5e5252", "#a89a90")
    metal = mix(metal, ash, mouth)
    ember = np.exp(-(((x - 452) / 7) ** 2 + ((y - 611) / 3.4) ** 2))
    metal = mix(metal, rgb("#ff8a3a"), np.clip(1.2 * ember, 0, 1) * mouth)
    colour = paint(
        s.frame, metal, s.flow, rng, [Brush(14, 4, 2.2, 0.018), Brush(8, 1.9, 2.2, 0.014, 0.08, 0.05)], s.alpha, 0.5
    )
    picture.add("burner", s.frame, colour, s.alpha, ("things",))


def add_flask(picture: Picture) -> None:
    """A clear flask half full of amber liquor: thin in the middle, dense at the rim."""
    rng = picture.rng("flask")
    s = turn(picture, 668, 636, FLASK, 1.0, 0.0, 0.16)
    x, y = s.frame.grid()
    rim = smooth(0.62, 1.0, np.abs(s.across))
    full = inside(y - (524 + 2.0 * np.sqrt(np.maximum(1 - s.across**2, 0))))
    glass = ramp(0.45 - 0.3 * s.across + 0.2 * noise(rng, x / 18, y / 40, 2), "#20344a", "#6f95a8", "#d7e6e2")
    liquor = ramp(
        0.25
        + 0.5 * np.exp(-(((s.across - 0.3) / 0.45) ** 2)) * smooth(0.5, 1.0, s.along)
        + 0.12 * noise(rng, x / 16, y / 16, 3),
        "#3e1206",
        "#9a3f0c",
        "#e88e22",
        "#ffdf80",
    )
    colour = mix(glass, liquor, full)
    alpha = 0.14 + 0.6 * rim**2 + 0.12 * smooth(0.9, 1, s.along)
    alpha = alpha * (1 - full) + full * (0.7 + 0.22 * rim)
    level = inside(1 - np.hypot((x - 668) / 86, (y - 524) / 6.5))
    colour = mix(colour, rgb("#ffd78c"), 0.8 * level)
    alpha = np.maximum(alpha, 0.75 * level)
    lip = inside(2.6 - np.abs(np.hypot((x - 668) / 29, (y - 387) / 5.0) - 1) * 12)
    window = np.exp(-(((s.across + 0.55) / 0.1) ** 2)) * smooth(0.42, 0.5, s.along) * smooth(0.86, 0.72, s.along)
    window = window + 0.8 * np.exp(-(((s.across + 0.5) / 0.14) ** 2)) * smooth(0.03, 0.07, s.along) * smooth(
        0.33, 0.25, s.along
    )
    small = 0.7 * np.exp(-(((s.across - 0.62) / 0.07) ** 2)) * smooth(0.5, 0.6, s.along) * smooth(0.8, 0.7, s.along)
    light = np.clip(window + small + 0.8 * lip, 0, 1)
    colour, alpha = mix(colour, rgb("#f4fbf4"), light), np.maximum(alpha, 0.92 * light)
    colour = paint(
        s.frame,
        colour,
        np.where(full > 0.5, s.flow, np.pi / 2),
        rng,
        [Brush(18, 5, 2.0, 0.02), Brush(9, 2.2, 1.8, 0.015, 0.08, 0.06)],
        s.alpha,
        0.35,
    )
    cover = np.maximum(s.alpha, lip)
    picture.add("flask", s.frame, colour, np.clip(alpha, 0, 1) * cover, ("glass",))


def add_ball(picture: Picture, cx: float, cy: float, r: float) -> None:
    """A ball of greenish glass with the candle and the window in it."""
    rng = picture.rng("ball")
    frame = picture.frame(cx - r - 4, cy - r - 4, cx + r + 4, cy + r + 4)
    x, y = frame.grid()
    u, v = (x - cx) / r, (y - cy) / r
    q = np.hypot(u, v)
    cover = inside(1 - q)
    rim = smooth(0.5, 1.0, q)
    swirl = noise(rng, u * 2 + 5, v * 2 + 9, 3)
    colour = ramp(0.5 - 0.3 * v - 0.25 * u + 0.2 * swirl, "#08222a", "#1d5a60", "#5fa7a0", "#d3efd8")
    alpha = 0.16 + 0.66 * rim**1.6 + 0.06 * swirl
    caustic = np.exp(-(((u - 0.42) / 0.34) ** 2 + ((v - 0.5) / 0.26) ** 2))
    colour, alpha = mix(colour, rgb("#ffc777"), 0.95 * caustic), np.maximum(alpha, 0.8 * caustic)
    arc = np.exp(-(((q - 0.86) / 0.045) ** 2)) * smooth(0.2, 0.9, u * 0.6 + v * 0.75)
    colour, alpha = mix(colour, rgb("#ffe3a8"), arc), np.maximum(alpha, 0.85 * arc)
    pane = np.exp(
        -((((u - 0.36) * 0.9 + (v + 0.5) * 0.5) / 0.15) ** 4) - (((v + 0.5) * 0.9 - (u - 0.36) * 0.5) / 0.12) ** 4
    )
    pane = pane * (1 - 0.8 * np.exp(-((((u - 0.36) * 0.9 + (v + 0.5) * 0.5) / 0.02) ** 2)))
    spot = np.exp(-(((u + 0.46) / 0.09) ** 2 + ((v + 0.34) / 0.15) ** 2))
    colour = mix(mix(colour, rgb("#dcebf5"), pane), rgb("#fff4d0"), spot)
    alpha = np.maximum(alpha, np.maximum(0.85 * pane, spot))
    colour = paint(
        frame,
        colour,
        np.arctan2(u, -v),
        rng,
        [Brush(13, 3.6, 2.0, 0.018), Brush(6, 1.8, 1.8, 0.015, 0.08, 0.06)],
        cover,
        0.3,
    )
    picture.add("glass ball", frame, colour, np.clip(alpha, 0, 1) * cover, ("glass",))


def add_smoke(picture: Picture, name: str, x0: float, y0: float, rise: float, spread: float, strength: float) -> None:
    """A rising sheet of smoke that folds over itself: many filaments, counted where they fall."""
    rng = picture.rng(name)
    frame = picture.frame()
    s, t = np.meshgrid(np.linspace(-1, 1, 1500), np.linspace(0, 1, 1800))
    a, b, c, d = rng.uniform(0, 2 * np.pi, 4)
    wide = smooth(0.12, 1.1, t)
    # Sums of sines, so that every filament is smooth and neighbours fold over one another like cloth.
    sway = 0.5 * np.sin(5.2 * t + a) * smooth(0.05, 0.6, t) + 0.25 * np.sin(11 * t + b) * wide
    fold = 0.55 * np.sin(1.9 * s + 7 * t + c) + 0.3 * np.sin(4.1 * s - 9 * t + d) + 0.16 * np.sin(8.3 * s + 15 * t + a)
    lift = 0.5 * np.sin(2.6 * s + 8 * t + b) + 0.3 * np.sin(5.3 * s - 13 * t + d)
    x = (
        x0
        + spread * (sway + wide * fold * 1.1)
        + (2.0 + 34 * t * np.sin(2.3 * s + 9 * t + d)) * np.sin(1.5 * s) * (1 - wide)
    )
    y = y0 - rise * (t + 0.085 * wide * lift)
    points = frame.fine(np.stack([x.ravel(), y.ravel()], 1))
    rows, columns = frame.shape
    column, row = np.rint(points).astype(np.int64).T
    on = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    fade = (
        smooth(1.0, 0.5, t) * smooth(0, 0.05, t) * (0.3 + 0.7 * smooth(0, 0.3, t)) * smooth(1.0, 0.8, np.abs(s))
    ).ravel()
    density = np.bincount(row[on] * columns + column[on], fade[on], rows * columns).reshape(rows, columns)
    density = 0.7 * blur(frame, density, 0.9) + 0.3 * blur(frame, density, 5)
    alpha = strength * (1 - np.exp(-0.42 * (density * frame.unit**2 * spread / 100 * rise / 560 / 9) ** 0.8))
    gx, gy = frame.grid()
    glow = np.exp(-(((gx - 250) / 240) ** 2 + ((gy - 500) / 170) ** 2))
    streak = noise(rng, gx / 26, gy / 60, 3)
    colour = ramp(0.55 + 0.16 * streak + 0.2 * smooth(500, 100, gy), "#7d8aa4", "#b3bccb", "#e6e6e6", "#fbf6ee")
    colour = mix(colour, rgb("#ffcf98"), 0.65 * glow)
    picture.add(name, frame, colour, np.where(alpha < 0.008, 0, alpha), ("smoke",))
