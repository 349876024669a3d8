"""`scenes.weathered` for many pictures at once, on a device: strokes, blur, casts, light, noise, JPEG."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

LUMA = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
CHROMA = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
    47, 66, 99, 99, 99, 99, 99, 99, *[99] * 32,
)  # fmt: skip
"""The quantisation tables of ITU-T T.81, annex K."""


def aged(image: Tensor, rng: np.random.Generator) -> Tensor:
    """Pictures (n, 3, h, w) in [0, 1], each with a few of those things done to it."""
    unit = max(image.shape[-2:]) / 160
    image = _some(image, 0.2, rng, lambda x: brushed(x, rng, unit))
    image = _some(image, 0.4, rng, lambda x: blurred(x, _per(rng.uniform(0.25, 0.9, len(x)) * unit, x)))
    image = _some(image, 0.4, rng, lambda x: x * _per(np.exp(rng.normal(0, 0.12, (len(x), 3))), x)
                  + _per(rng.normal(0, 0.04, (len(x), 3)), x))  # fmt: skip
    image = _some(image, 0.3, rng, lambda x: x * (1 + 0.35 * noise(x, 1, 3, rng).clamp(-1, 1)))
    image = _some(image, 0.35, rng, lambda x: x + torch.randn_like(x) * _per(rng.uniform(0.005, 0.05, len(x)), x))
    return _some(image.clamp(0, 1), 0.4, rng, lambda x: jpeg(x, _per(rng.integers(35, 95, len(x)), x)))


def _some(image: Tensor, share: float, rng: np.random.Generator, change) -> Tensor:
    chosen = np.flatnonzero(rng.random(len(image)) < share)
    if not len(chosen):
        return image
    places = torch.from_numpy(chosen).to(image.device)
    return image.index_copy(0, places, change(image[places]))


def _per(values: np.ndarray, image: Tensor) -> Tensor:
    """Numbers of each picture, or of each of its channels, that broadcast over it."""
    values = np.asarray(values, np.float32).reshape(len(image), -1, 1, 1)
    return torch.from_numpy(values).to(image.device)


def noise(image: Tensor, channels: int, cells: int, rng: np.random.Generator) -> Tensor:
    """Smooth noise (n, channels, h, w) of so many bumps a side, about -1..1."""
    cell = torch.from_numpy(rng.normal(0, 0.5, (len(image), channels, cells, cells)).astype(np.float32))
    return F.interpolate(cell.to(image.device), size=image.shape[-2:], mode="bicubic", align_corners=False)


def blurred(image: Tensor, sigma: Tensor) -> Tensor:
    """Gaussian blur, a width for each picture, in pixels up to about 2."""
    for axis in (2, 3):
        pad = (5, 5, 0, 0) if axis == 3 else (0, 0, 5, 5)
        padded, length, total, weights = F.pad(image, pad, mode="reflect"), image.shape[axis], 0, 0
        for tap in range(11):
            weight = torch.exp(-((tap - 5) ** 2) / (2 * sigma.square()))
            total = total + weight * padded.narrow(axis, tap, length)
            weights = weights + weight
        image = total / weights
    return image


def brushed(image: Tensor, rng: np.random.Generator, unit: float) -> Tensor:
    """As if painted: contours wander, tones draw together, strokes show (`scenes.brushed`)."""
    n, _, height, width = image.shape
    wander = noise(image, 2, int(rng.integers(10, 40)), rng) * _per(rng.uniform(0, 2, n) * unit, image)
    theta = torch.eye(2, 3, device=image.device).expand(n, 2, 3)
    grid = F.affine_grid(theta, (n, 1, height, width), align_corners=False)
    grid = grid + wander.permute(0, 2, 3, 1) * torch.tensor([2 / width, 2 / height], device=image.device)
    image = F.grid_sample(image, grid, padding_mode="reflection", align_corners=False)
    mean = image.mean((2, 3), keepdim=True)
    image = mean + (image - mean) * _per(rng.uniform(0.6, 1, n), image)
    length, angle = 2 * round(3 * unit) + 1, rng.random() * np.pi
    along = np.arange(length) - length // 2
    stroke = np.zeros((length, length), np.float32)
    rows, columns = (np.rint(along * f).astype(int) + length // 2 for f in (np.sin(angle), np.cos(angle)))
    stroke[rows, columns] = 1
    stroke = torch.from_numpy(stroke / np.sqrt(stroke.sum())).to(image.device)[None, None]
    grain = torch.randn(n, 1, height, width, device=image.device)
    strokes = F.conv2d(grain, stroke, padding=length // 2)
    return (image + strokes * _per(rng.uniform(0, 0.08, n), image)).clamp(0, 1)


def jpeg(image: Tensor, quality: Tensor) -> Tensor:
    """What JPEG leaves of pictures whose sides are multiples of 16, chroma at half the size; quality 1..100 of each."""
    r, g, b = (image * 255).unbind(1)
    luma = 0.299 * r + 0.587 * g + 0.114 * b
    chroma = torch.stack([0.564 * (b - luma), 0.713 * (r - luma)], 1)
    factor = torch.where(quality < 50, 50 / quality, 2 - quality / 50)
    luma = _coded(luma[:, None] - 128, LUMA, factor) + 128
    chroma = _coded(F.avg_pool2d(chroma, 2), CHROMA, factor)
    blue, red = F.interpolate(chroma, scale_factor=2, mode="bilinear", align_corners=False).split(1, 1)
    rgb = torch.cat([luma + 1.402 * red, luma - 0.344 * blue - 0.714 * red, luma + 1.772 * blue], 1)
    return (rgb.round() / 255).clamp(0, 1)


def _coded(plane: Tensor, table: tuple[int, ...], factor: Tensor) -> Tensor:
    """Blocks of 8 x 8 to cosines, rounded, and back."""
    n, c, height, width = plane.shape
    k, x = np.arange(8)[:, None], np.arange(8)
    cosine = np.cos((2 * x + 1) * k * np.pi / 16) * np.where(k == 0, np.sqrt(1 / 8), 0.5)
    cosine = torch.from_numpy(cosine.astype(np.float32)).to(plane.device)
    steps = torch.tensor(table, dtype=torch.float32, device=plane.device).view(1, 1, 1, 1, 8, 8)
    steps = (steps * factor[..., None, None]).round().clamp(1, 255)
    blocks = plane.view(n, c, height // 8, 8, width // 8, 8).transpose(3, 4)
    said = cosine @ blocks @ cosine.T
    blocks = cosine.T @ ((said / steps).round() * steps) @ cosine
    return blocks.transpose(3, 4).reshape(n, c, height, width)
