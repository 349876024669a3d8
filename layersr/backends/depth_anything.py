"""Depth Anything V2: how near things are, sharp at their edges, in drawings and paintings too.

L. Yang et al., *Depth Anything V2*, NeurIPS 2024; DINOv2 with a DPT head, loaded by Transformers. Small is Apache-2.0
and 99 MB; Base (390 MB) and Large (1.3 GB) may not be used commercially (CC-BY-NC-4.0). It says relative nearness.
"""

from pathlib import Path

from layersr.backends import backend, distances
from layersr.backends.distances import RelativeDepth
from layersr.backends.views import settings, view
from layersr.weights import Weights, hub

SOURCE = "L. Yang et al., Depth Anything V2, NeurIPS 2024"

STEP = 14
"""Pixels of a patch; sizes are multiples of it."""

LONGEST = 4
"""A picture's longer side is shown with at most so many times the pixels of the shorter one."""


def _weights(
    name: str, kind: str, size: int, licence: str, revision: str = "main", sha256: dict[str, str] | None = None
) -> Weights:
    return hub(
        name,
        f"depth-anything/Depth-Anything-V2-{kind}-hf",
        {"config.json": 0, "model.safetensors": size, "preprocessor_config.json": 0},
        licence=licence,
        source=SOURCE,
        revision=revision,
        commercial="NC" not in licence,
        sha256=sha256,
    )


SMALL = _weights(
    "depth-anything",
    "Small",
    99_173_660,
    "Apache-2.0",
    "5426e4f0f36572d16453bbda7a8389317b1bef99",
    {
        "config.json": "c56698d3643dde1f83ea2212759e6b31a22b8f827246a36dd007ee8a22b3ff75",
        "model.safetensors": "3152477ce0d8d6978d76b995120de97cb5b928701fd0f817769f59e249a16b70",
        "preprocessor_config.json": "d41175c0d889477ca8fc67191e540faef14baf6275157b3fdecf78469e6bbf84",
    },
)
BASE = _weights("depth-anything-base", "Base", 390_000_000, "CC-BY-NC-4.0")
LARGE = _weights("depth-anything-large", "Large", 1_340_000_000, "CC-BY-NC-4.0")


def _loaded(device: str, folder: Path) -> RelativeDepth:
    told = settings(folder)
    size = told.get("size") or {}
    shortest = int(size.get("height", 37 * STEP))
    seen = view(told, exact=None, shortest=shortest, longest=LONGEST * shortest, divisor=STEP)
    return distances.load("DepthAnythingForDepthEstimation", folder, device, seen)


@backend(
    "depth",
    "depth-anything",
    summary="relative depth of photographs and drawings; small and fast",
    source=SOURCE,
    extra="transformers",
    weights=(SMALL,),
)
def load_small(device: str, folder: Path) -> RelativeDepth:
    """From a folder as `save_pretrained` writes it.

    Raises:
        WeightsError: the folder holds something else.
    """
    return _loaded(device, folder)


@backend(
    "depth",
    "depth-anything-base",
    summary="depth-anything, four times as large; not for commercial use",
    source=SOURCE,
    licence="CC-BY-NC-4.0",
    extra="transformers",
    weights=(BASE,),
)
def load_base(device: str, folder: Path) -> RelativeDepth:
    """Likewise."""
    return _loaded(device, folder)


@backend(
    "depth",
    "depth-anything-large",
    summary="depth-anything, 13 times as large: thin things; not for commercial use",
    source=SOURCE,
    licence="CC-BY-NC-4.0",
    extra="transformers",
    weights=(LARGE,),
)
def load_large(device: str, folder: Path) -> RelativeDepth:
    """Likewise."""
    return _loaded(device, folder)
