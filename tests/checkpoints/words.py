"""Grounding DINO and OWLv2, 700 and 100 kB."""

import json
import string
from pathlib import Path

from checkpoints import checkpoint
from checkpoints.clipseg import LETTERS
from checkpoints.panoptic import seeded


@checkpoint("grounding-dino")
def grounding_dino(folder: Path) -> Path:
    _, t = seeded()
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *("##" + letter for letter in LETTERS)]
    words += list(string.punctuation)
    (folder / "vocab.txt").write_text("\n".join(words))
    t.BertTokenizer(vocab={word: number for number, word in enumerate(words)}).save_pretrained(folder)
    swin = {"embed_dim": 8, "depths": [1, 1, 1], "num_heads": [1, 1, 1], "window_size": 4}
    config = t.GroundingDinoConfig(
        backbone_config=t.SwinConfig(**swin, out_features=["stage2", "stage3"]),
        text_config={
            "model_type": "bert",
            "vocab_size": len(words),
            "hidden_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 16,
        },
        d_model=32,
        num_queries=8,
        encoder_layers=1,
        decoder_layers=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        num_feature_levels=3,
    )
    t.GroundingDinoForObjectDetection(config).save_pretrained(folder)
    size = {"size": {"shortest_edge": 64, "longest_edge": 128}}
    colours = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
    (folder / "preprocessor_config.json").write_text(json.dumps({**size, **colours}))
    return folder


@checkpoint("owlv2")
def owlv2(folder: Path) -> Path:
    torch, t = seeded()
    words = [*LETTERS, *(letter + "</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    tokenizer = t.CLIPTokenizer(vocab={word: number for number, word in enumerate(words)}, merges=[])
    ends = {"bos_token_id": len(words) - 2, "eos_token_id": len(words) - 1, "pad_token_id": 0}
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = t.Owlv2Config(
        text_config={**sizes, **ends, "vocab_size": len(words), "max_position_embeddings": 16},
        vision_config={**sizes, "image_size": 64, "patch_size": 8},
        projection_dim=16,
    )
    model = t.Owlv2ForObjectDetection(config)
    with torch.no_grad():
        model.class_head.logit_shift.bias.add_(2)
        model.box_head.dense2.weight.mul_(0.01)
        model.box_head.dense2.bias[2:] += 2
    model.save_pretrained(folder)
    colours = {"image_mean": [0.481, 0.458, 0.408], "image_std": [0.269, 0.261, 0.276]}
    (folder / "preprocessor_config.json").write_text(json.dumps({"size": {"height": 64, "width": 64}, **colours}))
    tokenizer.save_pretrained(folder)
    return folder
