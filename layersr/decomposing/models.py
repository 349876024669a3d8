"""The models that decomposing needs."""

from dataclasses import dataclass

from layersr.roles import Detector, Infiller, Matter, Understander, Upscaler


@dataclass(frozen=True, eq=False)
class Models:
    """What decomposing needs, already loaded."""

    detect: Detector
    matte: Matter
    infill: Infiller
    enlarge: Upscaler | None = None  # for small pictures, which are taken apart as they are without it
    understand: Understander | None = None  # for what is asked for in words
