"""MiDaS 3.0, the Dense Prediction Transformer: how near things are, sturdy on photographs of all kinds.

R. Ranftl, A. Bochkovskiy and V. Koltun, *Vision Transformers for Dense Prediction*, ICCV 2021; R. Ranftl et al.,
*Towards Robust Monocular Depth Estimation*, TPAMI 2022. Weights Intel/dpt-large (Apache-2.0, 1.4 GB; the code is MIT),
loaded by Transformers. It says relative nearness and sees a square of 384 pixels.
"""

from pathlib import Path

from layersr.backends import backend, distances
from layersr.backends.distances import RelativeDepth
from layersr.backends.views import settings, view
from layersr.weights import hub

SOURCE = "Ranftl, Bochkovskiy and Koltun, ICCV 2021"

WEIGHTS = hub(
    "midas",
    "Intel/dpt-large",
    {"config.json": 0, "model.safetensors": 1_370_000_000, "preprocessor_config.json": 0},
    licence="Apache-2.0",
    source=SOURCE,
    revision="bc15f29aa3a80d532f2ed650b5e16ac48d8958f9",
)

UNUSED = "neck.fusion_stage.layers.0.residual_layer1."
"""The first of four stages adds nothing to what comes from below, so the published file has no weights for it."""


@backend(
    "depth",
    "midas",
    summary="relative depth of photographs; sturdy, large",
    source=SOURCE,
    extra="transformers",
    weights=(WEIGHTS,),
)
def load_midas(device: str, folder: Path) -> RelativeDepth:
    """From a folder as `save_pretrained` writes it.

    Raises:
        WeightsError: the folder holds something else.
    """
    told = settings(folder)
    side = told.get("size", 384)
    seen = view(told, exact=(side, side) if isinstance(side, int) else (side["height"], side["width"]), shortest=0)
    return distances.load("DPTForDepthEstimation", folder, device, seen, unused=UNUSED)
