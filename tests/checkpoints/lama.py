"""LaMa's generator, 300 kB: written as modules, apart from ours, and traced as big-lama.pt was."""

import warnings
from pathlib import Path
from typing import Any

from checkpoints import checkpoint

FEATURES, BLOCKS = 4, 2


@checkpoint("big-lama")
def lama(folder: Path) -> Path:
    import torch

    torch.manual_seed(0)
    whole = torch.nn.Module()
    whole.generator = torch.nn.Module()
    whole.generator.model = generator()
    # Statistics and weights as if it had been trained: no two channels are alike.
    for name, value in whole.state_dict().items():
        if name.endswith("running_var") or (name.endswith("weight") and value.ndim == 1):
            value.uniform_(0.5, 1.5)
        elif name.endswith("running_mean") or name.endswith("bias"):
            value.normal_(0, 0.2)
    whole.generator.model[-2].weight.data *= 40
    traced = inpainting(whole).eval()
    path = folder / "big-lama.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch would like everybody to leave TorchScript
        image, hole = torch.rand(1, 3, 64, 48), torch.ones(1, 1, 64, 48)
        torch.jit.trace(traced, (image, hole), check_trace=False).save(str(path))
    return path


def inpainting(whole: Any) -> Any:
    """Masks, paints and keeps what is known, as the published archive does."""
    import torch

    class Inpainting(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = whole

        def forward(self, image, hole):
            shown = torch.cat([image * (1 - hole), hole], dim=1)
            return hole * self.model.generator.model(shown) + (1 - hole) * image

    return Inpainting()


def generator() -> Any:
    """The published generator's modules in their order, small."""
    import torch
    from torch import nn

    class Fourier(nn.Module):
        def __init__(self, channels: int) -> None:
            super().__init__()
            self.conv_layer = nn.Conv2d(2 * channels, 2 * channels, 1, bias=False)
            self.bn = nn.BatchNorm2d(2 * channels)

        def forward(self, x):
            batch, channels, height, width = x.shape
            waves = torch.view_as_real(torch.fft.rfft2(x, norm="ortho"))
            waves = waves.permute(0, 1, 4, 2, 3).reshape(batch, 2 * channels, height, -1)
            waves = torch.relu(self.bn(self.conv_layer(waves)))
            waves = waves.reshape(batch, channels, 2, height, -1).permute(0, 1, 3, 4, 2).contiguous()
            return torch.fft.irfft2(torch.view_as_complex(waves), s=(height, width), norm="ortho")

    class Spectral(nn.Module):
        def __init__(self, channels: int) -> None:
            super().__init__()
            half = channels // 2
            self.conv1 = nn.Sequential(nn.Conv2d(channels, half, 1, bias=False), nn.BatchNorm2d(half), nn.ReLU())
            self.fu = Fourier(half)
            self.conv2 = nn.Conv2d(half, channels, 1, bias=False)

        def forward(self, x):
            x = self.conv1(x)
            return self.conv2(x + self.fu(x))

    class Ffc(nn.Module):
        def __init__(self, inner: tuple[int, int], outer: tuple[int, int], side: int, stride: int, pad: int) -> None:
            super().__init__()

            def conv(channels: int, features: int) -> nn.Conv2d:
                return nn.Conv2d(channels, features, side, stride, pad, bias=False, padding_mode="reflect")

            self.convl2l = conv(inner[0], outer[0])
            self.convl2g = conv(inner[0], outer[1]) if outer[1] else None
            self.convg2l = conv(inner[1], outer[0]) if inner[1] else None
            self.convg2g = Spectral(inner[1]) if inner[1] and outer[1] else None

    class Unit(nn.Module):
        def __init__(
            self, inner: tuple[int, int], outer: tuple[int, int], side: int = 3, stride: int = 1, pad: int = 1
        ) -> None:
            super().__init__()
            self.ffc = Ffc(inner, outer, side, stride, pad)
            self.bn_l = nn.BatchNorm2d(outer[0])
            self.bn_g = nn.BatchNorm2d(outer[1]) if outer[1] else None

        def forward(self, x):
            local, far = x if isinstance(x, tuple) else (x, None)
            f = self.ffc
            near = f.convl2l(local) if far is None else f.convl2l(local) + f.convg2l(far)
            near = torch.relu(self.bn_l(near))
            if self.bn_g is None:
                return near
            out = f.convl2g(local) if far is None else f.convl2g(local) + f.convg2g(far)
            return near, torch.relu(self.bn_g(out))

    class Block(nn.Module):
        def __init__(self, sizes: tuple[int, int]) -> None:
            super().__init__()
            self.conv1, self.conv2 = Unit(sizes, sizes), Unit(sizes, sizes)

        def forward(self, x):
            more = self.conv2(self.conv1(x))
            return x[0] + more[0], x[1] + more[1]

    class Joined(nn.Module):
        def forward(self, x):
            return torch.cat(x, 1)

    n = FEATURES
    sizes = (2 * n, 6 * n)
    down = [Unit((4, 0), (n, 0), side=7, pad=0)]
    down += [Unit((n, 0), (2 * n, 0), stride=2), Unit((2 * n, 0), (4 * n, 0), stride=2)]
    down += [Unit((4 * n, 0), sizes, stride=2)]
    up = []
    for features in (8 * n, 4 * n, 2 * n):
        up += [nn.ConvTranspose2d(features, features // 2, 3, 2, 1, 1), nn.BatchNorm2d(features // 2), nn.ReLU()]
    last = [nn.ReflectionPad2d(3), nn.Conv2d(n, 3, 7), nn.Sigmoid()]
    return nn.Sequential(nn.ReflectionPad2d(3), *down, *[Block(sizes) for _ in range(BLOCKS)], Joined(), *up, *last)
