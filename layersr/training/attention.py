"""Attention over all pixels of a small map: what repeats and what runs through can only be told by looking at all."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Unit(nn.Module):
    """Features scaled to unit length at every pixel, times a learned factor per feature."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(features, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(n, features, h, w) in and out."""
        return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-5) * self.scale


class Attention(nn.Module):
    """Every pixel looks at every other; then a small perceptron (A. Vaswani et al., 2017)."""

    def __init__(self, features: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.after = Unit(features), Unit(features)
        self.query_key_value = nn.Conv2d(features, 3 * features, 1)
        self.out = nn.Conv2d(features, features, 1)
        self.wide = nn.Conv2d(features, 2 * features, 1)
        self.narrow = nn.Conv2d(2 * features, features, 1)
        with torch.no_grad():
            self.out.weight.mul_(0.2)
            self.narrow.weight.mul_(0.2)

    def forward(self, x: Tensor) -> Tensor:
        """Features in, features out, of one size."""
        n, c, h, w = x.shape
        q, k, v = self.query_key_value(self.before(x)).flatten(2).unflatten(1, (3, self.heads, -1)).unbind(1)
        weights = torch.softmax(q.transpose(2, 3) @ k * (c // self.heads) ** -0.5, dim=-1)
        seen = (v @ weights.transpose(2, 3)).reshape(n, c, h, w)
        x = x + self.out(seen)
        return x + self.narrow(F.silu(self.wide(self.after(x))))


def faint(added: nn.Sequential) -> nn.Sequential:
    """The same blocks and attentions, beginning as nearly nothing: a network they are added to goes on as it was."""
    with torch.no_grad():
        for module in added.modules():
            for last in ("second", "out", "narrow"):
                if hasattr(module, last):
                    getattr(module, last).weight.mul_(0.1)
                    getattr(module, last).bias.zero_()
    return added
