"""Planted duplicates in generated text, held against the Jaccard of sets of tokens in plain Python.

What it prevents: a document lost though nothing like it was kept, a duplicate left though it was found, and a result
that depends on the order in which documents are read. `benchmarks/dedup.py` does the same on real text.
"""

import functools
import itertools

import numpy as np
import pyarrow as pa
import pytest

from corpus.dedup import NearOptions, choose_bands, near_duplicates
from corpus.kernels.minhash import band_keys, permutations, signatures
from corpus.kernels.shingle import naive

N = 5
DOCUMENTS, LENGTH = 60, 90  # hosts of a language, tokens in each
SIMPLIFIED, TRADITIONAL = "国学时会来东车书话长门问间马鸟鱼龙", "國學時會來東車書話長門問間馬鳥魚龍"
HAN = "天地人山水火木日月星风雨花草手口目耳心力上下左右大小多少高低明暗红白黑青" + SIMPLIFIED
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}


def _units(language: str, rng: np.random.Generator, num: int) -> list[str]:
    """Words, or Han characters, from so many that no shingle comes twice by chance."""
    if language == "zh":
        return list(rng.choice(list(HAN), num))
    return [f"{word}{'.' if rng.random() < 0.1 else ''}" for word in rng.choice([f"word{i}" for i in range(5000)], num)]


def _joined(units: list[str], language: str) -> str:
    return ("" if language == "zh" else " ").join(units)


def _replace(units: list[str], share: float, language: str, rng: np.random.Generator) -> list[str]:
    units = list(units)
    for at in rng.choice(len(units), max(1, round(share * len(units))), replace=False):
        units[at] = _units(language, rng, 1)[0]
    return units


def _folded_alike(text: str, language: str) -> list[str]:
    """Variants whose folded tokens are the same."""
    variants = [text, text.upper(), text.replace(".", " ;;"), text.replace(" ", "\u3000\n"), text.translate(_WIDE)]
    if language == "zh":
        variants += ["，".join(text), text.translate(str.maketrans(SIMPLIFIED, TRADITIONAL))]
    return variants


@functools.cache
def _planted(language: str) -> tuple[list[str], list[int]]:
    """Texts, and the host of each that must fold like it (-1: none)."""
    rng = np.random.default_rng(7)
    rows: list[tuple[str, int]] = []
    for number in range(DOCUMENTS):
        units = _units(language, rng, LENGTH)
        other = _units(language, rng, LENGTH // 4)
        host = len(rows)
        rows.append((_joined(units, language), -1))
        match number % 5:
            case 0:
                rows += [(text, host) for text in _folded_alike(rows[host][0], language)]
            case 1:
                rows += [(_joined(_replace(units, s, language, rng), language), -1) for s in (0.01, 0.03, 0.05, 0.1)]
            case 2:
                rows += [(_joined(units[: round(LENGTH * s)], language), -1) for s in (0.9, 0.75, 0.5)]
            case 3:
                mixed = [other + units, units + other, units[LENGTH // 2 :] + units[: LENGTH // 2], units + other[:6]]
                rows += [(_joined(each, language), -1) for each in mixed]
            case _:
                for _ in range(7):  # a chain: every link is near the one before, its ends are far apart
                    units = _replace(units, 0.02, language, rng)
                    rows.append((_joined(units, language), -1))
    return [text for text, _ in rows], [host for _, host in rows]


@functools.cache
def _similar(language: str) -> np.ndarray:
    """Jaccard of every pair, from tuples of folded tokens: each gets a number, nothing rests on a hash."""
    numbers: dict[tuple, int] = {}
    sets = []
    for text in _planted(language)[0]:
        tokens = list(naive.tokens(text))
        shingles = {tuple(tokens[i : i + N]) for i in range(max(1, len(tokens) - N + 1))}
        sets.append({numbers.setdefault(each, len(numbers)) for each in shingles})
    similar = np.eye(len(sets))
    for i, j in itertools.combinations(range(len(sets)), 2):
        both = len(sets[i] & sets[j])
        similar[i, j] = similar[j, i] = both / (len(sets[i]) + len(sets[j]) - both)
    return similar


def _kept(num: int, removed: np.ndarray) -> np.ndarray:
    kept = np.ones(num, bool)
    kept[removed] = False
    return kept


CASES = pytest.mark.parametrize(("language", "threshold"), list(itertools.product(("en", "zh"), (0.75, 0.8))))


@CASES
def test_nothing_is_removed_without_a_kept_document_at_the_threshold(language, threshold):
    similar = _similar(language)
    text = pa.array(_planted(language)[0], pa.large_string())
    rank = np.random.default_rng(1).permutation(len(text))
    removals = near_duplicates(text, NearOptions(threshold=threshold), rank)
    kept = _kept(len(text), removals.removed)
    assert 0.2 * len(text) < len(removals.removed) < 0.7 * len(text)
    assert (similar[removals.removed][:, kept].max(axis=1) >= threshold).all()
    np.testing.assert_allclose(similar[removals.removed, removals.kept], removals.jaccard, rtol=0, atol=1e-12)
    assert kept[removals.kept].all()
    assert (rank[removals.kept] < rank[removals.removed]).all()


@CASES
def test_no_proposed_pair_at_the_threshold_survives_and_nearly_all_pairs_are_proposed(language, threshold):
    similar = _similar(language)
    text = pa.array(_planted(language)[0], pa.large_string())
    options = NearOptions(threshold=threshold)
    kept = _kept(len(text), near_duplicates(text, options).removed)
    bands = choose_bands(threshold, options.recall, options.rows_per_band)
    a, b = permutations(bands.num * bands.rows, options.seed)
    keys = band_keys(signatures(text, options.shingle_tokens, a, b), bands.rows)
    first, second = np.nonzero(np.triu(similar >= threshold, 1))
    proposed = (keys[first] == keys[second]).any(axis=1)
    assert len(first) > 200
    assert proposed.mean() > 0.99
    survive = kept[first] & kept[second]
    assert not survive[proposed].any()
    far = similar[first, second] < 0.95  # not copies only
    assert far.sum() > 40


@CASES
def test_another_order_of_the_documents_gives_the_same_removals(language, threshold):
    text = pa.array(_planted(language)[0], pa.large_string())
    options = NearOptions(threshold=threshold)
    rank = np.random.default_rng(2).permutation(len(text))
    here = near_duplicates(text, options, rank)
    assert len(here.removed) > 50
    for seed in range(4):
        order = np.random.default_rng(seed).permutation(len(text))
        there = near_duplicates(text.take(pa.array(order)), options, rank[order])
        by_removed = np.argsort(order[there.removed])
        np.testing.assert_array_equal(order[there.removed][by_removed], here.removed)
        np.testing.assert_array_equal(order[there.kept][by_removed], here.kept)
        np.testing.assert_array_equal(there.jaccard[by_removed], here.jaccard)
        np.testing.assert_array_equal(there.cluster_size, here.cluster_size[order])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_variants_that_fold_alike_are_always_found(language):
    texts, hosts = _planted(language)
    text = pa.array(texts, pa.large_string())
    # a threshold and a recall at which LSH alone would find next to nothing
    removals = near_duplicates(text, NearOptions(threshold=1.0, recall=0.01))
    kept_for = dict(zip(removals.removed.tolist(), removals.kept.tolist(), strict=True))
    variants = [i for i, host in enumerate(hosts) if host >= 0]
    assert len(variants) >= 60
    assert all(kept_for.get(i) == hosts[i] for i in variants)


def _pages(num: int, num_facts: int, shared: int) -> pa.Array:
    """Pages of a template: any two share `shared` shingles, and each has 5 more for each of its facts."""
    length = shared + 5 * num_facts + 4 - num_facts
    parts = np.array_split([f"common{i}" for i in range(length)], num_facts + 1)
    pages = [
        " ".join(" ".join([*part, f"fact{page}of{i}"]) for i, part in enumerate(parts[:-1])) for page in range(num)
    ]
    return pa.array([" ".join([page, *parts[-1]]) for page in pages], pa.large_string())


@pytest.mark.parametrize(
    ("shared", "num_facts", "num_kept"),
    [
        pytest.param(130, 7, 400, id="0.65, all kept"),
        pytest.param(149, 5, 400, id="just below 0.75, all kept"),
        pytest.param(150, 5, 1, id="0.75, one kept"),
        pytest.param(180, 2, 1, id="0.9, one kept"),
    ],
)
def test_pages_of_one_template_are_all_kept_below_the_threshold_and_one_of_them_at_it(shared, num_facts, num_kept):
    text = _pages(400, num_facts, shared)
    sets = [set(naive.shingles(text[i].as_py(), N)) for i in range(2)]
    assert len(sets[0] & sets[1]) == shared
    assert len(sets[0]) == shared + 5 * num_facts
    removals = near_duplicates(text, NearOptions(threshold=0.75))
    assert len(text) - len(removals.removed) == num_kept
    assert set(removals.kept.tolist()) <= {0}


def test_hostile_documents():
    texts = ["", "", " ", "!!!", "!!!", "???", "a", "A.", "b", "啊", "呵", "ha " * 5, "ha " * 500, "ha " * 40_000]
    texts += ["同一句话。" * 3000, "同一句话" * 3001, "\U0001f600" * 4000, None]
    removals = near_duplicates(pa.array(texts, pa.large_string()), NearOptions())
    assert dict(zip(removals.removed.tolist(), removals.kept.tolist(), strict=True)) == {
        1: 0,
        4: 3,
        7: 6,
        12: 11,
        13: 11,
        15: 14,
        17: 0,
    }
