"""SAM and SAM 2, 100 and 400 kB."""

import json
from pathlib import Path
from typing import Any

from checkpoints import checkpoint
from checkpoints.panoptic import seeded

DECODER: dict[str, Any] = {
    "hidden_size": 16,
    "mlp_dim": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "iou_head_hidden_dim": 16,
}
"""A mask decoder."""


def sharpened(decoder: Any) -> None:
    """It believes in its masks, and their contours are sharp."""
    import torch

    with torch.no_grad():
        decoder.iou_prediction_head.proj_out.bias.fill_(0.9)
        for network in decoder.output_hypernetworks_mlps:
            network.proj_out.weight.mul_(1e6)


def written(model: Any, folder: Path, images: dict[str, Any]) -> Path:
    sharpened(model.mask_decoder)
    model.save_pretrained(folder)
    told = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225], **images}
    (folder / "preprocessor_config.json").write_text(json.dumps(told))
    return folder


@checkpoint("sam")
def sam(folder: Path) -> Path:
    _, t = seeded()
    vision = {
        "hidden_size": 16,
        "output_channels": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 64,
        "patch_size": 8,
        "mlp_dim": 32,
        "global_attn_indexes": [1],
        "window_size": 4,
        "num_pos_feats": 8,
    }
    prompts = {"hidden_size": 16, "image_size": 64, "patch_size": 8, "image_embedding_size": 8}
    config = t.SamConfig(vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=DECODER)
    size = {"size": {"longest_edge": 64}, "pad_size": {"height": 64, "width": 64}}
    return written(t.SamModel(config), folder, size)


@checkpoint("sam2")
def sam2(folder: Path) -> Path:
    _, t = seeded()
    backbone = t.Sam2HieraDetConfig(
        hidden_size=8,
        num_attention_heads=1,
        image_size=[64, 64],
        blocks_per_stage=[1, 2, 2, 1],
        embed_dim_per_stage=[8, 16, 32, 64],
        num_attention_heads_per_stage=[1, 2, 4, 8],
        window_size_per_stage=[8, 4, 4, 2],
        global_attention_blocks=[4],
    )
    vision = t.Sam2VisionConfig(
        backbone_config=backbone,
        backbone_channel_list=[64, 32, 16, 8],
        backbone_feature_sizes=[[16, 16], [8, 8], [4, 4]],
        fpn_hidden_size=32,
    )
    config = t.Sam2Config(
        vision_config=vision,
        prompt_encoder_config={"hidden_size": 32, "image_size": 64, "patch_size": 16},
        mask_decoder_config={**DECODER, "hidden_size": 32},
    )
    return written(t.Sam2Model(config), folder, {"size": {"height": 64, "width": 64}})
