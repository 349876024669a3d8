"""Deep image prior: a network that never saw another picture learns this one, and what it paints in the hole is kept.

D. Ulyanov, A. Vedaldi and V. Lempitsky, *Deep Image Prior*, CVPR 2018. The network turns fixed noise into a picture; it
finds what repeats and what goes on long before it finds every pixel. Too long, and the hole fills with what fits
nothing: so some known squares near the hole are kept from it, and it stops when it paints those no better any more.
As in the authors' code the noise is shaken a little at every step, and the mean of the last hundred or so pictures
counts, which is better than any one of them.

Two things are not as there. The network learns what a blur of the picture, its hole closed smoothly, leaves out, from
nothing on: what the blur explains need not be learned. And features are normalised by what is known (`network`).
"""

from typing import Any

import cv2
import numpy as np

from layersr.arrays import RGB, Mask
from layersr.infill.harmonic import harmonic
from layersr.progress import Progress, Report, silent

SEED = 2018
"""Chance is the same in every run."""

FEATURES = (16, 32, 64, 64, 64)
"""Features at the picture's size and at each halving below it; fine sizes cost most, and coarse ones see the forms."""

PLANES, SKIPPED = 16, 4
"""Planes of noise that it begins with, and features that go around the sizes below."""

RATE, SHAKE, MEMORY = 0.01, 0.03, 0.99
"""Adam's step, how much noise is added to the noise, and how much of the mean picture each step keeps."""

STEPS, PATIENCE = 1000, 150
"""At most so many steps, and so many without a better picture."""

GOOD = 3e-5
"""Mean squared error in the squares at which it is done: nobody sees the 180th part of white."""

ASKED, BETTER = 10, 0.998
"""Steps between two looks at the squares, and the share of the error below which they are painted better."""

SQUARE, SQUARES = 9, 0.1
"""Side in pixels of a square that is kept from the network, and their share of what is known near the hole."""

NEAR = 24
"""Pixels from the hole within which they lie, or the hole's depth if that is more."""

BLUR = 0.5
"""Standard deviation of the blur, in depths of the hole: the distance from its rim to its innermost pixel."""

Module = Tensor = Any


def prior(
    image: RGB, hole: Mask, steps: int = STEPS, device: str = "cpu", report: Report = silent, seed: int = 0
) -> RGB:
    """What the network makes of the whole picture; the hole is what counts, elsewhere it is nearly the picture.

    What stood in the hole has no influence. The same picture and hole give the same on a CPU with as many threads;
    GPUs add up in another order each time.

    Args:
        image: the picture.
        hole: what to paint; something must be known.
        steps: at most so many; each costs some 0.25 s for a picture of 256 x 256 on one core of a CPU, and 0.6 GB.
        device: where torch computes.
        report: hears 0..1, at every tenth step.
        seed: another one begins with another network and other noise.
    """
    import torch
    from torch.nn import functional as F

    tests = held_out(hole)
    blurred = blur(image, hole | tests)
    place = torch.device(device)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED + seed)
        sizes = network(torch.from_numpy((~hole & ~tests).astype(np.float32))[None, None].to(place)).to(place)
        chance = torch.Generator().manual_seed(SEED + seed)
        noise = torch.rand((1, PLANES, *hole.shape), generator=chance).to(place) / 10
    smooth, truth = (
        torch.from_numpy(np.ascontiguousarray(colours.transpose(2, 0, 1)[None])).to(place)
        for colours in (blurred, np.where(hole[..., None], np.float32(0), image))
    )
    learned, tested = (torch.from_numpy(mask).to(place) for mask in (~hole & ~tests, tests if tests.any() else ~hole))
    optimizer = torch.optim.Adam(sizes.parameters(), lr=RATE)
    mean = best = None
    least, since = float("inf"), 0
    for step in range(steps):
        shaken = noise + SHAKE * torch.randn(noise.shape, generator=chance).to(place)
        painted = smooth + _painted(sizes, 0, shaken)
        loss = F.mse_loss(painted[..., learned], truth[..., learned])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        keep = min(MEMORY, step / (step + ASKED))
        now = painted.detach()
        mean = now if mean is None else keep * mean + (1 - keep) * now
        if step % ASKED == ASKED - 1 or step == steps - 1:
            report(Progress("deep image prior", step / steps, f"step {step + 1} of at most {steps}"))
            error = float(F.mse_loss(mean[..., tested], truth[..., tested]))
            if best is None or error < BETTER * least:
                best, least, since = mean, error, step
            if least < GOOD or step - since >= PATIENCE:
                break
    report(Progress("deep image prior", 1.0))
    return np.ascontiguousarray(best[0].permute(1, 2, 0).cpu().numpy())


def blur(image: RGB, hole: Mask) -> RGB:
    """The picture with its hole closed smoothly, and blurred so far that little of what is around the hole is left."""
    deep = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 5).max()
    return cv2.GaussianBlur(harmonic(image, hole), (0, 0), max(1.0, BLUR * float(deep)))


def held_out(hole: Mask) -> Mask:
    """Squares of known pixels near the hole, but not at its rim, that tell how well the network paints; maybe none."""
    size = (SQUARE, SQUARE)
    away = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, 5)
    deep = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 5).max()
    near = (away > SQUARE) & (away <= SQUARE + max(NEAR, deep))
    centres = np.flatnonzero(near)
    count = int(SQUARES * centres.size / SQUARE**2)
    out = np.zeros(hole.shape, np.uint8)
    out.reshape(-1)[np.random.default_rng(SEED).permutation(centres)[:count]] = 1
    return cv2.dilate(out, np.ones(size, np.uint8)) > 0


def network(known: Tensor) -> Module:
    """An hourglass, not yet taught anything, from `PLANES` planes of noise to a picture.

    It is a list of sizes, each a `ModuleDict` of what halves, what goes around, and what comes back. Features are
    normalised by what they are where the picture is known. By the whole picture's, as batch normalisation would, the
    hole of a smooth picture becomes the one place where anything may vary, and a blot.

    Args:
        known: (1, 1, h, w), 1 where there is something to learn, else 0.
    """
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Normalised(nn.Module):
        def __init__(self, features: int) -> None:
            super().__init__()
            self.scale, self.shift = nn.Parameter(torch.ones(features)), nn.Parameter(torch.zeros(features))

        def forward(self, x: Tensor) -> Tensor:
            weight = F.adaptive_avg_pool2d(known, x.shape[-2:]).flatten()
            weight, flat = weight / weight.sum(), x.flatten(2)
            mean = flat @ weight
            scale = self.scale * torch.rsqrt((flat - mean[..., None]) ** 2 @ weight + 1e-5)
            return x * scale[..., None, None] + (self.shift - mean * scale)[..., None, None]

    def unit(planes: int, features: int, side: int, stride: int = 1) -> list[Module]:
        return [nn.Conv2d(planes, features, side, stride, side // 2), Normalised(features), nn.LeakyReLU(0.2)]

    depth = int(np.clip(np.log2(max(min(known.shape[-2:]), 1)) - 2, 1, len(FEATURES)))
    widths = (PLANES, *FEATURES[:depth])
    sizes = []
    for above, own, below in zip(widths, FEATURES, (*FEATURES[1:depth], widths[-1]), strict=False):
        down = nn.Sequential(*unit(above, own, 3, 2), *unit(own, own, 3))
        around = nn.Sequential(*unit(above, SKIPPED, 1))
        up = nn.Sequential(Normalised(below + SKIPPED), *unit(below + SKIPPED, own, 3), *unit(own, own, 1))
        sizes.append(nn.ModuleDict({"down": down, "around": around, "up": up}))
    last = nn.Conv2d(FEATURES[0], 3, 1)
    for value in last.parameters():
        nn.init.zeros_(value)
    sizes[0]["up"].append(last)
    return nn.ModuleList(sizes)


def _painted(sizes: Module, number: int, planes: Tensor) -> Tensor:
    """What a size and those below it make of planes."""
    import torch
    from torch.nn import functional as F

    parts = sizes[number]
    below = parts["down"](planes)
    if number + 1 < len(sizes):
        below = _painted(sizes, number + 1, below)
    below = F.interpolate(below, size=planes.shape[-2:], mode="bilinear", align_corners=False)
    return parts["up"](torch.cat([below, parts["around"](planes)], 1))
