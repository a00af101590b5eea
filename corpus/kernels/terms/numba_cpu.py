"""The trie walked over UTF-8 bytes, from the few places where a term may begin."""

import numpy as np

from corpus.kernels.jit import inner, kernel, raw
from corpus.kernels.shingle.fold import DROP, MANY
from corpus.kernels.swar import count_trailing_zeros
from corpus.kernels.terms.beginnings import FACTOR
from corpus.kernels.terms.blocks import STEP, may_begin
from corpus.kernels.terms.fold import SPACE
from corpus.kernels.utf8 import decode

_FACTOR = np.uint64(FACTOR)
_32 = np.uint64(32)


@inner(forceinline=True)
def _child(keys, nodes, node, code):
    """The node behind `node` by a folded code point, 0 if there is none."""
    key = node << 21 | code
    mask = np.uint64(len(keys) - 1)
    slot = (np.uint64(key) * _FACTOR) >> _32 & mask
    while nodes[slot]:
        if keys[slot] == key:
            return np.int64(nodes[slot])
        slot = (slot + np.uint64(1)) & mask
    return np.int64(0)


@inner()
def _edge(fold, many, code_point, last):
    """The first or last folded code point of a character, DROP if it has none."""
    folded = fold[code_point]
    if folded <= MANY:
        first = MANY - folded
        folded = many[first + many[first]] if last else many[first + 1]
    return folded


@inner()
def _code_before(data, at, start, fold, many):
    """The last folded code point before byte `at`, 0 at the document's start."""
    while at > start:
        at -= 1
        while data[at] & 0xC0 == 0x80:
            at -= 1
        code_point, _ = decode(data, at)
        code = _edge(fold, many, code_point, True)
        if code != DROP:
            return code
    return np.int32(0)


@inner()
def _inside_word(data, at, start, fold, many, word):
    """Whether the character at byte `at` and the one before it are parts of a word."""
    code_point, _ = decode(data, at)
    return word[_edge(fold, many, code_point, False)] and word[_code_before(data, at, start, fold, many)]


@inner()
def _word_after(data, at, end, fold, many, word):
    """Whether the next folded code point from byte `at` is part of a word."""
    while at < end:
        code_point, at = decode(data, at)
        code = _edge(fold, many, code_point, False)
        if code != DROP:
            return word[code]
    return False


@inner(forceinline=True)
def _longest(data, at, end, fold, many, word, keys, nodes, group):
    """End of the longest term that begins at byte `at`, its group and its characters; 0, -1, 0 if none does."""
    best_end, best_group, best_size = at - at, np.int64(-1), 0
    node, size = np.int64(0), 0
    last = np.int32(0)
    while at < end:
        code_point, at = decode(data, at)
        size += 1
        folded = fold[code_point]
        if node and (folded == DROP or (folded == SPACE and last == SPACE)):  # but no term begins with what vanishes
            continue
        run, first = 1, 0
        if folded <= MANY:
            first = MANY - folded
            run = many[first]
        for i in range(run):
            last = many[first + 1 + i] if folded <= MANY else folded
            node = _child(keys, nodes, node, last)
            if node == 0:
                return best_end, best_group, best_size
        if group[node] >= 0 and not (word[last] and _word_after(data, at, end, fold, many, word)):
            best_end, best_group, best_size = at, np.int64(group[node]), size
    return best_end, best_group, best_size


@kernel()
def count_terms(data, offsets, fold, many, word, fours, rows, slots, pairs, marks, keys, nodes, group, counts):
    """Add occurrences and matched characters to `counts` of shape `[N, groups, 2]`.

    Args:
        data: with `PADDING` bytes behind the last document.
        fours, rows, slots, pairs, marks: see `beginnings.py`.
    """
    text = raw(data)
    shift = np.uint64(58) - count_trailing_zeros(np.uint64(len(slots)))
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        stop, carry = start, np.uint64(0)
        for at in range(start, end, STEP):
            found, carry = may_begin(text, at, end, carry, fours, rows, slots, shift, pairs, marks)
            while found:
                here = at + np.int64(count_trailing_zeros(found))
                found &= found - np.uint64(1)
                if here < stop:
                    continue
                last, which, size = _longest(text, here, end, fold, many, word, keys, nodes, group)
                if which >= 0 and not _inside_word(text, here, start, fold, many, word):
                    counts[row, which, 0] += 1
                    counts[row, which, 1] += size
                    stop = last
