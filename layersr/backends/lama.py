"""LaMa paints large holes: what repeats goes on, walls and railings included; without and with feature refinement.

R. Suvorov et al., *Resolution-robust Large Mask Inpainting with Fourier Convolutions*, WACV 2022, network big-lama (51
million parameters, 206 MB, Apache-2.0), published as TorchScript, of which the weights alone are read; checkpoints of
the authors' code and safetensors work as well. `lama` gives what simple-lama-inpainting gives, some 6 s on one core for
512 x 512 pixels. `lama-refined` (`infill/refinement.py`) keeps structures together in large holes of pictures whose
shorter side is more than some 720 pixels, at fifteen looks and 11 KB a pixel for each doubling: it is meant for GPUs.
"""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from layersr.arrays import RGB, Mask
from layersr.backends import backend
from layersr.backends.painting import SlowInfill, around
from layersr.backends.states import state
from layersr.backends.torching import TorchModel, free_memory
from layersr.errors import Notice, WeightsError
from layersr.infill import ffc, refinement
from layersr.progress import Progress, Report
from layersr.weights import File, Weights

WEIGHTS = Weights(
    "big-lama",
    (
        File(
            "big-lama.pt",
            "https://github.com/enesmsahin/simple-lama-inpainting/releases/download/v0.1.0/big-lama.pt",
            205_669_692,
            "344c77bbcb158f17dd143070d1e789f38a66c04202311ae3a258ef66667a9ea9",
        ),
    ),
    licence="Apache-2.0",
    source="R. Suvorov et al., WACV 2022",
    also=("torch:big-lama.pt",),
)

MOST = 1024 * 1024
"""Pixels of the largest picture that is painted as it is; larger ones are shown hole by hole."""

MOST_REFINED = 1_800_000
"""The same for the refined: the authors' own limit."""

BYTES = 11_600
"""Memory that refining takes for every pixel, with the published network of 64 features: measured at 1024 x 1024."""


class LamaInfill(SlowInfill):
    """LaMa, in one look."""

    def __init__(self, device: str, model: TorchModel, most: int = MOST) -> None:
        super().__init__(device, most)
        self._model = model

    def paint(self, image: RGB, hole: Mask, report: Report) -> RGB:
        """See `painting.Paint`."""
        report(Progress("infill", 0.0))
        return self._asked(ffc.inpaint, image, hole)

    def roughly(self, image: RGB, hole: Mask, avoid: Mask | None = None) -> RGB:
        """See `roles.BroadInfiller`: what things hide of each other is painted by LaMa too, in one look."""
        return around(lambda *shown: LamaInfill.paint(self, *shown), image, hole, avoid, MOST)

    def _asked(self, question: Callable[..., Any], image: RGB, hole: Mask, **named: Any) -> RGB:
        import torch

        planes = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None]
        said = self._model.ask(question, planes, torch.from_numpy(hole).float()[None, None], **named)
        return np.ascontiguousarray(said[0].permute(1, 2, 0).cpu().numpy())


class RefinedInfill(LamaInfill):
    """LaMa, refined.

    Args:
        device: see `LamaInfill`.
        model: likewise.
        most: likewise.
        side: see `refinement.SIDE`.
    """

    def __init__(self, device: str, model: TorchModel, most: int = MOST_REFINED, side: int = refinement.SIDE) -> None:
        super().__init__(device, model, most)
        self._side = side

    def __call__(self, image: RGB, hole: Mask, avoid: Mask | None = None) -> RGB:
        """See `roles.Infiller`; a `Notice` says where memory does not suffice for what would be best."""
        features = self._model.module["1/ffc/convl2l/weight"].shape[0]
        room = int(free_memory(self._model.device) / (BYTES * features / 64))
        if room >= min(hole.size, self._most):
            return around(self.paint, image, hole, avoid, self._most, self._report)
        once = room < self._side**2
        how = "LaMa paints in one look" if once else f"it is done at {room / 1e6:.1f} megapixels"
        warnings.warn(f"The memory does not suffice to refine the infill as it should be: {how}.", Notice, stacklevel=2)
        return self.roughly(image, hole, avoid) if once else around(self.paint, image, hole, avoid, room, self._report)

    def paint(self, image: RGB, hole: Mask, report: Report) -> RGB:
        """See `painting.Paint`."""
        return self._asked(_refined, image, hole, side=self._side, report=report)


def _refined(w: Any, image: Any, hole: Any, **named: Any) -> Any:
    import torch

    with torch.inference_mode(False), torch.enable_grad():
        return refinement.refined(w, image.clone(), hole.clone(), **named)


def _model(device: str, path: Path) -> TorchModel:
    try:
        return TorchModel(ffc.weights(state(path)), device)
    except ValueError as error:
        raise WeightsError(f"{path} does not hold LaMa's weights ({error}).") from error


@backend(
    "infill",
    "lama",
    summary="large holes: walls, railings and what else repeats goes on",
    source="R. Suvorov et al., WACV 2022",
    licence="Apache-2.0",
    extra="torch",
    weights=(WEIGHTS,),
)
def load_lama(device: str, path: Path) -> LamaInfill:
    """From big-lama.pt, or a checkpoint of the authors' code.

    Raises:
        WeightsError: the file holds something else, or is damaged.
    """
    return LamaInfill(device, _model(device, path))


@backend(
    "infill",
    "lama-refined",
    summary="LaMa that keeps structures together in large pictures; slow, for GPUs",
    source="P. Kulshreshtha, B. Pugh and S. Jiddi, 2022 (arXiv 2206.13644)",
    licence="Apache-2.0",
    extra="torch",
    weights=(WEIGHTS,),
)
def load_refined(device: str, path: Path) -> RefinedInfill:
    """As `load_lama`.

    Raises:
        WeightsError: likewise.
    """
    return RefinedInfill(device, _model(device, path))
