"""fastText prediction straight from UTF-8 buffers. `naive.py` says what it must find.

A document is copied once into a scratch buffer (`shown.py`) and cut into tokens there. Each token's rows are summed
into a vector of its own before that is added to the document's, so the sum of a word may come out of a cache
(`word_cache.py`) without changing a bit of the result.
"""

import numpy as np

from corpus.kernels.fasttext.dictionary import FNV_BASIS, find_word, fnv
from corpus.kernels.fasttext.labels import LOSS_CODES, best_labels
from corpus.kernels.fasttext.model import LABEL_PREFIX, FastTextModel
from corpus.kernels.fasttext.ngrams import (
    BUFFERED,
    long_token_buckets,
    short_token_buckets,
    to_rows,
    word_ngram_buckets,
)
from corpus.kernels.fasttext.rows import add_rows, add_vector
from corpus.kernels.fasttext.shown import END, show
from corpus.kernels.fasttext.word_cache import HEAD, KEY_BYTES, find_slot, read_key
from corpus.kernels.jit import inner, kernel

_CACHE_BYTES = 3 << 19
_NO_LIMIT = 1 << 48  # code points of a document
_END = END[1:5].copy()
_LABEL = np.frombuffer(LABEL_PREFIX.encode(), np.uint8)
_LOW_32 = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)


def predict(
    data: np.ndarray,
    offsets: np.ndarray,
    model: FastTextModel,
    k: int,
    max_chars: int | None,
    lower: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """See `corpus.kernels.fasttext.predict`; `lower` is `case.lower_table`, or empty."""
    labels = np.full((len(offsets) - 1, k), -1, np.int32)
    probabilities = np.zeros((len(offsets) - 1, k), np.float32)
    matrix, vocabulary = model.input, model.vocabulary
    max_chars = _NO_LIMIT if max_chars is None else min(max_chars, _NO_LIMIT)
    _predict(
        data,
        offsets,
        max_chars,
        lower,
        model.num_words,
        vocabulary.blob,
        vocabulary.offsets,
        vocabulary.table,
        model.minn,
        model.maxn,
        model.word_ngrams,
        np.uint32(max(1, model.bucket)),
        model.has_ngrams,
        model.buckets,
        matrix.dense,
        matrix.codes,
        matrix.centroids,
        matrix.norms,
        matrix.width,
        LOSS_CODES[model.loss],
        model.output,
        model.tree,
        *_room(offsets, model, max_chars),
        labels,
        probabilities,
    )
    return labels, probabilities


def _room(offsets: np.ndarray, model: FastTextModel, max_chars: int) -> tuple[np.ndarray, ...]:
    """The arrays that the kernel works in: kernels make none."""
    longest = min(int(np.diff(offsets).max(initial=0)), 4 * max_chars)
    words = np.empty(longest // 4 + 8, np.uint64)  # twice the bytes: Ⱥ, two of them, has a small letter of three
    width = HEAD + model.dim + model.dim % 2
    slots = min(_CACHE_BYTES // (4 * width), int(offsets[-1] - offsets[0]) // 4)
    sums = np.zeros((1 << max(4, slots.bit_length() - 1), width), np.float32)
    return (
        words.view(np.uint8),
        words,
        sums,
        sums.view(np.uint64),
        np.empty(3, np.uint64),  # key
        np.empty(BUFFERED + model.maxn, np.uint32),  # packed
        np.empty(BUFFERED, np.uint32),  # states
        np.empty(BUFFERED, np.int64),  # places
        np.empty(max(1, BUFFERED * model.maxn, model.word_ngrams), np.int64),  # found
        np.zeros((max(1, model.word_ngrams - 1), 2), np.uint64),  # chain
        np.empty(model.dim, np.float32),  # hidden
        np.empty(model.dim, np.float32),  # total
        np.empty(2 * len(model.labels), np.float32),  # scratch
        np.empty(len(model.labels) + 1, np.int64),  # stack
    )


@inner()
def _starts_with(shown, begin, end, prefix):
    if end - begin < len(prefix):
        return False
    for i in range(len(prefix)):  # noqa: SIM110 (numba has no generators to call `all` on)
        if shown[begin + i] != prefix[i]:
            return False
    return True


@kernel()
def _predict(
    # Arrays are single arguments all the way down: in a tuple they would be counted, which takes an atomic addition.
    data,
    offsets,
    max_chars,
    lower,
    num_words,
    blob,
    word_offsets,
    table,
    minn,
    maxn,
    word_ngrams,
    bucket,
    has_ngrams,
    blocks,
    dense,
    codes,
    centroids,
    norms,
    width,
    loss,
    output,
    tree,
    shown,
    words,
    sums,
    heads,
    key,
    packed,
    states,
    places,
    found,
    chain,
    hidden,
    total,
    scratch,
    stack,
    labels,
    probabilities,
):
    dim = output.shape[1]
    for document in range(len(labels)):
        length = show(data, offsets[document], offsets[document + 1], max_chars, lower, shown)
        for d in range(dim):
            hidden[d] = 0
        for i in range(len(chain)):
            chain[i, 1] = 0
        num_rows = np.int64(0)
        begin = 1
        while begin < length:
            if shown[begin] == 32:
                begin += 1
                continue
            size = read_key(words, begin, key)
            slot = np.int64(-1)
            if size > 0:
                end = begin + size
                slot = find_slot(heads, key)
            else:
                end = begin + KEY_BYTES
                while shown[end] != 32:
                    end += 1
            is_end = end - begin == 4 and _starts_with(shown, begin, end, _END)
            if slot >= 0 and heads[slot, 0] != 0:
                count, hashed = np.int64(heads[slot, 3] >> _32) - 1, heads[slot, 3] & _LOW_32
                add_vector(hidden, sums, slot, HEAD)
            else:
                hashed = FNV_BASIS
                for at in range(begin, end):
                    hashed = fnv(hashed, shown[at])
                entry = find_word(shown, begin, end, hashed, blob, word_offsets, table)
                for d in range(dim):
                    total[d] = 0
                count = np.int64(0)
                if entry >= num_words or (entry < 0 and _starts_with(shown, begin, end, _LABEL)):
                    count = np.int64(-1)  # a label is no word
                elif entry >= 0:
                    found[0] = entry
                    count += 1
                    add_rows(found, 1, dense, codes, centroids, norms, width, total)
                if count >= 0 and maxn > 0 and has_ngrams and not is_end:
                    shown[begin - 1] = 60  # <, in place of the space that was there
                    shown[end] = 62  # >
                    at = begin - 1
                    while at <= end:
                        if size > 0:
                            at, used = (
                                end + 1,
                                short_token_buckets(shown, begin - 1, end + 1, minn, maxn, bucket, blocks, found),
                            )
                        else:
                            at, used = long_token_buckets(
                                shown, begin - 1, at, end + 1, minn, maxn, bucket, blocks, packed, states, places, found
                            )
                        to_rows(found, used, num_words, blocks)
                        add_rows(found, used, dense, codes, centroids, norms, width, total)
                        count += used
                for d in range(dim):
                    hidden[d] += total[d]
                if slot >= 0:
                    heads[slot, 0], heads[slot, 1], heads[slot, 2] = key[0], key[1], key[2]
                    heads[slot, 3] = np.uint64(count + 1) << _32 | hashed
                    for d in range(dim):
                        sums[slot, HEAD + d] = total[d]
            num_rows += max(count, 0)
            if word_ngrams > 1 and has_ngrams and count >= 0:
                used = word_ngram_buckets(hashed, chain, word_ngrams, bucket, blocks, found)
                to_rows(found, used, num_words, blocks)
                add_rows(found, used, dense, codes, centroids, norms, width, hidden)
                num_rows += used
            if is_end:
                break
            begin = end + 1
        if num_rows > 0:
            for d in range(dim):
                hidden[d] *= np.float32(1 / num_rows)
            best_labels(loss, output, tree, hidden, scratch, stack, document, labels, probabilities)
