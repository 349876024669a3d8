"""Whole exports as other programs see them: bit for bit in psd-tools, within 1.5/255 in Krita and GIMP."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from apps import gimp_open, krita_open, missing
from psd_tools import PSDImage
from psd_tools.composite import composite

from layersr import documents
from layersr.cli import run
from layersr.flattening import flatten
from layersr.images import read_image, write_image

PICTURES = (
    "paintings/peppercarrot/E01_E01.webp",
    "photos/astronomy",
    "photos/elementary",
    "matting/pymatting_lemur/lemur.png",
)


def small(path: Path, folder: Path, side: int = 112) -> Path:
    """A small copy of a picture, as PNG."""
    path = sorted(path.iterdir())[0] if path.is_dir() else path
    pixels = read_image(path).pixels
    factor = side / max(pixels.shape[:2])
    write_image(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), folder / "in.png")
    return folder / "in.png"


@pytest.mark.parametrize("name", PICTURES)
def test_real_pictures_come_back_to_the_bit(shared_data: Path, tmp_path: Path, name: str) -> None:
    picture = small(shared_data / name, tmp_path)
    pixels = read_image(picture).pixels
    assert run(["export", str(picture), str(tmp_path / "out.psd"), "--scale", "1"]) == 0
    stack = documents.read(tmp_path / "out.psd")
    assert np.array_equal(flatten(stack), pixels)
    for other in ("out.ora", "out.kra", "out.xcf"):
        documents.write(stack, tmp_path / other)
        assert np.array_equal(flatten(documents.read(tmp_path / other)), pixels)
    colour, _, alpha = composite(PSDImage.open(tmp_path / "out.psd"), force=True)
    assert np.array_equal(np.rint(np.dstack([colour, alpha]) * 255).astype(np.uint8), pixels)


@pytest.fixture(scope="module")
def export(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The balloons, with three of them asked for: a folder with in.png, out.psd, out.ora, out.kra and out.xcf."""
    folder = tmp_path_factory.mktemp("export")
    picture = small(samples / "balloons.png", folder, 480)
    prompts = ["--box", "145,95,100,160", "--box", "287,177,95,130", "--point", "395,100"]
    assert run(["export", str(picture), str(folder / "out.psd"), "--scale", "1", "--detect", "none", *prompts]) == 0
    for other in ("out.ora", "out.kra", "out.xcf"):
        documents.write(documents.read(folder / "out.psd"), folder / other)
    return folder


@pytest.mark.apps
@pytest.mark.skipif(bool(missing("krita", "Xvfb")), reason=missing("krita", "Xvfb"))
@pytest.mark.parametrize("suffix", ["psd", "ora", "kra"])
def test_krita_shows_an_export(export: Path, suffix: str) -> None:
    tree, picture = krita_open(export / f"out.{suffix}")
    assert_like_the_picture(export, [layer.name for layer in tree], picture)


@pytest.mark.apps
@pytest.mark.skipif(bool(missing("gimp")), reason=missing("gimp"))
@pytest.mark.parametrize("suffix", ["psd", "xcf"])
def test_gimp_shows_an_export(export: Path, suffix: str) -> None:
    tree, picture = gimp_open(export / f"out.{suffix}")
    stack = documents.read(export / "out.psd")
    assert [layer.offset for layer in tree] == [(layer.left, layer.top) for layer in stack.layers]
    assert_like_the_picture(export, [layer.name for layer in tree], picture)


def assert_like_the_picture(export: Path, names: list[str], picture: np.ndarray) -> None:
    assert names == [layer.name for layer in documents.read(export / "out.psd").layers]
    assert len(names) == 4
    difference = np.abs(picture.astype(float) - read_image(export / "in.png").pixels)
    assert difference.max() <= 1.5
