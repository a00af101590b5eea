"""Which n of a word n-gram is measured for which n of the published rules.

Published repetition thresholds count words: white-space words in English, jieba's words in FineWeb-2's
Chinese. Here every Han character is a word, and a Chinese word has about 1.6 characters, so in a document
whose words are mostly Han characters an n-gram of the rules is measured as one of `HAN_SIZES[n]`
characters. Without that every Chinese text would look repetitive. The factor is a stand-in until the
thresholds are fitted to characters.
"""

TOP = (2, 3, 4)
DUPLICATE = (5, 6, 7, 8, 9, 10)
HAN_SIZES = {2: 3, 3: 5, 4: 6, 5: 8, 6: 10, 7: 11, 8: 13, 9: 14, 10: 16}
