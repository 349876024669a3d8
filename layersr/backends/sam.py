"""Everything in a picture, and what is pointed at or boxed, by Meta's Segment Anything models.

- SAM (A. Kirillov et al., *Segment Anything*, ICCV 2023; Apache-2.0), weights facebook/sam-vit-base, 375 MB.
- SAM 2.1 (N. Ravi et al., *SAM 2: Segment Anything in Images and Videos*, ICLR 2025; Apache-2.0), weights
  facebook/sam2.1-hiera-base-plus, 320 MB: sharper, and several times as fast.

SAM 3 has a file of its own. They know where things end better than any other model, in drawings too, and have no
names. A point or a box gives one thing in a second; looking for everything asks them a thousand times (`anything.py`).
"""

from pathlib import Path
from typing import Any

import numpy as np

from layersr.arrays import RGB
from layersr.backends import backend
from layersr.backends.anything import AnythingDetector
from layersr.backends.pretrained import pretrained
from layersr.backends.torching import TorchModel
from layersr.backends.views import Seen, View, settings, view
from layersr.weights import Weights, hub


class Sam:
    """An `anything.Segmenter`.

    Args:
        model: any of Transformers' SAM models.
        view: how it sees.
    """

    def __init__(self, model: TorchModel, view: View) -> None:
        self._model, self._view = model, view

    def see(self, image: RGB) -> tuple[Seen, Any]:
        """The picture as it sees it, and its embedding."""
        import torch

        seen = self._view(image)
        planes = torch.from_numpy(seen.planes[None])
        return seen, self._model.ask(lambda module, pixels: module.get_image_embeddings(pixels), planes)

    def at_points(self, sight: Any, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Three masks for each point, of different extent, and how right each is."""
        return self._asked(sight, True, input_points=points[None, :, None])

    def in_boxes(self, sight: Any, boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One mask for each box, and how right it is."""
        return self._asked(sight, False, input_boxes=boxes[None])

    def _asked(self, sight: Any, several: bool, **prompts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        import torch

        def question(module: Any, **prompts: Any) -> Any:
            place = next(module.parameters()).device
            there = [level.to(place) for level in sight] if isinstance(sight, list | tuple) else sight.to(place)
            return module(image_embeddings=there, multimask_output=several, **prompts)

        told = {name: torch.from_numpy(np.ascontiguousarray(values, np.float32)) for name, values in prompts.items()}
        said = self._model.ask(question, **told)
        return said.pred_masks[0].float().cpu().numpy(), said.iou_scores[0].float().cpu().numpy()


SAM = hub(
    "sam",
    "facebook/sam-vit-base",
    {"config.json": 0, "model.safetensors": 0, "preprocessor_config.json": 0},
    licence="Apache-2.0",
    source="A. Kirillov et al., ICCV 2023",
)

SAM2 = hub(
    "sam2",
    "facebook/sam2.1-hiera-base-plus",
    {"config.json": 0, "model.safetensors": 0, "preprocessor_config.json": 0},
    licence="Apache-2.0",
    source="N. Ravi et al., ICLR 2025",
)


def described(weights: Weights, summary: str) -> dict[str, Any]:
    """What `backend` is told of one of these models."""
    return {
        "summary": summary,
        "source": weights.source,
        "licence": weights.licence,
        "extra": "transformers",
        "weights": (weights,),
    }


@backend("detect", "sam", **described(SAM, "everything with a contour; --point and --box at their best"))
def load_sam(device: str, folder: Path) -> AnythingDetector:
    """From a folder as `save_pretrained` writes it."""
    model, told = pretrained("SamModel", folder), settings(folder)
    frame = told.get("pad_size") or {}
    side = model.config.vision_config.image_size
    padded = (frame.get("height", side), frame.get("width", side))
    return AnythingDetector("sam", Sam(TorchModel(model, device), view(told, padded=padded)))


@backend("detect", "sam2", **described(SAM2, "everything with a contour; sharper and faster than sam"))
def load_sam2(device: str, folder: Path) -> AnythingDetector:
    """From a folder as `save_pretrained` writes it, for pictures or for videos."""
    model = pretrained("Sam2Model", folder)
    return AnythingDetector("sam2", Sam(TorchModel(model, device), view(settings(folder))))
