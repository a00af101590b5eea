"""Top and duplicate n-gram mass of a document given as word numbers, all sizes in one descent.

An n-gram that comes twice is made of shorter ones that come twice. So the places whose k-gram repeats are
kept with a number per distinct k-gram, and the m-gram (k < m <= 2k) at a place is the pair of the k-grams
at its two ends: exact, no hashing of text, and only those places are looked at again. In ordinary prose 1
place in 10 is left at 3-grams, so ten sizes cost little more than two. Characters begin with 3-grams, three
numbers in one key: twice as many places are left at pairs as there, and no size needs them.

Equal keys are found by `first_sight`, and a gram's number is the first key that equals its own.
"""

import math

import numpy as np

from corpus.kernels.jit import inner
from corpus.kernels.signals.first_sight import first_sights
from corpus.kernels.signals.ngrams import DUPLICATE, HAN_SIZES, LONG_HAN_SIZE, REPEATED_HAN_SIZE, TOP

_MEASURED = TOP + DUPLICATE
PLAIN_SIZES = np.array(_MEASURED, dtype=np.int64)
HAN_SIZES_ARRAY = np.array([HAN_SIZES[n] for n in _MEASURED], dtype=np.int64)
_THIRD_BITS, _HALF_BITS = 21, 31  # of a key of three words, of two


@inner(inline="always")
def _join_words(size, bits, num_words, places, grams, keys, numbers, counts, slots, left):
    """`_lengthen` from words to `size`-grams of them, `bits` bits a word."""
    shift, keep = np.uint64(bits), (np.uint64(1) << np.uint64(bits * size)) - np.uint64(1)
    need = (np.uint64(1) << np.uint64(size)) - np.uint64(1)
    num_keys, key, repeats = 0, np.uint64(0), np.uint64(0)
    for at in range(num_words):
        number = numbers[at]
        repeats = (repeats << np.uint64(1)) | np.uint64(counts[number] > 1)
        key = ((key << shift) | np.uint64(number)) & keep
        keys[num_keys] = key
        places[num_keys] = at - size + 1
        num_keys += repeats & need == need
    for place in range(num_words):
        grams[place] = -1
    return _keep_repeated(num_keys, places, grams, keys, numbers, counts, slots, left)


@inner()
def _lengthen(old, size, num_words, num_places, places, grams, keys, firsts, counts, slots, left):
    """Go from `old`-grams to `size`-grams; returns how many places are left.

    In and out: `places[:n]` are the places whose gram comes twice or more, ascending; `grams[place]` is its
    number, -1 at every other place. Out: `counts[number]` is how often the gram of that number comes.
    """
    shift = size - old
    num_keys = 0
    for at in range(num_places):
        place = np.int64(places[at])
        first, second = grams[place], grams[min(place + shift, num_words - 1)]
        fits = (place + size <= num_words) & (second >= 0)
        keys[num_keys] = (np.uint64(first) << np.uint64(32)) | np.uint64(second)
        places[num_keys] = place
        num_keys += fits
        grams[place] = first if fits else -1  # nothing to the right looks this far back
    return _keep_repeated(num_keys, places, grams, keys, firsts, counts, slots, left)


@inner()
def _keep_repeated(num_keys, places, grams, keys, firsts, counts, slots, left):
    """Number equal keys alike, by the first of them, and drop the places whose key comes once."""
    first_sights(keys, num_keys, firsts, slots, left)
    for at in range(num_keys):
        counts[at] = 0
    for at in range(num_keys):
        counts[firsts[at]] += 1
    num_left = 0
    for at in range(num_keys):
        place, number = np.int64(places[at]), np.int64(firsts[at])
        repeats = counts[number] > 1
        grams[place] = number if repeats else -1
        places[num_left] = place
        num_left += repeats
    return num_left


@inner()
def _top_chars(size, join, num_places, places, grams, counts, chars_before):
    """Count x length of the most frequent gram, the first met of those; where nothing repeats, the first gram."""
    best, length = 1, chars_before[size]
    for at in range(num_places):
        place = places[at]
        count = counts[grams[place]]
        if count > best:
            best, length = count, chars_before[place + size] - chars_before[place]
    return best * (length + join * (size - 1))


@inner()
def _top_repeated(total, num_places, places, grams, counts, room):
    """Places of the most frequent grams, at most sqrt(distinct) of them, each coming twice at least.

    `total` is the number of all places, once-coming grams included. `room[c]` becomes how many places have a gram
    that comes c times; it is zero on entry and exit.
    """
    most, sum_of_shares = 0, 0
    for at in range(num_places):
        often = counts[grams[places[at]]]
        room[often] += 1
        most = max(most, often)
    for often in range(2, most + 1):
        sum_of_shares += room[often] // often
    budget = np.int64(math.sqrt(sum_of_shares + total - num_places))
    taken = 0
    for often in range(most, 1, -1):
        grams_here = min(room[often] // often, budget)
        taken += grams_here * often
        budget -= grams_here
        room[often] = 0
    return taken


@inner()
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


@inner()
def measure_repetition(
    num_words, num_distinct, sizes, num_top, join, chars_before, keys, grams, places, numbers, counts, slots, left, han,
    room, out,
):  # fmt: skip
    """Fill `out` with the top masses, then the duplicate masses, in code points, in the order of `sizes`.

    Args:
        num_words: tokens of the document.
        num_distinct: how many of them differ.
        sizes: ascending, int64.
        num_top: how many of them are for top masses.
        join: code points that join two words in a top n-gram.
        chars_before: code points of the tokens before each, of shape `[num_words + 1]`, int32.
        keys: room for a uint64 a token.
        grams: room for an int32 a token.
        places: room for an int32 a token.
        numbers: the number of each token, int32; overwritten.
        counts: how often each number comes, int32; overwritten.
        slots, left: see `first_sights`.
        han: whether tokens are characters: then the last entries of `out` are the places of the most frequent
            3-grams, the mass of duplicate 13-grams and the places of all 3-grams.
        room: int32, one more than tokens, zero.
        out: int64, one entry a size and three more.
    """
    num_sizes = sizes.shape[0]
    if num_words < 2:
        return
    if sizes[0] >= 3 and num_distinct <= 1 << _THIRD_BITS:
        old, num_left = 3, _join_words(3, _THIRD_BITS, num_words, places, grams, keys, numbers, counts, slots, left)
    else:
        old, num_left = 2, _join_words(2, _HALF_BITS, num_words, places, grams, keys, numbers, counts, slots, left)
    for index in range(num_sizes):
        size = sizes[index]
        if size > num_words:
            return
        while old < size and num_left > 0:
            step = min(size, 2 * old)
            num_left = _lengthen(old, step, num_words, num_left, places, grams, keys, numbers, counts, slots, left)
            old = step
        if num_left == 0 and index >= num_top:
            return
        if han and size == REPEATED_HAN_SIZE:
            total = num_words - size + 1
            out[num_sizes] = _top_repeated(total, num_left, places, grams, counts, room)
            out[num_sizes + 2] = total
        if index < num_top:
            out[index] = _top_chars(size, join, num_left, places, grams, counts, chars_before)
        else:
            out[index] = _duplicate_chars(size, num_left, places, grams, counts, chars_before)
        if han and size == LONG_HAN_SIZE:
            out[num_sizes + 1] = out[index]
