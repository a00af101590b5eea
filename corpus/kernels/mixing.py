"""Constants by which whole numbers are mixed, for modules that import numba and those that do not.

GOLDEN_RATIO is 2^64 / the golden ratio, odd: the step of SplitMix64 and the factor of Fibonacci hashing
(https://en.wikipedia.org/wiki/Hash_function#Fibonacci_hashing). MULTIPLY_A and MULTIPLY_B are SplitMix64's
(https://prng.di.unimi.it/splitmix64.c).
"""

GOLDEN_RATIO = 0x9E3779B97F4A7C15
MULTIPLY_A, MULTIPLY_B = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
FEISTEL_ROUNDS = 8  # of `corpus.kernels.feistel`, whose keys `corpus.loader.permutation` makes
