"""BiRefNet as a matter: its matte of the subject, where that is the one asked for.

P. Zheng et al., *Bilateral Reference for High-Resolution Dichotomous Image Segmentation*, CAAI AIR 2024 (MIT, 970 MB),
run by onnxruntime, without torch. It finds the edges of subjects with hair, fur, wheels and twigs, sees the picture at
1024 pixels whatever its size, and knows no trimap: what it takes for the subject may be more, less or another thing. So
it is believed near those certain pixels of the trimap that it gets right, and elsewhere colour samples decide.
"""

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from layersr.arrays import RGB, Alpha, Trimap
from layersr.backends import backend
from layersr.backends.guided import enlarged
from layersr.backends.networks import session
from layersr.backends.sampling import SamplingMatter
from layersr.weights import File, Weights

WEIGHTS = Weights(
    "birefnet",
    (
        File(
            "birefnet-general.onnx",
            "https://github.com/danielgatis/rembg/releases/download/v0.0.0/BiRefNet-general-epoch_244.onnx",
            972_666_916,
            "58f621f00f5d756097615970a88a791584600dcf7c45b18a0a6267535a1ebd3c",
        ),
    ),
    "MIT",
    "Zheng et al., CAAI AIR 2024",
    also=("rembg:birefnet-general.onnx",),
)

SIDE = 1024
"""Pixels of the square it sees."""

MEAN, DEVIATION = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])

NEAR = 1 / 32
"""How far, in longer sides of the picture, certain pixels tell whether it is right."""

RIGHT, WRONG = 0.1, 0.4
"""Mean error on the certain pixels nearby up to which it is believed, and from which it is not."""

ROOM = 30.0
"""Logits beyond which a pixel is in or out."""


class SubjectMatter:
    """See the module's text.

    Args:
        network: an onnxruntime session that says logits of a picture (1, 3, `SIDE`, `SIDE`).
    """

    def __init__(self, network: Any) -> None:
        self._network = network
        self._otherwise = SamplingMatter()

    def __call__(self, image: RGB, trimap: Trimap) -> Alpha:
        """See `roles.Matter`."""
        otherwise = self._otherwise(image, trimap)
        certain = (trimap <= 0) | (trimap >= 1)
        if certain.all() or not certain.any():
            return otherwise
        subject = self.subject(image)
        share = agreement(subject, trimap, certain)
        mixed = share * subject + (1 - share) * otherwise
        return np.where(certain, trimap, np.clip(mixed, 0, 1)).astype(np.float32)

    def subject(self, image: RGB) -> Alpha:
        """The matte of what it takes for the subject."""
        size = (SIDE, SIDE)
        kind = cv2.INTER_AREA if min(image.shape[:2]) > SIDE else cv2.INTER_LINEAR
        seen = cv2.resize(image, size, interpolation=kind)
        planes = ((seen - MEAN) / DEVIATION).transpose(2, 0, 1)[None]
        (name,) = (one.name for one in self._network.get_inputs())
        said = self._network.run(None, {name: np.ascontiguousarray(planes, np.float32)})[0]
        likely = 1 / (1 + np.exp(-np.clip(said.reshape(size).astype(np.float32), -ROOM, ROOM)))
        if max(image.shape[:2]) <= SIDE:
            return cv2.resize(likely, image.shape[1::-1], interpolation=cv2.INTER_AREA).reshape(image.shape[:2])
        return enlarged(likely, seen, image)


def agreement(subject: Alpha, trimap: Trimap, certain: np.ndarray) -> Alpha:
    """How far the matte of a subject is to be believed at each pixel: as far as it is right on certain ones nearby.

    Args:
        subject: the matte.
        trimap: what is known.
        certain: where it is known.
    """
    reach = max(3, round(NEAR * max(trimap.shape)))
    size = (2 * reach + 1, 2 * reach + 1)

    def mean(values: np.ndarray) -> np.ndarray:
        return cv2.boxFilter(values.astype(np.float32), -1, size, borderType=cv2.BORDER_CONSTANT).reshape(values.shape)

    there = mean(certain)
    known = there > 0.5 / (size[0] * size[1])
    whole = np.float32(np.abs(subject - trimap)[certain].mean())  # where nothing certain is near
    error = np.where(known, mean(np.abs(subject - trimap) * certain) / np.maximum(there, 1e-6), whole)
    return np.clip((WRONG - error) / (WRONG - RIGHT), 0, 1).astype(np.float32)


@backend(
    "matte",
    "birefnet",
    summary="subjects with hair and fur, seen as a whole; large and slow",
    source="Zheng et al., CAAI AIR 2024",
    licence="MIT",
    weights=(WEIGHTS,),
)
def load_birefnet(device: str, file: Path) -> SubjectMatter:
    """Runs by onnxruntime alone.

    Raises:
        WeightsError: the file is damaged.
    """
    return SubjectMatter(session(file, device))
