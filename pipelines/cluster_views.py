"""Clusters as plain values, to be written as text, as JSON, or into the report.

Every bound on what is read or shown is in `Detail`, and whatever it leaves out is counted: members, changes, and
characters that were not compared. Texts are read for `_CHUNK` members at a time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.clusters import NUM_BINS, Cluster, Decision, Document, Survey, read_documents
from pipelines.reselect import stored_recipe
from pipelines.text_diff import Piece, compare, shortened, visible

EARLIER = "earlier run"
RANK = ("priority", "quality", "num_chars", "content_hash", "id")  # what decides who is kept: `pipelines.keeper`
_CHUNK = 16
_CLUSTER_CHARS = 5_000_000  # of all members together: to compare them takes about a minute


@dataclass(frozen=True)
class Detail:
    """How much of a cluster is read and shown."""

    members: int  # the least similar first
    compared_chars: int  # of each text, from its beginning; less where members are many (`_CLUSTER_CHARS`)
    beginning_chars: int  # of the kept text
    context_chars: int  # on each side of a change
    changes: int  # of one member
    folded: bool  # whether what differs only in case, width, script or punctuation is marked as well
    change_chars: int  # of one side of a change


BRIEF = Detail(
    members=5,
    compared_chars=40_000,
    beginning_chars=120,
    context_chars=30,
    changes=8,
    folded=False,
    change_chars=200,
)
FULL = Detail(
    members=200,
    compared_chars=300_000,
    beginning_chars=600,
    context_chars=100,
    changes=200,
    folded=True,
    change_chars=4000,
)


REPORT = Detail(
    members=3,
    compared_chars=40_000,
    beginning_chars=300,
    context_chars=80,
    changes=6,
    folded=False,
    change_chars=400,
)


def summarised(survey: Survey, measure: str = "jaccard") -> dict[str, Any]:
    """The numbers as plain values; levels and sizes in order.

    Args:
        measure: of `dedup.measure`, what the column `jaccard` holds.
    """
    levels = dict(sorted(survey.levels.items()))
    measured = [level for level in levels if survey.jaccard[level].any()]
    in_clusters = sum((size - 1) * count for size, count in survey.sizes.items())
    return {
        "documents": survey.num_documents,
        "clusters": survey.sizes.total(),
        "removed": survey.levels.total(),
        "removed_for_earlier": survey.levels.total() - in_clusters,
        "levels": levels,
        "measure": measure,
        "measured": measured,
        "jaccard": [
            {"from": bin / (NUM_BINS - 1), **{level: int(survey.jaccard[level][bin]) for level in measured}}
            for bin in _bins(list(survey.jaccard.values()))
        ],
        "sizes": [{"documents": size, "clusters": survey.sizes[size]} for size in sorted(survey.sizes)],
    }


def _bins(histograms: Sequence[np.ndarray]) -> range:
    """From the first that is not empty to the last."""
    filled = np.flatnonzero(np.sum([np.zeros(NUM_BINS, np.int64), *histograms], axis=0))
    return range(int(filled[0]), NUM_BINS) if len(filled) else range(0)


def views(work: Path, chosen: Sequence[Cluster], most: Detail) -> Iterator[dict[str, Any]]:
    """Each cluster as plain values, its texts read when it is its turn."""
    priority = {source.name: source.priority for source in stored_recipe(work).sources} if chosen else {}
    for cluster in chosen:
        share = _CLUSTER_CHARS // max(len(cluster.members), 1)
        detail = replace(most, compared_chars=min(most.compared_chars, share))
        kept = read_documents(work, [cluster.kept], detail.compared_chars)[cluster.kept.id]
        members = [
            view
            for at in range(0, len(cluster.members), _CHUNK)
            for view in _member_views(work, kept, cluster.members[at : at + _CHUNK], priority, detail)
        ]
        if cluster.kept.work is not None:
            members = [member | {"decided_by": EARLIER} for member in members]
        yield {
            "kept": _facts(kept, priority) | {"beginning": kept.text[: detail.beginning_chars]},
            "documents": cluster.kept.cluster_size,
            "levels": dict(sorted(cluster.levels.items())),
            "jaccard": [
                {"from": bin / (NUM_BINS - 1), "documents": int(cluster.jaccard[bin])}
                for bin in _bins([cluster.jaccard])
            ],
            "members": members,
            "members_left_out": cluster.levels.total() - len(members),
        }


def _facts(document: Document, priority: Mapping[str, int]) -> dict[str, Any]:
    values = asdict(document)
    del values["text"]
    return values | {"priority": priority.get(document.source, 0)}


def _member_views(
    work: Path, kept: Document, members: Sequence[Decision], priority: Mapping[str, int], detail: Detail
) -> Iterator[dict[str, Any]]:
    documents = read_documents(work, members, detail.compared_chars)
    for member in members:
        document = documents[member.id]
        pieces = compare(kept.text, document.text)
        facts = _facts(document, priority)
        yield facts | {
            "level": member.level,
            "jaccard": member.jaccard,
            "decided_by": _decided_by(_facts(kept, priority), facts),
            **_differences(pieces, kept, document, detail),
        }


def _decided_by(kept: Mapping[str, Any], member: Mapping[str, Any]) -> str:
    """The first value of the rank (`pipelines.keeper`) in which they differ."""
    return next((name for name in RANK if kept[name] != member[name]), EARLIER)


def _differences(pieces: Sequence[Piece], kept: Document, other: Document, detail: Detail) -> dict[str, Any]:
    changes = [piece for piece in pieces if piece.kind == "changed"]
    runs, left_out = shortened(pieces, detail.context_chars, detail.changes, detail.change_chars, detail.folded)
    longest = max(kept.num_chars, other.num_chars)
    return {
        "identical": kept.text == other.text and detail.compared_chars >= longest,
        "changes": len(changes),
        "tokens_only_kept": sum(piece.num_kept for piece in changes),
        "tokens_only_here": sum(piece.num_other for piece in changes),
        "places_folded": sum(piece.kind == "folded" for piece in pieces),
        "chars_compared": min(detail.compared_chars, longest),
        "cut": detail.compared_chars < longest,
        "diff": [asdict(run) for run in runs],
        "changes_left_out": left_out,
    }


def count_line(member: Mapping[str, Any]) -> str:
    """As "2 changes, -3 +5 tokens; 1 place written in another way (case, ...)"."""
    changes, folded, parts = member["changes"], member["places_folded"], []
    if changes:
        tokens = f"-{member['tokens_only_kept']:,} +{member['tokens_only_here']:,} tokens"
        parts.append(f"{_counted(changes, 'change')}, {tokens}")
    if folded:
        parts.append(f"{_counted(folded, 'place')} written in another way (case, width, script, punctuation)")
    if not parts:
        parts.append(
            "the same text"
            if member["identical"]
            else "no difference in what was compared"
            if member["cut"]
            else "only white space differs"
        )
    if member["cut"]:
        parts.append(f"compared: the first {member['chars_compared']:,} characters of each")
    return "; ".join(parts)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def bin_name(low: float) -> str:
    """0.75 -> "0.75 to 0.80"; the last bin is 1 alone."""
    return "1" if low >= 1 else f"{low:.2f} to {low + 1 / (NUM_BINS - 1):.2f}"


def size_classes(sizes: Sequence[Mapping[str, int]]) -> list[tuple[str, int]]:
    """(documents in a cluster, clusters): 2, 3 and 4 by themselves, then 5 to 8, 9 to 16 and so on."""
    classes: dict[tuple[int, int], int] = {}
    for row in sizes:
        size, low, high = row["documents"], row["documents"], row["documents"]
        if size > 4:
            high = 1 << (size - 1).bit_length()
            low = high // 2 + 1
        classes[low, high] = classes.get((low, high), 0) + row["clusters"]
    return [(f"{low:,}" if low == high else f"{low:,} to {high:,}", count) for (low, high), count in classes.items()]


def side_by_side(runs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A diff in rows of two columns: what stands between two elided stretches, on the left of the kept document.

    Returns:
        rows `{"left": cells, "right": cells, "elided": characters left out behind}`; a cell is (text, how it differs):
        "" where it does not, "form" where it is only written in another way, else "text".
    """
    rows: list[dict[str, Any]] = [{"left": [], "right": [], "elided": 0}]
    for run in runs:
        text, other = (visible(run[name], "\n") for name in ("text", "text_other"))
        if run["kind"] == "elided":
            rows[-1]["elided"] = run["num_chars"]
            rows.append({"left": [], "right": [], "elided": 0})
        elif run["kind"] == "same":
            rows[-1]["left"].append((text, ""))
            rows[-1]["right"].append((other, ""))
        else:
            side, body = "left" if run["kind"] == "kept" else "right", text.rstrip()
            rows[-1][side] += [(body, "form" if run["folded"] else "text"), (text[len(body) :], "")]
    return [row for row in rows if row["left"] or row["right"] or row["elided"]]
