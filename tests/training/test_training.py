"""Every recipe runs end to end: two steps, a checkpoint, a resumed run, an ONNX file that says what torch says."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

WAY = "training needs torch: pip install 'layersr[train]'"
torch = pytest.importorskip("torch", reason=WAY)
pytest.importorskip("onnx", reason=WAY)

from layersr.training import exporting, feeding, loop, optimizing, upscale  # noqa: E402
from layersr.training.__main__ import main, tasks  # noqa: E402


@pytest.fixture(scope="module")
def own_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Smooth pictures, some of them held apart."""
    folder = tmp_path_factory.mktemp("pictures")
    for seed in range(30):
        noise = np.random.default_rng(seed).random((300, 310, 3)).astype(np.float32)
        cv2.imwrite(str(folder / f"{seed}.png"), cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 255, 32))
    return folder


@pytest.mark.parametrize("name", sorted(tasks()))
def test_two_steps_end_to_end(name: str, own_pictures: Path, tmp_path: Path):
    def run(steps: int) -> str:
        folders = ["--data", own_pictures, "--out", tmp_path, "--checkpoints", tmp_path / "checkpoints"]
        result = CliRunner().invoke(main, [name, "--minutes", "9", "--steps", str(steps), *map(str, folders)])
        assert result.exit_code == 0, result.output
        return result.output

    card = tmp_path / f"{name}.md"
    card.write_text("| sha256 | - |\n| steps | 0 |\n", encoding="utf-8")
    assert "2 steps" in run(2)
    first = exporting.facts(tmp_path / f"{name}.onnx")
    assert "3 steps" in run(3)  # taken up, not begun again
    second = exporting.facts(tmp_path / f"{name}.onnx")
    assert first["parameters"] == second["parameters"]
    assert first["sha256"] != second["sha256"]
    assert card.read_text(encoding="utf-8") == f"| sha256 | {second['sha256']} |\n| steps | 3 |\n"
    names = dict(tasks()[name].network().named_parameters())
    held = exporting.weights(tmp_path / f"{name}.onnx")
    assert {k: v.shape for k, v in names.items()} == {k: held[k].shape for k in names}  # fine-tuning starts from it


def test_unknown_network_and_empty_folder(tmp_path: Path):
    wrong = CliRunner().invoke(main, ["magic", "--data", str(tmp_path)])
    assert wrong.exit_code == 2
    assert "upscale_x4" in wrong.output
    assert CliRunner().invoke(main, ["upscale_x4", "--data", str(tmp_path)]).exit_code == 3


def tiny(lr: float = 1e-3) -> upscale.UpscaleTask:
    rng = np.random.default_rng(0)
    task = upscale.UpscaleTask(2, batch=2, patch=8, lr=lr)
    task.pairs = [upscale.pair(rng.integers(0, 256, (40, 40, 3), np.uint8), 2)]
    task.apart, task.chances = task.pairs, np.ones(1)
    task.network = lambda: upscale.Upscaler(2, features=16, blocks=1)
    return task


def test_interrupted_and_resumed_is_the_same_training(tmp_path: Path):
    def run(folder: str, steps: int) -> dict[str, torch.Tensor]:
        network, _ = loop.train(
            tiny(), 1e6, steps=steps, checkpoints=tmp_path / folder, device=torch.device("cpu"), say=lambda line: None
        )
        return network.state_dict()

    whole, _ = run("whole", 4), run("parts", 2)
    resumed = run("parts", 4)
    for name, weights in whole.items():
        torch.testing.assert_close(resumed[name], weights, rtol=1e-4, atol=1e-6)


def test_more_minutes_go_on_from_the_level_stretch(tmp_path: Path):
    cpu, lines = torch.device("cpu"), []
    _, short = loop.train(tiny(), 0.02, checkpoints=tmp_path, device=cpu, say=lines.append)
    level = torch.load(tmp_path / "upscale_x2.level.pt", weights_only=True)
    assert 0 < level["step"] < short["steps"]
    _, state = loop.train(tiny(), 1e6, steps=level["step"] + 1, checkpoints=tmp_path, device=cpu, say=lines.append)
    assert state["steps"] == level["step"] + 1
    assert all("held apart" in line for line in lines)


def test_it_learns(tmp_path: Path):
    rows, columns = np.indices((64, 64))
    stripes = (np.sin(rows / 3) > 0) ^ (columns // 5 % 2 > 0)
    task = tiny(lr=3e-3)
    task.pairs = task.apart = [upscale.pair(np.repeat(stripes[..., None] * np.uint8(200), 3, axis=2), 2)]
    before = task.score(task.network())
    _, state = loop.train(task, 1e6, steps=200, checkpoints=tmp_path, device=torch.device("cpu"), say=lambda line: None)
    assert state["score"] > before + 1


def test_schedule():
    assert loop.rate(0, 0.0) == pytest.approx(1 / loop.RISE)
    assert loop.rate(10**4, 0.3) == 1
    assert loop.rate(10**4, 1.0) == 0


def test_orthogonal_steps():
    matrix = torch.randn(3, 24, 60, generator=torch.Generator().manual_seed(0))
    for m in (matrix, matrix.mT):
        values = torch.linalg.svdvals(optimizing.orthogonal(m))
        assert values.min() > 0.5
        assert values.max() < 1.3


def test_a_fresh_network_enlarges_by_repeating():
    image = torch.rand(1, 3, 6, 5)
    for scale in (2, 4):
        out = upscale.Upscaler(scale)(image)
        near = image.repeat_interleave(scale, 2).repeat_interleave(scale, 3)
        assert (out - near).abs().mean() < 0.1


def test_batches_made_by_other_processes_are_the_same():
    def some(workers: int, again: int) -> list[torch.Tensor]:
        task = tiny()
        task.varied = lambda batch, rng: (batch[0] + 2, batch[1])
        feed = feeding.batches(task, 3, 0, torch.device("cpu"), workers=workers, again=again)
        return [next(feed)[0] for _ in range(4)]

    here, there = some(0, 1), some(2, 1)
    assert all(torch.equal(a, b) for a, b in zip(here, there, strict=True))
    twice = some(0, 2)  # each new one, then one of those before it, varied
    assert torch.equal(twice[0], here[0])
    assert torch.equal(twice[1], here[0] + 2)
    assert torch.equal(twice[2], here[1])
    assert any(torch.equal(twice[3], old + 2) for old in here[:2])


@pytest.mark.parametrize("name", ["detect_topmost", "infill_structure"])
def test_what_is_looked_at_again_stays_true(name: str, own_pictures: Path):
    """Mirroring turns the ways to the middles too; outside a hole picture and truth stay the same."""
    task = tasks()[name]
    task.prepare(own_pictures, 0)
    batch = task.sample(np.random.default_rng(0))
    for seed in range(6):
        x, wanted = task.varied(batch, np.random.default_rng(seed))
        assert x.shape == batch[0].shape
        if name == "infill_structure":
            assert ((x[:, :3] - wanted).abs() * (1 - x[:, 3:])).max() < 1e-6
            continue
        assert float(x.min()) >= 0
        assert float(x.max()) <= 1
        mirrored = not torch.equal(wanted, batch[1])
        back = wanted.flip(3) if mirrored else wanted
        assert torch.equal(back[:, :3], batch[1][:, :3])
        assert torch.equal(back[:, 3], -batch[1][:, 3] if mirrored else batch[1][:, 3])
