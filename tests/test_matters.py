"""Mattes by closed form, nearest neighbours, ViTMatte and BiRefNet: what is made of what each of them says."""

import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest

from checkpoints import tiny
from layersr import backends
from layersr.backends import birefnet, guided, laplacians, vitmatte
from layersr.backends.birefnet import SubjectMatter, agreement
from layersr.backends.laplacians import LaplacianMatter
from layersr.backends.vitmatte import TransformerMatter
from layersr.errors import Notice, WeightsError


def scene(height: int, width: int, band: float = 6) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A soft-edged star over a gradient, its trimap and its alpha."""
    rows, columns = np.indices((height, width), np.float32)
    angle = np.arctan2(rows - height / 2, columns - width / 2)
    away = np.hypot(rows - height / 2, columns - width / 2) - min(height, width) * (0.3 + 0.08 * np.sin(9 * angle))
    alpha = np.clip(0.5 - away / 3, 0, 1).astype(np.float32)
    ground = np.dstack([0.1 + 0.2 * rows / height, 0.4 + 0.3 * columns / width, 0.5 + 0 * rows])
    image = alpha[..., None] * np.float32([0.9, 0.6, 0.2]) + (1 - alpha[..., None]) * ground
    trimap = np.where(away < -band, 1, np.where(away > band, 0, 0.5)).astype(np.float32)
    return image.astype(np.float32), trimap, alpha


def test_a_small_matte_is_enlarged_with_its_edges_where_the_picture_has_them():
    image, _, alpha = scene(240, 320)
    small, matte = (cv2.resize(x, (80, 60), interpolation=cv2.INTER_AREA) for x in (image, alpha))
    found = guided.enlarged(matte, small, image)
    plain = cv2.resize(matte, (320, 240), interpolation=cv2.INTER_CUBIC)
    assert np.abs(found - alpha).mean() < 0.4 * np.abs(plain - alpha).mean()


def laplacian(name: str) -> LaplacianMatter:
    if absent := backends.missing("matting"):
        pytest.skip(f"needs {' and '.join(absent)}: pip install 'layersr[matting]'")
    return backends.load("matte", name)


@pytest.mark.parametrize("name", ["closed-form", "knn"])
def test_large_pictures_are_solved_within_a_budget_and_enlarged(name: str, monkeypatch: pytest.MonkeyPatch):
    image, trimap, alpha = scene(120, 160)
    model = laplacian(name)
    whole = model(image, trimap)
    monkeypatch.setattr(model, "_budget", 120 * 160 // 6)
    sizes, solve = [], model._solve
    monkeypatch.setattr(model, "_solve", lambda i, t: sizes.append(t.size) or solve(i, t))
    within = model(image, trimap)
    assert sizes[0] <= 120 * 160 // 6
    unknown = trimap == 0.5
    assert np.abs(whole - alpha)[unknown].mean() < 0.03
    assert np.abs(within - alpha)[unknown].mean() < 0.05
    assert np.array_equal(within[~unknown], alpha[~unknown])


def test_only_what_is_near_the_unknown_is_solved_and_closed_form_does_not_mind():
    image, trimap, _ = scene(80, 100)
    wide = [np.pad(x, ((90, 60), (40, 70), (0, 0))[: x.ndim], mode="edge") for x in (image, trimap)]
    found = laplacian("closed-form")(*wide)
    np.testing.assert_allclose(found[90:170, 40:140], laplacian("closed-form")(image, trimap), atol=1e-4)


def test_what_has_no_solution_is_said_and_made_by_colour_samples(capfd: pytest.CaptureFixture):
    image, trimap, _ = scene(40, 50)

    def fails(image: np.ndarray, trimap: np.ndarray) -> np.ndarray:
        raise ValueError("did not converge")

    model = LaplacianMatter(fails, 2, 10**6)
    with pytest.warns(Notice, match="did not converge"):
        found = model(image, trimap)
    assert np.abs(found - backends.load("matte", "classic")(image, trimap)).mean() < 0.05
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(laplacian("closed-form")(np.zeros_like(image), trimap)).all()  # nothing tells
    assert not capfd.readouterr().out  # PyMatting prints what it tries


def test_noise_and_wide_unknowns_have_a_solution_too():
    rng = np.random.default_rng(0)
    trimap = np.full((130, 170), 0.5, np.float32)
    trimap[:, :20], trimap[:, 150:] = 0, 1
    for image in (rng.random((130, 170, 3)), cv2.GaussianBlur(rng.random((130, 170, 3)), (0, 0), 2)):
        alpha = laplacian("closed-form")(image.astype(np.float32), trimap)  # a Notice would be an error
        assert alpha[:, 20:40].mean() < alpha[:, 130:150].mean()


def test_nothing_to_solve_is_not_asked():
    image, trimap, _ = scene(40, 50)
    model = LaplacianMatter(lambda *_: pytest.fail("asked"), 2, 10**6)
    for one in (np.where(trimap == 0, np.float32(0.5), trimap), np.rint(trimap), np.full_like(trimap, 0.5)):
        alpha = model(image, one)
        assert np.array_equal(alpha[(one == 0) | (one == 1)], one[(one == 0) | (one == 1)])
    assert laplacians.CLOSED_FORM > laplacians.NEIGHBOURS  # the slower one is asked for less


def test_vitmatte_is_asked_in_tiles_that_make_one_matte(monkeypatch: pytest.MonkeyPatch):
    image, trimap, alpha = scene(150, 210, band=20)
    seen = []

    def ask(planes: np.ndarray) -> np.ndarray:
        """Knows: what is orange is in."""
        seen.append(planes.shape)
        assert planes[3].min() >= 0
        share = (planes[:1] * 0.5 + 0.5 - 0.2) / 0.7
        return np.clip(share, 0, 1)

    monkeypatch.setattr(vitmatte, "CELL", 64)
    monkeypatch.setattr(vitmatte, "MARGIN", 32)
    found = TransformerMatter(ask)(image, trimap)
    assert len(seen) > 3
    assert all(n % 32 == 0 for shape in seen for n in shape[1:])
    np.testing.assert_allclose(
        found[trimap == 0.5], np.clip((image[..., 0] - 0.2) / 0.7, 0, 1)[trimap == 0.5], atol=1e-5
    )
    assert np.array_equal(found[trimap != 0.5], alpha[trimap != 0.5])


def test_vitmatte_sees_what_its_own_image_processor_would_show_it():
    model = backends.load("matte", tiny("matte", "vitmatte"))
    import torch
    import transformers

    image, trimap, _ = scene(64, 96)
    image = (np.rint(image * 255) / 255).astype(np.float32)
    shown, ask = [], model._ask
    model._ask = lambda planes: shown.append(planes) or ask(planes)
    found = model(image, trimap)
    own = transformers.VitMatteImageProcessorPil()
    pixels = own(
        images=np.rint(image * 255).astype(np.uint8),
        trimaps=np.rint(trimap * 255).astype(np.uint8),
        input_data_format="channels_last",
        return_tensors="pt",
    )["pixel_values"]
    np.testing.assert_allclose(torch.from_numpy(shown[0])[None], pixels, atol=0.003)
    assert found[trimap == 0.5].std() > 0


class Red:
    """A network that takes what is red for the subject."""

    def get_inputs(self) -> list:
        return [type("Input", (), {"name": "pixels"})]

    def run(self, names: None, inputs: dict) -> list[np.ndarray]:
        return [inputs["pixels"][:, :1] * 8]


def test_birefnet_is_believed_where_the_trimap_says_that_it_is_right():
    image, trimap, _ = scene(160, 200)
    model, unknown = SubjectMatter(Red()), trimap == 0.5
    found = model(image, trimap)
    assert np.abs(found - model.subject(image))[unknown].mean() < 0.02
    assert np.array_equal(found[~unknown], trimap[~unknown])
    other = image[..., ::-1].copy()  # now the ground is redder: another subject
    np.testing.assert_allclose(model(other, trimap), backends.load("matte", "classic")(other, trimap), atol=1e-6)


def test_agreement_is_told_by_what_is_near():
    trimap = np.zeros((60, 200), np.float32)
    trimap[:, 95:105], trimap[:, 105:] = 0.5, 1
    subject = np.where(np.indices(trimap.shape)[0] < 30, trimap, 1 - trimap).astype(np.float32)
    share = agreement(subject, trimap, trimap != 0.5)
    assert (share[:20] == 1).all()
    assert (share[40:] == 0).all()
    alone = np.full((60, 200), 0.5, np.float32)
    alone[0, 0] = 1
    assert (agreement(np.ones_like(alone), alone, alone != 0.5) == 1).all()  # far from all that is certain


def test_birefnet_keeps_the_detail_of_pictures_larger_than_it_sees(monkeypatch: pytest.MonkeyPatch):
    image, _, _ = scene(160, 200)
    fine = SubjectMatter(Red()).subject(image)
    monkeypatch.setattr(birefnet, "SIDE", 64)
    coarse = SubjectMatter(Red()).subject(image)
    plain = cv2.resize(cv2.resize(fine, (64, 64), interpolation=cv2.INTER_AREA), (200, 160))
    assert np.abs(coarse - fine).mean() < 0.7 * np.abs(plain - fine).mean()


@pytest.mark.parametrize("name", ["vitmatte", "birefnet"])
def test_damaged_weights_are_told(name: str, tmp_path: Path):
    tiny("matte", name)  # skips where a package is missing
    (tmp_path / "file.onnx").write_bytes(b"no network")
    with pytest.raises(WeightsError, match=r"does not hold weights|cannot be loaded"):
        backends.load("matte", f"{name}={tmp_path if name == 'vitmatte' else tmp_path / 'file.onnx'}")


def test_weights_of_one_name_are_the_same_whatever_loads_them():
    known = {}
    for backend in backends.find().values():
        for one in backend.weights:
            assert known.setdefault(one.name, one) == one
