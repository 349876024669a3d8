"""Super-resolution with image synthesis: diffusion models paint the detail that a small picture lacks.

Both are Stability AI's (CreativeML Open RAIL++-M: use is restricted, commerce is not), after R. Rombach, A. Blattmann,
D. Lorenz, P. Esser and B. Ommer, *High-Resolution Image Synthesis with Latent Diffusion Models*, CVPR 2022:

- `diffusion`, x4, 3.5 GB: looks at the small picture's pixels while it paints.
- `diffusion-latent`, x2, by K. Crowson, 1.4 GB and more: enlarges the code of Stable Diffusion's autoencoder; weaker in
  fine lines.

Good for photographs and paintings whose texture may be invented; slow without a GPU (minutes for a tile). No words are
asked for. A tile is painted from noise, and the noise belongs to the place (`noise`), as the tiles' grid does, so
overlapping tiles begin alike and agree but for what they see beyond their ends.
"""

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from layersr.arrays import RGB, Scaled
from layersr.backends import backend
from layersr.backends.noise import noise
from layersr.backends.pipelines import pipeline
from layersr.backends.torching import TorchModel
from layersr.tiling import run_tiles
from layersr.weights import hub

LICENCE = "CreativeML Open RAIL++-M"

X4 = hub(
    "diffusion-x4",
    "stabilityai/stable-diffusion-x4-upscaler",
    {
        "model_index.json": 0,
        "low_res_scheduler/scheduler_config.json": 0,
        "scheduler/scheduler_config.json": 0,
        "text_encoder/config.json": 0,
        "text_encoder/model.safetensors": 1_360_000_000,
        "tokenizer/merges.txt": 0,
        "tokenizer/special_tokens_map.json": 0,
        "tokenizer/tokenizer_config.json": 0,
        "tokenizer/vocab.json": 0,
        "unet/config.json": 0,
        "unet/diffusion_pytorch_model.safetensors": 1_890_000_000,
        "vae/config.json": 0,
        "vae/diffusion_pytorch_model.safetensors": 221_000_000,
    },
    licence=LICENCE,
    source="Stability AI, Stable Diffusion x4 upscaler, 2022",
    revision="a44206cef52cdd20c6a32fea6257860474f0be43",
)

LATENT = hub(
    "diffusion-latent-x2",
    "stabilityai/sd-x2-latent-upscaler",
    {
        "model_index.json": 0,
        "scheduler/scheduler_config.json": 0,
        "text_encoder/config.json": 0,
        "text_encoder/pytorch_model.bin": 0,
        "tokenizer/merges.txt": 0,
        "tokenizer/special_tokens_map.json": 0,
        "tokenizer/tokenizer_config.json": 0,
        "tokenizer/vocab.json": 0,
        "unet/config.json": 0,
        "unet/diffusion_pytorch_model.bin": 745_000_000,
        "vae/config.json": 0,
        "vae/diffusion_pytorch_model.bin": 0,
    },
    licence=LICENCE,
    source="K. Crowson and Stability AI, Stable Diffusion x2 latent upscaler, 2023",
)

STEPS, LATENT_STEPS = 30, 20
"""Steps from noise to picture."""

LEVEL = 20
"""How much noise the small picture is told to have, of 350: what little is wrong with it need not be kept."""


class DiffusionUpscaler:
    """Tiles painted by a diffusion model; see `roles.PlacedUpscaler`.

    Args:
        scale: how many times as large it paints.
        paint: (1, 3 + channels, h, w) colours in 0..1 and noise, h and w multiples of `step`, to (1, 3, H, W) in -1..1.
        channels: of noise that it wants.
        step: pixels; what sizes must be multiples of.
        cell: pixels; what a tile answers for. It sees `step` more on every side.
        seed: where chance begins.
    """

    def __init__(
        self, scale: int, paint: Callable[[Any], Any], channels: int, step: int, cell: int, seed: int = 0
    ) -> None:
        self.scales, self._seed = (scale,), seed
        self._paint, self._channels, self._step, self._cell = paint, channels, step, cell
        self._lock = Lock()  # schedulers remember the step they are at

    def __call__(self, image: RGB, scale: int) -> Scaled:
        """See `roles.Upscaler`."""
        return self.placed(image, scale, (0, 0))

    def placed(self, image: RGB, scale: int, at: tuple[int, int]) -> Scaled:
        """See `roles.PlacedUpscaler`."""
        before = [n % self._step for n in at]  # tiles lie on the grid of the whole picture, as its noise does
        padded = np.pad(image, (*((n, 0) for n in before), (0, 0)), mode="symmetric")
        height, width = padded.shape[:2]
        grain = noise(self._channels, height, width, (at[0] - before[0], at[1] - before[1]), self._seed)
        with self._lock:
            large = run_tiles(
                self._tile,
                np.concatenate([padded.transpose(2, 0, 1), grain]),
                np.ones((height, width), bool),
                cell=self._cell,
                margin=self._step,
                step=self._step,
                feather=self._step // 2,
                scale=scale,
            )
        large = large[:, before[0] * scale :, before[1] * scale :].transpose(1, 2, 0)
        return np.clip(large / 2 + 0.5, 0, 1, out=np.empty(large.shape, np.float32))

    def _tile(self, planes: np.ndarray) -> np.ndarray:
        import torch

        return self._paint(torch.from_numpy(planes[None]))[0].float().cpu().numpy()


@backend(
    "upscale",
    "diffusion",
    summary="x4, paints detail that was never there; for photographs and paintings, on a GPU",
    source="R. Rombach et al., High-Resolution Image Synthesis with Latent Diffusion Models, CVPR 2022",
    licence=LICENCE,
    extra="diffusers",
    weights=(X4,),
    seeded=True,
)
def load_diffusion(device: str, folder: Path, seed: int = 0) -> DiffusionUpscaler:
    """From a folder as `StableDiffusionUpscalePipeline.save_pretrained` writes it.

    Raises:
        WeightsError: the folder holds something else.
    """
    pipe = pipeline("StableDiffusionUpscalePipeline", folder)
    import torch

    with torch.inference_mode():
        text, _ = pipe.encode_prompt("", "cpu", 1, False)
    scheduler, shown_noise = pipe.scheduler, pipe.low_res_scheduler

    def painted(parts: Any, planes: Any) -> Any:
        """The pipeline's own loop, which rolls noise of its own, with ours."""
        colours, grain, latents = planes[:, :3] * 2 - 1, planes[:, 3:6], planes[:, 6:]
        level = torch.full((1,), LEVEL, dtype=torch.long, device=planes.device)
        seen, words = shown_noise.add_noise(colours, grain, level), text.to(planes.device)
        scheduler.set_timesteps(STEPS, device=planes.device)
        latents = latents * scheduler.init_noise_sigma
        for time in scheduler.timesteps:
            given = torch.cat([scheduler.scale_model_input(latents, time), seen], dim=1)
            said = parts["unet"](given, time, encoder_hidden_states=words, class_labels=level).sample
            latents = scheduler.step(said, time, latents).prev_sample
        return _decoded(parts["vae"], latents)

    parts = TorchModel(torch.nn.ModuleDict({"unet": pipe.unet, "vae": pipe.vae}), device, half=True, smallest=128)
    channels = 3 + pipe.vae.config.latent_channels
    return DiffusionUpscaler(4, lambda planes: parts.ask(painted, planes), channels, step=32, cell=128, seed=seed)


@backend(
    "upscale",
    "diffusion-latent",
    summary="x2, the same by enlarging an autoencoder's code; faster, weaker in fine lines",
    source="K. Crowson and Stability AI, Stable Diffusion x2 latent upscaler, 2023",
    licence=LICENCE,
    extra="diffusers",
    weights=(LATENT,),
    seeded=True,
)
def load_diffusion_latent(device: str, folder: Path, seed: int = 0) -> DiffusionUpscaler:
    """From a folder as `StableDiffusionLatentUpscalePipeline.save_pretrained` writes it.

    Raises:
        WeightsError: the folder holds something else.
    """
    pipe = pipeline("StableDiffusionLatentUpscalePipeline", folder)
    import torch

    with torch.inference_mode():
        text, _, pooled, _ = pipe.encode_prompt("", "cpu", False)
    pipe.text_encoder = None  # it has said all it will be asked
    fewer = pipe.vae_scale_factor // 2  # one value of the code, enlarged, stands for so many pixels each way

    def painted(parts: Any, planes: Any) -> Any:
        vae = parts["vae"]
        with torch.autocast(planes.device.type, enabled=False):
            code = vae.encode(planes[:, :3] * 2 - 1).latent_dist.mode() * vae.config.scaling_factor
        latents = pipe(
            image=code,
            latents=planes[:, 3:, ::fewer, ::fewer],
            prompt_embeds=text.to(planes.device),
            pooled_prompt_embeds=pooled.to(planes.device),
            num_inference_steps=LATENT_STEPS,
            guidance_scale=0,
            output_type="latent",
        ).images
        return _decoded(vae, latents)

    parts = TorchModel(torch.nn.ModuleDict({"unet": pipe.unet, "vae": pipe.vae}), device, half=True, smallest=256)
    channels = pipe.vae.config.latent_channels
    return DiffusionUpscaler(2, lambda planes: parts.ask(painted, planes), channels, step=64, cell=256, seed=seed)


def _decoded(vae: Any, latents: Any) -> Any:
    """What the autoencoder shows, in full precision: in half of it, it overflows."""
    import torch

    with torch.autocast(latents.device.type, enabled=False):
        return vae.decode(latents.float() / vae.config.scaling_factor).sample
