"""Recipes survive TOML and refuse nonsense in a sentence."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layersr import recipe as recipes
from layersr.errors import UsageError
from layersr.recipe import Recipe

names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
numbers = st.integers(-(2**31), 2**31)
made = st.builds(
    Recipe,
    scale=st.sampled_from([1, 2, 3, 4, 8]),
    max_layers=st.integers(0, 500),
    granularity=st.floats(0, 1),
    masks=st.lists(names).map(tuple),
    boxes=st.lists(st.tuples(numbers, numbers, numbers, numbers)).map(tuple),
    points=st.lists(st.tuples(numbers, numbers)).map(tuple),
    detect=names,
    seed=st.integers(0, 2**31),
    keep=st.sampled_from([(), ("flat",)]),
)


@given(made)
def test_toml_and_back(recipe: Recipe) -> None:
    assert recipes.loads(recipes.dumps(recipe)) == recipe


def test_missing_choices_keep_their_defaults() -> None:
    assert recipes.loads("scale = 1\ngranularity = 1\n") == Recipe(scale=1, granularity=1.0)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("scale = 5", "1, 2, 3, 4 or 8"),
        ("scale = ", "TOML"),
        ("scael = 2", "scael"),
        ('scale = "2"', "int"),
        ("scale = true", "int"),
        ("granularity = 1.5", "between 0 and 1"),
        ("max_layers = -1", "0 or more"),
        ("dpi = -1", "between 1"),
        ('size = "large"', "3000x2000"),
        ('keep = ["cake"]', "flat"),
    ],
)
def test_nonsense_is_refused(text: str, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        recipes.loads(text)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(recipes.dumps(Recipe(scale=4)), encoding="utf-8")
    assert recipes.load(path).scale == 4
    with pytest.raises(UsageError, match="cannot be read"):
        recipes.load(tmp_path / "none.toml")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="cannot be read"):
        recipes.load(path)
