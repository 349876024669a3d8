"""CLIPSeg, 200 kB."""

import json
from pathlib import Path
from typing import Any

from checkpoints import checkpoint

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def clip_tokenizer(t: Any) -> Any:
    """CLIP's tokenizer for single letters, of Transformers `t`."""
    words = [*LETTERS, *(letter + "</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    return t.CLIPTokenizer(vocab={word: number for number, word in enumerate(words)}, merges=[])


@checkpoint("clipseg")
def clipseg(folder: Path) -> Path:
    from layersr.backends.torching import without_broken_torchvision

    without_broken_torchvision()
    import torch
    import transformers as t

    torch.manual_seed(0)
    tokenizer = clip_tokenizer(t)
    last = len(tokenizer) - 1
    ends = {"bos_token_id": last - 1, "eos_token_id": last, "pad_token_id": last}
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2}
    config = t.CLIPSegConfig(
        text_config={
            **sizes,
            **ends,
            "vocab_size": len(tokenizer),
            "max_position_embeddings": 16,
            "projection_dim": 16,
        },
        vision_config={**sizes, "image_size": 32, "patch_size": 8, "projection_dim": 16},
        projection_dim=16,
        extract_layers=[0, 1, 2],
        reduce_dim=16,
        decoder_num_attention_heads=2,
        decoder_intermediate_size=32,
    )
    t.CLIPSegForImageSegmentation(config).save_pretrained(folder)
    images = {
        "image_processor_type": "ViTImageProcessor",
        "size": {"height": 32, "width": 32},
        "image_mean": [0.485, 0.456, 0.406],
        "image_std": [0.229, 0.224, 0.225],
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(images))
    tokenizer.save_pretrained(folder)
    return folder
