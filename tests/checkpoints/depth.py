"""Depth Anything, DPT and ZoeDepth, some 300 kB each."""

import json
from pathlib import Path
from typing import Any

from checkpoints import checkpoint

GREY = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}


def saved(model: Any, folder: Path, images: dict[str, Any], without: str = "") -> Path:
    """The model as it is published; weights whose names begin so are left out."""
    import torch
    from safetensors.torch import load_file, save_file

    for name, weight in model.named_parameters():
        weight.data += 0.2 * torch.randn_like(weight)  # as it begins it says the same of every picture
        if name in ("head.conv3.bias", "head.head.4.bias"):
            weight.data.fill_(2.0)  # nearness below 0 is none
    model.save_pretrained(folder)
    if without:
        file = folder / "model.safetensors"
        kept = {name: value for name, value in load_file(file).items() if not name.startswith(without)}
        assert len(kept) < len(load_file(file))
        save_file(kept, file, metadata={"format": "pt"})
    (folder / "preprocessor_config.json").write_text(json.dumps(images))
    return folder


def packages() -> tuple[Any, Any]:
    from layersr.backends.torching import without_broken_torchvision

    without_broken_torchvision()
    import torch
    import transformers

    torch.manual_seed(0)
    return torch, transformers


@checkpoint("depth-anything", "depth-anything-base", "depth-anything-large")
def depth_anything(folder: Path) -> Path:
    _, t = packages()
    backbone = t.Dinov2Config(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        mlp_ratio=2,
        image_size=70,
        patch_size=14,
        out_features=["stage1", "stage2", "stage3", "stage4"],
        reshape_hidden_states=False,
    )
    config = t.DepthAnythingConfig(
        backbone_config=backbone,
        patch_size=14,
        reassemble_hidden_size=16,
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
        head_hidden_size=8,
    )
    images = {
        "image_processor_type": "DPTImageProcessor",
        "size": {"height": 70, "width": 70},
        "keep_aspect_ratio": True,
        "ensure_multiple_of": 14,
        "image_mean": [0.485, 0.456, 0.406],
        "image_std": [0.229, 0.224, 0.225],
    }
    return saved(t.DepthAnythingForDepthEstimation(config), folder, images)


@checkpoint("midas")
def midas(folder: Path) -> Path:
    from layersr.backends.midas import UNUSED

    _, t = packages()
    config = t.DPTConfig(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=64,
        patch_size=16,
        backbone_out_indices=[0, 1, 2, 3],
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
    )
    images = {"image_processor_type": "DPTImageProcessor", "size": 64, **GREY}
    return saved(t.DPTForDepthEstimation(config), folder, images, without=UNUSED)


@checkpoint("zoedepth")
def zoedepth(folder: Path) -> Path:
    _, t = packages()
    backbone = t.BeitConfig(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=64,
        patch_size=16,
        use_relative_position_bias=True,
        out_features=["stage1", "stage2", "stage3", "stage4"],
        reshape_hidden_states=False,
    )
    config = t.ZoeDepthConfig(
        backbone_config=backbone,
        neck_hidden_sizes=[8, 8, 8, 8],
        fusion_hidden_size=8,
        bottleneck_features=8,
        num_relative_features=8,
        bin_embedding_dim=8,
        num_patch_transformer_layers=1,
        patch_transformer_hidden_size=128,
        patch_transformer_intermediate_size=16,
        patch_transformer_num_attention_heads=2,
        num_attractors=[4, 2, 2, 1],
        bin_configurations=[{"n_bins": 8, "min_depth": 0.001, "max_depth": 10.0, "name": "nyu"}],
    )
    images = {"image_processor_type": "ZoeDepthImageProcessor", "size": {"height": 64, "width": 96}, **GREY}
    return saved(t.ZoeDepthForDepthEstimation(config), folder, images)
