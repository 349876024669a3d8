"""LaMa's generator, a ResNet of fast Fourier convolutions, as functions over its weights.

R. Suvorov et al., *Resolution-robust Large Mask Inpainting with Fourier Convolutions*, WACV 2022. Features are in two
parts: local ones are convolved as usual, global ones by way of their spectrum, in which one step sees the whole
picture. Three halvings, 18 blocks and three enlargements in the published network; how many there are, and how wide,
is read off the weights.

Tensors are (1, channels, h, w); `front` takes sides as `padded` makes them.
"""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from layersr.errors import first_line

Tensor = Any
Features = tuple[Tensor, Tensor]
"""Local and global."""

KEY = re.compile(r"(?:.*\bgenerator\.model\.|model\.model\.)?(\d+\..+)")
"""A weight's name: beside the generator some files hold what it was trained with."""


def weights(state: Mapping[str, Tensor]) -> Any:
    """The generator's weights as a `torch.nn.ParameterDict`, which knows devices, from a file's.

    Raises:
        ValueError: they are no such generator's.
    """
    import torch

    found = {m[1].replace(".", "/"): value.float() for key, value in state.items() if (m := KEY.fullmatch(key))}
    if unknown := next((key for key in found if "/lfu/" in key or "/gate/" in key or "/se/" in key), None):
        raise ValueError(f"a variant with {unknown}")
    module = torch.nn.ParameterDict({k: v for k, v in found.items() if not k.endswith("num_batches_tracked")})
    module = module.requires_grad_(False)
    try:
        blank = padded(module, torch.zeros(1, 4, 1, 1))
        painted = rear(module, front(module, blank[:, :3], blank[:, 3:]))
    except (KeyError, RuntimeError) as error:
        raise ValueError(f"no generator of LaMa: {first_line(error)}") from error
    if painted.shape != blank[:, :3].shape:
        raise ValueError("no generator of LaMa, or of pictures of another kind")
    return module


def inpaint(w: Any, image: Tensor, hole: Tensor) -> Tensor:
    """The image, of any size, with the hole (1 = hole) painted."""
    height, width = image.shape[-2:]
    painted = rear(w, front(w, padded(w, image), padded(w, hole)))[..., :height, :width]
    return hole * painted + (1 - hole) * image


def padded(w: Any, image: Tensor) -> Tensor:
    """Mirrored to the right and below until the network can halve it as often as it does, and mirror what is left."""
    step = 2 ** (_blocks(w).start - 2)
    sides = [(n, max(2 * step, n + -n % step)) for n in image.shape[-2:]]
    rows, columns = (np.pad(np.arange(n), (0, wanted - n), mode="symmetric") for n, wanted in sides)
    return image[..., rows[:, None], columns]


def front(w: Any, image: Tensor, hole: Tensor) -> Features:
    """What the network sees of the picture, at an eighth of its size: all before the first block."""
    import torch

    features = _unit(w, "1", (torch.cat([image * (1 - hole), hole], 1), None))
    for number in range(2, _blocks(w).start):
        features = _unit(w, f"{number}", features, stride=2)
    return features


def rear(w: Any, features: Features) -> Tensor:
    """The painted picture: the blocks, and all that follows."""
    import torch
    from torch.nn import functional as F

    blocks = _blocks(w)
    for number in blocks:
        more = _unit(w, f"{number}/conv2", _unit(w, f"{number}/conv1", features))
        features = features[0] + more[0], features[1] + more[1]
    x, number = torch.cat(features, 1), blocks.stop + 1
    for _ in range(2, blocks.start):
        kernel, bias = w[f"{number}/weight"], w[f"{number}/bias"]
        x = F.conv_transpose2d(x, kernel, bias, stride=2, padding=1, output_padding=1)
        x, number = F.relu(_normal(w, f"{number + 1}", x)), number + 3
    return torch.sigmoid(_convolved(x, w[f"{number + 1}/weight"], w[f"{number + 1}/bias"]))


def _blocks(w: Any) -> range:
    numbers = [int(key.split("/")[0]) for key in w.keys() if "/conv1/ffc/" in key]  # noqa: SIM118  # it is no dict
    if not numbers:
        raise KeyError("no block")
    return range(min(numbers), max(numbers) + 1)


def _unit(w: Any, name: str, features: tuple[Tensor, Tensor | None], stride: int = 1) -> tuple[Tensor, Tensor | None]:
    """A fast Fourier convolution, normalised and rectified; parts that have no weights have no features."""
    from torch.nn import functional as F

    local, everywhere = features

    def told(way: str, x: Tensor) -> Tensor:
        return _convolved(x, w[f"{name}/ffc/{way}/weight"], stride=stride)

    new = told("convl2l", local)
    if everywhere is not None:
        new = new + told("convg2l", everywhere)
    new = F.relu(_normal(w, f"{name}/bn_l", new))
    if f"{name}/bn_g/weight" not in w:
        return new, None
    far = told("convl2g", local)
    if everywhere is not None:
        far = far + _spectral(w, f"{name}/ffc/convg2g", everywhere)
    return new, F.relu(_normal(w, f"{name}/bn_g", far))


def _spectral(w: Any, name: str, x: Tensor) -> Tensor:
    import torch
    from torch.nn import functional as F

    x = F.relu(_normal(w, f"{name}/conv1/1", F.conv2d(x, w[f"{name}/conv1/0/weight"])))
    waves = torch.fft.rfftn(x, dim=(-2, -1), norm="ortho")
    waves = torch.stack((waves.real, waves.imag), dim=2).flatten(1, 2)
    waves = F.relu(_normal(w, f"{name}/fu/bn", F.conv2d(waves, w[f"{name}/fu/conv_layer/weight"])))
    waves = waves.unflatten(1, (-1, 2))
    waves = torch.complex(waves[:, :, 0].contiguous(), waves[:, :, 1].contiguous())
    back = torch.fft.irfftn(waves, s=x.shape[-2:], dim=(-2, -1), norm="ortho")
    return F.conv2d(x + back, w[f"{name}/conv2/weight"])


def _convolved(x: Tensor, kernel: Tensor, bias: Tensor | None = None, stride: int = 1) -> Tensor:
    from torch.nn import functional as F

    margin = kernel.shape[-1] // 2
    return F.conv2d(F.pad(x, (margin,) * 4, mode="reflect"), kernel, bias, stride)


def _normal(w: Any, name: str, x: Tensor) -> Tensor:
    from torch.nn import functional as F

    parts = (w[f"{name}/{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
    return F.batch_norm(x, *parts)
