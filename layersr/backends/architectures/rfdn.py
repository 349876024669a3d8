"""RFDN: light super-resolution.

J. Liu, J. Tang and G. Wu, *Residual Feature Distillation Network for Lightweight Image Super-Resolution*, 2020.
Written from the paper; the benchmark's yardstick too. Published weights (NTIRE 2023's baseline, MIT) are not part of
the project.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LEAST = 16
"""Pixels: smaller pictures leave nothing to its attention's pooling."""


def _conv(inputs: int, outputs: int, size: int = 3) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, padding=size // 2)


class Attention(nn.Module):
    """Enhanced spatial attention: one factor per pixel and feature, found at a much smaller size."""

    def __init__(self, features: int) -> None:
        super().__init__()
        few = features // 4
        self.conv1, self.conv_f = _conv(features, few, 1), _conv(few, few, 1)
        self.conv2 = nn.Conv2d(few, few, 3, stride=2)
        self.conv_max, self.conv3, self.conv3_ = _conv(few, few), _conv(few, few), _conv(few, few)
        self.conv4 = _conv(few, features, 1)

    def forward(self, x: Tensor) -> Tensor:
        few = self.conv1(x)
        small = F.relu(self.conv_max(F.max_pool2d(self.conv2(few), 7, 3)))
        small = self.conv3_(F.relu(self.conv3(small)))
        wide = F.interpolate(small, x.shape[2:], mode="bilinear", align_corners=False)
        return x * torch.sigmoid(self.conv4(wide + self.conv_f(few)))


class Distillation(nn.Module):
    """Three residual convolutions; half of the features of each step are kept for the end."""

    def __init__(self, features: int) -> None:
        super().__init__()
        half = features // 2
        self.c1_d, self.c2_d, self.c3_d = (_conv(features, half, 1) for _ in range(3))
        self.c1_r, self.c2_r, self.c3_r = (_conv(features, features) for _ in range(3))
        self.c4, self.c5 = _conv(features, half), _conv(4 * half, features, 1)
        self.esa = Attention(features)

    def forward(self, x: Tensor) -> Tensor:
        kept = []
        for keep, go_on in ((self.c1_d, self.c1_r), (self.c2_d, self.c2_r), (self.c3_d, self.c3_r)):
            kept.append(F.leaky_relu(keep(x), 0.05))
            x = F.leaky_relu(go_on(x) + x, 0.05)
        kept.append(F.leaky_relu(self.c4(x), 0.05))
        return self.esa(self.c5(torch.cat(kept, 1)))


class RFDN(nn.Module):
    """Values run 0..255, in and out.

    Args:
        features: of every convolution.
        scale: how many times as large the result is.
    """

    def __init__(self, features: int = 50, scale: int = 4) -> None:
        super().__init__()
        self.scale = scale
        self.fea_conv = _conv(3, features)
        self.B1, self.B2, self.B3, self.B4 = (Distillation(features) for _ in range(4))
        self.c = nn.Sequential(_conv(4 * features, features, 1), nn.LeakyReLU(0.05))
        self.LR_conv = _conv(features, features)
        self.upsampler = nn.Sequential(_conv(features, 3 * scale * scale), nn.PixelShuffle(scale))

    def forward(self, x: Tensor) -> Tensor:
        first = y = self.fea_conv(x)
        found = []
        for block in (self.B1, self.B2, self.B3, self.B4):
            y = block(y)
            found.append(y)
        return self.upsampler(self.LR_conv(self.c(torch.cat(found, 1))) + first)


def fitting(weights: Mapping[str, Tensor]) -> RFDN:
    """A network of the size that these weights are for, without them."""
    shuffled = weights["upsampler.0.weight"].shape[0]
    return RFDN(weights["fea_conv.weight"].shape[0], round((shuffled / 3) ** 0.5))
