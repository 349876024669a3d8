"""CLIPSeg finds what is named: one detection for each thing that the words fit.

T. Lüddecke and A. Ecker, *Image Segmentation Using Text and Image Prompts*, CVPR 2022; weights
CIDAS/clipseg-rd64-refined (Apache-2.0, 600 MB), loaded by Transformers. It says how well the words fit each place of a
small picture, not where one thing ends and the next begins: our own detector's elements are taken where the words fit
them, and what fits beside those is cut out by GrabCut.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from layersr.arrays import RGB, Alpha, Mask
from layersr.backends import backend
from layersr.backends.contours import MEDIUM, cut_out, shrink
from layersr.backends.topmost import TopmostDetector
from layersr.backends.torching import TorchModel, without_broken_torchvision
from layersr.errors import WeightsError, first_line
from layersr.roles import Detection, Detector
from layersr.weights import hub

WEIGHTS = hub(
    "clipseg",
    "CIDAS/clipseg-rd64-refined",
    {
        "config.json": 0,
        "model.safetensors": 603_000_000,
        "preprocessor_config.json": 0,
        "tokenizer_config.json": 0,
        "special_tokens_map.json": 0,
        "vocab.json": 0,
        "merges.txt": 0,
    },
    licence="Apache-2.0",
    source="T. Lüddecke and A. Ecker, CVPR 2022",
)

FITS = 0.4
"""Probability from which the words fit a place, and in the mean an element."""

SEEN = 0.1
"""Elements believed less are no shapes to go by."""

LEAST = 0.0004
"""Share of the picture a thing may have."""


class WordsDetector:
    """See the module's text.

    Args:
        see: finds the picture's elements.
        model: CLIPSeg.
        processor: makes its inputs.
    """

    def __init__(self, see: Detector, model: TorchModel, processor: Any) -> None:
        self._see, self._model, self._processor = see, model, processor

    def __call__(self, image: RGB, text: str, filled: Mask | None = None) -> Sequence[Detection]:
        """See `roles.Understander`."""
        heat = self.heat(image, text)
        if filled is not None:
            heat = np.where(filled, np.float32(0), heat)
        found = [Detection(mask, score, text) for mask, score in fitting(image, heat, self._see(image))]
        return sorted(found, key=lambda d: -d.score)

    def heat(self, image: RGB, text: str) -> Alpha:
        """How well the words fit each pixel, float32 in [0, 1]."""
        import torch
        from PIL import Image

        picture = Image.fromarray(np.rint(shrink(image, MEDIUM) * 255).astype(np.uint8))
        inputs = self._processor(text=[text], images=[picture], padding=True, return_tensors="pt")
        said = torch.sigmoid(self._model(**inputs).logits.float()).cpu().numpy()
        return cv2.resize(said.reshape(said.shape[-2:]), image.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def fitting(image: RGB, heat: Alpha, elements: Sequence[Detection]) -> Iterator[tuple[Mask, float]]:
    """Masks of the things that the words fit, and how well; they do not overlap by more than edges do."""
    rest = heat > FITS
    for element in elements:
        if element.score < SEEN:
            continue
        weight = element.mask.sum()
        fit = float((heat * element.mask).sum() / max(float(weight), 1e-6))
        if fit > FITS and weight > LEAST * heat.size:
            yield element.mask, fit
            rest &= element.mask < 0.5
    _, parts, stats, _ = cv2.connectedComponentsWithStats(rest.astype(np.uint8))
    for number in np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] > LEAST * heat.size) + 1:
        part = parts == number
        (mask,) = cut_out(image, [part])
        if mask.max() > 0.5:
            yield mask, float(heat[part].mean())


@backend(
    "understand",
    "clipseg",
    summary="finds what is named in words (--prompt)",
    source="T. Lüddecke and A. Ecker, CVPR 2022",
    licence="Apache-2.0",
    extra="transformers",
    weights=(WEIGHTS,),
)
def load_clipseg(device: str, folder: Path) -> WordsDetector:
    """From a folder as `save_pretrained` writes it.

    Raises:
        WeightsError: the folder holds something else.
    """
    import torch  # noqa: F401  # missing, it is named before Transformers, whose own message is long

    without_broken_torchvision()
    from transformers import CLIPSegForImageSegmentation, CLIPSegProcessor

    try:
        processor = CLIPSegProcessor.from_pretrained(folder, local_files_only=True, backend="pil")
        model = CLIPSegForImageSegmentation.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise WeightsError(f"{folder} does not hold CLIPSeg's weights ({first_line(error)}).") from error
    return WordsDetector(TopmostDetector(device), TorchModel(model, device, half=True), processor)
