"""Broad strokes of a network with the texture of copies."""

import numpy as np

from layersr.backends import load
from layersr.infill.harmonic import harmonic
from layersr.infill.palette import strange
from layersr.infill.structure import shrunk, structure
from layersr.infill.texture import textured


def hole(height: int, width: int) -> np.ndarray:
    out = np.zeros((height, width), bool)
    out[height // 4 : height // 2, width // 3 : width // 3 * 2] = True
    return out


def test_harmonic_continues_a_gradient_and_forgets_the_hole():
    rows, columns = np.indices((80, 120), np.float32)
    image = np.dstack([rows / 80, columns / 120, 0 * rows + 0.3]).astype(np.float32)
    gap = hole(80, 120)
    other = np.where(gap[..., None], np.float32(9), image)
    assert np.abs(harmonic(image, gap) - image).max() < 0.02
    assert np.array_equal(harmonic(image, gap), harmonic(other, gap))
    assert (harmonic(image, np.ones_like(gap)) == 0.5).all()


def test_what_is_shrunk_is_known_colour_alone():
    gap = hole(64, 96)
    image = np.where(gap[..., None], np.float32(1), np.full((64, 96, 3), 0.25, np.float32))
    small, closed = shrunk(image, gap, (24, 16))
    assert np.allclose(small[~closed], 0.25, atol=1e-6)
    assert (small[closed] == 0).all()


def test_a_network_that_adds_nothing_leaves_the_smooth_surface():
    rng = np.random.default_rng(0)
    image, gap = rng.random((90, 260, 3), np.float32), hole(90, 260)
    painted = structure(image, gap, lambda planes: planes[:3].copy())
    assert np.allclose(painted, harmonic(image, gap), atol=1e-6)
    assert np.array_equal(painted[~gap], image[~gap])


def test_texture_comes_from_the_copies_and_tone_from_the_strokes():
    gap = hole(128, 128)
    rows, columns = np.indices(gap.shape)
    grain = ((rows + columns) % 2 * 0.2).astype(np.float32)[..., None].repeat(3, axis=2)
    broad = np.where(gap[..., None], np.float32(0.6), 0.5 + grain - 0.1).astype(np.float32)
    copied = np.clip(0.5 + grain - 0.1, 0, 1)
    painted = textured(broad, copied, gap)
    inner = painted[40:56, 52:76]
    assert abs(inner.mean() - 0.6) < 0.04
    assert inner.std() > 0.07
    assert np.array_equal(painted[~gap], copied[~gap])


def test_stripes_go_on():
    rows, _ = np.indices((120, 160))
    image = np.repeat(((rows // 15) % 2 * 0.5 + 0.2)[..., None], 3, axis=2).astype(np.float32)
    gap = hole(120, 160)
    painted = load("infill", "layersr")(np.where(gap[..., None], np.float32(0), image), gap)
    error, smooth = (np.abs(p - image)[gap].mean() for p in (painted, harmonic(image, gap)))
    assert error < 0.7 * smooth  # the strokes of the small network fade a little where stripes are all there is


def test_texture_is_as_strong_as_around_the_hole():
    rng = np.random.default_rng(1)
    grain = rng.standard_normal((160, 160, 1)).repeat(3, axis=2)  # of colours only a part is taken
    image = np.clip(0.5 + 0.1 * grain, 0, 1).astype(np.float32)
    gap = hole(160, 160)
    strokes = np.where(gap[..., None], np.float32(0.5), image)
    faint = np.where(gap[..., None], (image - 0.5) * 0.5 + 0.5, image).astype(np.float32)
    painted = textured(strokes, faint, gap)
    inner = gap.copy()
    inner[gap] = False
    inner[46:74, 60:100] = True
    assert 0.7 < painted[inner].std() / image[~gap].std() < 1.3
    assert faint[inner].std() / image[~gap].std() < 0.6


def test_mud_is_strange_and_the_pictures_own_colours_are_not():
    gap = hole(120, 120)
    image = np.zeros((120, 120, 3), np.float32)
    image[:, :60], image[:, 60:] = (0.9, 0.7, 0.1), (0.1, 0.2, 0.5)
    assert strange(image, gap) == 0
    muddy = np.where(gap[..., None], image.mean(axis=(0, 1)), image).astype(np.float32)
    assert strange(muddy, gap) == 1
    assert strange(image, np.ones_like(gap)) == 0
