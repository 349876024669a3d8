"""The detector of top-most elements: from a small picture to their alpha, and votes that tell neighbours apart.

A U-Net of residual blocks, all of whose work is done at half the size and below, with attention where the picture is a
sixteenth: what stands out, what repeats and what runs through can only be told by looking at all of it. Instances are
told apart as in Panoptic-DeepLab (B. Cheng et al., 2020): each pixel votes for the middle of its element. No batch
statistics: features are scaled to unit length per pixel (B. Zhang and R. Sennrich, RMSNorm, 2019).
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from layersr.training.attention import Attention, Unit, faint
from layersr.training.kinds import PAGES, PHOTOGRAPHS, REAL, compose_any
from layersr.training.scenes import Scene, compose, compose_photograph
from layersr.training.things import Material, gather

REACH = 0.022
"""Width of the bump around an element's middle, in longer sides of the picture."""


class Block(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.unit = Unit(features)
        self.first = nn.Conv2d(features, features, 3, padding=1)
        self.second = nn.Conv2d(features, features, 3, padding=1)
        with torch.no_grad():
            self.second.weight.mul_(0.2)

    def forward(self, x: Tensor) -> Tensor:
        """Features in, features out, of one size."""
        return x + self.second(F.silu(self.first(self.unit(x))))


class Topmost(nn.Module):
    """(n, 3, h, w) in [0, 1] -> (n, 5, h, w).

    Logits of the top-most alpha, of any element's alpha and of the middles, and the way to the middle of the pixel's
    element (x, y; in longer sides of the picture).
    """

    widths = (32, 56, 96, 128, 160)
    blocks = (0, 1, 2, 2, 1)
    deeper_blocks = (0, 1, 1, 3, 2)

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, self.widths[0], 5, stride=2, padding=2)
        pairs = list(zip(self.widths, self.widths[1:], strict=False))
        self.down = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairs)
        self.bodies = nn.ModuleList(self._body(k, self.blocks) for k in range(1, len(self.widths)))
        # Added when there was a GPU to train more with; a module of their own, so that older weights still fit.
        self.deeper = nn.ModuleList(faint(self._body(k, self.deeper_blocks)) for k in range(1, len(self.widths)))
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairs)
        self.merged = nn.ModuleList(Block(a) for a in self.widths[:-1])
        self.head = nn.Sequential(Unit(self.widths[0]), nn.Conv2d(self.widths[0], 32, 3, padding=1), nn.SiLU())
        self.tail = nn.Conv2d(32, 5 * 4, 1)
        with torch.no_grad():
            self.tail.weight.mul_(0.1)
            self.tail.bias.zero_()
            self.tail.bias[:12] = -2  # most of a picture is no element

    def _body(self, k: int, blocks: tuple[int, ...]) -> nn.Sequential:
        extra = [Attention(self.widths[k])] if k >= 3 else []
        return nn.Sequential(*[Block(self.widths[k]) for _ in range(blocks[k])], *extra)

    def forward(self, image: Tensor) -> Tensor:
        """Any size: the result is cut from that of the size rounded up to even."""
        height, width = image.shape[-2:]
        x = F.pad(image, (0, width % 2, 0, height % 2), mode="replicate")
        x = self.stem((x - 0.5) * 4)
        skips = []
        for down, body, deeper in zip(self.down, self.bodies, self.deeper, strict=True):
            skips.append(x)
            x = deeper(body(down(F.silu(x))))
        for up, merged, skip in reversed(list(zip(self.up, self.merged, skips, strict=True))):
            x = merged(skip + F.interpolate(up(x), size=skip.shape[-2:], mode="bilinear", align_corners=False))
        return F.pixel_shuffle(self.tail(self.head(x)), 2)[..., :height, :width]


def target(scene: Scene) -> np.ndarray:
    """What the network should say of a scene: float32 (5, h, w) like `Topmost`'s result, alphas instead of logits."""
    height, width = scene.image.shape[:2]
    side = max(height, width)
    rows, columns = np.indices((height, width), np.float32)
    middles = np.zeros((height, width), np.float32)
    way = np.zeros((2, height, width), np.float32)
    strongest = np.full((height, width), 0.1, np.float32)
    for alpha, on_top in zip(scene.visible, scene.on_top, strict=True):
        if not on_top:
            continue
        y, x = (float((v * alpha).sum() / alpha.sum()) for v in (rows, columns))
        bump = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * (REACH * side) ** 2))
        middles = np.maximum(middles, bump)
        own = alpha > strongest
        strongest = np.maximum(strongest, alpha)
        way[0][own], way[1][own] = ((x - columns) / side)[own], ((y - rows) / side)[own]
    return np.stack([scene.top, scene.all, middles, *way])


@dataclass(eq=False)
class DetectTask:
    """How the detectors are trained; see `loop.Task` for what the names mean.

    `real`: nearly half of what it sees are real pictures with outlined subjects, and on such it is scored.
    """

    side: int = 160
    sides: tuple[int, ...] = (224, 256, 288, 320)
    batch: int = 16
    lr: float = 2e-3
    begins_as: str = ""
    stored: str = "int8"
    name: str = "detect_topmost"
    unit: str = "IoU"
    real: bool = False
    material: Material | None = None
    told: str = ""
    apart: list[Scene] = field(default_factory=list)

    def network(self) -> Topmost:
        return Topmost()

    def prepare(self, data: Path, seed: int) -> None:
        """Everything is read once and kept small."""
        self.material = gather(data, max(self.sides), apart=False)
        grounds, cutouts, real = (
            len(x) for x in (self.material.grounds, self.material.cutouts, self.material.subjects)
        )
        self.told = f"learns from {grounds} pictures, {cutouts} cut-outs, {real} pictures with outlined subjects"
        apart = gather(data, self.side, apart=True)
        rng = np.random.default_rng(seed)
        make = compose_photograph if self.real and apart.subjects else compose
        self.apart = [make(apart, rng, self.side, self.side) for _ in range(96)]

    def sample(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """A batch of scenes of one shape; large ones are fewer, so that every step costs the same."""
        shapes, side = ((1, 1), (0.8, 1), (1, 0.8), (0.7, 1)), int(rng.choice(self.sides))
        material, count = replace(self.material, side=side), round(self.batch * (self.side / side) ** 2)
        height, width = (round(side * f / 16) * 16 for f in shapes[rng.integers(len(shapes))])
        shares = REAL if self.real else (PAGES, PHOTOGRAPHS)
        scenes = [compose_any(material, rng, height, width, *shares) for _ in range(count)]
        images = torch.from_numpy(np.stack([s.image for s in scenes])).permute(0, 3, 1, 2)
        return images, torch.from_numpy(np.stack([target(s) for s in scenes]))

    def varied(self, batch: tuple[Tensor, Tensor], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """The same scenes once more: mirrored or not, in other colours."""
        image, wanted = batch
        if rng.random() < 0.5:
            image, wanted = image.flip(3), wanted.flip(3)
            wanted = torch.cat([wanted[:, :3], -wanted[:, 3:4], wanted[:, 4:]], 1)
        if rng.random() < 0.3:
            image = image[:, torch.from_numpy(rng.permutation(3)).to(image.device)]
        gain, lift = (
            torch.from_numpy(rng.normal(0, s, (len(image), 3, 1, 1)).astype(np.float32)).to(image.device)
            for s in (0.12, 0.05)
        )
        return ((image - 0.5) * gain.exp() + 0.5 + lift).clamp(0, 1), wanted

    def loss(self, network: nn.Module, batch: tuple[Tensor, Tensor], done: float) -> Tensor:
        """Cross entropy and overlap of the alphas, squared error of the middles, absolute error of the ways."""
        image, wanted = batch
        out = network(image).float()
        alphas = F.binary_cross_entropy_with_logits(out[:, :2], wanted[:, :2], reduction="none")
        # The contour is what is hard and what counts: pixels near it weigh more.
        rim = F.max_pool2d(wanted[:, :1], 5, 1, 2) + F.max_pool2d(-wanted[:, :1], 5, 1, 2)
        top = (alphas[:, 0] * (1 + 2 * rim[:, 0])).mean()
        said = torch.sigmoid(out[:, 0])
        common = (said * wanted[:, 0]).sum((1, 2))
        joined = (said + wanted[:, 0] - said * wanted[:, 0]).sum((1, 2))
        floor = 0.003 * said[0].numel()  # an empty scene is a matter of the cross entropy
        overlap = 1 - ((common + floor) / (joined + floor)).mean()
        middles = (torch.sigmoid(out[:, 2]) - wanted[:, 2]).square()
        middles = (middles * (1 + 20 * wanted[:, 2])).mean()
        inside = (wanted[:, 0] > 0.2).float()
        way = ((out[:, 3:] - wanted[:, 3:]).abs().sum(1) * inside).sum() / (inside.sum() + 1)
        return 2 * top + overlap + 0.4 * alphas[:, 1].mean() + 4 * middles + 2 * way

    @torch.no_grad()
    def score(self, network: nn.Module) -> float:
        """Soft intersection over union of the top-most alpha, mean of held-apart scenes that have one."""
        device = next(network.parameters()).device
        values = []
        for first in range(0, len(self.apart), 16):
            some = self.apart[first : first + 16]
            x = torch.from_numpy(np.stack([s.image for s in some])).permute(0, 3, 1, 2).to(device)
            said = torch.sigmoid(network(x)[:, 0]).cpu().numpy()
            for scene, alpha in zip(some, said, strict=True):
                if scene.top.any():
                    values.append(np.minimum(alpha, scene.top).sum() / np.maximum(alpha, scene.top).sum())
        return float(np.mean(values))

    def example(self) -> Tensor:
        return torch.rand(1, 3, 75, 92, generator=torch.Generator().manual_seed(0))
