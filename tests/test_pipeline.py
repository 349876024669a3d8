"""The whole job on a small picture: sizes, exactness, the reference layer."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from layersr import backends, decomposing, pipeline, references
from layersr.errors import UsageError
from layersr.flattening import flatten
from layersr.layers import Image, Provenance
from layersr.recipe import Recipe, order_names
from layersr.roles import Prompt
from standins import smooth

QUICK = {"detect": "flood", "matte": "classic", "infill": "smooth", "upscale": "classic", "alpha": "classic"}

pytestmark = pytest.mark.usefixtures("stand_ins")


def image() -> Image:
    rows, columns = np.indices((48, 60), np.float32)
    rgba = np.dstack([columns / 60, rows / 48, np.full(rows.shape, 0.4), np.ones(rows.shape)])
    rgba[np.hypot(rows - 24, columns - 30) < 12] = (0.9, 0.2, 0.1, 1)
    return Image(np.rint(rgba * 255).astype(np.uint8), resolution=(100.0, 100.0))


@pytest.mark.parametrize("choices", [{"scale": 3}, {"size": "100x90"}, {"dpi": 150.0}])
def test_size_and_reference(choices: dict) -> None:
    small = image()
    stack = pipeline.run(small, Recipe(**QUICK, boxes=((16, 10, 28, 28),), keep=("flat",), **choices))
    wanted = pipeline.sizes(small, Recipe(**choices))
    assert (stack.width, stack.height, stack.resolution) == (wanted.width, wanted.height, wanted.resolution)
    ground, thing, flat = stack.layers
    assert (flat.name, flat.visible, flat.pixels.shape) == (pipeline.FLAT, False, ground.pixels.shape)
    assert thing.pixels[..., 3].max() == 255
    for picture in (flatten(stack), flat.pixels):
        back = cv2.resize(picture[..., :3].astype(np.float32), (60, 48), interpolation=cv2.INTER_AREA)
        assert np.abs(back - small.pixels[..., :3]).mean() < 1.5


def test_the_same_size_needs_no_upscaler_and_is_exact() -> None:
    small = image()
    stack = pipeline.run(small, Recipe(**QUICK | {"upscale": "none"}, size="60x48", dpi=300.0, points=((30, 24),)))
    assert np.array_equal(flatten(stack), small.pixels)
    assert stack.resolution == (300, 300)


def test_what_cannot_be_is_refused_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "decompose", lambda *_: pytest.fail("the work began"))
    with pytest.raises(UsageError, match="8 times"):
        pipeline.run(image(), Recipe(size="9999x9999"))


@pytest.mark.parametrize("scale", [1, 2])
def test_reference_layers_show_the_picture_and_what_is_invented(scale: int) -> None:
    small = image()
    wish = {"boxes": ((16, 10, 28, 28),), "keep": ("original", "provenance"), "scale": scale}
    stack = pipeline.run(small, Recipe(**QUICK, **wish))
    original, provenance = stack.layers[-2:]
    assert not original.visible
    assert not provenance.visible
    assert np.array_equal(original.pixels[::scale, ::scale], small.pixels)
    assert stack.width == provenance.width == 60 * scale
    assert (provenance.pixels[24 * scale, 30 * scale] == (*references.COLOURS[Provenance.INVENTED], 255)).all()
    assert not provenance.pixels[:5, :5].any()
    if scale == 1:
        assert np.array_equal(flatten(stack), small.pixels)


def test_what_is_asked_for_can_be_one_layer() -> None:
    small = image()
    left, right = np.zeros((48, 60), bool), np.zeros((48, 60), bool)
    left[20:28, 20:28], right[20:28, 32:40] = True, True
    models = decomposing.Models(backends.load("detect", "classic"), backends.load("matte", "classic"), smooth)
    prompts = [Prompt(mask=left), Prompt(mask=right)]
    for together, count in ((False, 2), (True, 1)):
        stack = decomposing.decompose(small, models, decomposing.Limits(8, 0.5, True, together), prompts)
        assert len(stack.layers) == 1 + count
        assert np.array_equal(flatten(stack), small.pixels)
    assert stack.layers[1].width > 16


def test_the_order_file_names_layers_from_the_top(tmp_path: Path) -> None:
    file = tmp_path / "order.txt"
    file.write_text("\ufeffelement 2, left  # the jug\n\n# nothing\n  element 1, top\n", encoding="utf-8")
    assert order_names(str(file)) == ["element 2, left", "element 1, top"]
    with pytest.raises(UsageError, match="cannot be read"):
        pipeline.run(image(), Recipe(**QUICK, order=str(tmp_path / "none.txt"), scale=1))
