"""ViTMatte, 200 kB."""

from pathlib import Path

from checkpoints import checkpoint


@checkpoint("vitmatte", "vitmatte-base")
def vitmatte(folder: Path) -> Path:
    from layersr.backends.torching import without_broken_torchvision

    without_broken_torchvision()
    import torch
    import transformers as t

    torch.manual_seed(0)
    backbone = t.VitDetConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        mlp_ratio=2,
        image_size=64,
        pretrain_image_size=32,
        patch_size=16,
        num_channels=4,
        window_size=2,
        window_block_indices=[0],
        residual_block_indices=[1],
        use_relative_position_embeddings=True,
        out_features=["stage2"],
    )
    config = t.VitMatteConfig(
        backbone_config=backbone, hidden_size=16, convstream_hidden_sizes=[4, 6, 8], fusion_hidden_sizes=[12, 10, 8, 6]
    )
    model = t.VitMatteForImageMatting(config)
    for weight in model.parameters():
        weight.data += 0.2 * torch.randn_like(weight)  # as it begins it says 0.5 everywhere
    model.save_pretrained(folder)
    return folder
