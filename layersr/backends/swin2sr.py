"""Swin2SR: faithful super-resolution by a Swin transformer, for clean pictures; slow without a GPU.

M. V. Conde, U.-J. Choi, M. Burchi and R. Timofte, *Swin2SR: SwinV2 Transformer for Compressed Image Super-Resolution
and Restoration*, ECCVW 2022; weights by its authors, Apache-2.0, 49 MB each, loaded by Transformers.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from layersr.arrays import RGB, Scaled
from layersr.backends import backend
from layersr.backends.torching import TorchModel, without_broken_torchvision
from layersr.errors import WeightsError, first_line
from layersr.weights import Weights, hub

SOURCE = "M. V. Conde et al., Swin2SR, ECCVW 2022"

SMALLEST = 128
"""Pixels: a tile with a larger side is halved where memory does not suffice, a smaller one goes to the CPU."""


def _weights(name: str, repository: str, file: str, size: int, revision: str = "main", sha256: str = "") -> Weights:
    return hub(
        name,
        f"caidas/{repository}",
        {"config.json": 0, file: size},
        licence="Apache-2.0",
        source=SOURCE,
        revision=revision,
        sha256={file: sha256},
    )


X2 = _weights(
    "swin2sr-x2",
    "swin2SR-classical-sr-x2-64",
    "model.safetensors",
    48_500_000,
    "cee1c923c6a37361c6e5650b65dcf4be821e5d52",
    "a515955815ab6dba3a9331d8c75db13a5166a5ffbcebf1a95ab676a5656ac4fb",
)
X4 = _weights("swin2sr-x4", "swin2SR-classical-sr-x4-64", "model.safetensors", 49_100_000)
REAL = _weights("swin2sr-real-x4", "swin2SR-realworld-sr-x4-64-bsrgan-psnr", "pytorch_model.bin", 0)


class Swin2SRUpscaler:
    """See the module's text.

    Args:
        models: Swin2SRForImageSuperResolution by factor.
    """

    def __init__(self, models: Mapping[int, TorchModel]) -> None:
        self.scales = tuple(sorted(models))
        self._models = models

    def __call__(self, image: RGB, scale: int) -> Scaled:
        """See `roles.Upscaler`."""
        import torch

        height, width = image.shape[:2]
        model = self._models[scale]
        # The model would pad to its windows by itself, but not a picture smaller than one.
        more = [(0, -n % model.module.config.window_size) for n in (height, width)]
        planes = np.pad(image, (*more, (0, 0)), mode="symmetric").transpose(2, 0, 1)
        said = model(torch.from_numpy(np.ascontiguousarray(planes)[None])).reconstruction
        large = said[0, :, : height * scale, : width * scale].float().cpu().numpy().transpose(1, 2, 0)
        return np.clip(large, 0, 1, out=np.empty(large.shape, np.float32))


def _upscaler(device: str, *folders: Path) -> Swin2SRUpscaler:
    import torch  # noqa: F401  # missing, it is named before Transformers, whose own message is long

    without_broken_torchvision()
    from transformers import Swin2SRForImageSuperResolution

    models = {}
    for folder in folders:
        try:
            model = Swin2SRForImageSuperResolution.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, RuntimeError) as error:
            raise WeightsError(f"{folder} does not hold Swin2SR's weights ({first_line(error)}).") from error
        # Attention by cosines, with scales of up to 100: half precision is not enough.
        models[model.config.upscale] = TorchModel(model, device, smallest=SMALLEST)
    return Swin2SRUpscaler(models)


@backend(
    "upscale",
    "swin2sr",
    summary="a transformer, x2 and x4: faithful, for clean pictures; slow without a GPU",
    source=SOURCE,
    extra="transformers",
    weights=(X2, X4),
)
def load_swin2sr(device: str, x2: Path, x4: Path) -> Swin2SRUpscaler:
    """From two folders as `save_pretrained` writes them.

    Raises:
        WeightsError: a folder holds something else.
    """
    return _upscaler(device, x2, x4)


@backend(
    "upscale",
    "swin2sr-real",
    summary="the same for real, degraded photographs, x4",
    source=SOURCE,
    extra="transformers",
    weights=(REAL,),
)
def load_swin2sr_real(device: str, folder: Path) -> Swin2SRUpscaler:
    """From a folder as `save_pretrained` writes it.

    Raises:
        WeightsError: the folder holds something else.
    """
    return _upscaler(device, folder)
