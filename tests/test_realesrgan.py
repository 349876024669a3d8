"""Our Real-ESRGAN and the package `realesrgan` enlarge alike, from the same files."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from checkpoints import made, tiny
from layersr import backends

PACKAGE = """
import sys, types
import numpy as np
import torch

# A torchvision without its compiled part, and the name that basicsr knows a module of it by.
for name in ("nms", "qnms"):
    torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
import torchvision

was = types.ModuleType("torchvision.transforms.functional_tensor")
was.rgb_to_grayscale = torchvision.transforms.functional.rgb_to_grayscale
sys.modules[was.__name__] = was
from basicsr.archs.rrdbnet_arch import RRDBNet
from realesrgan import RealESRGANer
from realesrgan.archs.srvgg_arch import SRVGGNetCompact

kind, weights, scale, given, wanted = sys.argv[1:]
if kind == "rrdb":
    model = RRDBNet(3, 3, num_feat=8, num_block=1, num_grow_ch=32, scale=int(scale))
else:
    model = SRVGGNetCompact(3, 3, num_feat=8, num_conv=2, upscale=int(scale), act_type="prelu")
package = RealESRGANer(int(scale), weights, model=model, half=False, device="cpu", pre_pad=0)
large, _ = package.enhance(np.load(given)[..., ::-1].copy(), outscale=int(scale))
np.save(wanted, large[..., ::-1])
"""


@pytest.mark.parametrize(
    ("name", "kind", "scale"),
    [("realesr-animevideov3", "compact", 4), ("realesrgan-x4plus", "rrdb", 4), ("realesrgan-x2plus", "rrdb", 2)],
)
def test_the_package_enlarges_alike(name: str, kind: str, scale: int, tmp_path: Path):
    choice = tiny("upscale", name)
    if importlib.util.find_spec("realesrgan") is None:
        pytest.skip("needs the package that is compared with: pip install realesrgan (Python 3.12 at most)")
    image = np.random.default_rng(0).integers(0, 256, (28, 36, 3), np.uint8)  # spandrel pads to multiples of 4
    np.save(tmp_path / "given.npy", image)
    files = [tmp_path / "given.npy", tmp_path / "wanted.npy"]
    command = [sys.executable, "-W", "ignore", "-c", PACKAGE, kind, str(made(name)), str(scale), *map(str, files)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    theirs = np.load(tmp_path / "wanted.npy").astype(np.int32)
    ours = backends.load("upscale", choice)(image.astype(np.float32) / 255, scale)
    assert theirs.std() > 1
    assert np.abs(np.rint(ours * 255).astype(np.int32) - theirs).max() <= (1 if scale == 2 else 0)
