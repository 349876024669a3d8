"""The plugin in real Krita, under Xvfb, with the real layersr command."""

import os
import shutil
from pathlib import Path

import cv2
import pytest
from playing import command, large, made_profile, missing, play, stubs

from layersr.images import read_image, write_image

pytestmark = [pytest.mark.apps, pytest.mark.skipif(bool(missing()), reason=missing())]


@pytest.fixture(scope="module")
def profile() -> Path:
    home = made_profile()
    yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def picture(tmp_path: Path, samples: Path) -> Path:
    """A small picture with things in it."""
    image = read_image(samples / "still_life.png").pixels
    small = cv2.resize(image, (320, 320 * image.shape[0] // image.shape[1]), interpolation=cv2.INTER_AREA)
    write_image(small, tmp_path / "bild mit ü.png")
    return tmp_path / "bild mit ü.png"


def test_everything_with_the_real_command(profile: Path, picture: Path, tmp_path: Path):
    shots = os.environ.get("LAYERSR_SHOTS", "")
    extra = {"LAYERSR_SHOTS": shots} if shots else {}
    play(
        profile,
        "everything",
        picture,
        tmp_path,
        LAYERSR_COMMAND=str(command(tmp_path)),
        LAYERSR_BOX="170,120,60,60",
        **extra,
    )


def test_documents_of_other_colours_and_depths(profile: Path, picture: Path, tmp_path: Path):
    play(profile, "colours", picture, tmp_path, LAYERSR_COMMAND=str(command(tmp_path)))


def test_what_goes_wrong_is_told(profile: Path, picture: Path, tmp_path: Path):
    play(profile, "failures", picture, stubs(tmp_path))


def test_six_megapixels_and_nine_layers_arrive(profile: Path, tmp_path: Path, record_property):
    more = large(tmp_path)
    told = play(profile, "large", tmp_path / "large.png", stubs(tmp_path), **more)
    record_property("longest standstill", told["longest"])  # a benchmark measures it: no test looks at the clock
