"""`near_duplicates` on empty, tiny, identical, monotonous, huge and hostile documents, against sets in plain Python."""

import itertools

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
from hypothesis import given, settings

from corpus.dedup import NearOptions, near_duplicates
from corpus.dedup.compare import MOST_HASHES
from corpus.kernels.shingle import naive, shingle_sets

N, THRESHOLD = 5, 0.75
SURELY = 0.95  # LSH misses such a pair once in 10^16
HOSTILE = "\x00\x01\x7f\x85\xa0\u00ad\u0301\u0600\u061c\u200b\u200d\u202e\u2028\u3000\ufe0f\ufeff\ufffd\uffff"
HOSTILE += "\U000e0041\U0010ffff"
WORDS = ["the", "Sea", "sea,", "3", "don't", "naïve", "ﬁ", "㌀", "書", "书", "。", "水", "🙂", "𠀀", "ไทย", "w" * 70]

_words = st.lists(st.sampled_from(WORDS), max_size=60)
_tiny = st.text(st.sampled_from("aA 书書!。\n"), max_size=4)
_monotonous = st.builds(
    lambda word, times: word * times, st.sampled_from(["ha ", "哈", "!", "a", "\u0301"]), st.integers(0, 900)
)
_hostile = st.text(st.one_of(st.sampled_from(HOSTILE), st.characters(exclude_categories=["Cs"])), max_size=60)
_plain = st.one_of(st.none(), st.just(""), _tiny, _monotonous, _hostile, _words.map(" ".join), _words.map("".join))
# a document, and edits of it that stand beside it: number of the edit and the place
_edits = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 59)), max_size=3)


def _edited(text: str, edit: int, at: int) -> str:
    words = text.split(" ")
    replaced = [*words[: at % len(words)], "other", *words[at % len(words) + 1 :]]
    return [text, text.upper(), text.replace(" ", "。\u3000"), " ".join(replaced), text[:-2], f"{text} {text}"][edit]


def _shingles(text: str | None) -> set:
    """Folded shingles as tuples; what has no token is compared by its bytes."""
    tokens = list(naive.tokens(text or ""))
    return {tuple(tokens[i : i + N]) for i in range(max(1, len(tokens) - N + 1))} if tokens else {(text or "").encode()}


def _jaccard(a: set, b: set) -> float:
    return len(a & b) / len(a | b)


def _check(texts: list[str | None], rank: np.ndarray) -> int:
    """Hold the removals of some documents against their sets; how many there are."""
    sets = [_shingles(text) for text in texts]
    removals = near_duplicates(pa.array(texts, pa.large_string()), NearOptions(), rank)
    gone = set(removals.removed.tolist())
    for a, b, value in zip(removals.removed.tolist(), removals.kept.tolist(), removals.jaccard, strict=True):
        assert b not in gone and rank[b] < rank[a]
        assert value == _jaccard(sets[a], sets[b]) >= THRESHOLD
    stay = [row for row in range(len(texts)) if row not in gone]
    assert not [(a, b) for a, b in itertools.combinations(stay, 2) if _jaccard(sets[a], sets[b]) >= SURELY]
    size = np.ones(len(texts), int)
    np.add.at(size, removals.kept, 1)
    size[removals.removed] = size[removals.kept]
    np.testing.assert_array_equal(removals.cluster_size, size)
    order = np.arange(len(texts))[::-1]
    other = near_duplicates(pa.array(texts[::-1], pa.large_string()), NearOptions(), rank[order])
    assert sorted(zip(order[other.removed], order[other.kept], other.jaccard, strict=True)) == sorted(
        zip(removals.removed, removals.kept, removals.jaccard, strict=True)
    )
    return len(gone)


def test_what_goes_goes_for_a_kept_one_and_what_is_alike_goes():
    removed = []

    @settings(max_examples=150, deadline=None)
    @given(st.lists(st.tuples(_plain, _edits), max_size=8), st.integers(0, 99))
    def check(documents, seed):
        texts = [
            text for given, edits in documents for text in [given, *(_edited(given or "", *edit) for edit in edits)]
        ]
        removed.append(_check(texts, np.random.default_rng(seed).permutation(len(texts))))

    check()
    assert sum(removed) > 100


def test_huge_documents():
    """More shingles than a set holds: copies and near copies go, another text and what repeats one token stay."""
    rng = np.random.default_rng(1)
    words, other = ([f"w{i}" for i in rng.integers(0, 10**7, MOST_HASHES + 30_000)] for _ in range(2))
    near, far = list(words), list(words)
    near[::1000] = ["x"] * len(near[::1000])
    far[::12] = other[::12]  # 0.41
    zh = "".join(chr(0x4E00 + i) for i in rng.integers(0, 20_000, 150_000))
    texts = [" ".join(each) for each in (words, other, near, far)]
    texts += [
        texts[0].upper().replace(" ", "; "),
        zh,
        zh + "。",
        zh[:140_000],
        zh[:60_000],
        "ha " * 300_000,
        "ha " * 300_001,
    ]
    removals = near_duplicates(pa.array(texts, pa.large_string()), NearOptions())
    hashes, offsets = shingle_sets(pa.array(texts, pa.large_string()), N)
    sets = [set(hashes[low:high].tolist()) for low, high in itertools.pairwise(offsets)]
    assert sum(len(each) > MOST_HASHES for each in sets) > 5
    assert dict(zip(removals.removed.tolist(), removals.kept.tolist(), strict=True)) == {2: 0, 4: 0, 6: 5, 7: 5, 10: 9}
    for document, keeper, value in zip(removals.removed, removals.kept, removals.jaccard, strict=True):
        if document in (2, 7):
            assert abs(value - _jaccard(sets[document], sets[keeper])) < 0.01
        else:
            assert value == 1
