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
        "model.safetensors": 933_400_872,
        "preprocessor_config.json": 0,
        "tokenizer_config.json": 0,
        "special_tokens_map.json": 0,
        "tokenizer.json": 0,
        "vocab.txt": 0,
    },
    revision="12bdfa3120f3e7ec7b434d90674b3396eccf88eb",
    licence="Apache-2.0",
    source="S. Liu et al., ECCV 2024",
    sha256={
        "config.json": "eda416dae6f49419ff831b1c190ec430a060b19aae688dbaf2425a075b650608",
        "model.safetensors": "5548f844c928c4b6f411fa8cbcc2bfa8dbbba437cb1d513975519f93c2a9ed21",
        "preprocessor_config.json": "8454179ba95e2ad22947835aad7b45862a601fc0055ab88bf1ee70892d3aea60",
        "tokenizer_config.json": "d40ab645b68211910b9170d22433d43186a6ec8ee6fd10ba170524b25bf4fb56",
        "special_tokens_map.json": "b6d346be366a7d1d48332dbc9fdf3bf8960b5d879522b7799ddba59e76237ee3",
        "tokenizer.json": "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66",
        "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
    },
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
