"""`scenes.py` for many scenes at once, on a device: things out of a pool over grounds, and the truth of it.

The same laws (sizes, flocks, places, shadows, what counts as on top) as there, in tensors. Scenes are sorted by how
many things they have: the k-th thing of all scenes that have one is laid in one go.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from layersr.training.detect import REACH
from layersr.training.scenes import COVERED

SIZE = 192
"""Side of the sheet a thing lies on; its own longer side is 4 less."""
LEVELS = 4
"""Each half as large as the one before, one below the other: small things are taken from a small sheet."""
LEAST, SEEN = 0.0006, 0.0004
"""Share of the picture that a thing must have, and must show."""


def levels(sheets: Tensor) -> Tensor:
    """Things (n, 4, SIZE, SIZE) with their smaller versions below them, uint8 as they are."""
    rows, level = [sheets], sheets.float()
    for _ in range(LEVELS - 1):
        level = F.avg_pool2d(level, 2)
        rows.append(F.pad(level, (0, SIZE - level.shape[-1])).round().to(sheets.dtype))
    return torch.cat(rows, dim=2)


def compose_from(
    things: dict[str, Tensor], count: int, image: Tensor, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Things over grounds.

    Args:
        things: "levels" as `levels` gives them, on the image's device, and "sizes" (n, 2): their heights and widths.
        count: how many of them there are.
        image: the grounds (n, 3, h, w) in [0, 1].
        rng: decides all.

    Returns:
        Pictures (n, 3, h, w) and truths (n, 5, h, w), see `detect.target`.
    """
    height, width = image.shape[-2:]
    cast = _cast(len(image), count, max(height, width), rng)
    sizes = things["sizes"].numpy()
    alphas = []
    for k in range(cast["count"].max(initial=0)):
        m = int((cast["count"] > k).sum())  # scenes are sorted: the first m have so many
        which = cast["thing"][:m, k]
        layer = _placed(things["levels"], which, sizes[which], cast["size"][:m, k], (height, width), rng)
        alpha = layer[:, 3:]
        layer = layer * (alpha.sum((1, 2, 3), keepdim=True) >= LEAST * height * width)
        alpha = layer[:, 3:]
        below = _shaded(image[:m], alpha, rng)
        image = torch.cat([layer[:, :3] + below * (1 - alpha), image[m:]])
        alphas.append(alpha[:, 0])
    return image, _truth(alphas, len(image), height, width, image.device)


def _cast(scenes: int, count: int, side: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Which things each scene has and how long they are: none, a few, or a flock of one kind (`scenes._cast`)."""
    most = 24
    number, thing = np.zeros(scenes, int), rng.integers(count, size=(scenes, most))
    size = np.exp(rng.uniform(np.log(0.1), np.log(0.75), (scenes, most)))
    for n in range(scenes):
        kind = rng.random()
        if 0.1 <= kind < 0.22:
            flock, rest = int(rng.integers(5, 22)), int(rng.integers(0, 3))
            first = rest if rng.random() < 0.7 else 0
            size[n] = rng.uniform(0.15, 0.5, most)
            own = slice(first, first + flock)
            size[n, own] = np.exp(rng.uniform(np.log(0.05), np.log(0.16))) * rng.uniform(0.7, 1.3, flock)
            thing[n, own] = thing[n, first]
            number[n] = flock + rest
        elif kind >= 0.22:
            number[n] = 1 + min(rng.geometric(0.35), 8)
    order = np.argsort(-number, kind="stable")
    return {"count": number[order], "thing": thing[order], "size": size[order] * side}


def _placed(
    sheets: Tensor, which: np.ndarray, sizes: np.ndarray, longer: np.ndarray, shape: tuple[int, int],
    rng: np.random.Generator,
) -> Tensor:  # fmt: skip
    """Each thing somewhere on a canvas of its own, premultiplied RGBA (n, 4, h, w) (`scenes.place`)."""
    n, (height, width) = len(which), shape
    scale = np.maximum(longer, 4) / (SIZE - 4)
    h, w = (sizes * scale[:, None]).T
    over = np.where(rng.random(n) < 0.3, 0.25, -0.45)
    x = rng.uniform(np.minimum(-over * w, width / 2 - 1), np.maximum(width + over * w, width / 2))
    y = rng.uniform(np.minimum(-over * h, height / 2 - 1), np.maximum(height + over * h, height / 2))
    angle = np.deg2rad(np.where(rng.random(n) < 0.8, rng.normal(0, 12, n), rng.uniform(0, 360, n)))
    mirror = rng.choice([-1, 1], n)
    level = np.clip(np.floor(-np.log2(scale) + 0.3), 0, LEVELS - 1)
    begins = SIZE * (2 - 2.0 ** (1 - level))  # the row at which its level begins

    def on(values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.asarray(values, np.float32)).to(sheets.device)[:, None, None]

    columns = torch.arange(width, device=sheets.device, dtype=torch.float32) + 0.5 - on(x)
    rows = torch.arange(height, device=sheets.device, dtype=torch.float32)[:, None] + 0.5 - on(y)
    u = (columns * on(np.cos(angle) / scale) + rows * on(np.sin(angle) / scale)) * on(mirror)
    v = rows * on(np.cos(angle) / scale) - columns * on(np.sin(angle) / scale)
    inside = (u.abs() < SIZE / 2 - 1) & (v.abs() < SIZE / 2 - 1)
    shrunk, tall = on(0.5**level), sheets.shape[-2]
    grid = torch.stack(
        [(u + SIZE / 2) * shrunk * (2 / SIZE) - 1, ((v + SIZE / 2) * shrunk + on(begins)) * (2 / tall) - 1], dim=-1
    )
    taken = sheets[torch.from_numpy(which).to(sheets.device)].float() / 255
    placed = F.grid_sample(taken, grid, align_corners=False) * inside[:, None]
    return _recoloured(placed, rng)


def _recoloured(layer: Tensor, rng: np.random.Generator) -> Tensor:
    """Half of the things in other colours; premultiplied in and out."""
    n, alpha = len(layer), layer[:, 3:]
    some = (rng.random(n) < 0.5)[:, None]
    gain, lift = np.exp(rng.normal(0, 0.2, (n, 3)) * some), rng.normal(0, 0.07, (n, 1)) * some
    gain, lift = (torch.from_numpy(v.astype(np.float32)).to(layer.device)[..., None, None] for v in (gain, lift))
    colour = (layer[:, :3] - 0.5 * alpha) * gain + (0.5 + lift) * alpha
    return torch.cat([torch.minimum(colour.clamp(min=0), alpha), alpha], dim=1)


def _shaded(image: Tensor, alpha: Tensor, rng: np.random.Generator) -> Tensor:
    """The soft shadows that some things cast on what is below (`scenes.shade`)."""
    n, _, height, width = alpha.shape
    few = np.flatnonzero(rng.random(n) < 0.3)
    if not len(few):
        return image
    few_on = torch.from_numpy(few).to(alpha.device)
    some, part = alpha[few_on], 4
    low = F.avg_pool2d(some, part)
    reach = some.sum((1, 2, 3)).sqrt() / part  # in pixels of the small map
    share = torch.from_numpy(rng.uniform(0.02, 0.25, len(few)).astype(np.float32)).to(alpha.device)
    reach = reach * share
    soft = torch.from_numpy(rng.uniform(0.3, 1.2, len(few)).astype(np.float32)).to(alpha.device) * reach
    taps = torch.arange(-16, 17, device=alpha.device, dtype=torch.float32)
    kernel = torch.exp(-taps.square() / (2 * soft.clamp(0.3, 8)[:, None].square()))
    kernel = (kernel / kernel.sum(1, keepdim=True))[:, None, None]  # (few, 1, 1, taps)
    low = F.conv2d(low.transpose(0, 1), kernel, padding=(0, 16), groups=len(few))
    low = F.conv2d(low, kernel.transpose(2, 3), padding=(16, 0), groups=len(few)).transpose(0, 1)
    move = torch.from_numpy(
        np.stack([rng.normal(0, 1, len(few)), np.abs(rng.normal(0, 1, len(few)))]).astype(np.float32)
    )
    move = move.to(alpha.device) * reach * part
    theta = torch.zeros(len(few), 2, 3, device=alpha.device)
    theta[:, 0, 0] = theta[:, 1, 1] = 1
    theta[:, 0, 2], theta[:, 1, 2] = -move[0] * 2 / width, -move[1] * 2 / height
    grid = F.affine_grid(theta, (len(few), 1, height, width), align_corners=False)
    dark = torch.from_numpy(rng.uniform(0.15, 0.6, len(few)).astype(np.float32)).to(alpha.device)
    shadow = F.grid_sample(low, grid, align_corners=False) * dark[:, None, None, None]
    return image.index_copy(0, few_on, image[few_on] * (1 - shadow))


def _truth(alphas: list[Tensor], scenes: int, height: int, width: int, device: torch.device) -> Tensor:
    """What `detect.target` says, of all scenes; the k-th alphas (m, h, w) are those of the first m scenes."""
    side = max(height, width)
    rows = torch.arange(height, device=device, dtype=torch.float32)[:, None]
    columns = torch.arange(width, device=device, dtype=torch.float32)
    truth = torch.zeros(scenes, 5, height, width, device=device)
    clear = torch.ones(scenes, height, width, device=device)
    strongest = torch.full_like(clear, 0.1)
    for alpha in reversed(alphas):
        m = len(alpha)
        seen = alpha * clear[:m]
        area = seen.sum((1, 2))
        shown = area > SEEN * height * width
        on_top = shown & (area > (1 - COVERED) * alpha.sum((1, 2)))
        clear[:m] *= 1 - alpha
        truth[:m, 1] += seen * shown[:, None, None]
        seen = seen * on_top[:, None, None]
        truth[:m, 0] += seen
        area = area.clamp(min=1e-6)
        y, x = ((seen * v).sum((1, 2))[:, None, None] / area[:, None, None] for v in (rows, columns))
        bump = torch.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * (REACH * side) ** 2))
        truth[:m, 2] = torch.maximum(truth[:m, 2], bump * on_top[:, None, None])
        own = seen > strongest[:m]
        strongest[:m] = torch.maximum(strongest[:m], seen)
        truth[:m, 3] = torch.where(own, (x - columns) / side, truth[:m, 3])
        truth[:m, 4] = torch.where(own, (y - rows) / side, truth[:m, 4])
    return torch.cat([truth[:, :2].clamp(0, 1), truth[:, 2:]], dim=1)
