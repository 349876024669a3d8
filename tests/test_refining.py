"""The matte refiner and the guided alpha upscaler as the program runs them: tiles, certain pixels, any size."""

import cv2
import numpy as np
import pytest

from layersr.backends import load, networks, refining
from layersr.backends.cubic_alpha import enlarged
from layersr.backends.guided_alpha import GuidedAlpha
from layersr.tiling import run_tiles


def scene(height: int, width: int, band: float = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A soft-edged blob with texture over another texture, its trimap and its alpha."""
    rng = np.random.default_rng(3)
    rows, columns = np.indices((height, width), np.float32)
    angle = np.arctan2(rows - height / 2, columns - width / 2)
    away = np.hypot(rows - height / 2, columns - width / 2) - min(height, width) * (0.33 + 0.05 * np.sin(7 * angle))
    alpha = np.clip(0.5 - away / 4, 0, 1).astype(np.float32)

    def texture(colour: tuple[float, float, float]) -> np.ndarray:
        noise = cv2.GaussianBlur(rng.normal(0, 1, (height, width, 3)).astype(np.float32), (0, 0), 3)
        return np.clip(np.float32(colour) + 0.4 * noise, 0, 1)

    image = texture((0.8, 0.4, 0.2)) * alpha[..., None] + texture((0.2, 0.4, 0.7)) * (1 - alpha[..., None])
    trimap = np.where(away < -band, 1, np.where(away > band, 0, 0.5)).astype(np.float32)
    return image.astype(np.float32), trimap, alpha


@pytest.mark.parametrize("band", [4, 14])
def test_tiled_equals_whole(monkeypatch: pytest.MonkeyPatch, band: int):
    image, trimap, _ = scene(500, 430, band)
    tiled = load("matte", "layersr")(image, trimap)
    monkeypatch.setattr(refining, "CELL", 1024)
    monkeypatch.setattr(refining, "MARGIN", 1024)
    whole = load("matte", "layersr")(image, trimap)
    assert np.abs(tiled - whole).max() <= 2 / 255


def test_certain_pixels_stay_and_the_edge_is_found():
    image, trimap, alpha = scene(300, 310)
    before = image.copy(), trimap.copy()
    found = load("matte", "layersr")(image, trimap)
    assert (found[trimap == 0] == 0).all()
    assert (found[trimap == 1] == 1).all()
    assert np.abs(found - alpha)[trimap == 0.5].mean() < 0.1
    assert np.array_equal(image, before[0])
    assert np.array_equal(trimap, before[1])
    assert np.array_equal(found, load("matte", "layersr")(image, trimap))


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (5, 300), (17, 33)])
@pytest.mark.parametrize("known", [None, 0.0, 0.5, 1.0])
def test_any_size_and_trimap(size: tuple[int, int], known: float | None):
    rng = np.random.default_rng(0)
    image = rng.random((*size, 3)).astype(np.float32)
    trimap = rng.choice(np.float32([0, 0.5, 1]), size) if known is None else np.full(size, known, np.float32)
    alpha = load("matte", "layersr")(image, trimap)
    assert alpha.shape == size
    assert alpha.dtype == np.float32
    assert alpha.min() >= 0
    assert alpha.max() <= 1
    assert (alpha[trimap != 0.5] == trimap[trimap != 0.5]).all()


def test_nothing_unknown_asks_no_network(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(networks, "session", lambda *args: pytest.fail("loaded for nothing"))
    trimap = np.float32([[0, 1], [1, 1]])
    alpha = load("matte", "layersr")(np.zeros((2, 2, 3), np.float32), trimap)
    assert np.array_equal(alpha, trimap)
    assert alpha is not trimap


def test_tiles_lie_where_they_are_wanted_and_blend_without_seams():
    rng = np.random.default_rng(1)
    planes = rng.random((2, 211, 333)).astype(np.float32)
    wanted = np.zeros((211, 333), bool)
    wanted[3:200, 40:50] = wanted[90:95, 40:333] = True
    sizes = []

    def local(x: np.ndarray) -> np.ndarray:
        assert x.shape[1] % 16 == x.shape[2] % 16 == 0
        sizes.append(x[0].size)
        return cv2.GaussianBlur(x[0] + x[1], (0, 0), 2)[None]  # sees 8 pixels far

    (out,) = run_tiles(local, planes, wanted, step=16, cell=64, margin=32)
    whole = cv2.GaussianBlur(planes[0] + planes[1], (0, 0), 2, borderType=cv2.BORDER_REFLECT)
    assert (out[~wanted] == 0).all()
    inner = wanted.copy()
    inner[:8] = inner[-8:] = inner[:, -24:] = False  # the end is continued to a multiple of 16
    assert np.abs(out - whole)[inner].max() < 1e-3
    assert len(sizes) < 12  # of the 24 cells of the whole


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_tiles_of_an_enlargement_are_the_whole_where_the_margin_is_enough(scale: int):
    image = np.random.default_rng(2).random((3, 150, 117)).astype(np.float32)

    def cubic(planes: np.ndarray) -> np.ndarray:  # sees 2 pixels far
        _, height, width = planes.shape
        size = (width * scale, height * scale)
        return np.stack([cv2.resize(p, size, interpolation=cv2.INTER_CUBIC) for p in planes])

    every = np.ones((150, 117), bool)
    tiled = run_tiles(cubic, image, every, cell=40, margin=12, feather=8, scale=scale)
    np.testing.assert_allclose(tiled, cubic(image), atol=1e-5)
    some = every & (np.indices(every.shape)[0] < 30)
    part = run_tiles(cubic, image, some, cell=40, margin=12, feather=8, scale=scale)
    assert (part[:, 30 * scale :] == 0).all()
    np.testing.assert_allclose(part[:, : 30 * scale], cubic(image)[:, : 30 * scale], atol=1e-5)


def shapes(scale: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A hard-edged star over a gradient, large; its small alpha; its large alpha."""
    n = 60 * scale
    sheet = np.zeros((n * 4, n * 4), np.uint8)
    turn = np.arange(10) * np.pi / 5
    radius = np.where(np.arange(10) % 2, 0.18, 0.45) * n * 4
    points = n * 2 + np.stack([np.cos(turn) * radius, np.sin(turn) * radius], 1)
    cv2.fillPoly(sheet, [np.int32(points)], 255)
    alpha = cv2.resize(sheet, (n, n), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    rows, columns = np.indices((n, n), np.float32) / n
    below = np.dstack([0.2 + 0.2 * rows, 0.5 - 0.2 * columns, 0.7 + 0 * rows])
    image = (np.float32([0.9, 0.3, 0.2]) * alpha[..., None] + below * (1 - alpha[..., None])).astype(np.float32)
    small = np.rint(alpha.reshape(60, scale, 60, scale).mean(axis=(1, 3)) * 255).astype(np.float32) / 255
    return image, small, alpha


@pytest.mark.parametrize("scale", [2, 4])
def test_guided_alpha_is_sharper_than_cubic_and_shrinks_back(scale: int):
    image, small, alpha = shapes(scale)
    large = load("alpha", "layersr")(image, small, scale)
    assert large.dtype == np.float32
    assert 0 <= large.min() <= large.max() <= 1
    assert np.abs(large - alpha).mean() < 0.8 * np.abs(enlarged(small, scale) - alpha).mean()
    back = large.reshape(60, scale, 60, scale).mean(axis=(1, 3))
    assert np.abs(back - small).mean() < 0.5 / 255
    flat = cv2.erode(small, np.ones((5, 5))) == cv2.dilate(small, np.ones((5, 5)))
    flat = np.repeat(np.repeat(flat, scale, axis=0), scale, axis=1)
    assert np.isin(large[flat], (0, 1)).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (5, 70), (33, 17)])
@pytest.mark.parametrize("value", [None, 0.0, 0.4, 1.0])
def test_guided_alpha_of_any_size(size: tuple[int, int], value: float | None):
    rng = np.random.default_rng(2)
    alpha = rng.random(size).astype(np.float32) if value is None else np.full(size, value, np.float32)
    image = rng.random((size[0] * 4, size[1] * 4, 3)).astype(np.float32)
    large = GuidedAlpha("cpu")(image, alpha, 4)
    assert large.shape == (size[0] * 4, size[1] * 4)
    if value is not None:
        np.testing.assert_allclose(large, value, atol=1e-6)
