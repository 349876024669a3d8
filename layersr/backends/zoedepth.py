"""ZoeDepth: how far things are in metres, in rooms and streets as cameras see them.

S. F. Bhat, R. Birkl, D. Wofk, P. Wonka and M. Müller, *ZoeDepth: Zero-shot Transfer by Combining Relative and Metric
Depth*, arXiv:2302.12288; weights Intel/zoedepth-nyu-kitti (MIT, 1.4 GB), loaded by Transformers. It is better on
photographs than on drawings. The picture is mirrored beyond its edges, where the model errs, and cut again.
"""

from pathlib import Path

from layersr.backends import backend, distances
from layersr.backends.distances import RelativeDepth
from layersr.backends.views import settings, view
from layersr.weights import hub

SOURCE = "Bhat et al., ZoeDepth, arXiv:2302.12288"

WEIGHTS = hub(
    "zoedepth",
    "Intel/zoedepth-nyu-kitti",
    {"config.json": 0, "model.safetensors": 1_380_000_000, "preprocessor_config.json": 0},
    licence="MIT",
    source=SOURCE,
    revision="f364d4c7936e91f465abba182208dd68142bf0ca",
    sha256={"model.safetensors": "c5494fa0938f18d71e215e245472470c3aefebd7b434abd89750e5ae4008e2dc"},
)

ROOM = 3.0
"""By how many roots of half a side the picture is mirrored beyond its edges."""

STEP, LONGEST = 32, 4
"""Sizes are multiples of the first; the longer side has at most so many times the pixels of the shorter one."""

UNUSED = "neck.fusion_stage.layers.0.residual_layer1."
"""As in `midas`: the first stage adds nothing to what comes from below."""


@backend(
    "depth",
    "zoedepth",
    summary="distances in metres, of photographs of rooms and streets",
    source=SOURCE,
    licence="MIT",
    extra="transformers",
    weights=(WEIGHTS,),
)
def load_zoedepth(device: str, folder: Path) -> RelativeDepth:
    """From a folder as `save_pretrained` writes it.

    Raises:
        WeightsError: the folder holds something else.
    """
    told = settings(folder)
    size = told.get("size") or {}
    shortest = int(min(size.get("height", 384), size.get("width", 512)))
    seen = view(told, exact=None, shortest=shortest, longest=LONGEST * shortest, divisor=STEP)
    # Not in half precision: its last step takes logarithms of factorials.
    return distances.load(
        "ZoeDepthForDepthEstimation", folder, device, seen, half=False, metres=True, room=ROOM, unused=UNUSED
    )
