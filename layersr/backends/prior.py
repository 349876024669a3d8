"""Deep image prior paints holes with no weights at all: a network learns the one picture, and goes on in its hole.

D. Ulyanov, A. Vedaldi and V. Lempitsky, *Deep Image Prior*, CVPR 2018 (see `infill/prior.py`); a method, so free of
weights' licences, and of whatever other pictures would have taught. Good at what repeats and at soft forms; it knows
nothing, so it cannot complete a thing. Every picture is learned anew, which takes minutes on a CPU.
"""

from layersr.arrays import RGB, Mask
from layersr.backends import backend
from layersr.backends.painting import SlowInfill, seamless
from layersr.backends.torching import torch_device
from layersr.infill.prior import STEPS, prior
from layersr.progress import Report

MOST = 256 * 256
"""Pixels of the largest picture that is learned as it is."""


class PriorInfill(SlowInfill):
    """See the module's text.

    Args:
        device: where it learns.
        steps: at most so many.
        most: see `SlowInfill`.
        seed: where chance begins.
    """

    def __init__(self, device: str, steps: int = STEPS, most: int = MOST, seed: int = 0) -> None:
        super().__init__(device, most)
        self._device, self._steps, self._seed = str(torch_device(device)), steps, seed

    def paint(self, image: RGB, hole: Mask, report: Report) -> RGB:
        """See `painting.Paint`."""
        return seamless(prior(image, hole, self._steps, self._device, report, self._seed), image, hole)


@backend(
    "infill",
    "deep-image-prior",
    summary="learns the picture itself; no weights, minutes of work",
    source="D. Ulyanov, A. Vedaldi and V. Lempitsky, CVPR 2018",
    licence="Apache-2.0",
    extra="torch",
    seeded=True,
)
def load_prior(device: str, seed: int = 0) -> PriorInfill:
    """Loads nothing: what it knows it learns from each picture."""
    return PriorInfill(device, STEPS, seed=seed)
