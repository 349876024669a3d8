"""The contract of every backend found, one class a role: a new file is tested by being there.

Backends with weights are loaded by their real loading code from tiny checkpoints of random weights, and must keep what
a role promises of any model; what takes knowledge (`knowing`) is asked of those that come with theirs.
"""

import cv2
import numpy as np
import pytest

from checkpoints import tiny, wanted
from layersr import backends
from layersr.errors import BackendError
from layersr.roles import Detection, LayoutDetector, Prompt


@pytest.fixture(autouse=True)
def few_steps_of_the_prior(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its contract holds after any number; what it learns in all of them `test_painters.py` asks."""
    monkeypatch.setattr("layersr.backends.prior.STEPS", 60)


def _found(role: str) -> list[str]:
    return [name for r, name in backends.find() if r == role]


def _knowing(role: str) -> list[str]:
    return [name for name in _found(role) if not wanted(backends.find()[role, name])]


def knowing(role: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name", _knowing(role))


def any_of(role: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("name", _found(role))


def _model(role: str, name: str) -> object:
    try:
        return backends.load(role, tiny(role, name))
    except BackendError as error:  # an extra that is not installed: the message says which
        pytest.skip(str(error))


def _scene(height: int = 90, width: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """A red disc on a green gradient, and where the disc is."""
    rows, columns = np.indices((height, width), np.float32)
    ground = np.dstack([0.1 + 0 * rows, 0.4 + 0.3 * rows / height, 0.2 + 0.2 * columns / width])
    disc = (rows - height / 2) ** 2 + (columns - width / 2) ** 2 < (min(height, width) / 4) ** 2
    return np.where(disc[..., None], np.array([0.9, 0.2, 0.1]), ground).astype(np.float32), disc


class TestDetectors:
    @any_of("detect")
    def test_gives_scored_masks_of_the_pictures_size_best_first(self, name: str) -> None:
        image, disc = _scene()
        model = _model("detect", name)
        assert all(d.mask.shape == disc.shape and 0 <= d.score <= 1 for d in model(image))
        scores = [d.score for d in model(image)]
        assert scores == sorted(scores, reverse=True)
        model(np.zeros((1, 1, 3), np.float32))

    @any_of("detect")
    def test_answers_prompts_by_one_thing_at_most_or_says_that_it_cannot(self, name: str) -> None:
        image, disc = _scene()
        model = _model("detect", name)
        for prompt in (Prompt(point=(60, 45)), Prompt(box=(30, 18, 60, 54)), Prompt(mask=disc)):
            try:
                found = model(image, prompt)
            except BackendError as refusal:
                found, way = [], str(refusal)
                assert "--" in way  # it names another
            assert len(found) <= 1

    @knowing("detect")
    def test_finds_the_disc(self, name: str) -> None:
        image, disc = _scene()
        found = _model("detect", name)(image)
        assert all(isinstance(d, Detection) and d.mask.shape == disc.shape and 0 <= d.score <= 1 for d in found)
        assert [d.score for d in found] == sorted((d.score for d in found), reverse=True)
        best = max(found, key=lambda d: d.score).mask > 0.5
        assert (best & disc).sum() / (best | disc).sum() > 0.8

    @knowing("detect")
    def test_finds_nothing_in_nothing(self, name: str) -> None:
        model = _model("detect", name)
        assert not list(model(np.full((64, 64, 3), 0.4, np.float32)))
        assert not list(model(np.zeros((1, 1, 3), np.float32)))

    @knowing("detect")
    def test_takes_prompts(self, name: str) -> None:
        image, disc = _scene()
        model = _model("detect", name)
        for prompt in (Prompt(point=(60, 45)), Prompt(box=(30, 18, 60, 54)), Prompt(mask=disc)):
            (found,) = model(image, prompt)
            mask = found.mask > 0.5
            assert (mask & disc).sum() / (mask | disc).sum() > 0.8

    @knowing("detect")
    def test_may_tell_how_things_lie(self, name: str) -> None:
        image, disc = _scene()
        model = _model("detect", name)
        if isinstance(model, LayoutDetector):
            layout = model.layout(image)
            height, width = layout.opened.shape
            assert layout.opened.dtype == layout.x.dtype == layout.y.dtype == np.float32
            assert 0 <= layout.opened.min() <= layout.opened.max() <= 1
            inside = cv2.resize(disc.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
            assert layout.opened[inside].mean() > 0.8  # nothing covers it
            assert abs(np.median(layout.x[inside]) / width - 0.5) < 0.1  # it has its middle in the middle
            assert abs(np.median(layout.y[inside]) / height - 0.5) < 0.1
        else:
            assert not hasattr(model, "layout")

    @any_of("detect")
    def test_says_so_when_it_does_not_understand_words(self, name: str) -> None:
        image, _ = _scene()
        try:
            found = _model("detect", name)(image, Prompt(text="disc"))
        except BackendError as refusal:
            found, way = [], str(refusal)
            assert "--" in way  # it names another
        assert all(isinstance(d, Detection) for d in found)

    @any_of("detect")
    def test_same_again_and_argument_untouched(self, name: str) -> None:
        image, _ = _scene()
        model, before = _model("detect", name), image.copy()
        once, twice = model(image), model(image)
        assert np.array_equal(image, before)
        assert all(np.array_equal(a.mask, b.mask) and a.score == b.score for a, b in zip(once, twice, strict=True))


class TestUnderstanders:
    @any_of("understand")
    def test_gives_scored_masks_called_by_the_words_best_first(self, name: str) -> None:
        image, disc = _scene()
        model, before = _model("understand", name), image.copy()
        once, twice = model(image, "red disc"), model(image, "red disc")
        assert np.array_equal(image, before)
        assert all(np.array_equal(a.mask, b.mask) and a.score == b.score for a, b in zip(once, twice, strict=True))
        assert all(d.label == "red disc" and d.mask.shape == disc.shape and 0 <= d.score <= 1 for d in once)
        assert [d.score for d in once] == sorted((d.score for d in once), reverse=True)
        model(np.zeros((1, 1, 3), np.float32), "moon")

    @any_of("understand")
    def test_nobody_asks_for_a_fill(self, name: str) -> None:
        image, disc = _scene()
        for found in _model("understand", name)(image, "red disc", np.ones_like(disc)):
            assert found.score < 0.5


class TestMatters:
    @any_of("matte")
    def test_keeps_what_is_certain(self, name: str) -> None:
        image, disc = _scene()
        rng = np.random.default_rng(0)
        trimap = rng.choice(np.array([0, 0.5, 1], np.float32), disc.shape)
        alpha = _model("matte", name)(image, trimap)
        assert alpha.dtype == np.float32
        assert alpha.shape == disc.shape
        assert 0 <= alpha.min() <= alpha.max() <= 1
        assert (alpha[trimap == 0] == 0).all()
        assert (alpha[trimap == 1] == 1).all()

    @knowing("matte")
    def test_finds_the_edge(self, name: str) -> None:
        image, disc = _scene()
        rows, columns = np.indices(disc.shape, np.float32)
        radius = np.hypot(rows - disc.shape[0] / 2, columns - disc.shape[1] / 2)
        edge = min(disc.shape) / 4
        trimap = np.where(radius < edge - 5, 1, np.where(radius > edge + 5, 0, 0.5)).astype(np.float32)
        alpha = _model("matte", name)(image, trimap)
        assert np.abs(alpha - disc)[trimap == 0.5].mean() < 0.12

    @any_of("matte")
    @pytest.mark.parametrize("known", [0.0, 0.5, 1.0])
    def test_survives_a_trimap_of_one_kind(self, name: str, known: float) -> None:
        image, _ = _scene(7, 5)
        alpha = _model("matte", name)(image, np.full((7, 5), known, np.float32))
        assert np.isfinite(alpha).all()


class TestInfillers:
    @any_of("infill")
    def test_keeps_what_is_known_and_ignores_what_is_not(self, name: str) -> None:
        image, disc = _scene()
        hole = np.zeros_like(disc)
        hole[30:60, 40:80] = True
        model = _model("infill", name)
        once = model(image, hole)
        assert once.dtype == np.float32
        assert 0 <= once.min() <= once.max() <= 1
        assert np.array_equal(once[~hole], image[~hole])
        other = image.copy()
        other[hole] = (0, 1, 0)
        assert np.array_equal(once, model(other, hole))

    @knowing("infill")
    def test_may_be_told_what_to_avoid(self, name: str) -> None:
        image, disc = _scene()
        hole = np.zeros_like(disc)
        hole[5:25, 5:25] = True
        painted = _model("infill", name)(image, hole, disc)
        assert np.array_equal(painted[~hole], image[~hole])
        assert painted[hole][:, 0].max() < 0.5  # no red of the disc

    @knowing("infill")
    def test_continues_a_gradient(self, name: str) -> None:
        image, disc = _scene()
        rows, columns = np.indices(disc.shape, np.float32)
        truth = np.dstack([0.1 + 0 * rows, 0.4 + 0.3 * rows / 90, 0.2 + 0.2 * columns / 120]).astype(np.float32)
        import cv2

        hole = cv2.dilate(disc.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        assert np.abs(_model("infill", name)(image, hole) - truth).max() < 0.05

    @any_of("infill")
    def test_no_hole_and_only_hole(self, name: str) -> None:
        image, disc = _scene(9, 8)
        model = _model("infill", name)
        assert np.array_equal(model(image, np.zeros_like(disc)), image)
        assert np.isfinite(model(image, np.ones_like(disc))).all()
        assert np.isfinite(model(image[:1, :1], np.ones((1, 1), bool))).all()


class TestUpscalers:
    @any_of("upscale")
    def test_size_range_and_argument(self, name: str) -> None:
        image, _ = _scene(31, 23)
        model, before = _model("upscale", name), image.copy()
        assert list(model.scales) == sorted(model.scales)
        for scale in model.scales:
            large = model(image, scale)
            assert large.shape == (31 * scale, 23 * scale, 3)
            assert large.dtype == np.float32
            assert 0 <= large.min() <= large.max() <= 1
            assert np.array_equal(large, model(image, scale))
        assert np.array_equal(image, before)

    @knowing("upscale")
    def test_stays_in_place(self, name: str) -> None:
        """Shrunk again, a smooth picture is nearly itself: no shift by half a pixel."""
        rows, columns = np.indices((24, 24), np.float32)
        image = np.dstack([0.5 + 0.3 * np.sin(rows / 4), 0.5 + 0.3 * np.cos(columns / 4), rows / 30]).astype(np.float32)
        model = _model("upscale", name)
        for scale in model.scales:
            small = model(image, scale).reshape(24, scale, 24, scale, 3).mean(axis=(1, 3))
            assert np.abs(small - image)[2:-2, 2:-2].max() < 0.03


class TestAlphaUpscalers:
    @any_of("alpha")
    @pytest.mark.parametrize("scale", [2, 3, 4])
    def test_size_range_certain_pixels_and_arguments(self, name: str, scale: int) -> None:
        image, disc = _scene(31 * scale, 43 * scale)
        alpha = disc.reshape(31, scale, 43, scale).mean(axis=(1, 3), dtype=np.float32)
        model, before = _model("alpha", name), (image.copy(), alpha.copy())
        large = model(image, alpha, scale)
        assert large.dtype == np.float32
        assert large.shape == disc.shape
        assert 0 <= large.min() <= large.max() <= 1
        assert np.abs(large - disc).mean() < 0.02
        assert (large[:: 30 * scale, :: 42 * scale] == 0).all()
        assert large[31 * scale // 2, 43 * scale // 2] == 1
        assert np.array_equal(large, model(image, alpha, scale))
        assert np.array_equal(image, before[0])
        assert np.array_equal(alpha, before[1])

    @any_of("alpha")
    def test_survives_an_alpha_of_one_kind(self, name: str) -> None:
        model = _model("alpha", name)
        for value in (0, 0.4, 1):
            large = model(np.zeros((10, 6, 3), np.float32), np.full((5, 3), value, np.float32), 2)
            np.testing.assert_allclose(large, value, atol=1e-6)


class TestDepthEstimators:
    @any_of("depth")
    def test_size_range_and_argument(self, name: str) -> None:
        image, disc = _scene()
        model, before = _model("depth", name), image.copy()
        depth = model(image)
        assert depth.dtype == np.float32
        assert depth.shape == disc.shape
        assert 0 <= depth.min() <= depth.max() <= 1
        assert np.array_equal(depth, model(image))
        assert np.array_equal(image, before)
        assert np.isfinite(model(np.zeros((1, 1, 3), np.float32))).all()


class TestDecomposers:
    @any_of("decompose")
    @pytest.mark.parametrize(("most", "granularity"), [(1, 1.0), (24, 0.5)])
    def test_sheets_of_one_size_back_to_front_and_argument(self, name: str, most: int, granularity: float) -> None:
        image, _ = _scene(60, 90)
        model, before = _model("decompose", name), image.copy()
        once, again = (model(image, most, granularity) for _ in range(2))
        assert np.array_equal(image, before)
        assert 1 <= len(once) <= most + 1
        for one, other in zip(once, again, strict=True):
            assert one.colour.dtype == one.alpha.dtype == np.float32
            assert one.colour.shape == (*one.alpha.shape, 3)
            assert 0 <= min(one.colour.min(), one.alpha.min()) <= max(one.colour.max(), one.alpha.max()) <= 1
            assert np.array_equal(one.colour, other.colour)
            assert np.array_equal(one.alpha, other.alpha)
        assert model(image[:1, :1], 0, 0.0)


def test_unknown_names_are_refused_with_the_names_there_are() -> None:
    with pytest.raises(BackendError, match="classic"):
        backends.load("infill", "magic")


def test_a_missing_package_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(device: str) -> object:
        raise ModuleNotFoundError("No module named 'nowhere'")

    wanting = backends.Backend("infill", "wanting", load, extra="lama")
    monkeypatch.setattr(backends, "find", lambda: {("infill", "wanting"): wanting})
    with pytest.raises(BackendError, match=r"pip install 'layersr\[lama\]'"):
        backends.load("infill", "wanting")


def test_an_interrupt_while_a_package_is_loaded_is_no_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(device: str) -> None:
        raise ImportError("initialization failed") from KeyboardInterrupt()  # what pybind11 makes of Ctrl-C

    found = {("infill", "x"): backends.Backend("infill", "x", load, "")}
    monkeypatch.setattr(backends, "find", lambda: found)
    with pytest.raises(KeyboardInterrupt):
        backends.load("infill", "x")
