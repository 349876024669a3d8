"""A small town: houses with tiled roofs between trees, a church among them. Part of a background."""

import numpy as np

from scenes.forms import inside, mix, noise, polygon, ramp, rgb, smooth
from scenes.studio import FINER, Frame, Picture

WALLS = ("#f3e3c8", "#e8cfae", "#f6ecd8", "#dcc4b0", "#efd6c0")
ROOFS = ("#b5533a", "#c9694a", "#9c4636", "#d07f58", "#a85c48")
ROWS = ((648, 0.55, 26), (684, 0.75, 22), (728, 1.0, 17))
"""Base line, scale and number of houses, far ones first."""


def add_town(picture: Picture, rng: np.random.Generator, target: np.ndarray, angle: np.ndarray) -> None:
    """Build the town into a whole picture's target colours and stroke directions, both changed in place."""
    plots = [(rng.uniform(-20, 980), base + rng.normal(0, 6), s, False) for base, s, n in ROWS for _ in range(n)]
    plots.insert(22, (482, 662, 1.0, True))
    for x, base, s, church in plots:
        near = picture.frame(x - 130 * s, base - 190 * s, x + 130 * s, base + 40)
        if near.width <= 0 or near.height <= 0:
            continue
        part = (
            slice(near.top * FINER, (near.top + near.height) * FINER),
            slice(near.left * FINER, (near.left + near.width) * FINER),
        )
        target[part], angle[part] = house(near, rng, target[part], angle[part], x, base, s, church)


def house(
    frame: Frame,
    rng: np.random.Generator,
    target: np.ndarray,
    angle: np.ndarray,
    hx: float,
    base: float,
    s: float,
    church: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """One house and two bushes on a piece of the picture: its new colours and directions."""
    x, y = frame.grid()
    w, h, roof = rng.uniform(24, 40) * s, rng.uniform(26, 42) * s, rng.uniform(18, 28) * s
    ridge = 0.75
    if church:
        w, h, roof, ridge = 34, 92, 74, 0.02
    wall, tile = rgb(WALLS[rng.integers(len(WALLS))]), rgb(ROOFS[rng.integers(len(ROOFS))])
    if church:
        tile = rgb("#5c7486")
    front = polygon(frame, np.array([(hx - w, base), (hx - w, base - h), (hx + w, base - h), (hx + w, base)]))
    shade = 1 - 0.28 * smooth(hx - 0.2 * w, hx + 0.2 * w, x)
    target = mix(target, wall * shade[..., None], front)
    eave = 1.06 if church else 1.2
    gable = [(-eave, 0), (-ridge, 1), (ridge, 1), (eave, 0)]
    cover = polygon(frame, np.array(gable) * [w, -roof] + [hx, base - h])
    rows = 0.93 + 0.07 * np.sin(y * 2 * np.pi / (5 * s))
    target = mix(target, tile * (rows * (1.06 - 0.3 * smooth(hx - w, hx + w, x)))[..., None], cover)
    angle = np.where(cover > 0.5, 0.05, np.where(front > 0.5, np.pi / 2, angle))
    square = np.array([(-0.1, -0.09), (0.1, -0.09), (0.1, 0.09), (-0.1, 0.09)]) * [w, h]
    for across in (-0.5, 0.0, 0.5):
        for up in (0.35, 0.7) if h > 24 else (0.5,):
            target = mix(
                target, rgb("#46566a"), 0.8 * polygon(frame, square + np.array([hx + across * w, base - up * h]))
            )
    for _ in range(2):
        cx, cy, r = hx + rng.uniform(-2, 2) * w, base + rng.uniform(-4, 6), rng.uniform(10, 19) * s
        u, v = (x - cx) / r, (y - cy) / r + 0.5
        bush = inside(1 + 0.35 * noise(rng, x / (7 * s), y / (7 * s), 2) - np.hypot(u, v))
        target = mix(target, ramp(0.5 - 0.45 * v - 0.25 * u, "#1f3a2c", "#3f6a3c", "#86a04c", "#d3cd78"), bush)
        angle = np.where(bush > 0.5, np.arctan2(v, u) + 1.2, angle)
    return target, angle
