"""Whatever enlarges, a document comes out that shrinks back to the picture: the whole way, by the command line."""

from pathlib import Path

import numpy as np
import pytest

from checkpoints import tiny, wanted
from layersr import backends, documents, images
from layersr.cli import run
from layersr.score import recomposition

FAMILIES = [name for (role, name), found in backends.find().items() if role == "upscale" and wanted(found)]


@pytest.mark.parametrize("name", FAMILIES)
def test_export_shrinks_back_to_the_picture(name: str, tmp_path: Path):
    choice = tiny("upscale", name)
    rows, columns = np.indices((40, 56), np.float32)
    inside = np.clip(14 - np.hypot(rows - 20, columns - 26), 0, 1)[..., None]
    ground = np.dstack([rows / 40, columns / 56, 0.4 + 0 * rows])
    colours = np.rint(255 * (inside * (0.9, 0.15, 0.1) + (1 - inside) * ground)).astype(np.uint8)
    picture = tmp_path / "in.png"
    images.write_image(np.dstack([colours, np.full((40, 56), 255, np.uint8)]), picture)
    lift = ["--detect", "none", "--box", "10,4,32,32", "--matte", "classic", "--infill", "classic"]
    out = tmp_path / "out.ora"
    assert run(["export", str(picture), str(out), "--scale", "2", "--upscale", choice, *lift]) == 0
    written = documents.read(out)
    assert len(written.layers) == 2
    assert (written.width, written.height) == (112, 80)
    psnr = recomposition(written, images.read_image(picture).pixels).psnr
    assert psnr is None or psnr >= 50
