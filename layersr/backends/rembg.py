"""Subjects cut from their background by the models that rembg knows how to ask.

rembg (D. Gatis, MIT) runs each model by onnxruntime, without torch. Only the models named here are asked, from local
files: never rembg's default, whose weights forbid commercial use, nor the services it can send pictures to. The
models:

- U2-Net (Qin et al., Pattern Recognition 2020; Apache-2.0): anything that stands out, seen at 320 pixels; `u2netp` is
  its 4.6 MB version, `silueta` the same network made smaller.
- IS-Net (Qin et al., *Highly Accurate Dichotomous Image Segmentation*, ECCV 2022; Apache-2.0), seen at 1024 pixels;
  `isnet-anime` (SkyTNT, anime-segmentation; Apache-2.0) knows drawn characters.
- BiRefNet (Zheng et al., CAAI AIR 2024; MIT), seen at 1024 pixels: the finest edges, and slow without a GPU; `-lite`
  a quarter of it, `-portrait` for people, `-hrsod` for large pictures.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from layersr.arrays import RGB, Alpha
from layersr.backends import backend
from layersr.backends.networks import options, providers
from layersr.backends.subjects import SubjectDetector
from layersr.backends.topmost import TopmostDetector
from layersr.errors import BackendError, WeightsError, first_line
from layersr.weights import File, Weights

RELEASE = "https://github.com/danielgatis/rembg/releases/download/v0.0.0"

ROOM = 30.0
"""Logits beyond which a probability is 0 or 1."""


class _Listener:
    """A session's network that remembers what it said: rembg stretches every mask to full contrast, even of nothing."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self.said: np.ndarray | None = None

    def get_inputs(self) -> Any:
        return self._network.get_inputs()

    def run(self, names: Any, inputs: Any) -> Any:
        out = self._network.run(names, inputs)
        self.said = out[0]
        return out


class Matte:
    """How likely each pixel is of a subject.

    Args:
        session: rembg's, of one model.
        logits: its network says logits, not probabilities.
    """

    def __init__(self, session: Any, logits: bool) -> None:
        self._session, self._logits = session, logits
        session.inner_session = self._listener = _Listener(session.inner_session)

    def __call__(self, image: RGB) -> Alpha:
        """Float32 in [0, 1], of the picture's size."""
        with np.errstate(all="ignore"):  # of the mask that rembg makes of a constant, which nobody sees
            self._session.predict(Image.fromarray(np.rint(image * 255).astype(np.uint8)))
        said = np.asarray(self._listener.said, np.float32)
        large = cv2.resize(said.reshape(said.shape[-2:]), image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        return 1 / (1 + np.exp(-np.clip(large, -ROOM, ROOM))) if self._logits else np.clip(large, 0, 1)


def session(kind: str, device: str, file: Path) -> Any:
    """Rembg's session of a model it calls `kind`, from a local file.

    Raises:
        BackendError: rembg does not know it, or cannot run.
        WeightsError: the file is damaged.
    """
    try:
        from rembg.sessions import sessions
    except SystemExit as error:  # what rembg makes of a missing onnxruntime
        raise BackendError("rembg needs onnxruntime. Run: pip install 'layersr[rembg]'") from error
    if kind not in sessions:
        raise BackendError(f"This rembg does not know {kind}. Run: pip install --upgrade 'layersr[rembg]'")

    class Local(sessions[kind]):
        @classmethod
        def download_models(cls, *args: Any, **named: Any) -> str:
            return str(file)

    try:
        return Local(kind, options(), providers=providers(device))
    except Exception as error:  # onnxruntime has a class of its own for every kind of damage
        raise WeightsError(f"{file} does not hold the network {kind} ({first_line(error)}).") from error


def _model(
    name: str, kind: str, file: str, size: int, sha256: str, summary: str, source: str, licence: str = "Apache-2.0"
) -> Callable[..., SubjectDetector]:
    """The loader of one of rembg's models.

    Args:
        name: how it is chosen.
        kind: rembg's word for it.
        file: in rembg's release.
        size: of the file, in bytes; 0 where nobody told.
        sha256: of the file, likewise "".
        summary: see `Backend`.
        source: likewise.
        licence: likewise.
    """
    weights = Weights(
        name, (File(f"{kind}.onnx", f"{RELEASE}/{file}", size, sha256),), licence, source, also=(f"rembg:{kind}.onnx",)
    )

    @backend("detect", name, summary=summary, source=source, licence=licence, extra="rembg", weights=(weights,))
    def load(device: str, file: Path) -> SubjectDetector:
        matte = Matte(session(kind, device, file), kind.startswith("birefnet"))
        return SubjectDetector(name, matte, TopmostDetector(device))

    return load


U2NET = "Qin et al., Pattern Recognition 2020"
ISNET = "Qin et al., ECCV 2022"
BIREFNET = "Zheng et al., CAAI AIR 2024"

load_u2net = _model(
    "u2net",
    "u2net",
    "u2net.onnx",
    175_997_641,
    "8d10d2f3bb75ae3b6d527c77944fc5e7dcd94b29809d47a739a7a728a912b491",
    "what stands out in a picture; coarse and sturdy",
    U2NET,
)
load_u2netp = _model(
    "u2netp",
    "u2netp",
    "u2netp.onnx",
    4_574_861,
    "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8",
    "what stands out in a picture; 5 MB",
    U2NET,
)
load_silueta = _model(
    "silueta",
    "silueta",
    "silueta.onnx",
    0,
    "75da6c8d2f8096ec743d071951be73b4a8bc7b3e51d9a6625d63644f90ffeedb",
    "u2net made smaller",
    U2NET,
)
load_isnet = _model(
    "isnet",
    "isnet-general-use",
    "isnet-general-use.onnx",
    178_648_008,
    "60920e99c45464f2ba57bee2ad08c919a52bbf852739e96947fbb4358c0d964a",
    "subjects with fine parts: spokes, twigs",
    ISNET,
)
load_isnet_anime = _model(
    "isnet-anime",
    "isnet-anime",
    "isnet-anime.onnx",
    176_069_933,
    "f15622d853e8260172812b657053460e20806f04b9e05147d49af7bed31a6e99",
    "drawn characters",
    "SkyTNT, anime-segmentation",
)
load_birefnet = _model(
    "birefnet",
    "birefnet-general",
    "BiRefNet-general-epoch_244.onnx",
    972_666_916,
    "58f621f00f5d756097615970a88a791584600dcf7c45b18a0a6267535a1ebd3c",
    "subjects with hair and fur; large and slow",
    BIREFNET,
    "MIT",
)
load_birefnet_lite = _model(
    "birefnet-lite",
    "birefnet-general-lite",
    "BiRefNet-general-bb_swin_v1_tiny-epoch_232.onnx",
    224_005_088,
    "5600024376f572a557870a5eb0afb1e5961636bef4e1e22132025467d0f03333",
    "birefnet with a quarter of its weights",
    BIREFNET,
    "MIT",
)
load_birefnet_portrait = _model(
    "birefnet-portrait",
    "birefnet-portrait",
    "BiRefNet-portrait-epoch_150.onnx",
    0,
    "1ba1c8ff5a7bbfadc8d8d13fb11d7be793f91f23d9d466549e37a854f6668f99",
    "people",
    BIREFNET,
    "MIT",
)
load_birefnet_hrsod = _model(
    "birefnet-hrsod",
    "birefnet-hrsod",
    "BiRefNet-HRSOD_DHU-epoch_115.onnx",
    0,
    "",
    "subjects of large photographs",
    BIREFNET,
    "MIT",
)
