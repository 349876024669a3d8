"""A printed poster: flat shapes, hard edges and lettering on rough paper."""

import numpy as np

from scenes.forms import inside, noise, polygon, rgb, smooth, spline
from scenes.lettering import words
from scenes.studio import Frame, Picture

SIZE = (768, 1024)
CREAM, INK, RED, GOLD, TEAL, BLUE, MINT = "#f3e7cd", "#14233f", "#e2492f", "#f2b134", "#2a8c8c", "#1c4f7c", "#a9d2bd"

CLOUD = ((572, 302, 92, 9), (556, 338, 132, 13), (590, 378, 104, 16))
"""Bars of the cloud: middle x and y, half the width, height."""


def flat(picture: Picture, name: str, frame: Frame, alpha: np.ndarray, tint: str, group: tuple[str, ...] = ()) -> None:
    """A shape of one ink."""
    picture.add(name, frame, np.broadcast_to(rgb(tint), (*frame.shape, 3)), alpha, group)


def draw(picture: Picture) -> None:
    """Paper, sun, mountains, waves with a boat between them, birds, lettering."""
    rng = picture.rng("paper")
    frame = picture.frame()
    x, y = frame.grid()
    tooth = noise(rng, x / 2.6, y / 2.6, 2) * 0.010 + noise(rng, x / 40, y / 40, 4) * 0.012
    fibre = smooth(0.62, 0.8, noise(rng, x / 22, y / 1.8, 2)) + smooth(0.66, 0.8, noise(rng, x / 1.8, y / 22, 2))
    paper = rgb(CREAM) * (1 + tooth - 0.05 * fibre)[..., None] + np.float32([0.002, 0, -0.006]) * fibre[..., None]
    fade = np.hypot((x - 384) / 560, (y - 512) / 740)
    picture.add("paper", frame, np.clip(paper * (1.02 - 0.07 * fade**2)[..., None], 0, 1))

    shapes = ("shapes",)
    flat(picture, "halo", frame, inside(292 - np.hypot(x - 420, y - 402)) * 0.92, GOLD, shapes)
    flat(picture, "sun", frame, inside(214 - np.hypot(x - 420, y - 402)), RED, shapes)
    bars = [inside(h / 2 - np.abs(y - c)) * inside(w - np.abs(x - m)) for m, c, w, h in CLOUD]
    flat(picture, "cloud", frame, np.max(bars, 0), CREAM, shapes)
    back = np.array(
        [
            (0, 640),
            (96, 520),
            (150, 572),
            (262, 404),
            (356, 540),
            (410, 488),
            (560, 660),
            (768, 600),
            (768, 800),
            (0, 800),
        ]
    )
    flat(picture, "far mountains", frame, polygon(frame, back), BLUE, shapes)
    snow = np.array([(262, 404), (306, 467), (288, 480), (268, 462), (252, 486), (232, 466), (222, 463)])
    flat(picture, "snow", frame, polygon(frame, snow), CREAM, shapes)
    front = np.array([(768, 470), (690, 560), (652, 528), (520, 690), (440, 640), (330, 760), (330, 820), (768, 820)])
    flat(picture, "near mountain", frame, polygon(frame, front), INK, shapes)

    sea = ("sea",)
    flat(picture, "mint wave", frame, wave(x, y, 702, 13, 128, 0.0), MINT, sea)
    add_boat(picture)
    flat(picture, "teal wave", frame, wave(x, y, 748, 17, 172, 1.3), TEAL, sea)
    flat(picture, "dark wave", frame, wave(x, y, 812, 20, 230, 2.9), INK, sea)
    for number, (bx, by, s) in enumerate(((150, 250, 1.0), (214, 214, 0.72), (106, 196, 0.6)), 1):
        flat(picture, f"gull {number}", frame, gull(frame, bx, by, s), INK, ("gulls",))
    title = words(frame, [("LAYERS", 384, 872, 84, 21, 36)])
    flat(picture, "title", frame, title, CREAM, ("lettering",))
    flat(picture, "line", frame, words(frame, [("PAPER SUN SALT SEA", 384, 62, 23, 5.4, 13)]), INK, ("lettering",))


def wave(x: np.ndarray, y: np.ndarray, top: float, tall: float, period: float, phase: float) -> np.ndarray:
    """Everything below a row of rounded crests with sharp troughs."""
    u = (x / period * 2 * np.pi / 2 + phase) % np.pi
    return inside(y - (top - tall * (2 * np.sin(u) - 1)))


def gull(frame: Frame, x: float, y: float, s: float) -> np.ndarray:
    """A gull of two arcs."""
    upper = spline([(-46, -14), (-28, -22), (-10, -12), (0, 2), (10, -12), (28, -22), (46, -14)])
    lower = spline([(46, -14), (28, -13), (12, -2), (0, 14), (-12, -2), (-28, -13), (-46, -14)])
    return polygon(frame, np.array([x, y]) + s * np.concatenate([upper, lower]))


def add_boat(picture: Picture) -> None:
    """A boat with two sails, half behind the next wave."""
    frame = picture.frame(90, 520, 320, 800)
    hull = spline(
        [(118, 716), (150, 722), (220, 723), (284, 708), (276, 736), (252, 764), (160, 768), (132, 748)], closed=True
    )
    flat(picture, "hull", frame, polygon(frame, hull), RED, ("boat",))
    main = np.concatenate([[(206, 540)], spline([(206, 540), (252, 610), (282, 694)]), [(206, 700)]])
    jib = np.concatenate([[(194, 566)], spline([(194, 566), (168, 640), (128, 702)]), [(194, 702)]])
    flat(picture, "sails", frame, np.maximum(polygon(frame, main), polygon(frame, jib)), CREAM, ("boat",))
    mast = np.array([(197.4, 528), (202.6, 528), (202.6, 722), (197.4, 722)])
    flat(picture, "mast", frame, polygon(frame, mast), INK, ("boat",))
