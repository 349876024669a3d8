"""The whole job on a small picture: sizes, exactness, the reference layer."""

import cv2
import numpy as np
import pytest

from layersr import pipeline
from layersr.errors import UsageError
from layersr.flattening import flatten
from layersr.layers import Image
from layersr.recipe import Recipe

CLASSIC = {"detect": "none", "matte": "classic", "infill": "classic", "upscale": "classic", "alpha": "classic"}


def image() -> Image:
    rows, columns = np.indices((48, 60), np.float32)
    rgba = np.dstack([columns / 60, rows / 48, np.full(rows.shape, 0.4), np.ones(rows.shape)])
    rgba[np.hypot(rows - 24, columns - 30) < 12] = (0.9, 0.2, 0.1, 1)
    return Image(np.rint(rgba * 255).astype(np.uint8), resolution=(100.0, 100.0))


@pytest.mark.parametrize("choices", [{"scale": 3}, {"size": "100x90"}, {"dpi": 150.0}])
def test_size_and_reference(choices: dict) -> None:
    small = image()
    stack = pipeline.run(small, Recipe(**CLASSIC, boxes=((16, 10, 28, 28),), keep=("flat",), **choices))
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
    stack = pipeline.run(small, Recipe(**CLASSIC | {"upscale": "none"}, size="60x48", dpi=300.0, points=((30, 24),)))
    assert np.array_equal(flatten(stack), small.pixels)
    assert stack.resolution == (300, 300)


def test_what_cannot_be_is_refused_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "decompose", lambda *_: pytest.fail("the work began"))
    with pytest.raises(UsageError, match="8 times"):
        pipeline.run(image(), Recipe(size="9999x9999"))
