"""SAM 3, 2 MB: both halves in one file, as on the hub."""

import json
from pathlib import Path

from checkpoints import checkpoint
from checkpoints.clipseg import LETTERS
from checkpoints.panoptic import seeded
from checkpoints.sam import DECODER, sharpened


@checkpoint("sam3")
def sam3(folder: Path) -> Path:
    torch, t = seeded()
    words = [*LETTERS, *(letter + "</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    ends = {"bos_token_id": len(words) - 2, "eos_token_id": len(words) - 1, "pad_token_id": len(words) - 1}
    tokenizer = t.CLIPTokenizer(vocab={word: number for number, word in enumerate(words)}, merges=[])
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2}
    backbone = {
        **sizes,
        "model_type": "sam3_vit_model",
        "num_hidden_layers": 2,
        "image_size": 56,
        "patch_size": 14,
        "window_size": 2,
        "global_attn_indexes": [1],
        "pretrain_image_size": 28,
    }
    vision = {
        "model_type": "sam3_vision_model",
        "backbone_config": backbone,
        "fpn_hidden_size": 32,
        "backbone_feature_sizes": [[16, 16], [8, 8], [4, 4]],
    }
    text = {**sizes, **ends, "model_type": "clip_text_model", "num_hidden_layers": 1, "projection_dim": 16}
    part = {"hidden_size": 32, "num_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    detector = {
        "model_type": "sam3",
        "vision_config": vision,
        "text_config": {**text, "vocab_size": len(words), "max_position_embeddings": 32},
        "geometry_encoder_config": part,
        "detr_encoder_config": part,
        "detr_decoder_config": {**part, "num_queries": 6},
        "mask_decoder_config": {"hidden_size": 32, "num_attention_heads": 2},
    }
    tracker = {
        "model_type": "sam3_tracker_video",
        "vision_config": vision,
        "prompt_encoder_config": {"hidden_size": 32, "image_size": 56, "patch_size": 14},
        "mask_decoder_config": {**DECODER, "hidden_size": 32},
        "image_size": 56,
        "memory_attention_hidden_size": 32,
        "memory_attention_num_layers": 1,
        "memory_attention_feed_forward_hidden_size": 32,
        "memory_encoder_hidden_size": 32,
        "memory_encoder_output_channels": 8,
        "mask_downsampler_embed_dim": 32,
        "memory_fuser_num_layers": 1,
        "memory_fuser_embed_dim": 32,
        "memory_fuser_intermediate_dim": 32,
    }
    model = t.Sam3VideoModel(t.Sam3VideoConfig(detector_config=detector, tracker_config=tracker))
    sharpened(model.tracker_model.mask_decoder)
    found = model.detector_model
    with torch.no_grad():
        found.detr_decoder.presence_head.layer3.bias.fill_(5)
        for scoring in (found.dot_product_scoring.text_proj, found.dot_product_scoring.query_proj):
            scoring.weight.mul_(30)
        found.mask_decoder.instance_projection.weight.mul_(1e5)
    model.save_pretrained(folder)
    images = {"size": {"height": 56, "width": 56}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    tokenizer.save_pretrained(folder)
    (folder / "processor_config.json").write_text(json.dumps({"image_processor": images}))
    return folder
