"""A recipe from its YAML file and `--set key=value`, and what is wrong with it in one line a problem."""

import difflib
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from corpus.errors import RecipeError
from pipelines.recipe import BenchmarkFile, Recipe, Sample, ScoreCut, Source


def load_recipe(path: Path, overrides: list[str] | None = None) -> Recipe:
    """Read a recipe file and apply `--set key=value` overrides.

    Raises:
        RecipeError: the file is missing, is no YAML mapping, or does not validate.
    """
    if not path.is_file():
        raise RecipeError(f"recipe {path} does not exist; configs/ holds the ones that come with siku")
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RecipeError(f"recipe {path} is not YAML: {error}") from error
    if not isinstance(values, dict):
        raise RecipeError(f"recipe {path} holds a {type(values).__name__}, expected a mapping of keys to values")
    return make_recipe(values, overrides, str(path))


def make_recipe(values: dict[str, Any], overrides: list[str] | None = None, where: str = "recipe") -> Recipe:
    """Validate `values` with `overrides` ("dedup.threshold=0.8") applied.

    Raises:
        RecipeError: one line a problem: where, key, what was given, what is allowed.
    """
    for override in overrides or []:
        _apply(values, override)
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        lines = [f"{where}: {_explain(problem)}" for problem in error.errors()]
        raise RecipeError("\n".join(lines)) from error


def _apply(values: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise RecipeError(f"--set {override!r}: expected key=value, e.g. --set dedup.threshold=0.8")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RecipeError(f"--set {override!r}: the value is not YAML: {error}") from error
    node: Any = values
    *path, last = key.split(".")
    for name in path:
        if isinstance(node, list) and name.isdigit() and int(name) < len(node):
            node = node[int(name)]
        elif isinstance(node, dict):
            node = node.setdefault(name, {})
        else:
            raise RecipeError(f"--set {override!r}: there is nothing at {name!r} to set a key in")
    if not isinstance(node, dict):
        raise RecipeError(f"--set {override!r}: {'.'.join(path)!r} is not a section, so it has no key {last!r}")
    node[last] = value


def _explain(problem: Any) -> str:
    location = ".".join(str(item) for item in problem["loc"])
    given = problem["input"]
    if problem["type"] == "extra_forbidden":
        allowed = _keys_beside(problem["loc"])
        close = difflib.get_close_matches(str(problem["loc"][-1]), allowed, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ";"
        return f"unknown key {location!r} (given {given!r}){hint} allowed here: {', '.join(sorted(allowed))}"
    if problem["type"] == "missing":
        return f"key {location!r} is missing"
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "value_error":  # our own, which says what was given
        return f"key {location!r}: {message}" if location else message
    return f"key {location!r} was given {given!r}: {message[0].lower()}{message[1:]}"


def _keys_beside(location: tuple[Any, ...]) -> list[str]:
    model: Any = Recipe
    sections = {"sources": Source, "sample": Sample, "benchmarks": BenchmarkFile, "scores": ScoreCut}
    for before, name in pairwise((None, *location[:-1])):
        if isinstance(name, int) or before == "scores":  # an item of a list, a name that the user gave
            continue
        model = sections.get(name) or model.model_fields[name].annotation
    return list(model.model_fields)
