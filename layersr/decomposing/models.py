"""The models that decomposing needs."""

from dataclasses import dataclass

from layersr.progress import Report
from layersr.roles import Detector, Infiller, Matter, SlowInfiller, Understander, Upscaler


@dataclass(frozen=True, eq=False)
class Models:
    """What decomposing needs, already loaded."""

    detect: Detector
    matte: Matter
    infill: Infiller
    enlarge: Upscaler | None = None  # for small pictures, which are taken apart as they are without it
    understand: Understander | None = None  # for what is asked for in words


def telling(infill: Infiller, report: Report) -> Infiller:
    """The infiller, which tells the report how far it is if it is one that takes long."""
    return infill.telling(report) if isinstance(infill, SlowInfiller) else infill
