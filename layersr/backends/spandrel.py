"""Any super-resolution network of the community, by its file: `--upscale path/to/model.pth`.

spandrel (chaiNNer project, MIT) recognises some forty architectures by what their files hold: ESRGAN, Real-ESRGAN,
SwinIR, Swin2SR, HAT, DAT, SPAN, OmniSR, PLKSR, RealCUGAN ...; RFDN is ours (`architectures/rfdn.py`). Pickles are
loaded by its restricted unpickler, which runs no code. Good at whatever the network was trained for; licences are the
files' own.
"""

from pathlib import Path
from typing import Any

import numpy as np

from layersr.arrays import RGB, Scaled
from layersr.backends import backend
from layersr.backends.standing_in import torchvision_stand_in
from layersr.backends.torching import TorchModel
from layersr.errors import WeightsError, first_line

SMALLEST = 128
"""Pixels: a tile with a larger side is halved where memory does not suffice, a smaller one goes to the CPU."""


class FileUpscaler:
    """A network that spandrel describes.

    Args:
        described: its `ImageModelDescriptor`.
        device: where it runs.
    """

    def __init__(self, described: Any, device: str) -> None:
        self.scales = (described.scale,)
        self._described = described
        self._model = TorchModel(described.model, device, half=described.supports_half, smallest=SMALLEST)

    def __call__(self, image: RGB, scale: int) -> Scaled:
        """See `roles.Upscaler`."""
        import torch

        planes = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
        grey = self._described.input_channels == 1
        # A network for greys sees each channel by itself. The descriptor pads and crops where a network wants sizes.
        said = [self._asked(part[None]) for part in (planes[:, None] if grey else [planes])]
        large = torch.cat(said, dim=1)[0].float().cpu().numpy().transpose(1, 2, 0)
        return np.clip(large, 0, 1, out=np.empty(large.shape, np.float32))

    def _asked(self, planes: Any) -> Any:
        return self._model.ask(lambda _, x: self._described(x), planes)


@backend(
    "upscale",
    "spandrel",
    summary="any network of the community by its file, --upscale PATH.pth (.safetensors, .ckpt, .pt)",
    source="https://github.com/chaiNNer-org/spandrel",
    licence="MIT; the file's own",
    extra="spandrel",
    suffixes=(".pth", ".safetensors", ".ckpt", ".pt"),
)
def load_spandrel(device: str, path: Path) -> FileUpscaler:
    """From a file of one of `suffixes`.

    Raises:
        WeightsError: it is damaged, or no network that enlarges colours.
    """
    import torch  # missing, it is named before spandrel

    with torchvision_stand_in():
        import spandrel

        from layersr.backends.architectures.known import known

    try:
        loader = spandrel.ModelLoader("cpu", known())
        if path.suffix.lower() == ".pt":  # mostly a pickle of tensors; spandrel would run it if it were a program
            state = torch.load(path, map_location="cpu", weights_only=True)
            described = loader.load_from_state_dict(spandrel.canonicalize_state_dict(state))
        else:
            described = loader.load_from_file(path)
    except spandrel.UnsupportedModelError as error:
        raise WeightsError(f"{path} holds no network that is known (some forty architectures are).") from error
    except Exception as error:  # unpicklers, zip files and safetensors have an error for every kind of damage
        raise WeightsError(f"{path} is damaged or no file of weights ({first_line(error)}).") from error
    kind = described.architecture.name
    channels = described.input_channels, described.output_channels
    if described.scale < 2 or described.purpose != "SR":
        raise WeightsError(f"{path} holds a {kind} network, which does not enlarge pictures. Choose another file.")
    if channels not in ((3, 3), (1, 1)):
        raise WeightsError(f"{path} holds a {kind} network for {channels[0]} channels; pictures have 3.")
    return FileUpscaler(described, device)
