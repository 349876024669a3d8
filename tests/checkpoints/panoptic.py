"""Mask2Former, OneFormer and EoMT, some hundred kB each; biased so that they do name things."""

import json
from pathlib import Path
from typing import Any

from checkpoints import checkpoint
from checkpoints.clipseg import LETTERS

NAMES = {0: "person", 1: "bird", 2: "sky-other-merged", 3: "grass, lawn"}
"""Two things, two kinds of stuff."""

SWIN: dict[str, Any] = {
    "embed_dim": 8,
    "depths": [1, 1, 1, 1],
    "num_heads": [1, 1, 1, 1],
    "window_size": 4,
    "out_features": ["stage1", "stage2", "stage3", "stage4"],
}


def seeded() -> tuple[Any, Any]:
    """Torch, its random numbers begun anew, and Transformers."""
    from layersr.backends.torching import without_broken_torchvision

    without_broken_torchvision()
    import torch
    import transformers

    torch.manual_seed(0)
    return torch, transformers


def _written(model: Any, folder: Path, images: dict[str, Any], classes: Any, masks: Any) -> Path:
    """A checkpoint whose queries name something, with masks of two kinds of pixels."""
    import torch

    with torch.no_grad():
        classes.weight.mul_(20)
        classes.bias[-1] = -6
        classes.bias[0] += 2
        masks.weight.mul_(8)
    model.save_pretrained(folder)
    told = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225], **images}
    (folder / "preprocessor_config.json").write_text(json.dumps(told))
    return folder


@checkpoint("mask2former")
def mask2former(folder: Path) -> Path:
    _, t = seeded()
    config = t.Mask2FormerConfig(
        backbone_config=t.SwinConfig(**SWIN),
        feature_size=32,
        mask_feature_size=32,
        hidden_dim=32,
        encoder_feedforward_dim=32,
        encoder_layers=1,
        decoder_layers=2,
        dim_feedforward=32,
        num_attention_heads=2,
        num_queries=2,
        id2label=NAMES,
        label2id={name: number for number, name in NAMES.items()},
    )
    model = t.Mask2FormerForUniversalSegmentation(config)
    masks = model.model.transformer_module.decoder.mask_predictor.mask_embedder.layers[-1].layers[0]
    size = {"size": {"shortest_edge": 64, "longest_edge": 128}, "size_divisor": 32}
    return _written(model, folder, size, model.class_predictor, masks)


@checkpoint("oneformer")
def oneformer(folder: Path) -> Path:
    _, t = seeded()
    words = [*LETTERS, *(letter + "</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    tokenizer = t.CLIPTokenizer(vocab={word: number for number, word in enumerate(words)}, merges=[])
    config = t.OneFormerConfig(
        backbone_config=t.SwinConfig(**SWIN),
        conv_dim=32,
        mask_dim=32,
        hidden_dim=32,
        encoder_feedforward_dim=32,
        encoder_layers=1,
        decoder_layers=2,
        dim_feedforward=32,
        num_attention_heads=2,
        num_queries=1,
        text_encoder_width=32,
        text_encoder_num_layers=1,
        text_encoder_vocab_size=len(words),
        text_encoder_n_ctx=4,
        query_dec_layers=1,
        id2label=NAMES,
        label2id={name: number for number, name in NAMES.items()},
    )
    model = t.OneFormerForUniversalSegmentation(config)
    decoder = model.model.transformer_module.decoder
    size = {"size": {"shortest_edge": 64, "longest_edge": 128}, "metadata": {"thing_ids": [0, 1]}}
    _written(model, folder, size, decoder.class_embed, decoder.mask_embed.layers[-1].layers[0])
    tokenizer.save_pretrained(folder)
    return folder


@checkpoint("eomt")
def eomt(folder: Path) -> Path:
    _, t = seeded()
    config = t.EomtConfig(
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=2,
        mlp_ratio=1,
        image_size=64,
        patch_size=8,
        num_blocks=1,
        num_queries=1,
        num_register_tokens=1,
        num_upscale_blocks=1,
        id2label=NAMES,
        label2id={name: number for number, name in NAMES.items()},
    )
    model = t.EomtForUniversalSegmentation(config)
    size = {"size": {"shortest_edge": 64, "longest_edge": 64}, "do_pad": True}
    return _written(model, folder, size, model.class_predictor, model.mask_head.fc3)
