"""Diffusion paints holes with what might well be there: it invents, and does so in detail.

Stable Diffusion XL for inpainting (D. Podell et al., *SDXL*, 2023; 7 GB; CreativeML OpenRAIL++-M: free to use, not for
the ends that its Annex A forbids), loaded by Diffusers; `diffusion=FOLDER` takes any Stable Diffusion, for inpainting
or not, of 1, 2 or XL. No words are asked for, so nothing is added by name, at half the cost; the same chance in every
run. Meant for GPUs: thirty looks at 1024 x 1024 pixels are minutes to hours on a CPU.
"""

import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from layersr.arrays import RGB, Mask
from layersr.backends import backend
from layersr.backends.painting import SlowInfill, seamless
from layersr.backends.pipelines import pipeline
from layersr.backends.torching import torch_device
from layersr.errors import Notice
from layersr.infill.harmonic import harmonic
from layersr.progress import Progress, Report
from layersr.tiling import out_of_memory
from layersr.weights import hub

WEIGHTS = hub(
    "sdxl-inpainting",
    "diffusers/stable-diffusion-xl-1.0-inpainting-0.1",
    {
        "model_index.json": 0,
        "scheduler/scheduler_config.json": 0,
        "text_encoder/config.json": 0,
        "text_encoder/model.fp16.safetensors": 246_000_000,
        "text_encoder_2/config.json": 0,
        "text_encoder_2/model.fp16.safetensors": 1_390_000_000,
        "tokenizer/merges.txt": 0,
        "tokenizer/special_tokens_map.json": 0,
        "tokenizer/tokenizer_config.json": 0,
        "tokenizer/vocab.json": 0,
        "tokenizer_2/merges.txt": 0,
        "tokenizer_2/special_tokens_map.json": 0,
        "tokenizer_2/tokenizer_config.json": 0,
        "tokenizer_2/vocab.json": 0,
        "unet/config.json": 0,
        "unet/diffusion_pytorch_model.fp16.safetensors": 5_140_000_000,
        "vae/config.json": 0,
        "vae/diffusion_pytorch_model.fp16.safetensors": 167_000_000,
    },
    licence="CreativeML OpenRAIL++-M (uses are restricted by its Annex A)",
    source="D. Podell et al., SDXL, 2023",
    revision="115134f363124c53c7d878647567d04daf26e41e",
)

LOOKS = 30
"""How often the network is asked."""

STRENGTH = 0.99
"""How much of what stood in the hole, which is a smooth fill, is replaced by noise; all of it makes pictures dull."""


class DiffusionInfill(SlowInfill):
    """See the module's text.

    Args:
        device: where it runs; on all but the CPU in half precision.
        pipe: an inpainting pipeline of Diffusers, on that device.
        looks: how often the network is asked.
        seed: where chance begins.
    """

    def __init__(self, device: str, pipe: Any, looks: int = LOOKS, seed: int = 0) -> None:
        side = pipe.unet.config.sample_size * pipe.vae_scale_factor
        super().__init__(device, side * side)
        self._pipe, self._looks, self._seed = pipe, looks, seed

    def paint(self, image: RGB, hole: Mask, report: Report) -> RGB:
        """See `painting.Paint`."""
        from PIL import Image

        step, factor = max(8, self._pipe.vae_scale_factor), (self._most / hole.size) ** 0.5
        height, width = (max(1, round(n * factor / step)) * step for n in hole.shape)
        closed = cv2.resize(harmonic(image, hole), (width, height), interpolation=cv2.INTER_CUBIC)
        gap = cv2.resize(hole.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) > 0
        shown = Image.fromarray(np.rint(np.clip(closed, 0, 1) * 255).astype(np.uint8))
        said = self._asked(shown, Image.fromarray(gap), report).astype(np.float32)
        small = cv2.resize(said, hole.shape[::-1], interpolation=cv2.INTER_AREA).reshape(image.shape)
        return seamless(small, image, hole)

    def _asked(self, image: Any, hole: Any, report: Report) -> np.ndarray:
        import torch

        def told(_: Any, number: int, __: Any, values: dict[str, Any]) -> dict[str, Any]:
            report(Progress("diffusion", number / self._looks))
            return values

        def ask() -> np.ndarray:
            chance = torch.Generator().manual_seed(self._seed)
            with warnings.catch_warnings():
                for kind in (DeprecationWarning, FutureWarning):  # Diffusers' own business
                    warnings.simplefilter("ignore", kind)
                said = self._pipe(
                    prompt="",
                    image=image,
                    mask_image=hole,
                    width=image.width,
                    height=image.height,
                    strength=STRENGTH,
                    num_inference_steps=self._looks,
                    guidance_scale=1.0,
                    generator=chance,
                    output_type="np",
                    callback_on_step_end=told,
                )
            return said.images[0]

        report(Progress("diffusion", 0.0))
        try:
            return ask()
        except RuntimeError as error:
            was = self._pipe.device
            if was.type == "cpu" or not out_of_memory(error):
                raise
        self._pipe = self._pipe.to("cpu", torch.float32)
        warnings.warn(f"The memory of {was} does not suffice; going on, much slower, on the CPU.", Notice, stacklevel=2)
        return ask()


@backend(
    "infill",
    "diffusion",
    summary="invents in detail what might be there; large, for GPUs",
    source="D. Podell et al., SDXL, 2023",
    licence="Apache-2.0; weights CreativeML OpenRAIL++-M",
    extra="diffusers",
    weights=(WEIGHTS,),
    seeded=True,
)
def load_diffusion(device: str, folder: Path, seed: int = 0) -> DiffusionInfill:
    """From a folder as `save_pretrained` of Diffusers writes it, safetensors only; no safety checker is loaded.

    Raises:
        WeightsError: the folder holds something else.
    """
    import torch  # missing, it is named before diffusers

    place, large = torch_device(device), (folder / "text_encoder_2").is_dir()
    kind = "StableDiffusionXLInpaintPipeline" if large else "StableDiffusionInpaintPipeline"
    pipe = pipeline(
        kind,
        folder,
        others=(kind.replace("Inpaint", ""),),
        use_safetensors=True,
        variant="fp16" if any(folder.glob("unet/*.fp16.safetensors")) else None,
        dtype=torch.float32 if place.type == "cpu" else torch.float16,
        **({} if large else {"safety_checker": None, "requires_safety_checker": False}),
    )
    return DiffusionInfill(device, pipe.to(place), seed=seed)
