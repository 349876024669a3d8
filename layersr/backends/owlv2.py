"""OWLv2 finds what is named; layersr's own detector cuts out what fills each box.

M. Minderer et al., *Scaling Open-Vocabulary Object Detection*, NeurIPS 2023 (Apache-2.0), weights
google/owlv2-base-patch16-ensemble, 620 MB. It knows rare things and short names ("accordion"); phrases are better read
by Grounding DINO.
"""

from pathlib import Path
from typing import Any

from layersr.backends import backend
from layersr.backends.pretrained import pretrained, tokenizer
from layersr.backends.topmost import TopmostDetector
from layersr.backends.torching import TorchModel
from layersr.backends.views import settings, view
from layersr.backends.words import BoxedWords, boxes
from layersr.weights import hub

FITS = 0.15
"""How well words must fit a box; OWLv2 is never very sure."""

WEIGHTS = hub(
    "owlv2",
    "google/owlv2-base-patch16-ensemble",
    {
        "config.json": 0,
        "model.safetensors": 0,
        "preprocessor_config.json": 0,
        "tokenizer_config.json": 0,
        "special_tokens_map.json": 0,
        "vocab.json": 0,
        "merges.txt": 0,
    },
    licence="Apache-2.0",
    source="M. Minderer et al., NeurIPS 2023",
)


@backend(
    "understand",
    "owlv2",
    summary="rare things by short names",
    source="M. Minderer et al., NeurIPS 2023",
    licence="Apache-2.0",
    extra="transformers",
    weights=(WEIGHTS,),
)
def load_owlv2(device: str, folder: Path) -> BoxedWords:
    """From a folder as `save_pretrained` writes it."""
    words = tokenizer("CLIPTokenizer", folder)
    model = pretrained("Owlv2ForObjectDetection", folder)
    longest, side = model.config.text_config.max_position_embeddings, model.config.vision_config.image_size

    def tokens(text: str) -> dict[str, Any]:
        return dict(words([text], padding="max_length", truncation=True, max_length=longest, return_tensors="pt"))

    # Square, the picture in its top left corner, the rest grey.
    how = view(settings(folder), exact=None, shortest=side, longest=side, padded=(side, side), padding=0.5)
    return BoxedWords(boxes(TorchModel(model, device), how, tokens), TopmostDetector(device), FITS)
