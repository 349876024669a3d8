"""Real-ESRGAN: sharp and clean from blurred, noisy and compressed pictures; it invents texture.

X. Wang, L. Xie, C. Dong and Y. Shan, *Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic
Data*, ICCVW 2021; code and weights BSD-3-Clause, 5 to 67 MB. The package `realesrgan` gives the same pictures and
cannot be installed beside present ones (basicsr, 2022), so its files are loaded by spandrel
(`tests/test_realesrgan.py` compares).
"""

from pathlib import Path

from layersr.backends import Loader, backend
from layersr.backends.spandrel import FileUpscaler, load_spandrel
from layersr.weights import File, Weights

RELEASES = "https://github.com/xinntao/Real-ESRGAN/releases/download"
LICENCE = "BSD-3-Clause"
SOURCE = "X. Wang et al., Real-ESRGAN, ICCVW 2021"


def _named(name: str, version: str, stem: str, size: int, sha256: str, summary: str) -> Loader:
    file = File(f"{stem}.pth", f"{RELEASES}/{version}/{stem}.pth", size, sha256)
    weights = Weights(name, (file,), LICENCE, SOURCE)

    @backend("upscale", name, summary=summary, source=SOURCE, licence=LICENCE, extra="spandrel", weights=(weights,))
    def load(device: str, path: Path) -> FileUpscaler:
        return load_spandrel(device, path)

    return load


load_x4plus = _named(
    "realesrgan-x4plus",
    "v0.1.0",
    "RealESRGAN_x4plus",
    67_040_989,
    "4fa0d38905f75ac06eb49a7951b426670021be3018265fd191d2125df9d682f1",
    "photographs x4, restored from blur, noise and compression; invents texture",
)
load_x2plus = _named(
    "realesrgan-x2plus",
    "v0.2.1",
    "RealESRGAN_x2plus",
    67_061_725,
    "49fafd45f8fd7aa8d31ab2a22d14d91b536c34494a5cfe31eb5d89c2fa266abb",
    "the same x2",
)
load_anime = _named(
    "realesrgan-x4plus-anime-6b",
    "v0.2.2.4",
    "RealESRGAN_x4plus_anime_6B",
    17_938_799,
    "f872d837d3c90ed2e05227bed711af5671a6fd1c9f7d7e91c911a61f155e99da",
    "drawings x4: clean lines and flats; a quarter of the size",
)
load_general = _named(
    "realesr-general-x4v3",
    "v0.2.5.0",
    "realesr-general-x4v3",
    4_885_111,
    "8dc7edb9ac80ccdc30c3a5dca6616509367f05fbc184ad95b731f05bece96292",
    "photographs x4 by a small, fast network",
)
load_video = _named(
    "realesr-animevideov3",
    "v0.2.5.0",
    "realesr-animevideov3",
    0,
    "",
    "drawings x4 by the smallest and fastest network",
)
