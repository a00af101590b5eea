"""A typo in a recipe must stop the run before it starts, and say where it is."""

from pathlib import Path

import pytest
import yaml

from corpus.errors import RecipeError
from pipelines.recipe import Recipe
from pipelines.recipe_file import load_recipe, make_recipe

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))
SOURCES = [{"name": "a", "files": ["a.jsonl"]}]


def _write(folder, text):
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_recipe_that_comes_with_siku_loads(path):
    assert load_recipe(path).sources


def test_there_are_recipes():
    assert CONFIGS


@pytest.mark.parametrize(
    ("values", "parts"),
    [
        (
            {"dedup": {"treshold": 0.8}},
            ["unknown key 'dedup.treshold'", "given 0.8", "did you mean 'threshold'?"],
        ),
        ({"dedup": {"threshold": 7}}, ["key 'dedup.threshold' was given 7", "less than or equal to 1"]),
        ({"sorces": []}, ["unknown key 'sorces'", "did you mean 'sources'?"]),
        (
            {"sources": [{"name": "a", "files": ["x"], "format": "csv"}]},
            ["key 'sources.0.format' was given 'csv'", "'jsonl'", "'warc'"],
        ),
        ({"sources": [{"name": "a", "files": ["x"], "fromat": "json"}]}, ["'sources.0.fromat'", "'format'"]),
        ({"sources": SOURCES * 2}, ["two sources are called 'a'"]),
        ({"sources": []}, ["key 'sources' was given []"]),
        (
            {"dedup": {"threshold": 0.3, "rows_per_band": 16}},
            ["key 'dedup'", "bands, more than 4,096", "rows_per_band"],
        ),
        ({"sources": [{"name": "..", "files": ["x"]}]}, ["key 'sources.0.name' was given '..'"]),
        ({"sources": [{"name": "a", "files": ["sample:/a"]}]}, ["'sample:/a' is a file of the sample crawl"]),
        (
            {"sources": [{"name": "a", "files": ["x"], "sha256": {"y": "0"}}]},
            ["sha256 of source 'a' names 'y', which is not in its files"],
        ),
        ({"select": {"thresholds": {"gopher_quality.min_words": float("inf")}}}, ["finite number"]),
        ({"runner": {"name": "DirectRunner"}}, ["'runner.name' was given 'DirectRunner'", "'local'"]),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_recipe_says_file_key_given_and_allowed(tmp_path, values, parts):
    path = _write(tmp_path, yaml.safe_dump({"sources": SOURCES} | values))
    with pytest.raises(RecipeError) as caught:
        load_recipe(path)
    for part in [str(path), *parts]:
        assert part in str(caught.value)


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "", "\x00"], ids=["list", "broken", "empty", "binary"])
def test_what_is_no_recipe_is_refused_by_name(tmp_path, text):
    with pytest.raises(RecipeError, match=r"recipe\.yaml"):
        load_recipe(_write(tmp_path, text))


def test_overrides_are_yaml_values_at_dotted_keys():
    recipe = make_recipe(
        {"sources": [{"name": "a", "files": ["x"]}]},
        ["dedup.threshold=0.8", "select.languages=[zh]", "sources.0.priority=3", "tokenizer.path=null"],
    )
    assert recipe.dedup.threshold == 0.8
    assert recipe.select.languages == ["zh"]
    assert recipe.sources[0].priority == 3


@pytest.mark.parametrize("override", ["threshold", "=3", "sources.5.name=x", "name.x=1", "dedup.threshold=["])
def test_a_bad_override_is_refused(override):
    with pytest.raises(RecipeError, match="--set"):
        make_recipe({"name": "n", "sources": SOURCES}, [override])


def test_sections_are_frozen():
    recipe = Recipe.model_validate({"sources": SOURCES})
    with pytest.raises(ValueError, match="frozen"):
        recipe.name = "other"  # type: ignore[misc]
