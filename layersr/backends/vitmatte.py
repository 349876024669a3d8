"""ViTMatte: mattes by a plain vision transformer, the best there is on hair, fur, lace and smoke.

J. Yao, X. Wang, S. Yang and B. Wang, *ViTMatte: Boosting Image Matting with Pretrained Plain Vision Transformers*,
Information Fusion 2024 (weights Apache-2.0: small 103 MB, base 387 MB), loaded by Transformers. Trained on mattes laid
over photographs (Composition-1k). Its attention costs the square of the pixels, so it is asked in tiles of up to 1024
pixels that overlap; on a CPU such a tile takes some ten seconds.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from layersr.arrays import RGB, Alpha, Trimap
from layersr.backends import backend
from layersr.backends.pretrained import pretrained
from layersr.backends.torching import TorchModel
from layersr.tiling import Planes, affordable, run_tiles
from layersr.weights import Weights, hub

STEP, CELL, MARGIN = 32, 768, 128
"""Pixels: sizes are multiples of the first; what a tile answers for, and sees beyond."""

PER_PIXEL = 4000
"""Bytes a tile needs on the way, for each of its pixels, at the largest."""

SMALLEST = 2 * MARGIN + 64
"""Larger tiles than this are halved where an accelerator's memory does not suffice."""

HALF = 0.5
"""Mean and deviation of colours, of every channel."""

SOURCE = "Yao et al., Information Fusion 2024"


class TransformerMatter:
    """See the module's text.

    Args:
        ask: planes (4, h, w), colours relative to `HALF` and the trimap, to alpha (1, h, w).
    """

    def __init__(self, ask: Callable[[Planes], Planes]) -> None:
        self._ask = ask

    def __call__(self, image: RGB, trimap: Trimap) -> Alpha:
        """See `roles.Matter`."""
        unknown = (trimap > 0) & (trimap < 1)
        if not unknown.any():
            return trimap.astype(np.float32).copy()
        planes = np.dstack([(image - HALF) / HALF, np.where(unknown, np.float32(0.5), trimap)])
        planes = np.ascontiguousarray(planes.transpose(2, 0, 1), np.float32)
        cell = max(STEP, affordable(CELL, PER_PIXEL) // STEP * STEP)
        (found,) = run_tiles(self._ask, planes, unknown, step=STEP, cell=cell, margin=MARGIN)
        return np.where(unknown, np.clip(found, 0, 1), trimap).astype(np.float32)


def _weights(name: str, kind: str, size: int, revision: str, sha256: str = "") -> Weights:
    return hub(
        name,
        f"hustvl/vitmatte-{kind}-composition-1k",
        {"config.json": 0, "model.safetensors": size},
        licence="Apache-2.0",
        source=SOURCE,
        revision=revision,
        sha256={"model.safetensors": sha256} if sha256 else None,
    )


SMALL = _weights(
    "vitmatte",
    "small",
    103_294_572,
    "6a58ad7646403c1df626fbd746900aec7361ea1d",
    "bda9289db1bb6762d978b42d1c62ae3f34daf7497171a347a1d09657efd788cb",
)
BASE = _weights("vitmatte-base", "base", 387_000_000, "bf486d01a7d9e3dbcc8400f7942835caf0eaf76e")


def _loaded(device: str, folder: Path) -> TransformerMatter:
    model = TorchModel(pretrained("VitMatteForImageMatting", folder), device, half=True, smallest=SMALLEST)

    def ask(planes: Planes) -> Planes:
        import torch

        return model(torch.from_numpy(planes[None])).alphas[0].float().cpu().numpy()

    return TransformerMatter(ask)


@backend(
    "matte",
    "vitmatte",
    summary="a vision transformer: hair, fur, lace, smoke; wants a GPU for large pictures",
    source=SOURCE,
    extra="transformers",
    weights=(SMALL,),
)
def load_vitmatte(device: str, folder: Path) -> TransformerMatter:
    """From a folder as `save_pretrained` writes it.

    Raises:
        WeightsError: the folder holds something else.
    """
    return _loaded(device, folder)


@backend(
    "matte",
    "vitmatte-base",
    summary="vitmatte, four times as large and a little better",
    source=SOURCE,
    extra="transformers",
    weights=(BASE,),
)
def load_vitmatte_base(device: str, folder: Path) -> TransformerMatter:
    """Likewise."""
    return _loaded(device, folder)
