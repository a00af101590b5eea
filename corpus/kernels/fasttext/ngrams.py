"""Rows of character and word n-grams: hash, bucket, and whether the bucket was kept.

Short tokens are hashed n-gram by n-gram. A long one, such as a Chinese clause, is hashed level by level: the hashes
of all its 2-grams come from those of all its 1-grams and one more character each, in loops over plain arrays that the
compiler turns into vector instructions. Both find the same buckets.
"""

import numpy as np

from corpus.kernels.fasttext.dictionary import FNV_BASIS, FNV_PRIME, fnv
from corpus.kernels.jit import inner
from corpus.kernels.utf8 import continues

__all__ = ["BUFFERED", "long_token_buckets", "short_token_buckets", "to_rows", "word_ngram_buckets"]

BUFFERED = 1024  # code points of a long token that are hashed at a time
_WORD_NGRAM_PRIME = np.uint64(116049371)
_HIGH_32 = np.uint64(0xFFFFFFFF00000000)
_SIGN_32 = np.uint64(0x80000000)
_PAIRS = np.uint64(0x5555555555555555)  # for counting bits, https://graphics.stanford.edu/~seander/bithacks.html
_FOURS = np.uint64(0x3333333333333333)
_EIGHTS = np.uint64(0x0F0F0F0F0F0F0F0F)
_ONES = np.uint64(0x0101010101010101)
_1, _2, _4, _6, _56, _63 = (np.uint64(n) for n in (1, 2, 4, 6, 56, 63))


@inner()
def _is_kept(bucket, blocks):
    """1 where an n-gram's bucket has a row, 0 where it was pruned."""
    if len(blocks) == 0:
        return _1
    return blocks[bucket >> _6, 0] >> (bucket & _63) & _1


@inner()
def _rank(bucket, blocks):
    """How many buckets before this one were kept."""
    block = bucket >> _6
    bits = blocks[block, 0] & ((_1 << (bucket & _63)) - _1)
    bits -= (bits >> _1) & _PAIRS
    bits = (bits & _FOURS) + ((bits >> _2) & _FOURS)
    bits = (bits + (bits >> _4)) & _EIGHTS
    return np.int64(blocks[block, 1] + (bits * _ONES >> _56))


@inner()
def to_rows(buckets, count, num_words, blocks):
    """Turn kept buckets into rows of the input matrix, in place."""
    for i in range(count):
        if len(blocks) == 0:
            buckets[i] += num_words
        else:
            buckets[i] = num_words + _rank(np.uint64(buckets[i]), blocks)


@inner()
def short_token_buckets(shown, begin, end, minn, maxn, bucket, blocks, found):
    """Write the kept buckets of the n-grams of `shown[begin:end]`, marks included; return their number.

    `found` needs room for `(end - begin) * maxn`.
    """
    used = 0
    for first in range(begin, end):
        if continues(shown[first]):
            continue
        hashed = FNV_BASIS
        at = first
        n = 1
        while at < end and n <= maxn:
            hashed = fnv(hashed, shown[at])
            at += 1
            while at < end and continues(shown[at]):
                hashed = fnv(hashed, shown[at])
                at += 1
            if n >= minn and not (n == 1 and (first == begin or at == end)):
                place = hashed % np.uint64(bucket)
                found[used] = place  # overwritten by the next one unless it is kept: no branch to guess wrong
                used += np.int64(_is_kept(place, blocks))
            n += 1
    return used


@inner()
def _read_chars(shown, start, end, room, packed):
    """Up to `room` characters from `start` on, their bytes first to last in one number; their number and the end of
    the last that is the beginning of an n-gram."""
    count = 0
    resume = end
    at = start
    while at < end and count < room:
        if count == BUFFERED:
            resume = at
        value = np.uint32(shown[at])
        at += 1
        shift = np.uint32(8)
        while at < end and continues(shown[at]):
            value |= np.uint32(shown[at]) << shift
            shift += np.uint32(8)
            at += 1
        packed[count] = value
        count += 1
    return count, resume


@inner()
def _extend(states, packed, first, count):
    """Hash character `first + i` into state `i`, byte by byte where it has one."""
    for i in range(count):
        char = packed[first + i]
        state = states[i]
        low = char & np.uint32(0xFF)
        state = (state ^ (low | (np.uint32(0) - (low >> np.uint32(7))) << np.uint32(8))) * np.uint32(FNV_PRIME)
        for shift in (8, 16, 24):  # later bytes of a character have the sign bit, so the extension is constant
            byte = char >> np.uint32(shift) & np.uint32(0xFF)
            longer = (state ^ (byte | np.uint32(0xFFFFFF00))) * np.uint32(FNV_PRIME)
            state = longer if byte != 0 else state
        states[i] = state


@inner()
def _modulo(states, count, bucket, out):
    """`states % bucket` without a division: exact, since a float64 holds 53 bits and a quotient needs 32."""
    inverse = 1.0 / bucket
    for i in range(count):
        rest = np.int64(states[i]) - np.int64(np.float64(states[i]) * inverse) * np.int64(bucket)
        out[i] = rest - np.int64(bucket) if rest >= bucket else rest


@inner()
def long_token_buckets(shown, begin, start, end, minn, maxn, bucket, blocks, packed, states, places, found):
    """The same for the n-grams that begin at `start` or later, `BUFFERED` beginnings at most.

    Args:
        packed: `[BUFFERED + maxn]` uint32; states uint32 and places int64 `[BUFFERED]`: room to work in.
        found: room for `BUFFERED * maxn`.

    Returns:
        where to go on, `end` where all are found; and how many buckets were kept.
    """
    count, resume = _read_chars(shown, start, end, BUFFERED + maxn, packed)
    used = 0
    for i in range(BUFFERED):
        states[i] = np.uint32(FNV_BASIS)
    for n in range(1, maxn + 1):
        num = min(BUFFERED, count - n + 1)
        if num <= 0:
            break
        _extend(states, packed, n - 1, num)
        if n < minn:
            continue
        _modulo(states, num, bucket, places)
        first = 1 if n == 1 and start == begin else 0  # a mark alone is no n-gram
        last = num - 1 if n == 1 and resume == end else num
        for i in range(first, last):
            place = np.uint64(places[i])
            found[used] = place
            used += np.int64(_is_kept(place, blocks))
    return resume, used


@inner()
def word_ngram_buckets(hashed, chain, word_ngrams, bucket, blocks, found):
    """Write the kept buckets of the word n-grams that end with this word; return their number.

    Args:
        hashed: the hash of the word.
        chain: `[word_ngrams - 1, 2]` uint64, zeros at a document's beginning: `chain[i]` is the hash that began
            `i + 1` words before this one, and 1 where there is such a word.
    """
    extended = hashed | _HIGH_32 if hashed & _SIGN_32 else hashed
    used = 0
    for i in range(word_ngrams - 2, -1, -1):
        if chain[i, 1] != 0:
            value = chain[i, 0] * _WORD_NGRAM_PRIME + extended
            place = value % np.uint64(bucket)
            found[used] = place
            used += np.int64(_is_kept(place, blocks))
            if i + 1 < word_ngrams - 1:
                chain[i + 1, 0] = value
                chain[i + 1, 1] = 1
    chain[0, 0] = extended
    chain[0, 1] = 1
    return used
