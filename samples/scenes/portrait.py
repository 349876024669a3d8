"""A woman in profile against bright foliage out of focus: soft skin, a knot of hair, loose wisps."""

import numpy as np

from scenes.brushes import Brush, paint
from scenes.forms import blur, depth, hairs, inside, mix, noise, polygon, ramp, rgb, smooth, spline, tangent
from scenes.studio import Frame, Picture

SIZE = (768, 960)
HAIR = ("#1f0d0a", "#4a2114", "#8a4624", "#c98546", "#f6cf8e")
FACE = (
    (330, 214), (304, 246), (293, 284), (291, 312), (299, 336), (292, 356), (272, 384), (254, 404), (252, 412), (262, 419),
    (281, 421), (284, 428), (275, 439), (268, 447), (271, 453), (284, 457), (274, 463), (272, 473), (284, 482), (283, 492),
    (274, 505), (273, 522), (284, 538), (306, 546), (340, 545), (372, 540), (392, 562), (396, 610), (388, 660), (352, 700),
    (300, 726), (240, 752), (236, 860), (560, 900), (640, 760), (560, 720), (520, 690), (504, 640), (500, 560), (520, 470),
    (540, 380), (520, 290), (450, 210), (390, 190),
)  # fmt: skip
CROWN = (
    (322, 236), (318, 216), (330, 186), (368, 152), (420, 134), (478, 138), (530, 162), (568, 204), (590, 256), (592, 312),
    (578, 370), (556, 424), (528, 470), (508, 500), (488, 494), (470, 462), (452, 436), (434, 424), (412, 430), (400, 424),
    (402, 392), (396, 356), (378, 322), (352, 290), (334, 262),
)  # fmt: skip


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
    add_wisps(picture)
    add_leaves(picture)


def add_foliage(picture: Picture) -> None:
    """Leaves so far out of focus that they are discs of light."""
    rng = picture.rng("foliage")
    frame = picture.frame()
    x, y = frame.grid()
    depthless = noise(rng, x / 210, y / 230, 4)
    target = ramp(0.52 + 0.34 * depthless - 0.22 * (y - 300) / 660 - 0.12 * (x - 200) / 560, "#0c1f1c", "#1f4434", "#4a7648", "#97a85a", "#e6d888")
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
    level += 0.16 * blob(x, y, 330, 716, 90, 26, -0.4) - 0.10 * blob(x, y, 424, 640, 14, 70, 0.12) + 0.09 * blob(x, y, 394, 640, 9, 60, -0.1)
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
    blush = blob(x, y, 350, 436, 42, 28, -0.3) * 0.42 + blob(x, y, 264, 406, 16, 12) * 0.3 + blob(x, y, 284, 520, 18, 14) * 0.16
    target = mix(target, ramp(level, "#5a1a1e", "#b04a42", "#e88a74", "#f9b79c"), blush)
    lips_up = polygon(frame, spline([(264, 444), (275, 438), (284, 444), (300, 452), (312, 458), (296, 458), (282, 459), (266, 456)], closed=True))
    lips_low = polygon(frame, spline([(282, 458), (298, 458), (312, 458), (302, 468), (288, 478), (270, 478), (266, 466), (272, 460)], closed=True))
    rose = ramp(level - 0.12 + 0.16 * blob(x, y, 278, 468, 7, 5), "#5c1420", "#a8383e", "#d96a62", "#f6a894")
    target = mix(target, rose * 0.9, blur(frame, lips_up, 0.9) * 0.85)
    target = mix(target, rose, blur(frame, lips_low, 0.9) * 0.85)
    # A closed eye: the lid's roundness, then ink for lashes, brow, nostril and the line of the mouth.
    lid = blob(x, y, 317, 351, 16, 8, 0.25)
    target = mix(target, ramp(level + 0.14, "#7a3a34", "#d59474", "#fbd9b4"), 0.7 * lid)
    ear = polygon(frame, spline([(446, 400), (436, 372), (446, 350), (468, 348), (480, 368), (474, 398), (460, 424), (448, 434), (442, 420)], closed=True))
    target = mix(target, ramp(level + 0.06 - 0.35 * blob(x, y, 458, 386, 8, 18, 0.2), "#6a2a24", "#c9745a", "#f0b08c", "#fbd8b4"), blur(frame, ear, 1))
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
        (spline([(291, 398), (297, 405), (296, 414), (289, 418)]), 1.1, 0.5, rgb("#a55a48")),
    ]
    for i in range(13):
        f = i / 12
        root = np.array([302 + 34 * f, 353 + 7.5 * np.sin(np.pi * (0.2 + 0.72 * f))])
        tip = root + [-13 + 9 * f, 8 + 4 * np.sin(np.pi * f)]
        fine.append((spline([root, (root + tip) / 2 + [-1.5, 2], tip]), 1.1, 0.3, dark))
    for i in range(46):
        f = i / 45
        root = np.array([296 + 60 * f, 322 - 15 * np.sin(np.pi * min(1.0, 0.15 + 0.75 * f)) + 7 * f]) + rng.normal(0, 1.2, 2)
        fine.append((spline([root, root + [5 + 4 * f, -4.5 + 5 * f], root + [12, -5 + 8 * f]]), 1.2, 0.4, brown))
    ink, lines = hairs(frame, fine, brown)
    colour = mix(colour, ink, 0.85 * lines)
    lash = lines * smooth(303, 296, x) * smooth(345, 352, y) * smooth(385, 375, y)
    picture.add("figure", frame, colour, np.maximum(face, lash), ("woman",))


def add_dress(picture: Picture) -> None:
    """A blue-green dress with a pale collar and folds."""
    rng = picture.rng("dress")
    frame = picture.frame(120, 660)
    x, y = frame.grid()
    outline = spline(
        [(214, 770), (262, 742), (300, 752), (352, 772), (420, 778), (486, 752), (528, 706), (552, 700), (610, 726), (664, 772),
         (700, 850), (716, 990), (160, 990), (172, 880), (190, 812)], closed=True,
    )  # fmt: skip
    alpha = polygon(frame, outline)
    fold = noise(rng, (x - 0.35 * (y - 700)) / 44, y / 260, 3) + 0.5 * np.sin((x - 400) * (1 - (y - 700) / 900) / 17)
    level = 0.62 - 0.36 * smooth(240, 680, x) + 0.15 * fold - 0.1 * smooth(800, 960, y)
    target = ramp(level, "#08161f", "#12363f", "#2a6a6c", "#6aa99a", "#c9dfc0")
    motif = noise(rng, x / 9, y / 9, 2)
    target = mix(target, ramp(level, "#4a1f1c", "#b5553c", "#f0a878"), 0.8 * smooth(0.72, 0.9, motif))
    band = smooth(17, 14, depth(frame, alpha)) * smooth(812, 790, y) * smooth(200, 240, x) * smooth(590, 540, x)
    lace = ramp(level + 0.3 + 0.1 * np.sin(x / 2.6) * np.sin(y / 2.6), "#6d6a78", "#c7bfb4", "#fbf1dc")
    target = mix(target, lace, band)
    colour = paint(
        frame, target, tangent(blur(frame, fold, 3)), rng,
        [Brush(34, 9, 2.2, 0.022), Brush(18, 4.5, 1.8, 0.02, 0.1, 0.05), Brush(8, 2.2, 1.8, 0.015, 0.09, 0.1)],
        alpha, relief=0.6,
    )  # fmt: skip
    picture.add("dress", frame, colour, alpha, ("woman",))


def lock(rng: np.random.Generator, a: np.ndarray, b: np.ndarray, bend: float, wave: float = 0.0) -> np.ndarray:
    """A strand from a to b, bent sideways and a little wavy."""
    t = np.linspace(0, 1, 22)[:, None]
    along = b - a
    side = np.array([-along[1], along[0]])
    swing = bend * np.sin(np.pi * t) + wave * np.sin(2 * np.pi * (1.3 * t + rng.uniform())) * t
    return a + along * t + side * swing


def add_hair(picture: Picture) -> None:
    """Hair combed back from the brow into a knot."""
    rng = picture.rng("hair")
    frame = picture.frame(280, 90, 720, 560)
    x, y = frame.grid()
    crown = polygon(frame, spline(CROWN, closed=True))
    bun_f = 1 - np.hypot((x - 612) / 66, (y - 336) / 74)
    bun = inside(bun_f * 66 + 2 * noise(rng, x / 14, y / 14, 2))
    # Strands run from the hairline to the knot: along the level lines of the angle seen from a point below the temple.
    field = np.arctan2(y - 350, x - 590) + 0.0 * x
    sweep = np.hypot((x - 470) / 1.15, (y - 400)) - 0.25 * x
    flow = tangent(blur(frame, sweep, 4))
    coil = np.arctan2((y - 336) / 74, (x - 612) / 66)
    spiral = np.hypot((x - 612) / 66, (y - 336) / 74) * 3.2 + coil / (2 * np.pi)
    sheen = np.exp(-(((np.hypot(x - 470, y - 330) - 158) / 26) ** 2)) * smooth(620, 380, x)
    band = noise(rng, sweep / 9, field * 1.2 + 5, 3)
    level = 0.3 + 0.2 * band + 0.34 * sheen + 0.16 * np.exp(-depth(frame, crown) / 10) * smooth(330, 180, y) - 0.2 * smooth(330, 500, y)
    coils = 0.34 + 0.26 * np.sin(spiral * 2 * np.pi) + 0.16 * noise(rng, spiral * 9, coil * 2 + 9, 2) - 0.22 * (y - 336) / 74 - 0.1 * (x - 612) / 66
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
    for _ in range(420):
        i = rng.integers(0, len(outline))
        a = outline[i] + rng.normal(0, 2.0, 2)
        if a[0] > 600 or a[1] > 480:
            continue
        b = np.array([590, 330]) + rng.normal(0, 24, 2)
        b = a + (b - a) * rng.uniform(0.25, 0.7)
        upward = -0.16 * smooth(430, 200, np.float64(a[1])) + 0.05
        shade = ramp(np.array(rng.uniform(0.3, 0.95)), *HAIR)
        strands.append((lock(rng, a, b, upward * -1 + rng.normal(0, 0.03), 0.01), rng.uniform(0.7, 1.5), 0.3, shade))
    ink, lines = hairs(frame, strands, rgb(HAIR[2]))
    over = lines * (0.35 + 0.65 * (1 - alpha))
    colour = mix(colour, ink, over)
    picture.add("hair", frame, colour, np.maximum(alpha, 0.9 * lines), ("woman",))


def add_wisps(picture: Picture) -> None:
    """Loose strands at the brow, the temple, the nape and round the knot, in the light."""
    rng = picture.rng("wisps")
    frame = picture.frame(180, 60, 768, 720)
    strands = []
    for (ax, ay), (bx, by), spread, bend, count in (
        ((350, 170), (268, 232), 26, 0.28, 20), ((366, 300), (352, 440), 22, -0.2, 26), ((404, 400), (392, 560), 26, 0.16, 26),
        ((498, 490), (520, 640), 36, -0.16, 40), ((540, 450), (610, 600), 40, -0.2, 34), ((640, 290), (728, 210), 44, 0.25, 34),
        ((650, 370), (742, 420), 46, -0.3, 34), ((440, 138), (520, 86), 40, 0.25, 30), ((520, 160), (640, 150), 44, 0.22, 34),
        ((590, 250), (700, 300), 40, 0.2, 22),
    ):  # fmt: skip
        for _ in range(count):
            a = np.array([ax, ay]) + rng.normal(0, 11, 2)
            b = a + (np.array([bx, by]) - [ax, ay]) * rng.uniform(0.45, 1.15) + rng.normal(0, spread, 2) * 0.7
            tint = ramp(np.array(rng.uniform(0.35, 1.0)), *HAIR)
            strands.append((lock(rng, a, b, bend * rng.uniform(0.4, 1.5), rng.normal(0, 0.07)), rng.uniform(0.8, 1.7), 0.25, tint))
    ink, lines = hairs(frame, strands, rgb(HAIR[3]))
    picture.add("wisps", frame, ink, np.clip(lines * 0.95, 0, 1), ("woman",))


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
        green = ramp(rng.uniform(0.2, 0.7) + 0.5 * v + 0.25 * u - 0.25 * np.exp(-np.abs(v) * 26), "#16302a", "#2f5c40", "#6f9a4e", "#cfd47c")
        target, alpha = mix(target, green, leaf), np.maximum(alpha, leaf)
    for bx, by, r in ((712, 790, 34), (648, 842, 27), (742, 872, 38), (676, 918, 30)):
        phi, q = np.arctan2(y - by, x - bx), np.hypot(x - bx, y - by) / r
        petal = inside(0.62 + 0.38 * np.abs(np.sin(2.5 * phi + bx)) - q)
        pink = ramp(0.25 + 0.6 * q - 0.25 * (y - by) / r, "#c9566a", "#f09aa0", "#fdd5cc", "#fff6ee")
        pink = mix(pink, rgb("#f2c04a"), smooth(0.28, 0.16, q))
        target, alpha = mix(target, pink, petal), np.maximum(alpha, petal)
    angle = noise(rng, x / 40, y / 40, 3) * 2
    colour = paint(frame, target, angle, rng, [Brush(16, 5.5, 2.2, 0.025), Brush(9, 2.8, 1.8, 0.02, 0.09, 0.08)], alpha, 0.5)
    # Out of focus: paint and coverage are blurred together, premultiplied, so that no dark fringe is drawn in.
    wide = blur(frame, alpha, 2.6)
    colour = blur(frame, colour * alpha[..., None], 2.6) / np.maximum(wide, 1e-3)[..., None]
    picture.add("blossoming twig", frame, np.clip(colour, 0, 1), np.where(wide < 0.008, 0, wide), ("in front",))
