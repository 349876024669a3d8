"""Stable Diffusion's upscalers, 1 MB each."""

from pathlib import Path
from typing import Any

from checkpoints import checkpoint
from checkpoints.clipseg import clip_tokenizer


def _words(t: Any, hidden: int) -> dict[str, Any]:
    """A text encoder and its tokenizer."""
    tokenizer = clip_tokenizer(t)
    tokenizer.model_max_length = 16
    config = t.CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=2 * hidden,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=16,
        projection_dim=hidden,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return {"text_encoder": t.CLIPTextModel(config), "tokenizer": tokenizer}


def _vae(d: Any, levels: int, scaling: float) -> Any:
    return d.AutoencoderKL(
        block_out_channels=(8,) * levels,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        scaling_factor=scaling,
    )


@checkpoint("diffusion-x4")
def x4(folder: Path) -> Path:
    from layersr.backends.torching import without_broken_torchvision

    without_broken_torchvision()
    import diffusers as d
    import torch
    import transformers as t

    torch.manual_seed(0)
    unet = d.UNet2DConditionModel(
        in_channels=7,
        out_channels=4,
        block_out_channels=(8, 16),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        cross_attention_dim=16,
        attention_head_dim=4,
        norm_num_groups=4,
        num_class_embeds=1000,
    )
    d.StableDiffusionUpscalePipeline(
        vae=_vae(d, 3, 0.08333),
        unet=unet,
        low_res_scheduler=d.DDPMScheduler(),
        scheduler=d.DDIMScheduler(prediction_type="v_prediction"),
        **_words(t, 16),
    ).save_pretrained(folder)
    return folder


@checkpoint("diffusion-latent-x2")
def latent(folder: Path) -> Path:
    from layersr.backends.torching import without_broken_torchvision

    without_broken_torchvision()
    import diffusers as d
    import torch
    import transformers as t

    torch.manual_seed(0)
    unet = d.UNet2DConditionModel(
        in_channels=8,
        out_channels=5,
        block_out_channels=(32, 32, 64, 64),
        down_block_types=("KDownBlock2D", *("KCrossAttnDownBlock2D",) * 3),
        up_block_types=(*("KCrossAttnUpBlock2D",) * 3, "KUpBlock2D"),
        mid_block_type=None,
        layers_per_block=1,
        cross_attention_dim=16,
        attention_head_dim=8,
        norm_num_groups=None,
        resnet_time_scale_shift="scale_shift",
        time_embedding_type="fourier",
        time_cond_proj_dim=128 + 16,
        conv_in_kernel=1,
        conv_out_kernel=1,
        act_fn="gelu",
        only_cross_attention=False,
        timestep_post_act="gelu",
    )
    d.StableDiffusionLatentUpscalePipeline(
        vae=_vae(d, 4, 0.18215),
        unet=unet,
        scheduler=d.EulerDiscreteScheduler(prediction_type="sample"),
        **_words(t, 16),
    ).save_pretrained(folder)
    return folder
