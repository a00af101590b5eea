"""Windows of tokens that were met, and the runs of tokens that repeat them: exactly, in linear time.

Documents are walked from the first in order to the last. A window of `n` tokens whose anchor is met again
(`substrings_anchors`) is looked up in a hash table of the first windows of their kind; the tokens decide whether it is
equal to what is found. If so, the windows behind both are compared by one token each as long as they agree: a
repeat of a million tokens is looked up once. A window that is found nowhere is the first of its kind and is entered.

Tokens of entered windows are kept in one array, where a 0 ends each stretch that was not contiguous in its document.
Their 8 bytes and 10 to 14 of the table are the price of a window that may occur again but has not yet.
"""

from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from corpus.dedup.substrings_anchors import BLOCK, anchor_of, hash_runs, is_met_again, run_tokens
from corpus.dedup.substrings_tokens import Scratch, Texts, tokens_of
from corpus.kernels.jit import inner, intrinsic, kernel, raw
from corpus.kernels.shingle.numba_cpu import WINDOW_PRIME
from corpus.kernels.shingle.tokens import mix64, step_tables

__all__ = ["repeated_runs"]

_ZERO, _ONE, _32 = np.uint64(0), np.uint64(1), np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_FULL = 0.8  # of the table's slots
_GROWTH = 1.4
_BYTES_A_SLOT, _LEAST_SLOTS = 16, 1 << 12  # to begin with; bytes of text
_AHEAD = 16  # windows whose slot is on its way from memory
_NEVER = np.int64(1) << 62


class _Index(NamedTuple):
    slots: np.ndarray  # uint64: the high half of a window's hash, and where in `store` it begins; 0 is free
    store: np.ndarray  # uint64 tokens; 0 before and behind each stretch


class _State(NamedTuple):
    """Where the walk stands, `[1]` int64 each: it returns to Python when something is full, and goes on."""

    document: np.ndarray  # number in order
    window: np.ndarray  # in the document
    source: np.ndarray  # where in `store` the window before it was found, or -1
    stored: np.ndarray  # tokens of the document are kept up to here, or -1
    stretch: np.ndarray  # where in `store` the document's last stretch begins
    shift: np.ndarray  # place in `store` less place in the document, of that stretch
    size: np.ndarray  # of `store`; a 0 stands there
    used: np.ndarray  # slots
    num_runs: np.ndarray


def repeated_runs(
    texts: Texts, rows: np.ndarray, num_tokens: int, met_again: np.ndarray, scratch: Scratch
) -> np.ndarray:
    """The runs of tokens to be cut.

    Args:
        rows: int64, documents from the first in order to the last.
        num_tokens: of a window, `n`.
        met_again: from `repeated_anchors`.

    Returns:
        `[3, R]` int64: row, first token, token behind the last; in the order of `rows`, those of a row not touching.
    """
    at_first = max(_LEAST_SLOTS, int(texts.offsets[-1] - texts.offsets[0]) // _BYTES_A_SLOT)
    index = _Index(np.zeros(at_first, np.uint64), np.zeros(at_first, np.uint64))
    runs = np.empty((3, 1 << 10), np.int64)
    state = _State(*np.zeros((len(_State._fields), 1), np.int64))
    state.stored[0], state.source[0], state.stretch[0] = -1, -1, _NEVER
    hashes = np.empty(BLOCK + num_tokens, np.uint64), np.empty(BLOCK, np.uint64)
    lengths = num_tokens, run_tokens(num_tokens)
    while True:
        _walk(texts, rows, *step_tables(), *lengths, met_again, scratch, hashes, index, state, runs)
        if state.document[0] == len(rows):
            return runs[:, : state.num_runs[0]]
        index = _grow(index, state, num_tokens)
        if state.num_runs[0] == runs.shape[1]:
            runs = np.concatenate([runs, np.empty_like(runs)], axis=1)


def _grow(index: _Index, state: _State, num_tokens: int) -> _Index:
    """The index with room for more, where it is full."""
    size, store = int(state.size[0]), index.store
    if size + num_tokens + 2 > len(store):
        store.resize(int(len(store) * _GROWTH) + num_tokens, refcheck=False)  # in place where it is large
    if state.used[0] >= int(len(index.slots) * _FULL):
        num_slots = int(max(len(index.slots), _num_windows(store, size, num_tokens) / _FULL) * _GROWTH)
        index.slots.resize(0, refcheck=False)  # made again from the store: two at once would be the most memory of all
        index = _Index(np.zeros(num_slots, np.uint64), store)
        _enter_all(store, size, num_tokens, index.slots, state.used)
    return index


@intrinsic
def _prefetch(typingctx, data, place):
    """Ask for the memory of an element of a `raw` array, without waiting for it."""

    def codegen(context, builder, signature, args):
        number, byte = ir.IntType(32), ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        place = builder.bitcast(builder.gep(args[0], [args[1]]), byte)
        builder.call(function, [place, number(1), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(data, types.int64), codegen


@inner()
def _slot_of(num_slots, value):
    """The slot where a window with this hash is looked for first."""
    return np.int64((value >> _32) * np.uint64(num_slots) >> _32)


@inner()
def _enter(slots, slot, value, place):
    slots[slot] = value >> _32 << _32 | np.uint64(place)


@inner()
def _find(slots, num_slots, store, tokens, window, n, value):
    """Where in `store` an equal window begins, or -1; and the slot that was looked at last."""
    slot = _slot_of(num_slots, value)
    while slots[slot] != _ZERO:
        if slots[slot] >> _32 == value >> _32:
            place = np.int64(slots[slot] & _LOW)
            difference = _ZERO
            for at in range(n):
                difference |= store[place + at] ^ tokens[window + at]
            if difference == _ZERO:
                return place, slot
        slot += 1
        slot = 0 if slot == num_slots else slot
    return -1, slot


@kernel()
def _num_windows(store, size, n):
    """Windows in all stretches of `store`: those that were entered, and some that repeat them."""
    count, length = 0, 0
    for at in range(size):
        length = 0 if store[at] == _ZERO else length + 1
        count += length >= n
    return count


@kernel()
def _enter_all(store, size, n, slots, used):
    """Enter every window of `store`: of equal ones the first is met first by who looks for it."""
    top = _ONE
    for _ in range(n):
        top *= WINDOW_PRIME
    value, length = _ZERO, 0
    used[0] = 0
    for at in range(size):
        if store[at] == _ZERO:
            value, length = _ZERO, 0
            continue
        value = value * WINDOW_PRIME + store[at]
        if length >= n:
            value -= top * store[at - n]
        length += 1
        if length >= n:
            mixed = mix64(value)
            slot = _slot_of(len(slots), mixed)
            while slots[slot] != _ZERO:
                slot = slot + 1 if slot + 1 < len(slots) else 0
            _enter(slots, slot, mixed, at - n + 1)
            used[0] += 1


@kernel()
def _walk(texts, rows, steps, many, n, k, met_again, scratch, hashes, index, state, runs):
    """Go on from `state` to the last document, or until something is full."""
    tokens = raw(scratch.tokens)
    while state.document[0] < len(rows):
        row = rows[state.document[0]]
        num_windows = tokens_of(texts, row, raw(steps), raw(many), scratch) - n + 1
        for block in range(state.window[0], num_windows, BLOCK):
            last = min(block + BLOCK, num_windows)
            if not _walk_block(tokens, block, last, n, k, met_again, hashes, index, row, state, runs):
                return
        state.document[0] += 1
        state.window[0], state.stored[0], state.stretch[0], state.source[0] = 0, -1, _NEVER, -1


@inner()
def _walk_block(tokens, block, last, n, k, met_again, hashes, index, row, state, runs):
    """Go on to the last window of a block; False where something is full before."""
    slots, store, num_slots = raw(index.slots), raw(index.store), len(index.slots)
    most_slots, most_tokens = np.int64(num_slots * _FULL), len(index.store) - n - 2
    of_runs, of_windows, are_hashed = raw(hashes[0]), raw(hashes[1]), False
    source, anchor, is_candidate = state.source[0], -1, False
    hash_runs(tokens, block, last + n - 1, k, of_runs)
    for window in range(block, last):
        before, anchor = anchor, anchor_of(of_runs, window - block, n - k + 1, anchor)
        if anchor != before:
            is_candidate = is_met_again(met_again, of_runs[anchor])
        if not is_candidate:
            source = -1
            continue
        if state.used[0] >= most_slots or state.size[0] > most_tokens or state.num_runs[0] == runs.shape[1]:
            state.window[0], state.source[0] = window, -1
            return False
        if not are_hashed:
            hash_runs(tokens, block, last + n - 1, n, of_windows)
            are_hashed = True
        if source >= 0 and store[source + n] == tokens[window + n - 1]:
            source += 1
        else:
            value = of_windows[window - block]
            _prefetch(slots, _slot_of(num_slots, of_windows[min(window + _AHEAD, last - 1) - block]))
            source, slot = _find(slots, num_slots, store, tokens, window, n, value)
            if source < 0:
                _enter(slots, slot, value, _store_window(tokens, window, n, store, state))
                state.used[0] += 1
            elif source >= state.stretch[0] and window - (source - state.shift[0]) < n:
                source = -1  # it overlaps the first of its kind
        if source >= 0:
            _add_window(row, window, n, state, runs)
    state.window[0], state.source[0] = last, source
    return True


@inner()
def _store_window(tokens, window, n, store, state):
    """Keep the tokens of a window; where they begin."""
    stored, size = state.stored[0], state.size[0]
    if window > stored:
        size += 1
        state.stretch[0], state.shift[0], stored = size, size - window, window
    for at in range(stored, window + n):
        store[size + at - stored] = tokens[at]
    state.stored[0] = window + n
    state.size[0] = size + window + n - stored
    store[state.size[0]] = _ZERO
    return state.shift[0] + window


@inner()
def _add_window(row, window, n, state, runs):
    """Put a repeated window to the runs."""
    last = state.num_runs[0] - 1
    if last >= 0 and runs[0, last] == row and runs[2, last] >= window:
        runs[2, last] = window + n
    else:
        runs[0, last + 1], runs[1, last + 1], runs[2, last + 1] = row, window, window + n
        state.num_runs[0] += 1
