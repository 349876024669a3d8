"""Turned things (fruit, jugs, bottles, candles): a profile around an axis, its light, its cast shadow."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scenes.forms import blur, lit, noise, polygon, rgb, smooth, spline
from scenes.studio import Frame, Picture


@dataclass(frozen=True)
class Solid:
    """A turned thing seen from the front, as fields on a frame's fine grid.

    Attributes:
        frame: where it is painted.
        alpha: its coverage.
        nx: normal, to the right.
        ny: normal, down.
        nz: normal, to the viewer.
        across: -1 at the left outline, 1 at the right.
        along: 0 at the top of the profile, 1 at its bottom.
        flow: direction of strokes that go round the form, radians.
    """

    frame: Frame
    alpha: np.ndarray
    nx: np.ndarray
    ny: np.ndarray
    nz: np.ndarray
    across: np.ndarray
    along: np.ndarray
    flow: np.ndarray

    def light(self) -> np.ndarray:
        """Light from the upper left with a little light thrown back from the table."""
        back = 0.2 * smooth(0.25, 1, self.nx * 0.7 + self.ny * 0.5) * (1 - 0.6 * smooth(0.75, 1, self.ny))
        return np.clip(0.08 + 0.9 * lit(self.nx, self.ny, self.nz) + back, 0, 1)

    def gloss(self, sharp: float, light: Sequence[float] = (-0.5, -0.62, 0.62)) -> np.ndarray:
        """The highlight, 0 to 1; the larger `sharp`, the smaller it is."""
        half = np.asarray(light) / np.linalg.norm(light) + np.array([0, 0, 1])
        half = half / np.linalg.norm(half)
        return np.clip(self.nx * half[0] + self.ny * half[1] + self.nz * half[2], 0, 1) ** sharp


def turn(
    picture: Picture,
    x: float,
    base: float,
    profile: Sequence[tuple[float, float]],
    scale: float = 1.0,
    tilt: float = 0.0,
    lift: float = 0.14,
) -> Solid:
    """Turn a profile: (height above the base, radius) pairs from the top down, splined.

    `tilt` leans it to the right (radians, about the base); `lift` is how far the rims bulge down, as the table is seen
    from above.
    """
    curve = spline(profile)
    curve = curve * scale
    high = curve[:, 0].max()
    wide = curve[:, 1].max()
    reach = 1.1 * max(high, wide) + wide + 8
    frame = picture.frame(x - reach, base - reach, x + reach, base + reach * 0.75)
    gx, gy = frame.grid()
    c, s = np.cos(tilt), np.sin(tilt)
    px, py = (gx - x) * c + (gy - base) * s, -(gx - x) * s + (gy - base) * c
    curve = curve[np.argsort(-curve[:, 0], kind="stable")]
    order = np.argsort(curve[:, 0], kind="stable")
    heights, radii = curve[order, 0], np.maximum(curve[order, 1], 1e-3)
    level = np.clip(-py, 0, high)
    radius = np.interp(level, heights, radii)
    for _ in range(2):  # what is seen at a point lies a little higher on the axis: the rings bulge towards the viewer
        across = np.clip(px / np.maximum(radius, 1e-3), -1, 1)
        level = np.clip(-py + lift * radius * np.sqrt(1 - across**2), 0, high)
        radius = np.interp(level, heights, radii)
    across = np.clip(px / np.maximum(radius, 1e-3), -1, 1)
    ring = np.linspace(0, 2 * np.pi, 60)

    def world(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        return np.stack([x + u * c - v * s, base + u * s + v * c], -1)

    side = np.stack([curve[:, 1], -curve[:, 0]], 1)
    mask = polygon(frame, world(*np.concatenate([side, (side * [-1, 1])[::-1]]).T))
    for height, r in ((0.0, radii[0]), (high, radii[-1])):  # the rims' near and far halves bulge beyond the profile
        if r > 1:
            mask = np.maximum(mask, polygon(frame, world(r * np.cos(ring), -height + lift * r * np.sin(ring))))
    slope = np.interp(level, heights, np.gradient(radii, heights + np.arange(len(heights)) * 1e-6))
    slope = np.clip(slope, -8, 8)
    nz = np.sqrt(np.maximum(1 - across**2, 0.0))
    norm = np.sqrt(1 + slope**2)
    nx, ny, nz = across / norm, slope / norm, nz / norm
    nx, ny = nx * c - ny * s, nx * s + ny * c
    flow = np.arctan2(-lift * across, np.sqrt(np.maximum(1 - across**2, 0.05))) * 1.0 + tilt
    f32 = np.float32
    return Solid(
        frame, mask, nx.astype(f32), ny.astype(f32), nz.astype(f32), across.astype(f32),
        (1 - level / high).astype(f32), flow.astype(f32),
    )  # fmt: skip


def cast_shadow(
    picture: Picture,
    name: str,
    x: float,
    y: float,
    width: float,
    long: float,
    strength: float = 0.62,
    tint: str = "#1c1420",
    group: tuple[str, ...] = (),
) -> None:
    """A soft shadow on the table, away from the light, darkest where the thing touches the table."""
    rng = picture.rng(name)
    frame = picture.frame(x - width * 2, y - width - long * 0.3, x + width * 2 + long * 1.4, y + width)
    gx, gy = frame.grid()
    dx, dy = gx - x, gy - y
    right, down = 0.994, -0.11  # the light comes from the left and from before the table
    along = np.clip((dx * right + dy * down) / long, 0, 1)
    ax, ay = dx - along * long * right, dy - along * long * down
    wide = width * (1 + 0.25 * along)
    f = 1 - np.hypot(ax / wide, ay / (wide * 0.3))
    soft = 0.1 + 0.75 * along
    alpha = strength * smooth(-0.6, 0.9, f / soft + 0.4) * (1 - 0.4 * along)
    touch = np.exp(-((dx / (width * 1.02)) ** 4) - (dy / (width * 0.27)) ** 2)
    alpha = np.maximum(alpha, 0.86 * strength / 0.62 * touch * 0.9)
    alpha = blur(frame, alpha, 2.5) * (1 + 0.08 * noise(rng, gx / 9, gy / 5, 3))
    alpha = np.where(alpha < 0.012, 0, alpha)
    colour = np.broadcast_to(rgb(tint), (*frame.shape, 3)) + 0.012 * noise(rng, gx / 12, gy / 6, 2)[..., None]
    picture.add(name, frame, colour, np.clip(alpha, 0, 0.9), group)
