"""The matte refiner: picture, trimap and a matte by colour samples in, a better matte out.

Without anything learned, the certain colours are spread into the unknown, near ones first (a pyramid of means,
as in S. Gortler et al., *The Lumigraph*, 1996: push and pull), and the pixel's colour is projected on the line between
the two: the first guess of every matting method since A. Smith and J. Blinn (1996). A U-Net (O. Ronneberger et al.,
2015) then reads picture, trimap, both colours, how much they vary, that projection and what the classic matte says
(`backends/sampling.py`: pairs of samples and a guided filter), and tells how far alpha is from the latter.
So it need not learn to compare colours, begins as good as the classic matte, and some minutes of training go a long
way.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from layersr.backends import load
from layersr.backends.sampling import SamplingMatter
from layersr.roles import Upscaler
from layersr.training.mattes import Matted, Stock, matted, stock

SAMPLED = SamplingMatter()

LEVELS = 6
"""Of the pyramid: colours are spread about 2^LEVELS pixels far."""


class Block(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(features, features, 3, padding=1)
        self.second = nn.Conv2d(features, features, 3, padding=1)
        with torch.no_grad():
            self.second.weight.mul_(0.1)

    def forward(self, x: Tensor) -> Tensor:
        """Features in, features out, of one size."""
        return x + self.second(F.leaky_relu(self.first(x), 0.1))


def larger(x: Tensor, like: Tensor) -> Tensor:
    """X at the height and width of another."""
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)


def spread(values: Tensor, known: Tensor, levels: int = LEVELS) -> Tensor:
    """The known values, and elsewhere a mean of the nearest known ones.

    Args:
        values: (n, c, h, w).
        known: 1 or 0, (n, 1, h, w).
        levels: of the pyramid; values go about 2^levels pixels far.
    """
    pyramid = [torch.cat([values * known, known], 1)]
    for _ in range(levels):
        pyramid.append(F.avg_pool2d(pyramid[-1], 2, ceil_mode=True))
    below = pyramid[-1]
    for level in reversed(pyramid[:-1]):
        # Where a level knows something, that counts; the coarser one fills the rest.
        up = larger(below, level)
        below = level + (1 - level[:, -1:]) * up / (up[:, -1:] + 1e-3)
    return below[:, :-1] / (below[:, -1:] + 1e-3)


class Refiner(nn.Module):
    """RGB, trimap, sampled matte in [0, 1], (n, 5, h, w) -> alpha (n, 1, h, w), not clipped nor bound to the trimap."""

    widths = (16, 32, 48, 64, 80)
    blocks = (0, 1, 2, 1, 1)

    def __init__(self) -> None:
        super().__init__()
        widths = self.widths
        self.head = nn.Conv2d(15, widths[0], 3, padding=1)
        pairs = list(pairwise(widths))
        self.down = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairs)
        self.bodies = nn.ModuleList(
            nn.Sequential(*[Block(b) for _ in range(count)])
            for b, count in zip(widths[1:], self.blocks[1:], strict=True)
        )
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairs)
        self.merged = nn.ModuleList(Block(a) for a in widths[:-1])
        self.sampled = nn.Conv2d(2, widths[0], 3, padding=1, bias=False)
        self.correction = nn.Conv2d(widths[0], 1, 3, padding=1)
        with torch.no_grad():
            for layer in (self.sampled, self.correction):
                layer.weight.mul_(0.1)
            self.correction.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        with torch.autocast(x.device.type, enabled=False):  # divisions want all digits
            given, guess = hints(x[:, :4])
            sampled = x[:, 4:]
            told = torch.cat([sampled - 0.5, sampled - guess], 1)
        features = F.leaky_relu(self.head(given) + self.sampled(told), 0.1)
        skips = []
        for down, body in zip(self.down, self.bodies, strict=True):
            skips.append(features)
            features = body(F.leaky_relu(down(features), 0.1))
        for up, merged, skip in reversed(list(zip(self.up, self.merged, skips, strict=True))):
            features = merged(skip + larger(up(features), skip))
        return sampled + self.correction(F.leaky_relu(features, 0.1)).float()


def hints(x: Tensor) -> tuple[Tensor, Tensor]:
    """What the U-Net reads of picture and trimap (n, 15, h, w), about -1..1, and the projection (n, 1, h, w) in [0, 1].

    Both sides' colours come with their spread (standard deviation nearby): on a busy ground a pixel may be farther
    from the mean and still belong to it. `odds` compares the two distances in these units.
    """
    image, trimap = x[:, :3], x[:, 3:]
    inside, outside = (trimap > 0.9).float(), (trimap < 0.1).float()
    values = torch.cat([image, image.square().mean(1, keepdim=True)], 1)
    colours, deviations, distances = [], [], []
    for known in (inside, outside):
        near = spread(values, known)
        colour = near[:, :3]
        variance = (near[:, 3:] - colour.square().mean(1, keepdim=True)).clamp(min=0)
        colours.append(colour)
        deviations.append((variance + 1e-4).sqrt())
        distances.append((image - colour).square().mean(1, keepdim=True) / (variance + 3e-3))
    front, back = colours
    way = front - back
    share = ((image - back) * way).sum(1, keepdim=True) / (way.square().sum(1, keepdim=True) + 1e-2)
    odds = (distances[1] + 0.1) / (distances[0] + distances[1] + 0.2)
    certain = inside + outside
    guess = trimap * certain + share.clamp(0, 1) * (1 - certain)
    given = [image - 0.5, inside, outside, guess - 0.5, odds - 0.5, image - front, image - back, *deviations]
    return torch.cat(given, 1), guess


def clipped(x: Tensor) -> Tensor:
    """X in [0, 1], nearly: what is beyond keeps a little of its slope, so that it can come back."""
    inner = x.clamp(0, 1)
    return inner + 0.05 * (x - inner)


@dataclass(eq=False)
class RefineTask:
    """How `refine_matte` is trained; see `loop.Task` for what the names mean."""

    batch: int = 8
    patch: int = 128
    lr: float = 2e-3
    begins_as: str = ""
    stored: str = "float16"
    name: str = "refine_matte"
    unit: str = "= -100 x mean absolute error"
    stock: Stock | None = None
    enlarge: Upscaler | None = None
    apart: list[Matted] = field(default_factory=list)

    def network(self) -> Refiner:
        return Refiner()

    def prepare(self, data: Path, seed: int) -> None:
        """Read everything once; patches held apart are drawn now."""
        self.stock = stock(data, self.patch, np.random.default_rng([seed, 1]), apart=False)
        self.enlarge = load("upscale", "layersr")
        rng = np.random.default_rng(4)
        apart = stock(data, self.patch, rng, apart=True)
        self.apart = [matted(apart, rng, self.patch, self.enlarge) for _ in range(96)]

    def sample(self, rng: np.random.Generator) -> tuple[Tensor, ...]:
        """Picture with trimap and sampled matte, alpha, contrast."""
        return tensors([matted(self.stock, rng, self.patch, self.enlarge) for _ in range(self.batch)])

    def loss(self, network: nn.Module, batch: tuple[Tensor, ...], done: float) -> Tensor:
        """Absolute error of alpha, of its gradient and of the composition, where the trimap is unknown."""
        x, alpha, contrast = batch
        unknown = (x[:, 3:4] == 0.5).float()
        count = unknown.sum() + 1
        error = (clipped(network(x)) - alpha) * unknown
        gradient = error.diff(dim=2).abs().sum() + error.diff(dim=3).abs().sum()
        coarse = F.avg_pool2d(error, 4).abs().sum() * 16
        return (error.abs().sum() + 0.5 * gradient + 0.5 * coarse + (error.abs() * contrast).sum()) / count

    @torch.no_grad()
    def score(self, network: nn.Module) -> float:
        """Mean absolute error in the unknown, mean of the patches held apart, times -100."""
        device = next(network.parameters()).device
        values = []
        for start in range(0, len(self.apart), 8):
            x, alpha, _ = (t.to(device) for t in tensors(self.apart[start : start + 8]))
            unknown = (x[:, 3:4] == 0.5).float()
            error = (network(x).clamp(0, 1) - alpha).abs() * unknown
            values.append((error.sum((1, 2, 3)) / unknown.sum((1, 2, 3))).cpu().numpy())
        return -100 * float(np.mean(np.concatenate(values)))

    def example(self) -> Tensor:
        generator = torch.Generator().manual_seed(0)
        image = torch.rand(1, 3, 39, 53, generator=generator)
        trimap = torch.randint(0, 3, (1, 1, 39, 53), generator=generator) / 2
        return torch.cat([image, trimap, torch.rand(1, 1, 39, 53, generator=generator)], 1)


def tensors(patches: list[Matted]) -> tuple[Tensor, Tensor, Tensor]:
    """Picture with trimap and sampled matte (n, 5, h, w), alpha and contrast (n, 1, h, w)."""
    x = np.stack([np.dstack([p.image, p.trimap, SAMPLED(p.image, p.trimap)]) for p in patches]).transpose(0, 3, 1, 2)
    rest = [np.stack([getattr(p, key) for p in patches])[:, None] for key in ("alpha", "contrast")]
    return tuple(torch.from_numpy(np.ascontiguousarray(v)) for v in (x, *rest))
