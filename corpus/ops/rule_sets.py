"""The published rule sets by name, as recipes write them."""

from corpus.errors import RecipeError
from corpus.ops.fineweb2_cmn_hani import FINEWEB2_CMN_HANI
from corpus.ops.gopher_quality import GOPHER_QUALITY
from corpus.ops.gopher_repetition import GOPHER_REPETITION
from corpus.ops.rules import RuleSet, override

__all__ = ["RULE_SETS", "rule_set"]

RULE_SETS: dict[str, RuleSet] = {each.name: each for each in (GOPHER_QUALITY, GOPHER_REPETITION, FINEWEB2_CMN_HANI)}


def rule_set(name: str, thresholds: dict[str, float] | None = None) -> RuleSet:
    """A published rule set, with some thresholds replaced.

    Raises:
        RecipeError: there is no such rule set, or it has no rule of a name in `thresholds`.

    Example: `rule_set("gopher_quality", {"min_words": 20})`.
    """
    if name not in RULE_SETS:
        raise RecipeError(f"there is no rule set {name!r}; choose one of {sorted(RULE_SETS)}")
    return override(RULE_SETS[name], thresholds or {})
