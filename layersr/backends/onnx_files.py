"""Any super-resolution network as an ONNX file: `--upscale path/to/model.onnx`, with nothing else to install.

Expected is what exporters of such networks write: one input, colours in 0..1 as (1, 3, height, width) of any size,
float32 or float16, and one output, larger by a whole factor, which a trial run tells. Licences are the files' own.
"""

from pathlib import Path
from typing import Any

import numpy as np

from layersr.arrays import RGB, Scaled
from layersr.backends import backend
from layersr.backends.networks import session
from layersr.errors import WeightsError
from layersr.tiling import out_of_memory

TRIAL = 64
"""Pixels: about the side of the picture that a network is tried with."""

STEPS = (1, 2, 4, 8, 16, 32, 64)
"""What a network may want sizes to be multiples of."""

KINDS = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


class OnnxUpscaler:
    """A network in an ONNX file.

    Args:
        path: of the file, which is named in errors.
        device: where it runs; see `networks.PROVIDERS`.

    Raises:
        WeightsError: it is damaged, or no network that enlarges colours.
    """

    def __init__(self, path: Path, device: str) -> None:
        try:
            self._session = session(path, device)
        except WeightsError as error:
            raise WeightsError(f"{path} cannot be loaded as an ONNX network ({error.__cause__}).") from error
        given = self._session.get_inputs()
        shape = given[0].shape if given else []
        if (
            len(given) != 1
            or given[0].type not in KINDS
            or len(shape) != 4
            or shape[1] not in (3, None, *_names(shape))
        ):
            raise WeightsError(f"{path} is no network for colours: its input should be float (1, 3, height, width).")
        if any(isinstance(n, int) for n in shape[2:]):
            size = " x ".join(map(str, shape[:1:-1]))
            raise WeightsError(f"{path} takes pictures of {size} only: export it with a free height and width.")
        self._name, self._dtype = given[0].name, KINDS[given[0].type]
        self._step, scale = self._tried(path)
        self.scales = (scale,)

    def __call__(self, image: RGB, scale: int) -> Scaled:
        """See `roles.Upscaler`."""
        height, width = image.shape[:2]
        more = [(0, -n % self._step) for n in (height, width)]
        planes = np.pad(image, (*more, (0, 0)), mode="symmetric").transpose(2, 0, 1)
        large = self._run(planes)[:, : height * scale, : width * scale].transpose(1, 2, 0)
        return np.clip(large, 0, 1, out=np.empty(large.shape, np.float32))

    def _run(self, planes: np.ndarray) -> np.ndarray:
        return self._session.run(None, {self._name: np.ascontiguousarray(planes, self._dtype)[None]})[0][0]

    def _tried(self, path: Path) -> tuple[int, int]:
        """What sizes must be multiples of, and how many times as large the result is."""
        said: Any = "no size"
        for step in STEPS:
            height, width = (n + -n % step for n in (TRIAL + step, TRIAL + 3 * step))
            try:
                made = self._run(np.full((3, height, width), 0.5, np.float32)).shape
            except Exception as error:  # onnxruntime has a class of its own for every kind of failure
                if out_of_memory(error):
                    raise
                said = error
                continue
            if len(made) == 3 and made[0] == 3 and made[1] > height:
                scale = made[1] // height
                if made[1:] == (scale * height, scale * width):
                    return step, scale
            said = f"{width} x {height} became {made}"
        raise WeightsError(f"{path} is no network that enlarges colours by a whole factor ({said}).")


def _names(shape: list[Any]) -> list[str]:
    """The names of free sizes."""
    return [n for n in shape if isinstance(n, str)]


@backend(
    "upscale",
    "onnx",
    summary="any super-resolution network as an ONNX file, --upscale PATH.onnx; needs nothing else",
    source="https://onnx.ai",
    licence="the file's own",
    suffixes=(".onnx",),
)
def load_onnx(device: str, path: Path) -> OnnxUpscaler:
    """From an ONNX file.

    Raises:
        WeightsError: see `OnnxUpscaler`.
    """
    return OnnxUpscaler(path, device)
