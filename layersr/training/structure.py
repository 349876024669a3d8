"""The infill's structure: what a hole hides in broad strokes, the mean of what it may be.

The hole is first closed by a membrane (`layersr.infill.membrane`), which is the best guess of somebody who knows
nothing of pictures; a U-Net (O. Ronneberger et al., 2015) reads that with the hole's mask and says how far it is from
the truth. Its top level is half the picture's size (pixel shuffle, W. Shi et al., 2016), its lowest a 32nd, and the two
lowest look at the whole picture by attention, so every pixel of a hole sees all around it. The loss is the decibels
themselves, so the network answers with the mean picture: blurred where nobody can know. Texture is the business of
`layersr.infill.texture`.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from layersr.errors import InputError
from layersr.infill.harmonic import harmonic
from layersr.training.attention import Attention, faint
from layersr.training.pictures import CUTOUTS, find
from layersr.training.refine import Block, larger
from layersr.training.things import shrunk, small

SIDE = 160
"""Pixels of a training patch."""

SHORTER = 256.0
"""Pixels: pictures are kept with their shorter side at most so long."""

APART = 192
"""Pixels: the longer side of pictures held apart, as the backend would show them."""


class Structure(nn.Module):
    """(n, 4, h, w), RGB with the hole closed and the hole (1 = hole), in [0, 1] -> (n, 3, h, w), RGB, not clipped."""

    widths = (32, 64, 96, 112, 128)

    def __init__(self) -> None:
        super().__init__()
        widths = self.widths
        self.head = nn.Conv2d(16, widths[0], 3, padding=1)
        pairs = list(pairwise(widths))
        self.first = Block(widths[0])
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairs)
        self.bodies = nn.ModuleList(Block(b) for b in widths[1:])
        self.views = nn.ModuleList([nn.Identity(), nn.Identity(), *[Attention(b) for b in widths[-2:]]])
        # Added when there was a GPU to train more with; a module of their own, so that older weights still fit.
        self.deeper = nn.ModuleList(_deeper(b, count) for b, count in zip(widths[1:], (0, 1, 1, 1), strict=True))
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in pairs)
        self.merged = nn.ModuleList(Block(a) for a in widths[:-1])
        self.tail = nn.Conv2d(widths[0], 12, 3, padding=1)
        with torch.no_grad():  # begin as the membrane
            self.tail.weight.mul_(0.1)
            self.tail.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """Any size: odd pictures are continued by a pixel, halves are rounded up."""
        height, width = x.shape[-2:]
        x = F.pad(x, (0, width % 2, 0, height % 2), mode="replicate")
        with torch.autocast(x.device.type, enabled=False):
            features = F.leaky_relu(self.head(F.pixel_unshuffle(x, 2) - 0.5), 0.1)
        features, skips = self.first(features), []
        for down, body, view, deeper in zip(self.down, self.bodies, self.views, self.deeper, strict=True):
            skips.append(features)
            even = F.pad(features, (0, features.shape[3] % 2, 0, features.shape[2] % 2), mode="replicate")
            features = deeper(view(body(F.leaky_relu(down(even), 0.1))))
        for up, merged, skip in reversed(list(zip(self.up, self.merged, skips, strict=True))):
            features = merged(skip + larger(up(features), skip))
        more = F.pixel_shuffle(self.tail(F.leaky_relu(features, 0.1)).float(), 2)
        return (x[:, :3] + more * x[:, 3:])[..., :height, :width]


def _deeper(features: int, blocks: int) -> nn.Sequential:
    """Attention where the picture is a 16th and a 32nd."""
    extra = [Attention(features)] if features >= Structure.widths[-2] else []
    return faint(nn.Sequential(*[Block(features) for _ in range(blocks)], *extra))


@dataclass(eq=False)
class StructureTask:
    """How `infill_structure` is trained; see `loop.Task` for what the names mean."""

    batch: int = 6
    lr: float = 2e-3
    begins_as: str = ""
    stored: str = "float16"
    name: str = "infill_structure"
    unit: str = "dB in the hole"
    pictures: list[np.ndarray] = field(default_factory=list)
    outlines: list[np.ndarray] = field(default_factory=list)
    apart: list[tuple[Tensor, Tensor]] = field(default_factory=list)

    def network(self) -> Structure:
        return Structure()

    def prepare(self, data: Path, seed: int) -> None:
        """Read and shrink everything once.

        Raises:
            InputError: too few pictures to hold some apart.
        """
        rng, apart = np.random.default_rng(5), []
        for picture in find(data):
            image = picture.read()
            if picture.held_apart:
                apart.append(shrunk(image, APART * min(image.shape[:2]) / max(image.shape[:2])))
            else:
                image = shrunk(image, SHORTER)
                least = SIDE / min(image.shape[:2])
                self.pictures.append(image if least <= 1 else cv2.resize(image, None, fx=least, fy=least))
        if not self.pictures or not apart:
            raise InputError(f"There are too few pictures in {data}: some twenty are needed, some to be held apart.")
        for cutout in find(data, CUTOUTS):
            rgba = None if cutout.held_apart else cutout.read_cutout()
            if rgba is not None:
                self.outlines.append(np.ascontiguousarray(small(rgba, 100)[..., 3]))
        for image in apart:
            self.apart.append(tensors([example(image, hole(*image.shape[:2], rng, [], (0.05, 0.25)))]))

    def sample(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Patches with the hole closed and its mask, and the patches; turned, mirrored, some with other colours."""
        chosen = []
        for _ in range(self.batch):
            image = self.pictures[rng.integers(len(self.pictures))]
            size = int(np.exp(rng.uniform(np.log(SIDE), np.log(min(image.shape[:2]) + 1e-6))))
            top, left = (int(rng.integers(n - size + 1)) for n in image.shape[:2])
            patch = image[top : top + size, left : left + size]
            patch = cv2.resize(patch, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
            patch = np.ascontiguousarray(np.rot90(patch, int(rng.integers(4)))[:, :: 1 - 2 * int(rng.integers(2))])
            if rng.random() < 0.3:
                patch = np.ascontiguousarray(patch[..., rng.permutation(3)])
            chosen.append(example(patch, hole(SIDE, SIDE, rng, self.outlines, (0.04, 0.4))))
        return tensors(chosen)

    def varied(self, batch: tuple[Tensor, Tensor], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """The same holes once more: mirrored, and with colours in another order."""
        ways = [axis for axis in (2, 3) if rng.random() < 0.5]
        x, truth = (t.flip(ways) for t in batch)
        if rng.random() < 0.3:
            order = torch.from_numpy(rng.permutation(3)).to(x.device)
            x, truth = torch.cat([x[:, order], x[:, 3:]], 1), truth[:, order]
        return x, truth

    def loss(self, network: nn.Module, batch: tuple[Tensor, Tensor], done: float) -> Tensor:
        """The logarithm of each patch's squared error in the hole, as PSNR counts it, and some absolute error."""
        x, truth = batch
        count = x[:, 3:].sum((1, 2, 3))
        error = network(x) - truth  # 0 outside the hole
        squared = error.square().sum((1, 2, 3)) / (3 * count)
        absolute = error.abs().sum((1, 2, 3)) / (3 * count)
        return (squared + 1e-3).log().mean() + 2 * absolute.mean()

    @torch.no_grad()
    def score(self, network: nn.Module) -> float:
        """PSNR in the hole in dB, mean over the pictures held apart, shrunk as the backend does."""
        device = next(network.parameters()).device
        values = []
        for x, truth in self.apart:
            error = (network(x.to(device)).clamp(0, 1).cpu() - truth).square().sum() / (3 * x[:, 3:].sum())
            values.append(-10 * float(torch.log10(error + 1e-6)))
        return float(np.mean(values))

    def example(self) -> Tensor:
        generator = torch.Generator().manual_seed(0)
        coarse = torch.rand(1, 4, 5, 7, generator=generator)
        return F.interpolate(coarse, size=(75, 101), mode="bicubic").clamp(0, 1)


def example(image: np.ndarray, gap: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Closed picture, hole, picture; float32 in [0, 1]."""
    values = image.astype(np.float32) / 255
    return harmonic(values, gap), gap[..., None].astype(np.float32), values


def tensors(chosen: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> tuple[Tensor, Tensor]:
    """Closed picture with hole (n, 4, h, w), picture (n, 3, h, w)."""
    closed, gap, truth = (np.stack([c[k] for c in chosen]).transpose(0, 3, 1, 2) for k in range(3))
    return torch.from_numpy(np.concatenate([closed, gap], 1)), torch.from_numpy(np.ascontiguousarray(truth))


def hole(
    height: int,
    width: int,
    rng: np.random.Generator,
    outlines: list[np.ndarray],
    share: tuple[float, float],
) -> np.ndarray:
    """An irregular hole, bool (h, w): blobs, cut-outs' outlines, ellipses grown together, or strokes.

    Args:
        height: of the picture.
        width: of the picture.
        rng: where chance comes from.
        outlines: alphas of cut-outs, uint8; may be empty.
        share: least and most of the picture that it takes, about.
    """
    wanted, kind = rng.uniform(*share), rng.random()
    if kind < 0.35:
        cells = rng.uniform(3, 12)
        noise = rng.standard_normal((max(2, round(cells)), max(2, round(cells * width / height)))).astype(np.float32)
        values = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
        return values > np.quantile(values[::2, ::2], 1 - wanted)
    canvas = np.zeros((height, width), np.uint8)
    middle, spread = rng.uniform(0.15, 0.85, 2) * (width, height), rng.uniform(0.03, 0.25)
    for _ in range(60):
        if canvas.mean() >= wanted:
            break
        at = middle + rng.normal(0, spread, 2) * (width, height)
        if kind < 0.65 and outlines:
            _stamp(canvas, outlines[rng.integers(len(outlines))], at, wanted * rng.uniform(0.3, 1.2), rng)
        elif kind < 0.85:
            size = rng.uniform(0.04, 0.2, 2) * min(height, width)
            cv2.ellipse(canvas, _point(at), _point(size), rng.uniform(0, 180), 0, 360, 1, -1)
        else:
            points = at + rng.normal(0, 0.2, (4, 2)).cumsum(axis=0) * min(height, width)
            thick = int(rng.uniform(0.03, 0.15) * min(height, width))
            cv2.polylines(canvas, [points.astype(np.int32)], False, 1, thick)
    filled = canvas > 0
    return filled if 0 < filled.mean() < 0.7 else hole(height, width, rng, outlines, share)


def _point(values: np.ndarray) -> tuple[int, int]:
    return max(1, int(values[0])), max(1, int(values[1]))


def _stamp(canvas: np.ndarray, alpha: np.ndarray, at: np.ndarray, share: float, rng: np.random.Generator) -> None:
    """Put a cut-out's outline, turned and of about this share of the picture, into the hole."""
    factor = np.sqrt(share * canvas.size / max(64, np.count_nonzero(alpha > 40)))
    move = cv2.getRotationMatrix2D((alpha.shape[1] / 2, alpha.shape[0] / 2), rng.uniform(-180, 180), factor)
    move[:, 2] += at - (alpha.shape[1] / 2, alpha.shape[0] / 2)
    placed = cv2.warpAffine(alpha, move, canvas.shape[::-1])
    canvas |= cv2.dilate((placed > 40).astype(np.uint8), np.ones((3, 3), np.uint8))
