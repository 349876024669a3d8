"""A woman in profile against bright foliage out of focus: soft skin, a knot of hair, loose wisps."""

import numpy as np

from scenes.brushes import Brush, paint
from scenes.forms import blur, depth, hairs, inside, mix, noise, polygon, ramp, rgb, smooth, spline, tangent
from scenes.hair import add_hair, add_wisps
from scenes.studio import Frame, Picture

SIZE = (768, 960)
FACE = (
    (330, 214), (304, 246), (293, 284), (291, 312), (299, 336), (292, 356), (272, 384), (254, 404), (252, 412),
    (262, 419),
    (281, 421), (284, 428), (275, 439), (268, 447), (271, 453), (284, 457), (274, 463), (272, 473), (284, 482),
    (283, 492),
    (274, 505), (273, 522), (284, 538), (306, 546), (340, 545), (372, 540), (392, 562), (396, 610), (388, 660),
    (352, 700),
    (300, 726), (232, 746), (226, 860), (570, 900), (640, 740), (570, 700), (524, 668), (506, 620), (500, 560),
    (520, 470),
    (540, 380), (520, 290), (450, 210), (390, 190),
)  # fmt: skip
EAR = ((440, 420), (432, 390), (444, 366), (468, 362), (480, 384), (476, 414), (462, 440), (446, 454), (437, 440))
UPPER_LIP = ((264, 444), (275, 438), (284, 444), (300, 452), (312, 458), (296, 458), (282, 459), (266, 456))
LOWER_LIP = ((282, 458), (298, 458), (312, 458), (302, 468), (288, 478), (270, 478), (266, 466), (272, 460))


def blob(x: np.ndarray, y: np.ndarray, cx: float, cy: float, rx: float, ry: float, turn: float = 0.0) -> np.ndarray:
    """A soft ellipse, 1 at its middle."""
    c, s = np.cos(turn), np.sin(turn)
    return np.exp(-((((x - cx) * c + (y - cy) * s) / rx) ** 2) - ((-(x - cx) * s + (y - cy) * c) / ry) ** 2)


def draw(picture: Picture) -> None:
    """Foliage, figure, dress, hair, wisps, leaves in front."""
    add_foliage(picture)
    add_figure(picture)
    add_dress(picture)
    add_hair(picture)
    add_earring(picture)
    add_wisps(picture)
    add_leaves(picture)


def add_foliage(picture: Picture) -> None:
    """Leaves so far out of focus that they are discs of light."""
    rng = picture.rng("foliage")
    frame = picture.frame()
    x, y = frame.grid()
    depthless = noise(rng, x / 210, y / 230, 4)
    target = ramp(
        0.52 + 0.34 * depthless - 0.22 * (y - 300) / 660 - 0.12 * (x - 200) / 560,
        "#0c1f1c",
        "#1f4434",
        "#4a7648",
        "#97a85a",
        "#e6d888",
    )
    angle = tangent(blur(frame, depthless, 6))
    tints = ("#f4e6a0", "#c7d078", "#8fb565", "#ffdca0", "#5f9a6a", "#d8e6b0", "#3f7a5c")
    for _ in range(110):
        cx, cy = rng.uniform(-20, 790), rng.uniform(-20, 980) ** 1.0
        r = rng.uniform(10, 44) * (1.15 - 0.4 * cy / 960)
        box = (slice(max(0, int((cy - r - 4) * frame.unit)), int((cy + r + 4) * frame.unit)),
               slice(max(0, int((cx - r - 4) * frame.unit)), int((cx + r + 4) * frame.unit)))  # fmt: skip
        if not target[box].size:
            continue
        d = np.hypot(x[box] - cx, y[box] - cy)
        disc = smooth(r + 1.5, r - 1.5, d) * (0.75 + 0.25 * smooth(0.55 * r, r, d))
        strength = rng.uniform(0.12, 0.62) * (1 - 0.55 * smooth(350, 960, np.float32(cy)))
        target[box] = mix(target[box], rgb(tints[rng.integers(len(tints))]), disc * strength)
        angle[box] = np.where(disc > 0.5, np.arctan2(y[box] - cy, x[box] - cx) + np.pi / 2, angle[box])
    colour = paint(
        frame, target, angle, rng,
        [Brush(38, 13, 2.2, 0.016), Brush(22, 6.5, 1.7, 0.014, 0.08, 0.03), Brush(11, 3.2, 1.8, 0.012, 0.07, 0.06)],
        relief=0.5,
    )  # fmt: skip
    picture.add("foliage", frame, colour)


def skin_light(frame: Frame, face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """How light the skin is: sun from the left, modelled by soft planes."""
    x, y = frame.grid()
    inner = depth(frame, face)
    level = 0.66 - 0.20 * smooth(300, 520, x) + 0.14 * np.exp(-inner / 16)
    level += 0.13 * blob(x, y, 352, 424, 46, 40, -0.3) + 0.1 * blob(x, y, 336, 276, 42, 40)
    level += 0.10 * blob(x, y, 276, 384, 7, 30, 0.6) + 0.08 * blob(x, y, 296, 516, 16, 16)
    level -= 0.20 * blob(x, y, 322, 352, 22, 12, 0.15) + 0.10 * blob(x, y, 302, 338, 10, 14)
    level -= 0.20 * blob(x, y, 288, 415, 10, 6) + 0.12 * blob(x, y, 300, 404, 6, 14, 0.35)
    level -= 0.13 * blob(x, y, 286, 486, 14, 5) + 0.08 * blob(x, y, 300, 462, 9, 20, 0.1)
    level -= 0.15 * blob(x, y, 420, 470, 60, 26, -0.9)
    jaw = spline([(300, 552), (350, 552), (392, 530), (428, 490), (446, 440)])
    _, line = hairs(frame, [(jaw, 16, 40, rgb("#000000"))], rgb("#000000"))
    under = blur(frame, line, 9)
    level -= 0.42 * under * smooth(0, 20, y - (548 - 0.62 * np.maximum(x - 350, 0) * 0.9))
    level -= 0.17 * smooth(530, 600, y) * smooth(740, 640, y) + 0.12 * smooth(430, 520, x) * smooth(520, 600, y)
    level += (
        0.14 * blob(x, y, 320, 700, 80, 24, -0.4)
        - 0.10 * blob(x, y, 424, 640, 14, 70, 0.12)
        + 0.09 * blob(x, y, 394, 640, 9, 60, -0.1)
    )
    level -= 0.10 * blob(x, y, 440, 722, 60, 9, -0.2)
    return level + 0.03 * noise(rng, x / 30, y / 30, 3)


def add_figure(picture: Picture) -> None:
    """Face, neck and shoulders."""
    rng = picture.rng("figure")
    frame = picture.frame(200, 150, 680, 930)
    x, y = frame.grid()
    outline = spline(FACE, closed=True, steps=10)
    face = polygon(frame, outline)
    level = skin_light(frame, face, rng)
    target = ramp(level, "#4a1d1c", "#8f4a38", "#cf8a66", "#f0bd94", "#fde3c0", "#fff6e0")
    blush = (
        blob(x, y, 350, 436, 42, 28, -0.3) * 0.42
        + blob(x, y, 264, 406, 16, 12) * 0.3
        + blob(x, y, 284, 520, 18, 14) * 0.16
    )
    target = mix(target, ramp(level, "#5a1a1e", "#b04a42", "#e88a74", "#f9b79c"), blush)
    lips_up, lips_low = (polygon(frame, spline(lip, closed=True)) for lip in (UPPER_LIP, LOWER_LIP))
    rose = ramp(level - 0.12 + 0.16 * blob(x, y, 278, 468, 7, 5), "#5c1420", "#a8383e", "#d96a62", "#f6a894")
    target = mix(target, rose * 0.9, blur(frame, lips_up, 0.9) * 0.85)
    target = mix(target, rose, blur(frame, lips_low, 0.9) * 0.85)
    # A closed eye: the lid's roundness, then ink for lashes, brow, nostril and the line of the mouth.
    lid = blob(x, y, 317, 351, 16, 8, 0.25)
    target = mix(target, ramp(level + 0.14, "#7a3a34", "#d59474", "#fbd9b4"), 0.7 * lid)
    ear = polygon(frame, spline(EAR, closed=True))
    target = mix(target, target * rgb("#b06a58"), 0.6 * blur(frame, ear, 5) * (1 - ear))
    shell = level + 0.2 - 0.4 * blob(x, y, 456, 404, 8, 17, 0.2) + 0.1 * smooth(6, 2, depth(frame, ear))
    target = mix(target, ramp(shell, "#6a2a24", "#c9745a", "#f0b08c", "#fde0c4"), blur(frame, ear, 0.8))
    angle = 1.1 + 0.5 * np.sin(x / 60) + 0.9 * smooth(540, 700, y) + 0.3 * noise(rng, x / 60, y / 60, 2)
    colour = paint(
        frame, target, angle, rng,
        [Brush(24, 8, 2.4, 0.012, 0.1), Brush(14, 4.4, 2.0, 0.01, 0.07, 0.03), Brush(7, 2.2, 2.2, 0.008, 0.06, 0.05),
         Brush(4, 1.3, 2.2, 0.006, 0.06, 0.08)],
        face, relief=0.4,
    )  # fmt: skip
    dark, brown, wine = rgb("#2a120e"), rgb("#4a2416"), rgb("#6a1a22")
    fine = [
        (spline([(301, 350), (306, 357), (316, 361), (328, 360), (338, 354)]), 2.2, 1.0, dark),
        (spline([(304, 343), (312, 338), (324, 338), (336, 345)]), 0.9, 0.6, rgb("#8a4a3c")),
        (spline([(268, 457), (282, 458.5), (297, 457.5), (313, 459)]), 1.5, 0.8, wine),
        (spline([(272, 415), (278, 412), (285, 415)]), 2.4, 1.0, rgb("#5c2420")),
        (spline([(474, 398), (474, 420), (464, 438), (454, 446)]), 1.6, 0.6, rgb("#a5503c")),
        (spline([(439, 408), (447, 416), (446, 424), (440, 430)]), 1.8, 0.6, rgb("#8a3c30")),
        (spline([(456, 394), (464, 404), (462, 420), (452, 428)]), 2.2, 0.7, rgb("#98483a")),
        (spline([(291, 398), (297, 405), (296, 414), (289, 418)]), 1.1, 0.5, rgb("#a55a48")),
    ]
    for i in range(13):
        f = i / 12
        root = np.array([302 + 34 * f, 353 + 7.5 * np.sin(np.pi * (0.2 + 0.72 * f))])
        tip = root + np.array([-13 + 9 * f, 8 + 4 * np.sin(np.pi * f)])
        fine.append((spline([root, (root + tip) / 2 + [-1.5, 2], tip]), 1.1, 0.3, dark))
    for i in range(46):
        f = i / 45
        root = np.array([296 + 60 * f, 322 - 15 * np.sin(np.pi * min(1.0, 0.15 + 0.75 * f)) + 7 * f]) + rng.normal(
            0, 1.2, 2
        )
        fine.append((spline(root + np.array([(0, 0), (5 + 4 * f, -4.5 + 5 * f), (12, -5 + 8 * f)])), 1.2, 0.4, brown))
    ink, lines = hairs(frame, fine, brown)
    colour = mix(colour, ink, 0.85 * lines)
    lash = lines * smooth(303, 296, x) * smooth(345, 352, y) * smooth(385, 375, y)
    picture.add("figure", frame, colour, np.maximum(face, lash), ("woman",))


def add_dress(picture: Picture) -> None:
    """A blue-green dress with a pale collar and folds."""
    rng = picture.rng("dress")
    frame = picture.frame(100, 620)
    x, y = frame.grid()
    outline = spline(
        [(196, 746), (246, 712), (290, 716), (346, 732), (414, 736), (478, 712), (520, 668), (546, 660), (616, 688),
         (678, 738), (718, 826), (736, 990), (136, 990), (150, 880), (168, 800)], closed=True,
    )  # fmt: skip
    alpha = polygon(frame, outline)
    fold = noise(rng, (x - 0.35 * (y - 700)) / 44, y / 260, 3) + 0.5 * np.sin((x - 400) * (1 - (y - 700) / 900) / 17)
    level = 0.62 - 0.36 * smooth(240, 680, x) + 0.15 * fold - 0.1 * smooth(800, 960, y)
    target = ramp(level, "#08161f", "#12363f", "#2a6a6c", "#6aa99a", "#c9dfc0")
    motif = noise(rng, x / 9, y / 9, 2)
    target = mix(target, ramp(level, "#4a1f1c", "#b5553c", "#f0a878"), 0.8 * smooth(0.72, 0.9, motif))
    band = smooth(17, 14, depth(frame, alpha)) * smooth(772, 750, y) * smooth(190, 226, x) * smooth(584, 540, x)
    lace = ramp(level + 0.3 + 0.1 * np.sin(x / 2.6) * np.sin(y / 2.6), "#6d6a78", "#c7bfb4", "#fbf1dc")
    target = mix(target, lace, band)
    colour = paint(
        frame, target, tangent(blur(frame, fold, 3)), rng,
        [Brush(34, 9, 2.2, 0.022), Brush(18, 4.5, 1.8, 0.02, 0.1, 0.05), Brush(8, 2.2, 1.8, 0.015, 0.09, 0.1)],
        alpha, relief=0.6,
    )  # fmt: skip
    picture.add("dress", frame, colour, alpha, ("woman",))


def add_earring(picture: Picture) -> None:
    """A pearl under the lobe of the ear."""
    rng = picture.rng("earring")
    frame = picture.frame(420, 440, 470, 500)
    x, y = frame.grid()
    u, v = (x - 448) / 8.6, (y - 470) / 9.6
    q = np.hypot(u, v)
    pearl = inside(1 - q)
    level = 0.55 - 0.32 * u - 0.34 * v + 0.3 * smooth(0.75, 1.0, q) * smooth(0, 0.8, u + v)
    target = ramp(level, "#4a3f52", "#9a8f9c", "#e0d6cf", "#fffaf0")
    target = mix(target, rgb("#ffffff"), np.exp(-(((u + 0.36) / 0.2) ** 2 + ((v + 0.4) / 0.2) ** 2)))
    hook, wire = hairs(
        frame, [(spline([(448, 462), (450, 455), (448, 450)]), 1.7, 1.2, rgb("#d9a848"))], rgb("#d9a848")
    )
    colour = paint(frame, target, np.arctan2(u, -v), rng, [Brush(4, 1.1, 2.4, 0.012)], pearl, 0.4)
    picture.add("pearl", frame, mix(hook, colour, pearl), np.maximum(pearl, wire), ("woman",))


def add_leaves(picture: Picture) -> None:
    """A blurred twig with blossoms close to the viewer."""
    rng = picture.rng("twig")
    frame = picture.frame(480, 640)
    x, y = frame.grid()
    alpha, target = np.zeros(frame.shape, np.float32), np.zeros((*frame.shape, 3), np.float32) + rgb("#3f6a3c")
    twig = spline([(780, 700), (720, 770), (650, 850), (590, 980)])
    ink, bar = hairs(frame, [(twig, 9, 7, rgb("#4a3626"))], rgb("#4a3626"))
    target, alpha = mix(target, ink, bar), np.maximum(alpha, bar)
    for _ in range(24):
        f = rng.uniform()
        root = twig[int(f * (len(twig) - 1))]
        theta, long = rng.uniform(0, 2 * np.pi), rng.uniform(34, 66)
        u = ((x - root[0]) * np.cos(theta) + (y - root[1]) * np.sin(theta)) / long
        v = (-(x - root[0]) * np.sin(theta) + (y - root[1]) * np.cos(theta)) / long
        leaf = inside(0.30 * np.sin(np.pi * np.clip(u, 0, 1)) ** 0.8 - np.abs(v) - 0.004)
        green = ramp(
            rng.uniform(0.2, 0.7) + 0.5 * v + 0.25 * u - 0.25 * np.exp(-np.abs(v) * 26),
            "#16302a",
            "#2f5c40",
            "#6f9a4e",
            "#cfd47c",
        )
        target, alpha = mix(target, green, leaf), np.maximum(alpha, leaf)
    for bx, by, r in ((712, 790, 34), (648, 842, 27), (742, 872, 38), (676, 918, 30)):
        phi, q = np.arctan2(y - by, x - bx), np.hypot(x - bx, y - by) / r
        petal = inside(0.62 + 0.38 * np.abs(np.sin(2.5 * phi + bx)) - q)
        pink = ramp(0.25 + 0.6 * q - 0.25 * (y - by) / r, "#c9566a", "#f09aa0", "#fdd5cc", "#fff6ee")
        pink = mix(pink, rgb("#f2c04a"), smooth(0.28, 0.16, q))
        target, alpha = mix(target, pink, petal), np.maximum(alpha, petal)
    angle = noise(rng, x / 40, y / 40, 3) * 2
    colour = paint(
        frame, target, angle, rng, [Brush(16, 5.5, 2.2, 0.025), Brush(9, 2.8, 1.8, 0.02, 0.09, 0.08)], alpha, 0.5
    )
    # Out of focus: paint and coverage are blurred together, premultiplied, so that no dark fringe is drawn in.
    wide = blur(frame, alpha, 2.6)
    colour = blur(frame, colour * alpha[..., None], 2.6) / np.maximum(wide, 1e-3)[..., None]
    picture.add("blossoming twig", frame, np.clip(colour, 0, 1), np.where(wide < 0.008, 0, wide), ("in front",))
