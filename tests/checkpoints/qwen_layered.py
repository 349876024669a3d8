"""Qwen-Image-Layered, 1 MB, and sheets of 96 pixels in place of 640, which take seconds each."""

from pathlib import Path

from checkpoints import checkpoint


@checkpoint("qwen-image-layered")
def qwen_layered(folder: Path) -> Path:
    from layersr.backends.torching import without_broken_torchvision

    without_broken_torchvision()
    import diffusers as d
    import torch
    import transformers as t
    from tokenizers.pre_tokenizers import ByteLevel

    layered = d.pipelines.qwenimage.pipeline_qwenimage_layered
    sized = layered.calculate_dimensions
    layered.calculate_dimensions = lambda area, ratio: sized(area * (96 / 640) ** 2, ratio)
    torch.manual_seed(0)
    letters = sorted(ByteLevel.alphabet())
    words = {word: number for number, word in enumerate([*letters, "<|endoftext|>", "<|im_start|>", "<|im_end|>"])}
    sizes = {"hidden_size": 16, "intermediate_size": 16}
    config = t.Qwen2_5_VLConfig(
        text_config={
            **sizes,
            "vocab_size": len(words),
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "max_position_embeddings": 2048,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [1, 1, 2]},
        },
        vision_config={**sizes, "depth": 1, "num_heads": 2, "out_hidden_size": 16},
    )
    d.QwenImageLayeredPipeline(
        scheduler=d.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=d.AutoencoderKLQwenImage(
            base_dim=4,
            z_dim=8,  # 4 would be taken for a picture
            dim_mult=[1, 1, 1, 1],
            num_res_blocks=1,
            input_channels=4,
            latents_mean=[0.0] * 8,
            latents_std=[1.0] * 8,
        ),
        text_encoder=t.Qwen2_5_VLForConditionalGeneration(config),
        tokenizer=t.Qwen2Tokenizer(vocab=words, merges=[], unk_token="<|endoftext|>"),
        processor=None,
        transformer=d.QwenImageTransformer2DModel(
            in_channels=32,
            out_channels=8,
            num_layers=1,
            attention_head_dim=16,
            num_attention_heads=1,
            joint_attention_dim=16,
            axes_dims_rope=(8, 4, 4),
            use_additional_t_cond=True,
            use_layer3d_rope=True,
        ),
    ).save_pretrained(folder)
    return folder
