"""Feature refinement: what LaMa paints in a small picture holds what it paints in the large one together.

P. Kulshreshtha, B. Pugh and S. Jiddi, *Feature Refinement to Improve High Resolution Image Inpainting*, 2022
(arXiv 2206.13644), after the code merged into advimman/lama (Apache-2.0). LaMa was trained on small pictures; in large
holes of large ones its structures fall apart. So the picture is painted small first, and at every larger size the
network's features, not its weights, are moved until its painting, shrunk, is the smaller one, and is the picture
outside the hole.
"""

from typing import Any

import cv2
import numpy as np

from layersr.infill import ffc
from layersr.progress import Progress, Report, silent, within

Tensor = Any

SIDE, MOST = 512, 3
"""The shorter side in pixels, about, of the smallest size, and the most sizes."""

STEPS, RATE = 15, 0.002
"""Steps at each size, and Adam's step."""

RIM = 15
"""Diameter in pixels of what the small painting's hole is eroded by: near the rim the large one knows better."""

SMALLEST = 1e-8


def refined(
    w: Any, image: Tensor, hole: Tensor, side: int = SIDE, steps: int = STEPS, report: Report = silent
) -> Tensor:
    """The image with the hole painted. With a shorter side below some 1.4 times `side` it is painted once, as it is.

    Args:
        w: LaMa's weights (`ffc.weights`).
        image: (1, 3, h, w), in [0, 1].
        hole: (1, 1, h, w), 1 = hole.
        side: see `SIDE`.
        steps: see `STEPS`.
        report: hears 0..1.
    """
    import torch

    report(Progress("refine the infill", 0.0))
    pictures = [(image, hole)]
    for _ in range(sizes(tuple(image.shape[-2:]), side) - 1):
        image, hole = pictures[-1]
        pictures.append((halved(image), (halved(hole) >= SMALLEST).float()))
    small = None
    for number, (image, hole) in enumerate(reversed(pictures)):
        height, width = image.shape[-2:]
        image, hole = ffc.padded(w, image), ffc.padded(w, hole)
        with torch.no_grad():
            features = ffc.front(w, image, hole)
            painted = ffc.rear(w, features) if small is None else None
        if small is not None:
            part = within(report, (number - 1) / (len(pictures) - 1), number / (len(pictures) - 1))
            painted = _held(w, image, hole, features, small, (height, width), steps, part)
        small = (hole * painted + (1 - hole) * image)[..., :height, :width]
    return small


def sizes(shape: tuple[int, int], side: int = SIDE) -> int:
    """In how many sizes a picture is painted."""
    return min(1 + round(max(0.0, float(np.log2(min(shape) / side)))), MOST)


def _held(
    w: Any,
    image: Tensor,
    hole: Tensor,
    features: ffc.Features,
    small: Tensor,
    shape: tuple[int, int],
    steps: int,
    report: Report,
) -> Tensor:
    """The painting, after so many looks at it, whose shrunk hole is the smaller painting's."""
    import torch

    height, width = shape
    features = tuple(f.detach().clone().requires_grad_(True) for f in features)
    optimizer = torch.optim.Adam(features, lr=RATE)
    known, inner = hole.expand_as(image) < SMALLEST, _inner(hole[..., :height, :width], small.shape[-2:])
    for number in range(steps):
        report(Progress("refine the infill", number / steps))
        painted = ffc.rear(w, features)
        if number == steps - 1:
            break
        loss = (painted - image).abs()[known].mean()
        if inner.any():  # the mean over nothing, in a hole thinner than `RIM`, is no number
            loss = loss + (halved(painted[..., :height, :width]) - small).abs()[..., inner].mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return painted.detach()


def _inner(hole: Tensor, size: tuple[int, int]) -> Tensor:
    """Where the smaller painting is believed: (h, w), bool."""
    import torch
    from torch.nn import functional as F

    whole = F.interpolate(hole, size=size, mode="bilinear", align_corners=False) >= 1 - SMALLEST
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (RIM, RIM))
    eroded = cv2.erode(whole[0, 0].cpu().numpy().astype(np.uint8), ball)
    return torch.from_numpy(eroded > 0).to(hole.device)


def halved(image: Tensor) -> Tensor:
    """Blurred a little (5 x 5, a standard deviation of one pixel) and shrunk to half, gradients and all."""
    import torch
    from torch.nn import functional as F

    line = torch.exp(-0.5 * torch.arange(-2.0, 3.0, device=image.device) ** 2)
    kernel = torch.outer(line, line) / line.sum() ** 2
    channels = image.shape[1]
    blurred = F.conv2d(F.pad(image, (2, 2, 2, 2), mode="reflect"), kernel.expand(channels, 1, 5, 5), groups=channels)
    size = (image.shape[-2] // 2, image.shape[-1] // 2)
    return F.interpolate(blurred, size=size, mode="bilinear", align_corners=False)
