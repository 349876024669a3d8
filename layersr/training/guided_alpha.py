"""The guided alpha upscaler: the enlarged picture and the matte enlarged by cubic in, a sharper matte out.

A joint upsampler (J. Kopf et al., *Joint Bilateral Upsampling*, 2007) as a small network: the sides' colours are spread
to the edge and every pixel is projected on the line between them, as in `refine.py`; a convolution halves the size,
residual blocks work there, pixel shuffle brings it back (W. Shi et al., 2016). One network for the factors 2 and 4: how
wide the matte's ramp is tells which.
"""

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from layersr.backends import load
from layersr.backends.cubic_alpha import enlarged
from layersr.backends.guided_alpha import changing
from layersr.errors import LayersrError
from layersr.training.mattes import Stock, filed, frayed, layer_of, sides, stock
from layersr.training.refine import Block, clipped, spread
from layersr.training.resampling import resize

SCALES = (2, 4)
SIDE = {2: 192, 4: 256}
"""Of the composites that our own upscaler enlarges, large pixels: what is affordable."""

POOL, APART = 160, 24
"""Composites per factor that are learned from, and that are held apart."""


class GuidedAlpha(nn.Module):
    """(n, 4, h, w), RGB and alpha in [0, 1] -> (n, 1, h, w), alpha, not clipped."""

    def __init__(self, features: int = 32, blocks: int = 2) -> None:
        super().__init__()
        self.head = nn.Conv2d(5, features, 5, stride=2, padding=2)
        self.body = nn.Sequential(*[Block(features) for _ in range(blocks)])
        self.tail = nn.Conv2d(features, 4, 3, padding=1)
        with torch.no_grad():
            self.tail.weight.mul_(0.1)
            self.tail.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """Any size: the result is cut from that of the size rounded up to even."""
        height, width = x.shape[-2:]
        x = F.pad(x, (0, width % 2, 0, height % 2), mode="replicate")
        with torch.autocast(x.device.type, enabled=False):
            given = hints(x)
        features = self.body(F.leaky_relu(self.head(given), 0.1))
        detail = F.pixel_shuffle(self.tail(F.leaky_relu(features, 0.1)).float(), 2)
        return (x[:, 3:] + detail)[..., :height, :width]


def hints(x: Tensor) -> Tensor:
    """Colour, alpha, and the alpha that the colour alone suggests: (n, 5, h, w), about -1..1."""
    image, alpha = x[:, :3], x[:, 3:]
    front, back = (spread(image, (side > 0.97).float(), levels=4) for side in (alpha, 1 - alpha))
    way = front - back
    share = ((image - back) * way).sum(1, keepdim=True) / (way.square().sum(1, keepdim=True) + 1e-2)
    return torch.cat([image - 0.5, alpha - 0.5, share.clamp(0, 1) - 0.5], 1)


@dataclass(frozen=True, eq=False)
class Enlarged:
    """A composite after shrinking and enlarging.

    Attributes:
        guide: its enlarged colours, uint8 (h, w, 3).
        base: its matte shrunk to 8 bits and enlarged, float32 (h, w).
        alpha: the true matte, uint8 (h, w).
    """

    guide: np.ndarray
    base: np.ndarray
    alpha: np.ndarray


def enlargement(stock: Stock, rng: np.random.Generator, side: int, scale: int, model: object = None) -> Enlarged:
    """A composite, small and large again; `model` enlarges its colours, cubic interpolation if None."""
    while True:
        layer = layer_of(stock, rng, side, zoom=0.9)
        if rng.random() < 0.2:
            layer = frayed(layer, rng)
        true = np.rint(layer[..., 3] * 255).astype(np.uint8)
        alpha = true.astype(np.float32) / 255
        small = shrunk_alpha(alpha, scale)
        if changing(small).mean() > 0.02:
            break
    colour, below = sides(stock, layer, rng)
    image = resize(colour * alpha[..., None] + below * (1 - alpha[..., None]), side // scale, side // scale)
    image = filed(image, rng) if rng.random() < 0.4 else np.rint(np.clip(image, 0, 1) * 255) / np.float32(255)
    if model is None:
        large = cv2.resize(image, (side, side), interpolation=cv2.INTER_CUBIC)
    else:
        large = model(image, scale)
    return Enlarged(np.rint(np.clip(large, 0, 1) * 255).astype(np.uint8), enlarged(small, scale), true)


def shrunk_alpha(alpha: np.ndarray, scale: int) -> np.ndarray:
    """The means of the blocks, rounded to 8 bits; float32."""
    height, width = (n // scale for n in alpha.shape)
    means = alpha.reshape(height, scale, width, scale).mean(axis=(1, 3), dtype=np.float32)
    return np.rint(means * 255) / np.float32(255)


@dataclass(eq=False)
class GuidedAlphaTask:
    """How `upscale_alpha` is trained; see `loop.Task` for what the names mean."""

    batch: int = 16
    patch: int = 96
    lr: float = 2e-3
    begins_as: str = ""
    stored: str = "float32"
    name: str = "upscale_alpha"
    unit: str = "dB at edges"
    stock: Stock | None = None
    pool: dict[int, list[Enlarged]] = field(default_factory=dict)
    apart: list[tuple[int, Enlarged]] = field(default_factory=list)

    def network(self) -> GuidedAlpha:
        return GuidedAlpha()

    def prepare(self, data: Path, seed: int) -> None:
        """Read everything, and let our own upscaler enlarge some composites: that takes too long while training."""
        self.stock = stock(data, 128, np.random.default_rng([seed, 1]), apart=False)
        count = min(POOL, 8 + len(self.stock.edges))
        try:
            model = load("upscale", "layersr")
            model(np.zeros((8, 8, 3), np.float32), 2)
        except LayersrError:  # not trained yet
            model = None
        rng = np.random.default_rng([seed, 2])
        for scale in SCALES:
            self.pool[scale] = [enlargement(self.stock, rng, SIDE[scale], scale, model) for _ in range(count)]
        rng = np.random.default_rng(4)
        apart = stock(data, 128, rng, apart=True)
        for scale in SCALES:
            drawn = [enlargement(apart, rng, SIDE[scale], scale, model) for _ in range(min(APART, count))]
            self.apart += [(scale, one) for one in drawn]

    def sample(self, rng: np.random.Generator) -> tuple[Tensor, ...]:
        """Guide with matte, true matte, and the factor; half from the pool, half fresh with a cubic guide."""
        scale, n = int(rng.choice(SCALES)), self.patch
        chosen = []
        for k in range(self.batch):
            if k % 4 == 0:
                one = enlargement(self.stock, rng, n, scale)
                chosen.append((one.guide, one.base, one.alpha))
                continue
            one = self.pool[scale][rng.integers(len(self.pool[scale]))]
            edges = np.argwhere(changing(one.base[::8, ::8])) * 8  # aim at an edge
            aim = edges[rng.integers(len(edges))] if len(edges) else np.array(one.alpha.shape) // 2
            top, left = (
                int(np.clip(a + rng.integers(-n // 4, n // 4) - n // 2, 0, size - n)) // scale * scale
                for a, size in zip(aim, one.alpha.shape, strict=True)
            )
            turn, mirror = int(rng.integers(4)), 1 - 2 * int(rng.integers(2))
            window = slice(top, top + n), slice(left, left + n)
            chosen.append([np.rot90(v[window], turn)[:, ::mirror] for v in (one.guide, one.base, one.alpha)])
        return (*tensors(chosen), torch.tensor(scale))

    def loss(self, network: nn.Module, batch: tuple[Tensor, ...], done: float) -> Tensor:
        """Absolute error of alpha, its gradient and its blocks' means, where the matte changes."""
        x, alpha, scale = batch
        band = edge(x[:, 3:])
        count = band.sum() + 1
        error = (clipped(network(x)) - alpha) * band
        gradient = error.diff(dim=2).abs().sum() + error.diff(dim=3).abs().sum()
        s = int(scale)
        means = F.avg_pool2d(error, s).abs().sum() * s * s
        return (error.abs().sum() + gradient + 0.5 * means) / count + 10 * error.square().sum() / count

    @torch.no_grad()
    def score(self, network: nn.Module) -> float:
        """PSNR in dB where the matte changes, mean over the composites held apart."""
        device = next(network.parameters()).device
        values = []
        for _, one in self.apart:
            x, alpha = (t.to(device) for t in tensors([(one.guide, one.base, one.alpha)]))
            band = edge(x[:, 3:])
            wrong = ((network(x).clamp(0, 1) - alpha).square() * band).sum() / (band.sum() + 1e-6)
            values.append(-10 * float(torch.log10(wrong + 1e-6)))
        return float(np.mean(values))

    def example(self) -> Tensor:
        coarse = torch.rand(1, 4, 6, 8, generator=torch.Generator().manual_seed(0))
        return F.interpolate(coarse, size=(39, 53), mode="bicubic").clamp(0, 1)


def edge(alpha: Tensor) -> Tensor:
    """1 where a matte is not the same all around, (n, 1, h, w)."""
    most, least = F.max_pool2d(alpha, 5, 1, 2), -F.max_pool2d(-alpha, 5, 1, 2)
    return (most - least > 0.004).float()


def tensors(chosen: list) -> tuple[Tensor, Tensor]:
    """Guide with matte (n, 4, h, w), true matte (n, 1, h, w), both in [0, 1]."""
    guide, base, alpha = (np.stack([np.ascontiguousarray(c[k]) for c in chosen]) for k in range(3))
    x = np.concatenate([guide.astype(np.float32) / 255, base[..., None]], axis=3).transpose(0, 3, 1, 2)
    return torch.from_numpy(np.ascontiguousarray(x)), torch.from_numpy(alpha[:, None].astype(np.float32) / 255)
