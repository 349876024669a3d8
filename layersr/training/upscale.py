"""The upscalers: pictures shrunk by the literature's bicubic, and a small convolutional network that undoes it.

Architecture: everything happens at the small size (W. Shi et al., "ESPCN", 2016): one convolution into 64 features,
residual blocks of two 3 x 3 convolutions each, a 1 x 1 convolution to scale^2 pixels, added to the nearest-neighbour
enlargement. No normalisation (B. Lim et al., "EDSR", 2017). 64 features suit the vector units of today's CPUs: per
parameter they ran 1.4 times as fast as 48.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from layersr.training.pictures import find
from layersr.training.resampling import psnr_y, resize

LUMA = (0.299, 0.587, 0.114)


class Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(features, features, 3, padding=1)
        self.second = nn.Conv2d(features, features, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Features in, features out, of one size."""
        return x + self.second(F.leaky_relu(self.first(x), 0.1))


class Upscaler(nn.Module):
    """(n, 3, h, w) in [0, 1] -> (n, 3, scale * h, scale * w), not clipped."""

    def __init__(self, scale: int, features: int = 64, blocks: int = 4) -> None:
        super().__init__()
        self.scale = scale
        self.head = nn.Conv2d(3, features, 3, padding=1)
        self.body = nn.Sequential(*[Block(features) for _ in range(blocks)])
        self.tail = nn.Conv2d(features, 3 * scale * scale, 1)
        with torch.no_grad():  # begin as the nearest-neighbour enlargement, every block as nothing
            self.tail.weight.mul_(0.1)
            self.tail.bias.zero_()
            for block in self.body:
                block.second.weight.mul_(0.1)

    def forward(self, x: Tensor) -> Tensor:
        """The enlarged image."""
        with torch.autocast(x.device.type, enabled=False):  # bfloat16 has fewer levels than the picture
            features = F.leaky_relu(self.head(x - 0.5), 0.1)
        detail = F.pixel_shuffle(self.tail(self.body(features)), self.scale)
        return F.interpolate(x, scale_factor=self.scale, mode="nearest") + detail.float()


@dataclass(frozen=True, eq=False)
class Pair:
    """A picture and itself shrunk, both uint8."""

    large: np.ndarray
    small: np.ndarray


def pair(image: np.ndarray, scale: int) -> Pair:
    """The picture cut to a multiple of the scale, and its bicubic shrinking as a file would hold it, 8 bits."""
    height, width = (n // scale for n in image.shape[:2])
    large = image[: height * scale, : width * scale]
    small = resize(large, height, width)
    return Pair(np.ascontiguousarray(large), np.clip(np.round(small), 0, 255).astype(np.uint8))


@dataclass(eq=False)
class UpscaleTask:
    """How `upscale_x2`, `upscale_x2_deep` and `upscale_x4` are trained; see `loop.Task` for what the names mean."""

    scale: int
    blocks: int = 4
    variant: str = ""
    batch: int = 8
    patch: int = 48
    lr: float = 2e-3
    begins_as: str = ""
    stored: str = "float16"
    pairs: list[Pair] = field(default_factory=list)
    chances: np.ndarray = field(default_factory=lambda: np.ones(0))
    apart: list[Pair] = field(default_factory=list)
    unit: str = "dB"

    @property
    def name(self) -> str:
        return f"upscale_x{self.scale}{self.variant}"

    def network(self) -> Upscaler:
        return Upscaler(self.scale, blocks=self.blocks)

    def prepare(self, data: Path, seed: int) -> None:
        """Read everything once and keep it as bytes; every picture also comes shrunk, for sharper and finer detail."""
        rng = np.random.default_rng(seed)
        least = self.patch + 1
        for picture in find(data):
            image = picture.read()
            if picture.held_apart:
                if len(self.apart) < 24 and min(image.shape[:2]) >= 256:
                    top, left = ((n - 256) // 2 for n in image.shape[:2])
                    self.apart.append(pair(image[top : top + 256, left : left + 256], self.scale))
                continue
            factor = rng.uniform(0.45, 0.8)
            finer = resize(image, *(round(n * factor) for n in image.shape[:2]))
            for version in (image, np.clip(np.round(finer), 0, 255).astype(np.uint8)):
                if min(version.shape[:2]) // self.scale >= least:
                    self.pairs.append(pair(version, self.scale))
        self.chances = np.array([p.small.shape[0] * p.small.shape[1] * _detail(p.large) for p in self.pairs])
        self.chances /= self.chances.sum()

    def sample(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """A batch of patches, turned and mirrored; pictures with much detail come more often."""
        smalls, larges = [], []
        for chosen in rng.choice(len(self.pairs), self.batch, p=self.chances):
            p, s, n = self.pairs[chosen], self.scale, self.patch
            top, left = (rng.integers(size - n + 1) for size in p.small.shape[:2])
            turn, mirror = rng.integers(4), 1 - 2 * rng.integers(2)
            for patches, image, k in ((smalls, p.small, 1), (larges, p.large, s)):
                piece = image[top * k : (top + n) * k, left * k : (left + n) * k]
                patches.append(np.rot90(piece, turn)[:, ::mirror])
        return tuple(torch.from_numpy(np.stack(x)).permute(0, 3, 1, 2).float().div_(255) for x in (smalls, larges))

    def loss(self, network: nn.Module, batch: tuple[Tensor, Tensor], done: float) -> Tensor:
        """Absolute error of the colours and of their luma; squared in the last tenth, as PSNR counts it."""
        error = network(batch[0]) - batch[1]
        luma = (error * error.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1)
        if done > 0.9:
            return 10 * (error.square().mean() + luma.square().mean())
        return error.abs().mean() + luma.abs().mean()

    @torch.no_grad()
    def score(self, network: nn.Module) -> float:
        """PSNR-Y in dB, mean of the held-apart pictures' middles."""
        device = next(network.parameters()).device
        values = []
        for p in self.apart:
            x = torch.from_numpy(p.small).to(device).permute(2, 0, 1)[None].float() / 255
            out = network(x)[0].permute(1, 2, 0).cpu().numpy()
            values.append(psnr_y(out, p.large.astype(np.float32) / 255, self.scale))
        return float(np.mean(values))

    def example(self) -> Tensor:
        return torch.rand(1, 3, 23, 31, generator=torch.Generator().manual_seed(0))


def _detail(image: np.ndarray) -> float:
    """Mean step from pixel to pixel, bounded: nothing is left out, and grain, which nobody restores, is not sought."""
    values = image[::2].mean(axis=2)
    return float(np.clip(np.abs(np.diff(values, axis=1)).mean(), 2, 10))
