"""Top and duplicate n-gram mass of a document given as word numbers, all sizes in one descent.

An n-gram that comes twice is made of shorter ones that come twice. So the places whose k-gram repeats are
kept with a number per distinct k-gram, and the m-gram (k < m <= 2k) at a place is the pair of the k-grams
at its two ends: exact, no hashing of text, and only those places are looked up again. In ordinary prose 1
place in 10 is left at 3-grams, so ten sizes cost little more than two. The walk over duplicates then visits
only the kept places and skips n words after each hit, which is what `naive.duplicate_chars` does on all of
them.
"""

import numpy as np
from numba import njit

from corpus.kernels.signals.hash_table import number_keys
from corpus.kernels.signals.ngrams import DUPLICATE, HAN_SIZES, TOP

_MEASURED = TOP + DUPLICATE
PLAIN_SIZES = np.array(_MEASURED, dtype=np.int64)
HAN_SIZES_ARRAY = np.array([HAN_SIZES[n] for n in _MEASURED], dtype=np.int64)
_NUM_TOP = len(TOP)
_SIEVE_MIX = np.uint64(0xD6E8FEB86659FD93)
_SIEVE_FIRST_BITS, _SIEVE_LAST_BITS = 10, 24


def sieve_size(max_words: int) -> int:
    """How many uint8 the sieve needs for documents of at most so many words: 16 MiB at most."""
    return 1 << min(_SIEVE_LAST_BITS, max(_SIEVE_FIRST_BITS, (4 * max_words).bit_length()))


@njit(cache=True, nogil=True)
def _lengthen(old, size, num_words, num_places, places, grams, keys, slots, counts, sieve, table):
    """Go from `old`-grams to `size`-grams; returns how many places are left.

    Grams that come once are most of them, and are sieved out first: each key is counted up to 2 in a small
    array without looking at collisions, and only what came to 2 there is compared exactly. No branch
    depends on the text, which is what makes it quick.

    In and out: `places[:n]` are the places whose gram comes twice or more, ascending; `grams[place]` is its
    number, -1 at every other place. Out: `counts[number]` is how often the gram of that number comes.
    """
    shift = size - old
    bits = np.int64(_SIEVE_FIRST_BITS)
    while bits < _SIEVE_LAST_BITS and (np.int64(1) << bits) < 4 * num_places:
        bits += 1
    down = np.uint64(64 - bits)
    sieve[: np.int64(1) << bits] = 0
    num_keys = 0
    for at in range(num_places):
        place = places[at]
        left, right = grams[place], grams[min(place + shift, num_words - 1)]
        fits = (place + size <= num_words) & (right >= 0)
        key = (np.uint64(left) << np.uint64(32)) | np.uint64(right)
        keys[num_keys] = key
        places[num_keys] = place
        num_keys += fits
        cell = np.int64((key * _SIEVE_MIX) >> down)
        sieve[cell] += fits & (sieve[cell] < 2)
        grams[place] = left if fits else -1  # nothing to the right looks this far back
    num_maybe = 0
    for at in range(num_keys):
        key, place = keys[at], places[at]
        keys[num_maybe] = key
        places[num_maybe] = place
        maybe = sieve[np.int64((key * _SIEVE_MIX) >> down)] == 2
        grams[place] = grams[place] if maybe else -1
        num_maybe += maybe
    number_keys(keys, num_maybe, slots, counts, table)
    return _keep_repeated(num_maybe, places, grams, slots, counts)


@njit(cache=True, nogil=True)
def _keep_repeated(num_places, places, grams, slots, counts):
    """Write the new numbers to `grams` and drop the places whose gram comes once."""
    left = 0
    for at in range(num_places):
        place, number = places[at], slots[at]
        repeats = counts[number] > 1
        grams[place] = number if repeats else -1
        places[left] = place
        left += repeats
    return left


@njit(cache=True, nogil=True)
def _top_chars(size, join, num_places, places, grams, counts, chars_before):
    """Count x length of the most frequent gram, the longest of those; 0 where nothing repeats."""
    best, longest = 0, 0
    for at in range(num_places):
        place = places[at]
        count = counts[grams[place]]
        if count >= best:
            length = chars_before[place + size] - chars_before[place]
            if count > best or length > longest:
                best, longest = count, length
    return best * (longest + join * (size - 1)) if best > 0 else 0


@njit(cache=True, nogil=True)
def _duplicate_chars(size, num_places, places, grams, counts, chars_before):
    """Code points in grams met before, jumping over each. Uses up `counts`: a met gram's is set to 0."""
    chars, resume = 0, 0
    for at in range(num_places):
        place = places[at]
        if place < resume:
            continue
        if counts[grams[place]] == 0:
            chars += chars_before[place + size] - chars_before[place]
            resume = place + size
        else:
            counts[grams[place]] = 0
    return chars


@njit(cache=True, nogil=True)
def measure_repetition(num_words, sizes, join, chars_before, keys, grams, places, slots, counts, sieve, table, out):
    """Fill `out` with the top masses, then the duplicate masses, in code points, in the order of `sizes`.

    Args:
        num_words: words of the document.
        sizes: ascending, int64.
        join: code points that join two words in a top n-gram.
        chars_before: code points of the words before each word, of shape `[num_words + 1]`, int32.
        keys: room for a uint64 a word.
        grams: room for an int32 a word.
        places: room for an int32 a word.
        slots: the number of each word, int32; overwritten.
        counts: how often each word number comes, int32; overwritten.
        sieve: room for `sieve_size(num_words)` uint8.
        table: room for the distinct n-grams.
        out: int64, one entry a size.
    """
    for place in range(num_words):
        places[place] = place
    left = _keep_repeated(num_words, places, grams, slots, counts)
    old = 1
    for index in range(sizes.shape[0]):
        size = sizes[index]
        while old < size and left > 0:
            step = min(size, 2 * old)
            left = _lengthen(old, step, num_words, left, places, grams, keys, slots, counts, sieve, table)
            old = step
        if left == 0:
            out[index:] = 0
            return
        if index < _NUM_TOP:
            out[index] = _top_chars(size, join, left, places, grams, counts, chars_before)
        else:
            out[index] = _duplicate_chars(size, left, places, grams, counts, chars_before)
