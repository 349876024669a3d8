"""Presets, and what a recipe's choices need of this machine."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from layersr import backends, needs, pipeline, presets
from layersr import recipe as recipes
from layersr import weights as kept
from layersr.errors import BackendError, Notice, UsageError
from layersr.layers import Image
from layersr.presets import PRESETS
from layersr.recipe import Recipe
from layersr.weights import File, Weights

SLOW_ONE = Weights("slow", (File("slow.bin", "http://127.0.0.1:9/slow.bin", 5_000_000),), "MIT", "nobody")
BOUND = Weights("bound", (File("bound.bin", "http://127.0.0.1:9/bound.bin"),), "CC-BY-NC-4.0", "nobody", False)


@pytest.fixture
def field(weights_home: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """More backends than there are: `slow` and `bound` have weights, `far` needs a package that nobody has."""
    found = dict(backends.find())
    for name, weights, extra in (("slow", (SLOW_ONE,), ""), ("bound", (BOUND,), ""), ("far", (), "lama")):
        one = backends.Backend("infill", name, lambda device, *paths: None, extra=extra, weights=weights)
        found["infill", name] = one
    monkeypatch.setattr(backends, "find", lambda: found)
    state = SimpleNamespace(absent={"lama": ["simple_lama_inpainting"]})
    monkeypatch.setattr(backends, "missing", lambda extra: state.absent.get(extra, []))
    names = ("far", "bound", "slow", "layersr")
    for preset in ("standard", "best"):
        monkeypatch.setitem(PRESETS, preset, {**PRESETS[preset], "infill": names})
    return state


def place(weights: Weights) -> None:
    """Put the files of weights where ours are kept."""
    kept.folder(weights).mkdir(parents=True)
    (kept.folder(weights) / weights.files[0].path).write_bytes(b"numbers")


def test_presets_name_backends_that_exist_and_for_every_role_one_that_comes_with_layersr():
    for preset, roles in PRESETS.items():
        assert set(roles) == set(needs.CHOSEN) - {"decompose"}, preset
        for role, names in roles.items():
            for name in names:
                assert (role, name) in {*backends.find(), *needs.WAYS}
            last = (role, names[-1])
            assert last not in needs.WAYS or needs.usable(*last)
            assert role == "understand" or last in needs.WAYS or not backends.find()[last].extra
    assert set(backends.find()) >= presets.SLOW
    assert not set(PRESETS) & {name for _, name in backends.find()}


def test_the_standard_takes_what_is_here_and_nothing_that_must_be_fetched(field: SimpleNamespace):
    assert needs.taken("infill", "standard") == "layersr"
    place(SLOW_ONE)
    assert needs.taken("infill", "standard") == "slow"
    field.absent = {}
    assert needs.taken("infill", "standard") == "far"


def test_the_best_may_be_fetched_and_a_package_that_would_be_better_is_told(field: SimpleNamespace):
    with pytest.warns(Notice, match=r"far would be better than slow; it needs simple.*pip install 'layersr\[lama\]'"):
        assert needs.resolved(Recipe(infill="best")).infill == "slow"
    assert needs.resolved(Recipe(understand="best")).understand == "grounding-dino"
    field.absent["transformers"] = ["torch"]
    assert needs.resolved(Recipe(understand="best")).understand == "clipseg"  # nobody asked for anything in words
    with pytest.warns(Notice, match="grounding-dino would be better than clipseg; it needs torch"):
        needs.resolved(Recipe(understand="best", texts=("eyes",)))
    field.absent = {}
    assert needs.taken("infill", "best") == "far"


def test_presets_take_what_forbids_commercial_use_only_where_that_was_accepted(field: SimpleNamespace):
    place(BOUND)
    assert needs.taken("infill", "standard") == "layersr"
    kept.records.accept(kept.record(BOUND), BOUND.licence)
    assert needs.taken("infill", "standard") == "bound"


def test_what_is_slow_on_a_cpu_is_taken_on_an_accelerator_only(field: SimpleNamespace, monkeypatch: pytest.MonkeyPatch):
    place(SLOW_ONE)
    monkeypatch.setattr(presets, "SLOW", frozenset({("infill", "slow")}))
    assert needs.taken("infill", "standard", "cpu") == "layersr"
    assert needs.taken("infill", "standard", "cuda") == "slow"


def test_choices_say_more_than_the_preset():
    recipe = recipes.loads('preset = "draft"\nmatte = "layersr"\ndetect = "none"\n')
    assert (recipe.matte, recipe.detect, recipe.infill) == ("layersr", "none", "draft")
    assert needs.resolved(recipe) == replace(
        Recipe(), matte="layersr", detect="none", infill="classic", upscale="classic", alpha="classic"
    )
    with pytest.raises(UsageError, match="there is draft, standard, best"):
        recipes.loads('preset = "great"')
    assert needs.resolved(Recipe()) == Recipe()


def test_the_recipe_that_is_kept_names_what_was_used():
    image = Image(np.full((24, 24, 4), 255, np.uint8))
    asked = Recipe(**{**presets.choices("draft"), "detect": "none"}, masks=(), scale=2)
    stack = pipeline.run(image, asked)
    written = recipes.loads(stack.recipe)
    assert (written.matte, written.infill, written.upscale, written.alpha) == ("classic",) * 4
    again = pipeline.run(image, written)
    assert again.recipe == stack.recipe
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(stack.layers, again.layers, strict=True))


# what a recipe needs


def test_only_what_is_going_to_be_used_is_needed(field: SimpleNamespace):
    assert needs.weights_of(Recipe()) == []
    needed = needs.weights_of(Recipe(infill="slow", texts=("eyes",), understand="clipseg"))
    assert {weights.name for weights in needed} == {"clipseg", "slow"}
    assert needs.weights_of(Recipe(infill="slow"), needs.ENLARGING) == []
    roles = {role for role, _ in needs.chosen(Recipe(scale=1, detect="none"))}
    assert roles == {"matte", "infill"}
    roles = {role for role, _ in needs.chosen(Recipe(decompose="qwen-image-layered"))}
    assert roles == {"decompose", "matte", "infill", "upscale", "alpha"}


def test_files_of_ones_own_need_no_weights(field: SimpleNamespace, tmp_path: Path):
    (tmp_path / "mine.bin").write_bytes(b"numbers")
    recipe = Recipe(infill=f"slow={tmp_path / 'mine.bin'}")
    needs.check(recipe)
    assert needs.weights_of(recipe) == []


def test_what_is_missing_is_told_before_anything_is_loaded(field: SimpleNamespace):
    with pytest.raises(BackendError, match=r"'far' needs simple_lama_inpainting. Run: pip install 'layersr\[lama\]'"):
        needs.check(Recipe(infill="far"))
    with pytest.raises(BackendError, match="no alpha backend named 'nonsense'"):
        needs.check(Recipe(alpha="nonsense", scale=1))


def test_weights_are_known_by_their_names_and_by_their_backends(field: SimpleNamespace):
    assert needs.known()["clipseg"].users == (("understand", "clipseg"),)
    assert needs.named("slow") == [SLOW_ONE]
    with pytest.raises(UsageError, match="layersr models list"):
        needs.named("far")


def test_the_table_of_weights_is_sound():
    """Names are folders of their own, and files lie in them; all that is told of a file could be true."""
    for name, known in needs.known().items():
        one = known.weights
        assert name == one.name
        assert name.strip(". ") == name
        assert not set(name) & set('/\\:*?"<>|')
        assert one.licence
        assert one.source
        assert len({file.path for file in one.files}) == len(one.files)
        for file in one.files:
            assert file.url.startswith("https://"), file
            assert not Path(file.path).is_absolute()
            assert ".." not in Path(file.path).parts
            assert len(file.sha256) in (0, 64)
            assert len(file.md5) in (0, 32)
        for also in one.also:
            assert also.partition(":")[0] in ("rembg", "torch", "hub")
