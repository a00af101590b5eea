"""Top and duplicate n-gram mass of a document given as word numbers, all sizes in one descent.

An n-gram that comes twice is made of shorter ones that come twice. So the places whose k-gram repeats are
kept with a number per distinct k-gram, and the m-gram (k < m <= 2k) at a place is the pair of the k-grams
at its two ends: exact, no hashing of text, and only those places are looked up again. In ordinary prose 1
place in 10 is left at 3-grams, so ten sizes cost little more than two. Characters begin with 3-grams, three
numbers in one key: twice as many places are left at pairs as there, and no size needs them.

Numbers go up to the shortest size whose duplicates are wanted. For longer ones the walk over duplicates
itself looks pairs up as it goes: it visits only the kept places and skips n words after each hit, which is
what `naive_repetition.duplicate_chars` does on all of them.
"""

import math

import numpy as np

from corpus.kernels.jit import inner, raw
from corpus.kernels.signals.hash_table import MIX, empty_slots, first_bits, grow, number_keys
from corpus.kernels.signals.ngrams import DUPLICATE, HAN_SIZES, LONG_HAN_SIZE, REPEATED_HAN_SIZE, TOP

_MEASURED = TOP + DUPLICATE
PLAIN_SIZES = np.array(_MEASURED, dtype=np.int64)
HAN_SIZES_ARRAY = np.array([HAN_SIZES[n] for n in _MEASURED], dtype=np.int64)
_SIEVE_MIX = np.uint64(0xD6E8FEB86659FD93)
_SIEVE_FIRST_BITS, _SIEVE_LAST_BITS = 10, 24
_THIRD_BITS, _HALF_BITS = 21, 31  # of a key of three words, of two


def sieve_size(max_words: int) -> int:
    """How many uint8 the sieve needs for documents of at most so many words: 16 MiB at most."""
    return 1 << min(_SIEVE_LAST_BITS, max(_SIEVE_FIRST_BITS, (4 * max_words).bit_length()))


@inner()
def _sieve_bits(num_keys):
    bits = np.int64(_SIEVE_FIRST_BITS)
    while bits < _SIEVE_LAST_BITS and (np.int64(1) << bits) < 4 * num_keys:
        bits += 1
    return bits


@inner(inline="always")
def _join_words(size, bits, num_words, places, grams, keys, slots, counts, sieve, table):
    """`_lengthen` from words to `size`-grams of them, `bits` bits a word: the words' numbers are in `slots`."""
    sieve_bits = _sieve_bits(num_words)
    down = np.uint64(64 - sieve_bits)
    for cell in range(np.int64(1) << sieve_bits):
        sieve[cell] = 0
    shift, keep = np.uint64(bits), (np.uint64(1) << np.uint64(bits * size)) - np.uint64(1)
    need = (np.uint64(1) << np.uint64(size)) - np.uint64(1)
    num_keys, key, repeats = 0, np.uint64(0), np.uint64(0)
    for at in range(num_words):
        number = slots[at]
        repeats = (repeats << np.uint64(1)) | np.uint64(counts[number] > 1)
        fits = repeats & need == need
        key = ((key << shift) | np.uint64(number)) & keep
        keys[num_keys] = key
        places[num_keys] = at - size + 1
        num_keys += fits
        cell = np.int64((key * _SIEVE_MIX) >> down)
        sieve[cell] += fits & (sieve[cell] < 2)
    num_maybe = 0
    for at in range(num_keys):
        key = keys[at]
        keys[num_maybe] = key
        places[num_maybe] = places[at]
        num_maybe += sieve[np.int64((key * _SIEVE_MIX) >> down)] == 2
    number_keys(keys, num_maybe, slots, counts, table)
    for place in range(num_words):
        grams[place] = -1
    return _keep_repeated(num_maybe, places, grams, slots, counts)


@inner()
def _lengthen(old, size, num_words, num_places, sift, places, grams, keys, slots, counts, sieve, table):
    """Go from `old`-grams to `size`-grams; returns how many places are left.

    With `sift`, for when grams that come once are many: they are sieved out first. Each key is counted up to 2 in a
    small array without looking at collisions, and only what came to 2 there is compared exactly. No branch
    depends on the text, which is what makes it quick.

    In and out: `places[:n]` are the places whose gram comes twice or more, ascending; `grams[place]` is its
    number, -1 at every other place. Out: `counts[number]` is how often the gram of that number comes.
    """
    shift = size - old
    num_keys = 0
    for at in range(num_places):
        place = places[at]
        left, right = grams[place], grams[min(place + shift, num_words - 1)]
        fits = (place + size <= num_words) & (right >= 0)
        keys[num_keys] = (np.uint64(left) << np.uint64(32)) | np.uint64(right)
        places[num_keys] = place
        num_keys += fits
        grams[place] = left if fits else -1  # nothing to the right looks this far back
    if sift:
        num_keys = _sift(num_keys, places, grams, keys, sieve)
    number_keys(keys, num_keys, slots, counts, table)
    return _keep_repeated(num_keys, places, grams, slots, counts)


@inner()
def _sift(num_keys, places, grams, keys, sieve):
    """Drop keys that come once for certain, and their places; returns how many are left."""
    bits = _sieve_bits(num_keys)
    down = np.uint64(64 - bits)
    for cell in range(np.int64(1) << bits):
        sieve[cell] = 0
    for at in range(num_keys):
        cell = np.int64((keys[at] * _SIEVE_MIX) >> down)
        sieve[cell] += sieve[cell] < 2
    num_maybe = 0
    for at in range(num_keys):
        key, place = keys[at], places[at]
        keys[num_maybe] = key
        places[num_maybe] = place
        maybe = sieve[np.int64((key * _SIEVE_MIX) >> down)] == 2
        grams[place] = grams[place] if maybe else -1
        num_maybe += maybe
    return num_maybe


@inner()
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
def _walk_pairs(base, size, num_words, num_places, places, grams, chars_before, table):
    """`_duplicate_chars` of a size up to twice the `base` of the numbers in `grams`, looking pairs of them up."""
    slots, known, num_known = raw(table.slots), raw(table.keys), 0
    bits = first_bits(num_places)
    empty_slots(slots, bits)
    mask, down = (np.int64(1) << bits) - 1, np.uint64(64 - bits)
    chars, resume, shift = 0, 0, size - base
    for at in range(num_places):
        place = places[at]
        if place < resume:
            continue
        if place + size > num_words:
            break
        right = grams[place + shift]
        if right < 0:
            continue
        key = (np.uint64(grams[place]) << np.uint64(32)) | np.uint64(right)
        slot = np.int64((key * MIX) >> down)
        while slots[slot] != 0 and known[slots[slot] - 1] != key:
            slot = (slot + 1) & mask
        if slots[slot] != 0:
            chars += chars_before[place + size] - chars_before[place]
            resume = place + size
            continue
        known[num_known] = key
        num_known += 1
        slots[slot] = num_known
        if 2 * num_known > mask:
            bits += 1
            mask, down = (np.int64(1) << bits) - 1, np.uint64(64 - bits)
            grow(slots, known, num_known, bits)
    return chars


@inner()
def measure_repetition(
    num_words, num_distinct, sizes, num_top, join, chars_before, keys, grams, places, slots, counts, sieve, table, han,
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
        slots: the number of each token, int32; overwritten.
        counts: how often each number comes, int32; overwritten.
        sieve: room for `sieve_size(num_words)` uint8.
        table: room for the distinct n-grams.
        han: whether tokens are characters: then the last entries of `out` are the places of the most frequent
            3-grams, the mass of duplicate 13-grams and the places of all 3-grams.
        room: int32, one more than tokens, zero.
        out: int64, one entry a size and three more.
    """
    num_sizes = sizes.shape[0]
    if num_words < 2:
        return
    old, before = 2, num_words
    if sizes[0] >= 3 and num_distinct <= 1 << _THIRD_BITS:
        old = 3
        left = _join_words(3, _THIRD_BITS, num_words, places, grams, keys, slots, counts, sieve, table)
    else:
        left = _join_words(2, _HALF_BITS, num_words, places, grams, keys, slots, counts, sieve, table)
    for index in range(min(num_top + 1, num_sizes)):
        size = sizes[index]
        if size > num_words:
            return
        while old < size and left > 0:
            step, sift, before = min(size, 2 * old), 4 * left < 3 * before, left
            left = _lengthen(old, step, num_words, left, sift, places, grams, keys, slots, counts, sieve, table)
            old = step
        if left == 0 and index >= num_top:
            return
        if han and size == REPEATED_HAN_SIZE:
            total = num_words - size + 1
            out[num_sizes] = _top_repeated(total, left, places, grams, counts, room)
            out[num_sizes + 2] = total
        if index < num_top:
            out[index] = _top_chars(size, join, left, places, grams, counts, chars_before)
    for index in range(num_top, num_sizes):
        size = sizes[index]
        if index == num_top:
            out[index] = _duplicate_chars(size, left, places, grams, counts, chars_before)
        else:
            out[index] = _walk_pairs(sizes[num_top], size, num_words, left, places, grams, chars_before, table)
        if han and size == LONG_HAN_SIZE:
            out[num_sizes + 1] = out[index]
