"""Dictionary words in place of Han characters: the tokens of a mostly-Han document when a dictionary is given.

The words are jieba's (`corpus.kernels.segment`), as spaCy with jieba gives them, which FineWeb-2's thresholds were set
on: everything but white space is a token, marks too. Lines are still counted on the tokens of `cut`.
"""

import numpy as np

from corpus.kernels.jit import inner
from corpus.kernels.signals import characters as ch
from corpus.kernels.utf8 import decode

SPACE, STOP_HAN = ch.SPACE, ch.STOP_HAN
STOP_HANS = np.array([ord(c) for c in ch.STOP_WORDS_ZH])


@inner()
def take_words(data, start, num_words, word_ends, classes, flags_of, begins, ends, kinds):
    """Write the words that are not white space as tokens; returns their number and the bits of the Han stop words.

    Args:
        word_ends: int32, the byte after each word, counted from `start`; they tile the document.
        begins, ends, kinds: out, as `cut_tokens` writes them, kinds 0.
    """
    count, begin, stop_bits = 0, 0, 0
    for word in range(num_words):
        end = word_ends[word]
        union, place, code_point, num_chars = np.int64(0), start + begin, np.int64(0), 0
        while place < start + end:
            code_point, place = decode(data, place)
            union |= flags_of[classes[code_point]]
            num_chars += 1
        if not union & SPACE:
            if num_chars == 1 and union & STOP_HAN:
                for bit in range(STOP_HANS.shape[0]):
                    stop_bits |= (1 << bit) if STOP_HANS[bit] == code_point else 0
            begins[count], ends[count], kinds[count] = begin, end, 0
            count += 1
        begin = end
    return count, stop_bits
