"""The scorer: a perfect run misses nothing, and each way to be wrong shows in its own row and no other."""

import pytest

from pipelines.sample import ScoreRow, Truth, TruthRow, boilerplate_left, score

Outcomes = dict[str, tuple[str, set[str]]]
REASON = {
    "warc_request": "warc_request",
    "warc_warcinfo": "warc_warcinfo",
    "http_status_*": "http_status_404",
    "content_type_*": "content_type_image",
    "*lang*": "min_language_score",
}


def perfect(rows: tuple[TruthRow, ...]) -> tuple[Outcomes, dict[str, str]]:
    """What a pipeline that does everything right reports: outcomes and duplicates."""
    outcomes: Outcomes = {}
    keeper: dict[int, str] = {}
    duplicates: dict[str, str] = {}
    for row in rows:
        if row.expect == "one_of_group":
            assert row.group is not None
            if row.group in keeper:
                duplicates[row.id] = keeper[row.group]
                outcomes[row.id] = ("dropped", {"near_duplicate"})
            else:
                keeper[row.group] = row.id
                outcomes[row.id] = ("kept", set())
        elif row.expect == "dropped":
            outcomes[row.id] = (
                "dropped",
                {REASON[row.accept_reasons[0]] if row.accept_reasons else "min_words"},
            )
        else:
            outcomes[row.id] = (row.expect, set())
    return outcomes, duplicates


def missed(report: list[ScoreRow]) -> dict[str, int]:
    return {row.check: row.missed for row in report if row.missed}


@pytest.fixture
def right(crawl: Truth) -> tuple[Outcomes, dict[str, str]]:
    return perfect(crawl.rows)


def pick(crawl: Truth, kind: str, expect: str | None = None) -> TruthRow:
    return next(row for row in crawl.rows if row.kind == kind and (expect is None or row.expect == expect))


def test_a_perfect_run_misses_nothing(crawl: Truth, right: tuple[Outcomes, dict[str, str]]) -> None:
    report = score(crawl.folder / "truth.jsonl", *right)
    assert missed(report) == {}
    assert all(row.planted == row.as_expected + row.missed for row in report)
    assert sum(row.planted for row in report[:9]) == len(crawl.rows)
    assert {row.check: row.planted for row in report}["groups: exactly one kept"] > 20


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("original", ("dropped", {"min_words"})),
        ("near_miss", ("dropped", {"near_duplicate"})),
        ("other_language", ("kept", set())),
        ("other_language", ("dropped", {"min_words"})),  # dropped, but not for what it is
        ("spam", ("kept", set())),
        ("short_junk", ("unreadable", set())),
        ("no_document", ("dropped", {"json_invalid"})),
        ("broken", ("dropped", {"min_words"})),
    ],
)
def test_one_wrong_outcome_shows_in_its_kind(
    crawl: Truth, right: tuple[Outcomes, dict[str, str]], kind: str, wrong: tuple[str, set[str]]
) -> None:
    outcomes, duplicates = right
    row = pick(crawl, kind, "kept" if kind == "original" else None)
    report = score(crawl.folder / "truth.jsonl", outcomes | {row.id: wrong}, duplicates)
    assert missed(report) == {kind: 1}
    examples = next(each for each in report if each.check == kind).examples
    assert row.id in examples[0]
    assert wrong[0] in examples[0]


def test_a_record_that_disappears_is_missed(crawl: Truth, right: tuple[Outcomes, dict[str, str]]) -> None:
    outcomes, duplicates = right
    gone = pick(crawl, "no_document")
    del outcomes[gone.id]
    report = score(crawl.folder / "truth.jsonl", outcomes, duplicates)
    assert missed(report) == {"no_document": 1}
    assert "absent" in report[7].examples[0]


def test_a_lost_group_and_a_group_kept_twice(crawl: Truth, right: tuple[Outcomes, dict[str, str]]) -> None:
    outcomes, duplicates = right
    copy = pick(crawl, "near_copy")
    members = [row for row in crawl.rows if row.group == copy.group]
    for state, check in (("dropped", "groups: not all lost"), ("kept", "groups: no second kept")):
        changed = outcomes | {row.id: (state, set()) for row in members}
        found = missed(score(crawl.folder / "truth.jsonl", changed, duplicates))
        assert found.pop(check) == 1
        assert found.pop("groups: exactly one kept") == 1
        assert sum(found.values()) == len(members)
        assert set(found) == {row.kind for row in members}


def test_wrong_removals_by_dedup_are_told_apart(crawl: Truth, right: tuple[Outcomes, dict[str, str]]) -> None:
    outcomes, duplicates = right
    miss, stranger = pick(crawl, "near_miss"), pick(crawl, "original", "kept")
    found = missed(score(crawl.folder / "truth.jsonl", outcomes, duplicates | {miss.id: miss.of or ""}))
    assert found == {"dedup: originals and near misses spared": 1}
    copy = next(iter(duplicates))
    found = missed(score(crawl.folder / "truth.jsonl", outcomes, duplicates | {copy: stranger.id}))
    assert found == {"dedup: removed for a member of its own group": 1}


def test_outcomes_nobody_planted_are_counted(crawl: Truth, right: tuple[Outcomes, dict[str, str]]) -> None:
    outcomes, _ = right
    report = score(crawl.folder / "truth.jsonl", outcomes | {"f" * 32: ("kept", set())})
    assert missed(report) == {"outcomes of planted records only": 1}
    assert not any(row.check.startswith("dedup") for row in report)


def test_boilerplate_left_counts_documents_and_not_phrases(crawl: Truth) -> None:
    phrase, other = crawl.boilerplate[0], crawl.boilerplate[1]
    clean = list(crawl.texts.values())[:50]
    assert boilerplate_left(clean, crawl.boilerplate) == 0
    assert boilerplate_left([*clean, f"a {phrase} b {other}", f"{other}"], crawl.boilerplate) == 2
