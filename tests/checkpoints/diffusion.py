"""Stable Diffusion XL for inpainting, 3 MB, and Stable Diffusion."""

import json
from pathlib import Path
from typing import Any

from checkpoints import checkpoint

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = [*LETTERS, *(letter + "</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]
VOCABULARY = {word: number for number, word in enumerate(WORDS)}
SPECIAL = {"bos_token": WORDS[-2], "eos_token": WORDS[-1], "unk_token": WORDS[-1], "pad_token": WORDS[-1]}


@checkpoint("sdxl-inpainting")
def sdxl(folder: Path) -> Path:
    diffusers, torch, transformers = packages()
    torch.manual_seed(0)
    unet = diffusers.UNet2DConditionModel(
        **sizes(cross_attention_dim=16),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + 8,
    )
    pipe = diffusers.StableDiffusionXLInpaintPipeline(
        vae=vae(),
        text_encoder=transformers.CLIPTextModel(words()),
        text_encoder_2=transformers.CLIPTextModelWithProjection(words()),
        tokenizer=tokenizer(),
        tokenizer_2=tokenizer(),
        unet=unet,
        scheduler=diffusers.EulerDiscreteScheduler(),
    )
    pipe.save_pretrained(folder, variant="fp16")
    for name in ("tokenizer", "tokenizer_2"):  # as published, before there was a tokenizer.json
        (folder / name / "tokenizer.json").unlink()
        (folder / name / "vocab.json").write_text(json.dumps(VOCABULARY))
        (folder / name / "merges.txt").write_text("#version: 0.2\n")
        (folder / name / "special_tokens_map.json").write_text(json.dumps(SPECIAL))
    return folder


def stable(folder: Path) -> Path:
    """One of the older kind, with four planes in, not made for inpainting, and a safety checker that is not there."""
    diffusers, torch, transformers = packages()
    torch.manual_seed(0)
    pipe = diffusers.StableDiffusionPipeline(
        vae=vae(),
        text_encoder=transformers.CLIPTextModel(words()),
        tokenizer=tokenizer(),
        unet=diffusers.UNet2DConditionModel(**{**sizes(cross_attention_dim=8), "in_channels": 4}),
        scheduler=diffusers.DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.save_pretrained(folder)
    index = folder / "model_index.json"
    listed = json.loads(index.read_text())
    listed["safety_checker"] = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    index.write_text(json.dumps(listed))
    return folder


def packages() -> tuple[Any, Any, Any]:
    from layersr.backends.torching import without_broken_torchvision

    without_broken_torchvision()
    import diffusers
    import torch
    import transformers

    return diffusers, torch, transformers


def sizes(cross_attention_dim: int) -> dict[str, Any]:
    return {
        "sample_size": 16,
        "in_channels": 9,
        "out_channels": 4,
        "block_out_channels": (8, 16),
        "norm_num_groups": 4,
        "layers_per_block": 1,
        "attention_head_dim": 4,
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
        "cross_attention_dim": cross_attention_dim,
    }


def vae() -> Any:
    import diffusers

    return diffusers.AutoencoderKL(
        block_out_channels=[8, 8],
        down_block_types=["DownEncoderBlock2D"] * 2,
        up_block_types=["UpDecoderBlock2D"] * 2,
        norm_num_groups=4,
        latent_channels=4,
        sample_size=32,
    )


def words() -> Any:
    import transformers

    return transformers.CLIPTextConfig(
        hidden_size=8,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        projection_dim=8,
        vocab_size=len(WORDS),
        max_position_embeddings=77,
        bos_token_id=len(WORDS) - 2,
        eos_token_id=len(WORDS) - 1,
        pad_token_id=len(WORDS) - 1,
    )


def tokenizer() -> Any:
    import transformers

    return transformers.CLIPTokenizer(vocab=VOCABULARY, merges=[], model_max_length=77)
