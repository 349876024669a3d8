"""Large models that paint holes: read, asked and pieced together as they should be, by their real loading code."""

import os
import re
import shutil
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from checkpoints import made, tiny
from layersr import backends, decomposing
from layersr.backends.painting import around, seamless, surroundings
from layersr.errors import BackendError, Notice, WeightsError
from layersr.infill.harmonic import harmonic
from layersr.layers import Image
from layersr.progress import Progress
from layersr.roles import BroadInfiller, SlowInfiller

NAMES = ("lama", "lama-refined", "deep-image-prior", "diffusion")


@pytest.fixture(autouse=True)
def short_lessons(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the prior learns in a few steps suffices for all but the tests of what it learns."""
    monkeypatch.setattr("layersr.backends.prior.STEPS", 30)


def noisy(height: int, width: int) -> np.ndarray:
    grain = np.random.default_rng(3).random((height, width, 3), np.float32)
    return np.clip(cv2.GaussianBlur(grain, (0, 0), 3) * 3 - 1, 0, 1)


def gap(height: int, width: int) -> np.ndarray:
    hole = np.zeros((height, width), bool)
    hole[height // 4 : height // 2, width // 3 : width // 3 * 2] = True
    return hole


def flat(value: float):
    return lambda image, hole, report: np.where(hole[..., None], np.float32(value), image)


# ---- what a model is shown, and how its painting comes back ----


def test_a_small_picture_is_shown_whole_with_nothing_of_what_stood_in_the_hole():
    image, hole, seen = noisy(40, 50), gap(40, 50), []
    painted = around(lambda *shown: seen.append(shown) or flat(0.3)(*shown), image, hole, None, 40 * 50)
    ((shown, asked, _),) = seen
    assert np.array_equal(asked, hole)
    assert (shown[hole] == 0).all()
    assert np.array_equal(shown[~hole], image[~hole])
    assert (painted[hole] == np.float32(0.3)).all()
    assert np.array_equal(painted[~hole], image[~hole])


def test_a_large_picture_is_shown_hole_by_hole():
    image, hole, seen = noisy(300, 900), np.zeros((300, 900), bool), []
    hole[100:140, 50:90] = hole[100:140, 100:110] = hole[200:230, 700:760] = True
    painted = around(lambda *shown: seen.append(shown[1]) or flat(0.3)(*shown), image, hole, None, 300 * 300)
    assert [asked.sum() for asked in seen] == [2000, 1800]
    assert all(asked.size < 300 * 300 for asked in seen)
    assert np.allclose(painted[hole], 0.3)
    assert np.array_equal(painted[~hole], image[~hole])


def test_what_must_be_shrunk_to_be_shown_ends_where_the_hole_ends_and_gets_texture():
    _, columns = np.indices((300, 300), np.float32)
    tone = np.repeat((0.2 + 0.6 * columns / 300)[..., None], 3, axis=2).astype(np.float32)
    image = np.clip(tone + 0.1 * (np.random.default_rng(0).random((300, 300, 1), np.float32) - 0.5), 0, 1)
    hole, seen = gap(300, 300), []

    def smooth(image, hole, report):
        seen.append(hole.size)
        return harmonic(image, hole)

    painted = around(smooth, image, hole, None, 60 * 60)
    assert max(seen) <= 60 * 60
    assert np.abs(cv2.blur(painted - tone, (15, 15)))[hole].max() < 0.05  # the tone, up to the rim
    inner = cv2.erode(hole.astype(np.uint8), np.ones((9, 9))) > 0
    assert (painted - tone)[inner].std() > 0.015  # the grain around it has 0.03


def test_things_to_avoid_that_touch_the_hole_are_as_unknown_as_the_hole_and_stay():
    image, hole, avoid, seen = noisy(60, 60), gap(60, 60), np.zeros((60, 60), bool), []
    avoid[30:40, 20:40] = avoid[50:55, 5:10] = True
    painted = around(lambda *shown: seen.append(shown[1]) or flat(0.3)(*shown), image, hole, avoid, 60 * 60)
    assert seen[0][30:40, 20:40].all()
    assert not seen[0][50:55, 5:10].any()
    assert np.array_equal(painted[~hole], image[~hole])
    around(flat(0.3), image, hole, ~hole, 60 * 60)  # where all is to be avoided, the hole alone is unknown


def test_the_surroundings_of_holes_hold_each_hole_once():
    hole = np.zeros((400, 300), bool)
    hole[10:30, 10:60] = hole[35:50, 20:30] = hole[300:380, 100:280] = True
    total = np.zeros(hole.shape, int)
    for window, own in surroundings(hole):
        total[window] += own
    assert np.array_equal(total, hole.astype(int))
    assert len(surroundings(hole)) == 2


def test_a_painting_of_other_tones_meets_the_rim():
    image, hole = np.full((60, 60, 3), 0.5, np.float32), gap(60, 60)
    assert np.abs(seamless(image + np.float32(0.1), image, hole)[hole] - 0.5).max() < 0.01


# ---- every family ----


def model(name: str):
    choice = tiny("infill", name)
    if absent := backends.missing(backends.find()["infill", name].extra):
        pytest.skip(f"needs {' and '.join(absent)}: pip install 'layersr[{backends.find()['infill', name].extra}]'")
    return backends.load("infill", choice)


@pytest.mark.parametrize("name", NAMES)
def test_slow_ones_tell_how_far_they_are_and_can_be_stopped(name: str):
    image, hole, heard = noisy(64, 64), gap(64, 64), []
    infill = model(name)
    assert isinstance(infill, SlowInfiller)
    painted = infill.telling(heard.append)(image, hole)
    assert heard
    shares = [event.done for event in heard]
    assert shares == sorted(shares)
    assert shares[0] >= 0
    assert shares[-1] <= 1
    assert np.array_equal(painted, infill(image, hole))  # and the first is still silent

    def stop(event: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        infill.telling(stop)(image, hole)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_asked_in_passing_is_answered_fast_and_keeps_the_picture(name: str, monkeypatch: pytest.MonkeyPatch):
    image, hole, infill = noisy(64, 64), gap(64, 64), model(name)
    assert isinstance(infill, BroadInfiller)

    def never(*_):
        raise AssertionError("the slow way was taken")

    monkeypatch.setattr(type(infill), "__call__", never)
    for answer in (infill.roughly(image, hole), infill.broadly(image, hole)):
        assert np.array_equal(answer[~hole], image[~hole])
        assert np.isfinite(answer).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_whole_job_with_it_is_exact(name: str, tmp_path: Path):
    from layersr.cli import run

    model(name)
    rows, columns = np.indices((120, 160), np.float32)
    image = np.dstack([0.1 + 0 * rows, 0.4 + 0.3 * rows / 120, 0.2 + 0.2 * columns / 160])
    disc = np.hypot(rows - 60, columns - 80) < 30
    image = np.where(disc[..., None], (0.9, 0.2, 0.1), image) + np.random.default_rng(0).normal(0, 0.01, (120, 160, 1))
    picture, out = tmp_path / "disc.png", tmp_path / "disc.psd"
    cv2.imwrite(str(picture), np.clip(image * 255, 0, 255).astype(np.uint8)[..., ::-1])
    # The box makes a hole; at scale 1 `export` fails unless the file flattens to the picture exactly.
    arguments = ["--infill", tiny("infill", name), "--box", "48,28,64,64", "--detect", "none", "--scale", "1"]
    assert run(["export", str(picture), str(out), *arguments]) == 0
    from layersr import documents

    stack = documents.read(out)
    assert len(stack.layers) == 2
    seen = stack.layers[0].pixels[60, 80, :3].astype(int)
    assert np.abs(seen - np.clip(image[60, 80] * 255, 0, 255).astype(int)).max() > 5  # the disc's own colour is gone


@pytest.mark.parametrize("name", ["lama", "lama-refined", "diffusion"])
def test_missing_and_wrong_weights_are_told(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    model(name)
    monkeypatch.setenv("LAYERSR_HOME", str(tmp_path))
    with pytest.raises(WeightsError, match="layersr models fetch"):
        backends.load("infill", name)
    wrong = tmp_path / "wrong.pt"
    wrong.write_bytes(b"no weights at all")
    with pytest.raises(WeightsError, match=r"wrong\.pt"):
        backends.load("infill", f"{name}={wrong}")


@pytest.mark.parametrize("name", NAMES)
def test_without_the_package_the_error_names_the_extra(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(backends, "missing", lambda extra: ["torch"])
    extra = backends.find()["infill", name].extra
    with pytest.raises(BackendError, match=re.escape(f"pip install 'layersr[{extra}]'")):
        backends.load("infill", f"{name}={os.devnull}" if name != "deep-image-prior" else name)


def test_the_person_sees_the_slow_infill_move(samples: Path):
    """`decompose` gives a slow infiller its share of the progress."""

    class Slow:
        def __init__(self, report=None):
            self.report = report

        def telling(self, report):
            return Slow(report)

        def __call__(self, image, hole, avoid=None):
            assert self.report is not None, "the background is painted without a word"
            self.report(Progress("paint", 0.5))
            return np.where(hole[..., None], np.float32(0.5), image)

        def roughly(self, image, hole, avoid=None):
            return np.where(hole[..., None], np.float32(0.5), image)

        broadly = roughly

    from layersr.roles import Prompt

    loaded = {role: backends.load(role, "classic") for role in ("detect", "matte")}
    models = decomposing.Models(loaded["detect"], loaded["matte"], Slow())
    pixels = np.full((64, 64, 4), 255, np.uint8)
    pixels[20:40, 20:40, :3] = (200, 30, 30)
    heard: list[Progress] = []
    mask = np.zeros((64, 64), bool)
    mask[20:40, 20:40] = True
    limits = decomposing.Limits(only_asked=True)
    decomposing.decompose(Image(pixels), models, limits, [Prompt(mask=mask)], heard.append)
    (told,) = [event.done for event in heard if event.stage == "paint"]
    assert 0.62 < told < 0.9


# ---- LaMa ----


def test_lama_paints_what_simple_lama_inpainting_paints(monkeypatch: pytest.MonkeyPatch):
    model("lama")
    package = pytest.importorskip(
        "simple_lama_inpainting", reason="needs simple-lama-inpainting: pip install simple-lama-inpainting==0.1.0"
    )
    import warnings

    from PIL import Image as Pillow

    monkeypatch.setenv("LAMA_MODEL", str(made("big-lama")))
    image = (noisy(77, 101) * 255).astype(np.uint8)
    hole = gap(77, 101)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch.jit.load
        theirs = package.SimpleLama("cpu")(Pillow.fromarray(image), Pillow.fromarray(hole.astype(np.uint8) * 255))
    theirs = np.asarray(theirs)[:77, :101]  # it comes back padded
    ours = model("lama")(image.astype(np.float32) / 255, hole)
    assert theirs[hole].std() > 20  # there is something to compare
    assert np.abs(np.floor(ours * 255)[hole] - theirs[hole]).max() <= 1
    assert np.array_equal(np.rint(ours * 255)[~hole], image[~hole])


def test_weights_are_read_off_a_script_without_running_it():
    model("lama")
    import warnings

    import torch

    from layersr.backends.states import state

    path = made("big-lama")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        theirs = torch.jit.load(path).state_dict()
    ours = state(path)
    assert set(ours) == set(theirs)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize("kind", ["safetensors", "ckpt"])
def test_other_files_of_the_same_network_paint_the_same(kind: str, tmp_path: Path):
    whole = model("lama")
    import torch
    from safetensors.torch import save_file

    from layersr.backends.states import state

    tensors = {name.removeprefix("model."): value.contiguous() for name, value in state(made("big-lama")).items()}
    path = tmp_path / f"lama.{kind}"
    if kind == "ckpt":  # as the authors' code writes it: the generator beside what it was trained with
        tensors["discriminator.model0.0.weight"] = torch.zeros(3)
        torch.save({"state_dict": tensors, "epoch": 3}, path)
    else:
        save_file(tensors, path)
    other, image, hole = backends.load("infill", f"lama={path}"), noisy(40, 48), gap(40, 48)
    assert np.array_equal(other(image, hole), whole(image, hole))


def test_files_that_are_damaged_or_would_run_something_are_refused(tmp_path: Path):
    model("lama")
    import pickle

    import torch

    cut = tmp_path / "cut.pt"
    cut.write_bytes(made("big-lama").read_bytes()[:-2000])
    less = tmp_path / "less.pt"
    torch.save({"generator.model.1.ffc.convl2l.weight": torch.zeros(4, 4, 7, 7)}, less)

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    evil = tmp_path / "evil.ckpt"
    evil.write_bytes(pickle.dumps({"state_dict": Evil()}))
    script = tmp_path / "evil.pt"
    with zipfile.ZipFile(made("big-lama")) as old, zipfile.ZipFile(script, "w") as new:
        for name in old.namelist():
            new.writestr(name, pickle.dumps(Evil()) if name.endswith("/data.pkl") else old.read(name))
    for path in (cut, less, evil, script):
        with pytest.raises(WeightsError, match=path.name):
            backends.load("infill", f"lama={path}")
    assert not (tmp_path / "ran").exists()


def test_refining_holds_the_large_painting_to_the_small_one():
    """With more looks the shrunk painting comes nearer to the small one; outside the hole the picture stays."""
    model("lama-refined")
    import torch

    from layersr.backends.states import state
    from layersr.infill import ffc, refinement

    weights = ffc.weights(state(made("big-lama")))
    image, hole = noisy(96, 112), np.zeros((96, 112), bool)
    hole[20:76, 24:90] = True
    planes = torch.from_numpy(image.transpose(2, 0, 1).copy())[None]
    holes = torch.from_numpy(hole).float()[None, None]
    small = ffc.inpaint(weights, refinement.halved(planes), (refinement.halved(holes) > 0).float())
    inner = refinement._inner(holes, small.shape[-2:])
    assert 0 < inner.sum() < hole.sum() / 4  # half the size, and eroded
    misses = []
    for steps in (1, 120):  # a network of random weights is moved slowly
        painted = refinement.refined(weights, planes, holes, side=48, steps=steps).detach()
        assert torch.equal(painted[..., ~torch.from_numpy(hole)], planes[..., ~torch.from_numpy(hole)])
        misses.append(float((refinement.halved(painted) - small).abs()[..., inner].mean()))
    assert misses[1] < 0.97 * misses[0]


def test_pictures_are_refined_in_one_to_three_sizes():
    from layersr.infill.refinement import sizes

    assert [sizes((n, 2 * n)) for n in (40, 512, 724, 725, 1448, 1449, 5000)] == [1, 1, 1, 2, 2, 3, 3]


def test_where_memory_does_not_suffice_less_is_refined_and_a_note_says_so(monkeypatch: pytest.MonkeyPatch):
    infill = model("lama-refined")
    plain = model("lama")
    infill._side = 32
    image, hole = noisy(96, 96), gap(96, 96)
    per_pixel = 11_600 * 4 / 64
    monkeypatch.setattr("layersr.backends.lama.free_memory", lambda device: 31 * 31 * per_pixel)
    with pytest.warns(Notice, match="one look"):
        assert np.array_equal(infill(image, hole), plain(image, hole))
    monkeypatch.setattr("layersr.backends.lama.free_memory", lambda device: 64 * 64 * per_pixel)
    with pytest.warns(Notice, match="megapixels"):
        painted = infill(image, hole)
    assert np.array_equal(painted[~hole], image[~hole])


def test_a_hole_thinner_than_the_rim_is_refined_too():
    infill = model("lama-refined")
    infill._side = 32
    image, hole = noisy(96, 96), np.zeros((96, 96), bool)
    hole[40:44] = True
    assert np.isfinite(infill(image, hole)).all()


# ---- deep image prior ----


def test_the_squares_kept_from_the_prior_lie_near_the_hole_and_never_at_its_rim():
    from layersr.infill.prior import held_out

    hole = gap(120, 160)
    squares = held_out(hole)
    away = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, 5)
    assert 0 < squares.sum() < 0.2 * (~hole).sum()
    assert away[squares].min() > 2
    assert not held_out(np.zeros((3, 3), bool) | (np.indices((3, 3)).sum(axis=0) == 0)).any()


def test_the_prior_goes_on_with_stripes_better_than_a_smooth_fill():
    model("deep-image-prior")
    from layersr.backends.prior import PriorInfill

    rows, columns = np.indices((48, 48), np.float32)
    wave = 0.5 + 0.4 * np.sin((rows + columns) / 2)
    image, hole = np.repeat(wave[..., None], 3, axis=2).astype(np.float32), np.zeros((48, 48), bool)
    hole[20:30, 20:30] = True
    given = np.where(hole[..., None], np.float32(0), image)
    errors = [np.abs(fill(given, hole) - image)[hole].mean() for fill in (PriorInfill("cpu", 150), harmonic)]
    assert errors[0] < 0.6 * errors[1]


def test_the_prior_leaves_the_chance_of_others_alone():
    model("deep-image-prior")
    import torch

    from layersr.infill.prior import prior

    torch.manual_seed(7)
    before = torch.rand(3)
    torch.manual_seed(7)
    prior(noisy(32, 32), gap(32, 32), steps=2)
    assert torch.equal(torch.rand(3), before)


def test_another_seed_is_another_prior():
    model("deep-image-prior")
    from layersr.infill.prior import prior

    first, other, same = (prior(noisy(32, 32), gap(32, 32), steps=2, seed=seed) for seed in (0, 1, 1))
    assert np.array_equal(other, same)
    assert not np.array_equal(first, other)


# ---- diffusion ----


def test_diffusion_finds_the_files_that_are_published():
    from layersr.backends.diffusion import WEIGHTS

    model("diffusion")
    folder = made("sdxl-inpainting")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == {file.path for file in WEIGHTS.files}


def test_diffusion_takes_older_models_and_none_for_inpainting(tmp_path: Path):
    model("diffusion")
    from checkpoints.diffusion import stable

    infill = backends.load("infill", f"diffusion={stable(tmp_path / 'old')}")
    image, hole = noisy(40, 56), gap(40, 56)
    painted = infill(image, hole)
    assert np.array_equal(painted[~hole], image[~hole])
    assert painted[hole].std() > 0.05
    assert np.array_equal(painted, infill(image, hole))
    other = backends.load("infill", f"diffusion={tmp_path / 'old'}", seed=1)(image, hole)
    assert not np.array_equal(painted[hole], other[hole])


def test_diffusion_refuses_pickled_weights(tmp_path: Path):
    model("diffusion")
    import torch

    folder = tmp_path / "pickled"
    shutil.copytree(made("sdxl-inpainting"), folder)
    (folder / "unet" / "diffusion_pytorch_model.fp16.safetensors").unlink()
    torch.save({}, folder / "unet" / "diffusion_pytorch_model.bin")
    with pytest.raises(WeightsError, match="does not hold"):
        backends.load("infill", f"diffusion={folder}")
