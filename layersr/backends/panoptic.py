"""Things with names, by networks that give every pixel of a picture to one thing or to what is around them.

- Mask2Former (B. Cheng et al., *Masked-attention Mask Transformer for Universal Image Segmentation*, CVPR 2022; MIT),
  weights facebook/mask2former-swin-base-coco-panoptic.
- OneFormer (J. Jain et al., *One Transformer to Rule Universal Image Segmentation*, CVPR 2023; MIT), weights
  shi-labs/oneformer_coco_swin_large: better, and twice as large.
- EoMT (T. Kerssies et al., *Your ViT is Secretly an Image Segmentation Model*, CVPR 2025; MIT), weights
  tue-mps/coco_panoptic_eomt_large_640: as good and several times as fast.

All three know the 80 things of COCO (people, animals, vehicles, furniture, food), name what they find, and were taught
with photographs. Stuff (sky, walls, grass) takes part in dividing the picture, but is no element.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from layersr.arrays import RGB
from layersr.backends import backend
from layersr.backends.meant import meant
from layersr.backends.pretrained import pretrained, tokenizer
from layersr.backends.topmost import TopmostDetector
from layersr.backends.torching import TorchModel
from layersr.backends.views import Seen, View, settings, view
from layersr.roles import Detection, Detector, Prompt
from layersr.weights import hub

SURE = 0.3
"""A query believed less names nothing, and takes no pixel from others."""

WHOLE = 0.8
"""Share of its own pixels that others must leave a thing, as the papers have it: else it is a second word for them."""

SHARP, ROOM = 30.0, 5.0
"""How fast a thing ends where another begins to be surer, and the logits at most on either side.

Both are mostly very sure, and the difference is small; and a contour lies halfway only between logits of one size.
"""

SMALL = 8
"""Pictures with a shorter side than this show nothing."""

COCO, COCO_THINGS = 133, 80
"""COCO's panoptic classes, and how many of them, the first ones, are things."""

STUFF = (
    "background beach building ceiling dirt earth fence field floor forest grass gravel ground hill house lake land "
    "mountain parking path pavement platform playingfield rail railroad river road rock runway sand sea sidewalk sky "
    "skyscraper snow swamp terrain track tree tunnel vegetation void wall water waterfall"
)
"""What surroundings are called, in ADE20K, Cityscapes and Mapillary too: the first word of a class."""

TASK, WORDS = "the task is panoptic", 77
"""What OneFormer must be told, and in how many tokens."""


class PanopticDetector:
    """See the module's text.

    Args:
        name: how it is chosen.
        ask: the network: what it sees to logits of classes (queries, classes + 1), the last of them nothing at all,
            and of masks (queries, h, w).
        view: how it sees.
        things: what each class is called that is a thing.
        otherwise: is asked for what is pointed at and is none of the things.
    """

    def __init__(
        self,
        name: str,
        ask: Callable[[Seen], tuple[np.ndarray, np.ndarray]],
        view: View,
        things: Mapping[int, str],
        otherwise: Detector,
    ) -> None:
        self._name, self._ask, self._view, self._names, self._otherwise = name, ask, view, things, otherwise

    def __call__(self, image: RGB, prompt: Prompt | None = None) -> Sequence[Detection]:
        """See `roles.Detector`; understands points, boxes and masks."""
        if prompt is not None:
            return meant(self._name, image, prompt, self._things, self._otherwise)
        return self._things(image)

    def _things(self, image: RGB) -> Sequence[Detection]:
        if min(image.shape[:2]) < SMALL:
            return []
        seen = self._view(image)
        found = []
        for kind, logits, score in divided(*self._ask(seen), seen):
            if kind in self._names and (mask := seen.mask(logits)).max() > 0.5:
                found.append(Detection(mask, score, self._names[kind]))
        return sorted(found, key=lambda thing: -thing.score)


def divided(classes: np.ndarray, masks: np.ndarray, seen: Seen) -> list[tuple[int, np.ndarray, float]]:
    """Every pixel for one query, as Mask2Former's panoptic inference does it: the one surest of both class and pixel.

    Args:
        classes: logits (queries, classes + 1); the last class is nothing at all.
        masks: logits (queries, h, w).
        seen: the view that the masks are of.

    Returns:
        Class, logits of the mask and score of each segment. The logits are 0 where another begins to be surer.
    """
    classes, masks = np.asarray(classes, np.float32), np.asarray(masks, np.float32)
    likely = np.exp(classes - classes.max(axis=1, keepdims=True))
    likely /= likely.sum(axis=1, keepdims=True)
    kind, belief = likely.argmax(axis=1), likely.max(axis=1)
    kept = np.flatnonzero((kind < classes.shape[1] - 1) & (belief > SURE))
    if not kept.size:
        return []
    kind, belief, masks = kind[kept], belief[kept], masks[kept]
    weight = np.log(belief)[:, None, None] - np.logaddexp(0, -masks)  # of belief times probability
    first = weight.argmax(axis=0)
    best = weight.max(axis=0)
    others = np.where(np.arange(len(kept))[:, None, None] == first, -np.inf, weight).max(axis=0)
    found = []
    for query in range(len(kept)):
        own = seen.inside(masks[query] > 0)
        left = own & seen.inside(first == query)
        if left.sum() <= WHOLE * own.sum():
            continue
        rival = np.where(first == query, others, best)
        logits = np.clip(np.minimum(masks[query], SHARP * (weight[query] - rival)), -ROOM, ROOM)
        inside = seen.inside(masks[query])[left]
        found.append((int(kind[query]), logits, float(belief[query] * (1 / (1 + np.exp(-inside))).mean())))
    return found


def things(names: Mapping[int, str], folder: Path | None = None) -> dict[int, str]:
    """What each class is called that is a thing.

    The checkpoint's own word counts (`thing_ids`, or a `*_panoptic.json` beside it); else COCO's order; else the names.

    Args:
        names: of all classes.
        folder: of the checkpoint.
    """
    told = _told(folder) if folder is not None else None
    if told is None and len(names) == COCO:
        told = set(range(COCO_THINGS))
    if told is None:
        stuff = STUFF.split()
        told = {number for number, name in names.items() if re.split(r"[-,; ]", name.lower())[0] not in stuff}
    return {number: _called(name) for number, name in names.items() if number in told}


def _told(folder: Path) -> set[int] | None:
    """The classes that a checkpoint says are things; None if it does not say."""
    for place in sorted(folder.glob("*_panoptic.json")):
        classes = json.loads(place.read_text(encoding="utf-8"))
        return {int(number) for number, about in classes.items() if about["isthing"]}
    ids = settings(folder).get("metadata", {}).get("thing_ids")
    return {int(number) for number in ids} if ids else None


def _called(name: str) -> str:
    """A class's first name, if it has one."""
    return "" if name.startswith("LABEL_") else name.split(",")[0].strip()


def _loaded(name: str, kind: str, folder: Path, device: str, told: dict[str, Any], **known: Any) -> PanopticDetector:
    """A detector from a folder as `save_pretrained` writes it.

    Args:
        name: how it is chosen.
        kind: of model, in Transformers.
        folder: the checkpoint.
        device: where it runs.
        told: what the network is told besides the picture.
        known: attributes of `View` that the family decides.
    """
    model = pretrained(kind, folder)
    names, run = things(model.config.id2label, folder), TorchModel(model, device)

    def ask(seen: Seen) -> tuple[np.ndarray, np.ndarray]:
        import torch

        said = run(pixel_values=torch.from_numpy(seen.planes[None]), **told)
        return said.class_queries_logits[0].float().cpu().numpy(), said.masks_queries_logits[0].float().cpu().numpy()

    return PanopticDetector(name, ask, view(settings(folder), **known), names, TopmostDetector(device))


FILES = {"config.json": 0, "model.safetensors": 0, "preprocessor_config.json": 0}


@backend(
    "detect",
    "mask2former",
    summary="the 80 things of COCO, with names",
    source="B. Cheng et al., CVPR 2022",
    licence="MIT",
    extra="transformers",
    weights=(
        hub(
            "mask2former",
            "facebook/mask2former-swin-base-coco-panoptic",
            FILES,
            licence="MIT",
            source="B. Cheng et al., CVPR 2022",
        ),
    ),
)
def load_mask2former(device: str, folder: Path) -> PanopticDetector:
    """From a folder as `save_pretrained` writes it."""
    return _loaded("mask2former", "Mask2FormerForUniversalSegmentation", folder, device, {}, divisor=32)


@backend(
    "detect",
    "oneformer",
    summary="the 80 things of COCO, with names; large",
    source="J. Jain et al., CVPR 2023",
    licence="MIT",
    extra="transformers",
    weights=(
        hub(
            "oneformer",
            "shi-labs/oneformer_coco_swin_large",
            {
                **FILES,
                "tokenizer_config.json": 0,
                "special_tokens_map.json": 0,
                "vocab.json": 0,
                "merges.txt": 0,
            },
            licence="MIT",
            source="J. Jain et al., CVPR 2023",
        ),
    ),
)
def load_oneformer(device: str, folder: Path) -> PanopticDetector:
    """From a folder as `save_pretrained` writes it, with CLIP's words."""
    words = tokenizer("CLIPTokenizer", folder)
    told = words([TASK], padding="max_length", max_length=WORDS, truncation=True, return_tensors="pt")
    task = {"task_inputs": told["input_ids"] * told["attention_mask"]}
    return _loaded("oneformer", "OneFormerForUniversalSegmentation", folder, device, task)


@backend(
    "detect",
    "eomt",
    summary="the 80 things of COCO, with names; fast",
    source="T. Kerssies et al., CVPR 2025",
    licence="MIT",
    extra="transformers",
    weights=(
        hub(
            "eomt",
            "tue-mps/coco_panoptic_eomt_large_640",
            FILES,
            licence="MIT",
            source="T. Kerssies et al., CVPR 2025",
        ),
    ),
)
def load_eomt(device: str, folder: Path) -> PanopticDetector:
    """From a folder as `save_pretrained` writes it."""
    size = settings(folder).get("size") or {}
    side = size.get("longest_edge") or size.get("shortest_edge") or 640
    known = {"shortest": side, "longest": side, "padded": (side, side), "padding": 0.0}
    return _loaded("eomt", "EomtForUniversalSegmentation", folder, device, {}, **known)
