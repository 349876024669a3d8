"""Scenes put together on the device keep the laws of those composed one by one."""

import cv2
import numpy as np
import pytest

WAY = "training needs torch: pip install 'layersr[train]'"
torch = pytest.importorskip("torch", reason=WAY)
pytest.importorskip("onnx", reason=WAY)

from layersr.training import ageing, pool, stacking  # noqa: E402
from layersr.training.detect import DetectTask, target  # noqa: E402
from layersr.training.scenes import COVERED, Scene  # noqa: E402
from layersr.training.things import Material, outline  # noqa: E402


@pytest.fixture(scope="module")
def material() -> Material:
    rng = np.random.default_rng(0)
    grounds = [cv2.GaussianBlur(rng.integers(0, 256, (380, 400, 3), np.uint8), (0, 0), 2) for _ in range(2)]
    return Material(side=320, grounds=grounds, cutouts=[])


@pytest.fixture(scope="module")
def some(material: Material) -> list[pool.Parts]:
    rng = np.random.default_rng(1)
    return [pool.parts(material, rng, things=3, grounds=1) for _ in range(5)]


def smooth(rng: np.random.Generator, count: int) -> torch.Tensor:
    pictures = [cv2.GaussianBlur(rng.random((64, 96, 3)).astype(np.float32), (0, 0), 2) for _ in range(count)]
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)


def test_the_truth_is_that_of_scenes():
    rng = np.random.default_rng(2)
    placed = [
        [np.roll(outline(64, rng), rng.integers(-20, 20, 2).tolist(), (0, 1)) for _ in range(n)] for n in (4, 2, 0)
    ]
    most = len(placed[0])
    alphas = [torch.from_numpy(np.stack([p[k] for p in placed if len(p) > k])) for k in range(most)]
    said = stacking._truth(alphas, 3, 64, 64, torch.device("cpu")).numpy()
    for one, truth in zip(placed, said, strict=True):
        clear, visible, on_top = np.ones((64, 64), np.float32), [], []
        for alpha in reversed(one):
            visible.append(alpha * clear)
            on_top.append(bool(visible[-1].sum() > (1 - COVERED) * alpha.sum()))
            clear = clear * (1 - alpha)
        scene = Scene(np.zeros((64, 64, 3), np.float32), tuple(visible[::-1]), tuple(on_top[::-1]))
        np.testing.assert_allclose(truth[:3], target(scene)[:3], atol=1e-4)
        # Where two things share a pixel half and half, either may own it.
        assert (np.abs(truth[3:] - target(scene)[3:]) < 1e-3).mean() > 0.99


def test_a_small_thing_is_not_torn():
    """Taken from a sheet of its size: the area is what the scale says, whatever the scale."""
    sheet = np.zeros((1, 4, stacking.SIZE, stacking.SIZE), np.uint8)
    sheet[0, :, 2:-2, 2:-2] = 255 * (np.indices((188, 188)).sum(axis=0) // 4 % 2)  # stripes of 4 pixels
    sheets = stacking.levels(torch.from_numpy(sheet))
    sizes = np.array([[188, 188]])
    for longer in (24.0, 47.0, 94.0, 188.0):
        rng = np.random.default_rng(0)
        placed = [stacking._placed(sheets, np.array([0]), sizes, np.array([longer]), (320, 320), rng) for _ in range(9)]
        whole = [p[0, 3].sum().item() for p in placed]
        assert max(whole) == pytest.approx(longer**2 / 2, rel=0.1)


def test_jpeg_is_what_opencv_writes():
    image = smooth(np.random.default_rng(3), 2)
    for quality in (40, 90):
        ours = ageing.jpeg(image, torch.full((2, 1, 1, 1), float(quality)))
        for picture, said in zip(image, ours, strict=True):
            pixels = (picture.permute(1, 2, 0).numpy() * 255).astype(np.uint8)
            coded = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
            theirs = cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1] / 255
            lost = np.abs(theirs - pixels / 255).mean()
            assert np.abs(said.permute(1, 2, 0).numpy() - theirs).mean() < max(0.3 * lost, 1 / 255)


def test_blur_is_what_opencv_does():
    image = smooth(np.random.default_rng(4), 1)
    ours = ageing.blurred(image, torch.full((1, 1, 1, 1), 1.3))[0].permute(1, 2, 0).numpy()
    theirs = cv2.GaussianBlur(image[0].permute(1, 2, 0).numpy(), (11, 11), 1.3, borderType=cv2.BORDER_REFLECT_101)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_a_batch_is_of_one_shape_and_true(some: list[pool.Parts], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pool, "FEWEST", 0)
    held = pool.Pool(torch.device("cpu"), {"things": 12, "grounds": 4, "scenes": 2})
    for one in some:
        held.add(one)
    assert len(held.things) == 12  # the oldest have made room
    for seed in range(4):
        rng = np.random.default_rng(seed)
        shape = int(np.random.default_rng(seed).integers(len(pool.SHAPES)))
        if not len(held.scenes[0, shape]):
            continue
        image, wanted = held.batch(DetectTask(), 12, rng)
        assert image.shape == (12, 3, *pool.SHAPES[shape])
        assert wanted.shape == (12, 5, *pool.SHAPES[shape])
        assert image.min() >= 0
        assert image.max() <= 1
        assert wanted[:, :3].min() >= 0
        assert wanted[:, :3].max() <= 1
        assert (wanted[:, 0] <= wanted[:, 1] + 1e-3).all()  # what is on top is there
        assert wanted[:, 0].amax((1, 2)).sum() > 2


def test_processes_fill_the_pool(material: Material, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pool, "FEWEST", 1)
    monkeypatch.setattr(pool, "ROOM", {"things": 40, "grounds": 10, "scenes": 4})
    monkeypatch.setattr(pool, "SHAPES", ((64, 64),))
    monkeypatch.setattr(pool, "GROUND", 80)
    task = DetectTask(batch=3, material=material)
    feed = pool.pooled(task, seed=0, begin=0, device=torch.device("cpu"), workers=1, again=2)
    batches = [next(feed) for _ in range(4)]
    assert {tuple(image.shape) for image, _ in batches} == {(3, 3, 64, 64)}
    assert not torch.equal(batches[0][0], batches[2][0])
