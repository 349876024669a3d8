"""SAM 3: everything in a picture, what is pointed at, and each thing that words name, by one model.

N. Carion et al., *SAM 3: Segment Anything with Concepts*, 2025; weights facebook/sam3 (3.4 GB, SAM licence), which Meta
gives to whoever asks on the hub: fetch them there, then `--detect sam3=FOLDER`, `--understand sam3=FOLDER`. One half of
it answers points and boxes as SAM 2 does, the other reads short noun phrases and marks every instance, better than any
other open model.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from layersr.arrays import RGB, Mask
from layersr.backends import backend
from layersr.backends.anything import AnythingDetector
from layersr.backends.pretrained import pretrained, tokenizer
from layersr.backends.sam import Sam, described
from layersr.backends.torching import TorchModel
from layersr.backends.views import View, settings, view
from layersr.backends.words import SMALL, fresh
from layersr.roles import Detection
from layersr.weights import hub

FITS = 0.5
"""How well words must fit a thing, as the authors have it."""

WORDS = 32
"""Tokens the model reads."""

TRACKER = {
    r"^detector_model\.vision_encoder\.backbone\.": "vision_encoder.backbone.",
    r"^tracker_neck\.": "vision_encoder.neck.",
    r"^tracker_model\.": "",
}
"""What the half that answers points is called in the file; Transformers 5.24 does not find it by itself."""

WEIGHTS = hub(
    "sam3",
    "facebook/sam3",
    {
        "config.json": 0,
        "model.safetensors": 0,
        "processor_config.json": 0,
        "tokenizer_config.json": 0,
        "special_tokens_map.json": 0,
        "vocab.json": 0,
        "merges.txt": 0,
    },
    licence="SAM licence",
    source="N. Carion et al., 2025",
)


class NamedMasks:
    """An understander that draws masks itself.

    Args:
        model: Transformers' Sam3Model.
        view: how it sees.
        tokens: what it is told of words.
    """

    def __init__(self, model: TorchModel, view: View, tokens: Callable[[str], dict[str, Any]]) -> None:
        self._model, self._view, self._tokens = model, view, tokens

    def __call__(self, image: RGB, text: str, filled: Mask | None = None) -> Sequence[Detection]:
        """See `roles.Understander`."""
        import torch

        if min(image.shape[:2]) < SMALL or not text.strip():
            return []
        seen = self._view(image)
        said = self._model(pixel_values=torch.from_numpy(seen.planes[None]), **self._tokens(text))
        fits = said.pred_logits[0].float().sigmoid()
        if said.presence_logits is not None:
            fits = fits * said.presence_logits[0].float().sigmoid()
        fit, masks = fits.cpu().numpy(), said.pred_masks[0].float().cpu().numpy()
        best = [index for index in np.argsort(-fit, kind="stable") if fit[index] > FITS]
        return fresh(((seen.mask(masks[i]), float(fit[i])) for i in best), text, image.shape[:2], filled)


@backend("detect", "sam3", **described(WEIGHTS, "everything with a contour; the newest and largest"))
def load_sam3(device: str, folder: Path) -> AnythingDetector:
    """From a folder as on the hub."""
    model = pretrained("Sam3TrackerModel", folder, TRACKER)
    return AnythingDetector("sam3", Sam(TorchModel(model, device), view(settings(folder))))


@backend("understand", "sam3", **described(WEIGHTS, "every instance of a short noun phrase; the newest and largest"))
def load_sam3_words(device: str, folder: Path) -> NamedMasks:
    """From a folder as on the hub."""
    words, model = tokenizer("CLIPTokenizer", folder), pretrained("Sam3Model", folder)

    def tokens(text: str) -> dict[str, Any]:
        return dict(words([text], padding="max_length", truncation=True, max_length=WORDS, return_tensors="pt"))

    return NamedMasks(TorchModel(model, device), view(settings(folder)), tokens)
