"""The clusters that `dedup` left: how many, how large, how alike; and the few that somebody looks at.

`duplicates/` is read batch by batch, one row a document: `survey` goes over it once for the numbers and the largest
clusters, `gather` once for the members of chosen ones. What is kept in memory is what will be shown, a bounded number
of members a cluster. Texts are read last, by part and row, since `duplicates/` has a part and a row for each of
`documents/`; a batch in which nothing is wanted is not decoded.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.errors import RecipeError, ShardError
from corpus.shards import load_manifest, open_part, read_batches
from corpus.shards.manifest import FILE_NAME
from pipelines.keeper import content_keys

NUM_BINS = 21  # of Jaccard: 20 steps of 0.05, and 1 by itself
_MOST_IDS = 5
_SIZES, _CANDIDATES = 24, 16  # sizes, and clusters of one size, among which the report's are chosen
_TEXT_COLUMNS = ("id", "source", "url", "text", "language", "quality", "num_chars")


@dataclass(frozen=True)
class Decision:
    """One row of DUPLICATES, and the part and row where both it and the document are; `work` for earlier runs."""

    id: str
    kept_id: str | None
    level: str | None
    jaccard: float | None
    cluster_size: int
    part: str
    row: int
    work: Path | None = None

    @property
    def likeness(self) -> tuple[bool, float]:
        """To sort by: the least similar first, those that went for their URL last."""
        return (True, 1.0) if self.jaccard is None else (False, self.jaccard)


@dataclass(frozen=True)
class Survey:
    """Numbers over all clusters.

    Attributes:
        levels: level -> documents removed at it.
        jaccard: level -> `[NUM_BINS]` documents by their Jaccard with the kept one; nothing at level "url".
        sizes: documents in a cluster -> clusters.
    """

    num_documents: int
    levels: Counter[str]
    jaccard: dict[str, np.ndarray]
    sizes: Counter[int]


@dataclass
class Cluster:
    """A kept document and those removed for it; `members` are the least similar of them, all are counted."""

    kept: Decision
    members: list[Decision] = field(default_factory=list)
    levels: Counter[str] = field(default_factory=Counter)
    jaccard: np.ndarray = field(default_factory=lambda: np.zeros(NUM_BINS, np.int64))


@dataclass(frozen=True)
class Document:
    """What is shown of a document. `text` is its beginning, `content_hash` that of the whole."""

    id: str
    source: str
    url: str | None
    language: str | None
    quality: float
    num_chars: int
    content_hash: str
    text: str


def check_work(work: Path) -> None:
    """Refuse a folder without a finished `dedup`.

    Raises:
        RecipeError: saying what is missing and what makes it.
    """
    if not work.is_dir():
        raise RecipeError(f"{work} does not exist; expected the work folder of a run")
    if not (work / "duplicates" / FILE_NAME).is_file():
        raise RecipeError(
            f"{work} has no finished dedup ({work / 'duplicates' / FILE_NAME} is missing); this makes it: "
            f"siku run RECIPE --work {work} --stage dedup"
        )


def survey(work: Path, top: int) -> tuple[Survey, list[Decision]]:
    """The numbers, and the kept documents of the `top` largest clusters; of one size, those with the smallest ids."""
    found = Survey(0, Counter(), defaultdict(lambda: np.zeros(NUM_BINS, np.int64)), Counter())
    num_documents, largest = 0, []
    for part, batch in _decisions(work):
        num_documents += batch.num_rows
        counts = pa.table({"level": batch["level"].drop_null()}).group_by("level").aggregate([([], "count_all")])
        for level, count in zip(counts["level"].to_pylist(), counts["count_all"].to_pylist(), strict=True):
            found.levels[level] += count
            found.jaccard[level] += _histogram(batch.filter(pc.equal(batch["level"], level)))
        heads = _kept_of_many(batch)
        for size in pc.value_counts(heads["cluster_size"]).to_pylist():
            found.sizes[size["values"]] += size["counts"]
        largest = _first(largest + _rows(_best(heads, top, ["cluster_size"]), part), top)
    return Survey(num_documents, found.levels, dict(found.jaccard), found.sizes), largest


def _first(decisions: list[Decision], most: int) -> list[Decision]:
    return sorted(decisions, key=lambda decision: (-decision.cluster_size, decision.id))[:most]


def _best(batch: pa.RecordBatch, most: int, descending: Sequence[str] = (), ascending: Sequence[str] = ()) -> Any:
    keys = [*((name, "descending") for name in descending), *((name, "ascending") for name in (*ascending, "id"))]
    return batch.take(pc.select_k_unstable(batch, k=min(most, batch.num_rows), sort_keys=keys))


def _kept_of_many(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.filter(pc.and_(pc.is_null(batch["kept_id"]), pc.greater(batch["cluster_size"], 1)))


def _histogram(batch: pa.RecordBatch) -> np.ndarray:
    values = batch["jaccard"].drop_null().to_numpy()
    bins = np.floor(values * (NUM_BINS - 1) + 1e-9).astype(np.int64)
    return np.bincount(np.clip(bins, 0, NUM_BINS - 1), minlength=NUM_BINS)


def _decisions(work: Path) -> Iterator[tuple[str, pa.RecordBatch]]:
    """(part, batch) of all decisions, with the number of the row in the part as a column."""
    for part in load_manifest(work / "duplicates").parts:
        start = 0
        for batch in read_batches(work / "duplicates" / part.path):
            yield part.path, batch.append_column("row", pa.array(range(start, start + batch.num_rows)))
            start += batch.num_rows


def _rows(batch: pa.RecordBatch, part: str) -> list[Decision]:
    return [Decision(**row, part=part) for row in batch.to_pylist()]


def find(work: Path, prefix: str) -> Decision:
    """The decision on the document whose id begins so.

    Raises:
        RecipeError: no document has such an id, or several have.
    """
    count, found = 0, []
    for part, batch in _decisions(work):
        hits = batch.filter(pc.starts_with(batch["id"], prefix))
        count += hits.num_rows
        found += _rows(hits.slice(0, _MOST_IDS - len(found)), part)
    if not found:
        raise RecipeError(
            f"--doc {prefix!r}: no document in {work} has an id that begins so; `siku duplicates {work}` and "
            f"`siku inspect {work}/documents` show ids; `siku explain` knows also what became no document"
        )
    if count > 1:
        some = ", ".join(decision.id for decision in found)
        raise RecipeError(f"--doc {prefix!r}: {count:,} ids begin so, among them {some}; give more of the id")
    return found[0]


def gather(
    work: Path, ids: Sequence[str], most: int, besides: Collection[str] = (), against: Sequence[str] = ()
) -> list[Cluster]:
    """The clusters of these kept documents, in the order given.

    Args:
        most: members of a cluster to name, the least similar first.
        besides: ids of members that are named whatever their place.
        against: the earlier runs that a kept document may be of.

    Raises:
        RecipeError: one is in no run.
    """
    wanted, heads = pa.array(ids, pa.string()), {}
    members: dict[str, list[Decision]] = defaultdict(list)
    named: dict[str, list[Decision]] = defaultdict(list)
    levels: dict[str, Counter[str]] = defaultdict(Counter)
    jaccard = defaultdict(lambda: np.zeros(NUM_BINS, np.int64))
    for part, batch in _decisions(work):
        # a record that went for itself was kept under this id by an earlier run
        kept = pc.and_(pc.is_in(batch["id"], wanted), pc.is_null(batch["kept_id"]))
        for decision in _rows(batch.filter(kept), part):
            heads[decision.id] = decision
        rows = batch.filter(pc.is_in(batch["kept_id"], wanted))
        for kept_id in pc.unique(rows["kept_id"]).to_pylist():
            own = rows.filter(pc.equal(rows["kept_id"], kept_id))
            jaccard[kept_id] += _histogram(own)
            levels[kept_id].update(own["level"].to_pylist())
            named[kept_id] += _rows(own.filter(pc.is_in(own["id"], pa.array(besides, pa.string()))), part)
            both = members[kept_id] + _rows(_best(own, most, ascending=["jaccard"]), part)
            members[kept_id] = sorted(both, key=lambda member: (member.likeness, member.id))[:most]
    clusters = []
    for id in ids:
        head = heads.get(id)
        if head is None:
            head = replace(_earlier(work, id, against), cluster_size=1 + levels[id].total())
        shown = named[id] + [member for member in members[id] if member.id not in besides]
        clusters.append(Cluster(head, shown[:most], levels[id], jaccard[id]))
    return clusters


def _earlier(work: Path, id: str, against: Sequence[str]) -> Decision:
    """Where a kept document of an earlier run is."""
    for earlier in map(Path, against):
        for part, batch in _decisions(earlier) if (earlier / "duplicates" / FILE_NAME).is_file() else ():
            hits = batch.filter(pc.equal(batch["id"], id))
            if hits.num_rows:
                return replace(_rows(hits, part)[0], kept_id=None, level=None, jaccard=None, work=earlier)
    raise RecipeError(
        f"{work / 'duplicates'} has no row for the kept document {id}"
        + (f", nor has any of {list(against)}; bring the earlier run back" if against else "")
        + "; or run the dedup stage again"
    )


def of_three_sizes(work: Path, sizes: Counter[int], most: int) -> list[Cluster]:
    """A large, a middling and a small cluster, with members that are not exact copies where there are such.

    `_SIZES` of the sizes are looked at, and of each the first `_CANDIDATES` clusters by id; the one least alike is it.
    """
    distinct = sorted(sizes)
    chosen = {distinct[place] for place in np.linspace(0, len(distinct) - 1, _SIZES).astype(int)} if distinct else set()
    heads: dict[int, list[Decision]] = defaultdict(list)
    for part, batch in _decisions(work):
        kept = _kept_of_many(batch)
        for size in chosen & set(kept["cluster_size"].to_pylist()):
            of_size = kept.filter(pc.equal(kept["cluster_size"], size))
            heads[size] = _first(heads[size] + _rows(_best(of_size, _CANDIDATES), part), _CANDIDATES)
    clusters = gather(work, [head.id for size in sorted(heads) for head in heads[size]], most)
    least: dict[int, Cluster] = {}
    for cluster in sorted(clusters, key=lambda cluster: (cluster.members[0].likeness, cluster.kept.id)):
        least.setdefault(cluster.kept.cluster_size, cluster)
    differing = [size for size in sorted(least) if least[size].members[0].likeness < (False, 1)] or sorted(least)
    places = {len(differing) - 1, len(differing) // 2, 0} if differing else set()
    return [least[differing[place]] for place in sorted(places, reverse=True)]


def read_documents(work: Path, decisions: Sequence[Decision], most_chars: int) -> dict[str, Document]:
    """id -> document, with the first `most_chars` characters of its text.

    Raises:
        ShardError: `documents/` is of another run than `duplicates/`.
    """
    by_part: dict[tuple[Path, str], list[Decision]] = defaultdict(list)
    for decision in decisions:
        by_part[decision.work or work, decision.part].append(decision)
    return {
        decision.id: _document(row, most_chars)
        for (folder, part), wanted in by_part.items()
        for decision, row in _document_rows(folder, part, wanted)
    }


def _document_rows(work: Path, part: str, wanted: Sequence[Decision]) -> Iterator[tuple[Decision, pa.RecordBatch]]:
    """Each decision of the part with its document as a batch of one row."""
    path = work / "documents" / part
    starts = np.cumsum([0, *(batch.num_rows for batch in read_batches(path, ["num_chars"]))])
    reader, index, batch = open_part(path, _TEXT_COLUMNS), -1, None
    for decision in sorted(wanted, key=lambda decision: decision.row):
        at = int(np.searchsorted(starts, decision.row, side="right")) - 1
        if at != index and at < reader.num_record_batches:
            index, batch = at, reader.get_batch(at)
        row = batch.slice(decision.row - int(starts[at]), 1) if batch is not None and at == index else None
        if row is None or row["id"][0].as_py() != decision.id:
            raise ShardError(
                f"{work / 'documents'} lacks a document of {work / 'duplicates'}: it was made again since; run "
                f"siku run RECIPE --work {work} --stage dedup"
            )
        yield decision, row


def _document(row: pa.RecordBatch, most_chars: int) -> Document:
    first, second = content_keys(row["text"])[0]
    values = {name: row[name][0].as_py() for name in _TEXT_COLUMNS if name != "text"}
    text = pc.utf8_slice_codeunits(row["text"], 0, most_chars)[0].as_py() or ""
    return Document(**values, content_hash=f"{int(first):016x}{int(second):016x}", text=text)
