"""LayerD's top-layer matting: one matte of all that nothing covers in a poster, a page or a banner.

T. Suzuki et al., *LayerD: Decomposing Raster Graphic Designs into Layers*, ICCV 2025; Apache-2.0. A BiRefNet taught
with the layers of graphic designs (Crello). The rest of LayerD, peeling and filling, is layersr's own trade.

The published weights come with Python code of their own, which needs torchvision, timm, kornia and einops, and is run
only where a person trusts it (`--trust-remote-code`). An ONNX export of it needs none of that:
`--detect layerd=FILE.onnx`, one picture in, normalised as ImageNet's, logits out.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from layersr.arrays import RGB, Alpha
from layersr.backends import backend
from layersr.backends.networks import options, providers
from layersr.backends.pretrained import remote
from layersr.backends.subjects import SubjectDetector
from layersr.backends.topmost import TopmostDetector
from layersr.backends.torching import TorchModel
from layersr.backends.views import View
from layersr.errors import BackendError, WeightsError, first_line
from layersr.weights import hub
from layersr.weights.trust import TRUST, trusts_remote_code

SIDE = 1024
"""Side in pixels of the square that the network sees where it tells nothing else."""

ROOM = 30.0
"""Logits beyond which a probability is 0 or 1."""

WEIGHTS = hub(
    "layerd",
    "cyberagent/layerd-birefnet",
    {"config.json": 0, "model.safetensors": 0, "birefnet.py": 0, "BiRefNet_config.py": 0},
    licence="Apache-2.0",
    source="T. Suzuki et al., ICCV 2025",
)


class Matte:
    """How likely each pixel is of a top layer.

    Args:
        network: planes (3, h, w), normalised, to logits of the same picture.
        side: of the square that it is shown.
    """

    def __init__(self, network: Callable[[np.ndarray], np.ndarray], side: int) -> None:
        self._network, self._view = network, View(exact=(side, side))

    def __call__(self, image: RGB) -> Alpha:
        """Float32 in [0, 1], of the picture's size."""
        said = np.asarray(self._network(self._view(image).planes), np.float32)
        large = cv2.resize(said.reshape(said.shape[-2:]), image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        return 1 / (1 + np.exp(-np.clip(large, -ROOM, ROOM)))


def _exported(device: str, file: Path) -> Matte:
    """From an ONNX file."""
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(str(file), options(), providers=providers(device))
    except Exception as error:  # onnxruntime has a class of its own for every kind of damage
        raise WeightsError(f"{file} is no network in ONNX ({first_line(error)}).") from error
    (wanted, *_) = session.get_inputs()
    side = wanted.shape[-1] if isinstance(wanted.shape[-1], int) else SIDE
    return Matte(lambda planes: session.run(None, {wanted.name: planes[None]})[-1], side)


def _trusted(device: str, folder: Path) -> Matte:
    """From a folder with weights and the code that runs them."""
    if not trusts_remote_code():
        raise BackendError(
            f"The weights in {folder} run Python code of their own: add --trust-remote-code (or set {TRUST}=1) if you "
            "trust it, or use --detect layerd=FILE.onnx."
        )
    try:
        model = remote("AutoModelForImageSegmentation", folder)
    except ImportError as error:
        raise BackendError(
            f"The code in {folder} needs a package that is missing ({first_line(error)}). "
            "Run: pip install 'layersr[transformers]' torchvision timm kornia einops"
        ) from error
    ask, side = TorchModel(model, device), getattr(model.config, "size", SIDE)

    def network(planes: np.ndarray) -> np.ndarray:
        import torch

        said: Any = ask(torch.from_numpy(planes[None]))
        said = said[0] if isinstance(said[0], list | tuple) else said  # one scale after the other, the finest last
        return said[-1].float().cpu().numpy()

    return Matte(network, side if isinstance(side, int) else SIDE)


@backend(
    "detect",
    "layerd",
    summary="the top layers of graphic designs; layerd=FILE.onnx, or a folder whose code you trust",
    source="T. Suzuki et al., ICCV 2025",
    weights=(WEIGHTS,),
)
def load_layerd(device: str, place: Path) -> SubjectDetector:
    """From an ONNX file, or from a folder of weights with code.

    Raises:
        BackendError: there is code, and nobody trusts it; or it needs packages that are missing.
        WeightsError: the file or folder holds something else.
    """
    matte = _trusted(device, place) if place.is_dir() else _exported(device, place)
    return SubjectDetector("layerd", matte, TopmostDetector(device))
