"""A small scene for the tests of roadmaps."""

import numpy as np

from layersr.layers import Layer, LayerStack


def scene(height: int = 60, width: int = 80, dtype: type = np.uint8, seed: int = 0) -> LayerStack:
    """A sky over a sea, a disc behind a box, two alike in a group, and a name no font can spell."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    sky = np.dstack([0.3 + 0.5 * rows / height, 0.4 + 0.2 * columns / width, 0.8 - 0.4 * rows / height])
    sky[rows > height * 0.6] = (0.1, 0.3, 0.35)
    sky = np.clip(sky + rng.normal(0, 0.03, sky.shape), 0, 1)

    def layer(name: str, colour: tuple, inside: np.ndarray, group: tuple[str, ...] = ()) -> Layer:
        pixels = np.dstack([np.broadcast_to(colour, (height, width, 3)), inside])
        return Layer(name, np.rint(pixels * np.iinfo(dtype).max).astype(dtype), group=group)

    def disc(x: float, y: float, r: float) -> np.ndarray:
        return np.clip(r * min(height, width) - np.hypot(rows - y * height, columns - x * width), 0, 1)

    return LayerStack(
        width,
        height,
        (
            layer("background", sky, np.ones((height, width))),
            layer("sun", (0.95, 0.8, 0.3), disc(0.4, 0.4, 0.3)),
            layer("猫 👁", (0.5, 0.1, 0.2), ((columns > width * 0.5) & (abs(rows - height / 2) < height * 0.2)) * 1.0),
            layer("one", (0.1, 0.1, 0.15), disc(0.15, 0.8, 0.12), ("alike",)),
            layer("two", (0.9, 0.9, 0.85), disc(0.8, 0.85, 0.12), ("alike",)),
        ),
    )


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return 10 * np.log10(255**2 / max(1e-9, ((one.astype(float) - other) ** 2).mean()))
