"""Lanczos upscaling: no network, no invention; the fallback, and the yardstick for the networks."""

import numpy as np

from layersr.arrays import RGB, Scaled
from layersr.backends import backend


class Lanczos:
    """Windowed-sinc resampling with a = 4 (OpenCV's INTER_LANCZOS4), any whole factor."""

    scales = (2, 3, 4, 8)

    def __call__(self, image: RGB, scale: int) -> Scaled:
        """See `roles.Upscaler`."""
        import cv2

        height, width = image.shape[:2]
        if scale == 1:
            return image.copy()
        large = cv2.resize(image, (width * scale, height * scale), interpolation=cv2.INTER_LANCZOS4)
        return np.clip(large, 0, 1)  # the kernel's negative lobes overshoot at edges


@backend(
    "upscale", "classic", summary="Lanczos resampling; sharp, invents nothing, needs nothing", source="C. Duchon, 1979"
)
def load_lanczos(device: str) -> Lanczos:
    """Loads nothing; every device is the CPU."""
    return Lanczos()
