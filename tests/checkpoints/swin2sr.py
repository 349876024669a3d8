"""Swin2SR, 0.6 MB."""

from pathlib import Path

from checkpoints import checkpoint


def _saved(folder: Path, scale: int, upsampler: str) -> Path:
    import torch

    from layersr.backends.torching import without_broken_torchvision

    without_broken_torchvision()
    import transformers as t

    torch.manual_seed(0)
    config = t.Swin2SRConfig(
        image_size=16,
        embed_dim=8,
        depths=[1, 1],
        num_heads=[2, 2],
        window_size=4,
        upscale=scale,
        upsampler=upsampler,
    )
    t.Swin2SRForImageSuperResolution(config).save_pretrained(folder)
    return folder


@checkpoint("swin2sr-x2")
def x2(folder: Path) -> Path:
    return _saved(folder, 2, "pixelshuffle")


@checkpoint("swin2sr-x4")
def x4(folder: Path) -> Path:
    return _saved(folder, 4, "pixelshuffle")


@checkpoint("swin2sr-real-x4")
def real(folder: Path) -> Path:
    return _saved(folder, 4, "nearest+conv")
