"""Forms: colour ramps, noise, curves, coverage of shapes, and light on round things."""

from collections.abc import Sequence

import cv2
import numpy as np

from scenes.studio import Frame

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def rgb(code: str) -> np.ndarray:
    """`"#rrggbb"` to RGB in [0, 1]."""
    return np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)], np.float32) / 255


def _oklab(colour: np.ndarray) -> np.ndarray:
    linear = np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T


def _from_oklab(lab: np.ndarray) -> np.ndarray:
    linear = np.clip((lab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_LMS).T, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def ramp(t: np.ndarray, *codes: str, stops: Sequence[float] | None = None) -> np.ndarray:
    """Colours along a ramp, mixed in OKLab (Ottosson 2020) so that the middle tones stay clean; t in [0, 1]."""
    places = np.linspace(0, 1, len(codes)) if stops is None else np.asarray(stops)
    lab = _oklab(np.stack([rgb(code) for code in codes]).astype(np.float64))
    fine = np.linspace(0, 1, 512)
    table = _from_oklab(np.stack([np.interp(fine, places, lab[:, c]) for c in range(3)], 1)).astype(np.float32)
    return table[(np.clip(t, 0, 1) * 511).astype(np.int32)]


def mix(a: np.ndarray, b: np.ndarray, t: np.ndarray | float) -> np.ndarray:
    """From colour a to colour b by t (h, w)."""
    t = np.clip(np.asarray(t, np.float32), 0, 1)[..., None]
    return a + (b - a) * t


def smooth(low: float, high: float, t: np.ndarray) -> np.ndarray:
    """The smooth step from 0 at `low` to 1 at `high` (which may be smaller)."""
    t = np.clip((t - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def noise(rng: np.random.Generator, u: np.ndarray, v: np.ndarray, octaves: int = 4, gain: float = 0.5) -> np.ndarray:
    """Fractal value noise at lattice coordinates (u, v), about in [-1, 1]."""
    total, amplitude, norm = np.zeros(np.broadcast(u, v).shape, np.float32), 1.0, 0.0
    for octave in range(octaves):
        table = rng.uniform(-1, 1, (256, 256)).astype(np.float32)
        x, y = u * 2**octave, v * 2**octave
        ix, iy = np.floor(x).astype(np.int32), np.floor(y).astype(np.int32)
        fx, fy = (x - ix).astype(np.float32), (y - iy).astype(np.float32)
        fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
        x0, x1, y0, y1 = ix & 255, (ix + 1) & 255, iy & 255, (iy + 1) & 255
        upper = table[y0, x0] + (table[y0, x1] - table[y0, x0]) * fx
        lower = table[y1, x0] + (table[y1, x1] - table[y1, x0]) * fx
        total += amplitude * (upper + (lower - upper) * fy)
        norm += amplitude
        amplitude *= gain
    return total / np.float32(norm) * np.float32(1.5)


def spline(points: Sequence[Sequence[float]], closed: bool = False, steps: int = 14) -> np.ndarray:
    """A Catmull-Rom curve through points, (n, 2)."""
    p = np.asarray(points, np.float64)
    p = np.concatenate([p[-1:], p, p[:2]]) if closed else np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True):
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate([*pieces] if closed else [*pieces, p[-2:-1]])


def polygon(frame: Frame, *outlines: np.ndarray) -> np.ndarray:
    """Coverage of closed outlines in design units (even-odd), [0, 1] on the fine grid."""
    out = np.zeros(frame.shape, np.uint8)
    cv2.fillPoly(out, [np.rint(frame.fine(o) * 16).astype(np.int32) for o in outlines], 255, cv2.LINE_AA, 4)
    return out.astype(np.float32) / 255


def inside(f: np.ndarray) -> np.ndarray:
    """Coverage of the set f > 0, anti-aliased by the gradient of f."""
    gy, gx = np.gradient(f)
    return np.clip(0.5 + f / np.maximum(np.hypot(gx, gy), 1e-9), 0, 1).astype(np.float32)


def depth(frame: Frame, coverage: np.ndarray) -> np.ndarray:
    """Distance to the edge inside a shape, design units."""
    return cv2.distanceTransform((coverage > 0.5).astype(np.uint8), cv2.DIST_L2, 5) / frame.unit


def blur(frame: Frame, field: np.ndarray, radius: float) -> np.ndarray:
    """Gaussian blur with a standard deviation in design units."""
    return cv2.GaussianBlur(np.ascontiguousarray(field, np.float32), (0, 0), max(0.1, radius * frame.unit))


def tangent(field: np.ndarray) -> np.ndarray:
    """Direction along the level lines of a field, radians."""
    gy, gx = np.gradient(field)
    return np.arctan2(gx, -gy).astype(np.float32)


def lit(nx: np.ndarray, ny: np.ndarray, nz: np.ndarray, light: Sequence[float] = (-0.55, -0.65, 0.52)) -> np.ndarray:
    """Lambert's cosine with a soft terminator (half wrapped), in [0, 1]; x right, y down, z to the viewer."""
    toward = np.asarray(light) / np.linalg.norm(light)
    return np.clip((nx * toward[0] + ny * toward[1] + nz * toward[2] + 0.35) / 1.35, 0, 1).astype(np.float32)


def hairs(frame: Frame, strands: Sequence[tuple[np.ndarray, float, float, np.ndarray]], ground: np.ndarray):
    """Tapered strands, drawn finely.

    Args:
        frame: where.
        strands: (path (n, 2) in design units, width at the root in design units, width at the tip, RGB) each.
        ground: colour (3,) or (h, w, 3) where no strand is.

    Returns:
        colour and coverage on the fine grid.
    """
    more = 2
    rows, columns = frame.shape
    colour = np.empty((rows, columns, 3), np.uint8)
    colour[:] = np.clip(ground, 0, 1) * 255
    cover = np.zeros((rows * more, columns * more), np.uint8)
    for path, root, tip, tint in strands:
        fine = frame.fine(path)
        widths = np.linspace(root, tip, len(path)) * frame.unit
        low = np.rint(fine * 16).astype(np.int32)
        high = np.rint((fine * more + 0.5) * 16).astype(np.int32)
        ink = tuple(float(v) for v in np.clip(tint, 0, 1) * 255)
        for i in range(len(path) - 1):
            w = widths[i] * more
            a, b = tuple(map(int, low[i])), tuple(map(int, low[i + 1]))
            cv2.line(colour, a, b, ink, max(1, round(widths[i])) + 2, cv2.LINE_8, 4)
            a, b = tuple(map(int, high[i])), tuple(map(int, high[i + 1]))
            level = 255 * min(1.0, w)
            patch = cover if w >= 1 else None
            if patch is not None:
                cv2.line(cover, a, b, level, max(1, round(w)), cv2.LINE_AA, 4)
            else:
                cv2.line(cover, a, b, level, 1, cv2.LINE_AA, 4)
    cover = cv2.resize(cover, (columns, rows), interpolation=cv2.INTER_AREA)
    return colour.astype(np.float32) / 255, cover.astype(np.float32) / 255
