"""The recipe's `select.scores`: which documents go for a score, and the bounds that the corpus itself gives.

`minimum` and `maximum` are numbers of the recipe. The bounds of `top_share` and of `keep` (cc_net's head, middle and
tail, cut at the 30th and the 60th percentile) follow from the corpus: for each language, over its documents that have
the score and that `dedup` keeps, one of each duplicate group, whatever the rules say of them. So other thresholds move
no bound, and a member that is promoted for a dropped keeper is held to the bound of the others.

Guarantees: exact, and a function of the set of documents: order, parts and workers do not matter. Equal scores at the
end of a `top_share` go by id, the smaller stay. A document without the score (of another language, or without a token)
is not judged by it.

Price: for `top_share` and `keep` one pass over the column, and over the ids where scores at the bound are equal; memory
is 4 bytes a document, 16 more to sort where the share is of characters.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.ops.perplexity_buckets import BUCKETS, bucket_edges
from corpus.ops.reasons import reason_list
from corpus.shards import load_manifest, read_table
from pipelines.recipe import ScoreCut
from pipelines.scores import PREFIX

Bounds = dict[
    str, dict[str, list]
]  # score -> language -> [lowest kept, last id at it or None], or [low edge, high edge]


def columns_scored(cuts: Mapping[str, ScoreCut]) -> list[str]:
    """The columns of scores that the cuts read."""
    return [PREFIX + name for name in sorted(cuts)]


def find_bounds(work: Path, cuts: Mapping[str, ScoreCut]) -> Bounds:
    """The bounds of every `top_share` and `keep` by language; JSON.

    Args:
        work: with finished documents and duplicates.
    """
    bounds: Bounds = {}
    for name, cut in sorted(cuts.items()):
        if cut.keep:
            found = _scores_by_language(work, name, cut)
            bounds[name] = {language: list(bucket_edges(scores)) for language, (scores, _) in found.items()}
        elif cut.top_share is not None:
            found = _scores_by_language(work, name, cut)
            bounds[name] = {
                language: _share_bound(work, name, cut, language, scores, weights)
                for language, (scores, weights) in found.items()
            }
    return bounds


def _population(work: Path, name: str, cut: ScoreCut, columns: list[str]) -> Iterator[pa.Table]:
    """Of each part, the documents that have the score and stay after `dedup`."""
    for part in load_manifest(work / "documents").parts:
        table = read_table(work / "documents" / part.path, ["language", PREFIX + name, *columns])
        stays = pc.is_null(read_table(work / "duplicates" / part.path, ["kept_id"])["kept_id"])
        mask = pc.and_(stays, pc.is_valid(table[PREFIX + name]))
        if cut.language is not None:
            mask = pc.and_(mask, pc.equal(table["language"], cut.language))
        yield table.filter(mask)


def _scores_by_language(work: Path, name: str, cut: ScoreCut) -> dict[str, tuple[np.ndarray, np.ndarray | None]]:
    """Language -> scores, and what each document counts for; None where each counts one."""
    weighted = cut.top_share is not None and cut.by == "chars"
    scores: dict[str, list[np.ndarray]] = {}
    weights: dict[str, list[np.ndarray]] = {}
    for table in _population(work, name, cut, ["num_chars"] if weighted else []):
        for language in pc.unique(table["language"]).to_pylist():
            own = table.filter(pc.equal(table["language"], language))
            scores.setdefault(language, []).append(own[PREFIX + name].to_numpy())
            if weighted:
                weights.setdefault(language, []).append(own["num_chars"].to_numpy())
    return {
        language: (np.concatenate(found), np.concatenate(weights[language]) if weighted else None)
        for language, found in sorted(scores.items())
    }


def _share_bound(
    work: Path, name: str, cut: ScoreCut, language: str, scores: np.ndarray, weights: np.ndarray | None
) -> list:
    """[lowest score that stays, last id that stays with it]; None for the id where all with that score stay."""
    assert cut.top_share is not None
    total = len(scores) if weights is None else int(weights.sum(dtype=np.int64))
    limit = int(np.floor(cut.top_share * total + 1e-9))
    if limit >= total:
        return [float(scores.min()), None]
    first_out = _first_out(scores, weights, limit)
    above = scores > first_out
    room = limit - int(above.sum() if weights is None else weights[above].sum(dtype=np.int64))
    last_id = _last_id(work, name, cut, language, first_out, room) if room else ""
    if last_id or not above.any():
        return [float(first_out), last_id]
    return [float(scores[above].min()), None]


def _first_out(scores: np.ndarray, weights: np.ndarray | None, limit: int) -> np.float32:
    """The score of the best document that no longer fits, whichever of those with equal scores goes first."""
    if weights is None:
        place = len(scores) - 1 - limit
        return np.partition(scores, place)[place]
    order = np.argsort(-scores)
    held = np.cumsum(weights[order], dtype=np.int64)
    return scores[order[np.searchsorted(held, limit, side="right")]]


def _last_id(work: Path, name: str, cut: ScoreCut, language: str, score: np.float32, room: int) -> str:
    """Of the documents with exactly this score, the last in the order of ids that fits into `room`; "" for none."""
    ties = []
    for table in _population(work, name, cut, ["id", "num_chars"]):
        at_score = pc.equal(table[PREFIX + name], pa.scalar(score, pa.float32()))
        ties.append(table.filter(pc.and_(at_score, pc.equal(table["language"], language))))
    table = pa.concat_tables(ties).sort_by("id")
    weights = table["num_chars"].to_numpy() if cut.by == "chars" else np.ones(table.num_rows, np.int64)
    num = int(np.searchsorted(np.cumsum(weights, dtype=np.int64), room, side="right"))
    return table["id"][num - 1].as_py() if num else ""


def score_reasons(batch: pa.RecordBatch, cuts: Mapping[str, ScoreCut], bounds: Bounds) -> Iterator[pa.ListArray]:
    """A reason `score_NAME` with score and bound for each document on the wrong side of it.

    Args:
        batch: with `id`, `language` and the columns of `columns_scored`.
        bounds: from `find_bounds`; a relative cut without bounds judges nothing.
    """
    languages = batch["language"].to_numpy(zero_copy_only=False)
    for name, cut in sorted(cuts.items()):
        rule, score = PREFIX + name, batch[PREFIX + name].to_numpy(zero_copy_only=False)  # null is not a number
        judged = ~np.isnan(score) & ((languages == cut.language) if cut.language is not None else True)
        if cut.minimum is not None:
            yield reason_list(judged & (score < np.float32(cut.minimum)), rule, score, cut.minimum)
        if cut.maximum is not None:
            yield reason_list(judged & (score > np.float32(cut.maximum)), rule, score, cut.maximum)
        for language, bound in bounds.get(name, {}).items():
            own = judged & (languages == language)
            if not own.any():
                continue
            if cut.keep:
                yield from _bucket_reasons(own, rule, score, cut, bound)
            else:
                yield reason_list(own & ~_in_share(score, batch["id"], bound), rule, score, bound[0])


def _in_share(score: np.ndarray, ids: pa.Array, bound: list) -> np.ndarray:
    lowest, last_id = np.float32(bound[0]), bound[1]
    if last_id is None:
        return score >= lowest
    first = pc.less_equal(ids, last_id).to_numpy(zero_copy_only=False)
    return (score > lowest) | ((score == lowest) & first)


def _bucket_reasons(
    own: np.ndarray, rule: str, score: np.ndarray, cut: ScoreCut, edges: list
) -> Iterator[pa.ListArray]:
    """Documents of buckets that are not kept, with the nearer edge of what is kept."""
    bucket = np.searchsorted(edges, score.astype(np.float64), side="right")
    kept = [BUCKETS.index(name) for name in cut.keep]
    for index in range(len(BUCKETS)):
        if index not in kept:
            edge = edges[index - 1] if any(other < index for other in kept) else edges[index]
            yield reason_list(own & (bucket == index), rule, score, edge)
