"""Compact (SRVGG) and RRDB networks as Real-ESRGAN publishes them, RFDN; 20 kB to 0.9 MB."""

from itertools import pairwise
from pathlib import Path
from typing import Any

from checkpoints import checkpoint


def compact(features: int = 8, convolutions: int = 2, scale: int = 4) -> dict[str, Any]:
    """SRVGGNetCompact's state: convolutions and PReLUs in turn, then as many planes as a large pixel has values."""
    import torch

    torch.manual_seed(0)
    sizes = [3, *[features] * (convolutions + 1), 3 * scale * scale]
    state = {}
    for n, (inputs, outputs) in enumerate(pairwise(sizes)):
        state[f"body.{2 * n}.weight"] = torch.randn(outputs, inputs, 3, 3) * 0.05
        state[f"body.{2 * n}.bias"] = torch.randn(outputs) * 0.01
        if n <= convolutions:
            state[f"body.{2 * n + 1}.weight"] = torch.full((outputs,), 0.2)
    return state


def rrdb(scale: int = 4, features: int = 8) -> dict[str, Any]:
    """RRDBNet's state, one block; spandrel knows only files of 32 growing features."""
    import torch

    torch.manual_seed(0)
    state = {}

    def convolution(name: str, inputs: int, outputs: int) -> None:
        state[f"{name}.weight"] = torch.randn(outputs, inputs, 3, 3) * (9 * inputs) ** -0.5
        state[f"{name}.bias"] = torch.full((outputs,), 0.5 * (outputs == 3))

    convolution("conv_first", 3 * (4 // scale) ** 2, features)
    for dense in ("rdb1", "rdb2", "rdb3"):
        for n in range(5):
            convolution(f"body.0.{dense}.conv{n + 1}", features + 32 * n, 32 if n < 4 else features)
    for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr"):
        convolution(name, features, features)
    convolution("conv_last", features, 3)
    return state


def saved(state: dict[str, Any], path: Path, key: str) -> Path:
    import torch

    torch.save({key: state}, path)
    return path


@checkpoint("spandrel")
def rfdn(folder: Path) -> Path:
    import torch

    from layersr.backends.architectures.rfdn import RFDN

    torch.manual_seed(0)
    path = folder / "rfdn.pth"
    torch.save(RFDN(8, 3).state_dict(), path)
    return path


@checkpoint("realesr-animevideov3", "realesr-general-x4v3")
def video(folder: Path) -> Path:
    return saved(compact(), folder / "compact.pth", "params")


@checkpoint("realesrgan-x4plus", "realesrgan-x4plus-anime-6b")
def x4plus(folder: Path) -> Path:
    return saved(rrdb(), folder / "x4plus.pth", "params_ema")


@checkpoint("realesrgan-x2plus")
def x2plus(folder: Path) -> Path:
    return saved(rrdb(2), folder / "x2plus.pth", "params_ema")
