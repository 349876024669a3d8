"""Grounding DINO finds what is named, and SAM cuts it out: one detection for each thing that the words fit.

S. Liu et al., *Grounding DINO: Marrying DINO with Grounded Pre-Training for Open-Set Object Detection*, ECCV 2024
(Apache-2.0), weights IDEA-Research/grounding-dino-base, 930 MB; and SAM (`sam.py`). It reads phrases ("the cat on the
left") and finds things in crowds, where CLIPSeg sees one heap.
"""

from pathlib import Path
from typing import Any

from layersr.backends import backend
from layersr.backends.pretrained import pretrained, tokenizer
from layersr.backends.sam import SAM, load_sam
from layersr.backends.torching import TorchModel
from layersr.backends.views import settings, view
from layersr.backends.words import BoxedWords, boxes
from layersr.weights import hub

FITS = 0.3
"""How well words must fit a box, as the authors have it."""

WEIGHTS = hub(
    "grounding-dino",
    "IDEA-Research/grounding-dino-base",
    {
        "config.json": 0,
        "model.safetensors": 0,
        "preprocessor_config.json": 0,
        "tokenizer_config.json": 0,
        "special_tokens_map.json": 0,
        "tokenizer.json": 0,
        "vocab.txt": 0,
    },
    licence="Apache-2.0",
    source="S. Liu et al., ECCV 2024",
)


@backend(
    "understand",
    "grounding-dino",
    summary="phrases, and each of many; its contours are SAM's",
    source="S. Liu et al., ECCV 2024",
    licence="Apache-2.0",
    extra="transformers",
    weights=(WEIGHTS, SAM),
)
def load_grounding_dino(device: str, folder: Path, sam: Path) -> BoxedWords:
    """From folders as `save_pretrained` writes them."""
    words = tokenizer("BertTokenizer", folder)
    model = pretrained("GroundingDinoForObjectDetection", folder)

    def tokens(text: str) -> dict[str, Any]:
        phrase = text.lower().strip().rstrip(".") + "."  # a full stop ends what one box may mean
        return dict(words([phrase], truncation=True, max_length=model.config.max_text_len, return_tensors="pt"))

    return BoxedWords(boxes(TorchModel(model, device), view(settings(folder)), tokens), load_sam(device, sam), FITS)
