"""Qwen-Image-Layered takes a whole picture apart at once: sheets with transparency, hidden parts painted.

S. Yin et al., *Qwen-Image-Layered: Towards Inherent Editability via Layer Decomposition*, 2025 (arXiv 2512.15603);
weights Qwen/Qwen-Image-Layered, Apache-2.0, 58 GB, by diffusers. A diffusion transformer of 20 billion weights paints
all sheets at 640 pixels: good at telling the parts of posters and illustrations, and how they go on where they are
hidden. It needs a GPU (parts of it wait in the computer's memory for their turn) and minutes a sheet. What it paints is
22 to 26 dB near the picture; `decomposing/sheets.py` makes it exact. It is told nothing about the picture in words.

See-through, which does the same for anime characters, is not here: its models are classes of its own repository, which
no released package holds (November 2026).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from layersr.arrays import RGB
from layersr.backends import backend
from layersr.backends.pipelines import pipeline
from layersr.backends.torching import torch_device
from layersr.roles import Sheet
from layersr.weights import hub

# Shards are called as diffusers and Transformers call those of a model of this size.
_TRANSFORMER = {f"transformer/diffusion_pytorch_model-0000{n}-of-00005.safetensors": 0 for n in range(1, 6)}
_TEXT_ENCODER = {f"text_encoder/model-0000{n}-of-00004.safetensors": 0 for n in range(1, 5)}

WEIGHTS = hub(
    "qwen-image-layered",
    "Qwen/Qwen-Image-Layered",
    {
        "model_index.json": 0,
        "scheduler/scheduler_config.json": 0,
        "text_encoder/config.json": 0,
        "text_encoder/generation_config.json": 0,
        "text_encoder/model.safetensors.index.json": 0,
        **_TEXT_ENCODER,
        "tokenizer/merges.txt": 0,
        "tokenizer/special_tokens_map.json": 0,
        "tokenizer/tokenizer_config.json": 0,
        "tokenizer/vocab.json": 0,
        "transformer/config.json": 0,
        "transformer/diffusion_pytorch_model.safetensors.index.json": 0,
        **_TRANSFORMER,
        "vae/config.json": 0,
        "vae/diffusion_pytorch_model.safetensors": 0,
    },
    licence="Apache-2.0",
    source="S. Yin et al., Qwen-Image-Layered, 2025",
)

STEPS, GUIDANCE, SIDE = 50, 4.0, 640
"""Steps from noise to sheets, how much words count, and pixels of a sheet: its authors' choice."""

SAID, UNSAID = "A picture.", " "
"""Words for the picture, and for what it is not. Its own description of it would want torchvision, and rolls dice."""


class LayeredDecomposer:
    """See `roles.Decomposer`.

    Args:
        pipe: a QwenImageLayeredPipeline, on its device.
        seed: where chance begins.
    """

    def __init__(self, pipe: Any, seed: int = 0) -> None:
        self._pipe, self._seed = pipe, seed

    def __call__(self, image: RGB, most: int, granularity: float) -> Sequence[Sheet]:
        """See `roles.Decomposer`."""
        import torch
        from PIL import Image

        picture = Image.fromarray(np.rint(image * 255).astype(np.uint8)).convert("RGBA")
        (made,) = self._pipe(
            picture,
            prompt=SAID,
            negative_prompt=UNSAID,
            true_cfg_scale=GUIDANCE,
            layers=sheets(most, granularity),
            num_inference_steps=STEPS,
            resolution=SIDE,
            generator=torch.Generator("cpu").manual_seed(self._seed),
            output_type="pt",
        ).images
        planes = made.float().cpu().numpy().transpose(0, 2, 3, 1)
        return [Sheet(np.ascontiguousarray(p[..., :3]), np.ascontiguousarray(p[..., 3])) for p in planes]


def sheets(most: int, granularity: float) -> int:
    """How many sheets are asked for, the ground among them: 2, 4 as its authors do, 8, and between."""
    return max(1, min(most + 1, round(2 * 4**granularity)))


@backend(
    "decompose",
    "qwen-image-layered",
    summary="a large diffusion model's idea of all layers at once, made exact; needs a GPU",
    source="S. Yin et al., Qwen-Image-Layered, 2025",
    extra="diffusers",
    weights=(WEIGHTS,),
    seeded=True,
)
def load_qwen_layered(device: str, folder: Path, seed: int = 0) -> LayeredDecomposer:
    """From a folder as `QwenImageLayeredPipeline.save_pretrained` writes it.

    Raises:
        WeightsError: the folder holds something else.
    """
    import torch

    where = torch_device(device)
    kind = torch.float32 if where.type == "cpu" else torch.bfloat16
    pipe = pipeline("QwenImageLayeredPipeline", folder, processor=None, dtype=kind)
    if where.type in ("cuda", "xpu"):
        pipe.enable_model_cpu_offload(device=where)  # one part on the GPU at a time
    else:
        pipe.to(where)
    return LayeredDecomposer(pipe, seed)
